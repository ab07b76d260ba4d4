# SPDX-License-Identifier: MIT
@0xaa18f0bc1d3917bd;
# Capabilities that are none, were one, or are another's.

using Manifest = import "/schema/manifest.capnp";

const manifest :Manifest.SystemManifest = (
  schemaVersion = Manifest.manifestVersion,
  binaries = [
    (name = "proof", image = embed "/proof.elf"),
    (name = "caps", image = embed "/caps.elf"),
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
      arguments = ["caps"],
    ),
  ),
);
