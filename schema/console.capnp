# SPDX-License-Identifier: MIT
@0xe5a1c0de00000010;

const consoleMaxBytes :UInt32 = 256;

interface Console @0xe5a1c0de00000110 {
  # Bounded emergency text on the machine's first serial port: for programs that must be heard
  # and have no terminal.  Output only, never waits.

  write @0 (text :Data) -> ();
  # Writes at most `consoleMaxBytes` bytes.  Newline, tab and printable ASCII pass; any other
  # byte appears as \xNN, so no program can drive the terminal.
  # Statuses: messageTooLarge (text longer than consoleMaxBytes).
}
