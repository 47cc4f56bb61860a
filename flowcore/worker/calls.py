"""The calls of layers and operations that a Keras model is made of."""

from collections.abc import Callable
from typing import Any, NamedTuple

from flowcore.worker.locate import locate


class Call(NamedTuple):
    """A call of a layer or an operation, with tensors that have a shape and no value."""

    operation: Any
    input_tensors: list[Any]
    output_tensors: list[Any]


def recorded(model: Any) -> list[Any]:
    """Every call of a layer or an operation in a model (keras.src.ops.node.Node)."""
    by_depth = getattr(_functional(model), "_nodes_by_depth", {})
    return [node for nodes in by_depth.values() for node in nodes]


def innermost(model: Any) -> list[Any]:
    """Every call in a model, those of a model inside it in place of its own."""
    found = []
    for node in recorded(model):
        found += innermost(node.operation) if recorded(node.operation) else [node]
    return found


def innermost_on(model: Any, inputs: list[Any]) -> list[Call]:
    """As `innermost`, of the calls as they would be on these inputs, in whose shapes None stays open.

    inputs: keras.KerasTensor, one for each input of the model. Nothing is computed, and nothing of the
    model changes (keras.src.ops.function.Function.compute_output_spec). Raises what a layer raises.
    """
    keras, found = locate("keras"), list[Call]()

    def tensors(things: Any) -> list[Any]:
        return [one for one in keras.tree.flatten(things) if isinstance(one, keras.KerasTensor)]

    def noting(operation: Any) -> Callable[..., Any]:
        def called(*args: Any, **named: Any) -> Any:
            if recorded(operation):
                return through(operation, args[0])
            outputs = operation.compute_output_spec(*args, **named)
            found.append(Call(operation, tensors((args, named)), tensors(outputs)))
            return outputs

        return called

    def through(inner: Any, given: Any) -> Any:
        functional = _functional(inner)
        ends = zip(functional.inputs, keras.tree.flatten(given), strict=True)
        found.extend(Call(end._keras_history.operation, [], [tensor]) for end, tensor in ends)
        return functional._run_through_graph(given, operation_fn=noting)

    through(model, inputs)
    return found


def _functional(model: Any) -> Any:
    """What holds the calls of a model: of a Sequential, which is built late, a model inside it."""
    return getattr(model, "_functional", None) or model
