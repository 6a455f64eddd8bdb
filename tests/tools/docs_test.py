#!/usr/bin/python3
"""Runs the commands in the pages and compares what they print with what the pages say they do.

Blocks of lines that are indented by four blanks and have commands after "$ " count; the lines that follow a command are its
output, both streams. Seconds may be any, other figures may differ a little from one processor to another.

    tests/tools/docs_test.py --write PAGE...    runs the commands and writes what they print into the pages
"""

import os
import pathlib
import re
import subprocess
import sys
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
ODOT = pathlib.Path(os.environ.get("ODOT_PROGRAM", ROOT / "build" / "release" / "odot"))
PAGES = ["README.md", "docs/walkthrough.md", "docs/recommending.md", "docs/fold-in.md", "docs/shell.md"]
NUMBER = re.compile(r"(?<![\w.])-?\d+(?:\.\d+)?(?:e[-+]?\d+)?(?![\w])")
COUNTED = (" sweep", " pass", " iteration")  # what rounding may decide
NEEDS_MORE = re.compile(r"ml-1m|ml-100k")  # MovieLens, which is no part of odot


class Command:
    def __init__(self, line, text):
        self.line, self.text, self.output = line, text, []


def blocks(page):
    """Lists of commands, one for each block that has some."""
    found, current = [], None
    for number, line in enumerate(page.splitlines(), 1):
        if not line.startswith("    "):
            current = None
        elif line.startswith("    $ "):
            if current is None:
                current = []
                found.append(current)
            current.append(Command(number, line[6:]))
        elif current:
            current[-1].output.append(line[4:])
    return [block for block in found if not any(NEEDS_MORE.search(command.text) for command in block)]


class Runner:
    """A folder with the project's data and tools, and odot in the path."""

    def __init__(self):
        self.folder = tempfile.TemporaryDirectory(prefix="odot-docs-")
        for name in ("data", "tools"):
            os.symlink(ROOT / name, pathlib.Path(self.folder.name) / name)

    def run(self, command):
        path = f"{ODOT.resolve().parent}:{os.environ['PATH']}"
        result = subprocess.run(["bash", "-c", command], cwd=self.folder.name, env=os.environ | {"PATH": path},
                                stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
        return result.stdout.splitlines()


def difference(found, expected):
    """What is different in a line, or None."""
    if NUMBER.sub("#", found) != NUMBER.sub("#", expected):
        return "the words"
    for ours, theirs in zip(NUMBER.finditer(found), NUMBER.finditer(expected)):
        if ours.group() == theirs.group() or re.match(r" ?s\b", found[ours.end():]):
            continue
        a, b = float(ours.group()), float(theirs.group())
        loose = "." in theirs.group() or found[ours.end():].startswith(COUNTED)
        if not loose or abs(a - b) > 0.02 * max(abs(a), abs(b)) + (0.002 if "." in theirs.group() else 2):
            return f"{ours.group()} instead of {theirs.group()}"
    return None


class Docs(unittest.TestCase):
    def test_pages(self):
        for name in PAGES:
            commands = [command for block in blocks((ROOT / name).read_text(encoding="utf-8")) for command in block]
            self.assertTrue(commands, name)
            runner = Runner()
            self.addCleanup(runner.folder.cleanup)
            for command in commands:
                with self.subTest(page=f"{name}:{command.line}", command=command.text):
                    found = runner.run(command.text)
                    self.assertEqual(len(found), len(command.output), "\n".join(found))
                    for ours, theirs in zip(found, command.output):
                        self.assertIsNone(difference(ours, theirs), f"\n{ours}\n{theirs}")

    def test_differences_are_seen(self):
        for found, expected, same in (("RMSE 0.6853", "RMSE 0.6855", True), ("RMSE 0.6853", "RMSE 0.7253", False),
                                      ("13 sweeps, 0.01 s", "14 sweeps, 0.95 s", True), ("1 93 4.70", "1 94 4.70", False),
                                      ("12 users", "12 items", False), ("13 sweeps", "99 sweeps", False), ("user1,2", "user2,2", False)):
            self.assertEqual(difference(found, expected) is None, same, (found, expected))


def write(name):
    path = pathlib.Path(name)
    page = path.read_text(encoding="utf-8")
    lines, runner = page.splitlines(), Runner()
    made, kept = [], 0
    for command in (command for block in blocks(page) for command in block):
        made += lines[kept:command.line] + [f"    {line}" if line else "" for line in runner.run(command.text)]
        kept = command.line + len(command.output)
    runner.folder.cleanup()
    path.write_text("\n".join(made + lines[kept:]) + "\n", encoding="utf-8")


if __name__ == "__main__":
    if sys.argv[1:2] == ["--write"]:
        for page_name in sys.argv[2:]:
            write(page_name)
    else:
        unittest.main()
