# SPDX-License-Identifier: MIT
"""The shell, driven as a person would: typing, mistakes, garbage."""
import random
import re

import pytest

CTRL_A, CTRL_C, CTRL_D, CTRL_E, CTRL_K = "\x01", "\x03", "\x04", "\x05", "\x0b"
CTRL_L, CTRL_U, CTRL_W, ESCAPE = "\x0c", "\x15", "\x17", "\x1b"
UP, DOWN, RIGHT, LEFT = ESCAPE + "[A", ESCAPE + "[B", ESCAPE + "[C", ESCAPE + "[D"
HOME, END, DELETE = ESCAPE + "[H", ESCAPE + "[F", ESCAPE + "[3~"
BACKSPACE = "\x7f"
LINE_BYTES_MAX = 1024

COMMANDS = ["help", "caps", "programs", "run", "spawn", "jobs", "wait", "kill", "uptime", "audit",
            "echo", "clear", "exit", "shutdown"]
PROGRAMS = {"shell", "hello", "calc", "fault", "spin", "flood", "tiny"}


@pytest.fixture
def shell(boot):
    return boot()


def books(shell):
    """Free frames and charged bytes; the kernel's books must balance."""
    match = re.match(r"books balance; (\d+) of \d+ frames free; (\d+) bytes charged\n"
                     r"1 processes, (\d+) accounts\n$", shell.command("audit"))
    assert match
    return tuple(map(int, match.groups()))


def warm_up(shell):
    """The shell's own pages get their frames when they are first touched: history is the most."""
    for number in range(40):
        shell.command(f"echo {number}")


# --- Commands -----------------------------------------------------------------------------------


def test_help_lists_every_command(shell):
    listed = re.findall(r"^  (\w+) ", shell.command("help"), re.MULTILINE)
    assert listed == COMMANDS


def test_help_explains_one_command(shell):
    assert shell.command("help run").startswith(
        "run PROGRAM [ARGUMENT ...] [with { NAME: @CAPABILITY, ... }]\n")
    assert 'no command "nothing"' in shell.command("help nothing")
    assert shell.command("help run kill") == "error at column 10: help takes one command\n"


def test_caps_shows_names_interfaces_and_methods(shell):
    rows = {line.split()[0]: line.split()[1:] for line in shell.command("caps").splitlines()}
    assert rows == {
        "memory": ["VirtualMemory", "createObject", "map", "unmap", "protect", "reserve", "commit"],
        "account": ["Account", "limits", "usage", "split", "close", "createEndpoint",
                    "derive"],
        "console": ["Console", "write"],
        "terminal": ["Uart", "read", "write"],
        "timer": ["Timer", "now", "wait"],
        "entropy": ["EntropySource", "read"],
        "boot": ["BootPackage", "manifest"],
        "spawner": ["ProcessSpawner", "spawn", "list"],
        "power": ["Power", "off", "reset"],
        "audit": ["Audit", "audit"],
    }


def test_programs_are_listed(shell):
    assert set(shell.command("programs").split()) == PROGRAMS


def test_uptime_goes_on(shell):
    first, second = (float(re.match(r"up (\d+\.\d{3}) s, first prompt after \d+ ns\n$", shell.command("uptime")).group(1))
                     for _ in range(2))
    assert 0 <= first <= second < 100


def test_echo_prints_words_and_strings(shell):
    assert shell.command('echo one  "two  three" "a\\"b\\\\c"') == 'one two  three a"b\\c\n'
    assert shell.command("echo") == "\n"


def test_echo_shows_controls_as_numbers(shell):
    assert shell.command('echo "a\\nb\\tc"') == "a\\x0ab\\x09c\n"


def test_empty_lines_do_nothing(shell):
    assert shell.command("") == ""
    assert shell.command("   ") == ""


def test_exit_turns_the_machine_off(shell):
    shell.type("exit\r")
    assert shell.wait() == 0


def test_shutdown_turns_the_machine_off(shell):
    shell.type("shutdown\r")
    assert shell.wait() == 0


def test_end_of_input_turns_the_machine_off(shell):
    shell.type(CTRL_D)
    assert shell.wait() == 0


# --- Programs -----------------------------------------------------------------------------------


def test_a_program_has_only_what_it_is_given(shell):
    assert shell.command("run hello") == "hello: exited with code 1\n"
    assert shell.command("run hello with { console: @console }") == (
        "Hello from capOS!\nhello: exited with code 0\n")
    # The right name with the wrong interface is no console.
    assert shell.command("run hello with { console: @timer }") == "hello: exited with code 1\n"


def test_programs_get_their_arguments(shell):
    assert shell.command('run "hello" World "two words" with {console:@console}') == (
        "Hello, World!\nHello, two words!\nhello: exited with code 0\n")
    eight = " ".join("abcdefgh")
    assert shell.command(f"run hello {eight} with {{ console: @console }}").count("Hello") == 8


def test_calculator_reads_its_terminal(shell):
    shell.type("run calc with { terminal: @terminal }\r")
    for line, answer in [("6*7", "42"), ("(1+2)*-3", "-9"), ("1/0", "error at column 2: division by zero"),
                         ("9223372036854775807+1", "error at column 20: overflow"), ("7%", "missing")]:
        shell.expect("calc> ")
        shell.type(line + "\r")
        shell.expect(re.escape(answer))
    shell.expect("calc> ")
    shell.type("quit\r")
    assert shell.prompt().endswith("calc: exited with code 0\n")
    # The terminal is the shell's again.
    assert shell.command("echo back") == "back\n"


def test_calculator_ends_at_end_of_input(shell):
    shell.type("run calc with { terminal: @terminal }\r")
    shell.expect("calc> ")
    shell.type(CTRL_D)
    assert shell.prompt().endswith("calc: exited with code 0\n")


def test_a_program_without_its_capability_panics_alone(shell):
    output = shell.command("run calc with { console: @console }")
    assert 'needs the capability "terminal": badCapability' in output
    assert output.endswith("calc: exited with code 134\n")


def test_a_shell_can_run_in_a_shell(shell):
    """With less authority: it holds no switch, so its exit ends it alone."""
    shell.type("run shell with { terminal: @terminal, timer: @timer }\r")
    shell.expect("capOS shell")
    shell.prompt()
    assert "up " in shell.command("uptime")
    assert shell.command("run hello").startswith(
        'error: this needs the capability "spawner" (ProcessSpawner): badCapability')
    assert shell.command("shutdown").startswith('error: this needs the capability "power"')
    assert len(shell.command("caps").splitlines()) == 4
    assert shell.command("exit").endswith("shell: exited with code 0\n")
    assert len(shell.command("caps").splitlines()) == 10


def test_interrupt_kills_the_program_in_the_foreground(shell):
    shell.type("run spin\r")
    shell.type("typed ahead" + CTRL_C)
    assert shell.prompt().endswith("^C\nspin: killed\n")
    assert shell.command("echo alive") == "alive\n"


def test_interrupt_is_seen_behind_a_flood_of_type_ahead(shell):
    shell.type("run spin\r")
    shell.type("x" * 3000 + CTRL_C)
    assert shell.prompt().endswith("spin: killed\n")
    assert shell.command("echo alive") == "alive\n"


def test_what_is_typed_ahead_is_not_lost(shell):
    shell.type("run tiny\recho one\recho two\r")
    assert "tiny: exited with code 0" in shell.prompt()
    assert shell.prompt().endswith("\none\n")
    assert shell.prompt().endswith("\ntwo\n")


FAULTS = {
    "divide": "divide", "page": "pageFault", "kernel": "pageFault", "noncanonical": "protection",
    "write-code": "pageFault", "execute-stack": "pageFault", "execute-null": "pageFault",
    "privileged": "protection", "cli": "protection", "port": "protection",
    "register": "protection", "breakpoint": "debug", "step": "debug",
    "invalid": "invalidInstruction", "stack": "pageFault", "interrupt": "protection",
    "float": "floatingPoint", "alignment": "protection",
}


def test_each_fault_ends_its_program_alone(shell):
    listed = shell.command("run fault with { console: @console }")
    names = re.findall(r"^(\S+) +\S.*$", listed, re.MULTILINE)[:-1]
    assert set(names) == set(FAULTS) | {"smash", "panic"}
    warm_up(shell)
    shell.command("run fault page")
    before = books(shell)
    for name, cause in FAULTS.items():
        output = shell.command(f"run fault {name}")
        assert f"fault: faulted: {cause} (vector" in output, name
        assert re.search(r"^  rip 00000000002\w{5}  rsp ", output, re.MULTILINE) or (
            name in ("execute-stack", "execute-null")), output
    assert books(shell) == before


def test_a_fault_names_the_address(shell):
    assert "at address 0x10\n" in shell.command("run fault page")
    assert "at address 0xffffffff80100000\n" in shell.command("run fault kernel")
    assert "at address 0x0\n" in shell.command("run fault execute-null")


def test_the_runtime_panics_are_told(shell):
    output = shell.command("run fault smash with { console: @console }")
    assert "stack smashed" in output and output.endswith("exited with code 134\n")
    output = shell.command("run fault panic with { console: @console }")
    assert re.search(r"fault: panic: \S+:\d+: as asked\n", output)
    assert output.endswith("exited with code 134\n")


# --- Jobs ---------------------------------------------------------------------------------------


def test_jobs_run_in_the_background(shell):
    assert shell.command("spawn spin") == "[1] spin\n"
    assert shell.command("spawn spin") == "[2] spin\n"
    assert shell.command("jobs") == "[1] spin: running\n[2] spin: running\n"
    assert shell.command("kill 1") == "[1] spin: killed\n"
    assert shell.command("jobs") == "[2] spin: running\n"
    assert shell.command("spawn spin") == "[1] spin\n"  # the number is free again
    for number in (1, 2):
        assert shell.command(f"kill {number}") == f"[{number}] spin: killed\n"
    assert shell.command("jobs") == ""


def test_wait_reports_how_a_job_ended(shell):
    assert shell.command("spawn calc") .startswith("[1] calc\n")
    output = shell.command("wait 1") if "exited" not in (seen := shell.command("")) else seen
    assert "[1] calc: exited with code 134\n" in output


def test_interrupt_stops_waiting_but_not_the_job(shell):
    shell.command("spawn spin")
    shell.type("wait\r")
    shell.type(CTRL_C)
    assert shell.prompt().endswith("^C\n[1] goes on\n")
    assert shell.command("jobs") == "[1] spin: running\n"


def test_mistakes_with_jobs_are_named(shell):
    assert shell.command("wait") == "error: there are no jobs\n"
    assert shell.command("wait 1") == "error at column 6: there is no job of that number\n"
    assert shell.command("kill") == "error at column 5: here the number of one job is due\n"
    assert shell.command("kill x") == "error at column 6: here the number of one job is due\n"
    assert shell.command("kill 1 2") == "error at column 8: here the number of one job is due\n"
    assert shell.command("kill 99999999999999999999").startswith("error at column 6")
    for number in range(1, 17):
        assert shell.command("spawn spin") == f"[{number}] spin\n"
    assert shell.command("spawn spin") == "error: there are 16 jobs already\n"


# Under counted instructions: one nanosecond each, on any machine.
ANSWER_NS = 200_000_000


@pytest.mark.parametrize("program", ["spin", "flood"])
def test_the_shell_answers_beside_greedy_jobs(boot, program):
    """A command is answered within a bound while others use all the time they can get."""
    shell = boot(icount=True)

    for number in range(1, 5):
        assert shell.command(f"spawn {program}") == f"[{number}] {program}\n"
    shell.type("uptime\rrun tiny\ruptime\r")
    first, second = (int(re.search(r"up ([\d.]+) s", output).group(1).replace(".", ""))
                     for output in (shell.prompt(), shell.prompt() and shell.prompt()))
    assert (second - first) * 1_000_000 < ANSWER_NS
    for number in range(1, 5):
        assert shell.command(f"kill {number}") == f"[{number}] {program}: killed\n"


def use_everything(shell):
    shell.command("run tiny")
    shell.command("run hello a b with { console: @console }")
    shell.command("run fault page")
    shell.type("run spin\r" + CTRL_C)
    shell.prompt()
    shell.command("spawn tiny")
    shell.command("wait")
    shell.command("spawn spin")
    shell.command("kill 1")
    shell.command("run nope")
    shell.command("run hello with { console: @console, terminal: @terminal, nope: @nope }")


def test_free_memory_is_the_same_after_programs(shell):
    warm_up(shell)
    use_everything(shell)
    before = books(shell)
    for _ in range(8):
        use_everything(shell)
    assert books(shell) == before


# --- Mistakes -----------------------------------------------------------------------------------


@pytest.mark.parametrize("line, error", [
    ("nonsense", 'error at column 1: no command "nonsense"; "help" lists them'),
    ("  Help", 'error at column 3: no command "Help"'),
    ("@", 'error at column 1: no command "@"'),
    ("caps all", "error at column 6: this command takes no arguments"),
    ("run", "error at column 4: here the name of a program is missing"),
    ("run nope", "error at column 5: nope: unknownBinary"),
    ("run NOPE", "error at column 5: a name is 1 to 32 of a-z 0-9 _ -"),
    ("run " + "x" * 33, "error at column 5: a name is 1 to 32"),
    ("run hello with", "error at column 15: after 'with' comes '{'"),
    ("run hello with {", "error at column 17: here the name of a grant is missing"),
    ("run hello with { console", "error at column 25: after the name of a grant comes ':'"),
    ("run hello with { console: console }", "error at column 27: a capability is written @NAME"),
    ("run hello with { console: @ }", "error at column 29: after '@' comes the name"),
    ("run hello with { console: @nothing }", "error at column 28: nothing: badCapability"),
    ("run hello with { a: @timer b: @timer }", "error at column 28: after a grant comes ',' or '}'"),
    ("run hello with { a: @timer, a: @timer }", "error at column 29: this name is granted twice"),
    ("run hello with { memory: @memory }", 'error at column 18: every program has its own "memory"'),
    ("run hello with { account: @account }", 'error at column 18: every program has its own "account"'),
    ("run hello with { } more", "error at column 20: unexpected"),
    ("run hello a:b", "error at column 12: unexpected; text with { } : , @ must stand in quotes"),
    ("run hello 1 2 3 4 5 6 7 8 9", "error at column 27: a program takes at most 8 arguments"),
    ("run hello " + "x" * 65, "error at column 11: an argument has at most 64 bytes"),
    ('echo "open', "error at column 6: a quote is opened and not closed"),
    ('echo "a\\q"', "error at column 8: unknown escape"),
    ("echo " + "a " * 64, "error at column 132: too many words"),
    ("exit now", "error at column 6: this command takes no arguments"),
])
def test_errors_say_what_and_where(shell, line, error):
    assert shell.command(line).startswith(error)
    assert shell.command("echo alive") == "alive\n"


# --- Typing -------------------------------------------------------------------------------------


@pytest.mark.parametrize("keys, line", [
    ("echo abd" + BACKSPACE + "c", "abc"),
    ("echo ac" + LEFT + "b", "abc"),
    ("cho abc" + HOME + "e", "abc"),
    ("cho abc" + CTRL_A + "e" + CTRL_E + "d", "abcd"),
    ("echo abc" + HOME + RIGHT * 5 + DELETE + "x" + END + "y", "xbcy"),
    ("echo abcdef" + LEFT * 3 + CTRL_K, "abc"),
    ("garbage" + CTRL_U + "echo abc", "abc"),
    ("echo abc def" + CTRL_W + "x", "abc x"),
    ("echo a" + "\x02\x06" + "b", "ab"),
    ("echo a" + "".join(map(chr, [0, 7, 9, 0x0f, 0x11, 0x12, 0x13, 0x14, 0x1c, 0x1f])) + "b", "ab"),
    ("echo a" + ESCAPE + "[99;99R" + ESCAPE + "[?1;2c" + ESCAPE + "OQb", "ab"),
])
def test_editing_keys(shell, keys, line):
    shell.type(keys + "\r")
    assert shell.prompt().endswith("\n" + line + "\n")


def test_clearing_the_screen_keeps_the_line(shell):
    shell.type("echo ac" + LEFT + CTRL_L)
    shell.expect(re.escape(ESCAPE + "[H" + ESCAPE + "[2J"))
    shell.prompt()
    shell.type("b\r")
    assert shell.prompt().endswith("\nabc\n")


def test_history(shell):
    shell.command("echo first")
    shell.command("echo second")
    shell.type(UP + UP + "!\r")
    assert shell.prompt().endswith("\nfirst!\n")
    shell.type("echo dra" + UP + UP + DOWN + DOWN + "ft\r")
    assert shell.prompt().endswith("\ndraft\n")


def test_interrupt_drops_the_line(shell):
    shell.type("run fault pa" + CTRL_C)
    assert shell.prompt().endswith("^C\n")
    assert shell.command("echo alive") == "alive\n"


def test_end_of_input_deletes_on_a_line_with_text(shell):
    shell.type("echo abc" + LEFT + CTRL_D + "\r")
    assert shell.prompt().endswith("\nab\n")


def utf_8(text):
    """As the harness sees bytes: one character each."""
    return text.encode().decode("latin-1")


def test_utf_8_passes(shell):
    assert shell.command(utf_8("echo Zürich 日本 😀")) == utf_8("Zürich 日本 😀\n")
    shell.type(utf_8("echo 日本") + BACKSPACE + LEFT + "x\r")
    assert shell.prompt().endswith(utf_8("\nx日\n"))


def test_malformed_utf_8_is_dropped(shell):
    shell.type("echo a\xff\xc3\x80\x80\xc0\xafb\xed\xa0\x80\xc2\x9bc\r")
    assert re.search(r"\na.*b.*c\n$", shell.prompt())
    assert shell.command("echo alive") == "alive\n"


def test_columns_count_characters(shell):
    assert shell.command(utf_8("run hello ü:")).startswith("error at column 12: unexpected")


def test_a_line_of_the_full_length_is_taken(shell):
    text = "x" * (LINE_BYTES_MAX - len("echo "))
    assert shell.command("echo " + text) == text + "\n"


def test_a_longer_line_is_refused_whole(shell):
    shell.type("echo " + "x" * 10000 + "\r")
    output = shell.prompt()
    assert output.count("\a") == 1
    assert output.endswith("\nerror: a line has at most 1024 bytes; nothing was done\n")
    assert shell.command("echo alive") == "alive\n"


def test_random_bytes_are_harmless(shell):
    """Whatever comes, but for Ctrl-D and Enter, which may end the shell or start programs, and
    what shows the prompt anew."""
    rng = random.Random(1)
    for _ in range(20):
        garbage = "".join(chr(rng.choice([c for c in range(256) if c not in (3, 4, 10, 12, 13)]))
                          for _ in range(500))
        shell.type(garbage)
        shell.type(CTRL_C)
        shell.expect(r"\^C")
        shell.prompt()
    assert shell.command("echo alive") == "alive\n"


def test_random_lines_are_harmless(shell):
    """Lines of everything that the parser knows, in any order."""
    rng = random.Random(2)
    words = ["run", "spawn", "tiny", "hello", "with", "{", "}", ":", "@", ",", '"', '"a b"', "console",
             "@console", "timer", "kill", "wait", "jobs", "1", "17", "-1", "echo", "\\", "caps", "audit"]
    for _ in range(60):
        shell.command(" ".join(rng.choice(words) for _ in range(rng.randint(0, 12))))
    shell.command("")
    assert shell.command("echo alive") == "alive\n"
