# SPDX-License-Identifier: MIT
@0xb1e7c0a9d2f45311;  # made by `capnp id`; make one of your own

const maxTimes :UInt8 = 3;

struct Greeting {
  # What is to be said.

  to @0 :Text;
  # To whom; must not be empty.

  times @1 :UInt8 = 1;
  # How often: 1 to maxTimes.
}

interface Greeter {
  # Puts greetings into words.

  greet @0 (greeting :Greeting) -> (text :Text);
  # The text of a greeting, a line for each time.
  # Statuses: invalidArgument (to is empty, or times not 1 to maxTimes), resultTooSmall.
}
