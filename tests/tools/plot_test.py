#!/usr/bin/env python3
"""Tests tools/plot as a program: the pictures it writes, its errors and exit codes."""

import json
import math
import os
import pathlib
import re
import subprocess
import tempfile
import unittest

PROGRAM = pathlib.Path(__file__).resolve().parents[2] / "tools" / "plot"


def record(iteration, **changes):
    return {"iteration": iteration, "objective": 1000.0 * 0.5**iteration, "train_rmse": 0.9, "valid_rmse": 1.0,
            "step": 0.1, "passes": 2 * iteration, "seconds": 0.01 * iteration} | changes


class Plot(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="odot plot ")
        self.addCleanup(folder.cleanup)
        self.root = pathlib.Path(folder.name)

    def trace(self, name, records):
        path = self.root / name
        path.write_text("".join(json.dumps(one) + "\n" for one in records), encoding="utf-8")
        return path

    def run_program(self, *arguments):
        # As text in the picture, so that the tests can read what it says.
        (self.root / "matplotlibrc").write_text("svg.fonttype: none\n", encoding="utf-8")
        environment = os.environ | {"MPLCONFIGDIR": str(self.root), "MATPLOTLIBRC": str(self.root)}
        return subprocess.run([PROGRAM, *arguments], capture_output=True, text=True, check=False, env=environment)

    def picture(self, *arguments):
        output = self.root / "picture.svg"
        result = self.run_program(*arguments, "-o", output)
        self.assertEqual((result.returncode, result.stderr), (0, ""))
        return output.read_text(encoding="utf-8")

    def assert_fails(self, code, words, *arguments):
        result = self.run_program(*arguments)
        self.assertEqual(result.returncode, code, result.stderr)
        self.assertEqual(len(result.stderr.splitlines()), 1, result.stderr)
        for word in words:
            self.assertIn(word, result.stderr)
        self.assertEqual(list(self.root.glob("*.png")), [])

    def test_formats(self):
        trace = self.trace("gd.jsonl", [record(k) for k in range(5)])
        for suffix, start in (("png", b"\x89PNG"), ("svg", b"<?xml"), ("pdf", b"%PDF")):
            output = self.root / f"a picture.{suffix}"
            result = self.run_program(trace, "-o", output)
            self.assertEqual((result.returncode, result.stderr), (0, ""))
            self.assertTrue(output.read_bytes().startswith(start))

    def test_legends_and_axes(self):
        first = self.trace("gd.jsonl", [record(k) for k in range(5)])
        second = self.trace("lbfgs.jsonl", [record(k) for k in range(5)])
        text = self.picture(first, second)
        for words in (">gd<", ">lbfgs<", ">objective<", ">RMSE<", ">iteration<", ">held out<", ">training<"):
            self.assertIn(words, text)
        text = self.picture(first, second, "--labels", "slow,fast", "--x", "seconds")
        for words in (">slow<", ">fast<", ">seconds<"):
            self.assertIn(words, text)
        self.assertNotIn(">gd<", text)
        self.assertIn(">passes over the ratings<", self.picture(first, "--x", "passes"))

    def test_all_horizontal_axes_unless_one_is_named(self):
        first = self.trace("gd.jsonl", [record(k) for k in range(5)])
        second = self.trace("nnmf.jsonl", [record(k, step=None, gradient_norm=None) for k in range(5)])
        text = self.picture(first, second)
        for words in (">iteration<", ">passes over the ratings<", ">seconds<"):
            self.assertEqual(text.count(words), 2, words)  # below the objective and below the RMSE
        self.assertNotIn(">iteration<", self.picture(first, second, "--x", "seconds"))
        third = self.trace("untimed.jsonl", [record(k, seconds=None) for k in range(5)])
        self.assertNotIn(">seconds<", self.picture(first, third))
        self.assert_fails(1, ["untimed.jsonl", '"seconds"', "--x"], first, third, "--x", "seconds", "-o",
                          self.root / "x.png")

    def test_same_names_in_different_folders_are_told_apart(self):
        (self.root / "one").mkdir()
        (self.root / "two").mkdir()
        paths = [self.trace("one/trace.jsonl", [record(0)]), self.trace("two/trace.jsonl", [record(0)])]
        text = self.picture(*paths)
        for path in paths:
            self.assertIn(f">{path}<", text)

    def test_log_scale_only_for_positive_values_over_a_decade(self):
        def is_log(objectives):
            trace = self.trace("run.jsonl", [record(k, objective=value) for k, value in enumerate(objectives)])
            return re.search(r"10\^|\\mathdefault\{10", self.picture(trace)) is not None
        self.assertTrue(is_log([10000, 100, 1]))
        self.assertFalse(is_log([5, 4, 3]))
        self.assertFalse(is_log([10000, 100, -1]))

    def test_without_held_out_ratings(self):
        trace = self.trace("run.jsonl", [record(k, valid_rmse=None) for k in range(3)])
        text = self.picture(trace)
        self.assertIn(">training<", text)
        self.assertNotIn(">held out<", text)

    def test_objective_alone(self):
        trace = self.trace("run.jsonl", [{"iteration": k, "objective": 3.0 - k} for k in range(3)])
        self.assertNotIn(">RMSE<", self.picture(trace))

    def test_numbers_that_are_not_finite_are_left_out(self):
        trace = self.trace("run.jsonl", [record(0), record(1, objective=math.nan), record(2, objective=math.inf)])
        self.picture(trace)

    def test_broken_traces(self):
        output = self.root / "x.png"
        good = json.dumps(record(0))
        for name, text, words in (
                ("empty", "", ["empty: nothing in it"]),
                ("cut", good + '\n{"iteration": 1, "obj', ["cut:2:", "not a JSON object"]),
                ("list", "[1]\n", ["list:1:"]),
                ("key", '{"iteration": 1}\n', ["key:1:", '"objective"']),
                ("word", good + "\n" + json.dumps(record(1, objective="big")) + "\n", ["word:2:", '"big"']),
        ):
            path = self.root / name
            path.write_text(text, encoding="utf-8")
            self.assert_fails(1, words, path, "-o", output)
        (self.root / "noise").write_bytes(b"\xff\xfe\x00\x80")
        self.assert_fails(1, ["noise", "not a text file"], self.root / "noise", "-o", output)
        self.assert_fails(1, ["missing", "No such file"], self.root / "missing", "-o", output)
        self.assert_fails(1, ["directory"], self.root, "-o", output)

    def test_unwritable_output(self):
        trace = self.trace("run.jsonl", [record(0)])
        self.assert_fails(1, ["cannot write"], trace, "-o", self.root / "no" / "x.png")

    def test_wrong_usage(self):
        trace = self.trace("run.jsonl", [record(0)])
        output = self.root / "x.png"
        self.assert_fails(2, ["--lables", "--help"], trace, "-o", output, "--lables", "a")
        self.assert_fails(2, [".png, .svg, .pdf"], trace, "-o", self.root / "x.jpeg")
        self.assert_fails(2, ["2 names for 1 trace"], trace, "-o", output, "--labels", "a,b")
        self.assert_fails(2, ["TRACE"])


if __name__ == "__main__":
    unittest.main()
