# SPDX-License-Identifier: MIT
"""The host tool that puts function names into a fault's lines."""
import os
import re
import subprocess

from machine import ROOT, VARIANT


def symbolized(log):
    tool = os.path.join(ROOT, "tools", "symbolize")
    return subprocess.run([tool, "--variant", VARIANT], input=log, text=True, check=True,
                          stdout=subprocess.PIPE).stdout


def test_a_fault_gets_function_and_line(boot):
    machine = boot()
    machine.command("run fault page")
    text = symbolized(machine.log)
    rip = re.search(r"fault: process=fault .* rip=(0x[0-9a-f]+)", text).group(1)
    assert re.search(rf"^ +{rip} \w+ at \S+\.[chS]:\d+", text, re.MULTILINE), text
    assert re.search(r"^ +0x[0-9a-f]+ capos_main at \S+:\d+", text, re.MULTILINE), text


def test_every_line_of_the_log_stays(boot):
    log = boot().log
    assert symbolized(log).rstrip("\n") == log.rstrip("\n")


def test_unknown_programs_and_garbage_pass():
    log = "fault: process=nobody pid=1 rip=0x1234 rsp=0x0\nfault: stack 0x1 0x2\nfault: stack\n"
    assert symbolized(log) == log


def test_an_exception_in_the_kernel_gets_function_and_line():
    """As the variant ubsan meets one at each check that fails."""
    kernel = os.path.join(ROOT, "build", VARIANT, "kernel.elf")
    symbols = subprocess.run(["llvm-nm-19", kernel], text=True, check=True,
                             stdout=subprocess.PIPE).stdout
    address = "0x" + re.search(r"^([0-9a-f]+) . trap_from_user$", symbols, re.MULTILINE).group(1)
    text = symbolized(f"trap: vector 6 error 0x0 rip {address} rsp 0x1 cr2 0x0 flags 0x2\n")
    assert re.search(rf"^ +{address} trap_from_user at trap\.c:\d+", text, re.MULTILINE), text


def test_run_names_functions_at_once(boot):
    machine = boot(mode="run")
    machine.type("run fault page\r")
    machine.expect(r"fault: process=fault .* rip=(0x[0-9a-f]+).*\r?\n +\1 \w+ at \S+\.[chS]:\d+")
    machine.expect(r"\n +0x[0-9a-f]+ capos_main at fault\.c:\d+")


def test_only_what_is_executed_has_a_name(boot):
    machine = boot()
    machine.command("run fault page")
    text = symbolized(machine.log)
    assert re.search(r"fault: stack .*\b0x0\b", text)
    assert not re.search(r"^ +0x[0-9a-f]{1,4} ", text, re.MULTILINE)
