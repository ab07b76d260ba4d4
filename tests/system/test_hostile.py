# SPDX-License-Identifier: MIT
"""Proofs that need more than a boot: a person at the port, another machine, counted time.

Their systems, system/hostile-*.capnp, have the same runner as the proof systems.
"""
import re

import pytest

RESULT = re.compile(r"^(ok|not ok|skip) (\S+)(.*)$", re.MULTILINE)


@pytest.fixture
def finish(record_property):
    """finish(machine) waits for the verdict, counts the lines and fails for a bad one."""

    def wait(machine):
        status = machine.wait()
        results = RESULT.findall(machine.log)
        for kind, name, reason in results:
            record_property("result", f"{kind}|{name}|{reason.strip()}")
        failed = [name + reason for kind, name, reason in results if kind == "not ok"]
        assert not failed, "failed: " + "; ".join(failed)
        assert status == 0 and results, machine.log[-3000:]

    return wait


def escaped(byte):
    """What the console makes of a byte."""
    if byte in b"\n\t" or 0x20 <= byte < 0x7f:
        return chr(byte)
    return f"\\x{byte:02x}"


def test_hostile_terminal(start, finish):
    machine = start("hostile-terminal")
    machine.expect(r"console begins\r?\n")
    machine.expect(r"\r?\nconsole ends")
    assert machine.before == "".join(map(escaped, range(256)))
    machine.expect(r"writes begin\r?\n")
    machine.expect(r"\r?\nwrites end")
    assert machine.before == "".join(chr(97 + i) * (100 + 30 * i) for i in range(12))
    for typed in ("xy", "early", "z"):
        machine.expect(f"type {typed}\r?\n")
        machine.type(typed)
    finish(machine)


def test_hostile_without_entropy(start, finish):
    finish(start("hostile-bare", cpu="max,-rdrand", icount=True))


@pytest.mark.parametrize("cpu", ["qemu64", "max,-fsgsbase", "max,-xsave"])
def test_hostile_state_on_lesser_processors(start, finish, cpu):
    """FS and GS by MSR, FPU by FXSAVE, without SMEP, SMAP and UMIP: the same proofs."""
    finish(start("proof-state", cpu=cpu, timeout=200))


def test_hostile_latency(start, finish):
    finish(start("hostile-latency", icount=True, timeout=200))
