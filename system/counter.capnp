# SPDX-License-Identifier: MIT
@0xd6c1f5a0b7e39284;
# A service and three clients: user/app/counter, user/app/count.

using Manifest = import "/schema/manifest.capnp";

const manifest :Manifest.SystemManifest = (
  schemaVersion = Manifest.manifestVersion,
  binaries = [
    (name = "counter", image = embed "/counter.elf"),
    (name = "count", image = embed "/count.elf"),
  ],
  initConfig = (
    init = (
      binary = "counter",
      grants = [
        (name = "console", object = console),
        (name = "spawner", object = processSpawner),
      ],
      arguments = ["count", "count", "count"],
    ),
  ),
);
