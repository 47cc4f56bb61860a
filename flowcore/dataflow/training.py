"""How a graph trains, as far as the last layers and the data tell."""

from collections.abc import Mapping

import msgspec

from flowcore.dataflow import axes, endings, losses, plan
from flowcore.dataflow.axes import Shape
from flowcore.dataflow.losses import BINARY, CATEGORICAL, SPARSE
from flowcore.dataflow.plan import Place
from flowcore.model.descriptor import Catalog
from flowcore.model.frame import ShapeReport
from flowcore.model.graph import Graph, Node
from flowcore.model.value import Value


class Known(msgspec.Struct, frozen=True):
    """What is known of data, from the last run. shapes, classes (how many labels): by node and output."""

    shapes: Mapping[str, Mapping[str, str]] = {}
    classes: Mapping[str, Mapping[str, int]] = {}


class Training(msgspec.Struct, frozen=True, kw_only=True):
    """A model with one output that is compiled and fitted.

    head: the Dense layer whose units are the width of the output. active: the layer with the last
    activation, whose name is activation, "" where that is not known. gives: the shape of the output.
    loss: by its name, "" for one of one's own. y, x: shapes of the data, None where they are not known;
    classes: 0 where that is not known.
    """

    compiled: Node
    head: Node | None
    last: Node
    active: Node
    activation: str
    inputs: tuple[Node, ...]
    gives: Shape
    loss: str
    x: Shape | None
    y: Shape | None
    classes: int

    @property
    def units(self) -> int | None:
        return self.gives[-1]

    @property
    def softmax(self) -> bool:
        return self.activation == "softmax" and self.active.args.get("axis", -1) == -1

    @property
    def given(self) -> dict[str, Value]:
        """The arguments of the loss."""
        return losses.given(self.compiled.args.get("loss"))

    @property
    def logits(self) -> bool:
        """Whether the loss takes the output as logits."""
        return self.given.get("from_logits") is True

    @property
    def columns(self) -> int:
        """How many numbers the targets of a sample are, 0 where that is not known, or in several axes."""
        if self.y is None or len(self.y) > 2:
            return 0
        return 1 if len(self.y) == 1 else self.y[1] or 0


def training(graph: Graph, catalog: Catalog, found: ShapeReport, known: Known) -> Training | None:
    """How a graph trains, None where that is not known, or is done to several outputs."""
    compiled = next((node for node in graph.nodes if node.type == plan.COMPILE), None)
    models = [link.source for link in graph.into(compiled.id, "self")] if compiled else []
    if compiled is None or not models:
        return None
    outputs, inputs = graph.into(models[0], "outputs"), graph.into(models[0], "inputs")
    if len(outputs) != 1 or any(link.source not in graph.by_id for link in (*outputs, *inputs)):
        return None
    end = outputs[0]
    gives = axes.parse(found.shapes.get(end.source, {}).get(end.output, ""))
    if not gives:
        return None
    told = plan.read(graph, catalog)
    y = _shape(told.y, known)
    active = endings.active(graph, end.source)
    return Training(
        compiled=compiled,
        head=endings.head(graph, end.source),
        last=graph.by_id[end.source],
        active=active,
        activation=endings.activation(graph, active),
        inputs=tuple(graph.by_id[link.source] for link in inputs),
        gives=gives,
        loss=_loss(told.loss, gives, y),
        x=_shape(told.x, known),
        y=y,
        classes=known.classes.get(told.y[0], {}).get(told.y[1], 0) if told.y else 0,
    )


def _loss(value: Value, gives: Shape, y: Shape | None) -> str:
    """By its name; Keras chooses by the shapes where that leaves it open."""
    name = losses.name(value)
    if name.lower() not in losses.BY_SHAPE:
        return name
    if gives[-1] == 1:
        return BINARY
    if y is None or gives[-1] is None:
        return ""
    return SPARSE if len(y) < len(gives) or y[-1] == 1 else CATEGORICAL


def _shape(place: Place | None, known: Known) -> Shape | None:
    return axes.parse(known.shapes.get(place[0], {}).get(place[1], "")) if place else None
