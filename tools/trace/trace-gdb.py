# SPDX-License-Identifier: MIT
"""gdb's part of `./capos run --trace`: one line for each submission and completion.

It stops the machine where a system call enters the kernel and where the kernel goes back to a
program, looks at the rings, and lets it go on; the kernel is the one that is shipped, and knows
nothing of it.  tools/qemu starts gdb with this file, and with the variables

  CAPOS_TRACE_STUB   the socket of the machine's stub
  CAPOS_TRACE_FILE   what to append the lines to; empty: standard error
"""
import os
import runpy
import struct
import sys
import time

import gdb

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path.insert(0, os.path.join(ROOT, "tools", "trace"))
import messages  # noqa: E402  (tools/trace/messages.py)

kernel = runpy.run_path(os.path.join(ROOT, "tools", "debug", "capos-gdb.py"))

SYSCALL_CAP_ENTER, SYSCALL_EXIT = 0, 1
CONNECT_SECONDS = 20
SUBMISSION = struct.Struct("<BBHHHQQIIIIIBBHIIQ")
COMPLETION = struct.Struct("<QiBBHIIQ")
TRANSFER_RESULT = struct.Struct("<QQ")


def read(address, size):
    return bytes(gdb.selected_inferior().read_memory(address, size))


class Ring:
    """What has been seen of one thread's ring."""

    def __init__(self, thread, process):
        ring = thread["ring"]
        self.title = kernel["title"](process)
        self.number = int(process["number"])
        self.process = process
        self.ring = ring
        self.sq, self.cq, self.arena = int(ring["sq"]), int(ring["cq"]), int(ring["arena"])
        self.sq_mask, self.cq_mask = int(ring["sq_mask"]), int(ring["cq_mask"])
        self.arena_bytes = int(ring["arena_bytes"])
        self.tail_address = int(ring["cq_tail"].address)
        self.submitted = int(ring["sq_head"])
        self.completed = int(ring["cq_tail"])
        self.in_flight = {}

    def span(self, offset, length):
        """Bytes of the arena; None where the span is outside."""
        if offset + length > self.arena_bytes:
            return None
        return read(self.arena + offset, length)


class Trace:
    def __init__(self, output):
        self.output = output
        with open(os.path.join(ROOT, "build", "gen", "abi.txt"), encoding="utf-8") as file:
            self.schema = messages.Schema(file.read())
        self.operations = self.schema.enums["OperationCode"]
        self.statuses = self.schema.enums["Status"]
        self.rings = {}
        self.targets = {}

    def line(self, ring, text):
        self.output.write(f"{ring.title} {text}\n")
        self.output.flush()

    # --- Submissions

    def enter(self):
        """A program has entered the kernel: r12 is the system call's number, rdi its argument."""
        thread = gdb.parse_and_eval("boot_cpu.current")
        process = thread["process"]
        ring = self.rings.get(int(thread))
        if ring is None or ring.number != int(process["number"]):
            ring = self.rings[int(thread)] = Ring(thread.dereference(), process)
        number = int(gdb.parse_and_eval("$r12")) & (2**64 - 1)
        if number == SYSCALL_CAP_ENTER:
            self.submissions(ring)
        elif number == SYSCALL_EXIT:
            code = int(gdb.parse_and_eval("(int)$rdi"))
            self.line(ring, f"exit {code}")
            del self.rings[int(thread)]
        else:
            self.line(ring, f"unknown system call {number}")

    def submissions(self, ring):
        tail = int(ring.ring["header"]["sq_tail"])
        if (tail - int(ring.ring["sq_head"])) & 0xffffffff > ring.sq_mask + 1:
            self.line(ring, f"sq_tail {tail} is out of range")
            return
        while ring.submitted != tail:
            at = ring.sq + SUBMISSION.size * (ring.submitted & ring.sq_mask)
            self.submission(ring, SUBMISSION.unpack(read(at, SUBMISSION.size)))
            ring.submitted = (ring.submitted + 1) & 0xffffffff

    def submission(self, ring, entry):
        opcode, _, _, method, tag, target, user_data, param_offset, param_length, result_offset, \
            result_capacity, *_ = entry
        operation = self.operations.get(opcode, f"operation {opcode}").upper()
        results = None
        if operation == "CALL":
            title, params, results = self.method(ring, target, method)
            operation += " " + title
            details = self.message(ring, params, param_offset, param_length)
        elif operation == "CANCEL":
            details = f"tag {target}"
        elif operation == "RELEASE":
            details = kernel["cap_id_text"](target)
        else:
            details = ""
        self.line(ring, f"> tag {tag} {operation} {details}".rstrip())
        ring.in_flight.setdefault((tag, user_data), []).append(
            (operation, results, result_offset, result_capacity))

    def method(self, ring, target, method):
        """("Timer.now", its parameters' struct, its results') of a CALL."""
        interface = self.interface(ring, target)
        if interface is None:
            return f"method {method} of no capability", None, None
        name, methods = self.schema.interfaces.get(interface, (f"interface {interface:#x}", {}))
        if method not in methods:
            return f"{name} unknown method {method}", None, None
        title, params, results = methods[method]
        return f"{name}.{title}", params, results

    def interface(self, ring, target):
        """The interface id of a CapId of the process: the kernel's own look-up."""
        key = (ring.number, target)
        if key not in self.targets:
            table, index = ring.process["table"], target & 0xffffffff
            if index >= int(table["slot_count"]):
                return None
            slot = table["chunks"][index // 256][index % 256]
            if int(slot["id"]["raw"]) != target or int(slot["object"]) == 0:
                return None
            found = slot["object"].cast(kernel["pointer"]("struct object"))
            self.targets[key] = int(found["type"]["interface_id"])
        return self.targets[key]

    def message(self, ring, name, offset, length):
        if length == 0:
            return "{}"
        content = ring.span(offset, length)
        if content is None:
            return f"<span {offset}+{length} out of bounds>"
        if name is None:
            return f"<{length} bytes>"
        return messages.decode(self.schema, name, content)

    # --- Completions

    def leave(self):
        """The kernel goes back to a program: what has been posted is complete, and unread."""
        for thread, ring in list(self.rings.items()):
            tail = int.from_bytes(read(ring.tail_address, 4), "little")
            if (tail - ring.completed) & 0xffffffff > ring.cq_mask + 1:
                del self.rings[thread]  # another thread's by now
                continue
            while ring.completed != tail:
                at = ring.cq + COMPLETION.size * (ring.completed & ring.cq_mask)
                self.completion(ring, COMPLETION.unpack(read(at, COMPLETION.size)))
                ring.completed = (ring.completed + 1) & 0xffffffff

    def completion(self, ring, entry):
        user_data, status, _, transfers, tag, length, _, _ = entry
        waiting = ring.in_flight.get((tag, user_data), [])
        operation, results, offset, capacity = waiting.pop(0) if waiting else \
            ("an operation from before", None, 0, 0)
        if not waiting:
            ring.in_flight.pop((tag, user_data), None)
        outcome = self.statuses.get(-status, f"status {status}")
        text = f"< tag {tag} {operation} -> {outcome}"
        if status == 0 and results is not None:
            text += " " + self.message(ring, results, offset, length)
            text += self.capabilities(ring, offset + (length + 7) // 8 * 8, transfers)
        self.line(ring, text)

    def capabilities(self, ring, offset, count):
        content = ring.span(offset, count * TRANSFER_RESULT.size)
        if not count or content is None:
            return ""
        names = []
        for capability, interface in TRANSFER_RESULT.iter_unpack(content):
            name, _ = self.schema.interfaces.get(interface, (f"interface {interface:#x}", {}))
            names.append(f"{name} {kernel['cap_id_text'](capability)}")
        return " with " + ", ".join(names)


class Stop(gdb.Breakpoint):
    """Calls a function whenever the machine comes by, and never stops it for longer."""

    def __init__(self, place, function, output):
        super().__init__(place, internal=True)
        self.silent = True
        self.function, self.output = function, output

    def stop(self):
        try:
            self.function()
        except gdb.error as error:  # memory that is not what it should be
            self.output.write(f"trace: {error}\n")
            self.output.flush()
        return False


def connect(stub):
    """The machine may not have its stub yet."""
    end = time.monotonic() + CONNECT_SECONDS
    while True:
        try:
            gdb.execute(f"target remote {stub}", to_string=True)
            return
        except gdb.error:
            if time.monotonic() > end:
                raise
            time.sleep(0.05)


def main():
    path = os.environ.get("CAPOS_TRACE_FILE")
    # gdb's own standard error is not Python's.
    output = open(path or 2, "a", encoding="utf-8", closefd=bool(path))
    gdb.execute("set pagination off")
    connect(os.environ["CAPOS_TRACE_STUB"])
    trace = Trace(output)
    Stop("*&kernel_syscall", trace.enter, output)
    Stop("*&resume", trace.leave, output)
    try:
        gdb.execute("continue", to_string=True)
    except gdb.error:
        pass  # the machine has ended


main()
