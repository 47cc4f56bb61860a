"""A look inside: what a layer makes of one sample, before training and after it."""

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from flowcore.dataflow.plan import FIT, INPUT
from flowcore.model.frame import Sample
from flowcore.model.graph import Graph, Link
from flowcore.model.preview import Activations, ArrayPreview
from flowcore.model.problem import FlowError, error
from flowcore.worker import arrays, chance, checkpoint, view
from flowcore.worker.gather import gather, output
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
    tensors = _tensors(outputs.whole)
    ins = _inputs(work, tensors)
    if not tensors or not ins:
        raise error("no-activation", "This node hands no tensor on.", "Choose a layer with an input.", [node])
    given = _chosen(_picked(_samples(work, sample, ins), ins, _order(work, ins)), sample.index, ins)
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
    return [sample.node, *(link.source for link in _beside(work, sample)), *model]


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


def _inputs(work: Work, tensors: list[Any]) -> list[Any]:
    """The inputs of the network that tensors are made of, in the order of the document."""
    seen: set[int] = set()
    todo = list(tensors)
    while todo:
        tensor = todo.pop()
        if id(tensor) not in seen:
            seen.add(id(tensor))
            history = tensor._keras_history
            todo += history.operation._inbound_nodes[history.node_index].input_tensors
    nodes = (one for one in work.graph.nodes if work.catalog.canonical(one.type) == INPUT)
    inputs = [work.values[one.id].whole for one in nodes if one.id in work.values]
    return [one for one in inputs if id(one) in seen]


def _order(work: Work, ins: list[Any]) -> list[Any]:
    """All inputs of the first model that has these, in the order of its samples; these if none has."""
    wanted = {id(one) for one in ins}
    built = [work.values[one.id].whole for one in work.graph.nodes if one.id in work.values]
    models = (one for one in built if isinstance(one, locate("keras").Model))
    inputs = (one.inputs for one in models if wanted <= {id(tensor) for tensor in one.inputs or ()})
    return next(inputs, ins)


def _tensors(value: Any) -> list[Any]:
    items = value if isinstance(value, (list, tuple)) else [value]
    return [one for one in items if isinstance(one, locate("keras").KerasTensor)]


def _beside(work: Work, sample: Sample) -> list[Link]:
    """The links of a fit whose x is of several, if the sample is one of these."""
    fits = (node.id for node in work.graph.nodes if work.catalog.canonical(node.type) == FIT)
    for fit in fits:
        links = [link for link in work.graph.into(fit) if link.argument == "x"]
        if len(links) > 1 and (sample.node, sample.output) in [(one.source, one.output) for one in links]:
            return links
    return []


def _samples(work: Work, sample: Sample, ins: list[Any]) -> Any:
    """The output itself; for several inputs all that the fit takes beside it."""
    links = tuple(_beside(work, sample)) if len(ins) > 1 else ()
    if links:
        return gather(links, {}, work.values)["x"]
    return output(work.values[sample.node], sample.output)


def _picked(samples: Any, ins: list[Any], order: list[Any]) -> list[Any]:
    """Samples for each input: by its name, by its place in the model, or what there is for the only one."""
    if isinstance(samples, dict):
        if all(one.name in samples for one in ins):
            return [samples[one.name] for one in ins]
        samples = list(samples.values())
    for inputs in (order, ins):
        if isinstance(samples, (list, tuple)) and len(samples) == len(inputs) > 1:
            places = {id(one): place for place, one in enumerate(inputs)}
            return [samples[places[id(one)]] for one in ins]
    return [samples]


def _chosen(samples: list[Any], index: int, inputs: list[Any]) -> list[Array]:
    """One sample for each input, batch axis first and of length 1."""
    if len(samples) != len(inputs):
        raise _misfit(f"{len(inputs)} inputs", f"{len(samples)} array{'s'[: len(samples) != 1]}")
    found = [_fitted(np.asarray(one), tensor) for one, tensor in zip(samples, inputs, strict=True)]
    for array in found:
        if not 0 <= index < len(array):
            raise _misfit(f"an index from 0 to {len(array) - 1}", str(index))
    return [array[index : index + 1] for array in found]


def _fitted(array: Array, tensor: Any) -> Array:
    """The samples as an input takes them: as in a fit, with an axis of 1 at the end more or less."""
    wanted = tuple(tensor.shape)
    ways = [array, array[..., np.newaxis], *([array[..., 0]] if array.shape[-1:] == (1,) else [])]
    for one in ways:
        if one.ndim == len(wanted) and all(map(_fits, one.shape[1:], wanted[1:])):
            return one
    raise _misfit(f"samples of shape {wanted}", str(array.shape))


def _fits(length: int, wanted: int | None) -> bool:
    return wanted in (None, length)


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
