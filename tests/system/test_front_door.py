# SPDX-License-Identifier: MIT
"""./capos and the tools behind it, without booting anything."""
import os
import subprocess
import sys

import pytest

from machine import ROOT

sys.path.insert(0, os.path.join(ROOT, "tools", "check"))
from functions import functions_of  # noqa: E402

COMMANDS = ["run", "test", "check", "coverage", "bench", "sdk", "iso", "reference"]
ARGUMENTS = {"sdk": ["never-made"]}


def capos(*arguments, **environment):
    return subprocess.run([os.path.join(ROOT, "capos"), *arguments], check=False, text=True,
                          stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, env=dict(os.environ, **environment))


@pytest.fixture
def bare_machine(tmp_path):
    """A PATH on which no package is installed, and installing one is noticed."""
    for name, text in (("dpkg-query", "exit 1"), ("apt-get", f"echo called >{tmp_path}/called")):
        script = tmp_path / name
        script.write_text(f"#!/bin/sh\n{text}\n")
        script.chmod(0o755)
    return f"{tmp_path}:{os.environ['PATH']}"


@pytest.mark.parametrize("arguments", [["fly"], [], ["symbolize", "a", "b"],
                                       ["bench", "--json"], ["check", "x"], ["coverage", "x"],
                                       ["fuzz", "elf", "1", "2"], ["iso", "a", "b"]])
def test_misuse_shows_the_usage(arguments):
    done = capos(*arguments)
    assert done.returncode == 2
    assert "usage: ./capos COMMAND" in done.stdout


def test_run_refuses_what_is_no_option():
    done = capos("run", "a", "b")
    assert done.returncode == 2
    assert "unrecognized arguments: b" in done.stdout


def test_help_names_every_command():
    done = capos("help")
    assert done.returncode == 0
    for command in COMMANDS + ["fuzz", "gdb", "clean", "help"]:
        assert f"\n  {command} " in done.stdout


@pytest.mark.parametrize("command", COMMANDS)
def test_missing_packages_are_named_and_nothing_is_installed(command, bare_machine, tmp_path):
    done = capos(command, *ARGUMENTS.get(command, []), CAPOS_NO_INSTALL="1", PATH=bare_machine)
    assert done.returncode == 3
    assert "clang-19" in done.stdout
    assert ("qemu-system-x86" in done.stdout) == (command not in ("sdk", "iso", "reference"))
    assert ("python3-pytest" in done.stdout) == (command in ("test", "check", "coverage"))
    assert not (tmp_path / "called").exists()


def test_iso_is_put_where_it_was_asked_for(tmp_path):
    done = capos("iso", str(tmp_path / "a b.iso"), CAPOS_NO_INSTALL="1")
    assert done.returncode == 0, done.stdout
    assert done.stdout.endswith(f"{tmp_path}/a b.iso\n")
    with open(os.path.join(ROOT, "build", "release", "default.iso"), "rb") as file:
        assert file.read() == (tmp_path / "a b.iso").read_bytes()


def test_an_empty_system_needs_its_maker(bare_machine, tmp_path):
    done = capos("test", "fresh", CAPOS_NO_INSTALL="1", PATH=bare_machine)
    assert done.returncode == 3
    assert "debootstrap" in done.stdout
    assert not (tmp_path / "called").exists()


def test_every_package_has_commands_and_a_reason():
    with open(os.path.join(ROOT, "tools", "packages"), encoding="utf-8") as file:
        lines = [line for line in file if not line.startswith("#")]
    for line in lines:
        name, commands, reason = (field.strip() for field in line.split("|"))
        assert name and reason
        assert set(commands.split()) <= {*COMMANDS, "fuzz", "gdb", "fresh"} and commands
    names = [line.split("|")[0].strip() for line in lines]
    assert len(names) == len(set(names))


@pytest.mark.parametrize("options, why", [
    (["--firmware", "ovmf"], "ovmf boots only from --iso"),
    (["--iso", "cd", "--append", "x"], "brings its own kernel"),
    (["--iso", "disk", "--machine", "microvm"], "only q35 has drives"),
])
def test_runner_refuses_what_does_not_go_together(options, why):
    runner = os.path.join(ROOT, "tools", "qemu")
    done = subprocess.run([runner, "exec", *options], check=False, text=True,
                          stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT)
    assert done.returncode == 1
    assert why in done.stdout


def test_runner_refuses_what_is_not_built():
    runner = os.path.join(ROOT, "tools", "qemu")
    done = subprocess.run([runner, "exec", "no-such-system"], check=False, text=True,
                          stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT)
    assert done.returncode == 1
    assert "is not built" in done.stdout


def test_functions_are_measured():
    text = ("static const struct x table[] = { { 1 }, { 2 } };\n"
            "int deep(int a, void (*b)(int, int))\n"
            "{\n"
            "\tif (a)\n\t\tfor (;;)\n\t\t\twhile (a)\n\t\t\t\tif (a)\n\t\t\t\t\ta--;\n"
            "}\n"
            "struct y { int z; };\n"
            "[[nodiscard]] struct y flat(void)\n"
            "{\n"
            "\tif (0)\n\t\treturn (struct y){ 1 };\n\telse if (1)\n\t\treturn (struct y){ 2 };\n"
            "\tdo {\n\t} while (0);\n"
            "\treturn (struct y){ .z = '{' };\n"
            "}\n")
    assert list(functions_of(text)) == [("deep", 2, 8, 4, 2), ("flat", 11, 10, 1, 0)]
