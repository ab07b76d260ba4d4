# SPDX-License-Identifier: MIT
"""What a counting kernel counted, taken out of its machine's memory after the machine has ended.

The kernel only counts; it never writes a profile.  Its counters are a section of its image, which
lies at a fixed physical address, so whoever has the machine's RAM as a file can read them there,
however the machine ended.  What else a raw profile holds does not change: it is in the image.

Raw profile: a header of 16 words, then the sections data, counters and names, each filled up to
whole words (InstrProfData.inc of clang 19, raw version 10).
"""
import os
import struct

KERNEL_BASE = 0xFFFFFFFF80000000  # kernel/arch/x86_64/kernel.ld: virtual minus physical
MAGIC = int.from_bytes(b"\xfflprofr\x81", "big")
VERSION = 10
DATA_BYTES = 64  # of one function's record
LAST_VALUE_KIND = 2


class Section:
    """A section of an ELF64 file: its address and bytes."""

    def __init__(self, image, header):
        self.name_offset, _, _, self.address, offset, size = struct.unpack_from("<IIQQQQ", header)
        self.bytes = image[offset:offset + size]

    def bytes_in(self, ram):
        """The same bytes in the machine's memory, an open file."""
        ram.seek(self.address - KERNEL_BASE)
        return ram.read(len(self.bytes))


def sections(path):
    """The sections of an ELF64 file, by name."""
    with open(path, "rb") as file:
        image = file.read()
    (table,) = struct.unpack_from("<Q", image, 0x28)
    entry_bytes, count, names_index = struct.unpack_from("<HHH", image, 0x3A)
    found = [Section(image, image[table + i * entry_bytes:table + (i + 1) * entry_bytes])
             for i in range(count)]
    names = found[names_index].bytes

    def name(section):
        return names[section.name_offset:names.index(b"\0", section.name_offset)].decode()

    return {name(section): section for section in found}


def filled(data):
    return data + bytes(-len(data) % 8)


def raw_profile(data, counters, counted, names):
    header = struct.pack("<16Q", MAGIC, VERSION, 0, len(data.bytes) // DATA_BYTES, 0,
                         len(counted) // 8, 0, 0, 0, len(names.bytes),
                         (counters.address - data.address) % 2**64, -data.address % 2**64,
                         names.address, 0, 0, LAST_VALUE_KIND)
    return header + data.bytes + counted + filled(names.bytes)


def extract(kernel, ram_path, out_path):
    """Write the raw profile of a machine that ran the kernel.

    False if the kernel does not count, or never came to run."""
    image = sections(kernel)
    if "__llvm_prf_cnts" not in image:
        return False
    data, counters, names = (image[f"__llvm_prf_{s}"] for s in ("data", "cnts", "names"))
    with open(ram_path, "rb") as ram:
        if names.bytes_in(ram) != names.bytes:
            return False
        counted = counters.bytes_in(ram)
    with open(out_path + ".new", "wb") as out:
        out.write(raw_profile(data, counters, counted, names))
    os.rename(out_path + ".new", out_path)
    return True
