# SPDX-License-Identifier: MIT
"""The schema compiler and the manifest checker, and that both agree with the official tool."""
import os
import pathlib
import re
import shutil
import subprocess

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
TOOLS = ROOT / os.environ.get("CAPOS_TOOLS", "build/tools")
PLUGIN = TOOLS / "capnpc-capos"
MKMANIFEST = TOOLS / "mkmanifest"

# Schemas with a constant that a host test builds and reads: file, type, constant, test.
SAMPLES = {
    "codegen": ("tests/host/codegen.capnp", "Everything", "sample"),
    "codegen_full": ("tests/host/codegen_full.capnp", "Full", "fullSample"),
}
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
    """generate(text, **others) runs the plug-in over schema files: (status, messages, output).

    `imported` are files that are there but not compiled; `include` are -I folders.
    """
    output = tmp_path / "out"
    output.mkdir()

    def factory(text, imported=None, include=(".",), **others):
        for name, content in {"bad": text, **others, **(imported or {})}.items():
            path = tmp_path / f"{name}.capnp"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(content)
        done = run("capnp", "compile", *[f"-I{folder}" for folder in include], f"-o{PLUGIN}:out",
                   *[f"{name}.capnp" for name in ("bad", *others)], cwd=tmp_path)
        return done.returncode, done.stderr, output

    return factory


@pytest.fixture
def compiles(tmp_path):
    """compiles(folder, *paths) compiles generated headers, each on its own, with all warnings."""

    def factory(folder, *paths):
        for path in paths:
            (tmp_path / "one.c").write_text(f'#include "{path}"\nextern int declared;\n')
            good("clang-19", "-std=c23", "-fgnu-keywords", *WARNINGS, "-Werror", "-fsyntax-only",
                 "-I", folder, "-I", ROOT, "-I", ROOT / "build/gen", "-I", ROOT / "lib/config/debug",
                 tmp_path / "one.c")

    return factory


WARNINGS = ["-Wall", "-Wextra", "-Wpedantic", "-Wshadow", "-Wconversion", "-Wundef", "-Wcast-qual",
            "-Wcast-align", "-Wunused", "-Wno-language-extension-token"]

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
    "list of a generic": ("struct Box(T) { it @0 :T; }\nstruct User {\n"
                          "  box @0 :List(List(Box(Text)));\n}\n", 4, "User.box: generic"),
    "in a group": ("struct Box(T) { it @0 :T; }\nstruct Outer {\n  inner :group {\n"
                   "    fine @0 :Text;\n    it @1 :Box(Text);\n  }\n}\n",
                   6, "Outer.inner.it: generic"),
    "nested": ("struct Outer {\n  struct Inner(T) {\n    it @0 :T;\n  }\n  it @0 :Text;\n}\n",
               3, "Outer.Inner: generic"),
    "generic parameter": ("struct Box(T) { it @0 :T; }\ninterface Any {\n  # it @0 :Text\n"
                          "  take @0 (size :UInt8,\n           it :Box(Text));\n}\n",
                          6, "it: generic"),
    "constant of a generic": ("struct Box(T) { it @0 :T; }\nconst box :Box(Text) = ();\n",
                              3, "box: generic"),
    "empty enum": ("enum None {\n}\n", 2, "None: an enum without values"),
    "names that meet": ("struct FooBar { x @0 :Int8; }\nstruct Foo {\n  y @0 :Int8;\n"
                        "  struct Bar {\n    x @0 :Int8;\n  }\n}\n",
                        5, "is taken by bad.capnp:2: FooBar"),
    "fields that meet": ("struct Foo {\n  aBC @0 :Int8;\n  aBc @1 :Int8;\n  abC @2 :Int8;\n"
                         "  aB @3 :Int8;\n  ab @4 :Int8;\n  fooBAR @5 :Int8;\n  fooBar @6 :Int8;\n}\n",
                         9, "is taken by bad.capnp:8: Foo.fooBAR"),
    "enumerants that meet": ("enum Foo {\n  aBAR @0;\n  aBar @1;\n}\n",
                             4, "is taken by bad.capnp:3: Foo.aBAR"),
    "constant and enumerant": ("enum Foo {\n  bar @0;\n}\nconst fooBar :Int8 = 1;\n",
                               None, "\"FOO_BAR\" is taken by"),
    "methods that meet": ("interface Foo {\n  aBAR @0 ();\n  aBar @1 ();\n}\n",
                          4, "is taken by bad.capnp:3: Foo.aBAR"),
    "parameters that meet": ("interface Foo {\n  bar @0 (key :Text,\n  keySize :UInt8);\n}\n",
                             4, "\"foo_bar(key_size)\" is taken by bad.capnp:3: "),
    "handlers that meet": ("interface Foo {\n  int @0 ();\n  intValue @1 ();\n}\n",
                           4, "is taken by bad.capnp:3: Foo.int"),
    "member and number": ("struct Foo {\n  union {\n    id @0 :Int8;\n    b @1 :Int8;\n  }\n}\n",
                          None, "\"FOO_ID\" is taken by"),
    "keyword": ("enum Int {\n  a @0;\n}\n", 2, "\"enum int\" is taken by the C language"),
    "macro": ("const int8Max :Int8 = 1;\n", 2, "\"INT8_MAX\" is taken by the C language"),
    "library's type": ("struct Message {\n}\n", 2,
                       "\"struct message_reader\" is taken by lib/message.h"),
    "library's constant": ("const messageMaxWords :Int8 = 1;\n", 2,
                           "is taken by lib/message.h"),
    "runtime's prefix": ("const caposCall :Int8 = 1;\n", 2, "is taken by the runtime"),
    "bad name in C": ('using C = import "/schema/c.capnp";\nstruct Foo {\n'
                      '  bar @0 :Int8 $C.name("B-r");\n}\n', 4, 'Foo.bar: $C.name("B-r")'),
    "names in C that meet": ('using C = import "/schema/c.capnp";\nstruct Foo {\n'
                             '  one @0 :Int8;\n  two @1 :Int8 $C.name("one");\n}\n',
                             5, "is taken by bad.capnp:4: Foo.one"),
}


@pytest.mark.parametrize("case", sorted(REFUSED))
def test_what_is_not_supported_is_refused_with_its_line(generate, case):
    text, line, words = REFUSED[case]
    status, messages, output = generate(HEAD + text, include=(".", ROOT))
    assert status != 0
    start = "bad.capnp:" if line is None else f"bad.capnp:{line}: "
    assert any(message.startswith(start) and words in message
               for message in messages.splitlines()), messages
    assert list(output.iterdir()) == [], "something was written in spite of the error"


def test_imports_in_a_circle_are_refused(generate):
    status, messages, output = generate(
        HEAD + 'using B = import "other.capnp";\nstruct A { b @0 :B.B; }\n',
        other='@0xe5a1c0de00090002;\nusing A = import "bad.capnp";\nstruct B { a @0 :A.A; }\n')
    assert status != 0
    assert "bad.capnp: imports in a circle are not supported: other.capnp" in messages
    assert list(output.iterdir()) == []


def test_names_that_meet_in_two_files_are_refused_with_both_places(generate):
    status, messages, output = generate(
        HEAD + "struct Same { x @0 :Int8; }\n",
        other="@0xe5a1c0de00090002;\nstruct Fine {}\nstruct Same { y @0 :Int8; }\n")
    assert status != 0
    assert 'other.capnp:3: Same: its C name "struct same_reader" is taken by bad.capnp:2: Same' \
        in messages
    assert list(output.iterdir()) == []


def test_names_of_an_included_file_are_taken_though_it_is_compiled_elsewhere(generate):
    status, messages, output = generate(
        HEAD + 'using O = import "other.capnp";\nstruct A {\n  b @0 :O.B;\n}\n'
        'struct Unused {}\nconst number :Int8 = 1;\n',
        imported={"other": "@0xe5a1c0de00090002;\nstruct B {}\nenum Unused { a @0; }\n"
                           "const number :Int8 = 2;\n"})
    assert status != 0
    assert 'bad.capnp:7: number: its C name "NUMBER" is taken by other.capnp' in messages
    assert 'bad.capnp:6: Unused: its C name "struct unused_reader" is taken by other.capnp' \
        in messages
    assert list(output.iterdir()) == []


def test_names_of_a_file_that_is_not_included_are_free(generate):
    status, messages, _ = generate(
        HEAD + 'using O = import "other.capnp";\nstruct Note $O.note("x") {}\n',
        imported={"other": "@0xe5a1c0de00090002;\nannotation note(struct) :Text;\n"
                           "struct Note {}\n"})
    assert status == 0, messages


def test_a_path_out_of_the_output_folder_is_refused(tmp_path):
    (tmp_path / "in").mkdir()
    (tmp_path / "up").mkdir()
    (tmp_path / "up/a.capnp").write_text(HEAD + "struct A {}\n")
    request = good("capnp", "compile", "-o-", "up/a.capnp", cwd=tmp_path)
    for path in (b"../a.capnp", b"/../.capnp", b"up/../a.ca", b"up//a.capn"):
        done = run(PLUGIN, cwd=tmp_path / "in", stdin=request.replace(b"up/a.capnp", path))
        assert done.returncode == 1
        assert f"{path.decode()}: the path would leave the output folder" in done.stderr
    assert list((tmp_path / "in").iterdir()) == []
    assert sorted(path.name for path in tmp_path.iterdir()) == ["in", "up"]


def test_two_files_with_one_output_are_refused(tmp_path):
    (tmp_path / "a.capnp").write_text(HEAD + "struct A {}\n")
    (tmp_path / "a").write_text("@0xe5a1c0de00090002;\nstruct B {}\n")
    done = run("capnp", "compile", f"-o{PLUGIN}", "a.capnp", "a", cwd=tmp_path)
    assert done.returncode != 0
    assert "its output a.capnp.h is also that of a" in done.stderr
    assert not (tmp_path / "a.capnp.h").exists()


def test_nothing_is_half_written_when_a_file_cannot_be(generate):
    def contents():
        return {path: path.read_bytes() for path in output.iterdir() if path.is_file()}

    _, _, output = generate(HEAD + "struct A { x @0 :Int8; }\n")
    before = contents()
    (output / "bad.capnp.h.new").mkdir()
    status, messages, _ = generate(HEAD + "struct A { x @0 :Int8; y @1 :Int8; }\n")
    assert status != 0 and "capnpc-capos: bad.capnp.h: " in messages
    assert contents() == before
    (output / "bad.capnp.h.new").rmdir()
    status, messages, _ = generate(HEAD + "struct A { x @0 :Int8; y @1 :Int8; }\n")
    assert status == 0 and contents() != before


def test_schemas_are_imported_across_folders_and_from_import_paths(generate, compiles):
    status, messages, output = generate(
        HEAD + 'using Near = import "sub/near.capnp";\nusing Far = import "/lib/far.capnp";\n'
        'using Timer = import "/schema/timer.capnp";\n'
        'struct A {\n  a @0 :Near.Alias;\n  b @1 :List(List(Far.F));\n  t @2 :Timer.Timer;\n}\n'
        'interface I { go @0 (f :Far.F) -> (t :Timer.Timer); }\n',
        imported={"sub/deep/d": "@0xe5a1c0de00090004;\nenum D { a @0; }\n",
                  "inc/lib/far": "@0xe5a1c0de00090003;\nstruct F {}\n"},
        include=("inc", ROOT),
        **{"sub/near": '@0xe5a1c0de00090002;\nusing D = import "deep/d.capnp";\n'
                       'struct N { d @0 :List(D.D); }\nusing Alias = N;\n'})
    assert status == 0, messages
    text = (output / "bad.capnp.h").read_text()
    assert '#include "lib/far.capnp.h"\n#include "sub/near.capnp.h"\n' in text
    assert '#include "sub/deep/d.capnp.h"' in (output / "sub/near.capnp.h").read_text()
    assert '#include "schema/timer.client.h"' in (output / "bad.client.h").read_text()
    # What is imported is compiled where it lives.
    good("capnp", "compile", f"-o{PLUGIN}:{output}", "lib/far.capnp", cwd=output.parent / "inc")
    good("capnp", "compile", f"-o{PLUGIN}:out", "sub/deep/d.capnp", cwd=output.parent)
    compiles(output, "bad.capnp.h", "bad.client.h", "bad.server.h")


def test_the_standard_schemas_can_be_imported_and_compiled(generate, compiles):
    status, messages, output = generate(
        HEAD + 'using Cxx = import "/capnp/c++.capnp";\nusing S = import "/capnp/schema.capnp";\n'
        'using P = import "/capnp/persistent.capnp";\n$Cxx.namespace("x");\n'
        'struct A $Cxx.name("B") { node @0 :S.Node; }\n')
    assert status == 0, messages
    good("capnp", "compile", f"-o{PLUGIN}:{output}", "--src-prefix=/usr/include",
         "/usr/include/capnp/c++.capnp", "/usr/include/capnp/rpc-twoparty.capnp",
         "/usr/include/capnp/stream.capnp", cwd=output.parent)
    compiles(output, "capnp/c++.capnp.h", "capnp/rpc-twoparty.capnp.h", "capnp/stream.capnp.h")
    # A group `list` of Type, and its lists: no annotation of ours can be put there.
    done = run("capnp", "compile", f"-o{PLUGIN}:{output}", "--src-prefix=/usr/include",
               "/usr/include/capnp/schema.capnp", cwd=output.parent)
    assert done.returncode != 0
    assert '"struct type_list_reader" is taken by capnp/schema.capnp: Type\n' in done.stderr


def test_every_fault_is_reported_at_once(generate):
    status, messages, _ = generate(
        HEAD + "struct Box(T) { it @0 :T; }\nstruct A {\n  a @0 :Box(Text);\n  b @1 :Box(Data);\n}\n")
    assert status != 0
    assert "bad.capnp:4: A.a:" in messages and "bad.capnp:5: A.b:" in messages


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


REPLAY = ROOT / "build/host/replay/request"


def test_a_damaged_request_never_crashes_the_plug_in(tmp_path):
    """The plug-in under ASan and UBSan: cut short everywhere, and every 23rd byte damaged."""
    request = good("capnp", "compile", "-I.", "-o-", "tests/host/codegen/deep.capnp")
    for place in range(0, len(request), 8):
        (tmp_path / f"cut{place}").write_bytes(request[:place])
    for place in range(0, len(request), 23):
        for what in (0xff, 0x80, 1 << place % 8):
            damaged = bytearray(request)
            damaged[place] ^= what
            (tmp_path / f"{what}at{place}").write_bytes(damaged)
    good(REPLAY, *sorted(tmp_path.iterdir()))


def test_a_field_outside_its_struct_is_refused(tmp_path):
    """Otherwise a generated setter would write where it should not."""
    (tmp_path / "a.capnp").write_text(
        HEAD + "struct A {\n  a @0 :UInt64;\n  b @1 :UInt64;\n  c @2 :UInt64;\n}\n")
    request = good("capnp", "compile", "-o-", "a.capnp", cwd=tmp_path)
    # A Node of kind struct: data words, then (in the next word) pointers.
    place = request.index(bytes([1, 0, 3, 0]))
    damaged = request[:place + 2] + bytes([2]) + request[place + 3:]
    (tmp_path / "out").mkdir()
    done = run(PLUGIN, cwd=tmp_path / "out", stdin=damaged)
    assert done.returncode == 1
    assert done.stderr == "capnpc-capos: the CodeGeneratorRequest is malformed\n"
    assert run(PLUGIN, cwd=tmp_path / "out", stdin=request).returncode == 0


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
    """To change the ABI or the generated code, run "make golden" and commit the difference."""
    good("tools/check/golden")


def test_generated_code_is_the_same_from_another_folder(tmp_path):
    """Also when the files are named in another order, and over what was there before."""
    schemas = [str(path.relative_to(ROOT)) for pattern in ("tests/host/**/*.capnp", "user/*/*/*.capnp")
               for path in ROOT.glob(pattern)]
    for folder in ("tests", "schema", "user"):
        (tmp_path / "there" / folder).parent.mkdir(exist_ok=True)
        shutil.copytree(ROOT / folder, tmp_path / "there" / folder)
    (tmp_path / "out").mkdir()
    good("capnp", "compile", "-I.", f"-o{PLUGIN}:../out", *sorted(schemas, reverse=True), *SCHEMAS,
         cwd=tmp_path / "there")
    files = sorted(path for path in (tmp_path / "out").rglob("*") if path.is_file())
    assert len(files) > 30
    for path in files:
        assert path.read_bytes() == (ROOT / "build/gen" / path.relative_to(tmp_path / "out")).read_bytes()


@pytest.mark.parametrize("name", sorted(SAMPLES))
def test_the_official_tool_reads_what_our_builder_wrote(tmp_path, name):
    schema, kind, constant = SAMPLES[name]
    good(ROOT / f"build/host/{name}_test", "write", tmp_path / "sample")
    for encoding in ("text", "canonical"):
        ours = good("capnp", "convert", f"flat:{encoding}", "-I.", schema, kind,
                    stdin=(tmp_path / "sample").read_bytes())
        assert ours == good("capnp", "eval", f"-o{encoding}", "-I.", schema, constant)


@pytest.mark.parametrize("name", sorted(SAMPLES))
@pytest.mark.parametrize("encoding", ["flat", "canonical"])
def test_our_reader_reads_what_the_official_tool_wrote(tmp_path, name, encoding):
    schema, _, constant = SAMPLES[name]
    sample = good("capnp", "eval", f"-o{encoding}", "-I.", schema, constant)
    (tmp_path / "sample").write_bytes(sample)
    good(ROOT / f"build/host/{name}_test", "read", tmp_path / "sample")


LINT = ROOT / "tools/check/schema.py"
METHOD = """interface I @0xe5a1c0de00090101 {
  # An interface.

  go @0 () -> ();
  # Goes.%s
}
"""

# What stands in place of the method's statuses, the line, and what the check says of it.
BAD_COMMENTS = {
    "none": ("", 5, 'I.go: does not say "Statuses: ..."'),
    "unknown": ("  Statuses: outOfLuck (there is none).", 5, "I.go: outOfLuck is no status"),
    "ok among others": ("  Statuses: ok, timedOut.", 5, "I.go: ok is no status"),
    "twice": ("  Statuses: sealed (it is), timedOut,\n  # sealed (again).", 5, "I.go: names sealed twice"),
    "no cause": ("  Statuses: timedOut, sealed.", 5, "I.go: sealed has no cause"),
    "common": ("  Statuses: tagBusy.", 5, "I.go: any CALL can end with tagBusy"),
    "not a list": ("  Statuses: timedOut or sealed.", 5, 'I.go: cannot be read from "timedOut or'),
    "of another": ("\n\n  # Statuses: ok only.", 5, "I.go: does not say"),
}


@pytest.mark.parametrize("case", sorted(BAD_COMMENTS))
def test_a_method_that_does_not_document_its_statuses_is_found(tmp_path, case):
    statuses, line, words = BAD_COMMENTS[case]
    (tmp_path / "bad.capnp").write_text(HEAD + METHOD % statuses)
    done = run(LINT, tmp_path / "bad.capnp")
    assert done.returncode == 1
    assert f"bad.capnp:{line}: {words}" in done.stdout.decode()


@pytest.mark.parametrize("kind", ["struct S {\n}", "enum S {\n  a @0;\n  # Its comment.\n}",
                                  "interface S {\n}", "const s :Int8 = 1;",
                                  "annotation s(*) :Void;"])
def test_a_declaration_without_a_comment_is_found(tmp_path, kind):
    (tmp_path / "bad.capnp").write_text(HEAD + kind + "\n\n# Not its comment.\n")
    done = run(LINT, tmp_path / "bad.capnp")
    assert done.returncode == 1
    assert re.search(r"bad.capnp:2: [sS]: has no comment behind it", done.stdout.decode())


def test_the_schemas_document_what_they_should(tmp_path):
    good(LINT)
    text = HEAD + METHOD % ("  Statuses: sealed (it is (really), you see), timedOut,\n  # cancelled.  It waits.")
    (tmp_path / "fine.capnp").write_text(text)
    good(LINT, tmp_path / "fine.capnp")


EVOLUTION = ROOT / "build/host/evolution_test"
OLDER, NEWER = "tests/host/evolution_older.capnp", "tests/host/evolution_newer.capnp"


@pytest.mark.parametrize("encoding", ["flat", "canonical"])
def test_older_and_newer_schemas_read_each_other(tmp_path, encoding):
    for reader, schema, constant in (("older", NEWER, "newSample"), ("newer", OLDER, "oldSample")):
        (tmp_path / "in").write_bytes(good("capnp", "eval", f"-o{encoding}", "-I.", schema, constant))
        good(EVOLUTION, reader, tmp_path / "in")


@pytest.mark.parametrize("what, source, schema, kind, expected", [
    ("rewrap", (NEWER, "newBox"), NEWER, "NewBox", "newBoxCopied"),
    ("copy", (NEWER, "newSample"), NEWER, "NewRecord", "newSample"),
    ("copy", (OLDER, "oldSample"), OLDER, "OldRecord", "oldSample"),
    ("grow", (OLDER, "oldSample"), NEWER, "NewRecord", "newGrown"),
])
def test_copies_keep_what_their_maker_does_not_know(tmp_path, what, source, schema, kind, expected):
    """Bytes of the official tool, copied by our code, are what the official tool expects."""
    (tmp_path / "in").write_bytes(good("capnp", "eval", "-oflat", "-I.", *source))
    good(EVOLUTION, what, tmp_path / "in", tmp_path / "out")
    found = good("capnp", "convert", "flat:text", "-I.", schema, kind,
                 stdin=(tmp_path / "out").read_bytes())
    assert found == good("capnp", "eval", "-I.", schema, expected)


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
    "many grants": ('(name = "timer"', 15 * '(), ' + '(name = "timer"',
                    "initConfig.init.grants: 17 are more than 16"),
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


def test_a_list_of_many_empty_elements_is_refused_at_once():
    done = subprocess.run([MKMANIFEST, "tests/fuzz/found/manifest/list-of-many-empty-elements",
                           "some.capnp"], cwd=ROOT, timeout=5, stderr=subprocess.PIPE)
    assert done.returncode == 1
    assert b"binaries: 536870911 are more than 256" in done.stderr


@pytest.mark.parametrize("size", [0, 4, 8, 1000])
def test_bytes_that_are_no_manifest_are_refused(tmp_path, size):
    (tmp_path / "flat").write_bytes(bytes([0xff] * size))
    done = run(MKMANIFEST, "flat", "some.capnp", cwd=tmp_path)
    assert done.returncode == 1 and done.stderr
