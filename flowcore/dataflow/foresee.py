"""What Keras will refuse, told before it is asked, with both ends of the link named.

Keras' own words for these say little: "unsupported operand type(s) for %" for a convolution over unknown
channels, "tuple index out of range" for an axis that is not there, nothing at all for an embedding of
floats. Texts of shapes go in, so that a run and the checker tell the same.
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Final, NamedTuple

from flowcore.dataflow import axes
from flowcore.dataflow.axes import Shape
from flowcore.model.graph import Graph, Node
from flowcore.model.problem import Problem

Texts = Mapping[str, Mapping[str, str]]


class Incoming(NamedTuple):
    """What a link brings. dtype: "" where it is not known."""

    source: Node
    shape: Shape
    dtype: str

    def __str__(self) -> str:
        return f"{self.source.title} gives {axes.show(self.shape)}"


def foresee(graph: Graph, node: Node, shapes: Texts, dtypes: Texts | None = None) -> Problem | None:
    """The first thing that is known to be wrong with what comes into a layer; a notice may be run.

    shapes, dtypes: of the outputs of the nodes before it.
    """
    name = axes.kind(node)
    came = list(incoming(graph, node, shapes, dtypes or {}))
    if not name or not came:
        return None
    rules = [*_MERGING] if name in (*axes.MERGES, "Concatenate") else [*_SINGLE]
    return next((problem for rule in rules if (problem := rule(node, name, came))), None)


def incoming(graph: Graph, node: Node, shapes: Texts, dtypes: Texts) -> Iterator[Incoming]:
    """What comes into a node with a shape that is known, in the order of its links."""
    for link in graph.into(node.id):
        shape = axes.parse(shapes.get(link.source, {}).get(link.output, ""))
        if shape is not None and link.source in graph.by_id and link.argument in axes.DATA:
            dtype = dtypes.get(link.source, {}).get(link.output, "")
            yield Incoming(graph.by_id[link.source], shape, dtype)


def _rank(node: Node, name: str, came: list[Incoming]) -> Problem | None:
    expected, found, more = axes.places(node), came[0], axes.more(node)
    surplus = len(found.shape) - len(expected)
    if not expected or surplus == 0 or (more and surplus > 0):
        return None
    return Problem(
        "wrong-rank",
        f"{node.title} expects {'at least ' * more}{len(expected)} axes ({', '.join(expected)}); {found}, "
        f"which has {len(found.shape)}.",
        f"Insert a Reshape before {node.title}, or connect another tensor.",
        (node.id,),
    )


def _no_axis(node: Node, name: str, came: list[Incoming]) -> Problem | None:
    """A layer of its own kind whose axis lies outside what comes in."""
    found, wanted = came[0], axes.numbers(node.args.get("axis", -1))
    rank = len(found.shape)
    if "axis" not in node.args or wanted is None or all(-rank <= axis < rank for axis in wanted):
        return None
    outside = next(axis for axis in wanted if not -rank <= axis < rank)
    return Problem(
        "wrong-axis",
        f"{node.title} expects an axis from {-rank} to {rank - 1}, found {outside}; {found}.",
        "Set axis to -1, the last.",
        (node.id,),
    )


def _unknown(node: Node, name: str, came: list[Incoming]) -> Problem | None:
    found = came[0]
    rank = len(found.shape)
    normalizes = name in (
        "BatchNormalization",
        "LayerNormalization",
        "RMSNormalization",
        "GroupNormalization",
    )
    wanted = axes.numbers(node.args.get("axis", -1)) if normalizes else (axes.channels(node, rank),)
    if not (normalizes or axes.weighted(name)) or not wanted or not rank:
        return None
    if name == "RMSNormalization":  # its weights span all axes from this one on
        wanted = tuple(range(wanted[0] % rank, rank))
    unknown = [axis % rank for axis in wanted if found.shape[axis] is None]
    if not unknown:
        return None
    return Problem(
        "unknown-axis",
        f"{node.title} needs to know how large axis {unknown[0]} is to make its weights; {found}.",
        "Give the shape of the Input in full, or pool before this layer.",
        (node.id,),
    )


def _too_small(node: Node, name: str, came: list[Incoming]) -> Problem | None:
    found = came[0]
    reach = axes.windows(node, len(found.shape))
    first = 2 if node.args.get("data_format") == "channels_first" else 1
    sizes = found.shape[first : first + len(reach)]
    if all(size is None or size >= far for size, far in zip(sizes, reach, strict=True)):
        return None
    places = axes.places(node)[1:-1]
    expected = ", ".join(f"{far} {place}" for far, place in zip(reach, places, strict=True))
    return Problem(
        "too-small",
        f"{node.title} reaches over {expected} and nothing would be left; {found}.",
        'Set padding to "same", or make its window smaller.',
        (node.id,),
    )


def _floats(node: Node, name: str, came: list[Incoming]) -> Problem | None:
    found = came[0]
    if name != "Embedding" or not found.dtype.startswith(("float", "bfloat")):
        return None
    return Problem(
        "wrong-dtype",
        f"{node.title} expects whole numbers, indices into its table; {found} of {found.dtype}, "
        "whose fractions are cut off.",
        'Set dtype of the Input to "int32", or insert a cast.',
        (node.id,),
        "notice",
    )


def _text(node: Node, name: str, came: list[Incoming]) -> Problem | None:
    found = came[0]
    if found.dtype != "string" or not (axes.weighted(name) or name == "Embedding"):
        return None
    return Problem(
        "text-input",
        f"{node.title} expects numbers; {found} of string.",
        f"Insert a TextVectorization or a StringLookup before {node.title}, or set dtype of the Input.",
        (node.id,),
    )


def _wrong_size(node: Node, name: str, came: list[Incoming]) -> Problem | None:
    target = axes.numbers(node.args.get("target_shape"))
    found, have = came[0], axes.product(came[0].shape)
    if name != "Reshape" or target is None or have is None or any(size < -1 for size in target):
        return None
    want = axes.product((None, *(size for size in target if size != -1))) or 1
    fits = have % want == 0 if target.count(-1) == 1 else have == want and -1 not in target
    if fits or target.count(-1) > 1:
        return None
    return Problem(
        "wrong-size",
        f"{node.title} makes {axes.show(target)}, {want:,} numbers a sample; {found}, {have:,} numbers.",
        "Set target_shape to sizes whose product is the same.",
        (node.id,),
    )


def _differ(node: Node, name: str, came: list[Incoming]) -> Problem | None:
    """Shapes that cannot be added, or joined along an axis."""
    joined = _joined(node, came) if name == "Concatenate" else None
    for other in came[1:]:
        axis = _first_difference(came[0].shape, other.shape, joined)
        if axis is None:
            continue
        where = f"Their axis {axis} differs" if axis >= 0 else "They have another number of axes"
        along = "" if joined is None else f" other than axis {joined}"
        return Problem(
            "shapes-differ",
            f"{node.title} expects equal axes{along}; {came[0]}, {other}. {where}.",
            f"Change {came[0].source.title} or {other.source.title} so that they agree.",
            (node.id,),
        )
    return None


def _joined(node: Node, came: list[Incoming]) -> int:
    axis = axes.numbers(node.args.get("axis", -1))
    return axis[0] % len(came[0].shape) if axis and came[0].shape else -1


def _first_difference(one: Shape, other: Shape, joined: int | None) -> int | None:
    """The first axis whose sizes do not go together, -1 for shapes of different ranks, None if all do.

    Without an axis along which they are joined, sizes of 1 go with any other (keras.layers.Add).
    """
    if joined is not None and len(one) != len(other):
        return -1
    if joined is None and len(one) != len(other):
        # Keras gives the shorter one axes of size 1 behind the batch axis, and its last axes must fit.
        longest = max(len(one), len(other))
        one, other = (shape[:1] + (1,) * (longest - len(shape)) + shape[1:] for shape in (one, other))
    for axis, (left, right) in enumerate(zip(one, other, strict=True)):
        same = left is None or right is None or left == right
        if not (same or axis == joined or (joined is None and 1 in (left, right))):
            return axis
    return None


_Rule = Callable[[Node, str, list[Incoming]], Problem | None]
_SINGLE: Final[tuple[_Rule, ...]] = (_text, _rank, _no_axis, _unknown, _too_small, _floats, _wrong_size)
_MERGING: Final[tuple[_Rule, ...]] = (_no_axis, _differ)
