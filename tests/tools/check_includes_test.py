#!/usr/bin/env python3
"""Tests that tools/check_includes finds every kind of violation in a made-up tree, and nothing in a right one."""

import pathlib
import subprocess
import tempfile
import unittest

PROGRAM = pathlib.Path(__file__).resolve().parents[2] / "tools" / "check_includes"


class CheckIncludes(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="odot check_includes ")
        self.addCleanup(folder.cleanup)
        self.root = pathlib.Path(folder.name)
        self.write("include/odot/core/types.hpp", "#pragma once\n#include <cstdint>\n")
        self.write("include/odot/ratings/side.hpp", '#include <vector>\n\n#include "odot/core/types.hpp"\n')
        self.write("include/odot/odot.hpp",
                   '#include "odot/core/types.hpp"\n#include "odot/ratings/side.hpp"\n#include "odot/version.hpp"\n')
        self.write("src/ratings/fields.hpp", '#include "odot/ratings/side.hpp"\n')
        self.write("src/ratings/fields.cpp", '#include "fields.hpp"\n#include "ratings/fields.hpp"\n')

    def write(self, name, text, opening="// What it is for.\n"):
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(opening + text, encoding="utf-8")

    def include_too(self, name):
        with open(self.root / "include/odot/odot.hpp", "a", encoding="utf-8") as file:
            file.write(f'#include "{name}"\n')

    def run_program(self, *arguments):
        return subprocess.run([PROGRAM, *arguments], capture_output=True, text=True, check=False)

    def assert_violation(self, name, line, *words):
        result = self.run_program(self.root)
        self.assertEqual(result.returncode, 1)
        lines = result.stdout.splitlines()
        self.assertEqual(len(lines), 1, result.stdout)
        self.assertTrue(lines[0].startswith(f"{name}:{line}: "), lines[0])
        for word in words:
            self.assertIn(word, lines[0])

    def test_right_tree(self):
        result = self.run_program(self.root)
        self.assertEqual((result.returncode, result.stdout, result.stderr), (0, "", ""))

    def test_floor_above(self):
        self.write("src/core/up.cpp", '\n  #  include "odot/ratings/side.hpp"\n')
        self.assert_violation("src/core/up.cpp", 3, "ratings", "core builds on nothing")

    def test_optim_knows_no_ratings(self):
        self.write("include/odot/optim/rule.hpp", '#include "odot/ratings/side.hpp"\n')
        self.include_too("odot/optim/rule.hpp")
        self.assert_violation("include/odot/optim/rule.hpp", 2, "optim builds on core, settings alone")

    def test_internal_header_of_floor_above(self):
        self.write("src/core/up.cpp", '#include "ratings/fields.hpp"\n')
        self.assert_violation("src/core/up.cpp", 2, '"ratings/fields.hpp"')

    def test_nested_folder_belongs_to_its_floor(self):
        self.write("src/optim/rules/armijo.cpp", '#include "kernels/pack.hpp"\n')
        self.assert_violation("src/optim/rules/armijo.cpp", 2, "kernels")

    def test_public_header_uses_internal_one(self):
        self.write("include/odot/ratings/read.hpp", '#include "ratings/fields.hpp"\n')
        self.include_too("odot/ratings/read.hpp")
        self.assert_violation("include/odot/ratings/read.hpp", 2, "internal")

    def test_angle_brackets(self):
        self.write("src/core/up.cpp", "#include <odot/ratings/side.hpp>\n")
        self.assert_violation("src/core/up.cpp", 2, '"odot/ratings/side.hpp"')

    def test_way_around_through_the_parent_folder(self):
        self.write("src/core/up.cpp", '#include "../ratings/fields.hpp"\n')
        self.assert_violation("src/core/up.cpp", 2, "names no floor")

    def test_header_of_another_folder_by_bare_name(self):
        self.write("src/core/up.cpp", '#include "fields.hpp"\n')
        self.assert_violation("src/core/up.cpp", 2, "not in the same folder")

    def test_folder_that_is_no_floor(self):
        self.write("src/attic/a.cpp", "int a;\n")
        self.assert_violation("src/attic/a.cpp", 1, "attic", "is on no floor")

    def test_file_without_a_word_on_what_it_is_for(self):
        for opening in ("", "\n// too late\n", "//\n"):
            self.write("src/core/up.cpp", "int a;\n", opening)
            self.assert_violation("src/core/up.cpp", 1, "open with a comment")

    def test_public_header_that_odot_hpp_lacks(self):
        self.write("include/odot/core/new.hpp", "int a;\n")
        self.assert_violation("include/odot/odot.hpp", 1, "does not include", '"odot/core/new.hpp"')

    def test_header_of_odot_hpp_that_is_gone(self):
        self.include_too("odot/core/old.hpp")
        self.assert_violation("include/odot/odot.hpp", 1, '"odot/core/old.hpp"', "no public header")

    def test_no_odot_hpp(self):
        (self.root / "include/odot/odot.hpp").unlink()
        self.assert_violation("include/odot/odot.hpp", 1, "missing")

    def test_version_is_below_all_floors(self):
        self.write("src/core/version.cpp", '#include "odot/version.hpp"\n')
        self.test_right_tree()

    def test_nothing_to_check(self):
        with tempfile.TemporaryDirectory() as empty:
            result = self.run_program(empty)
        self.assertEqual(result.returncode, 1)
        self.assertIn("no source files", result.stderr)

    def test_wrong_option(self):
        result = self.run_program("--rot")
        self.assertEqual(result.returncode, 2)
        self.assertIn("--rot", result.stderr)
        self.assertIn("--help", result.stderr)


if __name__ == "__main__":
    unittest.main()
