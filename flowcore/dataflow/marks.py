"""Comments of a script that say which node a statement is, and keep what Python has no place for.

``# n5`` ends the statement of the node n5, ``# n5: encoder`` gives it a label, and ``# n5 {"note": "…"}``
keeps what no comment can say; ``# n5.model`` gives an output of n5 a variable of its own, and
``# n5 {"aside": true}`` has the old one go on as before. A line ``# flowcore {…}`` is about the whole graph.
"""

import ast
import io
import re
import tokenize
from typing import Any, NamedTuple

import msgspec

_MARK = re.compile(r"#\s?([A-Za-z0-9_-]{1,64})(?:\.(\w+))?(?:: ([^{#]+?))?(?: (\{.*\}))?\Z")
_PRAGMA = re.compile(r"(fmt|ruff|yapf|isort|pragma|type|noqa|flowcore)\b|!", re.IGNORECASE)
NOTHING: dict[str, Any] = {}


class Mark(NamedTuple):
    """id: of the node. output: where the comment is about one of its outputs."""

    id: str = ""
    output: str = ""
    more: dict[str, Any] = NOTHING


class Statement(NamedTuple):
    """A statement at the top of a script. above: the comment lines right before it."""

    node: ast.stmt
    mark: Mark
    above: tuple[str, ...]

    @property
    def lines(self) -> tuple[int, int]:
        """First and last line, from 1 on, with the comment above."""
        return self.node.lineno - len(self.above), self.node.end_lineno or self.node.lineno


class Script(NamedTuple):
    """Statements, and what lines of comment say about the whole graph."""

    statements: tuple[Statement, ...]
    told: list[dict[str, Any]]


def mark(id: str, output: str = "", more: dict[str, Any] = NOTHING) -> str:
    """The comment at the end of a statement. more: what is to be kept of the node."""
    rest, label = dict(more), more.get("label", "")
    simple = clean(label) and "\n" not in label and "{" not in label
    named = f": {rest.pop('label')}" if label and simple else ""
    return f"  # {id}{f'.{output}' if output else ''}{named}" + (f" {written(rest)}" if rest else "")


def written(more: dict[str, Any]) -> str:
    """JSON on one line, in which no tool finds a comment of its own."""
    return msgspec.json.encode(more).decode().replace("#", "\\u0023").replace("\x85", "\\u0085")


def above(text: str) -> list[str]:
    """Lines of comment."""
    return [f"# {line}".rstrip() for line in text.split("\n")] if text else []


def clean(text: str) -> bool:
    """Whether text comes through as a comment or a docstring: no formatter changes it."""
    lines = text.split("\n")
    plain = all(line == line.strip() and line.isprintable() and not _PRAGMA.match(line) for line in lines)
    return plain and bool(lines[0]) and bool(lines[-1]) and not set(text) & {"\\", '"', "#"}


def parsed(source: str) -> Script:
    """A script by its statements. Raises SyntaxError, RecursionError, MemoryError."""
    body = ast.parse(source).body
    ends, own = _comments(source)
    told = [read(f"# {line}").more for line in own.values() if line.startswith("flowcore {")]
    return Script(tuple(_statement(node, ends, own) for node in body), told)


def read(comment: str) -> Mark:
    """The mark that a comment is; an empty one for any other comment."""
    found = _MARK.match(comment)
    if not found:
        return Mark()
    try:
        more = msgspec.json.decode(found[4] or "{}", type=dict[str, Any])
    except msgspec.MsgspecError:
        return Mark()
    return Mark(found[1], found[2] or "", {"label": found[3], **more} if found[3] else more)


def _statement(node: ast.stmt, ends: dict[int, str], own: dict[int, str]) -> Statement:
    last = node.end_lineno or node.lineno
    first = min([node.lineno, *(one.lineno for one in getattr(node, "decorator_list", ()))])
    before: list[str] = []
    while first - 1 - len(before) in own:
        before.append(own.pop(first - 1 - len(before)))
    return Statement(node, read(ends.get(last, "")), tuple(reversed(before)))


def _comments(source: str) -> tuple[dict[int, str], dict[int, str]]:
    """Comments by line: those after code, and those that have a line of their own, without ``# ``."""
    ends: dict[int, str] = {}
    own: dict[int, str] = {}
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type == tokenize.COMMENT:
            row, column = token.start
            if token.line[:column].strip():
                ends[row] = token.string
            elif column == 0:
                own[row] = token.string[1:].removeprefix(" ")
    return ends, own
