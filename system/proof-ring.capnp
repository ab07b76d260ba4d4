# SPDX-License-Identifier: MIT
@0xec3c826ac84cfe03;
# The ring: reserved bits, indices, tags, deadlines, cancellation, spans.

using Manifest = import "/schema/manifest.capnp";

const manifest :Manifest.SystemManifest = (
  schemaVersion = Manifest.manifestVersion,
  binaries = [
    (name = "proof", image = embed "/proof.elf"),
    (name = "ring", image = embed "/ring.elf"),
    (name = "cancel", image = embed "/cancel.elf"),
    (name = "span", image = embed "/span.elf"),
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
      arguments = ["ring", "cancel", "span"],
    ),
  ),
);
