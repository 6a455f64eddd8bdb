#!/usr/bin/env python3
"""Tests tools/compare-builds: what it takes for a difference, and with programs. ODOT_PROGRAM names the odot to run."""

import json
import os
import pathlib
import subprocess
import sys
import tempfile
import unittest

sys.dont_write_bytecode = True
ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tools" / "lib"))

from compare_runs import all_runs
from comparing import describe, without_times
import declared

PROGRAM = ROOT / "tools" / "compare-builds"
ODOT = pathlib.Path(os.environ.get("ODOT_PROGRAM", ROOT / "build" / "release" / "odot")).absolute()
FEW = "^(nnmf|cv|block rows|full adam exact|tune random|export csv|network checkpoint|similar)$"
# The odot that is named, but for one option of one command.
OTHER = """#!/bin/sh
if [ "$1" = cv ]; then set -- "$@" --rank 3; fi
exec {odot} "$@"
"""


def safetensors(metadata, tensor):
    header = json.dumps({"__metadata__": metadata, "U": {"dtype": "U8", "shape": [len(tensor)],
                                                         "data_offsets": [0, len(tensor)]}}).encode()
    return len(header).to_bytes(8, "little") + header + tensor


class Differences(unittest.TestCase):
    def test_times_do_not_count(self):
        report = '{{"rmse": 1, "seconds": {{"load": {0}, "train": {0}}}, "peak_memory_bytes": {1}}}'
        self.assertEqual(*(without_times(report.format(*values).encode()) for values in ((0.5, 7), (1e-05, 8))))
        text = "read 5 ratings in {} s\niteration {}/9  objective 3\ntraining   4 passes, {} s, stopped by: time\n"
        self.assertEqual(*(without_times(text.format(*values).encode()) for values in ((0.1, 1, 0.2), (1.25, 2, 3.5))))

    def test_times_of_checkpoints_do_not_count(self):
        one, same, other, model = (
            safetensors({"format": kind, "state.seconds": seconds, "state.sweeps": sweeps, "checksum": seconds}, b"123")
            for kind, seconds, sweeps in (("odot-checkpoint", "1", "3"), ("odot-checkpoint", "22", "3"),
                                          ("odot-checkpoint", "1", "4"), ("odot-factorization", "22", "3")))
        self.assertEqual(without_times(one), without_times(same))
        self.assertEqual(describe(without_times(one), without_times(other)), 'state.sweeps: "3" before, "4" after')
        self.assertEqual(without_times(model), model)

    def test_places(self):
        self.assertEqual(describe(None, b""), "written by AFTER only")
        self.assertEqual(describe(b'{"a": {"b": [1, 2]}}', b'{"a": {"b": [1, 3]}}'), "a.b[1]: 2 before, 3 after")
        self.assertEqual(describe(b'{"a": 1}', b'{"a": 1, "b": 2}'), "b is there in AFTER only")
        self.assertEqual(describe(b'{"a": 1.0}', b'{"a": 1.00}'), "byte 9")
        self.assertEqual(describe(b'{"i":0}\n{"i":1}\n', b'{"i":0}\n{"i":2}\n'), "line 2: i: 1 before, 2 after")
        self.assertEqual(describe(b"x\nab\n", b"x\nac\n"), 'byte 3, line 2: "ab" before, "ac" after')
        self.assertEqual(describe(b"x\n", b"x\ny\n"), 'byte 2, line 2: "" before, "y" after')
        self.assertEqual(describe(safetensors({"checksum": "1"}, b"abc"), safetensors({"checksum": "2"}, b"abd")),
                         "U: byte 2 of the tensor")


class Runs(unittest.TestCase):
    def test_every_pair(self):
        names = [run.name for run in all_runs(ODOT)]
        self.assertEqual(len(names), len(set(names)))
        self.assertGreaterEqual(len(names), 100)
        searches = declared.words(ODOT, "line-search")
        self.assertLessEqual({"constant", "exact"}, set(searches))
        for method in ("full", "blocks", "network"):
            for optimizer in declared.words(ODOT, "optimizer"):
                self.assertLessEqual({f"{method} {optimizer} {search}" for search in searches}, set(names))
        self.assertIn("help fold-in", names)


class Programs(unittest.TestCase):
    def setUp(self):
        temporary = tempfile.TemporaryDirectory(prefix="odot compare ")
        self.addCleanup(temporary.cleanup)
        self.folder = pathlib.Path(temporary.name)
        self.other = self.folder / "other"
        self.other.write_text(OTHER.format(odot=f"'{ODOT}'"), encoding="utf-8")
        self.other.chmod(0o755)

    def run_tool(self, *words):
        # MovieLens is not needed here, and would be copied.
        return subprocess.run([PROGRAM, *words], capture_output=True, text=True, check=False, cwd=self.folder,
                              env={**os.environ, "ODOT_DATA": str(self.folder)})

    def test_equal(self):
        done = self.run_tool(ODOT, ODOT, "--only", FEW)
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        self.assertRegex(done.stdout, r"^8 runs, \d\d files and streams: all equal\n$")

    def test_one_option_differs(self):
        done = self.run_tool(ODOT, self.other, "--only", FEW, "--keep", "kept")
        self.assertEqual((done.returncode, done.stderr), (1, ""))
        lines = done.stdout.splitlines()
        self.assertEqual({line.split()[0] for line in lines[:-1]}, {"cv"})
        self.assertRegex(lines[0], r"^cv +standard output +rmse\.mean: [\d.]+ before, [\d.]+ after$")
        self.assertRegex(lines[-1], r"^8 runs, \d\d files and streams: [12] of \d\d differ, in 1 runs$")
        kept = [(self.folder / "kept" / side / "cv" / "standard output").read_text() for side in ("before", "after")]
        self.assertNotEqual(*kept)

    def test_movielens_is_skipped_aloud(self):
        done = self.run_tool(ODOT, ODOT, "--only", "^movielens cv$|^split$")
        self.assertEqual(done.returncode, 0)
        self.assertIn("skipped: 1 runs on MovieLens 100K", done.stdout)

    def test_wrong_usage(self):
        for words, told in (((ODOT, ODOT, "--only", "no such run"), "no run's name matches"),
                            ((ODOT, ODOT, "--only", "("), "no regular expression"),
                            ((ODOT, ODOT, "--keep", "."), "is there already"),
                            ((ODOT, "neither", "--only", "^cv$"), "neither is neither a program nor a commit"),
                            (("/bin/false", ODOT, "--only", "^cv$"), "BEFORE cannot make")):
            with self.subTest(words=words):
                done = self.run_tool(*words)
                self.assertEqual((done.returncode, done.stdout), (2, ""))
                self.assertIn(told, done.stderr)


if __name__ == "__main__":
    unittest.main()
