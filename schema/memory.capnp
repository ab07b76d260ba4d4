# SPDX-License-Identifier: MIT
@0xe5a1c0de00000014;

const pageBytes :UInt32 = 4096;
# Unit of mapping and protection.

const maxMemoryObjectBytes :UInt64 = 268435456;
# 256 MiB: largest memory object, and largest mapping or unmapping in one call.

const maxMappings :UInt32 = 512;
# Mappings that one address space may have.

enum Protection {
  # What a program may do with mapped pages; none is writable and executable.

  none @0;
  # Nothing: touching them faults.
  read @1;
  # Load.
  readWrite @2;
  # Load and store; not of a sealed object.
  readExecute @3;
  # Load and execute; only of a sealed object.
}

interface MemoryObject @0xe5a1c0de00000114 {
  # A run of pages that can be mapped into address spaces.  Paid for in full when it is made;
  # a page is zeroed, or filled, when it is first touched.
  #
  # To lend it, derive a facet of it (Account.derive): what others map through that ends when it
  # is revoked, unless the object is sealed.

  info @0 () -> (sizeBytes :UInt64, sealed :Bool);
  # Statuses: ok only.

  seal @1 () -> ();
  # From now on nobody can map it writable.  Only a sealed object may be mapped executable, so no
  # page is ever writable and executable, in one address space or across several.  Sealing a
  # sealed object does nothing.
  # Statuses: writableMapping (a writable mapping exists).
}

interface VirtualMemory @0xe5a1c0de00000115 {
  # One process's address space.  Addresses and lengths are multiples of pageBytes, lengths at
  # least one page and at most maxMemoryObjectBytes.  Every process gets the one for itself, under
  # the name "memory".
  # Statuses of every method: processEnded (that process has ended).

  createObject @0 (sizeBytes :UInt64) -> (memory :MemoryObject);
  # A new zeroed object, charged to the account of this address space's process; the size is
  # rounded up to pages.
  # Statuses: invalidArgument (0 or over maxMemoryObjectBytes), outOfMemory, outOfSlots.

  map @1 (memory :MemoryObject, offsetBytes :UInt64, lengthBytes :UInt64,
          protection :Protection, address :UInt64, allowRevocable :Bool) -> (address :UInt64);
  # Maps a part of an object at `address`, or where the kernel chooses when that is 0.  An
  # unsealed object is refused unless `allowRevocable` is set: its mapping may end later.  It does
  # when `memory` is a facet that is revoked, or derived from one that is, and the object has not
  # been sealed by then: touching the range faults from then on.  A sealed object's mapping stays.
  # Statuses: invalidArgument (alignment, range empty or outside the object, address outside user
  # space, a protection that is none, or an unsealed object without allowRevocable), wrongInterface
  # (`memory` is null, or neither a memory object nor a facet of one), protectionRefused (executable
  # asked of an unsealed object), sealed (writable asked of a sealed object), addressInUse (something
  # is mapped or reserved at `address`), noAddressSpace, tooManyMappings, outOfMemory.

  unmap @2 (address :UInt64, lengthBytes :UInt64) -> ();
  # Removes every mapping and reservation in the range, or the parts of them that lie in it; holes are
  # passed over.  All or nothing.
  # Statuses: invalidArgument (alignment, length 0 or over maxMemoryObjectBytes, range outside user
  # space), notMapped (nothing is there), protectionRefused (the range touches
  # the ring block or the CapSet), tooManyMappings (a hole would make one mapping too many),
  # outOfMemory.

  protect @3 (address :UInt64, lengthBytes :UInt64, protection :Protection) -> ();
  # Changes the protection of a range wholly covered by one mapping of an object.
  # Statuses: invalidArgument (alignment, length 0 or over maxMemoryObjectBytes, range outside user
  # space, or a protection that is none), notMapped (no one mapping of an object covers it),
  # protectionRefused (executable asked of an unsealed object, or the range touches the ring block or
  # the CapSet), sealed (writable asked of a sealed object), tooManyMappings, outOfMemory.

  reserve @4 (lengthBytes :UInt64) -> (address :UInt64);
  # Keeps a range of addresses free of other mappings.  Holds no memory; touching it faults.
  # Statuses: invalidArgument (alignment, length 0 or over maxMemoryObjectBytes), noAddressSpace,
  # tooManyMappings, outOfMemory.

  commit @5 (address :UInt64, lengthBytes :UInt64) -> ();
  # Puts fresh zeroed read-write memory into a range wholly inside one reservation.
  # Statuses: invalidArgument (alignment, length 0 or over maxMemoryObjectBytes, range outside user
  # space), notMapped (no one reservation covers it), tooManyMappings, outOfMemory.
}
