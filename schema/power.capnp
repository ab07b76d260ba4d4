# SPDX-License-Identifier: MIT
@0xe5a1c0de00000019;

interface Power @0xe5a1c0de00000119 {
  # The machine's switch.

  off @0 (verdict :UInt8) -> ();
  # Ends the machine; does not return.  Under an emulator with a debug-exit device the verdict
  # becomes its exit status: 0 is success.
  # Statuses: ok only.

  reset @1 () -> ();
  # Starts the machine anew; does not return.  Statuses: ok only.
}
