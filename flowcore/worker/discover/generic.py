"""What a name makes likely in any package, where nothing else is said."""

import re
from functools import lru_cache
from typing import Final

from flowcore.worker.discover.guess import NOTHING, Guess, widget_of
from flowcore.worker.discover.nouns import types_of_word

CONFIDENCE: Final = 0.5
_NAMES: Final = (
    (r"(?:n|num|max|min|total)_?\w*(?<!_tol)(?<!_rate)|[nkijmr]|\w*(?:_id|_no|axis\d|count|total)", "int"),
    (
        r"(?:is|has|use|allow|with|ignore|keep|include|return|enable|disable|"
        r"skip|show|force|strict|check|do)_\w+|"
        r"inplace|verbose|strict|copy|debug|quiet",
        "bool",
    ),
    (
        r"\w*(?:path|file|dir|folder|name|text|string|url|uri|str|regex|lang|msg|sep|ext|title)|s|char",
        "string",
    ),
    (r"\w*(?:func|fn|callable|callback|factory|pred|hook|cb)|f|fun", "callable"),
    (r"\w*(?:tol|eps)|t|dt", "float"),
    (r"\w*(?:kwargs|kwds|attrs|params|dict|headers|metadata|meta|opts)", "dict"),
    (
        r"\w*(?:list|args|columns|keys|items|elements|seq|iterables?|iterators?|"
        r"collection|container)|it|iter",
        "list",
    ),
    (
        r"[ab]|[xy]\d?|\w*(?:arr|vec|inputs?|coords|boxes\w*|images|masks|history|"
        r"indices|labels|points|samples)",
        "array",
    ),
    (r"df\d?|\w*_df", "table"),
    (r"\w*(?:stream|fp|fh|fileobj|buf|buffer|stdout|stderr|stdin)", "file"),
    (r"cls|klass|\w+_(?:cls|class|type)", "class"),
    (r"default|value|item|obj|object|element|fill_?value|sentinel|node|root|source|target|vertex|v|u", "any"),
    (r"\w*(?:backend|engine|kind|signature|version|token|word)", "string"),
)
_COMPILED: Final = tuple((re.compile(pattern), itype) for pattern, itype in _NAMES)


@lru_cache(maxsize=4096)
def from_generic_name(name: str) -> Guess:
    """What whole names, then last words, then plurals make likely."""
    lower = name.lower()
    for pattern, itype in _COMPILED:
        if pattern.fullmatch(lower):
            return _weak((itype,))
    last = re.sub(r"\d+$", "", lower).rpartition("_")[2]
    types = types_of_word(last)
    if not types and re.fullmatch(r"\w{3,}(?<![sui])s", last):
        return _weak(("list",))
    return _weak(types) if types else NOTHING


def _weak(types: tuple[str, ...]) -> Guess:
    return Guess(types, CONFIDENCE, widget=widget_of(types))
