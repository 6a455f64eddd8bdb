"""What tools/bench measures with: programs that are run, and files of ratings that are made when they are needed."""

import contextlib
import dataclasses
import functools
import gzip
import json
import os
import pathlib
import re
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import time

# The options of `odot synth`; the shapes of bench/workload.cpp.
SHAPES = {"ml-1m": "--users 6040 --items 3706 --ratings 1000209 --round 1 --lowest 1",
          "20m": "--users 138000 --items 27000 --ratings 18000000",
          "small": "--users 600 --items 400 --ratings 30000"}
BUSY = ("import os, sys\nos.sched_setaffinity(0, {int(sys.argv[1])})\nparent = os.getppid()\n"
        "print(flush=True)\nwhile os.getppid() == parent:\n    for _ in range(1000000): pass\n")


# Runs what follows in a process of its own. Linux begins a program's peak of memory with that of the process which it
# takes the place of; for a child of this one that would be Python's.
APART = ["/bin/sh", "-c", '"$@"; exit $?', "sh"]


class BenchError(Exception):
    """What a user is told in place of a figure."""


@dataclasses.dataclass(frozen=True)
class Extent:
    """How much is measured."""
    repetitions: int
    shapes: tuple  # of the kernels
    large: str     # the shape that is loaded
    ranks: tuple
    chunk_ranks: tuple
    run_ranks: tuple
    iterations: int      # of adam and lbfgs
    min_time: str        # seconds of a kernel's measurement
    most_bytes: int      # that are read to measure bandwidth


FULL = Extent(3, ("ml-1m", "20m"), "20m", (8, 10, 16, 32, 64, 128), (16, 64), (16, 64), 200, "0.1", 10**12)
QUICK = Extent(1, ("small",), "small", (8, 16), (16,), (16,), 20, "0.01", 2**25)


def first_line(text):
    lines = text.strip().splitlines()
    return lines[0].removeprefix("odot: ") if lines else "no message"


def find_odot(given):
    found = shutil.which(given)
    if found is None:
        raise BenchError(f"there is no program {given}; without --odot it is built")
    return pathlib.Path(os.path.abspath(found))


def find_movielens(given, root, quick):
    """ML-1M's ratings.dat in the folder that is named, or where it can be found; else None."""
    if given is not None:
        path = given / "ml-1m" / "ratings.dat"
        if not path.is_file():
            raise BenchError(f"{path}: no such file; tools/fetch-movielens makes such a folder")
        return path.absolute()
    named = os.environ.get("ODOT_DATA")
    for folder in ("movielens", root / "movielens") if named is None else (named,):
        path = pathlib.Path(folder) / "ml-1m" / "ratings.dat"
        if folder and path.is_file() and not quick:
            return path.absolute()
    return None


def cores():
    return sorted(os.sched_getaffinity(0))


@contextlib.contextmanager
def busy(on):
    """Keeps these cores busy with something else meanwhile."""
    others = []
    try:
        for core in on:
            others.append(subprocess.Popen([sys.executable, "-S", "-c", BUSY, str(core)], stdout=subprocess.PIPE))
        for other in others:
            other.stdout.readline()  # it is at work
        yield
    finally:
        for other in others:
            other.kill()
            other.wait()
            other.stdout.close()


@dataclasses.dataclass
class Done:
    """A run of odot."""
    report: dict
    seconds: float  # of the whole process
    trace: list


class Lab:
    """Runs programs in a temporary folder, where the files of ratings are too."""

    def __init__(self, folder, odot, build, ratings, extent, say):
        self.odot, self.build, self.extent, self.say = odot, build, extent, say
        self.movielens = ratings
        self.temporary = tempfile.TemporaryDirectory(prefix="data ", dir=folder)
        self.folder = pathlib.Path(self.temporary.name)
        self.commands = []
        done = subprocess.run([odot, "--version"], capture_output=True, text=True, check=False)
        if done.returncode != 0:
            raise BenchError(f"{odot} --version failed: {first_line(done.stderr)}")
        self.version = done.stdout.strip()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.temporary.cleanup()

    def shown(self):
        """The commands since the last call, each once."""
        commands, self.commands = list(dict.fromkeys(self.commands)), []
        return commands

    def call(self, program, words):
        """Runs a program; what it printed."""
        self.commands.append(" ".join([program.name, *words]))
        try:
            done = subprocess.run([*APART, program, *words], cwd=self.folder, capture_output=True, text=True,
                                  check=False)
        except OSError as error:
            raise BenchError(f"cannot run {program}: {error.strerror}") from None
        if done.returncode in (130, -signal.SIGINT):
            raise KeyboardInterrupt
        if done.returncode != 0:
            raise BenchError(f"{first_line(done.stderr)} (said by `{self.commands[-1]}`)")
        return done.stdout

    def bench(self, program, *words):
        """What one of the bench programs says."""
        text = self.call(self.build / program, [str(word) for word in words])
        try:
            return json.loads(text)
        except ValueError:
            raise BenchError(f"{program} printed no JSON: {text[:100]}") from None

    def train(self, ratings, *words, trace=False):
        """`odot train` with the words; its report is JSON."""
        words = ["train", ratings, *map(str, words), "--json", "--quiet"]
        words += ["--trace", "trace.jsonl"] if trace else []
        start = time.monotonic()
        report = json.loads(self.call(self.odot, words))
        seconds = time.monotonic() - start
        lines = (self.folder / "trace.jsonl").read_text(encoding="utf-8").splitlines() if trace else []
        return Done(report, seconds, [json.loads(line) for line in lines])

    def several(self, ratings, *words, trace=False):
        """The same run several times."""
        return [self.train(ratings, *words, trace=trace) for _ in range(self.extent.repetitions)]

    def synthesise(self, shape, name, *words):
        """A file of synthetic ratings."""
        if not (self.folder / name).exists():
            self.say(f"making {name}")
            self.call(self.odot, ["synth", *SHAPES[shape].split(), *words, "-o", name, "--quiet"])
        return name

    @functools.cached_property
    def ratings(self):
        """The name of MovieLens 1M's file or one like it, and what it is."""
        if self.movielens:
            (self.folder / "ml-1m.dat").symlink_to(self.movielens)
            return "ml-1m.dat", "MovieLens 1M"
        shape = "small" if "ml-1m" not in self.extent.shapes else "ml-1m"
        name = self.synthesise(shape, "ratings.csv")
        return name, f"synthetic, {shape}"

    @functools.cache
    def information(self, ratings):
        """What `odot info` says of a file."""
        return json.loads(self.call(self.odot, ["info", ratings, "--json", "--quiet"]))

    @functools.cache
    def converted(self, ratings):
        """The ratings as an .odr file."""
        name = f"{pathlib.Path(ratings).stem}.odr"
        self.call(self.odot, ["convert", ratings, "-o", name, "--quiet"])
        return name

    def large(self, form):
        """The name of the large file in a format, or None where that cannot be made."""
        if form in ("csv", "odr"):
            csv = self.synthesise(self.extent.large, "large.csv")
            return csv if form == "csv" else self.converted(csv)
        name, csv = f"large-{form}", self.folder / self.large("csv")
        if form == "zst":
            if shutil.which("zstd") is None:
                return None
            subprocess.run(["zstd", "-q", "-3", "-f", csv, "-o", self.folder / name], check=True)
            return name
        if form == "gz":
            with csv.open("rb") as source, gzip.open(self.folder / name, "wb", 6) as target:
                shutil.copyfileobj(source, target, 1 << 20)
            return name
        rewrite_lines(csv, self.folder / name, form)
        return name


def rewrite_lines(source, target, form):
    """Copies a file of lines USER,ITEM,RATING: with ids that are words, or as a Matrix Market file."""
    with source.open("rb") as lines, target.open("wb") as out:
        if form == "mtx":
            users, items, count = extent_of(lines)
            lines.seek(0)
            out.write(b"%%%%MatrixMarket matrix coordinate real general\n%d %d %d\n" % (users, items, count))
        while block := lines.read(1 << 24):
            block += lines.readline()
            if form == "mtx":
                out.write(block.replace(b",", b" "))
            else:
                out.write(re.sub(rb"(?m)^(\d+),(\d+),", rb"user-\1,item-\2,", block))


def extent_of(lines):
    """The highest user, the highest item and the number of the lines."""
    users = items = count = 0
    while block := lines.read(1 << 24):
        block += lines.readline()
        fields = block.replace(b"\n", b",").split(b",")
        users = max(users, max(map(int, fields[0:-1:3])))
        items = max(items, max(map(int, fields[1::3])))
        count += len(fields) // 3
    return users, items, count


def median(values):
    return statistics.median(values)
