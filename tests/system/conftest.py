# SPDX-License-Identifier: MIT
"""Fixtures of the system tests: machines that are sure to end, and logs without trouble."""
import os
import re

import pytest

from machine import ROOT, VARIANT, Machine

# The kernel's stack has 16384 bytes; that it uses more than these is a mistake.
STACK_BUDGET = 4096
STACK = re.compile(r"^stack: used (\d+) of (\d+) bytes$", re.MULTILINE)
# Variants whose kernel says at its end how much it has used (BUILD_DEBUG).
MEASURED = ("debug", "double-fetch", "ubsan")


def check_stack(log, test):
    """Holds the stack's use to the budget, and keeps a note of it for whoever runs the tests."""
    for used, _ in STACK.findall(log):
        os.makedirs(os.path.join(ROOT, "build", "test"), exist_ok=True)
        with open(os.path.join(ROOT, "build", "test", "stack"), "a", encoding="ascii") as file:
            file.write(f"{used} {VARIANT} {test}\n")
        assert int(used) <= STACK_BUDGET, f"the kernel used {used} bytes of its stack"


@pytest.fixture
def start(request):
    """start(system, **options) gives a running Machine; it is ended after the test.

    A log with a warning or a panic fails the test, unless the test boots it with
    expect_trouble=True because that is what it is about.
    """
    machines = []

    def factory(system="default", expect_trouble=False, **options):
        machine = Machine(system, **options)
        machines.append((machine, expect_trouble))
        return machine

    yield factory
    troubles = []
    for machine, expect_trouble in machines:
        machine.close()
        check_stack(machine.log, request.node.name)
        if not expect_trouble:
            troubles += machine.trouble()
        machine.remove_log()
    assert not troubles, "the system's log holds:\n" + "\n".join(troubles)


@pytest.fixture
def boot(start):
    """boot(system, **options) gives a Machine that shows its prompt."""

    def factory(system="default", **options):
        return start(system, **options).boot()

    return factory
