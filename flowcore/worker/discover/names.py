"""Types out of the names that deep-learning packages agree on."""

import re
from collections.abc import Mapping
from typing import Any, NamedTuple

from flowcore.model.descriptor import Range
from flowcore.worker.discover.guess import NOTHING, Guess

CONFIDENCE = 0.9


class Convention(NamedTuple):
    """A pattern of names, what it says, and the type that a default must have for it to apply."""

    names: str
    guess: Guess
    default: type | None = None


def _typed(*types: str, **more: Any) -> Guess:
    return Guess(types, CONFIDENCE, **more)


_SIZES = _typed("ints", range=Range(1.0))
_ARRAY = _typed("array", widget="port")
CONVENTIONS = (
    Convention(r"name|monitor|filepath|filename|\w+_name|\w*_dir", _typed("string")),
    Convention(r"dtype|\w+_dtype", _typed("dtype")),
    Convention(r"data_format", _typed("string", choices=("channels_last", "channels_first"))),
    Convention(r"padding", _typed("string", choices=("valid", "same")), str),
    Convention(r"(?:\w+_)?shape", _typed("shape")),
    Convention(r"kernel_size|strides|pool_size|dilation_rate", _SIZES),
    Convention(r"(?:random_)?seed", _typed("int", range=Range(0.0))),
    Convention(r"trainable|autocast|verbose", _typed("bool"), bool),
    Convention(r"trainable|autocast|training|use_bias|shuffle", _typed("bool")),
    Convention(r"\w*axes", _typed("ints")),
    Convention(r"axis", _typed("int")),
    Convention(r"dims", _typed("shape")),
    Convention(r"\w+_range", _typed("tuple"), tuple),
    Convention(r"class_weight", _typed("dict")),
    Convention(r"x|y|X|y_true|y_pred|(?:sample_|idf_)?weights?", _ARRAY),
    Convention(r"(?:\w+_)?steps|steps_per_\w+|(?:\w+_)?batch_size", _typed("int", range=Range(1.0))),
    Convention(r"epochs|units|filters|groups|num_\w+|max_tokens|\w+_length", _typed("int", range=Range(1.0))),
    Convention(r"\w+_format", _typed("string")),
)
_WEAK_CONFIDENCE = 0.5
_GENERIC: tuple[tuple[str, tuple[str, ...]], ...] = (
    (
        r"\w*(?:path|file|dir|directory|folder|url|uri|text|string|title|prefix|suffix|format|encoding|hash)",
        ("string",),
    ),
    (r"\w*(?:func|fn|function|callable|callback|predicate|hook)|key_func|f|fun", ("callable",)),
    (
        r"(?:n|num|max|min)_\w+|\w*(?:height|width|rows|ncolumns|cols|count|size|length|depth|"
        r"index|axis\d?|level|order|degree|thickness)|n|k",
        ("int",),
    ),
    (
        r"\w*(?:tol|eps|epsilon|alpha|beta|gamma|sigma|rate|ratio|factor|scale|threshold|"
        r"weight|angle|fraction|timeout|delay)",
        ("float",),
    ),
    (
        r"\w*(?:image|images|array|arr|tensor|tensors|mask|masks|matrix|vector|vec|data|inputs?|"
        r"labels|values|samples|points|coords|indices|boxes\w*|condition|history)|[ab]|x\d?|"
        r"y\d?",
        ("array",),
    ),
    (r"\w*(?:config|mapping|kwargs|kwds|attrs|params|options|dict|headers|metadata)", ("dict",)),
    (
        r"\w*(?:names|items|list|args|columns|keys|words|tokens|lines|elements|sequence|seq|"
        r"iterable|iterables)",
        ("list",),
    ),
    (
        r"(?:is|has|use|allow|with|ignore|keep|include|return|enable|disable|skip|show|force|"
        r"strict|check)_\w+|\w*(?:flag|inplace|verbose|strict|copy)",
        ("bool",),
    ),
    (
        r"\w*name|mode|method|kind|backend|engine|signature|message|msg|pattern|sep|delimiter|word|lang|"
        r"language|locale|s|char",
        ("string",),
    ),
    (r"(?:df|frame|table|dataframe)\w*", ("table",)),
    (r"it|iterators?|iter", ("list",)),
    (r"pred", ("callable",)),
    (r"default|value|item|obj|object|element|fill_?value|sentinel", ("any",)),
)
_GENERIC_COMPILED = tuple((re.compile(pattern), types) for pattern, types in _GENERIC)
_PLURALS = {"metrics": "metric", "callbacks": "callback", "layers": "layer", "cells": "layer"}
_SINGULARS = {"cell": "layer", "schedule": "schedule"}


def from_name(name: str, default: Any, registries: Mapping[str, tuple[str, ...]]) -> Guess:
    """What a name says.

    registries: the families that the package has, each with the names that stand for its members.
    """
    family = _family(name, registries)
    if family and not isinstance(default, bool):
        return _registered(family, registries)
    if name == "learning_rate" and "schedule" in registries:
        return _typed("float", "schedule", range=Range(0.0))
    for convention in CONVENTIONS:
        fits = convention.default is None or isinstance(default, convention.default)
        if fits and re.fullmatch(convention.names, name):
            return convention.guess
    return NOTHING


def from_generic_name(name: str) -> Guess:
    """What a name makes likely in any package, where nothing else is said."""
    for pattern, types in _GENERIC_COMPILED:
        if pattern.fullmatch(name.lower()):
            return Guess(types, _WEAK_CONFIDENCE, widget="port" if types[0] in ("array", "table") else "form")
    return NOTHING


def _family(name: str, registries: Mapping[str, tuple[str, ...]]) -> str:
    last = name.rpartition("_")[2]
    if last in _PLURALS and _PLURALS[last] in registries:
        return f"list[{_PLURALS[last]}]"
    family = _SINGULARS.get(last, last)
    return family if family in registries and name != "layer_name" else ""


def _registered(family: str, registries: Mapping[str, tuple[str, ...]]) -> Guess:
    member = family.removeprefix("list[").removesuffix("]")
    return Guess((family,), CONFIDENCE, registries[member], widget="registry")
