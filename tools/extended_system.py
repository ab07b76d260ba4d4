# SPDX-License-Identifier: MIT
"""A system with more programs than its manifest names: tools/qemu --with."""
import os
import subprocess
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
STRIP = "llvm-strip-19"


def name_of(path):
    """hello for some/where/hello.elf."""
    name = os.path.basename(path)
    return name[:-len(".elf")] if name.endswith(".elf") else name


def stripped(path, name, folder):
    """A copy without symbols, as the build makes for its own; the file itself if it is no ELF."""
    copy = os.path.join(folder, name + ".elf")
    done = subprocess.run([STRIP, "--strip-all", "-o", copy, path], check=False,
                          stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    return copy if done.returncode == 0 else path


def build(options, folder):
    """Writes the system's manifest with options.programs added to it; returns its path."""
    base = options.module or os.path.join(ROOT, "build", options.variant,
                                          options.system + ".manifest")
    out = os.path.join(folder, "manifest")
    command = [os.path.join(ROOT, "build", "tools", "mkmanifest"), base, options.system, out]
    given = {}
    for path in options.programs:
        name = name_of(path)
        if not os.path.isfile(path):
            sys.exit(f"qemu: --with {path}: there is no such file")
        if "=" in name:  # mkmanifest, which checks all other names, would take its part
            sys.exit(f'qemu: --with {path}: "{name}" is no name for a program')
        if name in given.values():
            sys.exit(f"qemu: --with {path}: another program is called {name}, too")
        file = stripped(path, name, folder)
        given[file] = name
        command.append(f"{name}={file}")
    for path in (base, command[0]):
        if not os.path.exists(path):
            sys.exit(f"qemu: {os.path.relpath(path)} is not built")
    done = subprocess.run(command, check=False, stdin=subprocess.DEVNULL, stderr=subprocess.PIPE)
    if done.returncode != 0:
        message = done.stderr.decode(errors="replace")
        for path in options.programs:
            message = message.replace(os.path.join(folder, name_of(path) + ".elf"), path)
        sys.exit("qemu: --with: " + message.strip())
    return out
