# SPDX-License-Identifier: MIT
"""Fixtures of the system tests: machines that are sure to end, and logs without trouble."""
import pytest

from machine import Machine


@pytest.fixture
def start():
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
