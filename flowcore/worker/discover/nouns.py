"""Types out of what a description is about: the head of its first noun phrase.

"Number of rows" is about a number, "First input tensor" about a tensor, "Path to the file" about a path.
"""

import re
from functools import lru_cache
from typing import Final

from flowcore.worker.discover.docs import first_sentence
from flowcore.worker.discover.guess import NOTHING, Guess, by_word, widget_of

CONFIDENCE: Final = 0.75
_NOUNS: Final[dict[tuple[str, ...], str]] = {
    ("tensor", "array"): """
        tensor output input activation logit gradient embedding prediction volume query coordinate
        variance mean""",
    ("array",): """
        array values matrix matrice matrices vector image mask label sample batch data kernel
        operand point target feature signal spectrum observation histogram box boxe neighborhood
        footprint contour polygon divisor dividend numerator denominator base exponent minuend
        subtrahend multiplicand weights bins diagonal permutation estimate sequence window filter
        component vertices""",
    ("int",): """
        int integer number count size length dimension dimensionality index axis rank height width
        row column col epoch step channel unit bit seed degree iteration depth stride position order
        level padding capacity lag interval period budget patience port resolution limit""",
    ("float",): """
        factor fraction rate ratio probability threshold coefficient constant epsilon tolerance
        scale magnitude angle momentum temperature deviation minimum maximum bound sigma percentage
        percentile quantile radius distance strength weight scalar float decay smoothing penalty
        precision frequency delta intensity alpha beta gamma timeout second duration regularization
        regularisation confidence margin amount score offset shift translation contrast saturation
        hue brightness""",
    ("string",): """
        str string text name path prefix suffix filename file directory folder url uri title mode
        method format id identifier pattern description equation message subscript extension
        encoding separator delimiter word character signature language locale kind strategy
        algorithm criterion norm reduction dialect token expression option color colour style
        location variant hostname host address layout  key code""",
    ("callable",): "function callable callback hook predicate lambda body condition operator",
    ("dict",): "dictionary mapping config configuration kwarg options attributes",
    ("list",): "list dataset names words vocabulary columns indices tokens characters",
    ("tuple",): "tuple pair range",
    ("bool",): "flag boolean switch",
    ("list", "dict", "tuple", "array"): "structure pytree tree nest",
    ("table",): "dataframe frame table series",
    ("model",): "model network",
    ("dtype",): "dtype",
    ("shape",): "shape",
    ("ints",): "axes dims dimensions",
    ("context",): "manager",
    ("estimator",): "estimator classifier regressor transformer",
}
_TYPES: Final = by_word(_NOUNS)
_MEASURED: Final = frozenset(
    [
        "minimum",
        "maximum",
        "starting",
        "final",
        "end",
        "fill",
        "baseline",
        "default",
        "constant",
        "bound",
        "initial",
        "possible",
        "mean",
        "variance",
        "threshold",
    ]
)
_END: Final = re.compile(
    r"[,.:;(\[{]|\s(?:of|to|for|in|on|from|with|without|which|that|where|"
    r"when|used|using|along|at|by|as|is|are|or|"
    r"and|containing|representing|defines|implementing|returning|defining|"
    r"corresponding|describing|whose|into|over|"
    r"between|after|before|per|via|should|must|will|can|if|such|than|within|specifying|returned|passed|given|"
    r"applied|controlling|under|across|indicating|associated|whether|about|"
    r"having|based|being|expected|has|due|"
    r"beyond|below|above|until|during|prior|around|against|denoting|covering|"
    r"holding|taking|added|computed|what|"
    r"the|a|an)\b"
)
_LEAD: Final = re.compile(
    r"^(?:\(?optional\)?|optionally|an?|the|this|these|is|if not none|if (?:given|"
    r"provided|specified|set)|python|"
    r"desired|required|specifies|defines|determines|sets|controls|gives|contains|"
    r"indicates|represents|specify|set|"
    r"define|must be|should be|can be|either|some|any|each|new|corresponds to|describes|denotes|represent)"
    r"(?:[ ,:]+|$)"
)
_OPENINGS: Final = (
    (
        r"(?:an? )?(?:python |optional |user[- ]defined )*(?:callable|function)\b|"
        r"called (?:at|when|on|before|after|with)\b",
        "callable",
    ),
    (
        r"(?:an? )?bool(?:ean)?\b|whether\b|(?:if|when) (?:set to )?true\b|true (?:if|to)\b|"
        r"(?:set )?to (?:enable|disable)\b|(?:enable|disable|allow|include|use|"
        r"return|show|print|keep|ignore|force|"
        r"skip|perform|compute|apply|add|do|drop|normalize|copy|preserve|make|generate|automatically|also) ",
        "bool",
    ),
    (r"(?:the )?(?:file|directory|path)\b", "string"),
    (r"how many\b|(?:maximum|minimum) number\b", "int"),
    (r"how (?:much|far|long|strong)\b", "float"),
    (r"(?:names|list) of\b", "list"),
)
_CLASS: Final = re.compile(
    r"^(?:(?i:optional|an?|the|keras|existing|instance of|trained|custom|"
    r"single|valid|nested|input|pil|new)[ ,]+)*"
    r"(?:(?:[a-z_]\w*\.)*(?!The\b|An\b|This\b|Python\b|Keras\b)([A-Z][A-Za-z]*[a-z][A-Za-z]*)\s+"
    r"(?:instance|object)s?\b"
    r"|(?:[a-z_]\w*\.)+([A-Z][A-Za-z]*[a-z][A-Za-z]*)\b"
    r"|([A-Z][a-z]+[A-Z][A-Za-z]+)\b"
    r"|([a-z]+) (?:instance|object)\b)"
)


@lru_cache(maxsize=4096)  # descriptions are repeated: from a base in its subclasses
def read_noun(text: str) -> Guess:
    """The types of what the first sentence is about; a class named there is a type itself."""
    opening = re.sub(r"^\s*\(?optional\)?[.:]\s+", "", text, flags=re.I)
    sentence = _without_asides(first_sentence(opening).replace("`", ""))
    named = _CLASS.match(sentence)
    if named:
        return Guess((next(filter(None, named.groups())),), CONFIDENCE, widget="port")
    lower = _shortened(sentence.lower())
    for pattern, name in _OPENINGS:
        if re.match(pattern, lower):
            return Guess((name,), CONFIDENCE)
    guesses = (_of(_phrase(part)) for part in lower.split(" or ")[:2])
    return next((guess for guess in guesses if guess.types), NOTHING)


def types_of_word(word: str) -> tuple[str, ...]:
    """The types of what a noun in lower case, or its plural, names; () for any other word."""
    return _TYPES.get(word) or _TYPES.get(word.removesuffix("s"), ())


def _without_asides(sentence: str) -> str:
    """Without what stands in brackets: "A [K] array", "A (possibly nested) list"."""
    return re.sub(r"\s+", " ", re.sub(r"\[[^\[\]]*\]|\((?!s\))[^()]*\)", " ", sentence)).strip()


def _shortened(lower: str) -> str:
    while (shorter := _LEAD.sub("", lower)) != lower:
        lower = shorter
    return lower


def _phrase(text: str) -> list[str]:
    """The words up to the first that cannot belong to the noun phrase."""
    found = _END.search(f"{text} .")
    return (text[: found.start()] if found else text).split()


def _of(words: list[str]) -> Guess:
    if not words or len(words) > 6:
        return NOTHING
    head = words[-1].replace("(s)", "").partition("/")[0]
    if head == "value" and len(words) > 1 and words[-2] in _MEASURED:
        return Guess(("float",), CONFIDENCE)
    types = types_of_word(head)
    return Guess(types, CONFIDENCE, widget=widget_of(types)) if types else NOTHING
