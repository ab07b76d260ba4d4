#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Checks that the tests which docs/security/trust-boundaries.md names exist.

  tools/check/boundaries.py [FILE]    one line a finding, as FILE:LINE: WHAT; status 1 if there are any

The last column of each row names them, in backquotes: `SUITE: CASE`, then further cases of that suite.
A suite is tests/host/SUITE_test.c, or proof-NAME for tests/program/NAME.c; the case ... is all of them.
After the word mutant or fuzz come names of tests/mutants or tests/fuzz.  A semicolon ends all that.
"""
import glob
import os
import re
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
PAGE = "docs/security/trust-boundaries.md"
TOKEN = re.compile(r"`([^`]+)`|\b(mutant|fuzz)s?\b|(;)")


def suite_file(suite):
    if suite.startswith("proof-"):
        return f"tests/program/{suite[len('proof-'):].replace('-', '_')}.c"
    return f"tests/host/{suite}_test.c"


def exists(kind, name):
    """Whether there is that case of the suite, or mutant, or target."""
    if kind == "mutant":
        return os.path.exists(f"tests/mutants/{name}.patch")
    if kind == "fuzz":
        return bool(glob.glob(f"tests/fuzz/{name}.c*"))
    path = suite_file(kind)
    if not os.path.exists(path):
        return False
    with open(path, encoding="utf-8") as file:
        return name == "..." or re.search(rf"\b{re.escape(name)}\b", file.read()) is not None


def names(cell):
    """The (kind, name) pairs of a cell."""
    kind = None
    for name, word, end in TOKEN.findall(cell):
        if word or end:
            kind = word or None
        elif ": " in name:
            kind, case = name.split(": ", 1)
            yield kind, case
        elif kind is None and name.startswith("proof-"):
            yield name, "..."
        else:
            yield kind, name


def main(page):
    findings = 0
    total = 0
    with open(page, encoding="utf-8") as file:
        lines = file.read().splitlines()
    for number, line in enumerate(lines, 1):
        if not line.startswith("| ") or line.startswith("| ---"):
            continue
        for kind, name in names(line.split("|")[-2]):
            total += 1
            if kind is None or not exists(kind, name):
                findings += 1
                print(f"{page}:{number}: there is no {kind or 'suite'} {name}")
    print(f"boundaries: {findings} red, {total} tests named")
    return 1 if findings or not total else 0


if __name__ == "__main__":
    os.chdir(ROOT)
    sys.exit(main(sys.argv[1] if len(sys.argv) > 1 else PAGE))
