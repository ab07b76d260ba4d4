# SPDX-License-Identifier: MIT
"""Boots every proof system, system/proof-*.capnp.

Its first process runs hostile and ordinary programs and prints one line for each thing proved:
"ok NAME", "not ok NAME reason" or "skip NAME reason".  tools/test counts each line as a result.
"""
import glob
import os
import re

import pytest

from conftest import MEASURED, STACK
from machine import ROOT, VARIANT

SYSTEMS = sorted(os.path.basename(path)[:-len(".capnp")]
                 for path in glob.glob(os.path.join(ROOT, "system", "proof-*.capnp")))
RESULT = re.compile(r"^(ok|not ok|skip) (\S+)(.*)$", re.MULTILINE)


@pytest.mark.parametrize("system", SYSTEMS)
def test_proof(system, start, record_property):
    machine = start(system, timeout=240)
    status = machine.wait()
    results = RESULT.findall(machine.log)
    for kind, name, reason in results:
        record_property("result", f"{kind}|{name}|{reason.strip()}")
    assert VARIANT not in MEASURED or STACK.search(machine.log), "the stack was not measured"
    failed = [f"{name}{reason}" for kind, name, reason in results if kind == "not ok"]
    names = [name for _, name, _ in results]
    assert not failed, "failed: " + "; ".join(failed) + "\n" + machine.log[-3000:]
    assert len(names) == len(set(names)), "a result is reported twice"
    assert "ok" in (kind for kind, _, _ in results), "nothing was proved:\n" + machine.log[-3000:]
    assert status == 0, f"verdict {status}:\n" + machine.log[-3000:]
