"""Documentation for people: a summary, a body, and help in a sentence or two."""

import dataclasses
import inspect
import re
from functools import lru_cache
from typing import Any

from flowcore.worker.discover.sections import without_arguments

MAX_DOC = 1500
MAX_HELP = 200
_STOP = re.compile(r"(?<!e\.g)(?<!i\.e)(?<!vs)(?<!cf)(?<!etc)(?<!\.)[.!?](?=\s|$)|\n\s*\n|\n\s*[-*] ")
_MARKUP = (
    (re.compile(r"\[([^\[\]]*)\]\(\s*[^)]*\)"), r"\1"),
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


@lru_cache(maxsize=4096)
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


def documentation(doc: str) -> str:
    """The summary as line 1, then the rest without its list of arguments, about MAX_DOC characters."""
    head, _, rest = doc.strip().partition("\n\n")
    summary = plain(head)
    body = re.sub(r"(?m)^[ \t]*$\n{2,}", "\n", without_arguments(rest)).strip()
    body = re.sub(r"\n{3,}", "\n\n", body)
    if len(body) > MAX_DOC:
        body = re.sub(r"\n[^\n]+:\s*$", "", body[:MAX_DOC].rpartition("\n")[0]).rstrip() + "\n…"
        body += "\n```" if body.count("```") % 2 else ""
    return f"{summary}\n\n{body}" if body else summary


def doc_of(found: Any) -> str:
    """A callable's own documentation, dedented; a class without one has that of its constructor."""
    doc = text_of(found)
    if dataclasses.is_dataclass(found) and doc.startswith(f"{getattr(found, '__name__', '')}("):
        doc = ""  # Python's own, which repeats the signature
    return doc or (text_of(vars(found).get("__init__")) if isinstance(found, type) else "")


def text_of(found: Any) -> str:
    """A docstring, dedented; "" where there is none, or something else in its place."""
    doc = getattr(found, "__doc__", None)
    return inspect.cleandoc(doc) if isinstance(doc, str) else ""
