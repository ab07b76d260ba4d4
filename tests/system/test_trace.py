# SPDX-License-Identifier: MIT
"""./capos run --trace: what programs and kernel say to each other, decoded by the schemas."""
import os
import random
import re
import subprocess
import sys

import pytest

from machine import ROOT, VARIANT

sys.path.insert(0, os.path.join(ROOT, "tools", "trace"))
import messages  # noqa: E402  (tools/trace/messages.py)


@pytest.fixture(scope="module")
def schema():
    with open(os.path.join(ROOT, "build", "gen", "abi.txt"), encoding="utf-8") as file:
        return messages.Schema(file.read())


def traced(start, path, system="default", **options):
    return start(system, trace_to=str(path), timeout=180, **options)


@pytest.mark.parametrize("variant", ["release", "debug"])
def test_operations_of_a_known_program(start, tmp_path, variant):
    machine = traced(start, tmp_path / "trace", variant=variant)
    machine.prompt(90)
    machine.command("run hello with { console: @console }", 60)
    machine.type("shutdown\r")
    assert machine.wait() == 0
    text = (tmp_path / "trace").read_text()
    hello = [line for line in text.splitlines() if line.startswith("hello#2 ")]
    assert [re.sub(r"tag \d+", "tag", line) for line in hello] == [
        'hello#2 > tag CALL Console.write {text: "Hello from capOS!\\n"}',
        "hello#2 < tag CALL Console.write -> ok {}",
        "hello#2 exit 0"]
    for pattern in (r'^shell#1 > tag \d+ CALL ProcessSpawner\.spawn \{binary: "hello", grants: '
                    r'\[\{name: "console", capability: capability 0, mode: copy, as: null, '
                    r'scope: sameSession, legacyBadge: \{absent: void\}\}\], arguments: \[\], '
                    r'limits: null, account: null, image: null\}$',
                    r"^shell#1 < tag \d+ CALL ProcessSpawner\.spawn -> ok "
                    r"\{process: capability 0, cookies: null\} with ProcessHandle 10\.1$",
                    r"^shell#1 < tag \d+ CALL ProcessHandle\.wait -> ok \{record: \{exited: 0\}\}$",
                    r"^shell#1 > tag \d+ RELEASE 10\.1$", r"^shell#1 < tag \d+ RELEASE -> ok$",
                    r"^shell#1 > tag \d+ CALL Power\.off"):
        assert re.search(pattern, text, re.MULTILINE), (pattern, text)
    assert "trace:" not in text


def test_hostile_entries_are_only_notes(start, tmp_path):
    strange = os.path.join(ROOT, "build", VARIANT, "strange.elf")
    # "with" is a word of Python's.
    machine = traced(start, tmp_path / "trace", **{"with": strange})
    machine.prompt(90)
    assert "exited with code 7" in machine.command(
        "run strange with { console: @console }", 60)
    text = (tmp_path / "trace").read_text()
    lines = [line.removeprefix("strange#2 ") for line in text.splitlines()
             if line.startswith("strange#2 ")]
    assert lines == [
        "> tag 5 OPERATION 77", "< tag 5 OPERATION 77 -> unknownOperation",
        "> tag 5 CALL method 0 of no capability {}",
        "< tag 5 CALL method 0 of no capability -> badCapability",
        "> tag 5 CALL Console unknown method 9 {}",
        "< tag 5 CALL Console unknown method 9 -> unknownMethod",
        "> tag 5 CALL Console.write <span 12032+16 out of bounds>",
        "< tag 5 CALL Console.write -> spanOutOfBounds",
        "> tag 5 CALL Console.write {text: <malformed: list out of bounds>}",
        "< tag 5 CALL Console.write -> malformedMessage",
        "sq_tail 1005 is out of range", "exit 7"]
    assert "trace:" not in text


def test_gdb_and_trace_exclude_each_other():
    runner = os.path.join(ROOT, "tools", "qemu")
    done = subprocess.run([runner, "exec", "--gdb", "--trace"], check=False, text=True,
                          stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT)
    assert done.returncode == 1 and "both need" in done.stdout


def test_messages_read_as_the_official_tool_wrote_them(schema):
    """The manifest of the default system, which `capnp eval` has encoded."""
    path = os.path.join(ROOT, "build", VARIANT, "default.manifest")
    with open(path, "rb") as file:
        content = file.read()
    name = next(name for name in schema.structs if name.endswith("SystemManifest"))
    text = messages.decode(schema, name, content)
    assert "malformed" not in text
    assert 'binary: "shell"' in text and 'name: "hello"' in text


def pointer(kind, offset, low, high):
    """A pointer's word: its kind, offset in words, and the upper half's two parts."""
    word = kind | (offset & 0x3fffffff) << 2 | low << 32 | high << 32
    return word.to_bytes(8, "little")


ONE_POINTER = pointer(0, 0, 0, 1 << 16)


@pytest.mark.parametrize("content, note", [
    (b"1234567", "no whole words"),
    (pointer(0, 5, 1, 0), "struct out of bounds"),
    (pointer(0, -5, 1, 0), "struct out of bounds"),
    (ONE_POINTER, "struct out of bounds"),
    (pointer(1, 0, 2, 0), "no struct pointer"),
    (ONE_POINTER + pointer(0, 0, 0, 1), "no list pointer"),
    (ONE_POINTER + pointer(1, 0, 2, 9 << 3), "list out of bounds"),
    (ONE_POINTER + pointer(1, 0, 6, 0), "no list of bytes"),
    (ONE_POINTER + pointer(1, 0, 7, 1 << 3) + pointer(0, 9, 1, 0) + bytes(8), "list tag"),
])
def test_what_is_malformed_is_named(schema, content, note):
    assert note in messages.decode(schema, "Console.writeParams", content)


def test_no_content_breaks_the_decoder(schema):
    chance = random.Random(3)
    for _ in range(3000):
        words = [chance.choice((chance.getrandbits(64),
                                chance.getrandbits(2) | chance.getrandbits(4) << 2 |
                                chance.getrandbits(6) << 32 | chance.getrandbits(3) << 48))
                 for _ in range(chance.randrange(12))]
        content = b"".join(word.to_bytes(8, "little") for word in words)
        name = chance.choice(sorted(schema.structs))
        assert isinstance(messages.decode(schema, name, content), str)
