# SPDX-License-Identifier: MIT
@0xd37f8ad91a782bc8;
# For tests/system/test_hostile.py: responsiveness, with counted instructions.

using Manifest = import "/schema/manifest.capnp";

const manifest :Manifest.SystemManifest = (
  schemaVersion = Manifest.manifestVersion,
  binaries = [
    (name = "proof", image = embed "/proof.elf"),
    (name = "late", image = embed "/late.elf"),
    (name = "hog", image = embed "/hog.elf"),
    (name = "tiny", image = embed "/tiny.elf"),
  ],
  initConfig = (
    init = (
      binary = "proof",
      grants = [
        (name = "console", object = console),
        (name = "timer", object = timer),
        (name = "uart", object = uart),
        (name = "entropy", object = entropySource),
        (name = "boot", object = bootPackage),
        (name = "spawner", object = processSpawner),
        (name = "power", object = power),
        (name = "audit", object = audit),
      ],
      arguments = ["late"],
    ),
  ),
);
