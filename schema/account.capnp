# SPDX-License-Identifier: MIT
@0xe5a1c0de0000001d;

using Endpoint = import "endpoint.capnp";

struct ResourceLimits {
  # An amount of each resource that accounts count.

  memoryBytes @0 :UInt64;
  # For everything that takes memory: pages, page tables, the ring block, the capability table.
  # Default for a new process: 2 MiB.
  slots @1 :UInt32;
  # Capabilities at a time.  Default: 256.
  threads @2 :UInt32;
  # A process's own threads and those of the processes that it starts; each has one ring.
  # Default: 1.
  endpoints @3 :UInt32;
  # Endpoints at a time.  Default: 8 for each thread.
  facets @4 :UInt32;
  # Facets at a time.  Default: 256 for each thread.
  openCalls @5 :UInt32;
  # Calls that servers have received and not yet answered.  Default: 64 for each thread.
  waits @6 :UInt32;
  # Operations that wait; each thread's ring needs 32.  Default: 32 for each thread.
}

const maxAccountDepth :UInt32 = 32;
# How often an account can be split from one that was split, counted from the machine's.

interface Account @0xe5a1c0de0000011d {
  # Who pays: a limit and a use of each resource.  Every process gets the one that pays for it,
  # under the name "account".  Whoever holds an account can spend it: keep it, or give a part of it.

  limits @0 () -> (limits :ResourceLimits, open :Bool);
  # What it may use, parts that were split from it included.  Nothing, once it is closed.
  # Statuses: ok only.

  usage @1 () -> (used :ResourceLimits, split :ResourceLimits);
  # What of its limits is in use now, and how much of this was split from it.  What it uses for
  # itself is the difference.
  # Statuses: ok only.

  split @2 (limits :ResourceLimits) -> (account :Account);
  # A new account with exactly these limits, deducted from this one's at once and in full, as is the
  # memory for the new account itself.  It is closed when nobody holds it any more.
  # Statuses: accountTooDeep (this one is maxAccountDepth deep), outOfMemory, outOfSlots, outOfThreads,
  # outOfEndpoints, outOfFacets, outOfOpenCalls, outOfWaits.

  close @3 () -> ();
  # Ends all charging: from now on everything that this account should pay for is refused as if it
  # were used up.  What it does not use goes back at once to the account that it was split from, what
  # it uses when that is given up.  Processes that it pays for go on with what they have; accounts
  # that were split from it stay open.  Closing a closed account does nothing.
  # Statuses: ok only.

  createEndpoint @4 (limits :Endpoint.EndpointLimits) -> (endpoint :Endpoint.Endpoint);
  # A new endpoint, which the caller owns and this account pays for.
  # Statuses: invalidArgument (a limit is larger than it may be, or no multiple of 8),
  # outOfEndpoints, outOfMemory, outOfSlots.

  derive @5 (capability :Capability, scope :Endpoint.TransferScope)
      -> (facet :Capability, control :Endpoint.FacetControl);
  # A facet that leads where `capability` does, and can be withdrawn: to lend it.  Of a facet, a
  # child with the same interface, cookie and session; whoever holds it may pass it on only where both
  # scopes allow.  This account pays.
  # Statuses: wrongInterface (`capability` is null, or an Endpoint: its clients are made by
  # Endpoint.client), invalidArgument (an unknown scope), facetTooDeep, disconnected (its endpoint is
  # closed), outOfFacets, outOfMemory, outOfSlots.
}
