"""Types out of the first sentence of an argument's description: a lexicon and a small grammar."""

import re
from functools import lru_cache
from typing import Any

from flowcore.model.descriptor import Range
from flowcore.worker.discover.choices import choices_in
from flowcore.worker.discover.docs import first_sentence
from flowcore.worker.discover.guess import NOTHING, Guess, distinct

CLEAR, WEAK = 0.85, 0.5
_INTS = r"(?:positive |non-negative )?(?:int(?:eger)?s?|dimensions)\b"
_OF = r"(?:\(?of (?:length )?(?:\w+ )?"
_SEQUENCE = r"(?:tuple|list|sequence|iterable)s?(?:(?:/| or |, )(?:tuple|list|sequence)s?)*"
_ITEMS = r"(?: of [\w ]{1,25}?(?=,| or |\.|$))?"
_LEXICON: tuple[tuple[str, str], ...] = (
    (rf"{_SEQUENCE}\)? {_OF}{_INTS}\)?)", "ints"),
    (r"(?:shape tuple|tuple of int(?:eger)?s? or `?none`?s?|shape)\b", "shape"),
    (r"bool(?:ean)?s?\b", "bool"),
    (r"int(?:eger)?s?\b(?! tensor)", "int"),
    (
        r"float(?:ing[- ]point(?: number| value)?)?s?\b(?! tensor)|scalar\b(?! tensor)|numbers?\b(?! of)",
        "float",
    ),
    (r"str(?:ing)?s?\b", "string"),
    (r"dict(?:ionar(?:y|ies))?s?\b", "dict"),
    (rf"(?:tuple|pair)s?\b{_ITEMS}", "tuple"),
    (rf"(?:list|sequence)s?\b{_ITEMS}", "list"),
    (r"(?:keras )?tensors?\b", "tensor"),
    (r"(?:numpy |np\.)?(?:nd)?arrays?\b", "array"),
)
_WEAK: tuple[tuple[str, str], ...] = (
    (r"^(?:if|when) `?true\b|\bwhether\b", "bool"),
    (r"\bnumber of\b|\bsize of\b|\bdimension(?:ality)? of\b|\bhow many\b|\bindex of\b", "int"),
    (r"\b(?:factor|fraction|rate|ratio|probability|threshold|coefficient|weight|constant|value)\b", "float"),
    (r"\bname of\b|\bpath\b|\bprefix\b|\bfile ?name\b|\btype of\b", "string"),
    (r"\b(?:array|tensor|mask)\b", "array"),
)
_SKIPPED = re.compile(
    r"(?:\(?optional\)?|an?|the|python|single|small|strictly|positive|non-?negative|either|one|constant|"
    r"random|simple|plain|nested|same|type|must be|should be|can be|could be|expects?|new|unsigned|\d+[- ]d)"
    r"(?:[ ,.:]+|$)"
)
_JOINED = re.compile(r"(?: value| object| number)?s?(?:,? or(?: by)? |/|, ?|\|)")
_NONE = re.compile(r"`?none`?\b")
_STATED = re.compile(
    r"\b(?:either|(?:must|should|can|could|may) be|given as|specified as|"
    r"passed as)(?: either)? |, (?=an? )"
)
_PREAMBLE = re.compile(
    r"^\s*(?:\(?optional\)?[.:]? *)?(?:(?:unset by default|defaults? to [^.\s]*(?:\.\d+)?`?)\.\s+|(?<=\.) )",
    re.I,
)


@lru_cache(maxsize=4096)
def read(text: str, default: Any = None) -> Guess:
    """A clear statement of types at the beginning of a description, with what else it says."""
    sentence = _lower(first_sentence(_PREAMBLE.sub("", text)))
    names, nullable = _chain(sentence)
    if not names:
        names, nullable = _chain(re.sub(r"\([^)]*\) ?", "", sentence))
    if not names and (stated := _STATED.search(sentence)):
        names, nullable = _chain(sentence[stated.end() :])
    choices = choices_in(text, default)
    if choices and "string" not in names:
        names = ("string", *names)
    if not names:
        return Guess(nullable=nullable or _says_none(sentence), range=range_in(text))
    if "tensor" in names:
        names = (*names, "array")
    widget: Any = "port" if set(names) <= {"array", "tensor"} else "form"
    none = nullable or _says_none(sentence)
    return Guess(distinct(names), CLEAR, choices, none, range_in(text), widget)


@lru_cache(maxsize=4096)
def read_weakly(text: str) -> Guess:
    """What the words of a description make likely, where it states no type."""
    sentence = _lower(first_sentence(text))
    for pattern, name in _WEAK:
        if re.search(pattern, sentence):
            return Guess((name,), WEAK, range=range_in(text), widget="port" if name == "array" else "form")
    return NOTHING


def range_in(text: str) -> Range | None:
    """Bounds stated in the first two sentences."""
    head = _lower(first_sentence(text))
    if re.search(r"\bpositive (?:python )?(?:int|float|number|scalar)", head) and "non-" not in head:
        return Range(1.0) if "positive int" in head else Range(0.0, exclusive=True)
    if re.search(r"non-?negative (?:int|float|number)", head):
        return Range(0.0)
    if re.search(r"(?:less (?:than )?or equal to|negative or) zero", _lower(text[:250])):
        return Range(high=0.0)
    bounds = re.search(
        r"(?:between|range:?|in|within)\s+`?([\[(]?)(\d\.?\d*)`?(?: and |, ?)`?(\d+\.?\d*)",
        _lower(text[:250]),
    )
    if not bounds or float(bounds[2]) >= float(bounds[3]) or re.search(r"tuple|list", head):
        return None
    outside = bounds[1] == "(" or "exclusive" in head
    return Range(float(bounds[2]), float(bounds[3]), outside)


def _chain(sentence: str) -> tuple[tuple[str, ...], bool]:
    """TYPE (joint TYPE)* at the beginning, single values first; and whether None was one of them."""
    names: list[str] = []
    at, nullable = _skip(sentence, 0), sentence.startswith(("optional", "(optional"))
    while True:
        none = _NONE.match(sentence, at)
        name, end = ("", none.end()) if none else _type_at(sentence, at)
        if not none and not name:
            break
        nullable |= bool(none)
        names += [name] if name else []
        joint = _JOINED.match(sentence, end)
        if not joint:
            break
        at = _skip(sentence, joint.end())
    return tuple(sorted(names, key=lambda name: name in ("tuple", "list", "dict"))), nullable


def _type_at(sentence: str, at: int) -> tuple[str, int]:
    for pattern, name in _LEXICON:
        found = re.compile(rf"`?(?:{pattern})`?").match(sentence, at)
        if found:
            return name, found.end()
    return "", at


def _skip(sentence: str, at: int) -> int:
    while found := _SKIPPED.match(sentence, at):
        at = found.end()
    return at


def _says_none(sentence: str) -> bool:
    return bool(re.search(r"\bor `?none\b|^(?:optional|\(optional\))", sentence))


def _lower(text: str) -> str:
    return re.sub(r"\s+", " ", text).strip().lower()
