"""What an odot declares, asked of the program itself: `odot COMMAND --help --json`."""

import json
import subprocess


class DeclaredError(Exception):
    """The program does not tell; the message says what to do."""


def page(program, *words):
    """The JSON object that `program WORDS --help --json` prints."""
    call = [str(program), *words, "--help", "--json"]
    try:
        done = subprocess.run(call, capture_output=True, text=True, check=False)
        told = json.loads(done.stdout) if done.returncode == 0 else None
    except (OSError, ValueError):
        told = None
    if not isinstance(told, dict):
        raise DeclaredError(f"`{' '.join(call)}` printed no JSON object: build this version of odot with tools/quickstart")
    return told


def commands(program):
    """The names of all commands."""
    return [command["name"] for command in page(program)["commands"]]


def options(program, command="train"):
    """The options of a command by name, each as the program describes it."""
    return {option["name"]: option for group in page(program, command)["groups"] for option in group["options"]}


def words(program, option, command="train"):
    """The names of the words that an option takes, in the order of the help; never none."""
    row = options(program, command).get(option)
    names = [word["name"] for word in row["words"]] if row else []
    if not names:
        raise DeclaredError(f"{program} {command} lists no words of --{option}")
    return names
