# SPDX-License-Identifier: MIT
@0xe5a1c0de00020003;
# Imported from another folder, by a relative and by an absolute path.

using Types = import "../codegen_types.capnp";
using Color = Types.Color;

const deepColors :List(Color) = [darkGreen, blue];

struct Deep {
  struct Deeper {
    enum Kind {
      first @0;
      second @1;
    }
    kind @0 :Kind = second;
    color @1 :Color = blue;
    const best :Color = blue;
  }
  deeper @0 :Deeper = (kind = first);
}
