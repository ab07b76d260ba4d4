# SPDX-License-Identifier: MIT
@0xe5a1c0de0000001a;

interface Audit @0xe5a1c0de0000011a {
  # Whether the kernel's books balance: for tests, and for whoever watches a system.

  audit @0 () -> (balanced :Bool, freeFrames :UInt32, totalFrames :UInt32, chargedBytes :UInt64,
                  processes :UInt32, accounts :UInt32);
  # balanced: every frame is free, or charged to exactly one account, or inside an object pool; there
  # are as many threads as accounts pay for; no account uses or has split off more than it has.
  # chargedBytes: what all accounts together have in use.  Statuses: ok only.
}
