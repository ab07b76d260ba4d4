# SPDX-License-Identifier: MIT
@0xe5a1c0de00000018;
using Memory = import "memory.capnp";

interface BootPackage @0xe5a1c0de00000118 {
  # The bytes of the boot module: one SystemManifest message.

  manifest @0 () -> (memory :Memory.MemoryObject, sizeBytes :UInt64);
  # A sealed object that holds the manifest (one segment, no table) from its first byte on.
  # Statuses: outOfMemory, outOfSlots.
}
