"""Runs odot for tools/experiments: every run once, its result kept in the output folder."""

import contextlib
import dataclasses
import functools
import hashlib
import json
import math
import re
import statistics
import subprocess
import sys
import time

from plotting import OPTIONAL, REQUIRED, TraceError, read_trace, write_atomically

# What goes by the way: it changes no result, so commands are shown without it.
ASIDE = ("--json", "--quiet")
# Rough seconds of one iteration of each method relative to the full one: for the time left alone.
COST = {"full": 1, "blocks": 15, "nnmf": 1, "mlp": 600}
START = 40  # reading the files, in iterations of the full method


class ExperimentError(Exception):
    """What ends the whole: the message says what to do."""


@dataclasses.dataclass
class Run:
    """One call of `odot train`: status is done, diverged, or failed."""
    name: str
    command: list
    status: str
    message: str = ""
    report: dict = dataclasses.field(default_factory=dict)
    trace: dict = None
    test: dict = None
    seconds: float = 0.0

    def best(self):
        """The place in the trace with the lowest validation RMSE, or None."""
        if self.status != "done" or self.trace is None:
            return None
        known = [(value, place) for place, value in enumerate(self.trace["valid_rmse"])
                 if place > 0 and not math.isnan(value)]  # the random start is no result
        return min(known)[1] if known else None

    def at_best(self, key):
        place = self.best()
        return math.nan if place is None else self.trace[key][place]

    def shown(self):
        """The command as a person would type it in the output folder."""
        words = [word for word in self.command if word not in ASIDE]
        if "--trace" in words:
            place = words.index("--trace")
            del words[place:place + 2]
        return " ".join(words).replace(f"runs/{self.name}", "model")


@dataclasses.dataclass
class Candidate:
    """What may be chosen: its part of the run's name, how a table says it, the options with -t."""
    key: str
    words: str
    options: list


@dataclasses.dataclass
class Chosen:
    """Candidates of one experiment, the one that validation chose, and that one trained and tested."""
    title: str
    candidates: list   # their runs
    words: str = ""    # what was chosen
    options: list = None
    run: Run = None    # the chosen candidate
    final: Run = None  # trained as long as was best on validation, and evaluated on the test ratings

    def complaint(self):
        """Why there is no result; empty where there is one."""
        failed = [run for run in [*self.candidates, self.final] if run is not None and run.status == "failed"]
        if self.final is not None and self.final.test is not None:
            return ""
        if failed:
            return f"failed: {failed[0].message}"
        return "diverged" if self.candidates else "nothing to choose from"


def checksum(path):
    digest = hashlib.sha256()
    with open(path, "rb") as file:
        for block in iter(lambda: file.read(1 << 20), b""):
            digest.update(block)
    return digest.hexdigest()


def first_line(text):
    lines = text.strip().splitlines()
    return lines[0].removeprefix("odot: ") if lines else "no message"


class Study:
    """The runs in one output folder. `train`, `valid` and `test` name the files of the split there."""
    train, valid, test = "data/train.dat", "data/valid.dat", "data/test.dat"

    def __init__(self, folder, program):
        self.folder = folder
        self.program = program
        self.runs = {}
        self.planned = {}
        self.spent_seconds = self.spent_cost = 0.0
        self.made = 0
        self.checksum = functools.cache(lambda word: checksum(folder / word))
        try:
            (folder / "runs").mkdir(parents=True, exist_ok=True)
            (folder / "data").mkdir(exist_ok=True)
        except OSError as error:
            raise ExperimentError(f"cannot write to {folder}: {error.strerror}") from None
        done = self.call([program, "--version"])
        if done.returncode != 0:
            raise ExperimentError(f"{program} --version failed: {first_line(done.stderr)}")
        self.version = done.stdout.strip()

    def call(self, words):
        try:
            return subprocess.run([self.program, *words[1:]], cwd=self.folder, capture_output=True, text=True,
                                  check=False)
        except OSError as error:
            raise ExperimentError(f"cannot run {self.program}: {error.strerror}") from None

    def link(self, source, name):
        """The file under a name in the output folder, so that every command works there as it is shown."""
        place = self.folder / "data" / name
        with contextlib.suppress(FileNotFoundError):
            place.unlink()
        place.symlink_to(source)
        return f"data/{name}"

    def split(self, ratings, fraction, seed, rest, part):
        """Puts a share of the ratings into `part`, the others into `rest`; the command that did it."""
        words = ["odot", "split", ratings, "--fraction", fraction, "--seed", str(seed)]
        words += ["--train", rest, "--test", part]
        done = self.call(words + ["--quiet"])
        if done.returncode != 0:
            raise ExperimentError(f"{first_line(done.stderr)} (said by `{' '.join(words)}` in {self.folder})")
        return " ".join(words)

    def identity(self, command):
        """What a result depends on."""
        inputs = {word: self.checksum(word) for word in command + [self.test] if word.startswith("data/")}
        return {"command": command, "version": self.version, "sha256": inputs}

    def run(self, name, options, test=False):
        """`odot train` with the options; with `test`, its model is evaluated on the test ratings."""
        if name not in self.runs:
            command = ["odot", "train", self.train, "--valid", self.valid, *options, *ASIDE]
            command += ["--trace", f"runs/{name}.jsonl"]
            command += ["-o", f"runs/{name}.safetensors"] if test else []
            self.runs[name] = self.kept(name, command) or self.make(name, command, test)
        return self.runs[name]

    def kept(self, name, command):
        """The result of an earlier call of this tool, where it is of the same command, odot and data."""
        try:
            record = json.loads((self.folder / "runs" / f"{name}.json").read_text(encoding="utf-8"))
            if record["identity"] != self.identity(command):
                return None
            return Run(name, command, trace=self.trace(name), **record["result"])
        except (OSError, ValueError, KeyError, TypeError):
            return None  # nothing there, or nothing whole

    def trace(self, name):
        """What a run wrote of its iterations, or None."""
        try:
            return read_trace(self.folder / "runs" / f"{name}.jsonl")
        except TraceError:
            return None  # a run that failed, or diverged at once, has none

    def make(self, name, command, test):
        self.tell(name)
        for suffix in ("json", "jsonl"):
            (self.folder / "runs" / f"{name}.{suffix}").unlink(missing_ok=True)
        start = time.monotonic()
        done = self.call(command)
        if done.returncode == 130:
            raise KeyboardInterrupt
        run = Run(name, command, "done")
        if done.returncode != 0:
            run.status = "diverged" if done.returncode == 1 and "diverged" in done.stderr else "failed"
            run.message = first_line(done.stderr)
        else:
            run.report = json.loads(done.stdout)
        if run.status == "done" and test:
            model = f"runs/{name}.safetensors"
            done = self.call(["odot", "evaluate", model, self.test, "--json", "--quiet"])
            if done.returncode != 0:
                run.status, run.message = "failed", f"evaluate: {first_line(done.stderr)}"
            else:
                run.test = json.loads(done.stdout)
            (self.folder / model).unlink(missing_ok=True)
        run.seconds = time.monotonic() - start
        run.trace = self.trace(name)
        if run.status != "failed":  # what failed is tried again the next time
            result = {key: getattr(run, key) for key in ("status", "message", "report", "test", "seconds")}
            record = {"identity": self.identity(command), "result": result}
            write_atomically(self.folder / "runs" / f"{name}.json", json.dumps(record, indent=2).encode())
        self.spent_seconds += run.seconds
        self.spent_cost += self.planned.get(name, 0)
        self.made += 1
        return run

    def tell(self, name):
        left = ""
        if self.spent_cost > 0:
            rest = sum(cost for other, cost in self.planned.items() if other not in self.runs)
            left = f", about {math.ceil(rest * self.spent_seconds / self.spent_cost / 60)} min left"
        print(f"run {len(self.runs) + 1} of {len(self.planned)}{left}: {name}", file=sys.stderr, flush=True)

    def failures(self):
        return [run for run in self.runs.values() if run.status == "failed"]


class Plan:
    """Stands in for a Study to learn which runs there will be: every run is done at once, its trace flat."""

    def __init__(self):
        self.costs = {}

    def run(self, name, options, test=False):
        method = options[options.index("--method") + 1] if "--method" in options else "full"
        length = float(options[options.index("-t") + 1]) if "-t" in options else 100.0
        self.costs[name] = START + length * COST[method]
        trace = {key: [0.0, 1.0] for key in REQUIRED + OPTIONAL}
        return Run(name, [], "done", trace=trace, test={"rmse": 1.0} if test else None)


def choose(study, name, title, candidates):
    """Runs all candidates, and the one with the best validation RMSE once more, for as long as was best."""
    tried = [(candidate, study.run(f"{name}-{candidate.key}".rstrip("-"), candidate.options))
             for candidate in candidates]
    chosen = Chosen(title, [run for _, run in tried])
    able = [entry for entry in tried if entry[1].best() is not None]
    if able:
        candidate, chosen.run = min(able, key=lambda entry: entry[1].at_best("valid_rmse"))
        chosen.words = candidate.words
        chosen.options = replaced(candidate.options, "-t", str(int(chosen.run.at_best("iteration"))))
        chosen.final = study.run(f"{name}-final", chosen.options, test=True)
    return chosen


def replaced(options, name, value):
    """The options with another value for one of them."""
    place = options.index(name)
    return [*options[:place + 1], value, *options[place + 2:]]


def mean_rmse(folder, train, other):
    """The RMSE on `other` of always predicting the mean of `train`: files by odot split, ratings last."""
    def ratings(name):
        text = (folder / name).read_text(encoding="latin-1")
        return [float(number) for number in re.findall(r"([-+.\deE]+)\s*$", text, re.MULTILINE)]
    mean = statistics.fmean(ratings(train))
    return math.sqrt(statistics.fmean((value - mean) ** 2 for value in ratings(other)))
