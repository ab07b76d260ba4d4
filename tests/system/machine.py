# SPDX-License-Identifier: MIT
"""One booted system, driven over its serial port.

A Machine is a child process: the runner, which is sure to end.  What the system writes is read by
patterns, in order; what is typed goes through the emulated serial port, so it arrives no faster
than the system takes it.
"""
import os
import re
import subprocess
import tempfile

import pexpect
from pexpect.popen_spawn import PopenSpawn

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
RUNNER = os.path.join(ROOT, "tools", "qemu")
VARIANT = os.environ.get("CAPOS_VARIANT", "release")

PROMPT = r"capos> "
BOOT_SECONDS = 30
REPLY_SECONDS = 20

# What a healthy system never says.
TROUBLE = re.compile(r"^(?:warning:|panic:|boot: refused:).*$", re.MULTILINE)


class Machine:
    """Options are those of tools/qemu, with underscores: memory=32, icount=True, append="x"."""

    def __init__(self, system="default", timeout=120, mode="exec", **options):
        handle, self.log_path = tempfile.mkstemp(prefix="capos-", suffix=".log")
        os.close(handle)
        command = [RUNNER, mode, system, "--variant", VARIANT,
                   "--timeout", str(timeout), "--log", self.log_path]
        for name, value in options.items():
            flag = "--" + name.replace("_", "-")
            command += [flag] if value is True else [flag, str(value)]
        self._child = PopenSpawn(command, timeout=REPLY_SECONDS, cwd=ROOT,
                                 encoding="latin-1", codec_errors="strict")
        self._timeout = timeout

    @property
    def log(self):
        """Everything the system has written so far, with plain line ends."""
        with open(self.log_path, "rb") as file:
            return file.read().decode("latin-1").replace("\r", "")

    def expect(self, pattern, seconds=REPLY_SECONDS):
        """Reads until pattern; returns its match.  What came before it is self.before."""
        try:
            self._child.expect(pattern, timeout=seconds)
        except (pexpect.TIMEOUT, pexpect.EOF) as error:
            kind = "end of output" if isinstance(error, pexpect.EOF) else f"{seconds} s"
            raise AssertionError(f"no {pattern!r} before {kind}; the log ends:\n"
                                 f"{self.log[-3000:]}") from None
        return self._child.match

    @property
    def before(self):
        return self._child.before.replace("\r", "")

    def prompt(self, seconds=REPLY_SECONDS):
        """Reads up to the shell's prompt; returns what stood before it."""
        self.expect(PROMPT, seconds)
        return self.before

    def boot(self):
        """Waits for the shell's first prompt."""
        self.prompt(BOOT_SECONDS)
        return self

    def type(self, text):
        """Types text as it stands, without a line end."""
        self._child.send(text)

    def command(self, line, seconds=REPLY_SECONDS):
        """Types a line and returns what the shell answered, without the echoed line."""
        self.type(line + "\r")
        output = self.prompt(seconds)
        return output.split("\n", 1)[1] if "\n" in output else ""

    def wait(self):
        """Reads to the end; returns the machine's verdict (see tools/qemu)."""
        try:
            self._child.expect(pexpect.EOF, timeout=self._timeout + 15)
        except pexpect.TIMEOUT:
            self.close()
            raise AssertionError("the runner did not end:\n" + self.log[-3000:]) from None
        return self._child.proc.wait(30)

    def close(self):
        """Ends the machine if it still runs.  Harmless when it has ended."""
        process = self._child.proc
        if process.poll() is None:
            process.terminate()
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        for stream in (process.stdin, process.stdout):
            stream.close()

    def trouble(self):
        """Lines of the log that a healthy system never writes."""
        return TROUBLE.findall(self.log)

    def remove_log(self):
        os.unlink(self.log_path)
