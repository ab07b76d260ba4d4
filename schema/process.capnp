# SPDX-License-Identifier: MIT
@0xe5a1c0de00000016;

using Account = import "account.capnp";
using Endpoint = import "endpoint.capnp";
using Memory = import "memory.capnp";
using Ring = import "ring.capnp";

const maxArguments :UInt32 = 8;
# Arguments of one process.

const maxArgumentBytes :UInt32 = 64;
# Length of one argument.

const maxNameBytes :UInt32 = 32;
# Length of the name of a binary or a grant.

struct Grant {
  # One capability given to a new process.

  name @0 :Text;
  # What the new process looks it up by: 1 to maxNameBytes bytes of [a-z0-9_-], unique among the
  # grants, neither "memory" nor "account".

  capability @1 :Capability;
  # Index into the call's transfer list, where its mode is copy, whatever the grant's is.

  mode @2 :Ring.CapGrantMode;
  # What the process gets: a copy, the spawner's own capability, or a new facet.

  as @3 :CapabilityAs;
  # What the capability is taken as.

  scope @4 :Endpoint.TransferScope;
  # Of the new facet, for clientEndpoint and serviceObject; otherwise 0.

  legacyBadge :union {
    # Older systems let a grant number a capability anew.  Nobody can here, so whatever stands here
    # is refused, zero as well; absent leaves the capability who it is.
    absent @5 :Void;
    # As it is.
    badge @6 :UInt64;
    # Always refused.
  }
}

struct CapabilityAs {
  # The interface that a capability is taken as.  Only for what leads to an endpoint.

  interfaceId @0 :UInt64;
  # 0: as what it is.  Whoever grants a new facet of its own Endpoint must say; for any other
  # capability it must be what that says of itself.
}

enum FaultCause {
  # What kind of exception ended a program.

  pageFault @0;
  # It touched what is not mapped, or not for that.
  protection @1;
  # General protection: privileged instruction, non-canonical address, bad selector.
  invalidInstruction @2;
  # No such instruction, or not for programs.
  divide @3;
  # Division by zero, or a quotient that is too large.
  debug @4;
  # Single step, breakpoint.
  floatingPoint @5;
  # An unmasked x87 or SSE exception.
  alignment @6;
  # A misaligned access while alignment is checked.
  other @7;
  # Any other vector.
}

struct FaultRecord {
  # The exception that ended a program, and the thread's state at it.

  cause @0 :FaultCause;
  # Its kind.
  vector @1 :UInt8;
  # Its number: AMD64 Architecture Programmer's Manual 2, section 8.2.
  errorCode @2 :UInt64;
  # As the processor pushed it; 0 where it pushes none.
  address @3 :UInt64;
  # What was touched, for pageFault; otherwise 0.
  instructionPointer @4 :UInt64;
  # Of the instruction that failed; after it for traps.
  stackPointer @5 :UInt64;
  # rsp at that moment.
  flags @6 :UInt64;
  # RFLAGS.
  registers @7 :List(UInt64);
  # rax rbx rcx rdx rsi rdi rbp r8 r9 r10 r11 r12 r13 r14 r15.
  stack @8 :Data;
  # At most 128 bytes from the stack pointer upwards; empty where nothing is mapped there.
}

struct ExitRecord {
  # How a process ended.
  union {
    running @0 :Void;
    # It has not ended, or is still being taken apart.
    exited @1 :Int32;
    # It called exit with this code.
    killed @2 :Void;
    # Somebody called ProcessHandle.kill.
    faulted @3 :FaultRecord;
    # An exception ended it.
  }
}

interface ProcessSpawner @0xe5a1c0de00000116 {
  # Starts programs.

  spawn @0 (binary :Text, grants :List(Grant), arguments :List(Text),
            limits :Account.ResourceLimits, account :Account.Account,
            image :Memory.MemoryObject) -> (process :ProcessHandle, cookies :List(UInt64));
  # The program is `binary`, of the boot image, or else `image`, a sealed object that holds an ELF file
  # from its start, program headers in the first page; then the program's name is "image".  The
  # image's memory stays in use, and charged to whoever made it, while the process lives.
  # The new process holds exactly the grants, plus "memory", its own address space, and "account",
  # its account.  Everything it uses is charged to this, which is split from `account`, or from the
  # caller's own if that is null, and returned at its end.  Where `limits` has 0, it gets the default.
  # A grant gives, by its mode: copy, a capability of its own; move, the spawner's, whose slot is empty
  # when, and only when, the spawn has succeeded; clientEndpoint, of an Endpoint a new facet with cookie
  # 0, of a facet of an endpoint one derived from it, with its identity; serviceObject, of an Endpoint
  # a new service object.  The spawner's account pays for such a facet and nobody gets its
  # FacetControl: the owner closes a service object by its cookie, and revokes a facet that comes
  # back to it with a call.  Who is to withdraw it otherwise makes it by Endpoint.client and grants a copy.
  # `cookies` has for each grant the cookie of the service object that was made for it, or 0; it is
  # empty if none was made.  Otherwise the scope of each facet decides, as it does for a call.
  # Statuses: unknownBinary (the boot image has none of that name), badImage (it is no ELF file that
  # can be loaded), notSealed (`image` is not sealed), invalidArgument (both of `binary` and `image`, or
  # neither; a name that is malformed, "memory", "account" or there twice; more than maxArguments
  # arguments, or one over maxArgumentBytes; an unknown scope, or one where no facet is made; a new
  # facet of an Endpoint without an interface), wrongInterface (a grant is null or not in the transfer list;
  # it has an interface to be taken as, or makes a facet, and does not lead to an endpoint; `account` is no
  # account, or `image` no memory object), transferMode (an unknown mode, or a copy of an Endpoint),
  # relabelRefused (a badge, zero included; an interface that is not the capability's own; a service
  # object of a facet), transferScope (a facet's scope does not let the process have it),
  # capabilityMoving (what is to be moved stands in the call twice, or is the account or the image),
  # facetTooDeep (the facet to derive from is), resultTooSmall (service objects are made, and the
  # result span has no room for `cookies`), accountTooDeep (the account to split is
  # maxAccountDepth deep), outOfMemory, outOfSlots, outOfThreads, outOfEndpoints, outOfFacets,
  # outOfOpenCalls, outOfWaits.

  list @1 (first :UInt32) -> (names :List(Text), total :UInt32);
  # Names of the binaries from index `first` on, as many as 16; total counts all.
  # Statuses: ok only.
}

interface ProcessHandle @0xe5a1c0de00000117 {
  # One process, for whoever started it.  Dropping the handle does not end the process.

  wait @0 () -> (record :ExitRecord);
  # Completes when the process has ended and everything it held is back.  Any number may wait.
  # Statuses: timedOut, cancelled, waitSlotsFull, resultTooSmall (it has not ended, and the result span
  # is under 512 bytes).

  kill @1 () -> ();
  # Ends it.  Statuses: processEnded (it has ended, or is ending).

  status @2 () -> (record :ExitRecord);
  # How it is now; never waits.  Statuses: ok only.
}
