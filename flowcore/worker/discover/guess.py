"""What one piece of evidence says about an argument."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, TypeVar

from flowcore.model.descriptor import Range


@dataclass(frozen=True)
class Guess:
    """types: names as in ``flowcore.model.descriptor``, the likeliest first; () is no opinion.

    range: of every number; ranges: of each type, where they differ.
    """

    types: tuple[str, ...] = ()
    confidence: float = 0.0
    choices: tuple[Any, ...] = ()
    nullable: bool = False
    range: Range | None = None
    widget: Literal["form", "registry", "port"] = "form"
    conns: int | None = 1
    ranges: Mapping[str, Range] = field(default_factory=dict)


NOTHING = Guess()
T = TypeVar("T")
_CARRIED = frozenset({"class", "array", "table", "tensor", "tensors", "estimator", "object", "model", "file"})
_SYNONYMS = {
    "PathLike": "string",
    "Path": "string",
    "bytes": "string",
    "set": "list",
    "frozenset": "list",
    "Sequence": "list",
    "Iterable": "list",
    "Iterator": "list",
    "Collection": "list",
    "Mapping": "dict",
    "MutableMapping": "dict",
    "OrderedDict": "dict",
    "Number": "float",
    "Real": "float",
    "Integral": "int",
    "Callable": "callable",
    "ndarray": "array",
    "ArrayLike": "array",
    "DataFrame": "table",
    "Series": "table",
    "Any": "any",
    "Hashable": "string",
}


_SENTINEL = re.compile(r"_?(?:No(?:Default|Value|tGiven|tSet|tProvided)|Missing|Unset|Undefined)\w*")
_ENDINGS = ((re.compile(r"\w*(?:Buffer|IO)"), "file"), (re.compile(r"\w*ArrayLike"), "array"))


def _named(name: str) -> str:
    """The common name of a type: classes by what stands for them here."""
    known = _SYNONYMS.get(name, name)
    return next((common for pattern, common in _ENDINGS if pattern.fullmatch(known)), known)


def distinct(types: tuple[str, ...]) -> tuple[str, ...]:
    """Types in order, once each, by one name each; an int beside a tuple of ints is what ``ints`` means."""
    types = tuple(_named(name) for name in types if not _SENTINEL.fullmatch(name))
    if "ints" in types or ("int" in types and {"tuple", "list"} & set(types) and "float" not in types):
        types = tuple("ints" if name in ("int", "tuple", "list") else name for name in types)
    return tuple(dict.fromkeys(types))


def widget_of(types: Iterable[str]) -> Literal["form", "port"]:
    """Where values come from: links alone bring what no form can write, objects of classes among them."""
    return "port" if all(name in _CARRIED or name[:1].isupper() for name in types) else "form"


def by_word(table: Mapping[T, str]) -> dict[str, T]:
    """A table of types and the words for each, the other way round: word -> type."""
    return {word: types for types, words in table.items() for word in words.split()}
