# SPDX-License-Identifier: MIT
@0xe5a1c0de0000001c;
# Annotations that the schema compiler of this system understands.  All others mean nothing to it.

annotation name @0xe5a1c0de0000011c (struct, enum, interface, const, field, group, union,
                                     enumerant, method) :Text;
# What a declaration is called in C, in snake_case, where its own name cannot be used: because two
# names meet after their conversion, or because C or a library has it already.  Not part of the ABI.
