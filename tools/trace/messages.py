# SPDX-License-Identifier: MIT
"""Cap'n Proto messages as text, by the schemas that build/gen/abi.txt describes.

A message is bytes from outside: whatever stands in them, the result is a text.  What cannot be
followed becomes a note in its place, `<malformed: why>`, and the rest is still shown.
"""
import re
import struct

NESTING_MAX = 16
ITEMS_MAX = 64      # of a list, shown
BYTES_MAX = 64      # of a text or of data, shown
POINTERS_MAX = 1000  # followed in one message

NUMBERS = {"Int8": "<b", "Int16": "<h", "Int32": "<i", "Int64": "<q", "UInt8": "<B",
           "UInt16": "<H", "UInt32": "<I", "UInt64": "<Q", "Float32": "<f", "Float64": "<d"}
ELEMENT_BITS = [0, 1, 8, 16, 32, 64, 64]


class Malformed(Exception):
    """What is wrong with a pointer."""


class Struct:
    """A declared struct: fields are (name, union tag or None, kind, rest)."""

    def __init__(self, union_at):
        self.union_at = union_at
        self.fields = []


class Schema:
    """interfaces by id: (name, {ordinal: (method, parameters, results)})."""

    FIELD = re.compile(r"  (\S+)(?: tag (\d+))? (group|Void|bits (\d+)-(\d+) (\S+)|"
                       r"pointer (\d+) (\S+))(?: = (0x[0-9a-f]+))?$")
    METHOD = re.compile(r"  (\S+) (\d+) (\S+) -> (\S+)$")
    VALUE = re.compile(r"  (\S+) (\d+)$")

    def __init__(self, text):
        self.interfaces, self.structs, self.enums = {}, {}, {}
        place = None
        for line in text.splitlines():
            if not line.startswith("  "):
                place = self.declaration(line.split())
            elif place is not None:
                place(line)
        for name, declared in self.structs.items():
            declared.fields = [self.resolved(name, field) for field in declared.fields]

    def resolved(self, owner, field):
        """The field with its type's full name: abi.txt has the last part, as declared."""
        name, tag, kind, (low, high, scalar, pointer, target, default) = field
        return name, tag, kind, (low, high, self.full_name(owner, scalar), pointer,
                                 self.full_name(owner, target), default)

    def full_name(self, owner, name):
        """Looked for from the owner's scope outwards, then anywhere."""
        if name is None:
            return None
        if name.startswith("List("):
            return f"List({self.full_name(owner, name[5:-1])})"
        scope = owner.split(".")
        for depth in range(len(scope), -1, -1):
            found = ".".join([*scope[:depth], name])
            if found in self.structs or found in self.enums:
                return found
        nested = [full for full in [*self.structs, *self.enums] if full.endswith("." + name)]
        return nested[0] if len(nested) == 1 else name

    def declaration(self, words):
        """What takes the lines below this one."""
        if not words:
            return None
        if words[0] == "struct":
            at = int(words[words.index("at") + 1]) if "at" in words else None
            self.structs[words[1]] = declared = Struct(at)
            return lambda line: self.field(declared, line)
        if words[0] == "enum":
            self.enums[words[1]] = values = {}
            return lambda line: self.value(values, line)
        if words[0] == "interface":
            methods = {}
            self.interfaces[int(words[2][1:], 16)] = (words[1], methods)
            return lambda line: self.method(methods, line)
        return None

    def field(self, declared, line):
        found = self.FIELD.match(line)
        if found:
            name, tag, kind, low, high, scalar, pointer, target, default = found.groups()
            declared.fields.append((name, None if tag is None else int(tag), kind.split()[0],
                                    (int(low or 0), int(high or 0), scalar,
                                     int(pointer or 0), target, int(default or "0", 16))))

    def value(self, values, line):
        found = self.VALUE.match(line)
        if found:
            values[int(found.group(2))] = found.group(1)

    def method(self, methods, line):
        found = self.METHOD.match(line)
        if found:
            methods[int(found.group(2))] = (found.group(1), found.group(3), found.group(4))


class Message:
    """One segment; positions are in words."""

    def __init__(self, schema, content):
        self.schema, self.content = schema, content
        self.words = len(content) // 8
        self.followed = 0

    def word(self, position):
        return int.from_bytes(self.content[8 * position:8 * position + 8], "little")

    def follow(self, position):
        """(pointer word, where its target begins); (0, 0) for null."""
        pointer = self.word(position)
        if pointer == 0:
            return 0, 0
        self.followed += 1
        if self.followed > POINTERS_MAX:
            raise Malformed("too many pointers")
        offset = (pointer & 0xffffffff) >> 2
        start = position + 1 + (offset - (1 << 30) if offset >> 29 else offset)
        return pointer, start

    def check(self, start, words, what):
        if start < 0 or start + words > self.words:
            raise Malformed(f"{what} out of bounds")

    def struct_at(self, position):
        """(start, data words, pointers) of the struct a pointer names, or None."""
        pointer, start = self.follow(position)
        if pointer == 0:
            return None
        if pointer & 3:
            raise Malformed("no struct pointer")
        data, pointers = pointer >> 32 & 0xffff, pointer >> 48
        self.check(start, data + pointers, "struct")
        return start, data, pointers

    def list_at(self, position):
        """(start, count, element size, data words, pointers) or None."""
        pointer, start = self.follow(position)
        if pointer == 0:
            return None
        if pointer & 3 != 1:
            raise Malformed("no list pointer")
        size, count = pointer >> 32 & 7, pointer >> 35
        if size != 7:
            self.check(start, (count * ELEMENT_BITS[size] + 63) // 64, "list")
            return start, count, size, 0, 0
        self.check(start, count + 1, "list")
        tag = self.word(start)
        elements, data, pointers = (tag & 0xffffffff) >> 2, tag >> 32 & 0xffff, tag >> 48
        if tag & 3 or elements * (data + pointers) > count:
            raise Malformed("list tag")
        return start + 1, elements, size, data, pointers

    # --- Text

    def root(self, name):
        if self.words == 0:
            return "{}"
        return self.guarded(self.struct_pointer, 0, name, 0)

    def guarded(self, function, *arguments):
        try:
            return function(*arguments)
        except Malformed as why:
            return f"<malformed: {why}>"

    def struct_pointer(self, position, name, nesting):
        place = self.struct_at(position)
        return "null" if place is None else self.struct(place, name, nesting)

    def struct(self, place, name, nesting):
        if nesting > NESTING_MAX:
            raise Malformed("nested too deeply")
        declared = self.schema.structs.get(name)
        if declared is None:
            return f"<unknown struct {name}>"
        tag = None if declared.union_at is None else self.bits(place, 8 * declared.union_at, 16)
        parts = []
        for field in declared.fields:
            if field[1] is None or field[1] == tag:
                parts.append(f"{field[0]}: {self.field(place, name, field, nesting)}")
        if tag is not None and all(field[1] != tag for field in declared.fields):
            parts.append(f"<unknown member {tag} of the union>")
        return "{" + ", ".join(parts) + "}"

    def bits(self, place, low, width):
        start, data, _ = place
        if low + width > 64 * data:
            return 0
        return self.word(start + low // 64) >> low % 64 & ((1 << width) - 1)

    def field(self, place, owner, field, nesting):
        name, _, kind, (low, high, scalar, pointer, target, default) = field
        if kind == "group":
            return self.struct(place, f"{owner}.{name}", nesting + 1)
        if kind == "Void":
            return "void"
        if kind == "bits":
            return self.scalar(self.bits(place, low, high - low + 1) ^ default, scalar)
        start, data, pointers = place
        if pointer >= pointers:
            return "null"
        return self.guarded(self.pointer, start + data + pointer, target, nesting + 1)

    def scalar(self, raw, name):
        if name == "Bool":
            return "true" if raw else "false"
        if name in NUMBERS:
            form = NUMBERS[name]
            number = struct.unpack(form, raw.to_bytes(struct.calcsize(form), "little"))[0]
            return str(number)
        return self.schema.enums.get(name, {}).get(raw, f"<unknown {name} {raw}>")

    def pointer(self, position, name, nesting):
        if nesting > NESTING_MAX:
            raise Malformed("nested too deeply")
        if self.word(position) == 0:
            return "null"
        if name in ("Text", "Data"):
            return self.blob(position, name)
        if name.startswith("List(") and name.endswith(")"):
            return self.list(position, name[5:-1], nesting)
        if name in self.schema.structs:
            return self.struct_pointer(position, name, nesting)
        word = self.word(position)
        if word & 0xffffffff == 3:
            return f"capability {word >> 32}"
        return f"<a pointer as {name}>"

    def blob(self, position, name):
        start, count, size, _, _ = self.list_at(position)
        if size != 2:
            raise Malformed(f"{name} that is no list of bytes")
        content = self.content[8 * start:8 * start + count]
        if name == "Text":
            if content[-1:] != b"\0":
                raise Malformed("Text without its end")
            content = content[:-1]
        shown = text_of(content[:BYTES_MAX])
        return shown + (f" and {len(content) - BYTES_MAX} bytes" if len(content) > BYTES_MAX
                        else "")

    def list(self, position, element, nesting):
        start, count, size, data, pointers = self.list_at(position)
        shown = [self.guarded(self.element, (start, i, size, data, pointers), element, nesting)
                 for i in range(min(count, ITEMS_MAX))]
        if count > ITEMS_MAX:
            shown.append(f"and {count - ITEMS_MAX} more")
        return "[" + ", ".join(shown) + "]"

    def element(self, place, name, nesting):
        start, i, size, data, pointers = place
        if name in self.schema.structs:
            if size != 7:
                raise Malformed("a struct list of scalars")
            return self.struct((start + i * (data + pointers), data, pointers), name, nesting + 1)
        if name in ("Text", "Data", "Capability") or name.startswith("List("):
            if size != 6:
                raise Malformed("a pointer list of scalars")
            return self.pointer(start + i, name, nesting + 1)
        if size > 5:
            raise Malformed("a scalar list of pointers")
        width = ELEMENT_BITS[size]
        raw = self.bits((start, self.words - start, 0), i * width, width) if width else 0
        wanted = 8 * struct.calcsize(NUMBERS[name]) if name in NUMBERS else width
        return self.scalar(raw & ((1 << wanted) - 1), name)


def text_of(content):
    """Bytes as a text in quotes where they are one, else in hexadecimal."""
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError:
        return content.hex() or '""'
    if all(character.isprintable() or character in "\n\r\t\033" for character in text):
        quoted = "".join(character if character.isprintable() and character not in '"\\'
                         else character.encode("unicode_escape").decode() if character != '"'
                         else '\\"' for character in text)
        return f'"{quoted}"'
    return content.hex()


def decode(schema, name, content):
    """The message in content, of a struct of this name."""
    if len(content) % 8:
        return "<malformed: no whole words>"
    return Message(schema, bytes(content)).root(name)
