# SPDX-License-Identifier: MIT
@0xc0f7a1d2b3e49586;
# Counters by name, which many programs share: the interfaces of user/app/counter.

interface Counters @0xc0f7a1d2b3e49587 {
  # Where counters are found.

  open @0 (name :Text) -> (counter :Counter);
  # The counter of that name, 1 to 16 bytes; one of value 0 is made if there is none.  Each caller gets
  # an object of its own.
  # Exceptions: invalidArgument (the name), overloaded (no counter more).

  holders @1 () -> (count :UInt32);
  # How many objects are held now.
}

interface Counter @0xc0f7a1d2b3e49588 {
  # One counter, for one holder.

  add @0 (amount :Int64) -> (value :Int64);
  # Add, and get the new value.  Exceptions: invalidArgument (it would overflow; nothing is added).

  await @1 (atLeast :Int64) -> (value :Int64);
  # Answers when the value is at least that, which may be now.

  addTo @2 (other :Counter) -> (value :Int64);
  # Add this counter's value to another, whoever serves that; gives the other's new value.
  # Exceptions: invalidArgument (other is none), and what the other ends with.

  added @3 () -> (total :Int64);
  # What was added through this object.
}
