# SPDX-License-Identifier: MIT
@0xe5a1c0de00020001;
# Everything that tools/capnpc-capos supports, for codegen_test.c and test_schema.py.

using Types = import "codegen_types.capnp";
using Types.Color;

const answer :UInt8 = 42;
const isSet :Bool = true;
const smallest :Int64 = -9223372036854775808;
const largest :UInt64 = 18446744073709551615;
const half :Float32 = 0.5;
const third :Float64 = 0.333333333333333314829616256247390992939472198486328125;
const favourite :Color = darkGreen;
const greeting :Text = "say \"hello\",\n/* twice */ ??/";
const nothingAtAll :Text = "";
const magic :Data = 0x"00 ff 7f 0d 0a";
const origin :Types.Point = (x = 3, y = 4);
const primes :List(UInt16) = [2, 3, 5, 7];
const words :List(Text) = ["one", "", "three"];
const corners :List(Types.Point) = [(x = 1, y = 2), (x = 3), ()];
const sample :Everything = (
  # Every field that a constant can have; codegen_test.c builds and reads the same.
  boolField = true,
  int8Field = -8,
  int16Field = -1616,
  int32Field = -323232,
  int64Field = -6464646464,
  uint8Field = 8,
  uint16Field = 1616,
  uint32Field = 323232,
  uint64Field = 18446744073709551615,
  float32Field = -0.5,
  float64Field = 1.25,
  colorField = blue,
  textField = "text",
  dataField = 0x"00 ff 00",
  point = (x = 7, y = 8),
  self = (textField = "inside", self = (uint8Field = 2)),
  inner = (kind = fancy),
  listOfVoid = [void, void, void],
  listOfBool = [true, false, true, true, false, false, false, false, true],
  listOfInt8 = [-1, 2, -3],
  listOfUint16 = [1, 65535],
  listOfInt32 = [-2147483648, 2147483647],
  listOfUint64 = [0, 18446744073709551615],
  listOfFloat64 = [0.5, -0.25],
  listOfColor = [blue, red, darkGreen],
  listOfText = ["", "seven b", "eight by"],
  listOfData = ["", 0x"01"],
  listOfPoint = [(x = 1, y = 2), (x = 3), ()],
  place = (street = "Main", number = 12, exact = (latitude = 1.5, longitude = -2.5)),
  choice = (pair = (first = 1, second = 2)));

struct Everything {
  # One field of each kind. The end of a comment, */, and its start, /*, do no harm.

  voidField @0 :Void;
  boolField @1 :Bool;
  int8Field @2 :Int8;
  int16Field @3 :Int16;
  int32Field @4 :Int32;
  int64Field @5 :Int64;
  uint8Field @6 :UInt8;
  uint16Field @7 :UInt16;
  uint32Field @8 :UInt32;
  uint64Field @9 :UInt64;
  float32Field @10 :Float32;
  float64Field @11 :Float64;
  colorField @12 :Color;
  textField @13 :Text;
  # A doc comment
  # of two lines.
  dataField @14 :Data;
  point @15 :Types.Point;
  self @16 :Everything;
  shape @17 :Types.Shape;
  anything @18 :Capability;
  inner @19 :Inner;

  listOfVoid @20 :List(Void);
  listOfBool @21 :List(Bool);
  listOfInt8 @22 :List(Int8);
  listOfUint16 @23 :List(UInt16);
  listOfInt32 @24 :List(Int32);
  listOfUint64 @25 :List(UInt64);
  listOfFloat64 @26 :List(Float64);
  listOfColor @27 :List(Color);
  listOfText @28 :List(Text);
  listOfData @29 :List(Data);
  listOfPoint @30 :List(Types.Point);
  listOfShape @31 :List(Types.Shape);

  place :group {
    # A group.
    street @32 :Text;
    number @33 :UInt16;
    exact :group {
      latitude @34 :Float32;
      longitude @35 :Float32;
    }
  }

  choice :union {
    # A named union.
    none @36 :Void;
    number @37 :Int64;
    named @38 :Text;
    at @39 :Types.Point;
    pair :group {
      first @40 :UInt32;
      second @41 :UInt32;
    }
    many @42 :List(UInt32);
    flag @43 :Bool;
    handle @44 :Types.Shape;
  }

  struct Inner {
    kind @0 :Kind;
    enum Kind {
      plain @0;
      fancy @1;
    }
  }
}

struct Defaults {
  isOn @0 :Bool = true;
  int8Field @1 :Int8 = -8;
  int16Field @2 :Int16 = -1600;
  int32Field @3 :Int32 = -320000;
  int64Field @4 :Int64 = -9223372036854775808;
  uint8Field @5 :UInt8 = 200;
  uint16Field @6 :UInt16 = 65535;
  uint32Field @7 :UInt32 = 4000000000;
  uint64Field @8 :UInt64 = 18446744073709551615;
  float32Field @9 :Float32 = 1.5;
  float64Field @10 :Float64 = -2.25;
  colorField @11 :Color = blue;
  textField @12 :Text = "by default";
  dataField @13 :Data = 0x"01 02";
  union {
    first @14 :UInt32 = 7;
    second @15 :UInt32 = 8;
    third @16 :Text = "third";
  }
}

struct Older {
  # What Newer was before it grew.
  number @0 :UInt32;
}

struct Newer {
  number @0 :UInt32;
  more @1 :UInt64 = 5;
  text @2 :Text;
}

struct NumbersAsScalars {
  numbers @0 :List(UInt32);
}

struct NumbersAsStructs {
  numbers @0 :List(Older);
}

interface Store {
  # An interface with every shape of method.

  get @0 (key :Text) -> (value :Data);
  # Statuses: ok only.

  put @1 (key :Text, value :Data, replace :Bool = true) -> (total :UInt32);
  open @2 (name :Text, shape :Types.Shape, other :Capability)
      -> (store :Store, shape :Types.Shape, other :Capability, at :UInt64);
  exchange @3 Older -> Newer;
  nested @4 () -> (deep :Deep, last :Types.Shape);
  default @5 (default :UInt32, size :UInt32, status :Int8) -> (int :Int32);

  struct Deep {
    first @0 :Types.Shape;
    second @1 :Store;
    union {
      unnumbered @2 :Types.Shape;
      nothing @3 :Void;
    }
  }
}

interface Empty {}

enum Verdict {
  ok @0;
  bad @1;
}
