# SPDX-License-Identifier: MIT
@0xb8f6f0f5b6d9c3a1;
# For tests/system/test_boot.py: a machine that starts over again and again.

using Manifest = import "/schema/manifest.capnp";

const manifest :Manifest.SystemManifest = (
  schemaVersion = Manifest.manifestVersion,
  binaries = [
    (name = "reset", image = embed "/reset.elf"),
  ],
  initConfig = (
    init = (
      binary = "reset",
      grants = [(name = "power", object = power)],
    ),
  ),
);
