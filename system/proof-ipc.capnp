# SPDX-License-Identifier: MIT
@0xd1b7a90c6e5f2a47;
# Calls between processes: hostile entries, answers, transfers, facets, deaths, floods.

using Manifest = import "/schema/manifest.capnp";

const manifest :Manifest.SystemManifest = (
  schemaVersion = Manifest.manifestVersion,
  binaries = [
    (name = "proof", image = embed "/proof.elf"),
    (name = "ipc_entry", image = embed "/ipc_entry.elf"),
    (name = "ipc_death", image = embed "/ipc_death.elf"),
    (name = "ipc_facet", image = embed "/ipc_facet.elf"),
    (name = "ipc_transfer", image = embed "/ipc_transfer.elf"),
    (name = "ipc_reply", image = embed "/ipc_reply.elf"),
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
      arguments = ["ipc_entry", "ipc_reply", "ipc_transfer", "ipc_facet", "ipc_death"],
    ),
  ),
);
