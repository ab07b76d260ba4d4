# SPDX-License-Identifier: MIT
@0xe5a1c0de00000202;
# Measures: ./capos bench.
using Manifest = import "/schema/manifest.capnp";

const manifest :Manifest.SystemManifest = (
  schemaVersion = Manifest.manifestVersion,
  binaries = [
    (name = "bench", image = embed "/bench.elf"),
    (name = "answerer", image = embed "/answerer.elf"),
    (name = "tiny", image = embed "/tiny.elf"),
  ],
  initConfig = (init = (
    binary = "bench",
    grants = [
      (name = "console", object = console),
      (name = "timer", object = timer),
      (name = "spawner", object = processSpawner),
    ],
  )),
);
