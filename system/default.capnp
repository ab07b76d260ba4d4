# SPDX-License-Identifier: MIT
@0x8d3f1a5c9e2b7460;
# The default system: a shell at the first serial port, and programs to run from it.

using Manifest = import "/schema/manifest.capnp";

const manifest :Manifest.SystemManifest = (
  schemaVersion = Manifest.manifestVersion,
  binaries = [
    (name = "shell", image = embed "/shell.elf"),
    (name = "hello", image = embed "/hello.elf"),
    (name = "calc", image = embed "/calc.elf"),
    (name = "fault", image = embed "/fault.elf"),
    (name = "spin", image = embed "/spin.elf"),
    (name = "flood", image = embed "/flood.elf"),
    (name = "tiny", image = embed "/tiny.elf"),
  ],
  initConfig = (
    init = (
      binary = "shell",
      grants = [
        (name = "console", object = console),
        (name = "terminal", object = uart),
        (name = "timer", object = timer),
        (name = "entropy", object = entropySource),
        (name = "boot", object = bootPackage),
        (name = "spawner", object = processSpawner),
        (name = "power", object = power),
        (name = "audit", object = audit),
      ],
      arguments = [],
    ),
  ),
);
