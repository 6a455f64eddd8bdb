#!/usr/bin/python3
"""Runs the program of docs/exchange.md that reads a model with NumPy alone, and NumPy itself on exported arrays."""

import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import unittest

import numpy

ROOT = pathlib.Path(__file__).resolve().parents[2]
ODOT = os.environ.get("ODOT_PROGRAM", ROOT / "build" / "release" / "odot")
PAIRS = [("1", "2"), ("3", "4"), ("7", "1"), ("30", "20"), ("nobody", "2"), ("3", "nothing"), ("nobody", "nothing")]


class Exchange(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="odot exchange ")
        self.addCleanup(folder.cleanup)
        self.root = pathlib.Path(folder.name)
        self.odot("synth", "-o", "ratings.csv", "--users", "40", "--items", "30", "--ratings", "500")
        for side, count in (("users", 40), ("items", 30)):
            lines = ["id,size,kind"] + [f"{k},{k * k % 17},{'ab'[k % 2]}" for k in range(1, count + 1)]
            (self.root / f"{side}.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")

    def odot(self, *arguments):
        result = subprocess.run([ODOT, *arguments], cwd=self.root, capture_output=True, text=True, check=False)
        self.assertEqual(result.returncode, 0, result.stderr)
        return result.stdout

    def train(self, *options):
        self.odot("train", "ratings.csv", "-q", "-o", "model", *options)

    def predictions(self, *options):
        (self.root / "pairs.csv").write_text("".join(f"{u},{i}\n" for u, i in PAIRS), encoding="utf-8")
        lines = self.odot("predict", "model", "pairs.csv", "--no-header", "-q", *options).splitlines()
        self.assertEqual(len(lines), len(PAIRS))
        return [float(line.split(",")[2]) for line in lines]

    def program(self):
        """The first Python program in the page."""
        page = (ROOT / "docs" / "exchange.md").read_text(encoding="utf-8")
        return re.search(r"^```python\n(.*?)^```$", page, re.DOTALL | re.MULTILINE).group(1)

    def test_the_program_in_the_docs_predicts_the_same(self):
        network = ("--method", "mlp", "--users", "users.csv", "--items", "items.csv", "-t", "3", "--layers", "8,5")
        for options in ((), ("--no-biases",), ("--no-center",), ("--no-biases", "--no-center"), ("--no-clip",),
                        ("--method", "nnmf"), ("--method", "variational"),
                        ("--method", "gibbs", "--samples", "4", "--keep", "2"), network, (*network, "--output-relu")):
            with self.subTest(options=options):
                self.train(*options)
                words = [word for pair in PAIRS for word in pair]
                result = subprocess.run([sys.executable, "-", "model", *words], cwd=self.root, input=self.program(),
                                        capture_output=True, text=True, check=False)
                self.assertEqual((result.returncode, result.stderr), (0, ""))
                found = [float(line.split()[2]) for line in result.stdout.splitlines()]
                expected = self.predictions()
                self.assertGreater(len(set(expected)), 3)
                # The network's sums are single precision, in another order.
                close = 1e-5 if "mlp" in options else 2e-7
                numpy.testing.assert_allclose(found, expected, rtol=close)

    def test_exported_arrays(self):
        self.train("--rank", "3")
        self.odot("export", "model", "--format", "npy", "-o", "out")
        folder = self.root / "out"
        metadata = json.loads((folder / "metadata.json").read_text(encoding="utf-8"))
        users = (folder / "user_ids.txt").read_text(encoding="utf-8").splitlines()
        items = (folder / "item_ids.txt").read_text(encoding="utf-8").splitlines()
        ratings = (float(metadata["mean"]) + numpy.load(folder / "user_bias.npy")[:, None] +
                   numpy.load(folder / "item_bias.npy") + numpy.load(folder / "U.npy") @ numpy.load(folder / "V.npy").T)
        self.assertEqual(ratings.shape, (40, 30))
        known = [(users.index(u), items.index(i)) for u, i in PAIRS[:4]]
        numpy.testing.assert_allclose([ratings[pair] for pair in known], self.predictions("--no-clip")[:4], rtol=1e-5)

    def test_exported_tables(self):
        self.train("--rank", "3")
        self.odot("export", "model", "--format", "csv", "-o", "tables")
        self.odot("export", "model", "--format", "npy", "-o", "arrays")
        for table, array in (("users", "U"), ("items", "V")):
            values = numpy.genfromtxt(self.root / "tables" / f"{table}.csv", delimiter=",", names=True)
            self.assertEqual(values.dtype.names[1:], ("bias", "factor_1", "factor_2", "factor_3"))
            expected = numpy.load(self.root / "arrays" / f"{array}.npy")
            for k in range(3):
                column = values[f"factor_{k + 1}"].astype(expected.dtype)
                self.assertTrue((column == expected[:, k]).all())


if __name__ == "__main__":
    unittest.main()
