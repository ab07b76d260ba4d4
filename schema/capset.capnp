# SPDX-License-Identifier: MIT
@0xe5a1c0de00000003;

struct CapSet {
  # What a process starts with: its capabilities by name, and its arguments.  Mapped read-only.

  entries @0 :List(CapSetEntry);
  # Sorted by nothing; names are unique.

  arguments @1 :List(Text);
  # As given by the spawner; the first is not the program's name.

  programName @2 :Text;
  # Name of the binary, for messages.
}

struct CapSetEntry {
  # One capability of the process.

  name @0 :Text;
  # 1 to 32 bytes of [a-z0-9_-].

  capability @1 :UInt64;
  # CapId.

  interfaceId @2 :UInt64;
  # Cap'n Proto id of the capability's interface.
}
