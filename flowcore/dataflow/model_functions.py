"""Functions of TensorFlow that Keras 2 has written as layers, as operations of Keras 3."""

from collections.abc import Iterator, Mapping
from itertools import accumulate
from typing import Any, Final, NamedTuple

from flowcore.dataflow import model_types as types
from flowcore.dataflow.model_calls import Call, Ref
from flowcore.dataflow.model_file import wrong

_CLASSES: Final = ("TFOpLambda", "SlicingOpLambda", "TensorFlowOpLayer")
_PLAIN: Final[Mapping[str, str]] = {}
_PAIR: Final = {"x": "x1", "y": "x2", "a": "x1", "b": "x2"}
_REDUCED: Final = {"input_tensor": "x", "input": "x"}
_ACTIVATED: Final = {"features": "x", "logits": "x", "alpha": "negative_slope"}
_UNARY: Final = (
    "abs acos asin atan ceil cos cumsum erf exp expm1 floor is_nan log log1p logical_not negative rsqrt "
    "round sigmoid sign sin softplus sqrt square tan tanh"
)
_BINARY: Final = (
    "add atan2 divide equal floordiv greater greater_equal less less_equal logical_and logical_or maximum "
    "minimum mod multiply not_equal pow squared_difference subtract truediv"
)
_ACTIVATIONS: Final = "elu gelu leaky_relu log_softmax relu relu6 selu sigmoid silu softmax softplus softsign"
_RENAMED: Final = {
    "abs": "absolute",
    "acos": "arccos",
    "asin": "arcsin",
    "atan": "arctan",
    "atan2": "arctan2",
    "floordiv": "floor_divide",
    "is_nan": "isnan",
    "pow": "power",
    "truediv": "true_divide",
}


class Function(NamedTuple):
    """The operation of Keras 3, and how its arguments are called there."""

    name: str
    args: Mapping[str, str] = _PLAIN


_FUNCTIONS: Final[dict[str, Function]] = {
    **{f"math.{name}": Function(_RENAMED.get(name, name)) for name in _UNARY.split()},
    **{f"math.{name}": Function(_RENAMED.get(name, name), _PAIR) for name in _BINARY.split()},
    **{f"nn.{name}": Function(name, _ACTIVATED) for name in _ACTIVATIONS.split()},
    **{
        f"math.reduce_{name}": Function(of, _REDUCED)
        for name, of in {
            **{name: name for name in ("all", "any", "max", "mean", "min", "prod", "std", "sum")},
            "variance": "var",
        }.items()
    },
    **{f"math.arg{name}": Function(f"arg{name}", _REDUCED) for name in ("max", "min")},
    "__operators__.add": Function("add", _PAIR),
    "broadcast_to": Function("broadcast_to", {"input": "x"}),
    "cast": Function("cast"),
    "clip_by_value": Function("clip", {"t": "x", "clip_value_min": "x_min", "clip_value_max": "x_max"}),
    "concat": Function("concatenate", {"values": "xs"}),
    "expand_dims": Function("expand_dims", {"input": "x"}),
    "gather": Function("take", {"params": "x"}),
    "image.resize": Function("image.resize", {"method": "interpolation"}),
    "linalg.matmul": Function("matmul", _PAIR),
    "math.l2_normalize": Function("normalize"),
    "one_hot": Function("one_hot", {"indices": "x", "depth": "num_classes"}),
    "ones_like": Function("ones_like", _REDUCED),
    "pad": Function("pad", {"tensor": "x", "paddings": "pad_width"}),
    "repeat": Function("repeat", {"input": "x"}),
    "reshape": Function("reshape", {"tensor": "x", "shape": "newshape"}),
    "reverse": Function("flip", {"tensor": "x"}),
    "split": Function("split", {"value": "x", "num_or_size_splits": "indices_or_sections"}),
    "squeeze": Function("squeeze", {"input": "x"}),
    "stack": Function("stack", {"values": "x"}),
    "tile": Function("tile", {"input": "x", "multiples": "repeats"}),
    "transpose": Function("transpose", {"a": "x", "perm": "axes"}),
    "unstack": Function("unstack", {"value": "x"}),
    "where": Function("where", {"x": "x1", "y": "x2"}),
    "zeros_like": Function("zeros_like", _REDUCED),
}
_USUAL: Final = {
    "conjugate": False,
    "validate_indices": None,
    "batch_dims": 0,
    "preserve_aspect_ratio": False,
}
_TURNED: Final = {"transpose_a": "x1", "transpose_b": "x2"}


_SEVERAL: Final = {
    "__operators__.getitem": ("get_item", "expand_dims", "moveaxis", "moveaxis"),
    "linalg.matmul": ("swapaxes", "swapaxes", "matmul"),
}


class Step(NamedTuple):
    """An operation of Keras 3. name: that of the layer, or of a step on the way to it."""

    name: str
    entry: dict[str, Any]
    call: Call


def is_function(entry: dict[str, Any]) -> bool:
    """Whether an entry is a function of TensorFlow that was called on a tensor."""
    return entry.get("class_name") in _CLASSES and types.of_keras(entry)


def is_layer(entry: dict[str, Any]) -> bool:
    """Whether an entry is neither a function nor an operation of Keras."""
    return not is_function(entry) and not types.is_operation(entry)


def steps(name: str, index: int, entry: dict[str, Any], call: Call) -> list[Step]:
    """The operations of Keras 3 that such an entry does in one; an unknown one keeps its path.

    index: of the call among those of its layer.
    """
    config = types.config(entry)
    path = config.get("function", config.get("name"))
    if not isinstance(path, str):
        wrong("function", "the name of a function", path)
    path = path.removeprefix("compat.v1.")
    if path == "__operators__.getitem":
        return list(_sliced(name, index, call))
    if path not in _FUNCTIONS:
        return [Step(name, {"module": "tf", "class_name": path, "config": {}}, call)]
    found = _FUNCTIONS[path]
    given = {key: item for key, item in call.kwargs.items() if item is not None and key != "name"}
    kwargs = {found.args.get(key, key): item for key, item in given.items() if item != _USUAL.get(key, wrong)}
    if path == "linalg.matmul":
        return list(_turned(name, index, call.args, kwargs))
    if found.name == "split" and isinstance(kwargs.get("indices_or_sections"), list):
        kwargs["indices_or_sections"] = list(accumulate(kwargs["indices_or_sections"][:-1]))
    if found.name == "pad":
        kwargs["mode"] = str(kwargs.get("mode", "constant")).lower()
        if kwargs["mode"] != "constant":
            kwargs.pop("constant_values", None)
    return [Step(name, _operation(found.name), Call(call.args, kwargs))]


def possible(entry: dict[str, Any]) -> tuple[str, ...]:
    """The names of the operations that such an entry may become."""
    path = str(types.config(entry).get("function", "")).removeprefix("compat.v1.")
    found = _FUNCTIONS.get(path)
    return _SEVERAL.get(path, (found.name.rpartition(".")[2],) if found else ())


def _operation(name: str) -> dict[str, Any]:
    module, _, short = name.rpartition(".")
    class_ = short.title().replace("_", "")
    return {"module": f"keras.ops.{module}".rstrip("."), "class_name": class_, "config": {}}


def _turned(name: str, index: int, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Iterator[Step]:
    """A product of matrices of which one may be turned: Keras 3 turns it by itself."""
    parts = {**dict(zip(("x1", "x2"), args, strict=False)), **kwargs}
    for flag, operand in _TURNED.items():
        if parts.pop(flag, False) and operand in parts:
            swapped = Call((parts[operand],), {"axis1": -1, "axis2": -2})
            yield Step(f"{name}.{operand}", _operation("swapaxes"), swapped)
            parts[operand] = Ref(f"{name}.{operand}", index, 0)
    kept = {key: item for key, item in parts.items() if item is not False}
    yield Step(name, _operation("matmul"), Call((), kept))


def _sliced(name: str, index: int, call: Call) -> Iterator[Step]:
    """``x[a, ..., b]``: nobody says how many axes there are, so those at the end are moved to the front."""
    spec = call.kwargs.get("slice_spec")
    key = [_slice(part) for part in spec] if isinstance(spec, list) else [_slice(spec)]
    open_ = [place for place, part in enumerate(key) if _form(part) == "__ellipsis__"]
    before, after = (key[: open_[0]], key[open_[0] + 1 :]) if len(open_) == 1 else (key, [])
    if after and any(part is None for part in after) and after != [None]:
        wrong("x[…]", "an ellipsis without a new axis after it, or one alone", spec)
    x: Any = call.args[0] if call.args else call.kwargs.get("tensor")
    made: list[Step] = []

    def then(operation: str, **kwargs: Any) -> None:
        nonlocal x
        here = f"{name}.{len(made)}"
        made.append(Step(here, _operation(operation), Call((x,), kwargs)))
        x = Ref(here, index, 0)

    if before or not after:
        then("get_item", key=before if isinstance(spec, list) or open_ else before[0])
    if after == [None]:
        then("expand_dims", axis=-1)
    elif after:
        ends, front = list(range(-len(after), 0)), list(range(len(after)))
        kept = [_form(part) == "__slice__" for part in after]
        if any(part != _slice(dict.fromkeys(("start", "stop", "step"))) for part in after):
            then("moveaxis", source=ends, destination=front)
            then("get_item", key=after)
            if any(kept):
                then("moveaxis", source=front[: sum(kept)], destination=ends[len(after) - sum(kept) :])
        elif not made:
            then("get_item", key=[])
    yield from made[:-1]
    yield made[-1]._replace(name=name)


def _slice(item: Any) -> Any:
    """``{"start": 0, "stop": 2, "step": null}`` is a slice of Keras 3."""
    if isinstance(item, dict) and set(item) == {"start", "stop", "step"}:
        return {"class_name": "__slice__", "config": item}
    return item


def _form(item: Any) -> Any:
    return item.get("class_name") if isinstance(item, dict) else None
