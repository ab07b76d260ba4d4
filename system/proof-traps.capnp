# SPDX-License-Identifier: MIT
@0x953322d9511bc4bd;
# Exceptions, privileged instructions and forbidden memory: each ends its process alone.

using Manifest = import "/schema/manifest.capnp";

const manifest :Manifest.SystemManifest = (
  schemaVersion = Manifest.manifestVersion,
  binaries = [
    (name = "proof", image = embed "/proof.elf"),
    (name = "trap", image = embed "/trap.elf"),
    (name = "touch", image = embed "/touch.elf"),
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
      arguments = ["trap", "touch"],
    ),
  ),
);
