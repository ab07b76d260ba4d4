# SPDX-License-Identifier: MIT
@0xe5a1c0de0000001b;

const manifestVersion :UInt32 = 1;
# Of this schema; the kernel takes no other.

const manifestMaxBinaries :UInt32 = 256;
# Programs in one system.

const manifestMaxGrants :UInt32 = 16;
# Grants to the first process.

struct SystemManifest {
  # Everything the kernel loads besides itself.  Written as a typed constant in system/*.capnp.

  schemaVersion @0 :UInt32;
  # manifestVersion.

  binaries @1 :List(Binary);
  # At most manifestMaxBinaries.  Names are unique; "init" is kept for the kernel.

  initConfig @2 :InitConfig;
  # How the system starts.
}

struct Binary {
  # A program that can be started by its name.

  name @0 :Text;
  # 1 to 32 bytes of [a-z0-9_-].
  image @1 :Data;
  # A static ELF64 executable.
}

struct InitConfig {
  # What the kernel starts, and with what.

  init @0 :Init;
  # The first process; it starts all others.

  struct Init {
    # The first process.

    binary @0 :Text;
    # Name of an entry of binaries.
    grants @1 :List(KernelGrant);
    # All that it holds, besides "memory" and "account"; at most manifestMaxGrants.
    arguments @2 :List(Text);
    # At most maxArguments of at most maxArgumentBytes bytes (schema/process.capnp).
  }
}

struct KernelGrant {
  # One kernel object given to the first process.

  name @0 :Text;
  # What the process looks it up by; unique, and neither "memory" nor "account".
  object @1 :KernelObject;
  # Which object.

  legacyBadge :union {
    # As in a grant of a spawn (schema/process.capnp): the kernel takes no manifest that has one.
    absent @2 :Void;
    # None.
    badge @3 :UInt64;
    # Always refused.
  }
}

enum KernelObject {
  # The kernel's objects that there are from the start, by their interfaces.

  none @0;
  # Never valid: a grant that forgot to say what it grants.
  console @1;
  # Console: text for people, output only.
  uart @2;
  # Uart: the first serial port.
  timer @3;
  # Timer: monotonic time.
  entropySource @4;
  # EntropySource: random bytes.
  bootPackage @5;
  # BootPackage: the manifest itself.
  processSpawner @6;
  # ProcessSpawner: starts programs, out of its holder's account.
  power @7;
  # Power: the machine's switch.
  audit @8;
  # Audit: the kernel's books.
}
