#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Checks the comments of schema/*.capnp.

  tools/check/schema.py [FILE...]     one line a finding, as FILE:LINE: WHAT; status 1 if there are any
  tools/check/schema.py --header      what each method may return, as a C header for the host tests

The comment of a declaration stands behind it.  Each struct, enum, interface, constant and annotation has
one.  That of a method ends with what a call can end with besides success:

  # Statuses: ok only.
  # Statuses: invalidArgument (the length is 0), timedOut, cancelled.

Each name is of enum Status in schema/status.capnp, once.  In brackets stands the cause.  It may be left
out for statuses of the groups Resource and Peer, which have only one.  What any CALL can end with
(the list at the top of status.capnp) is named only where the method has a cause of its own.
"Statuses of every method:" in the comment of an interface holds for all of its methods.
"""
import glob
import os
import re
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
STATUS_FILE = "schema/status.capnp"
WITHOUT_CAUSE = ("Resource", "Peer")
DECLARATION = re.compile(r"(struct|enum|interface|const|annotation)\s+(\w+)")
METHOD = re.compile(r"(\w+)\s+@(\d+)\s*(?:\[[^]]*\]\s*)?(?:\(|[\w.]+\s*->)")
MEMBER = re.compile(r"(\w+)\s+@(\d+)")
TOKEN = re.compile(r'#[^\n]*|"(?:[^"\\]|\\.)*"|[{};]|[^#"{};]+')
STATUSES = re.compile(r"Statuses( of every method)?:\s*(.*?)\.\s*(?=$|[A-Z])", re.DOTALL)
ITEM = re.compile(r"\s*(\w+)\s*(?:\(([^()]*(?:\([^()]*\)[^()]*)*)\))?\s*(?:,|$)")


class Declaration:
    """One declaration: its kind, name, line, what it stands in, and its comment."""

    def __init__(self, text, line, outer):
        found = DECLARATION.match(text)
        self.text, self.line, self.outer = text, line, outer
        self.kind, self.name = found.groups() if found else ("", "")
        self.comment = []
        self.id = re.search(r"@(0x[0-9a-f]+)", text) if found else None
        if not found and outer is not None and outer.kind == "interface" and METHOD.match(text):
            self.kind, self.name, self.ordinal = ("method", *METHOD.match(text).groups())
        elif not found and MEMBER.match(text):
            self.kind, self.name, self.ordinal = ("member", *MEMBER.match(text).groups())

    def path(self):
        above = self.outer.path() + "." if self.outer is not None and self.outer.name else ""
        return above + self.name

    def doc(self):
        return " ".join(self.comment)


class Parser:
    """A schema's declarations, each with the comment behind it."""

    def __init__(self, text):
        self.found, self.outer, self.last = [], [None], None
        line, statement, start = 1, "", 1
        for token in TOKEN.findall(text):
            if token.startswith("#"):
                self.comment(token[1:].strip())
            elif token in "{};":
                self.punctuation(token, statement.strip(), start, line)
                statement = ""
            else:
                if not statement.strip() and token.strip():
                    start = line + token[:len(token) - len(token.lstrip())].count("\n")
                    self.last = None
                elif not token.strip() and token.count("\n") > 1:
                    self.last = None
                statement += token
            line += token.count("\n")

    def comment(self, text):
        if self.last is not None:
            self.last.comment.append(text)

    def punctuation(self, token, statement, start, line):
        if statement:
            self.last = Declaration(statement, start, self.outer[-1])
            self.found.append(self.last)
        elif token != "{":
            self.last = None
        if token == "{":
            self.outer.append(self.last)
        elif token == "}" and len(self.outer) > 1:
            self.outer.pop()
            self.last = None


def read(path):
    with open(os.path.join(ROOT, path), encoding="utf-8") as file:
        return file.read()


class Statuses:
    """The enum of all statuses: their numbers, groups, and those of any CALL."""

    def __init__(self):
        text = read(STATUS_FILE)
        head = re.search(r"Any CALL can end with these[^:]*:(.*?)\.", text, re.DOTALL).group(1)
        body = text[text.index("enum Status {"):]
        group = ""
        self.numbers, self.groups = {}, {}
        for line in body[:body.index("\n}")].split("\n"):
            title = re.match(r"  # (\w+)[\w ]*: ", line)
            value = re.match(r"  (\w+) @(\d+);", line)
            group = title.group(1) if title else group
            if value:
                self.numbers[value.group(1)] = int(value.group(2))
                self.groups[value.group(1)] = group
        self.common = re.findall(r"\w+", head.replace("#", ""))


class Check:
    """The findings in one schema, and what its methods may return."""

    def __init__(self, path, statuses):
        self.path, self.statuses, self.findings, self.methods = path, statuses, [], []
        for declaration in Parser(read(path)).found:
            self.check(declaration)

    def report(self, declaration, what):
        self.findings.append(f"{self.path}:{declaration.line}: {declaration.path()}: {what}")

    def check(self, declaration):
        if declaration.kind in ("struct", "enum", "interface", "const", "annotation"):
            if not declaration.comment:
                self.report(declaration, "has no comment behind it")
            if declaration.kind == "interface":
                declaration.every = self.named(declaration, True)
        elif declaration.kind == "method":
            self.check_method(declaration)

    def check_method(self, method):
        if not any(found.group(1) is None for found in STATUSES.finditer(method.doc())):
            self.report(method, 'does not say "Statuses: ..."')
            return
        own = self.named(method, False)
        for name in own:
            if name in method.outer.every:
                self.report(method, f"{name} holds for every method already")
        self.methods.append((method, sorted(set(own) | set(method.outer.every))))

    def named(self, declaration, of_every):
        """The statuses in the lists of that kind; finds fault with them."""
        names = []
        for found in STATUSES.finditer(declaration.doc()):
            if (found.group(1) is not None) != of_every or found.group(2) == "ok only":
                continue
            names += self.items(declaration, found.group(2))
        for name in sorted({name for name in names if names.count(name) > 1}):
            self.report(declaration, f"names {name} twice")
        return names

    def items(self, declaration, text):
        at, names = 0, []
        while at < len(text):
            item = ITEM.match(text, at)
            if item is None:
                self.report(declaration, f'cannot be read from "{text[at:at + 40]}" on')
                break
            at = item.end()
            names.append(item.group(1))
            self.check_item(declaration, item.group(1), item.group(2))
        return names

    def check_item(self, declaration, name, cause):
        if name not in self.statuses.numbers or name == "ok":
            self.report(declaration, f"{name} is no status of {STATUS_FILE}")
        elif cause is None and name in self.statuses.common:
            self.report(declaration, f"any CALL can end with {name}: say when this one does")
        elif cause is None and self.statuses.groups[name] not in WITHOUT_CAUSE:
            self.report(declaration, f"{name} has no cause in brackets")


def header(checks, statuses):
    """A table of masks, bit N for status N."""
    print("// SPDX-License-Identifier: MIT\n#pragma once")
    print("/* What each method documents that it returns.  Generated by tools/check/schema.py. */")
    print("#include <stdint.h>\n\nstruct documented_statuses {\n\tuint64_t interface_id;")
    print("\tuint16_t method;\n\tuint64_t statuses; /* bit N for status N */\n};\n")
    print("static const struct documented_statuses documented_statuses[] = {")
    for check in checks:
        for method, names in check.methods:
            mask = 1
            for name in names + statuses.common:
                mask |= 1 << statuses.numbers[name]
            print(f"\t{{ {method.outer.id.group(1)}, {method.ordinal}, {mask:#x} }}, "
                  f"/* {method.path()} */")
    print("};")


def main():
    statuses = Statuses()
    wants_header = sys.argv[1:] == ["--header"]
    paths = [] if wants_header else sys.argv[1:]
    if not paths:
        paths = sorted(os.path.relpath(path, ROOT)
                       for path in glob.glob(os.path.join(ROOT, "schema/*.capnp")))
    checks = [Check(path, statuses) for path in paths]
    findings = [finding for check in checks for finding in check.findings]
    if wants_header:
        header(checks, statuses)
        return
    print("\n".join(findings + [f"schema: {len(findings)} red, "
                                f"{sum(len(check.methods) for check in checks)} methods"]))
    sys.exit(1 if findings else 0)


if __name__ == "__main__":
    main()
