# SPDX-License-Identifier: MIT
@0xf35095082c206bdd;
# Registers: what a system call, a switch, a fault and a start leave in them.

using Manifest = import "/schema/manifest.capnp";

const manifest :Manifest.SystemManifest = (
  schemaVersion = Manifest.manifestVersion,
  binaries = [
    (name = "proof", image = embed "/proof.elf"),
    (name = "syscall", image = embed "/syscall.elf"),
    (name = "fresh", image = embed "/fresh.elf"),
    (name = "state", image = embed "/state.elf"),
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
      arguments = ["syscall", "fresh", "state"],
    ),
  ),
);
