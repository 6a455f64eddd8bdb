#!/usr/bin/env python3
"""Tests tools/experiments as a program, with --quick on a small synthetic file: what it writes, that it resumes,
that its choices are right, and its errors. ODOT_PROGRAM names the odot to run."""

import json
import math
import os
import pathlib
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import unittest

sys.dont_write_bytecode = True
ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tools" / "lib"))

import declared

PROGRAM = ROOT / "tools" / "experiments"
ODOT = pathlib.Path(os.environ.get("ODOT_PROGRAM", ROOT / "build" / "release" / "odot"))
SEARCHES = declared.words(ODOT, "line-search") if ODOT.exists() else []
SECTIONS = ("Gradient descent", "Heavy ball", "Nesterov", "RMSprop", "AdaGrad", "Adam", "Comparison", "Best model",
            "Vector gradient descent", "Non-negative factors", "Neural network", "Overall results")
FIGURES = ("gd", "heavy-ball", "nesterov", "rmsprop", "adagrad", "adam", "comparison", "best-model", "blocks", "nnmf",
           "network")


def call(*words, folder=None, **environment):
    return subprocess.run([str(word) for word in words], capture_output=True, text=True, check=False, cwd=folder,
                          env=os.environ | environment)


def sections(report):
    """The text below each heading of a report."""
    parts = re.split(r"^## (.+)$", report, flags=re.MULTILINE)
    return dict(zip(parts[1::2], parts[2::2]))


def rows(text, width):
    """The cells of the rows of all tables that have this many columns, without headers."""
    lines = [line.strip("| ").split(" | ") for line in re.findall(r"^\|.*\|$", text.replace("|  |", "| – |"),
                                                                 re.MULTILINE)]
    heads = {place - 1 for place, line in enumerate(lines) if set(line) == {"---"}}
    return [line for place, line in enumerate(lines)
            if len(line) == width and place not in heads and set(line) != {"---"}]


def trace(path):
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


@unittest.skipUnless(ODOT.exists(), f"{ODOT} is not built")
class Experiments(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        folder = tempfile.TemporaryDirectory(prefix="odot experiments ")
        cls.addClassCleanup(folder.cleanup)
        cls.root = pathlib.Path(folder.name)
        cls.ratings = cls.root / "ratings.csv"
        subprocess.run([ODOT, "synth", "--users", "150", "--items", "80", "--ratings", "3000", "--round", "1",
                        "--lowest", "1", "-o", cls.ratings, "--quiet"], check=True)
        (cls.root / "u.csv").write_text("user,age,gender\n" + "".join(
            f"{user},{user % 50},{'FM'[user % 2]}\n" for user in range(1, 151)), encoding="utf-8")
        (cls.root / "i.csv").write_text("item,year,genre\n" + "".join(
            f"{item},{1980 + item % 20},{('Drama', 'Comedy', 'Drama|War')[item % 3]}\n" for item in range(1, 81)),
            encoding="utf-8")

    def run_program(self, *arguments, **environment):
        return call(PROGRAM, *arguments, folder=self.root, MPLCONFIGDIR=str(self.root), **environment)

    def quick(self, output, *arguments, **environment):
        return self.run_program(self.ratings, "-o", output, "--odot", ODOT, "--quick", *arguments, **environment)

    def output(self, name):
        """A folder of this test's own."""
        folder = self.root / name
        self.addCleanup(shutil.rmtree, folder, ignore_errors=True)
        return folder

    def wrapper(self, body):
        """A program that does `body` with the arguments, then what odot does."""
        path = self.root / "odot-wrapper"
        path.write_text(f"#!/bin/sh\n{body}\nexec '{ODOT}' \"$@\"\n", encoding="utf-8")
        path.chmod(0o755)
        return path

    def assert_fails(self, result, code, *words):
        self.assertEqual(result.returncode, code, result.stderr)
        self.assertNotIn("Traceback", result.stderr)
        for word in words:
            self.assertIn(word, result.stderr)

    def test_everything(self):
        output = self.output("everything")
        (self.root / "notes.md").write_text("What is seen.\n\n## nnmf\n\nNothing is\nnear one.\n", encoding="utf-8")
        result = self.quick(output, "--users", self.root / "u.csv", "--items", self.root / "i.csv", "--notes",
                            self.root / "notes.md")
        self.assertEqual(result.returncode, 0, result.stderr)
        report = (output / "report.md").read_text(encoding="utf-8")
        parts = sections(report)
        self.assertEqual(tuple(parts), SECTIONS)
        self.assertNotIn("failed", report)
        self.assertNotIn("diverged", report)
        for name in FIGURES:
            self.assertEqual(report.count(f"(figures/{name}.png)"), 1)
            self.assertTrue((output / "figures" / f"{name}.png").read_bytes().startswith(b"\x89PNG"))
        self.assertLess(sum(path.stat().st_size for path in (output / "figures").iterdir()), 2e6)
        self.assertIn("Nothing is\nnear one.", parts["Non-negative factors"])
        for title, count in (("Gradient descent", len(SEARCHES)), ("Comparison", 12), ("Vector gradient descent", 22),
                             ("Neural network", 3)):
            self.assertEqual(len(rows(parts[title], 7)), count, title)
        for line in rows(parts["Non-negative factors"], 3):
            for cell in line[1:]:
                self.assertRegex(cell, r"^\d+\.\d\d %$")
        self.check_baseline(output, parts["Overall results"])
        self.check_commands(output, parts["Overall results"])
        self.check_choice(output, parts["Gradient descent"])
        # Nothing is left to do, and nothing changes.
        again = self.quick(output, "--users", self.root / "u.csv", "--items", self.root / "i.csv", "--notes",
                           self.root / "notes.md")
        self.assertEqual(again.returncode, 0, again.stderr)
        self.assertIn(" 0 of them now", again.stderr)
        self.assertEqual((output / "report.md").read_text(encoding="utf-8"), report)

    def check_baseline(self, output, overall):
        train, valid, test = ([float(line.split(",")[2]) for line in
                               (output / "data" / f"{name}.dat").read_text(encoding="utf-8").splitlines()]
                              for name in ("train", "valid", "test"))
        self.assertEqual(len(train) + len(valid) + len(test), 3000)
        mean = sum(train) / len(train)
        found = [math.sqrt(sum((x - mean) ** 2 for x in part) / len(part)) for part in (valid, test)]
        line = next(line for line in rows(overall, 6) if "Always the mean" in line)
        self.assertEqual(line[3:5], [f"{value:.4f}" for value in found])

    def check_commands(self, output, overall):
        """Every command of the overall table, typed again in the folder, gives its RMSE."""
        commands = re.findall(r"^\d+\. `odot (.*)`$", overall, re.MULTILINE)
        lines = [line for line in rows(overall, 6) if line[0].isdigit()]
        self.assertEqual(len(commands), len(lines))
        self.assertEqual(len(commands), 11)
        for line, words in zip(lines, commands):
            done = call(ODOT, *words.split(), "--quiet", folder=output)
            self.assertEqual(done.returncode, 0, done.stderr)
            done = call(ODOT, "evaluate", "model.safetensors", "data/test.dat", "--json", "--quiet", folder=output)
            self.assertEqual(f"{json.loads(done.stdout)['rmse']:.4f}", line[4], words)

    def check_choice(self, output, part):
        """The table has the step and the iteration with the lowest validation RMSE of all candidates."""
        line = next(line for line in rows(part, 7) if line[0] == "constant")
        candidates = [point for path in sorted((output / "runs").glob("gd-constant-step-*.jsonl"))
                      for point in trace(path)[1:]]
        self.assertGreater(len({point["step"] for point in candidates}), 1)
        least = min(candidates, key=lambda point: point["valid_rmse"])
        self.assertEqual(line[2:4], [str(least["iteration"]), f"{least['valid_rmse']:.4f}"])
        self.assertIn(f"step {least['step']:.2e}", line[1])

    def test_resumes_what_is_missing_or_of_another_command(self):
        output = self.output("resumed")
        self.assertEqual(self.quick(output, "--only", "gd").returncode, 0)
        runs = output / "runs"
        record = json.loads((runs / "gd-armijo.json").read_text(encoding="utf-8"))
        record["identity"]["command"].append("--rank")
        (runs / "gd-armijo.json").write_text(json.dumps(record), encoding="utf-8")
        (runs / "gd-exact.json").write_text('{"identity": {"comm', encoding="utf-8")
        (runs / "gd-weak-wolfe-final.json").unlink()
        result = self.quick(output, "--only", "gd")
        self.assertEqual(result.returncode, 0, result.stderr)
        self.assertIn(" 3 of them now", result.stderr)
        for name in ("gd-armijo", "gd-exact", "gd-weak-wolfe-final"):
            self.assertRegex(result.stderr, rf"(?m)^run .*: {name}$")

    def test_other_ratings_are_other_runs(self):
        output, other = self.output("other"), self.root / "other.csv"
        self.assertEqual(self.quick(output, "--only", "best-model").returncode, 0)
        lines = self.ratings.read_text(encoding="utf-8").splitlines()
        other.write_text("\n".join(lines[:2500]) + "\n", encoding="utf-8")
        result = self.run_program(other, "-o", output, "--odot", ODOT, "--quick", "--only", "best-model")
        counts = re.search(r"(\d+) runs, (\d+) of them now", result.stderr)
        self.assertEqual(counts.group(1), counts.group(2))

    def test_interrupted(self):
        output = self.output("interrupted")
        stop = self.wrapper('case "$*" in *"runs/gd-exact.jsonl"*) kill -INT $PPID; sleep 5; exit 130;; esac')
        result = self.quick(output, "--only", "gd", "--odot", stop)
        self.assert_fails(result, 130, "goes on from here")
        self.assertIn("interrupted", (output / "report.md").read_text(encoding="utf-8"))
        result = self.quick(output, "--only", "gd")
        self.assertEqual(result.returncode, 0, result.stderr)
        self.assertIn(" 2 of them now", result.stderr)
        self.assertNotIn("interrupted", (output / "report.md").read_text(encoding="utf-8"))

    def test_failed_and_diverged_runs(self):
        output = self.output("failed")
        broken = self.wrapper('case "$*" in *"--line-search armijo"*) echo "odot: no | luck" >&2; exit 1;;\n'
                              '*"--line-search exact"*) echo "odot: training diverged" >&2; exit 1;; esac')
        result = self.quick(output, "--only", "gd", "--odot", broken)
        self.assert_fails(result, 1, "gd-armijo failed: no | luck")
        self.assertNotIn("gd-exact", result.stderr.split("see ")[1])
        part = sections((output / "report.md").read_text(encoding="utf-8"))["Gradient descent"]
        self.assertIn("| armijo | failed: no / luck |", part)
        self.assertIn("| exact | diverged |", part)
        self.assertEqual(len(rows(part, 7)), len(SEARCHES))
        # What failed is tried again; what diverged is a result.
        result = self.quick(output, "--only", "gd")
        self.assertIn(" 2 of them now", result.stderr)
        self.assertIn("| exact | diverged |", (output / "report.md").read_text(encoding="utf-8"))

    def test_network_is_skipped_without_features(self):
        output = self.output("skipped")
        result = self.quick(output, "--only", "network")
        self.assertEqual(result.returncode, 0, result.stderr)
        self.assertIn("Skipped: it needs the features", (output / "report.md").read_text(encoding="utf-8"))

    def test_wrong_usage(self):
        output = self.output("none")
        self.assert_fails(self.quick(output, "--onyl", "gd"), 2, "--onyl", "--help")
        self.assert_fails(self.quick(output, "--only", "gd,adm"), 2, "'adm'", "adam")
        self.assert_fails(self.quick(output, "--odot", "no-such-odot"), 1, "no-such-odot", "tools/quickstart")
        self.assert_fails(self.quick(output, "--users", "nobody.csv"), 1, "nobody.csv: no such file")
        self.assert_fails(self.quick(output, "--notes", "no.md"), 1, "no.md: No such file")
        (self.root / "odd.md").write_text("## newton\n\nFast.\n", encoding="utf-8")
        self.assert_fails(self.quick(output, "--notes", self.root / "odd.md"), 1, "'newton'", "best-model")
        self.assert_fails(self.run_program("no.csv", "-o", output, "--odot", ODOT), 1, "no.csv: no such file")
        self.assert_fails(self.quick(self.ratings / "x"), 1, "cannot write", str(self.ratings))
        self.assertFalse(output.exists())

    def test_bad_ratings(self):
        bad = self.root / "bad.csv"
        bad.write_text("user,item,rating\n1,2,3\n1,3,great\n", encoding="utf-8")
        result = self.run_program(bad, "-o", self.output("bad"), "--odot", ODOT, "--quick")
        self.assert_fails(result, 1, ':3: found "great"')

    @unittest.skipIf((ROOT / "movielens").exists(), "MovieLens is there")
    def test_no_movielens(self):
        self.assert_fails(self.run_program("--odot", ODOT, ODOT_DATA=""), 1, "tools/fetch-movielens", "ODOT_DATA")

    def test_without_matplotlib(self):
        # -S leaves Debian's packages out.
        result = call("/usr/bin/python3", "-S", PROGRAM, self.ratings, "-o", self.output("bare"), "--odot", ODOT)
        self.assert_fails(result, 1, "needs matplotlib", "tools/install-packages")


if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.default_int_handler)  # children inherit it, however this was started
    unittest.main()
