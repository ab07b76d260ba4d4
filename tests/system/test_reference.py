# SPDX-License-Identifier: MIT
"""The reference: it is whole, and what lacks a contract is found."""
import os
import pathlib
import re
import subprocess

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
TOOL = ROOT / "build/tools/reference"
PAGES = ROOT / "build/reference"
MD = ".md"

GOOD_HEADER = """// SPDX-License-Identifier: MIT
#pragma once
/*
 * A box of numbers.
 *
 *   +---+---+
 *   | 1 | 2 |
 *   +---+---+
 */
#include <stdint.h>

/* Most numbers in a box. */
constexpr uint32_t BOX_MAX = 2;
constexpr uint32_t BOX_MIN = 1; /* and fewest */

struct later;

/* A box. */
struct box {
	uint32_t count; /* of numbers */
	uint32_t reserved;
};

static_assert(sizeof(struct box) == 8);

/* Put `number` in.  Statuses: invalidArgument (the box is full). */
[[nodiscard]] enum status box_put(struct box *box, uint32_t number);
enum status box_put_two(struct box *box, uint32_t number);

/* The numbers in it, as *many. */
static inline uint32_t box_count_uint32(const struct box *box)
{
	return box->count; /* } */
}

static inline uint64_t box_count_uint64(const struct box *box)
{
	return box->count;
}

/* Call it. */
typedef void box_visit(void *context, uint32_t number);

/* Twice x. */
#define BOX_TWICE(x) \\
	((x) + (x))
"""

GOOD_SCHEMA = """# SPDX-License-Identifier: MIT
@0xe5a1c0de00090777;
# Boxes.

using Other = import "other.capnp";

const boxMax :UInt32 = 2;
# Most numbers.

enum Size {
  # How large.

  small @0;
  # A little.

  # Not so small.

  large @1;  # A lot; "{" and (.
}

struct Box {
  # Numbers.

  numbers @0 :List(UInt32) = [1, 2];
  # At most boxMax.
  union {
    open @1 :Void;
    # Anybody may look.
    shut @2 :Text;
    # By whom.
  }
}

interface Shelf @0xe5a1c0de00090778 {
  # Keeps boxes.

  put @0 (box :Box,
          size :Size) -> ();
  # Takes a box.  Statuses: ok only.
}
"""

# What is taken out or changed, the replacement, and what is then said.
HEADER_GAPS = {
    "function": ("/* Call it. */\n", "", "box_visit has no comment"),
    "constant": ("/* Most numbers in a box. */\n", "", "BOX_MAX has no comment"),
    "struct": ("/* A box. */\n", "", "box has no comment"),
    "macro": ("/* Twice x. */\n", "", "BOX_TWICE has no comment"),
    "inline": ("/* The numbers in it, as *many. */\n", "", "box_count_uint32 has no comment"),
    "statuses": ("  Statuses: invalidArgument (the box is full).", "",
                 "box_put does not say which statuses it returns"),
    "apart": ("enum status box_put_two", "\nenum status box_put_two", "box_put_two has no comment"),
    "parted comment": ("/* A box. */\n", "/* A box. */\n\n", "box has no comment"),
    "member": (" /* of numbers */", "", "count is a member without a comment"),
}
SCHEMA_GAPS = {
    "constant": ("# Most numbers.\n", "", "boxMax has no comment"),
    "enum": ("  # How large.\n", "", "Size has no comment"),
    "enumerant": ("  # A lot; \"{\" and (.\n", "", "large has no comment"),
    "struct": ("  # Numbers.\n", "", "Box has no comment"),
    "field": ("  # At most boxMax.\n", "", "numbers has no comment"),
    "union": ("    # By whom.\n", "", "shut has no comment"),
    "interface": ("  # Keeps boxes.\n", "", "Shelf has no comment"),
    "method": ("  # Takes a box.  Statuses: ok only.\n", "", "put has no comment"),
    "statuses": ("  Statuses: ok only.", "", "put does not say which statuses it returns"),
}


@pytest.fixture(scope="module", autouse=True)
def made():
    """The pages of the tree, by the command that makes them; it finds no gap."""
    done = subprocess.run([str(ROOT / "capos"), "reference"], check=False, text=True,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          env=dict(os.environ, CAPOS_NO_INSTALL="1"))
    assert done.returncode == 0 and f"{PAGES}: an index" in done.stdout, done.stdout


def reference(*words, cwd=ROOT):
    done = subprocess.run([str(TOOL), *words], cwd=cwd, check=False, text=True,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    return done.returncode, done.stdout


@pytest.fixture
def folder(tmp_path):
    """A folder with a header of abi/ and a schema, to which nothing lacks."""
    (tmp_path / "abi").mkdir()
    (tmp_path / "abi/box.h").write_text(GOOD_HEADER)
    (tmp_path / "box.capnp").write_text(GOOD_SCHEMA)
    return tmp_path


def test_what_is_documented_passes(folder):
    assert reference("--check", "abi/box.h", "box.capnp", cwd=folder) == (0, "")


@pytest.mark.parametrize("case", sorted(HEADER_GAPS))
def test_a_gap_in_a_header_is_found(case, folder):
    old, new, message = HEADER_GAPS[case]
    assert old in GOOD_HEADER
    (folder / "abi/box.h").write_text(GOOD_HEADER.replace(old, new, 1))
    status, output = reference("--check", "abi/box.h", cwd=folder)
    assert status == 1 and re.search(rf"^abi/box.h:\d+: {message}$", output, re.MULTILINE), output


@pytest.mark.parametrize("case", sorted(SCHEMA_GAPS))
def test_a_gap_in_a_schema_is_found(case, folder):
    old, new, message = SCHEMA_GAPS[case]
    assert old in GOOD_SCHEMA
    (folder / "box.capnp").write_text(GOOD_SCHEMA.replace(old, new, 1))
    status, output = reference("--check", "box.capnp", cwd=folder)
    assert status == 1 and re.search(rf"^box.capnp:\d+: {message}$", output, re.MULTILINE), output


def test_pages_show_declarations_and_comments(folder):
    (folder / "out").mkdir()
    assert reference("out", "abi/box.h", "box.capnp", cwd=folder) == (0, "")
    header = (folder / f"out/abi/box{MD}").read_text()
    assert header.startswith("# abi/box.h\n\nA box of numbers.\n\n```\n  +---+---+\n")
    assert "\n## box_put, box_put_two\n\n```c\n[[nodiscard]] enum status box_put(" in header
    assert "\n## box_count_uint32, box_count_uint64\n" in header
    assert "```c\nuint32_t box_count_uint32(const struct box *box);\n" in header
    assert "return" not in header and "later" not in header
    assert "The numbers in it, as \\*many.\n" in header
    assert "```c\nBOX_TWICE(x)\n```" in header
    schema = (folder / f"out/box{MD}").read_text()
    assert "- `large @1`: A lot; \"{\" and (.\n" in schema and "Not so small.\n" in schema
    assert "### put\n\n```capnp\nput @0 (box :Box,\n          size :Size) -> ()\n```\n" in schema
    index = (folder / f"out/README{MD}").read_text()
    assert f"- [abi/box.h](abi/box{MD}): A box of numbers\n" in index
    assert f"- [box.capnp](box{MD}): Boxes\n" in index


def test_every_function_of_the_library_and_every_method_has_an_entry():
    """Seen from the other side: what the linker and the schema compiler know."""
    text = "".join(path.read_text() for path in PAGES.rglob("*.md"))
    headings = set(re.findall(r"[\w]+", " ".join(re.findall(r"^##+ (.*)$", text, re.MULTILINE))))
    symbols = subprocess.run(["llvm-nm-19", "--extern-only", "--defined-only", "--just-symbol-name",
                              "build/release/libcapos.a"], cwd=ROOT, check=True, text=True,
                             stdout=subprocess.PIPE).stdout.split()
    functions = {name for name in symbols if re.match(
        r"(?:capos|terminal|line_editor|history|key_decoder|format|list|heap)_\w+$", name)
        and not re.match(r"capos_(?:client|short|loop|receive)", name)}
    assert "capos_call_attach" in functions and functions <= headings
    golden = (ROOT / "tests/golden/schema.txt").read_text()
    interfaces = re.findall(r"^interface (\w+) .*\n((?:  .*\n)*)", golden, re.MULTILINE)
    methods = {name for _, body in interfaces for name in re.findall(r"^  (\w+)", body, re.MULTILINE)}
    assert len(interfaces) >= 11 and "spawn" in methods
    assert methods | {name for name, _ in interfaces} <= headings


def test_every_link_of_the_index_leads_to_a_page():
    links = re.findall(r"\]\((.*?)\)", (PAGES / f"README{MD}").read_text())
    assert len(links) > 30 and all((PAGES / link).is_file() for link in links)
