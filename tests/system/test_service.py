# SPDX-License-Identifier: MIT
"""The example of a service and its client: user/app/counter, user/app/count."""


def test_three_clients_share_a_counter(start):
    machine = start("counter")
    status = machine.wait()
    visits = [line for line in machine.log.splitlines() if line.startswith("count: ")]
    assert sorted(visits) == ["count: 1 visits", "count: 2 visits", "count: 3 visits"], machine.log[-2000:]
    assert status == 0, machine.log[-2000:]
