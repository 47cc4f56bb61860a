"""What the checker makes in place of layers that look words up.

They work with TensorFlow alone, without which the checker starts, and may read a vocabulary from a path,
which nobody has asked for yet.
"""

from typing import Any, Final

from flowcore.dataflow import axes
from flowcore.model.graph import Node
from flowcore.worker.locate import locate
from flowcore.worker.sizes import Shape, shape_of

_LAYERS: Final = ("Hashing", "IntegerLookup", "StringLookup", "TextVectorization")


def looks_up(node: Node) -> bool:
    return axes.kind(node) in _LAYERS


def stands_in(node: Node) -> bool:
    """Whether there is a stand-in for a node: not where a vocabulary, which may be learned, is an axis."""
    args = node.args
    plain = args.get("output_mode", "int") == "int" and not args.get("sparse") and not args.get("ragged")
    return looks_up(node) and plain and isinstance(args.get("dtype", ""), str)


def stand_in(node: Node) -> Any:
    """A layer whose class has the same name, which computes nothing; None for any other node."""
    if not stands_in(node):
        return None
    keras, name = locate("keras"), axes.kind(node)
    dtype = node.args.get("dtype", "int64") if name == "Hashing" else "int64"

    def compute_output_spec(self: Any, inputs: Any) -> Any:
        return keras.KerasTensor(_shape(node, shape_of(inputs)), dtype)

    made = type(name, (keras.layers.Layer,), {"compute_output_spec": compute_output_spec})
    return made(name=node.args.get("name"))


def _shape(node: Node, shape: Shape) -> Shape:
    """An index for each item, or for each word of a text."""
    if axes.kind(node) != "TextVectorization":
        return shape
    length = node.args.get("output_sequence_length")
    return (*shape[:1], length if isinstance(length, int) else None)
