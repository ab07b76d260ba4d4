# SPDX-License-Identifier: MIT
"""The schema compiler and the manifest checker, and that both agree with the official tool."""
import os
import pathlib
import subprocess

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
PLUGIN = ROOT / "build/tools/capnpc-capos"
MKMANIFEST = ROOT / "build/tools/mkmanifest"
CODEGEN_TEST = ROOT / "build/host/codegen_test"
SCHEMAS = sorted(str(path.relative_to(ROOT)) for path in ROOT.glob("schema/*.capnp"))


def run(*words, cwd=ROOT, stdin=None):
    """Run a command; the result has stdout as bytes and stderr as text."""
    environment = dict(os.environ, PWD=str(cwd))
    done = subprocess.run([str(word) for word in words], cwd=cwd, input=stdin, timeout=60,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment)
    done.stderr = done.stderr.decode(errors="replace")
    return done


def good(*words, **options):
    done = run(*words, **options)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture
def generate(tmp_path):
    """generate(text) runs the plug-in over a schema file: (status, messages, output folder)."""
    output = tmp_path / "out"
    output.mkdir()

    def factory(text, **others):
        for name, content in {"bad": text, **others}.items():
            (tmp_path / f"{name}.capnp").write_text(content)
        done = run("capnp", "compile", "-I.", f"-o{PLUGIN}:out",
                   *[f"{name}.capnp" for name in ("bad", *others)], cwd=tmp_path)
        return done.returncode, done.stderr, output

    return factory


HEAD = "@0xe5a1c0de00090001;\n"

# A declaration that is refused, from line 2 on; the line that the error names; what it says.
REFUSED = {
    "generic struct": ("struct Box(T) {\n  it @0 :T;\n}\n", 2, "Box: generic"),
    "use of a generic": ("struct Box(T) { it @0 :T; }\nstruct User {\n  box @0 :Box(Text);\n}\n",
                         4, "User.box: generic"),
    "generic interface": ("interface Get(T) {\n  get @0 () -> (it :T);\n}\n", 2, "Get: generic"),
    "type parameters of a method": ("interface Get {\n  get @0 [T] () -> (it :T);\n}\n",
                                    3, "Get.get: type parameters"),
    "streaming": ("interface Sink {\n  write @0 (bytes :Data) -> stream;\n}\n",
                  3, "Sink.write: streaming"),
    "extends": ("interface Base {}\ninterface Derived extends(Base) {\n}\n",
                3, "Derived: extends"),
    "AnyPointer": ("struct Any {\n  fine @0 :Capability;\n  it @1 :AnyPointer;\n}\n",
                   4, "Any.it: AnyPointer"),
    "AnyStruct": ("struct Any {\n  it @0 :AnyStruct;\n}\n", 3, "Any.it: AnyPointer"),
    "AnyList": ("struct Any {\n  it @0 :AnyList;\n}\n", 3, "Any.it: AnyPointer"),
    "AnyPointer parameter": ("interface Any {\n  # it @0 :Text\n  take @0 (size :UInt8,\n"
                             "           it :AnyPointer);\n}\n", 5, "it: AnyPointer"),
    "list of lists": ("struct Grid {\n  rows @0 :List(List(UInt8));\n}\n",
                      3, "Grid.rows: a list of lists"),
    "default of a struct": ("struct Point { x @0 :Int8; }\nstruct Line {\n"
                            "  from @0 :Point = (x = 1);\n}\n", 4, "Line.from: a default"),
    "default of a list": ("struct Bag {\n  them @0 :List(UInt8) = [1];\n}\n",
                          3, "Bag.them: a default"),
    "in a group": ("struct Outer {\n  inner :group {\n    fine @0 :Text;\n"
                   "    it @1 :AnyPointer;\n  }\n}\n", 5, "Outer.inner.it: AnyPointer"),
    "nested": ("struct Outer {\n  struct Inner {\n    it @0 :AnyPointer;\n  }\n"
               "  it @0 :Text;\n}\n", 4, "Outer.Inner.it: AnyPointer"),
    "empty enum": ("enum None {\n}\n", 2, "None: an enum without values"),
    "names that meet": ("struct FooBar { x @0 :Int8; }\nstruct Foo {\n  y @0 :Int8;\n"
                        "  struct Bar {\n    x @0 :Int8;\n  }\n}\n", 5, "taken by"),
    "fields that meet": ("struct Foo {\n  aB @0 :Int8;\n  a_b @1 :Int8;\n}\n", None, ""),
}


@pytest.mark.parametrize("case", sorted(REFUSED))
def test_what_is_not_supported_is_refused_with_its_line(generate, case):
    text, line, words = REFUSED[case]
    status, messages, output = generate(HEAD + text)
    assert status != 0
    if line is not None:
        assert any(message.startswith(f"bad.capnp:{line}: ") and words in message
                   for message in messages.splitlines()), messages
    assert list(output.iterdir()) == [], "something was written in spite of the error"


def test_imports_in_a_circle_are_refused(generate):
    status, messages, output = generate(
        HEAD + 'using B = import "other.capnp";\nstruct A { b @0 :B.B; }\n',
        other='@0xe5a1c0de00090002;\nusing A = import "bad.capnp";\nstruct B { a @0 :A.A; }\n')
    assert status != 0
    assert "bad.capnp: imports in a circle" in messages
    assert list(output.iterdir()) == []


def test_every_fault_is_reported_at_once(generate):
    status, messages, _ = generate(
        HEAD + "struct A {\n  a @0 :AnyPointer;\n  b @1 :List(List(Bool));\n}\n")
    assert status != 0
    assert "bad.capnp:3: A.a:" in messages and "bad.capnp:4: A.b:" in messages


def test_annotations_mean_nothing(generate):
    status, messages, output = generate(
        HEAD + "annotation note(struct) :Text;\nstruct A $note(\"x\") {\n  a @0 :Int8;\n}\n")
    assert status == 0, messages
    assert "note" not in (output / "bad.capnp.h").read_text()


@pytest.mark.parametrize("cut", [0, 3, 8, 100, -9, -1])
def test_a_request_that_is_cut_short_is_refused(tmp_path, cut):
    request = good("capnp", "compile", "-I.", "-o-", *SCHEMAS)
    done = run(PLUGIN, cwd=tmp_path, stdin=request[:cut])
    assert done.returncode == 1 and done.stderr.startswith("capnpc-capos: ")
    assert list(tmp_path.iterdir()) == []


def test_a_damaged_request_never_crashes_the_plug_in(tmp_path):
    request = good("capnp", "compile", "-I.", "-o-", "schema/memory.capnp")
    for place in range(0, len(request), 61):
        damaged = bytearray(request)
        damaged[place] ^= 1 << place % 8
        done = run(PLUGIN, cwd=tmp_path, stdin=bytes(damaged))
        assert done.returncode in (0, 1), f"bit at byte {place}: {done.returncode}"


def test_generation_is_repeatable_and_leaves_what_is_unchanged(tmp_path):
    def compile_all():
        good("capnp", "compile", "-I.", f"-o{PLUGIN}:{tmp_path}", *SCHEMAS)
        return {path: (path.stat().st_mtime_ns, path.read_bytes())
                for path in tmp_path.rglob("*") if path.is_file()}

    first = compile_all()
    assert compile_all() == first
    status = tmp_path / "schema/status.capnp.h"
    status.write_text("something else")
    again = compile_all()
    assert again[status][1] == first[status][1]
    assert {path for path in first if again[path] != first[path]} == {status}


def test_the_abi_is_the_one_on_record():
    """To change the ABI, run "make golden" and commit the difference."""
    good("tools/check/golden")


def test_the_official_tool_reads_what_our_builder_wrote(tmp_path):
    good(CODEGEN_TEST, "write", tmp_path / "sample")
    schema = "tests/host/codegen.capnp"
    ours = good("capnp", "convert", "flat:text", "-I.", schema, "Everything",
                stdin=(tmp_path / "sample").read_bytes())
    assert ours == good("capnp", "eval", "-I.", schema, "sample")


@pytest.mark.parametrize("encoding", ["flat", "canonical"])
def test_our_reader_reads_what_the_official_tool_wrote(tmp_path, encoding):
    sample = good("capnp", "eval", f"-o{encoding}", "-I.", "tests/host/codegen.capnp", "sample")
    (tmp_path / "sample").write_bytes(sample)
    good(CODEGEN_TEST, "read", tmp_path / "sample")


MANIFEST = """@0xe5a1c0de00090003;
using Manifest = import "/schema/manifest.capnp";
const manifest :Manifest.SystemManifest = (
  schemaVersion = 1,
  binaries = [(name = "first", image = embed "/PROGRAM"), (name = "second", image = embed "/PROGRAM")],
  initConfig = (init = (
    binary = "first",
    grants = [(name = "console", object = console), (name = "timer", object = timer)],
    arguments = ["one", "two"])));
"""


@pytest.fixture
def check_manifest(tmp_path):
    """check_manifest(old, new) checks MANIFEST with a part replaced: (status, messages)."""
    programs = ROOT / "build/release/image"
    program = next(programs.glob("*.elf"))

    def factory(old="", new=""):
        text = MANIFEST.replace(old, new, 1) if old else MANIFEST
        assert not old or text != MANIFEST
        (tmp_path / "bad.capnp").write_text(text.replace("PROGRAM", program.name))
        flat = good("capnp", "eval", "-oflat", f"-I{ROOT}", f"-I{programs}", "bad.capnp",
                    "manifest", cwd=tmp_path)
        (tmp_path / "flat").write_bytes(flat)
        done = run(MKMANIFEST, "flat", "bad.capnp", cwd=tmp_path)
        return done.returncode, done.stderr

    return factory


def test_a_good_manifest_passes(check_manifest):
    assert check_manifest() == (0, "")


BAD_MANIFESTS = {
    "version": ("schemaVersion = 1", "schemaVersion = 2",
                "schemaVersion: 2 is not the version 1"),
    "no binaries": ("binaries = [", "binaries = [], initConfig = ()); const x :List(Manifest.Binary) = [",
                    "binaries: there is none"),
    "many binaries": ('embed "/PROGRAM")]', '"x")' + 256 * ', ()' + "]",
                      "binaries: 258 are more than 256"),
    "name twice": ('"second"', '"first"', 'binaries[1].name: "first" is there twice'),
    "kept name": ('"second"', '"init"', 'binaries[1].name: "init" is kept'),
    "no name": ('name = "second"', 'name = ""', "binaries[1].name: is missing"),
    "bad name": ('"second"', '"Sec ond"', "binaries[1].name: "),
    "long name": ('"second"', '"' + 33 * "x" + '"', "binaries[1].name: "),
    "bad image": ('embed "/PROGRAM")]', '"not an ELF file")]', "binaries[1].image: "),
    "no such binary": ('binary = "first"', 'binary = "third"',
                       'initConfig.init.binary: no binary named "third"'),
    "no binary": ('binary = "first"', 'binary = ""', "initConfig.init.binary: is missing"),
    "no object": (', object = timer', '', "initConfig.init.grants[1].object: "),
    "grant twice": ('name = "timer"', 'name = "console"',
                    'initConfig.init.grants[1].name: "console" is there twice'),
    "grant of memory": ('name = "timer"', 'name = "memory"',
                        'initConfig.init.grants[1].name: "memory" is kept'),
    "grant with a bad name": ('name = "timer"', 'name = "TIMER"',
                              "initConfig.init.grants[1].name: "),
    "nine arguments": ('["one", "two"]', '["1", "2", "3", "4", "5", "6", "7", "8", "9"]',
                       "initConfig.init.arguments: 9 are more than 8"),
    "long argument": ('"two"', '"' + 65 * "x" + '"',
                      "initConfig.init.arguments[1]: 65 bytes are more than 64"),
}


@pytest.mark.parametrize("case", sorted(BAD_MANIFESTS))
def test_a_bad_manifest_is_refused_by_its_field(check_manifest, case):
    old, new, words = BAD_MANIFESTS[case]
    if case == "no binaries":
        new = "binaries = [], initConfig = ());\nconst rest :Manifest.SystemManifest = (binaries = ["
    status, messages = check_manifest(old, new)
    assert status != 0
    assert any(message.startswith("bad.capnp: " + words) for message in messages.splitlines()), \
        messages


@pytest.mark.parametrize("size", [0, 4, 8, 1000])
def test_bytes_that_are_no_manifest_are_refused(tmp_path, size):
    (tmp_path / "flat").write_bytes(bytes([0xff] * size))
    done = run(MKMANIFEST, "flat", "some.capnp", cwd=tmp_path)
    assert done.returncode == 1 and done.stderr
