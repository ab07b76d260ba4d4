# SPDX-License-Identifier: MIT
"""Whether the same sources give the same bytes.

The tree is copied to two temporary folders, whose paths, file dates, umask, time zone, language and
number of jobs differ, and built in each from nothing.  Whatever a build delivers is compared: the
kernel and programs with their debug information, what is left of them without, manifests, the boot
medium.
"""
import filecmp
import glob
import os
import shutil
import subprocess
import tempfile

BUILD_SECONDS = 1500
GOALS = ["release", "iso", "SYSTEM=default"]
DELIVERED = ("*.elf", "*.manifest", "*.iso", "image/*.elf")

# Folder name, date of every source file, and what the build sees of its surroundings.
PLACES = [
    {"folder": "a", "date": 1000000000, "reverse": False, "umask": 0o022, "jobs": 1,
     "environment": {"TZ": "UTC", "LC_ALL": "C"}},
    {"folder": "a-much-longer/path-of/another-build", "date": 1700000001, "reverse": True,
     "umask": 0o077, "jobs": os.cpu_count() or 1,
     "environment": {"TZ": "Pacific/Kiritimati", "LC_ALL": "C.UTF-8",
                     "SOURCE_DATE_EPOCH": "86400", "USER": "somebody"}},
]


def sources():
    listed = subprocess.run(["git", "ls-files", "-co", "--exclude-standard"], check=True,
                            stdout=subprocess.PIPE).stdout.decode().splitlines()
    # The fetched sources are the same bytes, or fetch-source refuses them.
    fetched = glob.glob("build/source/**", recursive=True)
    return [path for path in listed + fetched if os.path.isfile(path)]


def copy_tree(folder, date, reverse):
    """Copied in reverse order, the files' inodes are in another order too."""
    for path in sorted(sources(), reverse=reverse):
        copy = os.path.join(folder, path)
        os.makedirs(os.path.dirname(copy), exist_ok=True)
        shutil.copy(path, copy)
        os.utime(copy, (date, date))


def build(base, place):
    """The folder with the output, or None."""
    tree = os.path.join(base, place["folder"])
    copy_tree(tree, place["date"], place["reverse"])
    environment = {name: value for name, value in os.environ.items()
                   if not name.startswith(("MAKE", "MFLAGS"))} | place["environment"]
    done = subprocess.run(["timeout", "-k", "10", str(BUILD_SECONDS), "make", f"-j{place['jobs']}"]
                          + GOALS, cwd=tree, env=environment, umask=place["umask"], check=False,
                          stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT)
    if done.returncode != 0:
        print(f"FAIL {place['folder']} does not build:\n"
              f"{done.stdout.decode('utf-8', 'replace')[-3000:]}", flush=True)
        return None
    return os.path.join(tree, "build", "release")


def delivered(folder):
    found = set()
    for pattern in DELIVERED:
        found |= {os.path.relpath(path, folder)
                  for path in glob.glob(os.path.join(folder, pattern))}
    return found


def first_difference(one, other):
    with open(one, "rb") as file:
        left = file.read()
    with open(other, "rb") as file:
        right = file.read()
    if len(left) != len(right):
        return f"{len(left)} and {len(right)} bytes"
    at = next(i for i, (a, b) in enumerate(zip(left, right)) if a != b)
    return f"first at byte {at:#x}"


def compare(one, other):
    """(passed, failed); a file that only one build has is a failure."""
    passed = failed = 0
    for name in sorted(delivered(one) | delivered(other)):
        paths = [os.path.join(folder, name) for folder in (one, other)]
        if not all(os.path.exists(path) for path in paths):
            print(f"FAIL {name}: built in one place only")
            failed += 1
        elif filecmp.cmp(*paths, shallow=False):
            passed += 1
        else:
            print(f"FAIL {name}: differs, {first_difference(*paths)}")
            failed += 1
    return passed, failed


def run():
    """Builds twice and compares; returns (passed, failed)."""
    with tempfile.TemporaryDirectory(prefix="capos-repro-") as base:
        folders = []
        for place in PLACES:
            print(f"build in {place['folder']} ...", flush=True)
            folders.append(build(base, place))
        if None in folders:
            return 0, folders.count(None)
        return compare(*folders)
