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


def _family(name: str, registries: Mapping[str, tuple[str, ...]]) -> str:
    last = name.rpartition("_")[2]
    if last in _PLURALS and _PLURALS[last] in registries:
        return f"list[{_PLURALS[last]}]"
    family = _SINGULARS.get(last, last)
    return family if family in registries and name != "layer_name" else ""


def _registered(family: str, registries: Mapping[str, tuple[str, ...]]) -> Guess:
    member = family.removeprefix("list[").removesuffix("]")
    return Guess((family,), CONFIDENCE, registries[member], widget="registry")


def camel_words(text: str) -> list[str]:
    """The words of CamelCase, in lower case: "LSTMCell" is lstm and cell."""
    return [word.lower() for word in re.findall(r"[A-Z]+(?=[A-Z][a-z])|[A-Z]?[a-z]+|[A-Z]+", text)]
