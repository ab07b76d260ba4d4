# SPDX-License-Identifier: MIT
"""Finds the functions of a C file and measures them: lines, nesting, parameters.

Not a C parser: it reads tokens, and relies on the tree's one format and on there being no macros
that hide control flow.
"""
import re

TOKEN = re.compile(r"""
    (?P<skip>//[^\n]*|/\*.*?\*/|\#(?:\\\n|[^\n])*|"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*')
  | (?P<word>[A-Za-z_]\w*)
  | (?P<mark>[{}()\[\];,:=])
  | (?P<line>\n)
""", re.VERBOSE | re.DOTALL)

CONTROL = {"if", "for", "while", "switch"}
CLOSING = {"(": ")", "[": "]", "{": "}"}


def tokens_of(text):
    """(token, line) pairs without comments, literals and preprocessor lines."""
    tokens, line = [], 1
    for match in TOKEN.finditer(text):
        if match.group("word") or match.group("mark"):
            tokens.append((match.group(), line))
        line += match.group().count("\n")
    return tokens


def matching(tokens, at):
    """Index of the bracket that closes the one at index at."""
    depth = 0
    for i in range(at, len(tokens)):
        if tokens[i][0] in CLOSING:
            depth += 1
        elif tokens[i][0] in CLOSING.values():
            depth -= 1
            if depth == 0:
                return i
    return len(tokens) - 1


def expression_end(tokens, at):
    """Index of the semicolon that ends the simple statement at index at."""
    while at < len(tokens) and tokens[at][0] != ";":
        at = matching(tokens, at) if tokens[at][0] in CLOSING else at
        at += 1
    return at


def statement(tokens, at, depth):
    """Reads one statement; returns (index after it, deepest nesting in it)."""
    word = tokens[at][0]
    if word == "{":
        return block(tokens, at, depth)
    if word in CONTROL:
        end, deepest = statement(tokens, matching(tokens, at + 1) + 1, depth + 1)
        if word == "if" and end < len(tokens) and tokens[end][0] == "else":
            # "else if" goes on at the same level.
            chained = tokens[end + 1][0] == "if"
            end, other = statement(tokens, end + 1, depth if chained else depth + 1)
            deepest = max(deepest, other)
        return end, deepest
    if word == "do":
        end, deepest = statement(tokens, at + 1, depth + 1)
        return expression_end(tokens, end) + 1, deepest
    if word in ("case", "default"):
        while tokens[at][0] != ":":
            at += 1
        return at + 1, depth
    return expression_end(tokens, at) + 1, depth


def block(tokens, at, depth):
    end, deepest = matching(tokens, at), depth
    at += 1
    while at < end:
        at, reached = statement(tokens, at, depth)
        deepest = max(deepest, reached)
    return end + 1, deepest


def parameters(tokens, opening):
    closing = matching(tokens, opening)
    inner = [token for token, _ in tokens[opening + 1:closing]]
    if inner in ([], ["void"]):
        return 0
    depth = count = 0
    for token in inner:
        depth += (token in CLOSING) - (token in CLOSING.values())
        count += token == "," and depth == 0
    return count + 1


def signature(tokens, brace):
    """Index of the '(' of the parameter list, if the '{' at index brace opens a function."""
    if brace == 0 or tokens[brace - 1][0] != ")":
        return None
    depth = 0
    for i in range(brace - 1, 0, -1):
        depth += (tokens[i][0] == ")") - (tokens[i][0] == "(")
        if depth == 0:
            return i
    return None


def functions_of(text):
    """Yields (name, first line, lines, nesting, parameters) of every function in text."""
    tokens, at, start = tokens_of(text), 0, 0
    while at < len(tokens):
        token, _ = tokens[at]
        if token == ";":
            start = at + 1
        if token in ("(", "["):
            at = matching(tokens, at)
        elif token == "{":
            opening, end = signature(tokens, at), matching(tokens, at)
            is_function = opening is not None and \
                "=" not in (word for word, _ in tokens[start:at])
            if is_function:
                _, nesting = block(tokens, at, 0)
                first, last = tokens[start][1], tokens[end][1]
                yield (tokens[opening - 1][0], first, last - first + 1, nesting,
                       parameters(tokens, opening))
                start = end + 1
            at = end
        at += 1
