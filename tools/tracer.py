# SPDX-License-Identifier: MIT
"""run --trace: gdb beside the machine, which prints submissions and completions.

gdb stops the machine where programs enter the kernel and leave it (tools/trace/trace-gdb.py).  So
the kernel need not know, and one that is not traced pays nothing.
"""
import os
import shutil
import subprocess
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
SCRIPT = os.path.join(ROOT, "tools", "trace", "trace-gdb.py")
SECONDS_TO_END = 10


def is_wanted(options):
    return options.trace or options.trace_to is not None


def arguments(folder):
    """What QEMU needs: it waits, stopped, for the tracer at a socket in folder."""
    stub = os.path.join(folder, "stub").replace(",", ",,")
    return ["-S", "-chardev", f"socket,id=stub,path={stub},server=on,wait=off",
            "-gdb", "chardev:stub"]


def start(options, folder):
    if shutil.which("gdb") is None:
        sys.exit("qemu: --trace needs gdb")
    kernel = options.kernel or os.path.join(ROOT, "build", options.variant, "kernel.elf")
    environment = dict(os.environ, CAPOS_TRACE_STUB=os.path.join(folder, "stub"),
                       CAPOS_TRACE_FILE=os.path.abspath(options.trace_to)
                       if options.trace_to else "")
    # A session of its own: what interrupts the machine at a terminal does not interrupt it.
    return subprocess.Popen(["gdb", "-q", "-nx", "-batch", "-iex", "set auto-load off",
                             os.path.abspath(kernel), "-x", SCRIPT], env=environment, cwd=ROOT,
                            start_new_session=True, stdin=subprocess.DEVNULL,
                            stdout=subprocess.DEVNULL)


def end(tracer):
    """The machine has ended, so the tracer does."""
    try:
        tracer.wait(SECONDS_TO_END)
    except subprocess.TimeoutExpired:
        tracer.kill()
        tracer.wait()
