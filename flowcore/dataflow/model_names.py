"""What the layers of a model file are called: Keras 3 takes fewer names, and gives some by itself."""

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Any

from flowcore.dataflow import model_functions as functions
from flowcore.dataflow import model_types as types
from flowcore.dataflow.model_file import items


def allowed(name: str) -> str:
    """The name without a slash, which Keras 2 took."""
    return name.replace("/", "_")


def names(given: Iterable[str], automatic: frozenset[str]) -> dict[str, str]:
    """The names that layers of one model get, each another one. automatic: what operations are called."""
    before = dict.fromkeys(filter(None, given))
    taken = automatic.union(name for name in before if allowed(name) == name)
    found = {}
    for name in before:
        new = allowed(name)
        while new in taken and (new != name or new in automatic):
            new += "_layer"
        taken |= {new}
        found[name] = new
    return found


def automatic(entry: dict[str, Any]) -> frozenset[str]:
    """What Keras will call the operations of a model: by their class, counted, whatever layers are called."""
    counts = Counter(_operations(entry))
    return frozenset(f"{name}_{index}" if index else name for name in counts for index in range(counts[name]))


def _operations(entry: dict[str, Any]) -> Iterator[str]:
    """The operations of a model and of those inside of it, as Keras writes them in a name."""
    config = entry.get("config")
    layers = config.get("layers") if isinstance(config, dict) else config
    for one in items(layers if layers is not None else [], "layers"):
        if not isinstance(one, dict):
            continue
        if types.is_model(one):
            yield from _operations(one)
        calls = one.get("inbound_nodes")
        count = max(len(calls) if isinstance(calls, list) else 0, 1)
        if functions.is_function(one):
            yield from functions.possible(one) * count
        elif types.is_operation(one):
            words = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", types.class_name(one))
            yield from [words.lower()] * count
