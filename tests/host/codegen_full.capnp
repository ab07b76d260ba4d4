# SPDX-License-Identifier: MIT
@0xe5a1c0de00020004;
# The rest of the schema language, for codegen_full_test.c, test_schema.py and tests/golden:
# pointers of every kind, their defaults, constants of every type, nesting in every place.

using C = import "/schema/c.capnp";
using Deep = import "codegen/deep.capnp".Deep;
using Absolute = import "/tests/host/codegen/deep.capnp";
using Types = import "codegen_types.capnp";
using Types.Color;
using Point = Types.Point;

annotation note @0xe5a1c0de00020104 (*) :List(Text);
annotation mark @0xe5a1c0de00020105 (field) :Void;
$note(["on a file"]);

const fullVoid :Void = void;
const fullBool :Bool = false;
const fullInt8 :Int8 = -128;
const fullInt16 :Int16 = -32768;
const fullInt32 :Int32 = -2147483648;
const fullInt64 :Int64 = -9223372036854775807;
const fullUint8 :UInt8 = 255;
const fullUint16 :UInt16 = 0xffff;
const fullUint32 :UInt32 = 0xffffffff;
const fullUint64 :UInt64 = 0xffffffffffffffff;
const fullInfinity :Float32 = inf;
const fullNegative :Float64 = -inf;
const fullNan :Float64 = nan;
const fullTiny :Float64 = 4.9406564584124654e-324;
const fullText :Text = "caf\xc3\xa9";
const fullData :Data = "as text";
const fullColor :Color = blue;
const fullAny :AnyPointer = .fullColors;
const fullAnyStruct :AnyStruct = .fullPoint;
const fullPoint :Point = (x = 5);
const fullEmpty :FullEmpty = ();
const fullVoids :List(Void) = [void, void];
const fullBools :List(Bool) = [true, false, true];
const fullInt8s :List(Int8) = [-1, 127];
const fullInt64s :List(Int64) = [-1, 9223372036854775807];
const fullFloats :List(Float32) = [1.5, -0.5];
const fullColors :List(Color) = [red, blue];
const fullTexts :List(Text) = ["", "two"];
const fullDatas :List(Data) = [0x"00", ""];
const fullEmpties :List(FullEmpty) = [(), (), ()];
const fullGrid :List(List(UInt8)) = [[1, 2], [], [3]];
const fullGridOfBools :List(List(Bool)) = [[true], [false, true]];
const fullGridOfTexts :List(List(Text)) = [["a", "b"], ["c"]];
const fullGridOfPoints :List(List(Point)) = [[(x = 1), (y = 2)], []];
const fullCube :List(List(List(Int16))) = [[[1], [2, 3]], [[-4]]];

const fullSample :Full = (
  # Every field that a constant can have; codegen_full_test.c builds and reads the same.
  grid = [[1, 2], [], [3]],
  gridOfBools = [[true, false, true], []],
  gridOfColors = [[blue], [red, darkGreen]],
  gridOfTexts = [["one", ""], []],
  gridOfPoints = [[(x = 1, y = 2), ()], [(x = 3)]],
  cube = [[[1, 2]], [[-3], []]],
  any = .fullPoint,
  anyStruct = .fullPoint,
  anyList = .fullColors,
  empties = [(), ()],
  within = (deeper = (kind = second, color = darkGreen)),
  choice = (any = .fullGrid));

struct FullEmpty {}

struct Full $note(["on a struct"]) {
  # A struct with pointers of every kind.

  grid @0 :List(List(UInt8)) $mark;
  gridOfBools @1 :List(List(Bool));
  gridOfColors @2 :List(List(Color));
  gridOfTexts @3 :List(List(Text));
  gridOfPoints @4 :List(List(Point));
  cube @5 :List(List(List(Int16)));
  any @6 :AnyPointer;
  anyStruct @7 :AnyStruct;
  anyList @8 :AnyList;
  shapes @9 :List(Types.Shape);
  handles @10 :List(Capability);
  anyLists @11 :List(AnyList);
  gridOfShapes @12 :List(List(Types.Shape));
  empties @13 :List(FullEmpty);
  within @14 :Deep;
  absolute @15 :Absolute.Deep.Deeper.Kind;

  choice :union $note(["on a union"]) {
    nothing @16 :Void;
    any @17 :AnyPointer;
    grid @18 :List(List(UInt8)) = [[9]];
    point @19 :Point = (x = 6);
    inner :group $note([]) {
      deeper :union {
        one @20 :UInt8 = 1;
        two @21 :Text = "two";
      }
      beside @22 :Bool = true;
    }
  }
}

struct FullDefaults {
  # A default of every type of pointer.

  point @0 :Point = (x = 1, y = 2);
  deep @1 :Deep = (deeper = (kind = second));
  voids @2 :List(Void) = [void, void, void];
  bools @3 :List(Bool) = [true, false, true];
  int8s @4 :List(Int8) = [-1, 2];
  uint16s @5 :List(UInt16) = [65535];
  int32s @6 :List(Int32) = [-2147483648];
  uint64s @7 :List(UInt64) = [18446744073709551615];
  float32s @8 :List(Float32) = [0.5];
  float64s @9 :List(Float64) = [-0.25, 1e300];
  colors @10 :List(Color) = [blue, red];
  texts @11 :List(Text) = ["x", "", "yz"];
  datas @12 :List(Data) = [0x"01 02", ""];
  points @13 :List(Point) = [(x = 1), ()];
  grid @14 :List(List(UInt8)) = [[1], [2, 3]];
  gridOfPoints @15 :List(List(Point)) = [[], [(x = 4)]];
  any @16 :AnyPointer = .fullTexts;
  anyStruct @17 :AnyStruct = .fullPoint;
  anyList @18 :AnyList = .fullInt8s;
  empty @19 :List(UInt8) = [];
}

struct FullNames {
  # Names that C has already, or that meet.

  default @0 :Int8;
  int @1 :Text;
  struct @2 :Bool;
  aBc @3 :Int8;
  aBC @4 :Int8 $C.name("a_b_c_capital");
  union {
    id @5 :Void $C.name("id_member");
    pointers @6 :Int8 $C.name("pointer_count");
  }
}

enum Int $C.name("integer") {
  # Its own name is a keyword.
  short @0;
  long @1 $C.name("very_long");
}

struct Message $C.name("letter") {
  # Its own name is the library's.
  number @0 :Int = long;
}

interface FullNesting {
  # Declarations of every kind inside an interface, and inside a struct of it.

  const limit :UInt8 = 3;
  const names :List(Text) = ["n"];

  enum Mode {
    off @0;
    on @1;
  }

  struct Record {
    const size :UInt16 = 77;
    mode @0 :Mode = on;

    interface Watcher {
      struct Event {
        count @0 :UInt32;
        enum Cause {
          none @0;
          time @1;
        }
        cause @1 :Cause;
      }
      seen @0 (event :Event) -> ();
      # Statuses: ok only.
    }

    watcher @1 :Watcher;
    events @2 :List(Watcher.Event);
  }

  watch @0 (record :Record, mode :Mode = on, any :AnyPointer) -> (record :Record, any :AnyPointer);
  # Statuses: ok only.

  delete @1 (int :Int, message :Bool, reader :Int8, default :UInt8 = 5)
      -> (enum :Mode, call :Float64 = 0.5) $C.name("remove");
  # Statuses: ok only.
}
