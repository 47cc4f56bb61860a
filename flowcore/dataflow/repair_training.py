"""Repairs of what a model hands out, for its loss and its data."""

from collections.abc import Callable, Iterator
from typing import Final

from flowcore.dataflow import axes, edit, losses
from flowcore.dataflow.losses import BINARY, CATEGORICAL, SPARSE
from flowcore.dataflow.plan import MODEL
from flowcore.dataflow.repair_case import Case, Repair
from flowcore.dataflow.repair_shapes import pooling
from flowcore.dataflow.training import Training, training
from flowcore.model.graph import Graph


def softmax_of_one(case: Case, told: Training) -> Iterator[Repair]:
    """A sigmoid says how likely the one of two classes is; so do two units, the one or the other."""
    if told.head is None:
        return
    classes = max(told.classes, told.columns)
    if told.columns <= 1 and classes <= 2:
        yield Repair("Use a sigmoid", _binary(case, told))
    units = max(2, classes)
    yield Repair(f"Use {units} units", _several(case, told, units))


def output_rank(case: Case, told: Training) -> Iterator[Repair]:
    """Fewer axes before the layer that decides, or after the last one where none does."""
    before = case.graph.into(told.head.id, "inputs") if told.head else ()
    if len(before) != 1:
        return
    shape = case.shape(before[0].source, before[0].output) or ()
    name = pooling(shape)
    if None not in shape[1:]:
        yield Repair("Insert Flatten", case.insert(before[0], "Flatten"))
    if name and shape[-1] is not None:
        yield Repair(f"Insert {name}", case.insert(before[0], name))


def one_hot_targets(case: Case, told: Training) -> Iterator[Repair]:
    yield _with_loss(case, told, CATEGORICAL)


def sparse_targets(case: Case, told: Training) -> Iterator[Repair]:
    yield _with_loss(case, told, SPARSE)


def wrong_units(case: Case, told: Training) -> Iterator[Repair]:
    """As many units as the targets ask for; of two classes either way of saying so."""
    if told.head is None or told.units is None:
        return
    wanted = told.classes if told.loss == SPARSE else told.columns
    if told.loss == BINARY and wanted == 1:
        if told.activation:
            yield Repair("Use 1 unit with a sigmoid", _binary(case, told))
        if (told.softmax or told.logits) and told.units >= max(2, told.classes):
            yield _with_loss(case, told, SPARSE)
    elif told.softmax and wanted == 1:
        yield from _one_number(case, told)
    elif wanted:
        yield Repair(f"Set units to {wanted}", _units(case.graph, told, wanted))


def _one_number(case: Case, told: Training) -> Iterator[Repair]:
    """Numbers of classes, which a softmax is for, or quantities, which it is not."""
    if told.classes > 1:
        units = max(told.classes, told.units or 0)
        more = "" if units == told.units else f" with {units} units"
        graph = _set_loss(case, _units(case.graph, told, units), told, SPARSE)
        yield Repair(f"Use {SPARSE}{more}", graph)
    graph = _activated(case, _units(case.graph, told, 1), told, "linear")
    yield Repair("Use 1 unit without a softmax", graph)


def one_class(case: Case, told: Training) -> Iterator[Repair]:
    """The loss of one truth, or as many units as classes."""
    if not told.activation:
        return
    if told.classes > 2:
        if told.head:
            yield Repair(f"Use {told.classes} units with a softmax", _several(case, told, told.classes))
    else:
        yield Repair(f"Use a sigmoid and {BINARY}", _binary(case, told))


def no_probabilities(case: Case, told: Training) -> Iterator[Repair]:
    name = losses.activation(told.loss)
    yield Repair(f"Use a {name}", _activated(case, case.graph, told, name))
    if told.activation == "linear":
        yield Repair("Set from_logits", _set_loss(case, case.graph, told, told.loss, logits=True))


def no_logits(case: Case, told: Training) -> Iterator[Repair]:
    yield Repair("Clear from_logits", _set_loss(case, case.graph, told, told.loss, logits=False))


def wrong_data(case: Case, told: Training) -> Iterator[Repair]:
    """The shape of the data at the Input; as many numbers in other axes are brought back into those."""
    takes = case.shape(case.node.id)
    if told.x is None or takes is None or "batch_shape" in case.node.args:
        return
    sizes = list(told.x[1:])
    graph, more = case.set(case.node, "shape", sizes), ""
    if axes.product(takes) == axes.product(told.x):
        more = " and insert Reshape"
        shape = {"target_shape": list(takes[1:])}
        graph, new_ = edit.add(graph, f"{axes.LAYERS}Reshape", case.catalog, shape)
        for link in case.graph.out_of(case.node.id):
            if case.graph.by_id[link.target].type != MODEL or link.argument != "inputs":
                graph = edit.relink(graph, link, new_, "")
        graph = edit.connect(graph, case.node.id, "", new_, "inputs", case.catalog)
    yield Repair(f"Set the shape to {', '.join(map(str, sizes))}{more}", graph)


def repairs(case: Case, code: str) -> Iterator[Repair]:
    """Of a problem of training, none where it is another problem."""
    rule = _TRAINING.get(code)
    told = training(case.graph, case.catalog, case.found, case.known) if rule else None
    if rule and told:
        yield from rule(case, told)


def _with_loss(case: Case, told: Training, loss: str) -> Repair:
    return Repair(f"Use {loss}", _set_loss(case, case.graph, told, loss))


def _binary(case: Case, told: Training) -> Graph:
    graph = _activated(case, _units(case.graph, told, 1), told, "sigmoid")
    return _set_loss(case, graph, told, BINARY, logits=False)


def _several(case: Case, told: Training, units: int) -> Graph:
    loss = CATEGORICAL if told.columns > 1 else SPARSE
    graph = _activated(case, _units(case.graph, told, units), told, "softmax")
    return _set_loss(case, graph, told, loss, logits=False)


def _units(graph: Graph, told: Training, units: int) -> Graph:
    return edit.set_argument(graph, told.head.id, "units", units) if told.head else graph


def _activated(case: Case, graph: Graph, told: Training, name: str) -> Graph:
    """Another activation where the last one is; a layer that is one itself makes room for an Activation."""
    if told.activation == name:
        return graph
    if axes.kind(told.active) in ("Softmax", "ReLU"):
        args = {"activation": name}
        return edit.retype(graph, told.active.id, f"{axes.LAYERS}Activation", case.catalog, args)
    return edit.set_argument(graph, told.active.id, "activation", name)


def _set_loss(case: Case, graph: Graph, told: Training, loss: str, logits: bool | None = None) -> Graph:
    """A loss, and the metrics that go with it. logits: whether it takes them, None as it does and may."""
    args = {**told.given} if loss == told.loss else {}
    args.pop("from_logits", None)
    if logits is None:
        logits = told.logits and told.activation not in losses.PROBABILITIES
    if logits:
        args["from_logits"] = True
    graph = edit.set_argument(graph, told.compiled.id, "loss", losses.of(loss, args))
    for name in ("metrics", "weighted_metrics"):
        if name in told.compiled.args:
            metrics = losses.metrics(told.compiled.args[name], loss, case.catalog)
            graph = edit.set_argument(graph, told.compiled.id, name, metrics)
    return graph


_TRAINING: Final[dict[str, Callable[[Case, Training], Iterator[Repair]]]] = {
    "softmax-of-one": softmax_of_one,
    "output-rank": output_rank,
    "one-hot-targets": one_hot_targets,
    "sparse-targets": sparse_targets,
    "wrong-units": wrong_units,
    "one-class": one_class,
    "no-probabilities": no_probabilities,
    "no-logits": no_logits,
    "wrong-data": wrong_data,
}
