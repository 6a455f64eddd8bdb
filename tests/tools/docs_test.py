#!/usr/bin/python3
"""Runs the commands in the pages and compares what they print with what the pages say they do.

Blocks of lines that are indented by four blanks or more and have commands after "$ " count; the lines that follow a command
are its output, both streams; "…" at their end stands for more. A command goes on in the next line after "\\", and sets
variables for those behind it on the page. Seconds may be any, other figures may differ a little from one processor to
another. Commands that need MovieLens are run where ODOT_DATA names a folder that has it.

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
PAGES = ["README.md", "docs/walkthrough.md", "docs/recommending.md", "docs/fold-in.md", "docs/shell.md", "docs/training.md",
         "docs/tuning.md", "docs/bayesian.md"]
ON_MOVIELENS = ["docs/tuning.md"]  # all of what they show
SPLIT_BY_README = ["docs/training.md", "docs/bayesian.md"]  # they begin with the files that README.md has split
DATA = pathlib.Path(os.environ.get("ODOT_DATA") or "nowhere").absolute()
NUMBER = re.compile(r"(?<![\w.])-?\d+(?:\.\d+)?(?:e[-+]?\d+)?(?![\w])")
COUNTED = (" sweep", " pass", " iteration", " training")  # what rounding may decide
NEEDS_MORE = re.compile(r"ml-1m|ml-100k")  # MovieLens, which is no part of odot


class Command:
    """`line` is the number of its last line."""

    def __init__(self, line, text, indent):
        self.line, self.text, self.indent, self.output = line, text, indent, []

    def cut(self):
        """Whether the page shows the beginning of the output alone."""
        return bool(self.output) and self.output[-1].strip() == "…"


def blocks(name):
    """Lists of commands of a page, one for each block that has some."""
    found, current, open_command = [], None, None
    for number, line in enumerate((ROOT / name).read_text(encoding="utf-8").splitlines(), 1):
        start = re.match(r"( {4,})\$ ", line)
        if open_command is not None:
            open_command.line, open_command.text = number, f"{open_command.text[:-1]}{line.strip()}"
            open_command = open_command if line.endswith("\\") else None
        elif start:
            if current is None:
                current = []
                found.append(current)
            current.append(Command(number, line[start.end():], start.group(1)))
            open_command = current[-1] if line.endswith("\\") else None
        elif current and line.startswith(current[-1].indent):
            current[-1].output.append(line.removeprefix(current[-1].indent))
        else:
            current = None
    return [block for block in found
            if name in ON_MOVIELENS or not any(NEEDS_MORE.search(command.text) for command in block)]


class Runner:
    """A folder with the project's data and tools, MovieLens where it is there, and odot in the path."""

    def __init__(self, name):
        self.folder = tempfile.TemporaryDirectory(prefix="odot-docs-")
        self.variables = ""
        for path in (ROOT / "data", ROOT / "tools", DATA / "ml-1m", DATA / "ml-100k"):
            if path.exists():
                os.symlink(path, pathlib.Path(self.folder.name) / path.name)
        if name in SPLIT_BY_README:
            for command in (command for block in blocks("README.md") for command in block):
                if command.text.startswith("odot split "):
                    self.run(command)

    def run(self, command):
        """The lines of its output, as many as the page shows where it shows the beginning."""
        if re.fullmatch(r"""\w+=("[^"]*"|'[^']*'|\S*)""", command.text):
            self.variables += command.text + "\n"
            return []
        path = f"{ODOT.resolve().parent}:{os.environ['PATH']}"
        result = subprocess.run(["bash", "-c", self.variables + command.text], cwd=self.folder.name,
                                env=os.environ | {"PATH": path}, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                                text=True, check=False)
        lines = result.stdout.splitlines()
        return lines[:len(command.output) - 1] + command.output[-1:] if command.cut() else lines


def difference(found, expected):
    """What is different in a line, or None."""
    if NUMBER.sub("#", found) != NUMBER.sub("#", expected):
        return "the words"
    for ours, theirs in zip(NUMBER.finditer(found), NUMBER.finditer(expected)):
        if ours.group() == theirs.group() or re.match(r" ?s\b", found[ours.end():]):
            continue
        a, b = float(ours.group()), float(theirs.group())
        counted = found[ours.end():].startswith(COUNTED)
        if not counted and "." not in theirs.group():
            return f"{ours.group()} instead of {theirs.group()}"
        # An optimizer's path differs with the rounding of each kind of processor: 78 iterations on one are 83 on another.
        if abs(a - b) > (0.1 if counted else 0.02) * max(abs(a), abs(b)) + (2 if counted else 0.002):
            return f"{ours.group()} instead of {theirs.group()}"
    return None


class Docs(unittest.TestCase):
    def test_pages(self):
        for name in PAGES:
            with self.subTest(page=name):
                if name in ON_MOVIELENS and not (DATA / "ml-1m" / "ratings.dat").is_file():
                    self.skipTest(f"{name} needs MovieLens 1M, which ODOT_DATA does not name")
                self.check_page(name)

    def check_page(self, name):
        commands = [command for block in blocks(name) for command in block]
        self.assertTrue(commands, name)
        runner = Runner(name)
        self.addCleanup(runner.folder.cleanup)
        for command in commands:
            with self.subTest(page=f"{name}:{command.line}", command=command.text):
                found = runner.run(command)
                self.assertEqual(len(found), len(command.output), "\n".join(found))
                for ours, theirs in zip(found, command.output):
                    self.assertIsNone(difference(ours, theirs), f"\n{ours}\n{theirs}")

    def test_differences_are_seen(self):
        for found, expected, same in (("RMSE 0.6853", "RMSE 0.6855", True), ("RMSE 0.6853", "RMSE 0.7253", False),
                                      ("13 sweeps, 0.01 s", "14 sweeps, 0.95 s", True), ("1 93 4.70", "1 94 4.70", False),
                                      ("12 users", "12 items", False), ("13 sweeps", "99 sweeps", False), ("83 sweeps", "78 sweeps", True),
                                      ("83 users", "78 users", False), ("user1,2", "user2,2", False)):
            self.assertEqual(difference(found, expected) is None, same, (found, expected))


def write(path):
    name = str(path.relative_to(ROOT))
    lines, runner = path.read_text(encoding="utf-8").splitlines(), Runner(name)
    made, kept = [], 0
    for command in (command for block in blocks(name) for command in block):
        made += lines[kept:command.line] + [f"{command.indent}{line}" if line else "" for line in runner.run(command)]
        kept = command.line + len(command.output)
    runner.folder.cleanup()
    path.write_text("\n".join(made + lines[kept:]) + "\n", encoding="utf-8")


if __name__ == "__main__":
    if sys.argv[1:2] == ["--write"]:
        for page_name in sys.argv[2:]:
            write(pathlib.Path(page_name).resolve())
    else:
        unittest.main()
