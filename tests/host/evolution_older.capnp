# SPDX-License-Identifier: MIT
@0xe5a1c0de00020005;
# What evolution_newer.capnp was before it grew; see evolution_test.c.

enum OldColor {
  red @0;
  green @1;
}

struct OldItem {
  number @0 :UInt32;
}

struct OldRecord {
  id @0 :UInt32;
  color @1 :OldColor;
  name @2 :Text;
  numbers @3 :List(UInt32);
  texts @4 :List(Text);
  items @5 :List(OldItem);
  item @6 :OldItem;

  place :group {
    x @7 :Int16;
  }

  choice :union {
    none @8 :Void;
    count @9 :UInt32;
  }
}

struct OldBox {
  record @0 :OldRecord;
  numbers @1 :List(UInt32);
  items @2 :List(OldItem);
}

const oldSample :OldRecord = (
  id = 1, color = green, name = "old", numbers = [10, 11, 12], texts = ["a", "", "c"],
  items = [(number = 20), (number = 21)], item = (number = 30), place = (x = -4),
  choice = (count = 50));

const oldBox :OldBox = (record = .oldSample, numbers = [1, 2], items = [(number = 3)]);
