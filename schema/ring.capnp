# SPDX-License-Identifier: MIT
@0xe5a1c0de00000002;
# Numbers of the ring ABI: operations, flags, limits.  The C layout is abi/ring.h.

enum OperationCode {
  # What a submission asks for.

  nop @0;
  # Completes.
  call @1;
  # Invoke a method of a kernel object, or of the owner of an endpoint through a facet.
  release @2;
  # Drop a table slot.
  cancel @3;
  # End the caller's own pending operation that bears the tag in `target`.
  recv @4;
  # Offer the result span for the next call on the endpoint in `target`.
  return @5;
  # Answer the open call in `target`.
  returnRecv @6;
  # Answer the open call in `target`, then receive.
  callQuery @7;
  # Is the open call in `target` still wanted?
}

const operationFlagException :UInt16 = 1;
# On RETURN and RETURN_RECV: the parameters are a CapException, and the caller's status `exception`.
# It brings no capabilities: the transfer list must be empty (reservedNotZero).

const operationFlagSkipSuccess :UInt16 = 2;
# On RETURN: no completion if it succeeds.

const operationFlagPoll :UInt16 = 4;
# On RECV: complete with nothingPending instead of waiting.

const operationFlagMask :UInt16 = 7;
# Every flag bit that any operation accepts.

enum CapGrantMode {
  # What becomes of the sender's capability in a transfer.

  copy @0;
  # The receiver gets a capability of its own; the sender keeps the slot.
  move @1;
  # The sender's slot is emptied when, and only when, the receiver has the capability; until then the
  # sender cannot use it.  Kernel objects do not take it, but for the grants of a spawn.
  clientEndpoint @2;
  # In a grant of a spawn: a facet of the endpoint whose owner the spawner is, with cookie 0; or, of a
  # client facet that it holds, one derived from that.
  serviceObject @3;
  # In a grant of a spawn: a new service object of the endpoint whose owner the spawner is.
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
