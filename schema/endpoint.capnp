# SPDX-License-Identifier: MIT
@0xe5a1c0de0000001e;
# How programs serve each other: endpoints, the facets through which they are called, and the
# controls that withdraw facets.

const maxFacetDepth :UInt32 = 8;
# How many facets may stand between a capability and the object it leads to.

const maxEndpointObjects :UInt32 = 16384;
# Service objects that one endpoint may have at a time.

const maxOpenCalls :UInt32 = 4096;
# Calls that one endpoint may be serving at a time, and likewise one process.

enum TransferScope {
  # To whom a holder may pass a facet on.  The owner of its endpoint, and whoever made the facet, may
  # pass it to anybody; returning it to the owner is always allowed.

  sameSession @0;
  # Only to processes of the session that the facet is bound to.
  crossSessionShareable @1;
  # To any process.
  serviceRegrantOnly @2;
  # To no other process.
}

struct EndpointLimits {
  # What an endpoint admits.  A call above a limit is refused to its caller, a receive below one to
  # its server.

  maxMessageBytes @0 :UInt32;
  # Longest parameter message: a multiple of 8, at most maxMessageBytes of ring.capnp.  0 means 4096,
  # for which there is room in a ring's arena twice over.
  maxCaps @1 :UInt8;
  # Most capabilities that a call may bring; at most maxTransfers.
  maxOpenCalls @2 :UInt32;
  # Calls received and not answered, and receives that wait, together; 0 means 32.
}

interface Endpoint @0xe5a1c0de0000011e {
  # Where a service receives calls.  Whoever holds this capability owns the endpoint: the operations
  # RECV and RETURN_RECV receive on it, and only its methods make facets, which clients call.  It
  # cannot be copied, only moved, so there is one owner at a time; releasing it closes the endpoint.

  client @0 (interfaceId :UInt64, scope :TransferScope)
      -> (facet :Capability, control :FacetControl);
  # A facet whose calls arrive with cookie 0.  `interfaceId` is what it says it is, to its holders and
  # in the header of its calls; not 0.  It may be one that the kernel serves too: so a program can
  # stand between another and, say, a Timer.  The caller's account pays, whoever paid for the endpoint.
  # Statuses: invalidArgument (interfaceId 0, or an unknown scope), disconnected (the endpoint is closed), outOfFacets, outOfMemory, outOfSlots.

  mint @1 (interfaceId :UInt64, scope :TransferScope)
      -> (facet :Capability, control :FacetControl, cookie :UInt64);
  # A service object: a facet whose calls arrive with a cookie that names the owner's record of it.
  # The low half of the cookie is an index, the smallest that is free, below maxEndpointObjects; the high half its
  # generation.  Cookies are never 0 and never repeat.  When nobody can call it any more RECV
  # completes with kind `dropped` and the cookie; then its index is free.
  # Statuses: invalidArgument (interfaceId 0, or an unknown scope), disconnected (the endpoint is
  # closed), outOfFacets, outOfMemory, outOfSlots (also if maxEndpointObjects are there).

  closeObject @2 (cookie :UInt64) -> ();
  # The record is gone: calls through its facet end with objectClosed, those in service included, and
  # with objectStale once its index is another object's.  No `dropped` follows.
  # Statuses: invalidArgument (no such cookie was ever minted here), objectClosed (it is closed
  # already), objectStale (it is closed, and its index another's).

  revoke @3 (facet :Capability) -> ();
  # Withdraws a facet of this endpoint, and all that were derived from it, wherever they are: as its
  # FacetControl would.
  # Statuses: wrongInterface (`facet` is null or no facet of this endpoint), revoked (it is revoked
  # already).

  close @4 () -> ();
  # Ends receiving for good.  Calls that wait end with disconnected; those in service can still be
  # answered.  Closing a closed endpoint does nothing.
  # Statuses: ok only.

  info @5 () -> (limits :EndpointLimits, queuedCalls :UInt32, openCalls :UInt32, receives :UInt32,
                 objects :UInt32, closed :Bool);
  # How it is: calls that wait for a receive, calls in service, receives that wait, service objects.
  # Statuses: ok only.
}

interface FacetControl @0xe5a1c0de0000011f {
  # The power to withdraw one facet.  Whoever makes a facet gets both; passing the facet on does not
  # pass this on, so a holder cannot withdraw what it shares with others.

  revoke @0 () -> ();
  # From the completion on, no operation through the facet or through any that was derived from it
  # succeeds: calls that wait or are in service end with revoked, unsealed memory that was mapped
  # through it is unmapped.
  # Statuses: revoked (it is revoked, or closed, already).

  status @1 () -> (state :FacetState);
  # How the facet is.  Statuses: ok only.
}

enum FacetState {
  # What has become of a facet.

  live @0;
  # It can be called.
  revoked @1;
  # It, or one that it was derived from, was revoked.
  closed @2;
  # The service closed the object.
  disconnected @3;
  # Its endpoint is closed.
  dropped @4;
  # Nobody holds it any more.
}
