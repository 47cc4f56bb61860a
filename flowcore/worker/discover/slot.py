"""Types out of the place that documentation keeps for them: "{'auto', 'scale'} or float, default='scale'"."""

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import Any

from flowcore.worker.discover.guess import NOTHING, Guess, distinct, widget_of

CONFIDENCE = 0.9
LONGEST = 500  # what is longer is prose, and takes the patterns below seconds
_DEFAULT = re.compile(r"(?i)[,;(\[]?\s*\b(?:default(?:s to)?\b|by default)\s*[:=]?.*$")
_OPTIONAL = re.compile(r"(?i)[,;(\[]*\s*\b(?:optional|required|keyword[- ]only|deprecated.*)\b[)\]]*")
_SHAPED = re.compile(
    r"(?i),?\s*\b(?:of|with|in)\s+(?:shape|size|length|dimensions?)\s*\(?.*?(?:\)|(?=\s+or\b|"
    r",|$))|,?\s*\bshape\s*=?\s*\([^)]*\)|\((?:[A-Za-z\d_.*+/\- ]+,)[^)]*\)(?=\s*[a-z])"
)
_ELEMENTS = re.compile(
    r"(?i)^\((?:[\w.*+/\- ]+,)[^)]*\)\s+(?=(?:u?int|float|bool|complex|number|"
    r"real|string|str)\w*\b)"
)
_SPLIT = re.compile(r"(?i)\s*(?:,\s*or\b|,|\bor\b|\||/(?![\w-]*\.)|;|\band/or\b)\s*")
_QUOTED = re.compile(r"""^[`"'“‘]*["'“‘]([^"'”’`]*)["'”’][`"'”’]*$""")
_ALTERNATIVES: tuple[tuple[str, tuple[str, ...]], ...] = (
    (r"none(?:type)?", ("None",)),
    (r"(?:python )?bool(?:ean)?s?(?: value)?|true|false", ("bool",)),
    (r".*\b(?:bool|boolean) arrays?.*", ("array",)),
    (
        r"(?:list|tuple|sequence|iterable)s? of (?:\d+ |positive |non-negative )?int(?:eger)?s?|"
        r"int(?:eger)? (?:tuple|sequence|list)s?|(?:\d-|two-|three-)?tuple of (?:\d )?ints?",
        ("ints",),
    ),
    (r"(?:array|ndarray|array[-_ ]?like|matri(?:x|ces)|image)s? of .*", ("array",)),
    (
        r"(?:\w+ )?(?:list|sequence|iterable|iterator|generator|collection|set|array)s? of (?:array|"
        r"ndarray|image|tensor|dataframe|series).*",
        ("list", "array"),
    ),
    (r"(?:list|sequence|iterable|iterator|generator|collection|set)s?(?:[- ]like)?(?:\b.*)?", ("list",)),
    (r"(?:\d[- ]|two-|three-|named)?(?:tuple|pair)s?(?:[- ]like)?(?:\b.*)?", ("tuple",)),
    (r"(?:dict(?:ionar(?:y|ies))?|mapping)(?:[- ]like)?s?(?:\b.*)?|kwargs", ("dict",)),
    (
        r"(?:.*\b)?(?:sparse|dense)? ?(?:nd[- ]?)?(?:array|matri(?:x|ces)|vector|image|mask|"
        r"volume)s?(?:[- _]?likes?)?\b.*|array_?like|ndarrays?.*|.*\bnp\.ndarray.*|numpy\.ndarray",
        ("array",),
    ),
    (r".*\bcs[rc]\b.*|.*\b(?:sparray|spmatrix)\b.*", ("array",)),
    (r".*\btensors?\b.*", ("tensor", "array")),
    (r"(?:pandas[. ])?(?:\w+ )?(?:dataframe|series)s?(?:\b.*)?|pd\.\w+", ("table",)),
    (
        r"(?:\w+[- ])?(?:int(?:eger)?|np\.int\w*|uint8?|int64|int32|long|numbers?\.integral)s?(?:\b.*)?|"
        r"\d+|-\d+",
        ("int",),
    ),
    (
        r"(?:\w+[- ])?(?:float|double|real|scalar|number|numeric|complex|percentage|float32|"
        r"float64|numbers?\.real|decimal)s?(?:\b.*)?|\d*\.\d+",
        ("float",),
    ),
    (
        r"(?:\w+ )?(?:str(?:ing)?|unicode|text|bytes?|char(?:acter)?|regex|label|hashable|"
        r"name|filename|url|path|directory|folder|pathlib\.path|path-?like)s?(?: (?:object|"
        r"path|name|value)s?)?(?:\b.*)?",
        ("string",),
    ),
    (r"(?:file|buffer|stream|\w* ?file[- ]like|binary).*", ("file",)),
    (r"callables?.*|func(?:tion)?s?\b.*|lambda|method|.*\bcallback.*|.*\bfunction", ("callable",)),
    (r".*\bdtypes?\b.*|.*data[- ]types?.*|type(?: object)?", ("dtype",)),
    (r".*random[-_ ]?(?:state|generator)\b.*|.*\brandom\.(?:randomstate|generator).*", ("random",)),
    (r".*\b(?:estimator|classifier|regressor|transformer|clusterer|clustering)s?\b.*", ("estimator",)),
    (r".*(?:cross-validation generator|cv splitter|splitter).*", ("splitter",)),
    (r"(?:\w+ )?(?:multi)?(?:di)?graphs?(?: object| instance)?", ("Graph",)),
    (r"slices?(?: object)?", ("slice",)),
    (r"(?:datetime|timedelta|timestamp|date|time|offset|dateoffset)\b.*", ("string",)),
    (r"shape(?: tuple)?", ("shape",)),
    (r"(?:\w+ )?(?:axis|index|count|size)", ("int",)),
    (r"any(?:thing| type)?|object|typing\.any|value", ("any",)),
)
_COMPILED = tuple((re.compile(pattern), names) for pattern, names in _ALTERNATIVES)
_LEADING = re.compile(
    r"(?i)^(?:an?|the|either|one of|optional|positive|non-?negative|strictly positive|of)\s+"
)
_HIDDEN = {"random"}
_UNUSED = re.compile(r"(?i)(?:ignored|not used|unused)\b")
_BRACKETS = (
    (re.compile(r"(?i)^\(\s*int\w*(?:[,\s]+int\w*)*[,\s]*\)"), "tuple of ints"),
    (
        re.compile(r"(?i)^\(\s*(?:float|str|int|number)\w*(?:[,\s]+(?:float|str|int|number)\w*)*[,\s]*\)"),
        "tuple",
    ),
    (re.compile(r"(?i)\boptional\[(.*)\]"), r"\1 or None"),
    (re.compile(r"(?i)\bunion\[(.*)\]"), r"\1"),
    (re.compile(r"(?i)\bliteral\[([^\]]*)\]"), r"{\1}"),
    (
        re.compile(
            r"(?i)\b(list|sequence|iterable|tuple|dict|mapping|callable|set)\[[^\[\]]*(?:\[[^\]]*\])?[^\]]*\]"
        ),
        r"\1",
    ),
)


@lru_cache(maxsize=4096)
def from_slot(slot: str) -> Guess:
    """The alternatives that a type slot lists, with choices and nullability.

    Raises nothing: what is not understood is left out.
    """
    text = _cleaned(slot[:LONGEST])
    if not text or _UNUSED.match(text):
        return NOTHING
    types: list[str] = []
    choices: list[Any] = []
    for one in _alternatives(text):
        quoted = _QUOTED.match(one)
        if quoted:
            choices.append(quoted[1])
            types += ["string"]
        else:
            types += _type_of(one)
    found = distinct(tuple(name for name in types if name != "None" and name not in _HIDDEN))
    if _HIDDEN & set(types) and not found:
        found = ("int",)
    numbers = re.fullmatch(r"\{(-?\d+(?:,\s*-?\d+)+)\}", text)
    if numbers:
        return Guess(("int",), CONFIDENCE, tuple(int(one) for one in numbers[1].split(",")))
    if not found:
        return Guess(nullable="None" in types)
    return Guess(
        found,
        CONFIDENCE,
        tuple(dict.fromkeys(choices)),
        "None" in types,
        widget=widget_of(found),
    )


def _cleaned(slot: str) -> str:
    text = re.sub(r"\{[^{}'\"]*`[^{}]*\}", lambda found: re.sub(r"`+([\w-]+)`+", r"'\1'", found[0]), slot)
    text = re.sub(r":\w+:`~?([^`]*)`", r"\1", text)
    text = re.sub(r"`+", "", text)
    for pattern, replacement in _BRACKETS:
        text = pattern.sub(replacement, text)
    text = _DEFAULT.sub("", text)
    text = _ELEMENTS.sub("array of ", _OPTIONAL.sub("", text).lstrip())
    if not text.lstrip().startswith("{"):
        text = _SHAPED.sub(" ", text)
    else:
        braces, _, rest = text.partition("}")
        text = f"{braces}}}{_SHAPED.sub(' ', rest)}"
    return text.strip(" ,.;:")


def _alternatives(text: str) -> Iterator[str]:
    """What stands between commas, bars and "or"; braces are lists of alternatives themselves."""
    for part in re.split(r"(\{[^}]*\}|\[[^\]]*\]|\([^)]*\))", text):
        if part.startswith("{"):
            yield from (item.strip() for item in re.split(r"[,|;]|\bor\b", part[1:-1]) if item.strip())
        elif part.startswith("(") and re.search(r"""["']""", part):
            yield from (item.strip() for item in part[1:-1].split(",") if item.strip())
        elif part.startswith(("[", "(")):
            continue
        else:
            yield from (item for item in _SPLIT.split(part) if item.strip(" ,."))


def _type_of(text: str) -> tuple[str, ...]:
    plain = text.strip(" .,:;")
    while (shorter := _LEADING.sub("", plain)) != plain:
        plain = shorter
    lower = plain.lower()
    for pattern, names in _COMPILED:
        if pattern.fullmatch(lower):
            return names
    name = re.fullmatch(r"(?:[\w.]+\.)?([A-Z]\w+)(?: (?:instance|object|subclass|class)s?)?", plain)
    return (name[1],) if name else ()
