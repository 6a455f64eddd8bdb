#!/usr/bin/env python3
"""Tests what odot gives shells: completion in bash and zsh, and manual pages."""

import os
import pathlib
import re
import shutil
import subprocess
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
ODOT = os.environ.get("ODOT_PROGRAM", ROOT / "build" / "release" / "odot")


def odot(*arguments):
    return subprocess.run([ODOT, *arguments], capture_output=True, text=True, check=True).stdout


def command_names():
    overview = odot("--help")
    return re.findall(r"^  ([a-z-]+)  ", overview[overview.index("Commands:"):], re.MULTILINE)


def long_options(command):
    """The options that a help page lists, those with two spellings as two."""
    names = []
    for no, name in re.findall(r"^  (?:-., |    )--(\[no-\])?([a-z0-9-]+)", odot(command, "--help"), re.MULTILINE):
        names += [f"--{name}", f"--no-{name}"] if no else [f"--{name}"]
    return names


class Shell(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="odot shell ")
        self.addCleanup(folder.cleanup)
        self.root = pathlib.Path(folder.name)

    def script(self, shell):
        path = self.root / f"completion.{shell}"
        path.write_text(odot("completion", shell), encoding="utf-8")
        return path

    def bash(self, *words):
        """What bash offers for the last of the words; None where it is left to complete names of files."""
        program = """source "$1"; shift; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); compopt() { echo "compopt $*"; }
                     _odot; printf '%s\\n' "${COMPREPLY[@]}" """
        result = subprocess.run(["bash", "-c", program, "bash", self.script("bash"), *words], capture_output=True,
                                text=True, check=False)
        self.assertEqual((result.returncode, result.stderr), (0, ""))
        lines = result.stdout.splitlines()
        return [word for word in lines[1:] if word] if lines[0] == "compopt +o default" else None

    def test_bash(self):
        for words, expected in ((["tra"], ["train"]),
                                (["f"], ["fold-in"]),
                                (["help", "ev"], ["evaluate"]),
                                (["train", "--opt"], ["--optimizer"]),
                                (["train", "--optimizer", "l"], ["lbfgs"]),
                                (["train", "r.csv", "--optimizer", "=", "l"], ["lbfgs"]),
                                (["train", "--line-search", "=", "e"], ["exact"]),
                                (["train", "--line-search", "="], ["constant", "decreasing", "lipschitz", "armijo",
                                                                    "weak-wolfe", "strong-wolfe", "exact"]),
                                (["train", "--method", ""], ["variational", "gibbs", "blocks", "full", "nnmf", "mlp"]),
                                (["train", "--no-bi"], ["--no-biases"]),
                                (["train", "--rank", ""], []),
                                (["train", "-k", ""], []),
                                (["train", ""], None),
                                (["train", "-o", ""], None),
                                (["train", "--config", "c"], None),
                                (["synth", ""], []),
                                (["similar", "m", "--metric", "d"], ["dot"]),
                                (["export", "m", "--format", ""], ["npy", "csv", "libmf"]),
                                (["completion", ""], ["bash", "zsh"]),
                                (["man", "t"], ["train", "tune"])):
            with self.subTest(words=words):
                self.assertEqual(self.bash("odot", *words), expected)

    def test_bash_knows_all_commands_and_options(self):
        commands = command_names()
        self.assertIn("train", commands)
        self.assertEqual(self.bash("odot", "")[:len(commands)], commands)
        for command in commands:
            with self.subTest(command=command):
                options = long_options(command)
                self.assertIn("--help", options)
                self.assertEqual(self.bash("odot", command, "--"), options)

    def test_zsh(self):
        if shutil.which("zsh") is None:
            self.skipTest("there is no zsh")
        script = self.script("zsh")
        result = subprocess.run(["zsh", "-n", script], capture_output=True, text=True, check=False)
        self.assertEqual((result.returncode, result.stderr), (0, ""))
        # In a zsh of its own: what a press of the tab key makes of a line.
        program = """
            zmodload zsh/zpty || exit 3
            zpty shell zsh -f -i || exit 3
            zpty -w shell "PS1= PS2=; stty -echo; fpath=($1 \\$fpath); autoload -Uz compinit; compinit -u -D"
            zpty -w shell "source $1/completion.zsh; bindkey '^I' complete-word; show() { print -r -- \\"<\\$BUFFER>\\"; BUFFER=; }"
            zpty -w shell "zle -N show; bindkey '^X' show; print READY"
            zpty -r shell line '*READY*'
            shift
            for text in "$@"; do
              zpty -w -n shell "$text"$'\\t'$'\\x18'
              zpty -r shell line '*<*>*' || exit 4
              [[ $line =~ '<([^>]*)>' ]] && print -r -- "${match[1]}"
            done"""
        lines = {"odot tra": "odot train ", "odot train --opti": "odot train --optimizer=",
                 "odot train --optimizer lb": "odot train --optimizer lbfgs ",
                 "odot train --optimizer=lb": "odot train --optimizer=lbfgs ",
                 "odot export m --format n": "odot export m --format npy ", "odot completion b": "odot completion bash ",
                 "odot help eval": "odot help evaluate "}
        link = pathlib.Path(tempfile.mkdtemp(prefix="odot-zsh-"))  # without blanks in its name
        self.addCleanup(shutil.rmtree, link)
        shutil.copy(script, link)
        result = subprocess.run(["zsh", "-f", "-c", program, "zsh", link, *lines], capture_output=True, text=True,
                                check=False, timeout=60)
        if result.returncode == 3:
            self.skipTest("zsh cannot have a terminal here")
        self.assertEqual(result.stdout.splitlines(), list(lines.values()), result.stderr)

    def test_unknown_shell(self):
        result = subprocess.run([ODOT, "completion", "fish"], capture_output=True, text=True, check=False)
        self.assertEqual((result.returncode, result.stdout), (2, ""))
        self.assertIn("unknown shell 'fish': known are bash and zsh", result.stderr)

    def test_manual_pages_have_all_commands_and_options(self):
        overview = odot("man")
        for command in command_names():
            with self.subTest(command=command):
                self.assertIn("\\fBodot\\-" + command.replace("-", "\\-") + "\\fR(1)", overview)
                page = odot("man", command)
                for option in long_options(command):
                    self.assertIn("\\fB" + option.replace("-", "\\-") + "\\fR", page)

    def test_manual_pages_are_good_roff(self):
        odot("man", "--all", self.root)
        pages = sorted(self.root.glob("*.1"))
        self.assertEqual(len(pages), len(command_names()) + 1)
        self.assertEqual((self.root / "odot-train.1").read_text(encoding="utf-8"), odot("man", "train"))
        if shutil.which("groff") is None:
            self.skipTest("there is no groff")
        for page in pages:
            for device in ("utf8", "ascii"):
                with self.subTest(page=page.name, device=device):
                    result = subprocess.run(["groff", "-man", "-ww", f"-T{device}", page], capture_output=True, check=False)
                    self.assertEqual((result.returncode, result.stderr), (0, b""))
        text = subprocess.run(["groff", "-man", "-Tutf8", "-P-cbou", self.root / "odot-train.1"], capture_output=True,
                              text=True, check=True).stdout
        self.assertIn("‖W ∘ (X − UV)‖² + λ‖U‖² + λ‖V‖²", text)
        self.assertRegex(text, r"-k, --rank R\n +factors of a user or item; a whole number from 1 to 1024")

    def test_unknown_page(self):
        for arguments, message in ((["tarin"], "unknown command 'tarin'; did you mean train?"),
                                   (["train", "--all", "x"], "--all and a COMMAND cannot both be given"),
                                   (["--all", "no/such"], "does the folder exist?")):
            result = subprocess.run([ODOT, "man", *arguments], capture_output=True, text=True, check=False, cwd=self.root)
            self.assertNotEqual(result.returncode, 0)
            self.assertEqual(result.stdout, "")
            self.assertIn(message, result.stderr)


if __name__ == "__main__":
    unittest.main()
