# SPDX-License-Identifier: MIT
@0xe5a1c0de00000013;

const entropyMaxBytes :UInt32 = 256;
# Most bytes of one read.

interface EntropySource @0xe5a1c0de00000113 {
  # Random bytes from the kernel's generator (HMAC_DRBG with SHA-256, NIST SP 800-90A), seeded
  # from RDRAND and timing jitter.

  read @0 (lengthBytes :UInt32) -> (data :Data);
  # 1 to entropyMaxBytes random bytes.
  # Statuses: invalidArgument (lengthBytes 0, or over entropyMaxBytes), noEntropy (no source
  # passed its health tests).
}
