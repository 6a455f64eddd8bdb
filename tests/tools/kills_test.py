#!/usr/bin/python3
"""Kills every command that writes, and looks at what is there then: under the names of outputs only whole files, all of one
command or with marks; a retry works and leaves nothing else; a run that goes on gives what it would have given.

  kills_test.py            before calls that change files (with ODOT_KILL_AT): the first of each command and some of the
                           others; and some times at random
  kills_test.py --all      before each such call
  kills_test.py --kills N  so many times at random, over all commands
"""

import argparse
import json
import os
import pathlib
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
ODOT = os.environ.get("ODOT_PROGRAM", ROOT / "build" / "release" / "odot")
KILL_AT = os.environ.get("ODOT_KILL_AT", "")  # tests/support/kill_at.cpp, built
MARK = ".odot-unfinished"
TRAIN = ("train", "r", "-q", "--optimizer", "lbfgs", "-t", "6", "--tolerance", "0")
TUNE = ("tune", "r", "-q", "--rank", "2,3", "--trials", "3", "-t", "3", "--log", "log", "-o", "m")


class Case:
    """`old` made what was there before `new` is killed; `files` are its outputs or folders of these, of which each is
    replaced as a whole; `grown` those that are written as the command goes on, compared without their seconds once `resume`
    is done; `folder` is there, and empty, before."""

    def __init__(self, name, new, files, old=None, grown=(), resume=(), folder=None):
        self.name, self.old, self.new, self.files = name, old, new, files
        self.grown, self.resume, self.folder = grown, resume, folder


def both(name, words, files, *different, **more):
    """The same command with two seeds, or two models."""
    return Case(name, [*words, *different[1]], files, [*words, *different[0]], **more)


SEEDS = (("--seed", "1"), ("--seed", "2"))
MODELS = (("m1",), ("m2",))
CASES = [
    both("train", (*TRAIN, "-o", "m"), ["m"], *SEEDS),
    Case("train with checkpoints", [*TRAIN, "--checkpoint", "c", "--checkpoint-every", "1", "--trace", "t", "-o", "m"],
         ["m"], grown=["t"], resume=["--resume", "c"]),
    both("split", ("split", "r", "-q", "--train", "a", "--test", "b"), ["a", "b"], *SEEDS),
    both("convert", ("convert", "-q", "-o", "x.odr"), ["x.odr"], ("r",), ("named",)),
    both("synth", ("synth", "-q", "-o", "s", "--ratings", "300", "--users", "40", "--items", "30"), ["s"], *SEEDS),
    both("synth .odr", ("synth", "-q", "-o", "s.odr", "--ratings", "300", "--users", "40", "--items", "30"), ["s.odr"],
         *SEEDS),
    Case("export npy", ["export", "m1", "-q", "--format", "npy", "-o", "out"], ["out"]),
    Case("export csv", ["export", "m1", "-q", "--format", "csv", "-o", "out"], ["out"]),
    Case("export into a folder", ["export", "m1", "-q", "--format", "npy", "-o", "out"], ["out"], folder="out"),
    both("export libmf", ("export", "-q", "--format", "libmf", "-o", "p"), ["p", "p.users", "p.items"], *MODELS),
    both("import", ("import", "-q", "-o", "m"), ["m"], ("libmf1",), ("libmf2",)),
    both("fold-in", ("fold-in", "more", "-q", "-o", "f"), ["f"], *MODELS),
    both("predict", ("predict", "named", "-q", "-o", "q"), ["q"], *MODELS),
    both("recommend", ("recommend", "-q", "-o", "q"), ["q"], *MODELS),
    both("similar", ("similar", "-q", "-i", "i1", "-i", "i2", "-o", "q"), ["q"], *MODELS),
    Case("man", ["man", "--all", "man"], ["man"], folder="man"),
    Case("tune", list(TUNE), ["m"], grown=["log"], resume=["--resume"]),
]
# The model comes before other files.
for case in CASES:
    if case.new[0] in ("fold-in", "predict"):
        for words in (case.old, case.new):
            words.insert(1, words.pop())


def timeless(name, data):
    """Lines of JSON without what the clock decides."""
    lines = []
    for line in data.decode().splitlines():
        fields = json.loads(line)
        lines.append({key: value for key, value in fields.items() if key not in ("seconds", "checksum")})
    return lines


class Kills(unittest.TestCase):
    kills = 34
    first = 40  # calls, of which each is met

    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="odot kills ")
        self.addCleanup(folder.cleanup)
        self.root = pathlib.Path(folder.name)
        self.odot("synth", "-q", "-o", "r", "--users", "40", "--items", "30", "--ratings", "600")
        rows = [line.split(",") for line in (self.root / "r").read_text(encoding="utf-8").splitlines()[1:]]
        named = [f"u{u},i{i},{r}" for u, i, r in rows]
        (self.root / "named").write_text("\n".join(named) + "\n", encoding="utf-8")
        (self.root / "more").write_text("\n".join("new" + line for line in named[:60]) + "\n", encoding="utf-8")
        for seed in "12":
            self.odot("train", "named", "-q", "-t", "2", "--seed", seed, "-o", f"m{seed}")
            self.odot("export", f"m{seed}", "-q", "--format", "libmf", "-o", f"libmf{seed}")
        self.start = time.monotonic()
        self.inputs = {path.name for path in self.root.iterdir()}

    def odot(self, *words):
        result = subprocess.run([ODOT, *words], cwd=self.root, capture_output=True, text=True, check=False)
        self.assertEqual(result.returncode, 0, f"{words}: {result.stderr}")

    def killed(self, words, call=None, seconds=None):
        """Runs odot and kills it before that call or after that time; whether it had not ended yet."""
        environment = dict(os.environ)
        if call:
            environment.update(LD_PRELOAD=KILL_AT, KILL_AT=str(call), ASAN_OPTIONS="verify_asan_link_order=0")
        with subprocess.Popen([ODOT, *words], cwd=self.root, env=environment, stdout=subprocess.DEVNULL,
                              stderr=subprocess.PIPE) as process:
            if seconds is not None:
                time.sleep(seconds)
                process.kill()
            message = process.communicate()[1]
        self.assertIn(process.returncode, (0, -signal.SIGKILL), f"{words}: {message}")
        return process.returncode != 0

    def clear(self, case):
        for path in self.root.iterdir():
            if path.name in self.inputs:
                continue
            if path.is_dir():
                shutil.rmtree(path)
            else:
                path.unlink()
        if case.folder:
            (self.root / case.folder).mkdir()

    def files(self):
        return {str(path.relative_to(self.root)): path for path in self.root.rglob("*") if path.is_file()}

    def found(self, case):
        """The outputs that are replaced."""
        return {name: path.read_bytes() for name, path in self.files().items()
                if ".odot-" not in name and (name in case.files or name.split("/")[0] in case.files)}

    def grown(self, case):
        return {name: timeless(name, (self.root / name).read_bytes()) for name in case.grown}

    def others(self, case, outputs):
        """Files that no command was asked for."""
        return set(self.files()) - set(outputs) - self.inputs - {"c"} - set(case.grown)

    def begin(self, case):
        """Before and after the command."""
        self.clear(case)
        if case.old:
            self.odot(*case.old)
        before = self.found(case)
        start = time.monotonic()
        self.odot(*case.new)
        return before, self.found(case), self.grown(case), time.monotonic() - start

    def reset(self, case, before):
        self.clear(case)
        for name, data in before.items():
            (self.root / name).write_bytes(data)

    def look(self, case, before, after, grown):
        """After a kill."""
        now = self.found(case)
        for name, data in now.items():
            self.assertIn(data, (before.get(name), after[name]), f"{name} is neither the old nor the new file")
        marks = {name for name in now if (self.root / (name + MARK)).exists()}
        if now not in (before, after):
            self.assertEqual(set(now), marks, "a mix without marks")
        for name in marks:
            result = subprocess.run([ODOT, "info", name], cwd=self.root, capture_output=True, text=True, check=False)
            self.assertEqual(result.returncode, 1)
            self.assertIn("has not finished", result.stderr)
        # A folder that has all its files is not written again.
        if case.files == ["out"] and now == after and not (self.root / "out" / MARK).exists():
            self.assertEqual(self.others(case, after), set())
            return
        # What goes on needs something to go on from.
        goes_on = case.resume and (self.root / ("c" if "c" in case.resume else case.grown[0])).exists()
        self.odot(*case.new, *(case.resume if goes_on else ()))
        self.assertEqual(self.found(case), after)
        self.assertEqual(self.grown(case), grown)
        self.assertEqual(self.others(case, after), set())

    def tell(self, what):
        """What is done by now, since all takes a while."""
        print(f"{time.monotonic() - self.start:.0f} s: {what}; {len(self.result.failures) + len(self.result.errors)} "
              "failures", flush=True)

    def run(self, result=None):
        self.result = result
        return super().run(result)

    @unittest.skipUnless(KILL_AT, "ODOT_KILL_AT names no library")
    def test_before_calls(self):
        chance = random.Random(11)
        for case in CASES:
            before, after, grown, _ = self.begin(case)
            call, kills = 1, 0
            while True:
                with self.subTest(command=case.name, call=call):
                    self.reset(case, before)
                    if not self.killed(case.new, call=call):
                        break
                    self.look(case, before, after, grown)
                kills += 1
                # What follows does the same for one file after another.
                call += 1 if call < self.first else chance.randint(1, 15)
            self.assertGreater(call, 4, f"{case.name}: no call was met")
            Kills.counts[case.name] = kills
            self.tell(f"{case.name}: killed before {kills} of its calls")

    def test_at_random(self):
        chance = random.Random(7)
        states = [self.begin(case) for case in CASES]
        for k in range(self.kills):
            case, (before, after, grown, seconds) = CASES[k % len(CASES)], states[k % len(CASES)]
            self.reset(case, before)
            after_seconds = chance.uniform(0, 1.1) * seconds
            with self.subTest(command=case.name, run=k, seconds=after_seconds):
                Kills.runs += 1
                Kills.late += not self.killed(case.new, seconds=after_seconds)
                self.look(case, before, after, grown)
            if (k + 1) % 20 == 0:
                self.tell(f"{k + 1} kills at random")

    counts = {}
    runs = 0
    late = 0


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--all", action="store_true", help="before each call that changes files")
    parser.add_argument("--kills", type=int, metavar="N", help="kills at random")
    options, rest = parser.parse_known_args()
    if options.all:
        Kills.first = sys.maxsize
        rest.append("Kills.test_before_calls")
    if options.kills:
        Kills.kills = options.kills
        rest.append("Kills.test_at_random")
    outcome = unittest.main(argv=[sys.argv[0], *rest], exit=False).result
    print(f"{sum(Kills.counts.values())} kills before calls of {len(Kills.counts)} commands; {Kills.runs} at random, of which "
          f"{Kills.late} came when the command had ended")
    sys.exit(not outcome.wasSuccessful())
