"""What nodes say of their layers: the rows of a model, and the cost of each."""

from collections.abc import Mapping
from typing import Any

from flowcore.model.event import LayerRow
from flowcore.model.frame import Cost
from flowcore.worker import cost, preview, sizes
from flowcore.worker.evaluate import Outputs
from flowcore.worker.locate import locate


def summary(value: Any, values: Mapping[str, Outputs]) -> tuple[LayerRow, ...]:
    """The rows of a model, () for any other value."""
    if not isinstance(value, locate("keras").Model):
        return ()
    owners: dict[int, str] = {}
    for node, outputs in values.items():
        for layer in _layers(outputs):
            owners.setdefault(id(layer), node)  # the node that made it; others only call it once more
    return preview.layers(value, lambda layer: owners.get(id(layer), ""))


def _layers(outputs: Outputs) -> list[Any]:
    """The layer that a node made; of an Input the layer behind its tensor."""
    layer = outputs.get("layer")
    if layer is not None:
        return [layer]
    history = getattr(outputs.whole, "_keras_history", None)
    return [history[0]] if history else []


def cost_of(outputs: Outputs) -> Cost:
    """Of the weights that a node makes, and of the call that its value comes from."""
    keras = locate("keras")
    value = outputs.whole
    owner = value if isinstance(value, keras.Model) else outputs.get("layer")
    weights = owner.weights if owner is not None else []
    tensors = [item for item in keras.tree.flatten(value) if isinstance(item, keras.KerasTensor)]
    history = tensors[0]._keras_history if tensors else None
    counted = cost.of_call(history.operation._inbound_nodes[history.node_index]) if history else 0
    return Cost(sizes.size(weights), sizes.memory(weights), sizes.activations(tensors), counted)
