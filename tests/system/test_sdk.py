# SPDX-License-Identifier: MIT
"""The SDK: installed, used from another folder by another user, and what it refuses."""
import filecmp
import json
import os
import pathlib
import re
import shutil
import subprocess
import tempfile

import pexpect
import pytest
from pexpect.popen_spawn import PopenSpawn

from machine import BOOT_SECONDS, PROMPT, REPLY_SECONDS

ROOT = pathlib.Path(__file__).resolve().parents[2]
RELEASE = ROOT / "build/release"
GUIDE = ROOT / "docs/guides/sdk.md"
NOBODY = 65534
HELLO = """#include "user/rt/capos.h"

int capos_main(void)
{
	capos_print("hello\\n");
	return 3;
}
"""


def run(*words, cwd=None, status=0, user=None, **environment):
    """Runs a command; it must end with that status.  Returns everything it wrote."""
    identity = {"user": user, "group": user, "extra_groups": []} if user is not None else {}
    done = subprocess.run([str(word) for word in words], cwd=cwd, check=False, text=True,
                          stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, timeout=300,
                          env=dict(os.environ, CAPOS_NO_INSTALL="1", **environment), **identity)
    assert done.returncode == status, done.stdout
    return done.stdout


def install(prefix, **options):
    return run(ROOT / "capos", "sdk", prefix, **options)


def contents(folder):
    """Relative path, bytes, mode and time of every file."""
    return {path.relative_to(folder): (path.read_bytes(), path.stat().st_mode & 0o777,
                                       path.stat().st_mtime_ns)
            for path in sorted(folder.rglob("*")) if path.is_file()}


@pytest.fixture(scope="module")
def prefix(tmp_path_factory):
    """An SDK; tests only read it."""
    folder = tmp_path_factory.mktemp("sdk") / "pre fix"
    install(folder)
    return folder


@pytest.fixture
def capos_cc(prefix, tmp_path):
    """capos_cc(ARGUMENT...) runs the compiler in a folder of the test's own."""

    def call(*words, **options):
        return run(prefix / "bin/capos-cc", *words, **dict({"cwd": tmp_path}, **options))

    return call


@pytest.fixture
def unprivileged():
    """(folder, user): a folder, with a blank in its name, of a user who may write nothing else.

    The user is None, ourselves, where we are not root.
    """
    folder = pathlib.Path(tempfile.mkdtemp(prefix="capos sdk "))
    user = None
    if os.geteuid() == 0:
        user = NOBODY
        os.chown(folder, user, user)
    os.chmod(folder, 0o755)
    yield folder, user
    subprocess.run(["chmod", "-R", "u+w", str(folder)], check=True)
    shutil.rmtree(folder)


def dialogue(command, lines, cwd, user=None):
    """Boots by a command, types lines at the shell; returns their answers."""

    def become():
        if user is not None:
            os.setgroups([])
            os.setgid(user)
            os.setuid(user)

    child = PopenSpawn([str(word) for word in command], cwd=str(cwd), timeout=REPLY_SECONDS,
                       encoding="latin-1", preexec_fn=become)
    answers = []
    try:
        child.expect(PROMPT, timeout=BOOT_SECONDS)
        for line in lines:
            child.send(line + "\r")
            child.expect(PROMPT)
            answers.append(child.before.replace("\r", "").split("\n", 1)[1])
        child.send("exit\r")
        child.expect(pexpect.EOF)
        assert child.proc.wait(10) == 0
    finally:
        if child.proc.poll() is None:
            child.proc.terminate()
            child.proc.wait(20)
    return answers


def who_reaches_the_tree(user):
    """That user, or None (ourselves) where the tree lies behind a folder closed to it."""
    if user is None:
        return None
    probe = subprocess.run(["test", "-r", str(ROOT / "capos")], check=False, user=user, group=user,
                           extra_groups=[])
    return user if probe.returncode == 0 else None


# --- Three commands -------------------------------------------------------------------------------


def test_three_commands_from_another_folder(unprivileged):
    folder, user = unprivileged
    (folder / "hello.c").write_text(HELLO)
    # Who cannot read the tree is given an SDK; only its folder's owner can write it.
    installer = who_reaches_the_tree(user)
    install(folder / "sdk", user=installer)
    run("chmod", "-R", "a-w", folder / "sdk")
    run("sdk/bin/capos-cc", "-o", "mine.elf", "hello.c", cwd=folder, user=user)
    answers = dialogue([ROOT / "capos", "run", "--with", "mine.elf"],
                       ["run mine with { console: @console }", "run mine", "programs"],
                       folder, installer)
    assert answers[0] == "hello\nmine: exited with code 3\n"
    assert answers[1] == "mine: exited with code 3\n"
    assert "mine" in answers[2].split()
    assert {entry.name for entry in folder.iterdir()} == {"hello.c", "mine.elf", "sdk"}


def test_programs_with_a_schema_of_their_own(prefix, capos_cc, tmp_path, start):
    shutil.copytree(prefix / "share/capos/template", tmp_path / "project")
    run("make", f"CAPOS_CC={prefix}/bin/capos-cc", cwd=tmp_path / "project")
    assert "up to date" in run("make", f"CAPOS_CC={prefix}/bin/capos-cc", cwd=tmp_path / "project")
    capos_cc("-o", "at-once.elf", "project/greet.c", "project/greeting.capnp")
    # --with twice: one manifest with both.
    system = start(**{"with": tmp_path / "project/greet.elf", "timeout": 60})
    system.boot()
    assert system.command('run greet World "a b" with { console: @console }') == (
        "Greetings, World!\nGreetings, a b!\nGreetings, a b!\ngreet: exited with code 0\n")
    assert system.command('run greet "" with { console: @console }').startswith("greet: exited")
    second = dialogue([ROOT / "capos", "run", "--with", tmp_path / "project/greet.elf", "--with",
                       "at-once.elf"], ["run at-once x with { console: @console }",
                                        "run greet y with { console: @console }"], tmp_path)
    assert second == ["Greetings, x!\nat-once: exited with code 0\n",
                      "Greetings, y!\ngreet: exited with code 0\n"]


# --- What the compiler makes ------------------------------------------------------------------------


@pytest.mark.parametrize("program", ["app/hello", "app/calc", "shell"])
def test_a_program_is_the_same_as_in_the_tree(program, capos_cc, tmp_path):
    shutil.copytree(ROOT / "user" / program, tmp_path / "user" / program)
    sources = sorted(f"user/{program}/{path.name}" for path in (ROOT / "user" / program).glob("*.c"))
    capos_cc("-I.", "-o", "it.elf", *sources)
    assert filecmp.cmp(tmp_path / "it.elf", RELEASE / (program.split("/")[-1] + ".elf"), False)


def test_the_place_of_the_sdk_leaves_no_trace(prefix, tmp_path):
    programs = []
    for name in ("here", "there and elsewhere"):
        folder = tmp_path / name
        folder.mkdir()
        shutil.copytree(prefix, folder / "sdk")
        shutil.copytree(prefix / "share/capos/template", folder / "project")
        run("../sdk/bin/capos-cc", "-o", "it.elf", "greet.c", "greeting.capnp",
            cwd=folder / "project")
        programs.append((folder / "project/it.elf").read_bytes())
        assert str(folder).encode() not in programs[-1]
    assert programs[0] == programs[1]


def test_the_compiler_is_found_through_a_link_and_the_path(prefix, tmp_path):
    (tmp_path / "hello.c").write_text(HELLO)
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin/capos-cc").symlink_to(prefix / "bin/capos-cc")
    run("capos-cc", "hello.c", cwd=tmp_path, PATH=f"{tmp_path}/bin:{os.environ['PATH']}")
    assert (tmp_path / "hello.elf").exists()


def test_objects_are_compiled_and_linked_apart(capos_cc, tmp_path):
    (tmp_path / "hello.c").write_text(HELLO)
    (tmp_path / "two.c").write_text("int two(void);\nint two(void)\n{\n\treturn 2;\n}\n")
    capos_cc("-o", "at-once.elf", "hello.c", "two.c")
    capos_cc("-c", "hello.c", "two.c")
    capos_cc("-o", "linked.elf", "hello.o", "two.o")
    assert filecmp.cmp(tmp_path / "at-once.elf", tmp_path / "linked.elf", False)
    capos_cc("--debug", "-o", "debug.elf", "hello.c")
    assert not filecmp.cmp(tmp_path / "at-once.elf", tmp_path / "debug.elf", False)
    assert "capos_main:" in (capos_cc("-S", "-o", "hello.s", "hello.c") +
                             (tmp_path / "hello.s").read_text())


def test_every_installed_header_compiles(prefix, capos_cc, tmp_path):
    include = prefix / "include/capos"
    headers = sorted(str(path.relative_to(include)) for path in include.rglob("*.h")
                     if path.parts[-3] != "config" and "freestanding" not in path.parts)
    assert len(headers) > 40
    (tmp_path / "all.c").write_text("".join(f'#include "{header}"\n' for header in headers) +
                                    "extern int declared;\n")
    capos_cc("-Werror", "-Wconversion", "-Wshadow", "-c", "all.c")


def test_the_librarys_names_are_those_of_the_guide(prefix):
    section = GUIDE.read_text().split("## What is public")[1].split("\n## ")[0]
    known = tuple(name for name in re.findall(r"`(\w+)`", section))
    generated = {name for path in (prefix / "include/capos/schema").glob("*.server.h")
                 for name in re.findall(r"enum status (\w+_dispatch)\(", path.read_text())}
    assert "capos_" in known and "console_dispatch" in generated
    symbols = run("llvm-nm-19", "--extern-only", "--defined-only", "--just-symbol-name",
                  prefix / "lib/capos/release/libcapos.a").split("\n")
    strangers = [name for name in symbols if name and not name.endswith(":")
                 and not name.startswith(known) and name not in generated]
    assert strangers == []


# --- What it refuses --------------------------------------------------------------------------------


@pytest.mark.parametrize("words, message", [
    ([], "no input file"), (["nothing.c"], "nothing.c: no such file"),
    (["text.txt"], "text.txt: neither .c"), (["hello.c", "-o"], "lacks its argument"),
    (["-c", "-o", "x.o", "hello.c", "text.c"], "-o with several"), (["-c"], "no input file"),
])
def test_misuse_is_explained(words, message, capos_cc, tmp_path):
    for name in ("hello.c", "text.c", "text.txt"):
        (tmp_path / name).write_text(HELLO)
    assert message in capos_cc(*words, status=2)


def test_faults_of_the_source_are_the_compilers_to_tell(capos_cc, tmp_path):
    (tmp_path / "bad.c").write_text("int capos_main(void)\n{\n\treturn it;\n}\n")
    assert "bad.c:3:9: error:" in capos_cc("-o", "bad.elf", "bad.c", status=1)
    (tmp_path / "bad.capnp").write_text("@0xb1e7c0a9d2f45399;\nstruct It { a @0 :AnyPointers; }\n")
    assert "bad.capnp:2" in capos_cc("bad.capnp", status=1)
    (tmp_path / "empty.c").write_text("extern int declared;\n")
    assert "capos_main" in capos_cc("-o", "empty.elf", "empty.c", status=1)
    assert not list(tmp_path.glob("*.elf"))


@pytest.mark.parametrize("missing, words, package", [
    ("clang-19", ["hello.c"], "clang-19"), ("ld.lld-19", ["hello.c"], "lld-19"),
    ("capnp", ["it.capnp"], "capnproto")])
def test_a_missing_tool_is_named(missing, words, package, prefix, tmp_path):
    tools = tmp_path / "tools"
    tools.mkdir()
    for name in ("sh dirname basename readlink cat sed tr wc mktemp rm mkdir find sort "
                 "clang-19 ld.lld-19 capnp").split():
        if name != missing:
            (tools / name).symlink_to(shutil.which(name))
    (tmp_path / "hello.c").write_text(HELLO)
    (tmp_path / "it.capnp").write_text("@0xb1e7c0a9d2f45399;\n")
    output = run(prefix / "bin/capos-cc", *words, cwd=tmp_path, status=3, PATH=str(tools))
    assert f"capos-cc: {missing} is not installed" in output and package in output


def build_strangers(folder):
    """Files that --with must refuse, with what it says."""
    (folder / "hello.c").write_text("int main(void)\n{\n\treturn 0;\n}\n")
    (folder / "text.elf").write_text(HELLO)
    (folder / "empty.elf").write_text("")
    run("clang-19", "-c", "-o", "object.elf", "hello.c", cwd=folder)
    run("clang-19", "-fuse-ld=lld", "-o", "host.elf", "hello.c", cwd=folder)
    run("clang-19", "-fuse-ld=lld", "-no-pie", "-o", "dynamic.elf", "hello.c", cwd=folder)
    run("clang-19", "-fuse-ld=lld", "-shared", "-fPIC", "-o", "library.elf", "hello.c", cwd=folder)
    program = (RELEASE / "hello.elf").read_bytes()
    (folder / "cut.elf").write_bytes(program[:100])
    (folder / "hello.elf").write_bytes(program)
    (folder / "init.elf").write_bytes(program)
    (folder / "Capital.elf").write_bytes(program)
    (folder / "a=b.elf").write_bytes(program)
    (folder / ("x" * 33 + ".elf")).write_bytes(program)
    (folder / "arm.elf").write_bytes(program[:18] + b"\xb7\0" + program[20:])


STRANGERS = {"text.elf": "is not an ELF file", "empty.elf": "is empty",
             "object.elf": "is an object file", "host.elf": "is position-independent",
             "dynamic.elf": "is linked dynamically", "library.elf": "is position-independent",
             "cut.elf": "is cut short", "arm.elf": "is an ELF file for another processor",
             "hello.elf": '"hello" is a program of this system already',
             "init.elf": '"init" is kept for the kernel', "Capital.elf": '"Capital" is no name',
             "a=b.elf": '"a=b" is no name', "x" * 33 + ".elf": 'x" is no name',
             "nothing.elf": "there is no such file", ".": "there is no such file"}


def test_what_is_no_program_is_not_booted(tmp_path):
    build_strangers(tmp_path)
    for name, message in STRANGERS.items():
        output = run(ROOT / "tools/qemu", "exec", "--with", name, cwd=tmp_path, status=1)
        assert message in output and "capOS" not in output, name
        if message.startswith("is "):
            assert f"{name}: {message}" in output
    (tmp_path / "other").mkdir()
    for path in ("mine.elf", "other/mine.elf"):
        shutil.copy(tmp_path / "hello.elf", tmp_path / path)
    assert "another program is called mine" in run(
        ROOT / "tools/qemu", "exec", "--with", "mine.elf", "--with", "other/mine.elf",
        cwd=tmp_path, status=1)


def test_an_extended_manifest_keeps_the_rest(tmp_path):
    """Read by the official tool: what was there is as it was, and the new ones follow."""
    base = RELEASE / "default.manifest"
    out = tmp_path / "out"
    (tmp_path / "tail.bin").write_bytes((RELEASE / "image/hello.elf").read_bytes() + b"odd")
    run(ROOT / "build/tools/mkmanifest", base, "default", out,
        f"one={RELEASE}/image/tiny.elf", f"two={tmp_path}/tail.bin")

    def manifest_of(path):
        data = path.read_bytes()
        framed = b"\0\0\0\0" + (len(data) // 8).to_bytes(4, "little") + data
        done = subprocess.run(["capnp", "convert", "binary:json", str(ROOT / "schema/manifest.capnp"),
                               "SystemManifest"], input=framed, stdout=subprocess.PIPE, check=True,
                              cwd=ROOT, env=dict(os.environ, PWD=str(ROOT)))
        return json.loads(done.stdout)

    before, after = manifest_of(base), manifest_of(out)
    added = after["binaries"][len(before["binaries"]):]
    assert after["binaries"][:len(before["binaries"])] == before["binaries"]
    assert [binary["name"] for binary in added] == ["one", "two"]
    assert bytes(added[0]["image"]) == (RELEASE / "image/tiny.elf").read_bytes()
    assert bytes(added[1]["image"]) == (tmp_path / "tail.bin").read_bytes()
    del before["binaries"], after["binaries"]
    assert before == after


# --- The installation -------------------------------------------------------------------------------


def test_two_installations_are_the_same_and_a_second_one_touches_nothing(prefix, tmp_path):
    install(tmp_path / "other")
    first = contents(tmp_path / "other")
    assert {path: entry[:2] for path, entry in first.items()} == {
        path: entry[:2] for path, entry in contents(prefix).items()}
    install(tmp_path / "other")
    assert contents(tmp_path / "other") == first
    run("sha256sum", "--quiet", "--check", "share/capos/files", cwd=tmp_path / "other")


def test_no_file_of_the_sdk_names_a_place(prefix):
    # As a path of its own: the tree may stand at /capos, and share/capos is no mention of that.
    places = [re.compile(rb"(?<![\w.-])" + re.escape(str(place).encode()) + rb"(?![\w.-])")
              for place in (ROOT, prefix)]
    for path, (content, _, _) in contents(prefix).items():
        assert not any(place.search(content) for place in places), path


def test_an_older_sdk_is_replaced_and_the_users_files_stay(tmp_path):
    install(tmp_path)
    sums = tmp_path / "share/capos/files"
    (tmp_path / "include/capos/old").mkdir()
    (tmp_path / "include/capos/old/gone.h").write_text("old")
    (tmp_path / "share/capos/mine").write_text("mine")
    sums.write_text(sums.read_text() + 64 * "0" + "  include/capos/old/gone.h\n")
    (tmp_path / "include/capos/lib/list.h").write_text("damaged")
    (tmp_path / "bin/capos-cc").chmod(0o600)
    install(tmp_path)
    assert not (tmp_path / "include/capos/old").exists()
    assert (tmp_path / "share/capos/mine").read_text() == "mine"
    assert (tmp_path / "bin/capos-cc").stat().st_mode & 0o777 == 0o755
    run("sha256sum", "--quiet", "--check", "share/capos/files", cwd=tmp_path)


def test_foreign_folders_are_refused(tmp_path, unprivileged):
    (tmp_path / "full").mkdir()
    (tmp_path / "full/letter").write_text("dear")
    assert "holds other things and no SDK" in install(tmp_path / "full", status=1)
    assert [path.name for path in (tmp_path / "full").iterdir()] == ["letter"]
    (tmp_path / "file").write_text("")
    assert "is not a folder" in install(tmp_path / "file", status=1)
    for words in ([], [""], ["--fast"], ["a", "b"]):
        assert "sdk takes the folder" in run(ROOT / "capos", "sdk", *words, status=2)
    folder, user = unprivileged
    (folder / "closed").mkdir()
    os.chmod(folder / "closed", 0o555)
    if who_reaches_the_tree(user) is not None or user is None:
        assert "cannot be written" in install(folder / "closed", status=1, user=user)


def test_a_file_in_the_way_is_not_replaced(tmp_path):
    install(tmp_path)
    sums = tmp_path / "share/capos/files"
    sums.write_text("".join(line for line in sums.read_text().splitlines(True)
                            if not line.endswith("lib/list.h\n")))
    (tmp_path / "include/capos/lib/list.h").write_text("mine")
    assert "is in the way" in install(tmp_path, status=1)
    assert (tmp_path / "include/capos/lib/list.h").read_text() == "mine"


# --- The guide --------------------------------------------------------------------------------------


def blocks_of(text):
    """(language, content) of each fenced block."""
    return re.findall(r"^```(\w*)\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)


def transcript(text):
    """[(line typed, answer)] of a block that shows the shell."""
    return [(turn.split("\n", 1)[0], turn.split("\n", 1)[1]) for turn in text.split("capos> ")[1:]]


def test_every_command_of_the_guide_works(tmp_path):
    boots = []
    for language, content in blocks_of(GUIDE.read_text()):
        if language == "c":
            (tmp_path / "hello.c").write_text(content)
        elif language == "sh":
            plain = [line for line in content.splitlines(True) if "capos run" not in line]
            run("sh", "-euc", "".join(plain), cwd=ROOT, HOME=str(tmp_path))
            boots += [line for line in content.splitlines() if "capos run" in line]
        elif content.startswith("capos> "):
            command = boots.pop().replace("~", str(tmp_path)).split()
            turns = transcript(content)
            assert dialogue(command, [typed for typed, _ in turns], ROOT) == [
                answer for _, answer in turns]
    assert boots == [], "a boot without a transcript"
    assert (tmp_path / "hello.elf").exists() and (tmp_path / "greet.elf").exists()
