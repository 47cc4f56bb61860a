"""Whether two runs saw the same: short names for graphs and arrays, made of their content."""

import hashlib
from typing import Any, Final

import msgspec

from flowcore.model.graph import Graph, plain

WHOLE: Final = 1 << 26  # bytes; of a larger array as many are read, evenly spread over its rows
_encoder = msgspec.json.Encoder(order="deterministic")


def of_graph(graph: Graph) -> str:
    """SHA-256 of a graph's program: equal for graphs that differ in positions and states alone."""
    return hashlib.sha256(_encoder.encode(plain(graph))).hexdigest()


def of_data(value: Any) -> str:
    """That of an array, or of all those in a list or dict, with their places; "" where one is none."""
    if isinstance(value, dict):
        parts = [(str(name), of_data(item)) for name, item in value.items()]
    elif isinstance(value, (list, tuple)):
        parts = [(str(index), of_data(item)) for index, item in enumerate(value)]
    else:
        return of_array(value)
    if not parts or not all(mark for _, mark in parts):
        return ""
    return hashlib.sha256(_encoder.encode(sorted(parts))).hexdigest()


def of_array(value: Any) -> str:
    """SHA-256 of shape, type and content of an array or table; "" of anything else."""
    array = value.to_numpy() if hasattr(value, "to_numpy") else value
    if not hasattr(array, "tobytes") or not hasattr(array, "nbytes") or array.dtype.hasobject:
        return ""
    step = -(-array.nbytes // WHOLE)
    seen = array[::step] if step > 1 else array
    found = hashlib.sha256(f"{array.shape} {array.dtype} {step} ".encode())
    found.update(seen.tobytes())
    return found.hexdigest()
