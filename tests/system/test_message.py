# SPDX-License-Identifier: MIT
"""Messages agree with the official tool: framing, packing, canonical form, on a corpus.

The corpus: our constants of every type, the compiler's own requests about our schemas and its
own (of several segments, with far pointers), and every manifest of the tree.
"""
import pathlib
import struct
import subprocess

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
TOOL = ROOT / "build/tools/capos-message"
REQUEST_SCHEMA = "/usr/include/capnp/schema.capnp"
CODEGEN = "tests/host/codegen.capnp"
FORMATS = ["binary", "packed", "flat", "flat-packed", "canonical"]


def run(*words, stdin=None):
    return subprocess.run([str(word) for word in words], cwd=ROOT, input=stdin, timeout=60,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE)


def good(*words, **options):
    done = run(*words, **options)
    assert done.returncode == 0, done.stderr.decode(errors="replace")
    return done.stdout


def ours(conversion, message):
    return good(TOOL, "convert", conversion, stdin=message)


def official(conversion, message, schema, struct_name):
    return good("capnp", "convert", conversion, "-I.", schema, struct_name, stdin=message)


def framed(*words, size=None):
    return struct.pack("<II", 0, len(words) if size is None else size) + \
        struct.pack(f"<{len(words)}Q", *words)


def requests():
    """What the compiler asks a plug-in: large, of several segments."""
    ours_all = sorted(str(path.relative_to(ROOT)) for path in ROOT.glob("schema/*.capnp"))
    theirs = sorted(str(path) for path in pathlib.Path("/usr/include/capnp").glob("*.capnp"))
    for name, files in {"ours": ours_all, "codegen": [CODEGEN], "official": theirs}.items():
        message = good("capnp", "compile", "-I.", "-o-", *files)
        yield name, message, REQUEST_SCHEMA, "CodeGeneratorRequest"


def manifests():
    for path in sorted((ROOT / "build/release").glob("*.manifest")):
        yield (path.name, good(TOOL, "convert", "flat:binary", stdin=path.read_bytes()),
               "schema/manifest.capnp", "SystemManifest")


def corpus():
    sample = good("capnp", "eval", "-obinary", "-I.", CODEGEN, "sample")
    yield "sample", sample, CODEGEN, "Everything"
    point = good("capnp", "eval", "-obinary", "-I.", CODEGEN, "origin")
    yield "point", point, "tests/host/codegen_types.capnp", "Point"
    yield from requests()
    yield from manifests()


@pytest.fixture(scope="module")
def messages():
    found = {name: rest for name, *rest in corpus()}
    assert len(found) > 10
    return found


def segments(framed):
    return struct.unpack_from("<I", framed)[0] + 1


def test_the_corpus_has_messages_of_several_segments(messages):
    assert max(segments(message) for message, _, _ in messages.values()) > 2


@pytest.mark.parametrize("form", ["flat", "canonical", "flat-packed"])
def test_conversions_are_those_of_the_official_tool(messages, form):
    """Byte for byte; also out of several segments."""
    for name, (message, schema, struct_name) in messages.items():
        theirs = official("binary:" + form, message, schema, struct_name)
        assert ours("binary:" + form, message) == theirs, name


@pytest.mark.parametrize("form", ["binary", "packed"])
def test_framed_conversions_are_those_of_the_official_tool(messages, form):
    """Byte for byte where it writes one segment, as it does for what is short."""
    compared = 0
    for name, (message, schema, struct_name) in messages.items():
        theirs = official("binary:" + form, message, schema, struct_name)
        if segments(official("binary:binary", message, schema, struct_name)) == 1:
            assert ours("binary:" + form, message) == theirs, name
            compared += 1
        assert ours(form + ":canonical", theirs) == ours("binary:canonical", message), name
    assert compared > 1


@pytest.mark.parametrize("form", FORMATS)
def test_the_official_tool_reads_what_we_wrote(messages, form):
    read_as = "flat" if form == "canonical" else form
    for name, (message, schema, struct_name) in messages.items():
        written = ours("binary:" + form, message)
        assert (official(read_as + ":canonical", written, schema, struct_name) ==
                official("binary:canonical", message, schema, struct_name)), name


@pytest.mark.parametrize("constant", ["sample", "origin", "favourite", "primes", "words",
                                      "corners", "greeting", "magic", "nothingAtAll"])
def test_what_eval_wrote_is_already_flat(constant):
    """Constants of each type that can be a message; what cannot be one eval refuses itself."""
    done = run("capnp", "eval", "-oflat", "-I.", CODEGEN, constant)
    if done.returncode != 0 or not done.stdout:
        assert constant != "sample"
        return
    assert ours("flat:flat", done.stdout) == done.stdout


def test_text_that_we_encoded_is_what_the_official_tool_decodes(messages):
    """encode and decode: out of text, through our conversions, and back to the same text."""
    message, schema, struct_name = messages["sample"]
    text = official("binary:text", message, schema, struct_name)
    encoded = good("capnp", "encode", "-I.", schema, struct_name, stdin=text)
    packed = ours("binary:packed", encoded)
    decoded = good("capnp", "decode", "--packed", "-I.", schema, struct_name, stdin=packed)
    assert decoded == good("capnp", "decode", "-I.", schema, struct_name, stdin=encoded)
    assert decoded == good("capnp", "decode", "-I.", schema, struct_name,
                           stdin=ours("packed:binary", packed))


def test_there_and_back_is_the_same(messages):
    for name, (message, _, _) in messages.items():
        flat = ours("binary:flat", message)
        for form in ("binary", "packed", "flat-packed"):
            assert ours(form + ":flat", ours("flat:" + form, flat)) == flat, (name, form)
        canonical = ours("flat:canonical", flat)
        assert ours("canonical:canonical", canonical) == canonical, name


def test_a_stream_holds_several_messages(messages):
    one, two = messages["sample"][0], messages["point"][0]
    assert ours("packed:binary", ours("binary:packed", one + two)) == \
        ours("binary:binary", one) + ours("binary:binary", two)
    done = run(TOOL, "convert", "binary:flat", stdin=one + two)
    assert done.returncode == 1 and b"message 2: only a framed" in done.stderr


BAD = {
    "no whole table": (b"\0\0\0\0\1", "the bytes end before the message does"),
    "no whole segment": (framed(0, size=2), "the bytes end before the message does"),
    "512 segments": (struct.pack("<I", 511) + bytes(4096), "too many segments"),
    "no root": (framed(), "the first segment has no root pointer"),
    "outside": (framed(1 << 32), "a pointer leads outside its segment"),
    "unknown kind": (framed(7), "a pointer of a kind that has no place there"),
    "no such segment": (framed(1 << 32 | 2), "a far pointer to a segment that is not there"),
    "no landing pad": (framed(2), "a far pointer to what is no landing pad"),
    "bad tag": (framed(7 << 32 | 1, 1), "a list of structs that does not fit its tag"),
    "cycle": (framed(1 << 35 | 6 << 32 | 0xfffffffd), "pointers nest too deep"),
    "amplified": (framed(1 << 60 | 0xfffffffd), "too much to traverse"),
}


@pytest.mark.parametrize("case", sorted(BAD))
def test_a_bad_message_is_refused_by_its_fault(case):
    message, words = BAD[case]
    done = run(TOOL, "convert", "binary:flat", stdin=message)
    assert done.returncode == 1
    assert done.stderr.decode() == f"capos-message: message 1: {words}\n"
    assert done.stdout == b""


def test_packed_input_that_is_cut_short_is_refused(messages):
    packed = ours("binary:packed", messages["sample"][0])
    for size in (1, 10, len(packed) - 1):
        done = run(TOOL, "convert", "packed:flat", stdin=packed[:size])
        assert done.returncode == 1 and done.stderr.startswith(b"capos-message: message "), size


@pytest.mark.parametrize("words", [[], ["convert"], ["convert", "binary"],
                                   ["convert", "binary:nothing"], ["change", "flat:flat"]])
def test_misuse_is_answered_with_the_usage(words):
    done = run(TOOL, *words, stdin=b"")
    assert done.returncode == 1 and done.stderr.startswith(b"usage: capos-message convert")
