"""Documentation taken apart: what it says of each argument, and of what comes back.

Read are lists under a heading (Google's style), underlined sections (NumPy's) and fields
(reStructuredText's). Signatures guide the search: only names that a callable takes open an entry, so
that a list with broken indentation is read as well. No parser of these styles is used, since they drop
what they do not expect of a type: of "{'a', 'b'} or float" the float, of Google's lists what is
indented otherwise.
"""

import inspect
import re
from collections.abc import Collection, Iterator
from typing import NamedTuple

_LIST = re.compile(r"(?im)^([ \t]*)(args|arguments|parameters|keyword args|call arguments):[ \t]*$")
_HEADING = re.compile(r"[A-Z`][\w` ]{2,40}:\s*$")
_UNDERLINED = re.compile(r"(?m)^([A-Z][\w ]+)\n[-=]{3,}[ \t]*$")
_FIELD = re.compile(r"(?m)^[ \t]*:(param|parameter|arg|type|keyword|kwarg|returns?|rtype)\s*([^:\n]*):[ \t]*")
_OPENING = re.compile(r"^(\s*)[-*]? ?`?\*{0,2}(\w+)`?(?: ?\(([^)]*)\))?\s*:(?:\s+(.*))?$")
_LINE = re.compile(r"(?m)^[ \t]*(?:[-*][ \t]*)?`{0,2}(\w+)`{0,2}[ \t]*:[ \t]+(\S.*)$")
_RETURNS = re.compile(r"(?m)^([ \t]*)(?:Returns?|Yields?):[ \t]*(.*)$")


class Described(NamedTuple):
    """What documentation says of an argument or a result. slot: where a type is expected."""

    slot: str = ""
    text: str = ""
    name: str = ""


def described(doc: str, names: Collection[str]) -> dict[str, Described]:
    """The description of each named argument that has one."""
    found: dict[str, Described] = {}
    if not names or not doc:
        return found
    for entry in (*_underlined(doc, names), *_listed(doc, names), *_fields(doc, names)):
        if entry.slot or entry.text:
            found.setdefault(entry.name, entry)
    if len(found) < len(set(names)):
        for entry in _anywhere(doc, names):
            found.setdefault(entry.name, entry)
    return found


def returned(doc: str) -> tuple[Described, ...]:
    """What is said of the results, one entry for each that is named; () if nothing is."""
    for heading, body in _numpy_sections(doc):
        if heading in ("Returns", "Yields"):
            return tuple(_results(body))
    match = _RETURNS.search(doc)
    if match:
        lines = list(_indented(doc[match.end() :].splitlines()[1:], len(match[1])))
        return (Described("", inspect.cleandoc("\n".join([match[2], *lines])).strip()),)
    said = {kind: text for kind, _, text in _field_texts(doc) if kind in ("return", "returns", "rtype")}
    slot, text = said.get("rtype", ""), said.get("returns", said.get("return", ""))
    return (Described(slot, text),) if slot or text else ()


def without_arguments(doc: str) -> str:
    """Documentation without its lists of arguments."""
    for section in _sections(doc):
        doc = doc.replace(section, "")
    headings = list(_UNDERLINED.finditer(doc))
    for index in reversed(range(len(headings))):
        if headings[index][1] in ("Parameters", "Other Parameters"):
            end = headings[index + 1].start() if index + 1 < len(headings) else len(doc)
            doc = doc[: headings[index].start()] + doc[end:]
    return _LIST.sub("", doc)


def _sections(doc: str) -> list[str]:
    """The bodies of the lists of arguments, each up to the next heading or paragraph."""
    found = []
    for match in _LIST.finditer(doc):
        kept: list[str] = []
        depth = len(match[1])
        for line in doc[match.end() :].splitlines()[1:]:
            outdented = bool(line.strip()) and len(line) - len(line.lstrip()) <= depth
            if outdented and (_HEADING.match(line.strip()) or (kept and not kept[-1].strip())):
                break
            kept.append(line)
        found.append("\n".join(kept))
    return found


def _listed(doc: str, names: Collection[str]) -> Iterator[Described]:
    """A line that begins with a name and a colon opens an entry; deeper lines belong to it."""
    for section in _sections(doc):
        found: list[tuple[str, str, list[str]]] = []
        depth = -1
        for line in section.splitlines():
            match = _OPENING.match(line)
            match = match if match and match[2] in names else None
            known = [name for name, _, _ in found]
            if match and (depth < 0 or len(match[1]) <= depth or match[2] not in known):
                depth = len(match[1])
                found.append((match[2], match[3] or "", [match[4] or ""]))
            elif found and (not line.strip() or len(line) - len(line.lstrip()) > depth):
                found[-1][2].append(line)
            elif re.match(r"\s*`?\*{0,2}\w+`?\s*:(\s|$)", line):
                found.append(("", "", []))
        for name, slot, lines in found:
            if name:
                yield Described(slot, inspect.cleandoc("\n".join(lines)), name)


def _underlined(doc: str, names: Collection[str]) -> Iterator[Described]:
    for heading, body in _numpy_sections(doc):
        if heading not in ("Parameters", "Other Parameters", "Keyword Arguments", "Attributes"):
            continue
        for head, lines in _entries(body):
            before, _, slot = head.partition(":")
            for name in re.split(r"[,/\s]+", before.replace("*", "").replace("\\", "")):
                if name in names:
                    yield Described(slot.strip(), inspect.cleandoc("\n".join(["", *lines])).strip(), name)


def _numpy_sections(doc: str) -> Iterator[tuple[str, str]]:
    headings = list(_UNDERLINED.finditer(doc))
    for index, match in enumerate(headings):
        end = headings[index + 1].start() if index + 1 < len(headings) else len(doc)
        yield match[1], doc[match.end() : end].lstrip("\n")


def _entries(body: str) -> Iterator[tuple[str, list[str]]]:
    """Lines that stand at the margin, each with the indented lines below it."""
    head: str = ""
    lines: list[str] = []
    for line in body.splitlines():
        if line.strip() and not line[0].isspace():
            if head:
                yield head, lines
            head, lines = line, []
        else:
            lines.append(line)
    if head:
        yield head, lines


def _results(body: str) -> Iterator[Described]:
    for head, lines in _entries(body):
        before, colon, slot = head.partition(":")
        named = bool(colon) and re.fullmatch(r"\s*\*{0,2}\w+(?:\s*,\s*\w+)*\s*", before)
        text = inspect.cleandoc("\n".join(["", *lines])).strip()
        if not named:
            yield Described(head.strip(), text)
            continue
        for name in before.replace("*", "").split(","):
            yield Described(slot.strip(), text, name.strip())


def _fields(doc: str, names: Collection[str]) -> Iterator[Described]:
    slots: dict[str, str] = {}
    texts: dict[str, str] = {}
    for kind, subject, text in _field_texts(doc):
        *slot, name = subject.split() or [""]
        if kind == "type":
            slots[name] = text
        elif name in names:
            texts[name] = text
            slots.setdefault(name, " ".join(slot))
    for name in names:
        if name in texts or name in slots:
            yield Described(slots.get(name, ""), texts.get(name, ""), name)


def _field_texts(doc: str) -> Iterator[tuple[str, str, str]]:
    fields = list(_FIELD.finditer(doc))
    for index, match in enumerate(fields):
        end = fields[index + 1].start() if index + 1 < len(fields) else len(doc)
        text = re.split(r"\n\s*\n", doc[match.end() : end])[0]
        yield match[1], match[2].strip(), " ".join(text.split())


def _anywhere(doc: str, names: Collection[str]) -> Iterator[Described]:
    """Lines ``name: text`` outside of any list, each with the lines below it up to the next of its kind."""
    for match in _LINE.finditer(doc):
        if match[1] not in names:
            continue
        lines = [match[2]]
        for line in doc[match.end() :].splitlines()[1:]:
            word = re.match(r"\s*(?:[-*]\s+)?`{0,2}(\w+)`{0,2}\s*:(\s|$)", line)
            if not line.strip() or (word and (word[1] in names or word[1][0].isupper())):
                break
            lines.append(line)
        yield Described("", inspect.cleandoc("\n".join(lines)), match[1])


def _indented(lines: list[str], depth: int) -> Iterator[str]:
    for line in lines:
        if line.strip() and len(line) - len(line.lstrip()) <= depth:
            return
        yield line
