# SPDX-License-Identifier: MIT
"""Booting: to the prompt, and, where that cannot be, to one clear line and a stop."""
import os
import re

import pytest

from machine import BOOT_SECONDS, PROMPT, ROOT, VARIANT

REFUSED = 63
MANIFEST = os.path.join(ROOT, "build", VARIANT, "default.manifest")


def assert_refused(machine):
    """The machine says once, on a line of its own, why it does not start, and ends."""
    status = machine.wait()
    lines = re.findall(r"^boot: refused: .+$", machine.log, re.MULTILINE)
    assert len(lines) == 1, machine.log
    assert "panic:" not in machine.log
    assert status == REFUSED
    return lines[0]


@pytest.fixture
def module(tmp_path):
    """module(bytes) gives the path of a file that holds them."""

    def write(content):
        path = tmp_path / "module"
        path.write_bytes(content)
        return path

    return write


def manifest():
    with open(MANIFEST, "rb") as file:
        return file.read()


def test_reaches_the_prompt_without_trouble(boot):
    assert boot().trouble() == []


def test_boot_is_the_same_each_time_under_counted_instructions(boot):
    logs = {boot(icount=True).log for _ in range(2)}
    assert len(logs) == 1


@pytest.mark.parametrize("cpu", ["qemu64", "qemu64,+smep", "qemu64,+smap", "max,-fsgsbase",
                                 "max,-smep,-smap,-umip"])
def test_reaches_the_prompt_on_lesser_processors(boot, cpu):
    boot(cpu=cpu)


@pytest.mark.parametrize("memory", [32, 128, 1024, 4096])
def test_reaches_the_prompt_with_any_usual_memory(boot, memory):
    boot(memory=memory)


def test_no_module_is_refused(start):
    assert_refused(start(no_module=True, expect_trouble=True))


@pytest.mark.parametrize("keep", [1, 7, 8, 64, 4096, -8, -1])
def test_truncated_manifest_is_refused(start, module, keep):
    content = manifest()[:keep]
    assert_refused(start(module=module(content), expect_trouble=True))


@pytest.mark.parametrize("content", [bytes(4096), b"\xff" * 4096, b"\x7fELF" * 1024])
def test_module_that_is_no_manifest_is_refused(start, module, content):
    assert_refused(start(module=module(content), expect_trouble=True))


@pytest.mark.parametrize("memory", [3, 4, 6, 8, 10, 12, 16])
def test_little_memory_ends_in_a_prompt_or_a_refusal(start, memory):
    machine = start(memory=memory, expect_trouble=True)
    seen = machine.expect(f"{PROMPT}|boot: refused: [^\r\n]+", BOOT_SECONDS).group()
    if seen.startswith("boot: refused: "):
        assert machine.wait() == REFUSED
    assert "panic:" not in machine.log


def test_unknown_words_on_the_command_line_do_no_harm(boot):
    boot(append="nonsense debug_exit= =x " + "y" * 1500)
