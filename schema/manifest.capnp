# SPDX-License-Identifier: MIT
@0xe5a1c0de0000001b;

const manifestVersion :UInt32 = 1;
const manifestMaxBinaries :UInt32 = 256;
const manifestMaxGrants :UInt32 = 16;

struct SystemManifest {
  # Everything the kernel loads besides itself.  Written as a typed constant in system/*.capnp.

  schemaVersion @0 :UInt32;
  # manifestVersion.

  binaries @1 :List(Binary);
  # At most manifestMaxBinaries.  Names are unique; "init" is kept for the kernel.

  initConfig @2 :InitConfig;
}

struct Binary {
  name @0 :Text;
  # 1 to 32 bytes of [a-z0-9_-].
  image @1 :Data;
  # A static ELF64 executable.
}

struct InitConfig {
  init @0 :Init;

  struct Init {
    # The first process.
    binary @0 :Text;
    # Name of an entry of binaries.
    grants @1 :List(KernelGrant);
    # At most manifestMaxGrants.
    arguments @2 :List(Text);
  }
}

struct KernelGrant {
  # One kernel object given to the first process.
  name @0 :Text;
  object @1 :KernelObject;
}

enum KernelObject {
  none @0;
  # Never valid: a grant that forgot to say what it grants.
  console @1;
  uart @2;
  timer @3;
  entropySource @4;
  bootPackage @5;
  processSpawner @6;
  power @7;
  audit @8;
}
