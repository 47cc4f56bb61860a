"""Documentation taken apart: summary, body, and the text of each argument."""

import inspect
import re
from collections.abc import Collection
from typing import Any

MAX_DOC = 1500
MAX_HELP = 200
_ARGUMENTS = re.compile(r"(?im)^([ \t]*)(args|arguments|parameters|keyword args|call arguments):[ \t]*$")
_HEADING = re.compile(r"[A-Z`][\w` ]{2,40}:\s*$")
_STOP = re.compile(r"(?<!e\.g)(?<!i\.e)(?<!vs)(?<!cf)(?<!etc)(?<!\.)[.!?](?=\s|$)|\n\s*\n|\n\s*[-*] ")
_MARKUP = (
    (re.compile(r"\[([^\]]*)\]\(\s*[^)]*\)"), r"\1"),
    (re.compile(r":\w+:`~?([^`]*)`"), r"\1"),
    (re.compile(r"\*\*(\w[^*]*)\*\*|(?<!\w)\*(\w[^*]*\w)\*(?!\w)"), r"\1\2"),
    (re.compile(r"`+"), ""),
    (re.compile(r"\s+"), " "),
)


def plain(text: str) -> str:
    """Text on one line, without the marks of Markdown or reStructuredText."""
    for pattern, replacement in _MARKUP:
        text = pattern.sub(replacement, text)
    return text.strip()


def first_sentence(text: str) -> str:
    """Up to the first full stop, blank line or bullet; as it stands, with its marks."""
    found = _STOP.search(text)
    return text[: found.start()] if found else text


def brief(text: str, limit: int = MAX_HELP) -> str:
    """Whole sentences up to limit characters; a first sentence that is longer is cut at a word."""
    text = re.sub(r"^\s*\(optional\)\s*", "", text, flags=re.I).split("\n\n")[0]
    head = plain(first_sentence(text)).rstrip(":;, ")
    if not head:
        return ""
    rest = text[len(first_sentence(text)) :].lstrip(".!? ")
    following = "" if re.match(r"\n\s*[-*] ", rest) else plain(first_sentence(rest.strip()))
    both = f"{head}. {following}."
    if following and len(both) <= limit:
        return both
    if len(head) < limit:
        return f"{head}."
    return head[: limit - 1].rsplit(" ", 1)[0].rstrip(",;: ") + "…"


def argument_texts(doc: str, names: Collection[str]) -> dict[str, str]:
    """The description of each named argument, out of the sections that list arguments.

    A line that begins with a name and a colon opens an entry, however it is indented; the lines
    below it belong to it while they are indented deeper.
    """
    found: dict[str, str] = {}
    for section in _sections(doc):
        for name, text in _entries(section, names):
            found.setdefault(name, text)
    return found


def documentation(doc: str) -> str:
    """The summary as line 1, then the rest without its list of arguments, about MAX_DOC characters."""
    head, _, rest = doc.strip().partition("\n\n")
    summary = plain(head)
    body = rest
    for section in _sections(rest):
        body = body.replace(section, "")
    body = re.sub(r"(?m)^[ \t]*$\n{2,}", "\n", _ARGUMENTS.sub("", body)).strip()
    body = re.sub(r"\n{3,}", "\n\n", body)
    if len(body) > MAX_DOC:
        body = re.sub(r"\n[^\n]+:\s*$", "", body[:MAX_DOC].rpartition("\n")[0]).rstrip() + "\n…"
        body += "\n```" if body.count("```") % 2 else ""
    return f"{summary}\n\n{body}" if body else summary


def doc_of(found: Any) -> str:
    """A callable's own documentation, dedented; a class without one has that of its constructor."""
    doc = found.__doc__ if isinstance(found.__doc__, str) else ""
    if not doc and isinstance(found, type):
        doc = vars(found).get("__init__", found).__doc__ or ""
    return inspect.cleandoc(doc or "")


def _sections(doc: str) -> list[str]:
    """The bodies of the sections that list arguments, each up to the next heading or paragraph."""
    found = []
    for match in _ARGUMENTS.finditer(doc):
        kept: list[str] = []
        depth = len(match[1])
        for line in doc[match.end() :].splitlines()[1:]:
            outdented = bool(line.strip()) and len(line) - len(line.lstrip()) <= depth
            if outdented and (_HEADING.match(line.strip()) or (kept and not kept[-1].strip())):
                break
            kept.append(line)
        found.append("\n".join(kept))
    return found


def _entries(section: str, names: Collection[str]) -> list[tuple[str, str]]:
    if not names:
        return []
    listed = "|".join(re.escape(name) for name in names)
    opening = re.compile(rf"^(\s*)[-*]? ?`?\*{{0,2}}({listed})`?(?: ?\(([^)]*)\))?\s*:(?:\s+(.*))?$")
    found: list[tuple[str, list[str]]] = []
    depth = -1
    for line in section.splitlines():
        match = opening.match(line)
        if match and (depth < 0 or len(match[1]) <= depth or match[2] not in dict(found)):
            depth = len(match[1])
            found.append((match[2], [" ".join(filter(None, (match[3], match[4])))]))
        elif found and (not line.strip() or len(line) - len(line.lstrip()) > depth):
            found[-1][1].append(line)
        elif re.match(r"\s*`?\*{0,2}\w+`?\s*:(\s|$)", line):
            found.append(("", []))
    return [(name, inspect.cleandoc("\n".join(lines))) for name, lines in found if name]
