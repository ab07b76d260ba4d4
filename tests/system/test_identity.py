# SPDX-License-Identifier: MIT
"""No user can say an identity: what people type, read or configure knows no badge.

A grant of a spawn and of a manifest can express one, to be refused; nothing that fills them in for a
person does.
"""
import glob
import os
import re

import pytest

from machine import ROOT

WORDS = re.compile(r"badge|relabel", re.IGNORECASE)
PLACES = ("user/shell/*.[ch]",  # syntax, help, greeting
          "user/app/*/*", "user/service/*/*",  # labels of services
          "user/rt/*.[ch]", "system/*.capnp")


def files(place):
    return sorted(path for path in glob.glob(os.path.join(ROOT, place)) if os.path.isfile(path))


def text_of(path):
    with open(path, encoding="utf-8") as file:
        return file.read()


@pytest.mark.parametrize("place", PLACES)
def test_nobody_can_say_a_badge(place):
    said = [path for path in files(place) if WORDS.search(text_of(path))]
    assert not said, "an identity can be asked for in " + ", ".join(said)


def test_the_places_are_there():
    shell = [os.path.basename(path) for path in files(PLACES[0])]
    assert {"parser.c", "commands.c", "main.c"} <= set(shell)
    assert files("system/*.capnp")
    # What the search is for is in the schemas, so that it can be refused.
    assert WORDS.search(text_of(os.path.join(ROOT, "schema/process.capnp")))
    assert WORDS.search(text_of(os.path.join(ROOT, "schema/manifest.capnp")))
