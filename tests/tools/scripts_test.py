#!/usr/bin/env python3
"""Tests what all scripts share: --help, the answer to a wrong option, and that they work from any folder."""

import os
import pathlib
import subprocess
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
SCRIPTS = sorted(path for path in (ROOT / "tools").iterdir() if os.access(path, os.X_OK) and path.is_file())


def run(*arguments, **options):
    return subprocess.run(arguments, capture_output=True, text=True, check=False, cwd=tempfile.gettempdir(), **options)


class Scripts(unittest.TestCase):
    def test_there_are_scripts(self):
        names = {path.name for path in SCRIPTS}
        self.assertLessEqual({"quickstart", "test", "install-packages", "plot", "check_includes", "lint"}, names)

    def test_help(self):
        for script in SCRIPTS:
            with self.subTest(script=script.name):
                result = run(script, "--help")
                self.assertEqual((result.returncode, result.stderr), (0, ""))
                self.assertIn(f"tools/{script.name}", result.stdout)

    def test_wrong_option(self):
        for script in SCRIPTS:
            with self.subTest(script=script.name):
                result = run(script, "--no-such-option")
                self.assertEqual((result.returncode, result.stdout), (2, ""))
                self.assertIn("--no-such-option", result.stderr)
                self.assertIn("--help", result.stderr)

    def test_contradiction(self):
        result = run(ROOT / "tools" / "test", "--asan", "--race")
        self.assertEqual(result.returncode, 2)
        self.assertIn("one of --asan and --race", result.stderr)

    def test_missing_packages_without_root(self):
        """A machine where one package is missing and the user is neither root nor has sudo."""
        with tempfile.TemporaryDirectory(prefix="odot scripts ") as folder:
            for name, body in (("dpkg-query", 'shift 2; for p; do [ "$p" = cmake ] || echo "installed $p"; done; exit 1'),
                               ("apt-get", "echo called >&2; exit 1"),
                               ("id", "echo 1000"),
                               ("cat", 'exec /bin/cat "$@"'),
                               ("grep", 'exec /bin/grep "$@"')):
                path = pathlib.Path(folder) / name
                path.write_text(f"#!/bin/bash\n{body}\n", encoding="utf-8")
                path.chmod(0o755)
            result = run("/bin/bash", ROOT / "tools" / "install-packages", env={"PATH": folder})
        self.assertEqual(result.returncode, 1)
        self.assertIn("apt-get install --no-install-recommends cmake\n", result.stderr)
        self.assertNotIn("called", result.stderr)


if __name__ == "__main__":
    unittest.main()
