# SPDX-License-Identifier: MIT
@0xc9361f1b28f7c1f0;
# Accounts, and programs that are loaded from memory objects.

using Manifest = import "/schema/manifest.capnp";

const manifest :Manifest.SystemManifest = (
  schemaVersion = Manifest.manifestVersion,
  binaries = [
    (name = "proof", image = embed "/proof.elf"),
    (name = "account", image = embed "/account.elf"),
    (name = "image", image = embed "/image.elf"),
    (name = "guest", image = embed "/guest.elf"),
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
      arguments = ["account", "image"],
    ),
  ),
);
