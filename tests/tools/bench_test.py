#!/usr/bin/env python3
"""Tests tools/bench: how it judges, and as a program with --quick, with bench programs that say what the test knows
and, where ODOT_BENCH names the folder that has them, with the real ones. ODOT_PROGRAM names the odot to run."""

import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import unittest

sys.dont_write_bytecode = True
ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tools" / "lib"))

from bench_model import bound, makespan, reached, replay
from bench_runs import busy, cores, rewrite_lines

PROGRAM = ROOT / "tools" / "bench"
ODOT = pathlib.Path(os.environ.get("ODOT_PROGRAM", ROOT / "build" / "release" / "odot"))
BENCH = os.environ.get("ODOT_BENCH")
CONTEXT = {"L1_bytes": "1000", "L2_bytes": "100000", "L3_bytes": "1000000", "memory_bytes": "0", "real_bytes": "4",
           "instruction_set": "TEST"}
RATES = {"multiply_add/float": 1e9, "multiply_add/double": 5e8, "load/L1": 8e9, "load/L2": 4e9, "load/L3": 2e9,
         "load/memory": 1e9}


class Judging(unittest.TestCase):
    def test_makespan(self):
        self.assertEqual(makespan([3, 1, 1, 1], 2), 3)  # 3 | 1 1 1
        self.assertEqual(makespan([1, 1, 1, 3], 2), 4)  # 1 1 | 1 3: in order, whatever comes last
        self.assertEqual(makespan([2, 5], 1), 7)
        self.assertEqual(makespan([2, 5], 16), 5)
        self.assertEqual(makespan([], 4), 0)

    def test_replay(self):
        faster, imbalance = replay([[3, 1, 1, 1], [1, 1, 1, 3]], 2, 2)
        self.assertAlmostEqual(faster, (12 + 2) / (3 + 4 + 2))
        self.assertAlmostEqual(imbalance, 7 / 6 - 1)
        self.assertEqual(replay([[1] * 8], 0, 8), (8, 0))

    def test_bound(self):
        ceilings = RATES | {"sizes": {"L1": 1000, "L2": 100000, "memory": 0}}
        self.assertEqual(bound(2e9, 8e9, 1000, ceilings), (2, "FMA"))
        self.assertEqual(bound(2e9, 40e9, 1000, ceilings), (5, "L1"))
        self.assertEqual(bound(2e9, 40e9, 1001, ceilings), (10, "L2"))
        self.assertEqual(bound(2e9, 40e9, 1e9, ceilings), (40, "memory"))
        self.assertEqual(bound(2e9, 0, 0, ceilings, "double"), (4, "FMA"))

    def test_reached(self):
        trace = [{"f": 3}, {"f": 2, "g": None}, {"f": 1, "g": 2}]
        self.assertIs(reached(trace, "f", 2), trace[1])
        self.assertIs(reached(trace, "g", 2), trace[2])
        self.assertIsNone(reached(trace, "f", 0.5))


class Helpers(unittest.TestCase):
    def test_busy(self):
        core = cores()[-1]
        listing = pathlib.Path("/proc/self/task") / str(os.getpid()) / "children"
        before = listing.read_text(encoding="utf-8").split()
        with busy([core]):
            (child,) = set(listing.read_text(encoding="utf-8").split()) - set(before)
            self.assertEqual(os.sched_getaffinity(int(child)), {core})
        self.assertFalse(pathlib.Path("/proc", child).exists())

    def test_rewrite_lines(self):
        with tempfile.TemporaryDirectory(prefix="odot bench ") as folder:
            source, target = pathlib.Path(folder, "a"), pathlib.Path(folder, "b")
            source.write_text("1,20,3.5\n12,3,4\n7,1,2\n", encoding="utf-8")
            rewrite_lines(source, target, "strings")
            self.assertEqual(target.read_text(encoding="utf-8"),
                             "user-1,item-20,3.5\nuser-12,item-3,4\nuser-7,item-1,2\n")
            rewrite_lines(source, target, "mtx")
            self.assertEqual(target.read_text(encoding="utf-8"),
                             "%%MatrixMarket matrix coordinate real general\n12 20 3\n1 20 3.5\n12 3 4\n7 1 2\n")


def run(name, time, threads, **counters):
    return {"run_type": "iteration", "run_name": name, "real_time": time, "time_unit": "us", "threads": threads,
            **counters}


def machine_of_the_test():
    """What bench_ceilings says: two threads do twice as much; of repetitions the fastest counts."""
    runs = []
    for threads in (1, 2):
        for name, rate in RATES.items():
            key = "operations_per_second" if name.startswith("multiply") else "bytes_per_second"
            for share in (1, 0.9):
                runs.append(run(f"{name}/real_time/threads:{threads}", 1, threads, **{key: rate * threads * share},
                                bytes_of_a_thread=512.0))
    mean = runs[0] | {"run_type": "aggregate", "operations_per_second": 9e99}
    return {"context": CONTEXT, "benchmarks": [*runs, mean]}


def kernels_of_the_test():
    """What bench_kernels says: all kernels take 2 ms, median of three, where 1 ms of one thread would do."""
    names = ("gradient_by_user", "gradient_by_item", "line", "normal_equations_by_user", "normal_equations_by_item",
             "multiplicative_by_user", "multiplicative_by_item", "prediction")
    counters = {"units": 1000.0, "operations": 1e6, "bytes": 4e6, "gathered": 5000.0}
    runs = [run(f"{name}/small/8/{threads}/real_time", time, 1, **counters)
            for name in names for threads in (1, 2) for time in (2000, 9000, 1500)]
    runs += [run(f"cholesky/systems/8/{threads}/real_time", 4000, 1,
                 **(counters | {"operations": 1e6, "bytes": 0, "gathered": 0})) for threads in (1, 2)]
    return {"context": {"cost_gradient": "words of the cost model"}, "benchmarks": runs}


def eigen_of_the_test():
    """What bench_eigen says: Eigen takes three times as long, and 1024 systems 4.096 ms."""
    counters = {"units": 1000.0, "operations": 1e6, "bytes": 4e6, "gathered": 5000.0}
    names = ("columns_by_user", "columns_and_steps_by_user", "eigen_gradient_by_user", "eigen_normal_equations_by_user")
    runs = [run(f"{name}/small/8/1/real_time", 6000, 1, **counters) for name in names]
    runs.append(run("eigen_cholesky/systems/8/1/real_time", 4096, 1, **(counters | {"units": 1024.0})))
    return {"context": {}, "benchmarks": runs}


def recommend_of_the_test():
    """What bench_recommend says: half the rate of the product of its shape, a quarter of the best."""
    counters = {"units": 600.0, "bytes": 0, "gathered": 0}
    runs = []
    for threads in (1, 2):
        for name, time, operations in (("recommend/small/16", 2000, 1e7), ("product/small/16", 1000, 1e7),
                                       ("square_product/2048/2048", 1000, 2e7)):
            runs.append(run(f"{name}/{threads}/real_time", time / threads, 1, operations=operations, **counters))
    return {"context": {}, "benchmarks": runs}


CHUNKS = [{"shape": "small", "rank": 8, "ratings": 10, "users": 2, "items": 3, "matrix_bytes": 100,
           "courses": [{"name": "value and gradient", "seconds": 14e-3, "outside": 2e-3,
                        "loops": [[3e-3, 1e-3, 1e-3, 1e-3], [1e-3, 1e-3, 1e-3, 3e-3]]}]}]


@unittest.skipUnless(ODOT.exists(), f"{ODOT} is not built")
class Program(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="odot bench ")
        self.addCleanup(folder.cleanup)
        self.root = pathlib.Path(folder.name)

    def call(self, *arguments, odot=ODOT, out="out", **environment):
        odot = [] if odot is None else ["--odot", odot]
        return subprocess.run([str(word) for word in (PROGRAM, *odot, "--out", self.root / out, *arguments)],
                              capture_output=True, text=True, check=False, cwd=self.root,
                              env=os.environ | {"ODOT_DATA": ""} | environment)

    def report(self, out="out"):
        return (json.loads((self.root / out / "report.json").read_text(encoding="utf-8")),
                (self.root / out / "report.md").read_text(encoding="utf-8"))

    def assert_fails(self, result, code, *words):
        self.assertEqual(result.returncode, code, result.stderr)
        self.assertNotIn("Traceback", result.stderr)
        for word in words:
            self.assertIn(word, result.stderr)

    def script(self, path, body):
        path.parent.mkdir(exist_ok=True)
        path.write_text(f"#!/bin/sh\n{body}\n", encoding="utf-8")
        path.chmod(0o755)
        return path

    def programs(self):
        """A folder with bench programs that print what is known."""
        folder = self.root / "programs"
        for name, answer in (("bench_ceilings", machine_of_the_test()), ("bench_kernels", kernels_of_the_test()),
                             ("bench_chunks", CHUNKS), ("bench_eigen", eigen_of_the_test()),
                             ("bench_recommend", recommend_of_the_test()),
                             ("bench_foreign", {"train_seconds": 1000})):
            path = self.script(folder / name, f"cat '{folder}/{name}.json'")
            path.with_suffix(".json").write_text(json.dumps(answer), encoding="utf-8")
        return folder

    def test_kernels_against_ceilings(self):
        result = self.call("--quick", "--build", self.programs(), "--only", "kernels")
        self.assertEqual(result.returncode, 0, result.stderr)
        report, text = self.report()
        points = {(point["kernel"], point["threads"]): point
                  for point in report["sections"]["kernels"]["parts"][0]["data"]}
        # 1e6 operations of 1e9 a second and 4e6 bytes of 4e9 a second from L2: 1 ms; with two threads half of that.
        self.assertAlmostEqual(points["line", 1]["fraction"], 0.5)
        self.assertAlmostEqual(points["line", 2]["fraction"], 0.25)
        self.assertAlmostEqual(points["cholesky", 1]["fraction"], 0.5)  # 1e6 of 5e8, in double precision, in 4 ms
        self.assertIn("| line coefficients | 8 | 2000.00 | 0.5 | 2.0 | FMA | 50% |", text)
        # 1000 solves of 4 µs for 1000 rows, and twice 2 ms of forming.
        self.assertIn("| 8 | 1 | 4.00 µs | 0.2 | 50% | 50% |", text)
        self.assertIn("words of the cost model", text)
        self.assertIn("    bench_kernels --shapes=small", text)

    def test_eigen_and_recommending(self):
        result = self.call("--quick", "--build", self.programs(), "--only", "eigen,recommending")
        self.assertEqual(result.returncode, 0, result.stderr)
        _, text = self.report()
        self.assertIn("| value + gradient, by user: Eigen | 6 |\n| value + gradient, by user: odot | 2 |", text)
        # 1000 systems in 4 ms: 1024 in 4.096.
        self.assertIn("| Cholesky, 1024 systems: Eigen | 4.1 |\n| Cholesky, 1024 systems: odot | 4.1 |", text)
        self.assertIn("| line's columns added up alone | 6 |\n| odot: line | 2 |", text)
        self.assertIn("| 16 | 1 | 2 ms | 1 ms | 5.0 | 50% | 25% |\n| 16 | 2 | 1 ms | 500 µs | 10.0 | 50% | 25% |",
                      text.replace("0.5 ms", "500 µs"))

    def test_foreign_process(self):
        result = self.call("--quick", "--build", self.programs(), "--only", "foreign")
        self.assertEqual(result.returncode, 0, result.stderr)
        data = self.report()[0]["sections"]["foreign"]["parts"][0]["data"]
        self.assertEqual([point["situation"] for point in data], ["quiet", "one core busy", "all cores busy"])
        for point in data:
            self.assertEqual(set(point["foreign"]), {1000})
            self.assertGreater(point["ratio"], 10)  # no run of the quick extent takes a hundred seconds

    def test_threads_replayed(self):
        result = self.call("--quick", "--build", self.programs(), "--only", "threads,ceilings")
        self.assertEqual(result.returncode, 0, result.stderr)
        report, text = self.report()
        self.assertEqual(list(report["sections"]), ["threads", "ceilings"])
        (course,) = report["sections"]["threads"]["parts"][1]["data"]
        self.assertAlmostEqual(course["serial_fraction"], 1 / 7)
        self.assertEqual([point["threads"] for point in course["replays"]], [2, 4, 8, 16, 32, 64, 128])
        self.assertAlmostEqual(course["replays"][0]["times_faster"], 14 / 9)
        self.assertIn("| loads, L2 | 0 KiB a thread | 4.0 GB/s | 8.0 GB/s |", text)

    def test_runs_of_odot(self):
        result = self.call("--quick", "--only", "loading,convergence,memory,shared")
        self.assertEqual(result.returncode, 0, result.stderr)
        report, text = self.report()
        self.assertNotIn("Failed", text)
        self.assertEqual([path.name for path in sorted((self.root / "out").iterdir())], ["report.json", "report.md"])
        data = {name: section["parts"][0]["data"] for name, section in report["sections"].items()}
        formats = {point["format"] for point in data["loading"]}
        self.assertLessEqual({"csv", "strings", "mtx", "gz", "odr"}, formats)
        for point in data["loading"]:
            self.assertEqual(point["ratings"], 30000)
            self.assertEqual(point["matrix_bytes"], 30000 * 10 + 8 * (600 + 400 + 2))
            self.assertLess(point["load_seconds"], point["process_seconds"])
        self.check_convergence(data["convergence"], report["sections"]["convergence"]["parts"][0]["commands"])
        for point in data["memory"]:
            self.assertGreater(point["peak_memory_bytes"], point["matrix_bytes"] + point["factor_bytes"])
        self.assertEqual([point["situation"] for point in data["shared"]], ["quiet", "one core busy", "all cores busy"])

    def check_convergence(self, points, commands):
        """The commands as they are shown, typed again, reach the goals after as many passes."""
        for command in commands:
            subprocess.run([ODOT, *command.split()[1:]], cwd=self.root, check=True, capture_output=True)
            if " --method blocks " in command:
                text = (self.root / "trace.jsonl").read_text(encoding="utf-8")
                lines = [json.loads(line) for line in text.splitlines()]
        mine = [point for point in points if point["method"] == "newton"]
        self.assertEqual(len(mine), 4)
        for point in mine:
            within = [line["passes"] for line in lines if line[point["goal"]] <= point["target"]]
            self.assertEqual(point["reached"], bool(within))
            if within:
                self.assertEqual(point["passes"], within[0])

    def test_one_failure_is_told_and_the_rest_goes_on(self):
        broken = self.script(self.root / "odot", 'case "$*" in *"--method nnmf"*) echo "odot: no | luck" >&2; exit 1;;'
                             f"esac\nexec '{ODOT}' \"$@\"")
        result = self.call("--quick", "--only", "convergence,shared", odot=broken)
        self.assert_fails(result, 1, "no | luck", "--method nnmf")
        report, text = self.report()
        self.assertIn("no | luck", report["sections"]["convergence"]["error"])
        self.assertIn("**Failed: no | luck", text)
        self.assertEqual(len(report["sections"]["shared"]["parts"]), 1)

    def test_interrupted(self):
        stop = self.script(self.root / "odot", f'case "$*" in *"--method nnmf"*) exit 130;; esac\nexec \'{ODOT}\' "$@"')
        result = self.call("--quick", "--only", "convergence,shared", odot=stop)
        self.assert_fails(result, 130)
        self.assertEqual(list(self.report()[0]["sections"]), ["convergence"])
        self.assertEqual(len(list((self.root / "out").iterdir())), 2)

    def test_wrong_usage(self):
        self.assert_fails(self.call("--onyl", "x"), 2, "--onyl", "--help")
        self.assert_fails(self.call("--only", "kernels,lodaing"), 2, "'lodaing'", "loading")
        self.assert_fails(self.call("--only", "shared", odot="no-such-odot"), 1, "no program no-such-odot")
        self.assert_fails(self.call("--data", "nowhere"), 1, "nowhere", "tools/fetch-movielens")
        self.assert_fails(self.call("--quick", "--only", "shared", odot=self.script(self.root / "odot", "exit 3")), 1,
                          "--version failed")
        (self.root / "file").write_text("", encoding="utf-8")
        self.assert_fails(self.call("--quick", "--only", "shared", out="file/x"), 1, "cannot write")
        programs = self.programs()
        self.script(programs / "bench_ceilings", "echo no JSON")
        self.assert_fails(self.call("--quick", "--only", "ceilings", "--build", programs), 1,
                          "bench_ceilings printed no")

    @unittest.skipIf(shutil.which("cmake") is None, "there is no cmake")
    def test_what_cannot_be_built(self):
        build = self.root / "build"
        build.mkdir()
        (build / "CMakeCache.txt").write_text("CMAKE_CXX_COMPILER:FILEPATH=c++\n"
                                              "CMAKE_HOME_DIRECTORY:INTERNAL=/nowhere\n", encoding="utf-8")
        self.assert_fails(self.call("--quick", "--only", "shared", "--build", build, odot=None), 1, "failed:",
                          "cmake -S")

    @unittest.skipUnless(BENCH, "the bench programs are not built (ODOT_BUILD_BENCH)")
    def test_the_real_programs(self):
        programs = self.root / "programs"
        programs.mkdir()
        (programs / "bench_foreign").symlink_to(pathlib.Path(BENCH, "bench_foreign"))
        for name in ("bench_ceilings", "bench_kernels", "bench_chunks", "bench_eigen", "bench_recommend"):
            (programs / name).symlink_to(pathlib.Path(BENCH, name))
            self.assertIn(f"Usage: {name}", subprocess.run([programs / name, "--help"], capture_output=True, text=True,
                                                           check=True).stdout)
            wrong = subprocess.run([programs / name, "--no-such=1"], capture_output=True, text=True, check=False)
            self.assertEqual(wrong.returncode, 2)
            self.assertIn("--no-such", wrong.stderr)
        for words in (["bench_kernels", "--shapes=huge"], ["bench_chunks", "--ranks=8,x"]):
            wrong = subprocess.run([programs / words[0], words[1]], capture_output=True, text=True, check=False)
            self.assertEqual(wrong.returncode, 1)
            self.assertRegex(wrong.stderr, "'huge'|'x'")
        result = self.call("--quick", "--build", programs, "--only", "ceilings,kernels,threads,eigen,recommending")
        self.assertEqual(result.returncode, 0, result.stderr)
        report, text = self.report()
        for rates in report["sections"]["ceilings"]["parts"][0]["data"].values():
            self.assertEqual(set(rates) - {"sizes"}, set(RATES))
        points = report["sections"]["kernels"]["parts"][0]["data"]
        self.assertEqual(len({(point["kernel"], point["rank"], point["threads"]) for point in points}), len(points))
        (gradient,) = (point for point in points if (point["kernel"], point["rank"], point["threads"]) ==
                       ("gradient_by_user", 16, 1))
        # 30000 ratings with one-byte codes, 600 rows; 18 elements, stored in 24, of 4 bytes.
        self.assertEqual(gradient["operations"], 30000 * 4 * 18 + 600 * 5 * 18)
        self.assertEqual(gradient["bytes"], 30000 * (24 * 4 + 4 + 1) + 600 * 2 * 24 * 4)
        self.assertEqual(gradient["gathered"], 400 * 24 * 4)
        self.assertRegex(text, "gradient: 4w operations")
        self.assertRegex(text, r"\| Cholesky, 1024 systems: Eigen( \| [\d.]+){4} \|")
        self.assertEqual(len(report["sections"]["recommending"]["parts"][0]["rows"]), 2 if len(cores()) > 1 else 1)
        courses = report["sections"]["threads"]["parts"][1]["data"]
        self.assertEqual([course["course"] for course in courses],
                         ["value and gradient", "line coefficients", "newton sweep"])
        for course in courses:
            self.assertTrue(0 <= course["serial_fraction"] < 1)
            self.assertGreater(course["chunks"], course["loops"])
        self.assertEqual(courses[0]["loops"], 2)
        self.assertEqual(len(re.findall("newton sweep", text)), 1 + text.count("of a newton sweep"))


if __name__ == "__main__":
    unittest.main()
