# SPDX-License-Identifier: MIT
@0xe5a1c0de00000002;
# Numbers of the ring ABI: operations, flags, limits.  The C layout is abi/ring.h.

enum OperationCode {
  # What a submission asks for.

  nop @0;
  # Completes.
  call @1;
  # Invoke a method of a kernel object (of an endpoint's owner, in a later version).
  release @2;
  # Drop a table slot.
  cancel @3;
  # End the caller's own pending operation that bears the tag in `target`.
}

const operationFlagMask :UInt16 = 0;
# Every flag bit that any operation accepts.

enum CapGrantMode {
  # What becomes of the sender's capability in a transfer.

  copy @0;
  # The receiver gets a capability of its own; the sender keeps the slot.
  move @1;
  # The sender's slot is emptied when, and only when, the receiver has the capability.  No object of
  # this version takes it: STATUS transferMode.
}

const maxMessageBytes :UInt32 = 16384;
# Longest message in any direction; a ring's arena may hold less.

const maxTransfers :UInt8 = 8;
# Most capabilities that one message carries.

const defaultSqEntries :UInt32 = 32;
# Submissions that a ring holds.

const defaultCqEntries :UInt32 = 64;
# Completions that a ring holds; also tags.

const defaultRingBytes :UInt32 = 16384;
# Ring block: header, queues and arena.
