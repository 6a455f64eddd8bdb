#!/usr/bin/env python3
"""Tests tools/compare-optimizers on the sample ratings, and that the table in docs/methods.md has what it prints.
ODOT_PROGRAM names the odot to run."""

import os
import pathlib
import re
import subprocess
import sys
import tempfile
import unittest

sys.dont_write_bytecode = True
ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tools" / "lib"))

import declared

PROGRAM = ROOT / "tools" / "compare-optimizers"
ODOT = pathlib.Path(os.environ.get("ODOT_PROGRAM", ROOT / "build" / "release" / "odot")).absolute()
FEW = ("--iterations", "2", "--", "--rank", "2", "--threads", "1")


def call(*words):
    return subprocess.run([str(word) for word in (PROGRAM, *words)], capture_output=True, text=True, check=False)


def pairs(text):
    """The first two cells of every row of the tables whose columns begin so: an optimizer, a line search."""
    found, within = [], False
    for line in text.splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")] if line.startswith("|") else []
        if not cells:
            within = False
        elif cells[:2] == ["optimizer", "line search"]:
            within = True
        elif within and set(cells[0]) != {"-"}:
            found.append((cells[0], cells[1]))
    return found


@unittest.skipUnless(ODOT.exists(), f"{ODOT} is not built")
class CompareOptimizers(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.optimizers = [name for name in declared.words(ODOT, "optimizer") if name != "newton"]
        cls.searches = declared.words(ODOT, "line-search")

    def has_every_pair(self, found):
        """Every pair once, or an optimizer with a line for all that it refuses."""
        self.assertEqual(len(found), len(set(found)))
        for optimizer in self.optimizers:
            if (optimizer, "every one") in found:
                self.assertEqual([pair for pair in found if pair[0] == optimizer], [(optimizer, "every one")])
                continue
            for search in self.searches:
                self.assertIn((optimizer, search), found)

    def test_every_pair_is_in_the_table(self):
        done = call(ROOT / "data" / "sample.csv", "--program", ODOT, *FEW)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.has_every_pair(pairs(done.stdout))
        self.assertEqual({optimizer for optimizer, _ in pairs(done.stdout)}, set(self.optimizers))
        for line in done.stdout.splitlines():
            if line.startswith("| adam | "):
                self.assertRegex(line, r"^\| adam \| [a-z-]+ \| \d\.\d{4} \| \d\.\d{4} \| \d+ \| \d+\.\d\d \| iterations \|$")

    def test_the_page_has_every_pair(self):
        page = (ROOT / "docs" / "methods.md").read_text(encoding="utf-8")
        self.has_every_pair(pairs(page))
        for name in (*declared.words(ODOT, "optimizer"), *self.searches, *declared.words(ODOT, "method")):
            self.assertRegex(page, rf"[`| ]{re.escape(name)}[`| ,]", "docs/methods.md does not tell of it")

    def test_a_program_that_lists_nothing_is_an_error(self):
        with tempfile.TemporaryDirectory(prefix="odot compare ") as folder:
            program = pathlib.Path(folder) / "odot"
            for answer in ("exit 0", "echo Usage:", """echo '{"groups": [{"options": []}]}'""", "exit 2"):
                with self.subTest(answer=answer):
                    program.write_text(f"#!/bin/sh\n{answer}\n", encoding="utf-8")
                    program.chmod(0o755)
                    done = call(ROOT / "data" / "sample.csv", "--program", program, *FEW)
                    self.assertEqual((done.returncode, done.stdout), (1, ""))
                    self.assertIn(str(program), done.stderr)
                    self.assertNotIn("Traceback", done.stderr)


if __name__ == "__main__":
    unittest.main()
