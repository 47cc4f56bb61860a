"""Shapes as tuples, and what each Keras layer expects of the one that comes in.

A shape has the batch axis first and None where a size is open, as in ``(None, 28, 28, 1)``.
"""

import math
import re
from typing import Final

from flowcore.model.graph import Node
from flowcore.model.value import Value, tag

Shape = tuple[int | None, ...]

LAYERS: Final = "keras.layers."
# The axes after the batch axis, as the layers' own documentation names them (keras.io/api/layers).
_PLACES: Final = {1: ("steps",), 2: ("rows", "columns"), 3: ("depth", "rows", "columns")}
_SPATIAL: Final = re.compile(
    r"(?:(?:Depthwise|Separable)?Conv|(?:Global|Adaptive)?(?:Max|Average)Pooling|Cropping|UpSampling"
    r"|ZeroPadding|SpatialDropout)([123])D(?:Transpose)?"
)
_RECURRENT: Final = ("LSTM", "GRU", "SimpleRNN")
_CELLS: Final = tuple(f"{LAYERS}{name}Cell" for name in _RECURRENT)
_OVER_STEPS: Final = re.compile(r"LSTM|GRU|SimpleRNN|RNN|ConvLSTM([123])D")
DATA: Final = ("inputs", "sequences")
"""The arguments that data come in by; masks and initial states are none."""
_WINDOWS: Final = re.compile(r"(?:Depthwise|Separable)?Conv[123]D|(?:Max|Average)Pooling[123]D")
_WEIGHTED: Final = re.compile(r"(?:Depthwise|Separable)?Conv[123]D(?:Transpose)?|Dense|LSTM|GRU|SimpleRNN")
MERGES: Final = ("Add", "Subtract", "Multiply", "Average", "Maximum", "Minimum")


def parse(text: str) -> Shape | None:
    """The shape that a text shows, None for anything but one shape."""
    if not re.fullmatch(r"\((?:(?:None|\d+),? ?)*\)", text):
        return None
    return tuple(None if word == "None" else int(word) for word in re.findall(r"None|\d+", text))


def show(shape: Shape) -> str:
    """The text of a shape: ``(None, 8)``."""
    return f"({shape[0]},)" if len(shape) == 1 else f"({', '.join(map(str, shape))})"


def kind(node: Node) -> str:
    """The class of a Keras layer, "" for any other node."""
    return node.type.removeprefix(LAYERS) if node.type.startswith(LAYERS) else ""


def places(node: Node) -> tuple[str, ...]:
    """What the axes of a layer's input are, batch axis first; () where any number will do."""
    return _places(node.type, node.args)


def more(node: Node) -> bool:
    """Whether a layer takes further axes behind those of its places."""
    return _more(node.type, node.args)


def recurrent(name: str) -> bool:
    """Whether a layer goes over steps, and can hand on each of them or the last alone."""
    return bool(_OVER_STEPS.fullmatch(name))


def _places(type_: str, args: dict[str, Value]) -> tuple[str, ...]:
    name = type_.removeprefix(LAYERS)
    if name == "Bidirectional":
        return _places(*_wrapped(args))
    if name == "TimeDistributed":
        return ("batch", "steps", *(_places(*_wrapped(args)) or ("", "features"))[1:])
    if name in _RECURRENT or (name == "RNN" and _is_cell(args.get("cell"))):
        return ("batch", "steps", "features")
    if (found := _OVER_STEPS.fullmatch(name)) and found[1]:
        return ("batch", "steps", *_PLACES[int(found[1])], "channels")
    found = _SPATIAL.fullmatch(name)
    return ("batch", *_PLACES[int(found[1])], "channels") if found else ()


def _more(type_: str, args: dict[str, Value]) -> bool:
    inner = _wrapped(args)
    return type_ == f"{LAYERS}TimeDistributed" and (not _places(*inner) or _more(*inner))


def _wrapped(args: dict[str, Value]) -> tuple[str, dict[str, Value]]:
    """The type and the arguments of the layer inside of another, "" where it is not known."""
    layer = args.get("layer", {})
    return (layer["$new"], layer.get("args", {})) if tag(layer) == "$new" else ("", {})


def _is_cell(value: Value) -> bool:
    """Whether a cell is one of Keras: another may take steps of any number of axes."""
    return tag(value) == "$new" and value["$new"] in _CELLS


def weighted(name: str) -> bool:
    """Whether a layer's weights are as large as the channel axis of what comes in."""
    return bool(_WEIGHTED.fullmatch(name))


def channels(node: Node, rank: int) -> int:
    """The index of the channel axis."""
    return 1 if node.args.get("data_format") == "channels_first" else rank - 1


def windows(node: Node, rank: int) -> tuple[int, ...]:
    """How far the windows of a convolution or a pooling reach along each axis but batch and channels.

    () for any other layer, and where padding makes room for them.
    """
    if not _WINDOWS.fullmatch(kind(node)) or str(node.args.get("padding", "valid")).lower() != "valid":
        return ()
    default = 2 if "pool_size" not in node.args and "Pooling" in kind(node) else 1
    sizes = spread(node.args.get("kernel_size", node.args.get("pool_size", default)), rank - 2)
    gaps = spread(node.args.get("dilation_rate", 1), rank - 2)
    return tuple(gap * (size - 1) + 1 for size, gap in zip(sizes, gaps, strict=False))


def spread(value: Value, count: int) -> tuple[int, ...]:
    """A number for each of so many axes, () where the value is none."""
    items = numbers(value)
    if isinstance(value, int) and not isinstance(value, bool):
        return (value,) * count
    return items if items is not None and len(items) == count else ()


def numbers(value: Value) -> tuple[int, ...] | None:
    """Whole numbers as they stand in a document, alone, in a list or in a tuple; None for anything else."""
    items = value["$tuple"] if tag(value) == "$tuple" else value
    items = items if isinstance(items, list) else [items]
    whole = all(isinstance(item, int) and not isinstance(item, bool) for item in items)
    return tuple(items) if whole else None


def product(shape: Shape) -> int | None:
    """How many numbers a sample has; None where a size is open."""
    sizes = [size for size in shape[1:] if size is not None]
    return math.prod(sizes) if len(sizes) == len(shape) - 1 else None
