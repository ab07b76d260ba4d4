# SPDX-License-Identifier: MIT
@0xe5a1c0de00000011;

const uartMaxBytes :UInt32 = 4096;
# Most bytes of one write.

interface Uart @0xe5a1c0de00000111 {
  # A serial port as a byte stream in both directions, interrupt-driven.

  read @0 (maxBytes :UInt32) -> (data :Data);
  # Waits for input, then returns at least 1 and at most maxBytes of it, as much as has come (at
  # most 512 bytes).  Reads are served in order of arrival.  Input beyond the port's buffer is dropped at the port.
  # Statuses: invalidArgument (maxBytes 0), resultTooSmall (the result span cannot hold
  # a message of 32 bytes and maxBytes), timedOut, cancelled, waitSlotsFull.

  write @1 (data :Data) -> (written :UInt32);
  # Queues bytes for output and returns how many were taken; waits only while the output buffer
  # is full.  Nothing is filtered.
  # Statuses: messageTooLarge (over uartMaxBytes), timedOut, cancelled, waitSlotsFull.
}
