"""How a model in a file was compiled, as the arguments of a compile node."""

import math
import struct
from typing import Any, Final

from flowcore.dataflow import fits
from flowcore.dataflow import model_types as types
from flowcore.dataflow.model_file import obj
from flowcore.dataflow.model_values import Values
from flowcore.model.problem import FlowError
from flowcore.model.value import Value

COMPILE: Final = "keras.Model.compile"
_SHORT: Final = {
    "acc": "accuracy",
    "bce": "binary_crossentropy",
    "kld": "kl_divergence",
    "mae": "mean_absolute_error",
    "mape": "mean_absolute_percentage_error",
    "mse": "mean_squared_error",
    "msle": "mean_squared_logarithmic_error",
}
_HINT: Final = "Set the loss and the optimizer on the Train page."


def compiled(entry: dict[str, Any], values: Values) -> tuple[dict[str, Value] | None, str]:
    """The arguments of compile, None where there are none that it takes; and then what is told of them."""
    config, descriptor = entry.get("compile_config"), values.catalog.find(COMPILE)
    if not config or descriptor is None:
        return None, ""
    try:
        given = {name: _plain(item, name) for name, item in obj(config, "compile_config").items()}
        given.pop("jit_compile", None)  # resolved for the machine that wrote the file
        args = values.arguments(given, COMPILE, descriptor)
    except FlowError as reason:
        return None, f"How the model was compiled is not kept. {reason.problems[0].message} {_HINT}"
    known = descriptor.arguments
    wrong = [f"{name} is no argument of compile" for name in args if name not in known]
    for name in args.keys() & known.keys():
        wrong += fits.flaws(args[name], known[name], values.catalog)
    if wrong:
        return None, f"How the model was compiled is not kept: {wrong[0]}. {_HINT}"
    return args, ""


def _plain(item: Any, name: str) -> Any:
    """An argument with words in full, without automatic names, and with the learning rate that was given."""
    if isinstance(item, str) and name in ("loss", "metrics", "weighted_metrics"):
        return _SHORT.get(item.lower(), item)
    if isinstance(item, list):
        return [_plain(part, name) for part in item]
    if not isinstance(item, dict) or not isinstance(item.get("config"), dict):
        return item
    config = dict(item["config"])
    if types.automatic(types.name(item), types.class_name(item)):
        config.pop("name", None)
    if isinstance(rate := config.get("learning_rate"), float):
        config["learning_rate"] = _shortest(rate)
    return {**item, "config": config}


def _shortest(number: float) -> float:
    """The shortest number with the same float32, which is what a file has of it: 0.01 of 0.0099999998."""
    if not math.isfinite(number) or abs(number) > 1e38:
        return number
    single = struct.pack("f", number)
    rounded = (float(f"{number:.{digits}g}") for digits in range(1, 9))
    exact = struct.unpack("f", single)[0] == number
    return next((one for one in rounded if struct.pack("f", one) == single), number) if exact else number
