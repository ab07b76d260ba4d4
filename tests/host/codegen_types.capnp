# SPDX-License-Identifier: MIT
@0xe5a1c0de00020002;
# What codegen.capnp imports.

annotation ignored @0xe5a1c0de00020102 (*) :Text;
# Annotations are allowed, and mean nothing to the plug-in.

enum Color {
  red @0;
  darkGreen @1;
  blue @2 $ignored("really");
}

struct Point {
  x @0 :Int32;
  y @1 :Int32 = -1;
}

interface Shape {
  area @0 () -> (area :UInt64);
}
