# SPDX-License-Identifier: MIT
"""The kernel's structures, as gdb commands.  ./capos gdb loads this; docs/guides/debugging.md.

Everything is found from two variables, `supply` (whose pools hold every process and thread) and
`boot_cpu`, and read by the types that the debugging information has.  Nothing is written to the
machine.  Where memory is damaged a line says so and the command goes on.
"""
import os
import re

import gdb

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
WALK_MAX = 100000  # links that a list may have before it is called damaged
FOREVER = 2**64 - 1


# --- Reading -----------------------------------------------------------------------------------

def value(expression):
    return gdb.parse_and_eval(expression)


def pointer(name):
    return gdb.lookup_type(name).pointer()


def owner(link, type_name, member):
    """The element of which link, an address, is a member."""
    offset = next(field.bitpos // 8 for field in gdb.lookup_type(type_name).fields()
                  if field.name == member)
    return gdb.Value(int(link) - offset).cast(pointer(type_name))


def listed(head, type_name, member):
    """The elements of a struct list_link."""
    link = head["next"]
    for _ in range(WALK_MAX):
        if link == head.address:
            return
        yield owner(link, type_name, member)
        link = link["next"]
    raise gdb.GdbError("a list does not end")


def pool_objects(kind, type_name):
    """Every object in use in the supply's pool of this kind."""
    pool = value("supply")["pools"][int(value(kind))]
    for pages in ("partial", "full"):
        for page in listed(pool[pages], "struct pool_page", "link"):
            first = int(page) + int(pool["first_offset"])
            for index in range(int(pool["page_objects"])):
                if int(page["used_map"][index // 64]) >> index % 64 & 1:
                    address = first + index * int(pool["object_bytes"])
                    yield gdb.Value(address).cast(pointer(type_name))


def processes():
    return sorted(pool_objects("SUPPLY_PROCESS", "struct process"), key=lambda p: int(p["number"]))


def threads():
    return list(pool_objects("SUPPLY_THREAD", "struct thread"))


def current_process():
    thread = value("boot_cpu")["current"]
    return thread["process"] if int(thread) else None


def chosen(argument):
    """The processes that a command's argument means: all, or one by number or name."""
    found = [process for process in processes()
             if argument in ("", str(int(process["number"])), name_of(process))]
    if not found:
        raise gdb.GdbError(f"there is no process '{argument}'")
    return found


# --- Words -------------------------------------------------------------------------------------

def name_of(process):
    return process["name"].string()


def title(process):
    return f"{name_of(process)}#{int(process['number'])}"


def word(enumerator, prefix):
    """STATUS_TIMED_OUT as timedOut."""
    text = str(enumerator)
    if not text.startswith(prefix):
        return text
    first, *rest = text[len(prefix):].lower().split("_")
    return first + "".join(part.capitalize() for part in rest)


def enumerator_of(type_name, number, prefix):
    return word(gdb.Value(int(number)).cast(gdb.lookup_type(type_name)), prefix)


def symbol_at(address):
    """The variable or function at an address, without its offset; "" where there is none."""
    text = gdb.execute(f"info symbol {int(address):#x}", to_string=True)
    return "" if text.startswith("No symbol") else text.split()[0]


def object_name(target):
    """What an object is: its type, and its variable where it is the only one."""
    kind = symbol_at(target["type"]).removesuffix("_type")
    own = symbol_at(target)
    return kind + (f" ({own})" if own else "")


def cap_id_text(raw):
    raw = int(raw)
    return f"{raw & 0xffffffff}.{raw >> 32}"


def time_text(at_ns):
    at_ns = int(at_ns)
    return "never" if at_ns == FOREVER else f"{at_ns // 10**9}.{at_ns % 10**9:09d} s"


def deadline_text(deadline):
    node = deadline["node"]
    return time_text(node["key"]) if int(node["sequence"]) else "none"


def operation_text(code):
    """By the generated header: the kernel has no variable of that type, so gdb has no such type."""
    with open(os.path.join(ROOT, "build", "gen", "schema", "ring.capnp.h"),
              encoding="utf-8") as file:
        found = re.search(rf"OPERATION_CODE_(\w+) = {int(code)},", file.read())
    if not found or found.group(1) == "COUNT":
        return f"operation {int(code)}"
    return found.group(1).lower()


def status_text(number):
    """Of the negated number that a completion has."""
    return enumerator_of("enum status", -int(number), "STATUS_")


# --- Pretty-printers -----------------------------------------------------------------------------

class CapId:
    def __init__(self, what):
        self.what = what

    def to_string(self):
        raw = int(self.what["raw"])
        if raw == 0:
            return "null capability"
        return f"slot {raw & 0xffffffff}, generation {raw >> 32}"


class Completion:
    def __init__(self, what):
        self.what = what

    def to_string(self):
        c = self.what
        kind = enumerator_of("enum completion_kind", c["kind"], "COMPLETION_KIND_")
        return (f"tag {int(c['tag'])}: {status_text(c['status'])}, {kind}, "
                f"{int(c['length'])} bytes, {int(c['transfer_count'])} capabilities, "
                f"user_data {int(c['user_data']):#x}")


class Submission:
    def __init__(self, what):
        self.what = what

    def to_string(self):
        s = self.what
        return (f"tag {int(s['tag'])}: {operation_text(s['opcode'])} target {cap_id_text(s['target'])} "
                f"method {int(s['method'])} parameters {int(s['param_offset'])}+"
                f"{int(s['param_length'])} user_data {int(s['user_data']):#x}")


class PhysicalAddress:
    def __init__(self, what):
        self.what = what

    def to_string(self):
        return f"physical {int(self.what['raw']):#x}"


PRINTERS = {"cap_id": CapId, "ring_completion": Completion, "ring_submission": Submission,
            "paddr": PhysicalAddress}


def pretty_printer(what):
    printer = PRINTERS.get(what.type.strip_typedefs().unqualified().tag)
    return printer(what) if printer else None


# --- Commands --------------------------------------------------------------------------------------

class Command(gdb.Command):
    """A command under "capos"; its documentation is the function's."""

    def __init__(self, name, function):
        self.__doc__ = function.__doc__
        self.function = function
        super().__init__(f"capos {name}", gdb.COMMAND_DATA)

    def invoke(self, argument, from_tty):
        try:
            self.function(argument.strip())
        except gdb.MemoryError as error:
            print(f"damaged, or not set up yet: {error}")


def show_processes(_):
    """Every process: state, thread, capabilities, memory used of its limit."""
    current = current_process()
    for process in processes():
        account = process["account"]
        state = word(process["state"], "PROCESS_")
        mark = "*" if current is not None and process == current else " "
        if int(account):
            memory = f"{int(account['used'][0])} of {int(account['limit'][0])} bytes"
        else:
            memory = "no account"
        print(f"{mark} {title(process)}: {state}, {int(process['table']['used_count'])} "
              f"capabilities, {memory}")


def show_capabilities(argument):
    """capos capabilities [PROCESS]: the slots in use, and what each names."""
    for process in chosen(argument):
        table = process["table"]
        print(f"{title(process)}: {int(table['used_count'])} used, "
              f"{int(table['reserved_count'])} reserved")
        for index in range(int(table["slot_count"])):
            slot = table["chunks"][index // 256][index % 256]
            if int(slot["object"]) == 0:
                continue
            target = slot["object"].cast(pointer("struct object"))
            raw = int(slot["id"]["raw"])
            print(f"  {cap_id_text(raw)} ({raw:#x}): {object_name(target)}, "
                  f"{int(target['references'])} references")


def show_entries(ring):
    """What the program has submitted, and what it has not read yet."""
    header = ring["header"]
    tail, head = int(header["sq_tail"]), int(ring["sq_head"])
    pending = (tail - head) & 0xffffffff
    if pending > int(ring["sq_entries"]):
        print(f"    sq_tail {tail} is out of range")
        pending = 0
    for index in range(head, head + pending):
        print(f"    submission {ring['sq'][index & int(ring['sq_mask'])]}")
    first, end = int(header["cq_head"]), int(ring["cq_tail"])
    if (end - first) & 0xffffffff > int(ring["cq_entries"]):
        print(f"    cq_head {first} is out of range")
        return
    for index in range(first, first + ((end - first) & 0xffffffff)):
        print(f"    completion {ring['cq'][index & int(ring['cq_mask'])]}")


def show_rings(argument):
    """capos rings [PROCESS]: indices as the kernel has them, and as the program wrote them."""
    for process in chosen(argument):
        if int(process["thread"]) == 0:
            continue
        ring = process["thread"]["ring"]
        header = ring["header"]
        print(f"{title(process)}: ring block {int(header):#x}")
        print(f"  kernel: sq_head {int(ring['sq_head'])} cq_tail {int(ring['cq_tail'])} "
              f"cq_head {int(ring['cq_head'])} waiting {int(ring['waiting'])}")
        print(f"  block:  sq_head {int(header['sq_head'])} sq_tail {int(header['sq_tail'])} "
              f"cq_head {int(header['cq_head'])} cq_tail {int(header['cq_tail'])}")
        show_entries(ring)


def show_operations(argument):
    """capos operations [PROCESS]: the operations that wait, from their records."""
    for process in chosen(argument):
        if int(process["thread"]) == 0:
            continue
        ring = process["thread"]["ring"]
        print(f"{title(process)}: {int(ring['waiting'])} waiting")
        for tag in range(int(ring["cq_entries"])):
            if int(ring["busy"]) >> tag & 1 == 0:
                continue
            op = ring["records"][tag]
            print(f"  tag {tag}: on {object_name(op['target'])}, deadline "
                  f"{deadline_text(op['deadline'])}, results {int(op['result_offset'])}+"
                  f"{int(op['result_capacity'])}, user_data {int(op['user_data']):#x}")


def show_account(account, depth, owners):
    state = "open" if account["open"] else "closed"
    parts = [f"{name} {int(account['used'][i])}/{int(account['limit'][i])}"
             for i, name in enumerate(("memory", "slots", "threads"))]
    print(f"{'  ' * depth}{owners.get(int(account.address), 'account')}: {state}, "
          f"{', '.join(parts)}, {int(account['references'])} references")
    for child in listed(account["children"], "struct account", "sibling"):
        show_account(child.dereference(), depth + 1, owners)


def show_accounts(_):
    """The tree of accounts: used/limit of each resource; children's limits count as used."""
    owners = {int(p["account"]): title(p) for p in processes() if int(p["account"])}
    root = value("supply")["root"]
    owners[int(root.address)] = "root"
    show_account(root, 0, owners)


def show_threads(_):
    """Every thread: its state, where its program stands, what it waits for."""
    for thread in threads():
        context = thread["context"]
        state = word(thread["state"], "THREAD_")
        waits = ""
        if state == "blocked":
            waits = (f", waits for {int(thread['wait_min'])} completions, deadline "
                     f"{deadline_text(thread['wait_deadline'])}")
        print(f"{title(thread['process'])}: {state}, rip "
              f"{int(context['instruction_pointer']):#x} rsp "
              f"{int(context['stack_pointer']):#x}{waits}")


def heap_nodes(node):
    if int(node):
        yield node
        yield from heap_nodes(node["left"])
        yield from heap_nodes(node["right"])


def show_queue(_):
    """The CPU: its thread, the ready queue, deferred work, deadlines by time."""
    cpu = value("boot_cpu")
    thread = cpu["current"]
    print("current: " + (title(thread["process"]) if int(thread) else "none"))
    ready = list(listed(cpu["ready"], "struct thread", "ready_link"))
    print("ready: " + (", ".join(title(t["process"]) for t in ready) or "none"))
    work = list(listed(cpu["work"]["items"], "struct work", "link"))
    print("work: " + (", ".join(symbol_at(w["step"]) for w in work) or "none"))
    print(f"timer: {time_text(cpu['timer_deadline_ns'])}, "
          f"slice ends: {time_text(cpu['slice_end_ns'])}")
    nodes = sorted(heap_nodes(cpu["deadlines"]["root"]), key=lambda n: int(n["key"]))
    for node in nodes:
        deadline = owner(node, "struct deadline", "node")
        print(f"deadline {time_text(node['key'])}: {symbol_at(deadline['expire'])}")


class Symbols:
    """The program whose symbols are loaded: all are linked at the same address."""

    path = None

    @classmethod
    def load(cls, path):
        if cls.path == path:
            return
        if cls.path:
            gdb.execute(f"remove-symbol-file {cls.path}", to_string=True)
        cls.path = None
        gdb.execute(f"add-symbol-file {path}", to_string=True)
        cls.path = path


def program_path(name):
    kernel = gdb.objfiles()[0].filename
    return os.path.join(os.path.dirname(kernel), name + ".elf")


def load_symbols(argument):
    """capos symbols [NAME | FILE]: load a program's symbols; without one, the current process's.

    All programs are linked at the same address, so the symbols of the one before are removed.
    """
    if not argument:
        process = current_process()
        if process is None:
            raise gdb.GdbError("the CPU runs no process")
        argument = name_of(process)
    path = argument if "/" in argument else program_path(argument)
    if not os.path.exists(path):
        raise gdb.GdbError(f"{path} is not there")
    Symbols.load(os.path.realpath(path))
    print(f"symbols of {path}")


class In(gdb.Function):
    """$capos_in("NAME"): whether the CPU runs that program; for the conditions of breakpoints."""

    def __init__(self):
        super().__init__("capos_in")

    def invoke(self, name):
        process = current_process()
        return process is not None and name_of(process) == name.string()


COMMANDS = {"processes": show_processes, "threads": show_threads,
            "capabilities": show_capabilities, "rings": show_rings,
            "operations": show_operations, "accounts": show_accounts, "queue": show_queue,
            "symbols": load_symbols}

gdb.Command("capos", gdb.COMMAND_DATA, gdb.COMPLETE_NONE, True)
for command, function in COMMANDS.items():
    Command(command, function)
In()
gdb.pretty_printers.append(pretty_printer)
# Symbols of programs come and go without a question.
gdb.execute("set confirm off")
