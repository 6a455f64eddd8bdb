#!/usr/bin/env python3
"""Checks that a shared library shows names of the public headers only: check_exports.py LIBRARY HEADERS-FOLDER."""

import pathlib
import re
import subprocess
import sys

KINDS = re.compile(r"^(?:typeinfo for |typeinfo name for |vtable for )?odot::(?:single|double)_precision::"
                   r"(?:\(|(~?\w+))")


def main():
    library, headers = sys.argv[1:]
    words = set()
    for path in pathlib.Path(headers).rglob("*.hpp"):
        words.update(re.findall(r"\w+", re.sub("//.*", "", path.read_text(encoding="utf-8"))))
    listed = subprocess.run(["nm", "--dynamic", "--demangle", "--defined-only", library], check=True, text=True,
                            stdout=subprocess.PIPE).stdout
    names = [line.split(" ", 2)[2] for line in listed.splitlines()]
    found = 0
    wrong = []
    for name in names:
        match = KINDS.match(name)
        if not match or match[1] not in words:
            wrong.append(name)
        found += "_precision::train(" in name
    for name in wrong:
        print(f"{library} shows {name}, which no header declares", file=sys.stderr)
    if found == 0:
        print(f"{library} does not show odot::train", file=sys.stderr)
    print(f"{len(names)} names")
    return 1 if wrong or found == 0 else 0


if __name__ == "__main__":
    sys.exit(main())
