"""What a model hands out, against its loss and the data that it is trained on: otherwise an error in fit."""

from collections.abc import Iterator
from typing import Final

from flowcore.dataflow import axes, losses, plan
from flowcore.dataflow.losses import BINARY, CATEGORICAL, SPARSE
from flowcore.dataflow.training import Known, Training, training
from flowcore.model.descriptor import Catalog
from flowcore.model.frame import ShapeReport
from flowcore.model.graph import Graph
from flowcore.model.problem import Problem

_UNBOUNDED: Final = (
    "linear",
    "relu",
    "leakyrelu",
    "leaky_relu",
    "elu",
    "selu",
    "gelu",
    "silu",
    "swish",
    "tanh",
)


def check(graph: Graph, catalog: Catalog, found: ShapeReport, known: Known) -> tuple[Problem, ...]:
    """What does not fit, one problem of the output and one of the input at most."""
    told = training(graph, catalog, found, known)
    if told is None:
        return ()
    first = next((problem for rule in _RULES for problem in rule(told)), None)
    return (*_data(told, graph, found), *((first,) if first else ()))


def _lone(told: Training) -> Iterator[Problem]:
    if told.softmax and told.units == 1:
        yield Problem(
            "softmax-of-one",
            f"{told.last.title} is a softmax over one unit, which is always 1.",
            "Use a sigmoid, or one unit for each class.",
            (told.last.id,),
        )


def _rank(told: Training) -> Iterator[Problem]:
    """Labels are one to a sample; so must be what they are compared with, with one axis for classes."""
    labels = told.y is not None and (len(told.y) == 1 or told.y[1:] == (1,) or told.loss == CATEGORICAL)
    if labels and told.y and len(told.gives) > 2 and len(told.y) <= 2:
        yield Problem(
            "output-rank",
            f"{told.last.title} gives {axes.show(told.gives)}; the targets are {axes.show(told.y)}, "
            "one for each sample.",
            "Insert a Flatten or a pooling before the last layer.",
            (told.last.id,),
        )


def _labels(told: Training) -> Iterator[Problem]:
    """Whether labels are numbers of classes or one-hot rows is for the loss to know."""
    wide, flat = told.columns > 1, told.columns == 1
    if told.loss == SPARSE and wide and len(told.gives) == 2 and told.y:
        yield _loss_problem(told, "one-hot-targets", "the number of its class for each sample", CATEGORICAL)
    if told.loss == CATEGORICAL and flat and (told.units or 0) > 1:
        yield _loss_problem(told, "sparse-targets", "a row of zeros and one 1 for each sample", SPARSE)


def _loss_problem(told: Training, code: str, expected: str, better: str) -> Problem:
    return Problem(
        code,
        f"The loss {told.loss} expects {expected}; the targets are {axes.show(told.y or ())}.",
        f"Use {better}.",
        (told.compiled.id,),
    )


def _units(told: Training) -> Iterator[Problem]:
    """As many units as classes; of other losses as many as the targets have columns."""
    units, wanted = told.units, _wanted(told)
    enough = units is None or not wanted or units == wanted or (told.loss == SPARSE and units > wanted)
    if enough or len(told.gives) != 2:
        return
    what = f"{wanted} classes" if told.loss in (SPARSE, CATEGORICAL) else f"{wanted} to a sample"
    yield Problem(
        "wrong-units",
        f"{told.last.title} gives {units} number{'s'[: units != 1]} a sample; "
        f"the targets are {what}, and the loss is {told.loss}.",
        _unit_hint(told, wanted),
        (told.last.id,),
    )


def _unit_hint(told: Training, wanted: int) -> str:
    if told.head is None:
        return f"Change what comes before it until it gives {wanted}."
    if told.softmax and wanted == 1:
        return f"Use {SPARSE}, or one unit without a softmax."
    return f"Set its units to {wanted}."


def _wanted(told: Training) -> int:
    """How wide the output has to be, 0 where that is not known."""
    if told.loss == SPARSE:
        return told.classes
    return told.columns if told.loss else 0


def _one_class(told: Training) -> Iterator[Problem]:
    """Of one class, each is certain: the loss is 0 whatever the weights are."""
    if told.loss in (SPARSE, CATEGORICAL) and told.units == 1 and "axis" not in told.given:
        yield Problem(
            "one-class",
            f"The loss {told.loss} expects one number for each class; {told.last.title} gives 1, "
            "so the loss is always 0.",
            f"Use {BINARY}, or one unit for each class.",
            (told.last.id,),
            "notice",
        )


def _probabilities(told: Training) -> Iterator[Problem]:
    """Keras runs either: logits that are cut off as probabilities, and probabilities that are no logits."""
    if told.loss not in losses.LOSSES:
        return
    title, wanted = told.active.title, losses.activation(told.loss)
    if told.logits and told.activation in losses.PROBABILITIES:
        yield Problem(
            "no-logits",
            f"The loss {told.loss} with from_logits expects numbers before a {wanted}; {title} gives "
            f"probabilities, by its {told.activation}.",
            "Set from_logits to false.",
            (told.compiled.id,),
            "notice",
        )
    if not told.logits and told.activation in _UNBOUNDED:
        yield Problem(
            "no-probabilities",
            f"The loss {told.loss} expects probabilities; {title} gives other numbers: its activation is "
            f"{told.activation}.",
            f"Set its activation to {wanted}{', or from_logits to true' * (told.activation == 'linear')}.",
            (told.active.id,),
            "notice",
        )


def _data(told: Training, graph: Graph, found: ShapeReport) -> Iterator[Problem]:
    """Whether the samples have the shape that the only Input says."""
    if told.x is None or len(told.inputs) != 1 or told.inputs[0].type != plan.INPUT:
        return
    source = told.inputs[0]
    takes = axes.parse(found.shapes.get(source.id, {}).get("", ""))
    if takes is None or (takes == (None,) and len(told.x) == 1):
        return
    same = len(takes) == len(told.x) and all(
        size is None or size == real for size, real in zip(takes[1:], told.x[1:], strict=True)
    )
    # Keras adds or takes an axis of size 1 at the end (keras.src.models.functional).
    near = {told.x[1:], (*told.x[1:], 1), told.x[1:-1] if told.x[-1] == 1 else told.x[1:]}
    if not same and takes[1:] not in near:
        yield Problem(
            "wrong-data",
            f"{source.title} takes {axes.show(takes)}; the samples that it is trained on are "
            f"{axes.show(told.x)}.",
            f"Set its shape to {', '.join(map(str, told.x[1:]))}.",
            (source.id,),
        )


_RULES: Final = (_lone, _rank, _labels, _units, _one_class, _probabilities)
