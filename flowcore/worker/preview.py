"""What a value looks like from outside: the short texts that are shown on links and in tables."""

import math
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any, Final

import numpy as np

from flowcore.model.event import LayerRow
from flowcore.worker import cost, sizes
from flowcore.worker.calls import recorded
from flowcore.worker.gather import Outputs

DEPTH: Final = 4
FEW: Final = 16
MOST: Final = 100_000


def shape(value: Any) -> str:
    """The shape of an array or tensor, batch axis first, None where it is open; else a word or two."""
    try:
        return _shown(value, DEPTH)
    except Exception:  # a foreign object may do anything when it is looked at
        return type(value).__name__


def _shown(value: Any, depth: int) -> str:
    found = getattr(value, "shape", None)
    if isinstance(found, tuple) or (found is not None and hasattr(found, "__iter__")):
        return _shape(tuple(found))
    if isinstance(value, (list, tuple)):
        if not depth:
            return "…"
        inner = [_shown(item, depth - 1) for item in value[:4]]
        return f"[{', '.join(inner)}{', …' if len(value) > 4 else ''}]"
    if isinstance(value, (bool, int, float, str)):
        return str(value)[:40]
    return "" if callable(value) or value is None else type(value).__name__


def shapes(outputs: Outputs) -> dict[str, str]:
    """The shape of every output that has one, of each array in a short sequence by its index."""
    return {name: text for name, item in _linkable(outputs).items() if (text := shape(item))}


def classes(outputs: Outputs) -> dict[str, int]:
    """How many classes an output numbers: one whole number to a sample, from 0 on."""
    found = {}
    for name, item in _linkable(outputs).items():
        if not isinstance(item, np.ndarray) or item.dtype.kind not in ("i", "u") or not item.ndim:
            continue
        if item.size == item.shape[0] > 0 and item.min() >= 0:
            found[name] = int(item.max()) + 1
    return {name: count for name, count in found.items() if count <= MOST}


def few_numbers(value: Any) -> dict[str, float | None]:
    """A number under "value", a short vector by index; {} for anything else."""
    if isinstance(value, (Mapping, str, bool)):
        return {}
    return {name or "value": one for name, one in numbers({"": value}).items()}


def numbers(value: Any) -> dict[str, float | None]:
    """The numbers in a value: a number itself, or a dict of them, where a short vector gives several.

    NaN and infinity become None.
    """
    items = value if isinstance(value, Mapping) else {"value": value}
    found: dict[str, float | None] = {}
    for name, item in items.items():
        for place, one in _single(item).items():
            if hasattr(one, "__float__") and not isinstance(one, bool):
                with suppress(Exception):  # an array without axes may hold any object, or none
                    found[f"{name}{place}"] = _number(one)
    return found


def _single(item: Any) -> dict[str, Any]:
    """A thing without axes by itself, those of a short vector by index."""
    axes = getattr(item, "ndim", 0) if _numeric(item) else None
    if axes == 1 and len(item) <= FEW:
        return {f"[{index}]": one for index, one in enumerate(np.asarray(item).tolist())}
    return {"": item} if axes == 0 else {}


def dtypes(outputs: Outputs) -> dict[str, str]:
    """The dtype of every output that is one array or tensor."""
    tensors = {name: item for name, item in _linkable(outputs).items() if hasattr(item, "shape")}
    return {name: str(item.dtype) for name, item in tensors.items() if hasattr(item, "dtype")}


def layers(model: Any, owner: Callable[[Any], str]) -> tuple[LayerRow, ...]:
    """A row for every layer of a Keras model; owner names the node that made a layer."""
    calls: dict[int, list[Any]] = {}
    for call in recorded(model):
        calls.setdefault(id(call.operation), []).append(call)
    return tuple(_row(layer, owner(layer), calls.get(id(layer), [])) for layer in model.layers)


def _row(layer: Any, node: str, calls: list[Any]) -> LayerRow:
    return LayerRow(
        node=node,
        name=layer.name,
        kind=type(layer).__name__,
        shape=shape(_gives(layer, calls)),
        parameters=sizes.size(layer.weights),
        trainable=sizes.size(layer.trainable_weights),
        size=sizes.memory(layer.weights),
        multiply_adds=sizes.total(map(cost.of_call, calls)),
        activations=sizes.activations(tensor for call in calls for tensor in call.output_tensors),
    )


def _gives(layer: Any, calls: list[Any]) -> Any:
    """What a layer hands on in this model, at the first of its calls: it may be called in others too."""
    if not calls:
        return getattr(layer, "output", None)
    first = next((call for call in layer._inbound_nodes if call in calls), calls[0])
    tensors = first.output_tensors
    return tensors[0] if len(tensors) == 1 else tensors


def _linkable(outputs: Outputs) -> dict[str, Any]:
    """Every output by name, and the arrays and tensors without a name in a short sequence by index."""
    named, whole = outputs.all(), outputs.whole
    items = whole if isinstance(whole, (list, tuple)) and len(whole) <= FEW else ()
    known = set(map(id, named.values()))
    return named | {str(i): item for i, item in enumerate(items) if id(item) not in known and _is_array(item)}


def _is_array(value: Any) -> bool:
    try:
        return hasattr(value, "shape")
    except Exception:  # see `shape`
        return False


def _numeric(value: Any) -> bool:
    """Whether what an array holds may be real numbers; a part of a time or a complex one says nothing."""
    dtype = getattr(value, "dtype", None)
    return getattr(dtype, "kind", "") not in ("m", "M", "S", "U") and "complex" not in str(dtype)


def _number(item: Any) -> float | None:
    try:
        number = float(item)
    except OverflowError:
        return None
    return number if math.isfinite(number) else None


def _shape(axes: tuple[Any, ...]) -> str:
    texts = ["None" if axis is None else str(axis) for axis in axes]
    return f"({texts[0]},)" if len(texts) == 1 else f"({', '.join(texts)})"
