# SPDX-License-Identifier: MIT
@0xd7ab7a6624616f18;
# Memory: every status, write or execute, sharing, lending, limits.

using Manifest = import "/schema/manifest.capnp";

const manifest :Manifest.SystemManifest = (
  schemaVersion = Manifest.manifestVersion,
  binaries = [
    (name = "proof", image = embed "/proof.elf"),
    (name = "memory", image = embed "/memory.elf"),
    (name = "seal", image = embed "/seal.elf"),
    (name = "lend", image = embed "/lend.elf"),
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
      arguments = ["memory", "seal", "lend"],
    ),
  ),
);
