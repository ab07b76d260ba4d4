# SPDX-License-Identifier: MIT
@0xe5a1c0de00020006;
# evolution_older.capnp, grown in every way that the rules allow: structs in data and pointers, a
# group and a union, an enum, and lists of numbers and of texts that became lists of structs.

enum NewColor {
  red @0;
  green @1;
  blue @2;
}

struct NewItem {
  number @0 :UInt32;
  more @1 :UInt64 = 9;
  label @2 :Text = "none";
}

struct NewText {
  text @0 :Text;
  weight @1 :UInt32 = 3;
}

struct NewRecord {
  id @0 :UInt32;
  color @1 :NewColor;
  name @2 :Text;
  numbers @3 :List(NewItem);
  texts @4 :List(NewText);
  items @5 :List(NewItem);
  item @6 :NewItem;

  place :group {
    x @7 :Int16;
    y @10 :Int16 = 5;
    note @11 :Text;
  }

  choice :union {
    none @8 :Void;
    count @9 :UInt32;
    text @12 :Text;
    both :group {
      first @13 :UInt64;
      second @14 :List(UInt8);
    }
  }

  extra @15 :UInt64 = 77;
  extraText @16 :Text = "default";
  extraItem @17 :NewItem;
}

struct NewBox {
  record @0 :NewRecord;
  numbers @1 :List(NewItem);
  items @2 :List(NewItem);
  extra @3 :Text;
}

const newSample :NewRecord = (
  id = 1, color = blue, name = "new",
  numbers = [(number = 10, more = 1, label = "x"), (number = 11), (number = 12)],
  texts = [(text = "a", weight = 1), (), (text = "c")],
  items = [(number = 20, label = "y"), (number = 21, more = 2)],
  item = (number = 30, more = 3, label = "z"), place = (x = -4, y = 6, note = "there"),
  choice = (both = (first = 60, second = [61, 62])),
  extra = 78, extraText = "more", extraItem = (number = 31));

const newBox :NewBox = (
  record = .newSample, numbers = [(number = 1, label = "n"), (number = 2)],
  items = [(number = 3, more = 4)], extra = "box");

const newBoxCopied :NewBox = (
  # newBox as code that knows only the older schema copies it, piece by piece into a box of its own.
  record = .newSample, numbers = [(number = 1, label = "n"), (number = 2)],
  items = [(number = 3, more = 4)]);

const newGrown :NewRecord = (
  # oldSample as copied by code that knows the newer schema, and then given more.
  id = 1, color = blue, name = "old", numbers = [(number = 10), (number = 11), (number = 12)],
  texts = [(text = "a"), (text = ""), (text = "c")], items = [(number = 20), (number = 21)],
  item = (number = 30), place = (x = -4, y = 7, note = "grown"), choice = (text = "fifty"),
  extra = 79, extraItem = (label = "late"));
