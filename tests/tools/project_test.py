#!/usr/bin/python3
"""Tests that what the project says of itself in several places agrees: its version, and the names of files in pages."""

import os
import pathlib
import re
import runpy
import subprocess
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
ODOT = pathlib.Path(os.environ.get("ODOT_PROGRAM", ROOT / "build" / "release" / "odot"))
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", ROOT / "CHANGELOG.md", *sorted((ROOT / "docs").rglob("*.md"))]
FLOORS = {path.name for base in ("src", "include/odot") for path in (ROOT / base).iterdir() if path.is_dir()}
LINK = re.compile(r"\]\(([^)\s]+)\)")
# A word such as `train/rows/row_prior.hpp` or `tools/test --asan`; capitals stand for any name.
PATH = re.compile(r"(?<![\w./-])(?:\./)?((?:[a-z][\w-]*/)+[\w.-]*\w)(?![\w/])")


def anchor(title):
    """As it is in links to a heading."""
    return re.sub(r"[^\w\- ]", "", title.strip().lower()).replace(" ", "-")


def places(word):
    """Where the file that a word names may be; empty for a word that names none of the project's."""
    first, suffix = word.split("/")[0], pathlib.PurePosixPath(word).suffix
    if re.search(r"[A-Z]{2}", word):
        return []
    if first in ("src", "include", "tests", "tools", "docs", "cmake", "bench"):
        return [ROOT / word]
    if first == "odot" and suffix:
        return [ROOT / "include" / word, ROOT / "cmake" / (pathlib.PurePosixPath(word).name + ".in")]
    if first in FLOORS and (suffix in (".hpp", ".cpp") or word.endswith("/")):
        return [ROOT / "src" / word, ROOT / "include" / "odot" / word]
    return []


class Project(unittest.TestCase):
    def test_one_version(self):
        cmake = re.search(r"^project\(odot VERSION (\S+)", (ROOT / "CMakeLists.txt").read_text(encoding="utf-8"), re.M)[1]
        newest = re.search(r"^## \[?(\d[\w.]*)", (ROOT / "CHANGELOG.md").read_text(encoding="utf-8"), re.M)[1]
        program = subprocess.run([ODOT, "--version"], capture_output=True, text=True, check=True).stdout.strip()
        self.assertEqual((newest, program), (cmake, f"odot {cmake}"))

    def test_files_that_pages_name_are_there(self):
        seen = 0
        for page in PAGES:
            for number, line in enumerate(page.read_text(encoding="utf-8").splitlines(), 1):
                for word in PATH.findall(line):
                    wanted = places(word)
                    seen += len(wanted) > 0
                    with self.subTest(page=f"{page.relative_to(ROOT)}:{number}", word=word):
                        self.assertTrue(not wanted or any(path.exists() for path in wanted))
        self.assertGreater(seen, 50)

    def test_floors_of_the_page_are_those_that_are_checked(self):
        page = (ROOT / "docs" / "design.md").read_text(encoding="utf-8")
        floors = runpy.run_path(str(ROOT / "tools" / "check_includes"))["FLOORS"]
        self.assertEqual(re.findall(r"^\| `(\w+)/` \|", page, re.MULTILINE), list(floors))

    def test_links_lead_somewhere(self):
        for page in PAGES:
            for target in LINK.findall(page.read_text(encoding="utf-8")):
                name, _, part = target.partition("#")
                if name.startswith(("http:", "https:")):
                    continue
                with self.subTest(page=page.relative_to(ROOT), target=target):
                    path = page.parent / name if name else page
                    self.assertTrue(path.exists())
                    if part:
                        titles = re.findall(r"^#+ (.*)$", path.read_text(encoding="utf-8"), re.MULTILINE)
                        self.assertIn(part, [anchor(title) for title in titles])

    def test_names_are_recognised(self):
        for text, found in (("see `src/optim/registry.cpp`, then", ["src/optim/registry.cpp"]), ("`./tools/test -R`", ["tools/test"]),
                            ("`train/rows/row_prior.hpp`", ["train/rows/row_prior.hpp"]), ("no path", []),
                            ("docs/design.md.", ["docs/design.md"])):
            self.assertEqual(PATH.findall(text), found)
        self.assertTrue(any(path.exists() for path in places("odot/core/types.hpp")))
        self.assertTrue(any(path.exists() for path in places("odot/version.hpp")))
        self.assertFalse(any(path.exists() for path in places("train/gone.hpp")))
        self.assertEqual(places("ml-1m/ratings.dat") + places("src/optim/directions/NAME.hpp"), [])


if __name__ == "__main__":
    unittest.main()
