#!/usr/bin/env python3
"""Tests tools/mutants in a repository of its own, whose sources are scripts and where nothing is compiled."""

import json
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import unittest

sys.dont_write_bytecode = True
ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tools" / "lib"))

from mutant_table import MUTANTS

CMAKE = """cmake_minimum_required(VERSION 3.25)
project(mutants LANGUAGES NONE)
add_custom_target(odot COMMAND sh -n ${CMAKE_SOURCE_DIR}/src/cli/odot.cpp
  COMMAND cp ${CMAKE_SOURCE_DIR}/src/cli/odot.cpp ${CMAKE_BINARY_DIR}/odot)
add_custom_target(test_search_float
  COMMAND cp ${CMAKE_SOURCE_DIR}/src/search/space.cpp ${CMAKE_BINARY_DIR}/test_search_float)
add_custom_target(test_cli_program COMMAND cp ${CMAKE_SOURCE_DIR}/test.sh ${CMAKE_BINARY_DIR}/test_cli_program)
"""
SOURCES = {
    "CMakeLists.txt": CMAKE,
    "src/cli/odot.cpp": "#!/bin/sh\none=1\ntwo=2\nthree=$((one + two))\necho $three\n",
    "src/search/space.cpp": "#!/bin/sh\nif [ 1 = 2 ]; then echo 'TEST CASE:  spaces'; exit 1; fi\n"
                            "wait=0\nsleep $wait\n",
    "test.sh": "#!/bin/sh\necho 'TEST CASE:  tells something'\n"
               "if [ $(sh $ODOT_PROGRAM) = 3 ]; then exit 0; fi\necho 'TEST CASE:  adds up'\nexit 1\n",
}
TABLE = '''import collections
Mutant = collections.namedtuple("Mutant", "name kind file old new")
MUTANTS = [Mutant("two is three", "number", "src/cli/odot.cpp", "two=2", "two=3"),
           Mutant("one stands behind two", "order", "src/cli/odot.cpp", "one=1\\ntwo=2", "two=2\\none=1"),
           Mutant("no end", "number", "src/cli/odot.cpp", "one + two))", "one + two"),
           Mutant("no such text", "order", "src/cli/odot.cpp", "four=4", "four=5"),
           Mutant("another floor", "order", "src/search/space.cpp", "1 = 2", "1 = 1")]
'''


class Table(unittest.TestCase):
    def test_rows(self):
        self.assertGreaterEqual(len(MUTANTS), 100)
        self.assertEqual(len({(one.file, one.old, one.new) for one in MUTANTS}), len(MUTANTS))
        self.assertEqual(len({(one.kind, one.name) for one in MUTANTS}), len(MUTANTS))
        for one in MUTANTS:
            with self.subTest(name=one.name):
                self.assertNotEqual(one.old, one.new)
                self.assertTrue(one.file.startswith(("src/", "include/odot/")), one.file)


class Repository(unittest.TestCase):
    def setUp(self):
        temporary = tempfile.TemporaryDirectory(prefix="odot mutants ")
        self.addCleanup(temporary.cleanup)
        self.folder = pathlib.Path(temporary.name) / "repository"
        self.results = self.folder.parent / "results.jsonl"
        for name, text in SOURCES.items():
            path = self.folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
            path.chmod(0o755)
        (self.folder / "tools" / "lib").mkdir(parents=True)
        for name in ("mutants", "lib/worktrees.py"):
            shutil.copy(ROOT / "tools" / name, self.folder / "tools" / name)
        (self.folder / "tools" / "lib" / "mutant_table.py").write_text(TABLE, encoding="utf-8")
        self.git("init", "--quiet")
        self.commit()

    def git(self, *words):
        return subprocess.run(["git", "-c", "user.name=t", "-c", "user.email=t@t", *words], cwd=self.folder,
                              capture_output=True, text=True, check=True).stdout

    def commit(self):
        self.git("add", "--all")
        self.git("commit", "--quiet", "--message", "all")

    def run_tool(self, *words):
        return subprocess.run([self.folder / "tools" / "mutants", *words], capture_output=True, text=True, check=False,
                              cwd=self.folder.parent)

    def check_nothing_is_left(self):
        self.assertEqual(len(self.git("worktree", "list").splitlines()), 1)
        self.assertEqual(self.git("status", "--porcelain"), "")

    def outcomes(self):
        lines = map(json.loads, self.results.read_text(encoding="utf-8").splitlines())
        return {line["name"]: (line["outcome"], line["by"]) for line in lines}

    def test_outcomes(self):
        done = self.run_tool("--results", self.results)
        self.assertEqual(done.returncode, 1, done.stderr)  # one is stale, and one does not build
        outcomes = self.outcomes()
        self.assertEqual(outcomes["two is three"], ("caught", "test_cli_program: adds up"))
        self.assertEqual(outcomes["one stands behind two"], ("survived", ""))
        self.assertEqual(outcomes["no end"][0], "did not build")
        self.assertEqual(outcomes["no such text"][0], "stale")
        self.assertEqual(outcomes["another floor"], ("caught", "test_search_float: spaces"))
        self.assertRegex(done.stdout, r"(?m)^number +2 +1 +0 +1 +0$")
        self.assertRegex(done.stdout, r"(?m)^order +3 +1 +1 +0 +1$")
        self.assertTrue(done.stdout.endswith("2 of 5 mistakes are caught\n"))
        self.check_nothing_is_left()

    def test_goes_on(self):
        self.assertEqual(self.run_tool("--results", self.results, "--only", "^two is three$").returncode, 0)
        done = self.run_tool("--results", self.results, "--only", "two")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("1 mistakes in ", done.stderr)
        self.assertIn("1 have their results", done.stderr)
        self.assertEqual(len(self.results.read_text(encoding="utf-8").splitlines()), 2)
        self.assertIn("1 of 2 mistakes are caught", done.stdout)
        # Results of another commit are none of this one.
        (self.folder / "more").touch()
        self.commit()
        self.assertNotIn("have their results", self.run_tool("--results", self.results, "--only", "two").stderr)

    def test_several_at_a_time(self):
        done = self.run_tool("--jobs", "2", "--only", "two|floor")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("2 of 3 mistakes are caught", done.stdout)
        self.check_nothing_is_left()

    def test_tests_must_pass_without_mistakes(self):
        (self.folder / "test.sh").write_text("#!/bin/sh\nexit 1\n", encoding="utf-8")
        self.commit()
        done = self.run_tool()
        self.assertEqual(done.returncode, 2)
        self.assertIn("test_cli_program fails without any mistake: exit code 1", done.stderr)
        self.check_nothing_is_left()

    def test_interrupted(self):
        path = self.folder / "src" / "search" / "space.cpp"
        path.write_text(path.read_text(encoding="utf-8").replace("wait=0", "wait=600"), encoding="utf-8")
        self.commit()
        for number in (signal.SIGINT, signal.SIGTERM):
            with subprocess.Popen([self.folder / "tools" / "mutants"], stdout=subprocess.DEVNULL,
                                  stderr=subprocess.DEVNULL, start_new_session=True) as running:
                deadline = time.monotonic() + 60
                # Until the test that waits is running.
                while not self.git("worktree", "list").count("\n") > 1 and time.monotonic() < deadline:
                    time.sleep(0.05)
                time.sleep(1)
                os.kill(running.pid, number)
                self.assertEqual(running.wait(30), 128 + number)
            self.check_nothing_is_left()

    def test_list(self):
        done = self.run_tool("--list", "--only", "order")
        self.assertEqual(done.returncode, 1)
        self.assertIn("no such text  [src/cli/odot.cpp]  stale\n", done.stdout)
        self.assertTrue(done.stdout.endswith("3 mistakes, 1 of them stale\n"))

    def test_wrong_usage(self):
        for words, told in ((("--only", "five"), "no mistake matches"), (("--only", "("), "no regular expression"),
                            (("--jobs", "0"), "--jobs is 0")):
            done = self.run_tool(*words)
            self.assertEqual((done.returncode, done.stdout), (2, ""))
            self.assertIn(told, done.stderr)


if __name__ == "__main__":
    unittest.main()
