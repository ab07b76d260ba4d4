# SPDX-License-Identifier: MIT
@0xe5a1c0de00000010;

const consoleMaxBytes :UInt32 = 256;
# Longest text of one write.

interface Console @0xe5a1c0de00000110 {
  # Bounded emergency text on the machine's first serial port: for programs that must be heard
  # and have no terminal.  Output only; it never waits, but where the output queue is full it pushes
  # older text out by polling, at most 1 KiB of it.

  write @0 (text :Data) -> ();
  # Writes at most `consoleMaxBytes` bytes.  Tab and printable ASCII pass, newline becomes CR LF; any other
  # byte appears as \xNN, so no program can drive the terminal.
  # Statuses: messageTooLarge (text longer than consoleMaxBytes).
}
