# SPDX-License-Identifier: MIT
"""Booting: to the prompt, and, where that cannot be, to one clear line and a stop."""
import os
import re
import socket
import time

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


# Every way to boot.  A medium, and UEFI, take longer than a kernel that is handed over.
MEDIUM_SECONDS = 90
MACHINES = {
    "q35-seabios": {"firmware": "seabios"},
    "q35-qboot": {"firmware": "qboot"},
    "microvm": {"machine": "microvm"},
    "microvm-noacpi": {"machine": "microvm-noacpi"},
    "iso-cd-seabios": {"iso": "cd", "firmware": "seabios"},
    "iso-disk-seabios": {"iso": "disk", "firmware": "seabios"},
    "iso-cd-ovmf": {"iso": "cd", "firmware": "ovmf"},
    "iso-disk-ovmf": {"iso": "disk", "firmware": "ovmf"},
}


def ends_by_its_own_switch(machine):
    """Neither the emulator's exit device nor a reset is needed to end it."""
    machine.type("shutdown\r")
    return machine.wait() == 0 and machine.log.count("first process started") == 1


@pytest.mark.parametrize("cpus", [1, 4])
@pytest.mark.parametrize("way", MACHINES)
def test_reaches_the_prompt_by_each_way(start, way, cpus):
    options = MACHINES[way]
    # Without ACPI there is no switch: a reset is what ends such a machine.
    reset = way != "microvm-noacpi"
    machine = start(cpus=cpus, no_debug_exit=True, **({"reset": True} if reset else {}), **options)
    machine.prompt(MEDIUM_SECONDS if "iso" in options else BOOT_SECONDS)
    loader = "Multiboot2" if "iso" in options else "PVH"
    listed = "1 CPU known, none listed" if way == "microvm-noacpi" \
        else "4 CPUs listed" if cpus == 4 else "1 CPU listed"
    assert f"boot: loaded by {loader}; {listed}, CPU 0 runs\n" in machine.log
    names = "boot: CPUs 0 to 3\n" if "4 CPUs" in listed else "boot: CPU 0\n"
    assert names in machine.log
    assert "first prompt after" in machine.command("uptime")
    assert ends_by_its_own_switch(machine)


@pytest.mark.parametrize("way", ["q35-seabios", "iso-cd-seabios", "iso-cd-ovmf"])
def test_much_memory_hides_nothing(start, way):
    """Loader and firmware then leave their structures near 2 GiB."""
    machine = start(memory=4096, **MACHINES[way])
    machine.prompt(MEDIUM_SECONDS)
    assert "1 CPU listed" in machine.log


@pytest.mark.parametrize("way", ["q35-seabios", "q35-qboot", "microvm"])
def test_reset_starts_the_machine_again(start, way):
    machine = start("boot-reset", no_debug_exit=True, reset=True, **MACHINES[way])
    for _ in range(3):
        machine.expect("first process started", BOOT_SECONDS)


def test_devices_of_the_command_line_are_listed(start):
    machine = start(machine="microvm-noacpi", device="virtio-rng-device").boot()
    found = re.findall(r"^boot: device at 0xfeb0[0-9a-f]{4}, 512 bytes, interrupt line \d+$",
                       machine.log, re.MULTILINE)
    assert len(found) == 1, machine.log


def test_malformed_devices_cost_a_warning(start):
    machine = start(append="virtio_mmio.device=512@0x200000:5 virtio_mmio.device=1@:"
                           " virtio_mmio.device=4K@0xd0000000:5", expect_trouble=True).boot()
    assert machine.trouble() == ["warning: 2 devices of the command line were refused"]
    assert "boot: device at 0xd0000000, 4096 bytes, interrupt line 5\n" in machine.log


def wait_until(condition, seconds):
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"not within {seconds} s"
        time.sleep(0.1)


def screen_text(monitor, tmp_path):
    """The characters in VGA text memory."""
    path = tmp_path / "screen"
    path.unlink(missing_ok=True)
    wait_until(monitor.exists, BOOT_SECONDS)
    with socket.socket(socket.AF_UNIX) as connection:
        connection.connect(str(monitor))
        connection.sendall(f'pmemsave 0xb8000 4000 "{path}"\n'.encode())
        wait_until(lambda: path.exists() and path.stat().st_size == 4000, BOOT_SECONDS)
    return path.read_bytes()[::2].decode("latin-1")


def test_screen_says_where_the_console_is(start, tmp_path):
    monitor = tmp_path / "monitor"
    machine = start(iso="cd", screen=True, monitor=monitor)
    machine.prompt(MEDIUM_SECONDS)
    text = screen_text(monitor, tmp_path)
    assert "console is the first serial port (COM1): 115200 baud" in text
    assert "no such port" not in text


def test_screen_says_that_there_is_no_console(start, tmp_path):
    monitor = tmp_path / "monitor"
    start(iso="cd", screen=True, no_serial=True, monitor=monitor)
    wait_until(lambda: "no such port" in screen_text(monitor, tmp_path), MEDIUM_SECONDS)


def test_uefi_screen_says_where_the_console_is(start):
    """What UEFI shows on its screen it also sends to its serial port."""
    machine = start(iso="cd", firmware="ovmf", screen=True)
    machine.expect(r"console is the first serial port", MEDIUM_SECONDS)
    machine.prompt(MEDIUM_SECONDS)
