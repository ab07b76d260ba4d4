# SPDX-License-Identifier: MIT
@0xe5a1c0de00000001;
# Statuses: the one list of reasons for which the kernel refuses or ends an operation.  A
# completion and cap_enter carry the negated number.  Numbers are never reused.
#
# Any CALL can end with these, which the methods do not repeat: reservedNotZero, flagUnsupported,
# spanOutOfBounds, spanMisaligned, messageTooLarge, malformedMessage, unknownMethod, unknownTag,
# tagBusy, badCapability, tooManyTransfers, transferMode, resultTooSmall, revoked,
# objectClosed, objectStale, disconnected, capabilityMoving.

enum Status {
  # How an operation ended.

  ok @0;
  # The operation was done.

  # Parameter: the caller's words are wrong; the same call will never succeed.

  unknownSyscall @1;
  # The system call number is neither cap_enter nor exit.

  unknownOperation @2;
  # The submission's opcode names no operation.

  reservedNotZero @3;
  # A reserved field, or a field that this operation does not use, is not zero.

  flagUnsupported @4;
  # A flag bit is reserved, or not allowed with this operation.

  spanOutOfBounds @5;
  # A parameter, result or transfer span does not lie inside the arena.

  spanMisaligned @6;
  # A span's offset or length is not a multiple of 8.

  messageTooLarge @7;
  # The parameter message is longer than the method, or the ABI, allows.

  malformedMessage @8;
  # The parameter message is not a valid Cap'n Proto message for the method.

  invalidArgument @9;
  # A parameter's value is outside what the method documents.

  unknownMethod @10;
  # The interface has no method of that ordinal.

  ringTail @11;
  # sq_tail is further ahead of the kernel's head than the ring is long; nothing was taken.

  ringHead @12;
  # cq_head is ahead of the kernel's tail, or behind where it was; nothing was taken.

  minCompleteTooLarge @13;
  # cap_enter asked to wait for more completions than the completion queue can hold.

  tooManyTransfers @14;
  # The transfer list is longer than the ABI, or the method, allows.

  transferMode @15;
  # A transfer names a mode that this target does not take.

  unknownTag @16;
  # A tag is not below cq_entries, or CANCEL names one that no pending operation of this thread has.

  unknownBinary @17;
  # The boot image holds no binary of that name.

  badImage @18;
  # The binary is not an ELF file that this system can load.

  # State: right words, wrong moment.

  tagBusy @19;
  # The tag already names a pending operation of this thread.

  nothingPending @20;
  # cap_enter was asked to wait without a deadline for completions that nothing pending could
  # produce.

  sealed @21;
  # The memory object is sealed: it cannot be mapped writable any more.

  writableMapping @22;
  # The memory object cannot be sealed while a writable mapping of it exists.

  addressInUse @23;
  # The address range overlaps a mapping.

  notMapped @24;
  # Nothing is mapped in the range, or the operation wants it inside one mapping and it is not.

  processEnded @25;
  # The process has ended; there is nothing left to act on.

  # Permission: the caller may not.

  badCapability @26;
  # The CapId names no capability of this process: forged, stale, released or out of range.

  wrongInterface @27;
  # A capability in the message does not have the interface that the method asks for.

  protectionRefused @28;
  # The protection asked for is never given: writable and executable together, executable
  # without a sealed object, or a range that belongs to the kernel.

  # Resource: refused now, may succeed when something is returned.

  completionsFull @29;
  # cap_enter stopped before the tail because no completion slot was free; consume completions
  # and enter again.  Nothing was dropped.

  waitSlotsFull @30;
  # Operations that wait already hold as many slots as they may; the rest is kept for RETURN,
  # CANCEL and RELEASE.

  outOfMemory @31;
  # The paying account, or the machine, has not enough memory.

  outOfSlots @32;
  # The capability table, or the paying account, has no slot left.

  outOfThreads @33;
  # The paying account may not start another thread.

  tooManyMappings @34;
  # The address space has as many mappings as it may have.

  noAddressSpace @35;
  # No free address range is large enough.

  resultTooSmall @36;
  # The result span, or result_caps_max, cannot hold the method's results; nothing was done.

  noEntropy @37;
  # This machine has no entropy source that passed its tests.

  # Peer and end: the operation was accepted and ended otherwise.

  timedOut @38;
  # The deadline passed first.

  cancelled @39;
  # CANCEL ended the operation.

  exception @40;
  # The method ran and refused; the result span holds a CapException, or nothing where it does not
  # fit.  Servers answer with it; no kernel object does.

  # Resource, as above.

  outOfEndpoints @41;
  # The paying account has no endpoint left.

  outOfFacets @42;
  # The paying account has no facet left.

  outOfOpenCalls @43;
  # The paying account has no open call left.

  outOfWaits @44;
  # The paying account has not as many waits left as a thread's ring needs.

  openCallsFull @45;
  # The endpoint has as many calls in service and receives waiting as it admits.

  # Authority, as above.

  revoked @46;
  # The facet through which this was asked, or one that it was derived from, has been revoked.

  objectClosed @47;
  # The service has closed the object that the facet named.

  objectStale @48;
  # As objectClosed; and its place in the service's records has been given to another object.

  transferScope @49;
  # The facet's scope, or its session, does not allow this receiver to have it.

  capabilityMoving @50;
  # The capability is on its way to another process, or stands in the message twice and is to be moved.

  relabelRefused @51;
  # A grant asked for another identity of a capability than it has.

  facetTooDeep @52;
  # Too many facets stand between this one and its object.

  # Peer, as above.

  disconnected @53;
  # The endpoint is closed, or the process that served the call has ended.

  callerGone @54;
  # To a server: nobody waits for the answer any more.  It keeps what the answer would have moved.

  unknownCall @55;
  # The id names no open call of this process: answered already, another's, or never given out.

  resultTooLarge @56;
  # To a server: the answer is longer, or brings more capabilities, than the caller takes.  The call stays
  # open.

  receiveTooSmall @57;
  # To a server: the span is shorter than the longest call that the endpoint admits.

  # Parameter: as above.

  accountTooDeep @58;
  # The account was split off so often already that none can be split from it.

  # State: as above.

  notSealed @59;
  # The memory object is not sealed, and must be.
}

enum CompletionKind {
  # How an accepted operation ended; disjoint, never to be read out of other fields.

  done @0;
  # It ran to its end; status says with what result.

  signalled @1;
  # A wait was satisfied.  (No operation of this version produces it yet.)

  timedOut @2;
  # Its deadline passed.

  cancelled @3;
  # CANCEL named it.

  revoked @4;
  # Authority was withdrawn while it waited.

  peerGone @5;
  # Nobody is left who could end the wait.

  dropped @6;
  # A receive: nobody holds the service object any more whose cookie stands in the completion's word.
}

struct CapException {
  # Why a method refused, for STATUS exception.

  type @0 :Type;
  # What the caller can do about it.

  reason @1 :Text;
  # At most 120 bytes; no addresses and no other party's state.

  enum Type {
    # Groups of reasons.

    failed @0;
    # The request was understood and failed; trying again will not help.
    overloaded @1;
    # A resource ran out; trying later may help.
    disconnected @2;
    # The party that should act has gone.
    unimplemented @3;
    # The method is not offered.
    invalidArgument @4;
    # A parameter's value is wrong.
  }
}
