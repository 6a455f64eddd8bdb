#!/usr/bin/python3
"""Compares what the program that is made of docs/library.md prints with what the page says it does.

The page's blocks of C++ become the body of main(), one after another; a block of lines that begin with # stands above it.
A block of text says what the block of C++ before it prints. Figures may differ a little, as in docs_test.

    tests/tools/library_page_test.py --program FILE    writes the program
    tests/tools/library_page_test.py --write           runs the program and writes what it prints into the page
"""

import os
import pathlib
import re
import subprocess
import sys
import tempfile
import unittest

sys.dont_write_bytecode = True  # no __pycache__ among the tests

from docs_test import ROOT, difference

PAGE = ROOT / "docs" / "library.md"
PROGRAM = pathlib.Path(os.environ.get("ODOT_LIBRARY_PAGE", ROOT / "build" / "release" / "library_page"))
FENCED = re.compile(r"^```(cpp|text)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
MARK = "-- block {}"


def blocks(page):
    """Pairs of a block of C++ and the match of the text after it, or None."""
    found = []
    for match in FENCED.finditer(page):
        if match[1] == "cpp":
            found.append([match[2], None])
        else:
            found[-1][1] = match
    return found


def program(page):
    """The program, which prints a mark before what each block prints."""
    above, body = [], []
    for number, (code, _) in enumerate(blocks(page)):
        if all(line.startswith("#") for line in code.splitlines()):
            above.append(code)
        else:
            body.append(f'std::puts("{MARK.format(number)}");\n{code}')
    return (f"// Made of {PAGE.relative_to(ROOT)}.\n{''.join(above)}\n"
            f"int main() {{\n{''.join(body)}}}\n")


def run():
    """What each block prints, by its number."""
    with tempfile.TemporaryDirectory(prefix="odot-library-") as folder:
        os.symlink(ROOT / "data", pathlib.Path(folder) / "data")
        result = subprocess.run([PROGRAM.resolve()], cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                                check=False)
    lines = result.stdout.splitlines() + [f"exit code {result.returncode}"] * (result.returncode != 0)
    printed, current = {}, []
    for line in lines:
        mark = re.fullmatch(MARK.format(r"(\d+)"), line)
        if mark:
            current = printed.setdefault(int(mark[1]), [])
        else:
            current.append(line)
    return printed


class LibraryPage(unittest.TestCase):
    def test_blocks_print_what_the_page_says(self):
        found = blocks(PAGE.read_text(encoding="utf-8"))
        printed = run()
        self.assertGreater(sum(text is not None for _, text in found), 10)
        for number, (code, text) in enumerate(found):
            expected = text[2].splitlines() if text else []
            ours = printed.get(number, [])
            with self.subTest(code=code):
                self.assertEqual(len(ours), len(expected), "\n".join(ours))
                for line, said in zip(ours, expected):
                    self.assertIsNone(difference(line, said), f"\n{line}\n{said}")

    def test_program_is_made_of_all_blocks(self):
        page = "```cpp\n#include <a>\n```\nand\n\n```cpp\nf();\n```\n\n```text\n1\n```\n\n```sh\ng\n```\n\n```cpp\nh();\n```\n"
        made = program(page)
        self.assertLess(made.index("#include <a>"), made.index("int main()"))
        self.assertLess(made.index("block 1"), made.index("f();"))
        self.assertLess(made.index("f();"), made.index("h();"))
        self.assertNotIn("g\n", made)
        self.assertEqual([text and text[2] for _, text in blocks(page)], [None, "1\n", None])


def write():
    page = PAGE.read_text(encoding="utf-8")
    printed = run()
    for number, (_, text) in reversed(list(enumerate(blocks(page)))):
        if text:
            page = page[:text.start(2)] + "".join(f"{line}\n" for line in printed.get(number, [])) + page[text.end(2):]
    PAGE.write_text(page, encoding="utf-8")


if __name__ == "__main__":
    if sys.argv[1:2] == ["--program"]:
        pathlib.Path(sys.argv[2]).write_text(program(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
    elif sys.argv[1:2] == ["--write"]:
        write()
    else:
        unittest.main()
