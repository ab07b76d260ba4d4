# SPDX-License-Identifier: MIT
@0xd2b7c41e95a30f86;
# Proof of libcapos: tests/program/runtime.c is the first process.

using Manifest = import "/schema/manifest.capnp";

const manifest :Manifest.SystemManifest = (
  schemaVersion = Manifest.manifestVersion,
  binaries = [
    (name = "runtime", image = embed "/runtime.elf"),
  ],
  initConfig = (
    init = (
      binary = "runtime",
      grants = [
        (name = "console", object = console),
        (name = "timer", object = timer),
        (name = "power", object = power),
      ],
      arguments = ["one", "two"],
    ),
  ),
);
