"""What Keras 2 wrote differently: functions of TensorFlow as layers, and states beside what comes in."""

from collections.abc import Mapping
from typing import Any, Final, NamedTuple

from flowcore.dataflow import model_types as types
from flowcore.dataflow.model_calls import Call, Ref
from flowcore.dataflow.model_file import wrong
from flowcore.model.descriptor import Argument

_CLASSES: Final = ("TFOpLambda", "SlicingOpLambda", "TensorFlowOpLayer")


class Function(NamedTuple):
    """The class of an operation in Keras 3, and how its arguments are called there."""

    name: str
    args: Mapping[str, str] = {}


_PAIR: Final = {"x": "x1", "y": "x2", "a": "x1", "b": "x2"}
_REDUCED: Final = {"input_tensor": "x"}
_FUNCTIONS: Final = {
    "__operators__.add": Function("Add", _PAIR),
    "__operators__.getitem": Function("GetItem", {"slice_spec": "key"}),
    "math.add": Function("Add", _PAIR),
    "math.subtract": Function("Subtract", _PAIR),
    "math.multiply": Function("Multiply", _PAIR),
    "math.divide": Function("Divide", _PAIR),
    "math.truediv": Function("TrueDivide", _PAIR),
    "math.maximum": Function("Maximum", _PAIR),
    "math.minimum": Function("Minimum", _PAIR),
    "math.pow": Function("Power", _PAIR),
    "linalg.matmul": Function("Matmul", _PAIR),
    "math.reduce_mean": Function("Mean", _REDUCED),
    "math.reduce_sum": Function("Sum", _REDUCED),
    "math.reduce_max": Function("Max", _REDUCED),
    "math.reduce_min": Function("Min", _REDUCED),
    "math.sigmoid": Function("Sigmoid"),
    "math.tanh": Function("Tanh"),
    "math.exp": Function("Exp"),
    "math.log": Function("Log"),
    "math.sqrt": Function("Sqrt"),
    "math.square": Function("Square"),
    "math.abs": Function("Absolute"),
    "math.negative": Function("Negative"),
    "nn.relu": Function("Relu", {"features": "x"}),
    "nn.sigmoid": Function("Sigmoid"),
    "nn.softmax": Function("Softmax", {"logits": "x"}),
    "nn.gelu": Function("Gelu", {"features": "x"}),
    "nn.silu": Function("Silu", {"features": "x"}),
    "cast": Function("Cast"),
    "reshape": Function("Reshape", {"tensor": "x", "shape": "newshape"}),
    "transpose": Function("Transpose", {"a": "x", "perm": "axes"}),
    "expand_dims": Function("ExpandDims", {"input": "x"}),
    "squeeze": Function("Squeeze", {"input": "x"}),
    "concat": Function("Concatenate", {"values": "xs"}),
    "stack": Function("Stack", {"values": "x"}),
    "tile": Function("Tile", {"input": "x", "multiples": "repeats"}),
    "clip_by_value": Function("Clip", {"t": "x", "clip_value_min": "x_min", "clip_value_max": "x_max"}),
}


def is_operation(entry: dict[str, Any]) -> bool:
    """Whether an entry is a function of TensorFlow that was called on a tensor."""
    return entry.get("class_name") in _CLASSES and types.of_keras(entry)


def operation(entry: dict[str, Any], call: Call) -> tuple[dict[str, Any], Call]:
    """The operation of Keras 3 that such an entry is, and its call; an unknown one keeps its path."""
    config = types.config(entry)
    path = config.get("function", config.get("name"))
    if not isinstance(path, str):
        wrong("function", "the name of a function", path)
    found = _FUNCTIONS.get(path)
    if found is None:
        return {"module": "tf", "class_name": path, "config": {}}, call
    kwargs = {name: item for name, item in call.kwargs.items() if item is not None and name != "name"}
    renamed = {found.args.get(name, name): item for name, item in kwargs.items()}
    if found.name == "GetItem":
        renamed["key"] = _slices(renamed.get("key"))
    return {"module": "keras.ops", "class_name": found.name, "config": {}}, Call(call.args, renamed)


def parted(call: Call, known: Mapping[str, Argument]) -> Call:
    """The call of a recurrent layer, whose states stood in one list with the sequence."""
    first = call.args[0] if call.args else None
    if list(known)[:2] != ["sequences", "initial_state"] or not isinstance(first, list) or len(call.args) > 1:
        return call
    if len(first) < 2 or not all(isinstance(part, Ref) for part in first) or "initial_state" in call.kwargs:
        return call
    return Call((first[0],), {**call.kwargs, "initial_state": first[1:]})


def _slices(item: Any) -> Any:
    """``{"start": 0, "stop": 2, "step": null}`` is a slice of Keras 3."""
    if isinstance(item, list):
        return [_slices(part) for part in item]
    if isinstance(item, dict) and set(item) == {"start", "stop", "step"}:
        return {"class_name": "__slice__", "config": item}
    return item
