"""The alternatives that a description lists in quotes."""

import re
from functools import lru_cache
from typing import Any

_CUES = re.compile(
    r"(?is)\b(?:one of|either|can be|could be|must be|acceptable values|supported (?:values|modes|options)|"
    r"available (?:values|options|modes)|options|choose (?:a string )?from|possible values|"
    r"values are|among|supported)\b"
)
_QUOTED = re.compile(r"""[`"']{1,3}(?<=["'])([\w+.-]+)["'](?=[`,.;:\s)"'\]}]|$)[`"']*""")
_BULLET = re.compile(r"""(?m)^[ \t]*[-*•] (?:If |For |if |for )?[`"']*["']([\w+.-]+)["']""")
_DEFINED = re.compile(r"(?m)^(\w+)(?:: | - )\w")
_GAP = re.compile(
    r"""(?:\s|[,`"'/|{}()\[\]-]|\bor\b|\band\b|\bnone\b|\(?(?:the )?default\)?|case-insensitive)*""", re.I
)
_LEAD = re.compile(
    r"(?:[\s,`{(\[:.-]|\bor\b|\bnone\b|\bare\b|\bis\b|\bthe\b|\bfollowing\b|\ban?\b|\beither\b|\bone of\b|"
    r"\bpython\b|\boptional\b|\bstr(?:ing)?s?\b|\bvalues?\b|\bbool(?:ean)?\b|\bcan be\b)*",
    re.I,
)


@lru_cache(maxsize=4096)
def choices_in(text: str, default: Any = None) -> tuple[str, ...]:
    """Quoted words that follow a cue such as "one of", that open the text, or that open bullets.

    () if there are fewer than two, or if the default is of another type. A default that the
    description leaves out comes first.
    """
    if default is not None and not isinstance(default, str):
        return ()
    flat = re.sub(r"\s+", " ", text)
    lists = [_run(flat, cue.end()) for cue in _CUES.finditer(flat)]
    longest = max((_run(flat, 0), *lists), key=len)
    found = tuple(dict.fromkeys((*longest, *_BULLET.findall(text))))
    if not found and default in (defined := _DEFINED.findall(text)):
        found = tuple(defined)
    if len(found) < 2:
        alone = default and re.match(rf"""[`"']+{re.escape(default)}[`"']+ or """, flat)
        return (default,) if default and alone else ()  # `"epoch"` or an integer
    return found if default is None or default in found else (default, *found)


def _run(flat: str, start: int) -> tuple[str, ...]:
    """Quoted words that follow one another, with nothing between them but commas, or, and."""
    found: list[str] = []
    end = start
    for match in _QUOTED.finditer(flat, start):
        between = flat[end : match.start()]
        if not (_GAP if found else _LEAD).fullmatch(between):
            break
        found.append(match[1])
        end = match.end()
    return tuple(found)
