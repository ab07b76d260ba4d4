# SPDX-License-Identifier: MIT
"""Mutants: patches that each delete one rule.  The test that a patch names must then fail.

A patch in tests/mutants/ begins with

  Rule: what the patch takes away
  Test: host:NAME      tests/host/NAME_test.c       or
  Test: fuzz:NAME      the fuzz target NAME, searching for at most a minute       or
  Test: system:NAME    the system tests whose name contains NAME

where host@VARIANT and system@VARIANT are on another build (docs/internals/variants.md).  It goes on
as a unified diff from the root of the tree.  Patches are applied one at a time to a
copy of the tree under build/mutants, which starts out with what is already built.
"""
import glob
import os
import re
import shutil
import subprocess
import sys

COPY = os.path.join("build", "mutants", "tree")
BUILT = ["gen", "source", "tools", "host", "fuzz", "release", "flags"]
TEST_SECONDS = 400
FUZZ_SECONDS = 60


def header(text, key):
    found = re.search(rf"^{key}: *(.+)$", text, re.MULTILINE)
    return found.group(1).strip() if found else None


def test_of(text):
    """(kind, variant or None, name) of a patch's Test: line; kind is None when it has none."""
    found = re.fullmatch(r"(host|fuzz|system)(?:@([a-z-]+))?:(\S.*)", header(text, "Test") or "")
    return found.groups() if found else (None, None, None)


def read(path):
    with open(path, encoding="utf-8") as file:
        return file.read()


def quiet(command, log, seconds=900, **more):
    # The copy is built by a make of its own, not as a part of the one that runs the tests.
    environment = {k: v for k, v in os.environ.items() if not k.startswith(("MAKE", "MFLAGS"))}
    environment.update(more)
    with open(log, "ab") as file:
        file.write((" ".join(command) + "\n").encode())
        file.flush()
        return subprocess.run(["timeout", "-k", "10", str(seconds)] + command, check=False,
                              stdin=subprocess.DEVNULL, stdout=file, env=environment,
                              stderr=subprocess.STDOUT).returncode


def copy_tree(variants):
    """With what is built, that of these variants too."""
    shutil.rmtree(COPY, ignore_errors=True)
    os.makedirs(os.path.join(COPY, "build"))
    for entry in os.listdir("."):
        if entry in ("build", ".git"):
            continue
        subprocess.run(["cp", "-a", entry, COPY], check=True)
    for entry in BUILT + sorted(variants):
        if os.path.exists(os.path.join("build", entry)):
            subprocess.run(["cp", "-a", os.path.join("build", entry),
                            os.path.join(COPY, "build")], check=True)


def host_folder(variant):
    return f"build/{variant}/host" if variant else "build/host"


def build(kind, variant, name, log):
    goals = {"host": f"{host_folder(variant)}/{name}_test", "fuzz": f"build/fuzz/{name}"}
    return quiet(["make", "--no-print-directory", f"-j{os.cpu_count()}", "-C", COPY, "WERROR=",
                  goals.get(kind, variant or "release")], log)


def run_test(kind, variant, name, log):
    """Whether the named test fails; None when it cannot be run."""
    if kind == "host":
        return quiet([f"{COPY}/{host_folder(variant)}/{name}_test"], log, TEST_SECONDS) != 0
    if kind == "fuzz":
        return quiet([sys.executable, "-B", f"{COPY}/tools/fuzz", name, str(FUZZ_SECONDS)], log,
                     TEST_SECONDS) != 0
    status = quiet([sys.executable, "-B", "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider",
                    "-n", "0", f"{COPY}/tests/system", "-k", name], log, TEST_SECONDS,
                   CAPOS_VARIANT=variant or "release")
    return {0: False, 1: True, 124: True}.get(status)


def judge(patch, log):
    """One patch: None when its test goes red, else what is wrong."""
    text = read(patch)
    kind, variant, name = test_of(text)
    if kind is None or not header(text, "Rule"):
        return "has no proper Rule: and Test: lines"
    apply = ["patch", "-d", COPY, "-p1", "--no-backup-if-mismatch", "-i", os.path.abspath(patch)]
    if quiet(apply + ["--dry-run", "-F", "0"], log) != 0:
        return "does not apply"
    quiet(apply, log)
    try:
        if build(kind, variant, name, log) != 0:
            return "does not build"
        failed = run_test(kind, variant, name, log)
        if failed is None:
            return f"names no test that runs: {header(text, 'Test')}"
        return None if failed else f"survives {header(text, 'Test')}"
    finally:
        quiet(apply + ["-R"], log)


def run(part):
    """Judges the patches whose name contains part; returns (passed, failed)."""
    passed = failed = 0
    patches = sorted(p for p in glob.glob("tests/mutants/*.patch") if part in os.path.basename(p))
    if not patches:
        return 0, 0
    copy_tree({test_of(read(patch))[1] for patch in patches} - {None})
    for patch in patches:
        name = os.path.basename(patch)[:-len(".patch")]
        log = os.path.join("build", "mutants", name + ".log")
        if os.path.exists(log):
            os.unlink(log)
        complaint = judge(patch, log)
        rule = header(read(patch), "Rule") or ""
        print(f"{'FAIL' if complaint else 'red '} {name:32} {complaint or rule}", flush=True)
        passed += complaint is None
        failed += complaint is not None
    return passed, failed
