# SPDX-License-Identifier: MIT
@0xe5a1c0de00000012;

interface Timer @0xe5a1c0de00000112 {
  # Monotonic time: nanoseconds since the kernel started; never goes back, never jumps.

  now @0 () -> (nowNs :UInt64);
  # The time now.  Statuses: ok only.

  wait @1 (untilNs :UInt64) -> ();
  # Completes at or after the absolute time `untilNs`; at once if that has passed.  The largest
  # number means never: then only CANCEL or a deadline ends it.
  # Statuses: timedOut (the submission's own deadline came first), cancelled, waitSlotsFull.
}
