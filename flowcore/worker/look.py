"""A look inside: what a layer makes of one sample, before training and after it."""

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from flowcore.dataflow.order import ancestors
from flowcore.dataflow.plan import INPUT
from flowcore.model.frame import Sample
from flowcore.model.graph import Graph
from flowcore.model.preview import Activations, ArrayPreview
from flowcore.model.problem import FlowError, error
from flowcore.worker import arrays, chance, checkpoint, view
from flowcore.worker.gather import output
from flowcore.worker.locate import locate
from flowcore.worker.weights import Weights, borrowed
from flowcore.worker.work import Work

Array = npt.NDArray[Any]


def activations(work: Work, node: str, sample: Sample) -> Activations:
    """Outputs of a layer, and its weights, with the network as it was built and as it was trained.

    By the newest run; where no run has, by what the session itself has run.

    Raises FlowError: "no-activation" for a node without a tensor, "no-sample" where the sample does not
    fit the inputs of the network.
    """
    outputs = work.values[node]
    tensors, ins = _tensors(outputs.whole), _inputs(work, node)
    if not tensors or not ins:
        raise error("no-activation", "This node hands no tensor on.", "Choose a layer with an input.", [node])
    given = _chosen(output(work.values[sample.node], sample.output), sample.index, ins)
    with chance.undisturbed():
        probe = locate("keras").Model(ins, tensors)
        layer = outputs.get("layer")
        with work.initial.in_place():
            before, weights = _shown(probe, given), view.weights(layer, Weights()) if layer else {}
        after, trained, missing = _after(work, sample, probe, given, layer)
    inputs = tuple(arrays.preview(one, "sample") for one in given)
    return Activations(inputs, before, after, weights, trained, missing)


def _after(
    work: Work, sample: Sample, probe: Any, given: list[Array], layer: Any
) -> tuple[tuple[ArrayPreview, ...], dict[str, ArrayPreview], str]:
    if not sample.weights:
        if not work.initial.differ(probe.variables):
            return (), {}, sample.missing
        return _now(probe, given, layer)
    model = work.values[_model(work.graph, work, sample.fit)].whole
    with borrowed({id(one): one for one in (*model.variables, *probe.variables)}.values()):
        own = {id(one) for one in model.variables}
        if not all(id(one) in own for one in probe.variables):
            return (), {}, "This layer is not part of the model that was trained."
        try:
            checkpoint.weights_into(model, Path(sample.weights))
        except Exception as reason:  # a file may be cut off or made by another version
            return (), {}, f"The weights of the run cannot be read: {reason}"[:300]
        return _now(probe, given, layer)


def _now(
    probe: Any, given: list[Array], layer: Any
) -> tuple[tuple[ArrayPreview, ...], dict[str, ArrayPreview], str]:
    """By the weights that are in place."""
    return _shown(probe, given), view.weights(layer, Weights()) if layer else {}, ""


def needed(sample: Sample, work: Work) -> list[str]:
    """The nodes whose values are wanted for a look, besides the layer."""
    model = [_model(work.graph, work, sample.fit)] if sample.weights else []
    return [sample.node, *model]


def _model(graph: Graph, work: Work, fit: str) -> str:
    """The node of the network that a fit trains, whatever methods stand between."""
    node = fit
    while not work.member(node):
        links = graph.into(node, "self")
        if not links:
            raise error(
                "no-model", f"{graph.title(fit)} trains nothing.", "Connect its self to a model.", [fit]
            )
        node = links[0].source
    return node


def _inputs(work: Work, node: str) -> list[Any]:
    """The inputs of the network that a node depends on, in the order of the document."""
    found = {node} | ancestors(work.graph, node)
    nodes = (one for one in work.graph.nodes if one.id in found)
    return [work.values[one.id].whole for one in nodes if work.catalog.canonical(one.type) == INPUT]


def _tensors(value: Any) -> list[Any]:
    items = value if isinstance(value, (list, tuple)) else [value]
    return [one for one in items if isinstance(one, locate("keras").KerasTensor)]


def _chosen(samples: Any, index: int, inputs: list[Any]) -> list[Array]:
    """One sample for each input, batch axis first and of length 1."""
    values = list(samples.values()) if isinstance(samples, dict) else samples
    several = isinstance(values, (list, tuple)) and len(values) == len(inputs) > 1
    found = [np.asarray(one) for one in (values if several else [values])]
    if len(found) != len(inputs):
        raise _misfit(f"{len(inputs)} inputs", f"{len(found)} array")
    for array, tensor in zip(found, inputs, strict=True):
        if array.ndim != len(tensor.shape) or not _fits(array.shape[1:], tensor.shape[1:]):
            raise _misfit(f"samples of shape {tuple(tensor.shape)}", str(array.shape))
        if not 0 <= index < len(array):
            raise _misfit(f"an index from 0 to {len(array) - 1}", str(index))
    return [array[index : index + 1] for array in found]


def _fits(shape: tuple[int, ...], wanted: tuple[int | None, ...]) -> bool:
    return all(axis in (None, length) for axis, length in zip(wanted, shape, strict=True))


def _misfit(expected: str, found: str) -> FlowError:
    return error(
        "no-sample", f"Expected {expected}; found {found}.", "Choose other samples or another index."
    )


def _shown(probe: Any, given: list[Array]) -> tuple[ArrayPreview, ...]:
    ops = locate("keras").ops
    results = probe([ops.convert_to_tensor(one) for one in given], training=False)
    items = results if isinstance(results, (list, tuple)) else [results]
    return tuple(arrays.channels(_of_one(np.asarray(ops.convert_to_numpy(one)))) for one in items)


def _of_one(result: Array) -> Array:
    """A result without its batch axis, if it has one: of a single sample that has length 1."""
    return result[0] if result.ndim and len(result) == 1 else result
