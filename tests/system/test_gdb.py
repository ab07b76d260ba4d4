# SPDX-License-Identifier: MIT
"""./capos run --gdb and ./capos gdb: the commands of tools/debug/capos-gdb.py, on both kernels."""
import os
import re
import socket
import subprocess
import time

import pytest
from pexpect.popen_spawn import PopenSpawn

from machine import PROMPT, ROOT

SECONDS = 60
GRANTS = ["console", "uart", "timer", "entropy_source", "boot_package", "process_spawner", "power",
          "audit"]


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Debugger:
    """One gdb at work; each command gives its output."""

    def __init__(self, variant, port):
        attach = os.path.join(ROOT, "tools", "debug", "attach")
        self._child = PopenSpawn(["timeout", "-s", "KILL", "180", attach, "--variant", variant,
                                  str(port)], timeout=SECONDS, encoding="latin-1")
        self._child.expect_exact("(gdb) ")

    def send(self, line):
        self._child.sendline(line)

    def output(self):
        self._child.expect_exact("(gdb) ")
        return self._child.before

    def __call__(self, line):
        self.send(line)
        return self.output()

    def close(self):
        process = self._child.proc
        if process.poll() is None:
            process.terminate()
            process.wait(10)
        for stream in (process.stdin, process.stdout):
            stream.close()


@pytest.fixture(params=["release", "debug"])
def session(request, start):
    """(machine, gdb) of a machine that stands before its first instruction."""
    port = free_port()
    machine = start("default", timeout=180, variant=request.param, gdb=port)
    machine.expect(rf"another terminal: ./capos gdb .*{port}", SECONDS)
    gdb = Debugger(request.param, port)
    yield machine, gdb
    gdb.close()


def stopped_at(gdb, function):
    gdb("tbreak " + function)
    assert function.lstrip("*") in gdb("continue")


def test_gdb_shows_the_kernel(session):
    machine, gdb = session
    stopped_at(gdb, "kernel_syscall")
    rings = gdb("capos rings")
    assert "shell#1: ring block 0xffff8000" in rings
    assert "kernel: sq_head 0 cq_tail 0 cq_head 0 waiting 0" in rings
    assert "block:  sq_head 0 sq_tail 1 cq_head 0 cq_tail 0" in rings
    assert re.search(r"submission tag \d+: call target \d+\.1 method \d+ parameters", rings)

    # Of the release kernel only what assembly calls, or is, has a place of its own for sure.
    stopped_at(gdb, "*hal_idle")
    check_words(gdb)
    check_symbols(gdb, "shell")

    gdb("tbreak *&resume")
    gdb.send("continue")
    machine.expect(PROMPT, SECONDS)
    machine.type("\r")
    assert "resume" in gdb.output()
    rings = gdb("capos rings 1")
    assert re.search(r"completion tag \d+: ok, done, \d+ bytes, 0 capabilities, user_data 0x", rings)
    assert "waiting 0" in rings


def check_words(gdb):
    """The shell waits for input: what each command must say then."""
    assert re.search(r"^\* shell#1: running, 10 capabilities, \d+ of \d+ bytes$",
                     gdb("capos processes"), re.MULTILINE)
    assert re.search(r"^shell#1: blocked, rip 0x2\w+ rsp 0x2\w+, waits for 1 completions, "
                     r"deadline none$", gdb("capos threads"), re.MULTILINE)
    capabilities = gdb("capos capabilities shell")
    for slot, name in enumerate(["virtual_memory", "account"] + GRANTS):
        assert re.search(rf"^  {slot}\.1 \(0x10000000{slot}\): {name}", capabilities, re.MULTILINE)
    operations = gdb("capos operations")
    assert "shell#1: 1 waiting" in operations
    assert re.search(r"tag \d+: on uart \(uart_object\), deadline none, results", operations)
    accounts = gdb("capos accounts")
    assert re.search(r"^root: open, memory \d+/\d+, slots 16384/", accounts)
    assert re.search(r"^  shell#1: open, memory \d+/\d+, slots 10/16384, threads 1/4096", accounts,
                     re.MULTILINE)
    queue = gdb("capos queue")
    for line in ("current: shell#1", "ready: none", "work: none", "timer: never"):
        assert line in queue
    assert "slot 2, generation 1" in gdb("print (struct cap_id){ 0x100000002 }")
    assert re.search(r"tag \d+: ok, done, 16 bytes", gdb("print boot_cpu.current->ring.cq[0]"))
    assert "there is no process 'nobody'" in gdb("capos rings nobody")


def check_symbols(gdb, name):
    """Each program's symbols in turn, though all stand at the same address."""
    assert f"{name}.elf" in gdb("capos symbols")
    assert f"{name}.elf" in gdb("info symbol capos_main")
    assert "hello.elf" in gdb("capos symbols hello")
    assert "hello.elf" in gdb("info symbol capos_main")
    assert f"{name}.elf" in gdb(f"capos symbols {name}")
    assert "is not there" in gdb("capos symbols no-such-program")


def test_gdb_stops_in_a_program(session):
    machine, gdb = session
    gdb("capos symbols hello")
    # All programs stand at the same addresses.
    gdb('break capos_main if $capos_in("hello")')
    gdb.send("continue")
    machine.expect(PROMPT, SECONDS)
    machine.type("run hello\r")
    assert re.search(r"capos_main \(\) at \S*hello\.c:\d+", gdb.output())
    processes = gdb("capos processes")
    assert re.search(r"^\* hello#\d+: running", processes, re.MULTILINE)
    assert re.search(r"^  shell#1: running", processes, re.MULTILINE)


def test_the_stub_is_not_in_reach_of_others(start):
    """It listens on the loopback address, 127.0.0.1 as the kernel of the host prints it."""
    port = free_port()
    machine = start("default", gdb=port)
    machine.expect("another terminal", SECONDS)
    end = time.monotonic() + SECONDS
    listening = []
    while not listening and time.monotonic() < end:
        time.sleep(0.1)
        for table in ("/proc/net/tcp", "/proc/net/tcp6"):
            with open(table, encoding="ascii") as file:
                listening += [line.split()[1] for line in file if f":{port:04X} " in line
                              and line.split()[3] == "0A"]
    assert listening == [f"0100007F:{port:04X}"]


def test_a_system_may_follow_the_option():
    runner = os.path.join(ROOT, "tools", "qemu")
    for arguments in (["--gdb", "no-such-system"], ["--gdb", "1", "no-such-system"],
                      ["no-such-system", "--gdb"]):
        done = subprocess.run([runner, "exec", *arguments], check=False, text=True,
                              stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT)
        assert "no-such-system.manifest is not built" in done.stdout


def guide():
    with open(os.path.join(ROOT, "docs/guides/debugging.md"), encoding="utf-8") as file:
        return file.read()


def test_the_guide_names_every_command_and_no_other(session):
    _, gdb = session
    stopped_at(gdb, "kernel_syscall")
    named = set(re.findall(r"^\| `(capos \w+)", guide(), re.MULTILINE))
    assert named == set(re.findall(r"^(capos \w+) -- ", gdb("help capos"), re.MULTILINE))
    for command in named:
        output = gdb(command)
        assert "Error" not in output and "Exception" not in output, output


def test_what_the_guide_types_works(session):
    """Its first example, as it stands."""
    _, gdb = session
    example = guide().split("```\n(gdb) ", 2)[1].split("```")[0]
    lines = [line.removeprefix("(gdb) ") for line in example.splitlines()]
    outputs = [gdb(line) for line in lines[:3]]
    shape = [re.sub(r"0x\w+|\d+", "N", line) for line in lines[3:]]
    assert [re.sub(r"0x\w+|\d+", "N", line) for line in outputs[2].splitlines()] == shape


def test_the_runner_has_the_options_of_the_guide():
    runner = os.path.join(ROOT, "tools", "qemu")
    usage = subprocess.run([runner, "--help"], check=True, text=True,
                           stdout=subprocess.PIPE).stdout
    for option in set(re.findall(r"(?<![|-] )(--[a-z]+[a-z-]*)", guide())) - {"--variant"}:
        assert option in usage
