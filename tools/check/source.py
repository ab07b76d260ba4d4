#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Checks the text of the tree: sizes, includes, first lines, words.

One line a finding.  Yellow findings are reported; red ones make the status 1.
"""
import os
import re
import subprocess
import sys

from functions import functions_of

CODE = (".c", ".c++", ".h", ".S", ".ld", ".py", ".capnp")
# Cases of fuzz targets are bytes as they come.
CASES = ("tests/fuzz/seeds/", "tests/fuzz/found/")
NEUTRAL = ("lib/", "kernel/core/", "kernel/object/")

# From which folders a file may include: the first prefix that fits a file decides.
ANY_GENERATED = ("schema/",)
BASE = ("abi/", "lib/", "build_config.h") + ANY_GENERATED
INCLUDES = [
    ("abi/", ("abi/",) + ANY_GENERATED),
    ("lib/", BASE),
    ("kernel/hal/", BASE + ("kernel/hal/", "hal_inline.h")),
    ("kernel/fetch/", BASE + ("kernel/fetch/",)),
    ("kernel/core/", BASE + ("kernel/hal/", "kernel/core/", "fetch.h")),
    ("kernel/object/", BASE + ("kernel/hal/", "kernel/core/", "kernel/object/", "fetch.h")),
    ("kernel/arch/", BASE + ("kernel/hal/", "kernel/arch/")),
    ("user/rt/", BASE + ("user/rt/",)),
    ("user/", BASE + ("user/",)),
    ("tests/program/", BASE + ("user/", "tests/program/")),
    ("bench/", BASE + ("user/", "bench/")),
    ("tools/sdk/template/", BASE + ("user/rt/", "greeting.")),
    ("tools/", BASE + ("tools/",)),
]

FUNCTION_YELLOW, FUNCTION_RED = 40, 60
FILE_YELLOW, FILE_RED, HEADER_YELLOW = 300, 600, 200
NESTING_RED, PARAMETERS_RED, README_RED = 3, 5, 100

WORDS = [
    (r"\b(?:TODO|FIXME|XXX)\b", "an open end: finish it, or write it down in docs/caveats.md"),
    (r"(?<![\w.$}/*-])/(?:home|root|work|srv|mnt)/\w", "a path of one machine"),
    (r"https?://\S*(?:debian|pypi|npmjs|crates|registry|proxy)", "a package host"),
]

findings = {"red": 0, "yellow": 0}


def report(level, path, line, text):
    findings[level] += 1
    print(f"{level:6} {path}:{line}: {text}")


def files():
    listed = subprocess.run(["git", "ls-files", "-co", "--exclude-standard"], check=True,
                            stdout=subprocess.PIPE).stdout.decode().splitlines()
    return [path for path in sorted(set(listed)) if os.path.isfile(path)]


def is_code(path, text):
    return path.endswith(CODE) or text.startswith("#!") or path == "Makefile"


def check_first_line(path, text):
    lines = text.split("\n", 2)
    line = lines[1] if text.startswith("#!") and len(lines) > 1 else lines[0]
    if "SPDX-License-Identifier: MIT" not in line:
        report("red", path, 1, "the SPDX line is missing")


def check_lines(path, text):
    patch = path.endswith(".patch")
    for number, line in enumerate(text.split("\n"), 1):
        if line != line.rstrip() and not patch:
            report("red", path, number, "white space at the end of the line")
        if path == "tools/check/source.py":
            continue
        for pattern, what in WORDS:
            if re.search(pattern, line):
                report("red", path, number, what)
        if path.startswith(NEUTRAL) and re.match(r"\s*#\s*(?:if|ifdef|ifndef|elif)\b", line):
            report("red", path, number, "conditional compilation in neutral code")


def check_documents(path, text):
    """Every document that a text names is in the tree."""
    for number, line in enumerate(text.split("\n"), 1):
        for name in re.findall(r"(?<![\w/*.-])[\w./-]+\.md\b", line):
            places = [name, os.path.join(os.path.dirname(path), name), os.path.join("docs", name)]
            if not any(os.path.exists(place) for place in places):
                report("red", path, number, f"{name} is not in the tree")


def check_includes(path, text):
    allowed = next((to for prefix, to in INCLUDES if path.startswith(prefix)), None)
    quoted = []
    for number, line in enumerate(text.split("\n"), 1):
        match = re.match(r'\s*#\s*include\s+"([^"]+)"', line)
        if not match:
            continue
        quoted.append(match.group(1))
        if allowed is not None and not match.group(1).startswith(allowed):
            report("red", path, number, f"{path.split('/')[0]} may not include {match.group(1)}")
    own = path[:-2] + ".h"
    if path.endswith(".c") and os.path.exists(own) and quoted[:1] != [own]:
        report("red", path, 1, f"{own} is not included first")


def check_sizes(path, text):
    lines = text.count("\n")
    yellow = HEADER_YELLOW if path.endswith(".h") else FILE_YELLOW
    if lines > FILE_RED:
        report("red", path, 1, f"{lines} lines (at most {FILE_RED})")
    elif lines > yellow:
        report("yellow", path, 1, f"{lines} lines (aim for {yellow})")
    for name, line, length, nesting, parameters in functions_of(text):
        if length > FUNCTION_RED:
            report("red", path, line, f"{name}: {length} lines (at most {FUNCTION_RED})")
        elif length > FUNCTION_YELLOW:
            report("yellow", path, line, f"{name}: {length} lines (aim for {FUNCTION_YELLOW})")
        if nesting > NESTING_RED:
            report("red", path, line, f"{name}: {nesting} levels deep (at most {NESTING_RED})")
        if parameters > PARAMETERS_RED:
            report("red", path, line,
                   f"{name}: {parameters} parameters (at most {PARAMETERS_RED})")


def check_file(path):
    with open(path, "rb") as file:
        raw = file.read()
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError:
        report("red", path, 1, "not UTF-8")
        return
    check_lines(path, text)
    if not path.endswith(".patch"):
        check_documents(path, text)
    if is_code(path, text):
        check_first_line(path, text)
    if path.endswith((".c", ".h")):
        check_includes(path, text)
        check_sizes(path, text)
    if path == "README.md" and text.count("\n") > README_RED:
        report("red", path, 1, f"more than {README_RED} lines")


def main():
    for path in files():
        if not path.startswith(CASES):
            check_file(path)
    print(f"source: {findings['red']} red, {findings['yellow']} yellow")
    sys.exit(1 if findings["red"] else 0)


if __name__ == "__main__":
    main()
