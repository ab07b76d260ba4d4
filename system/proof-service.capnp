# SPDX-License-Identifier: MIT
@0x9c27e5d0b4f3a186;
# Proof of the runtime of services: user/app/counter and four clients, tests/program/counting.c.

using Manifest = import "/schema/manifest.capnp";

const manifest :Manifest.SystemManifest = (
  schemaVersion = Manifest.manifestVersion,
  binaries = [
    (name = "counter", image = embed "/counter.elf"),
    (name = "counting", image = embed "/counting.elf"),
  ],
  initConfig = (
    init = (
      binary = "counter",
      grants = [
        (name = "console", object = console),
        (name = "spawner", object = processSpawner),
      ],
      arguments = ["counting", "counting", "counting", "counting"],
    ),
  ),
);
