"""What Keras 2 wrote differently: arguments that no layer has any more, states beside the sequence."""

from collections.abc import Mapping
from typing import Any, Final

from flowcore.dataflow.model_calls import Call, Ref
from flowcore.model.descriptor import Argument
from flowcore.model.value import Value

_ANYWAY: Final = {"groups": (1,), "trainable": (True,), "softmax_robust_masking": (False,)}
"""Arguments that say nothing while they have one of these values."""
_GONE: Final = frozenset(
    [
        "batch_input_shape",
        "implementation",
        "input_dtype",
        "input_length",
        "is_legacy_optimizer",
        "jit_compile",
        "key_shape",
        "name",
        "query_shape",
        "rng_type",
        "value_shape",
        "vocabulary_size",
    ]
)


def gone(name: str, item: Any, known: Mapping[str, Argument]) -> bool:
    """Whether an argument that a layer does not have is one that says nothing of it."""
    if name.startswith("kernel_") and "depthwise_initializer" in known:
        return True  # separable and depthwise convolutions wrote those of the plain one, and used none
    # A null is what every class has for what it was not given.
    return item in (None, False) or name in _GONE or item in _ANYWAY.get(name, ())


def changed(args: Mapping[str, Value]) -> str:
    """What is told of arguments that mean something else in Keras 3, "" of others."""
    if "'hard_sigmoid'" not in repr({name: item for name, item in args.items() if name != "name"}):
        return ""
    return "Keras 3 computes hard_sigmoid otherwise than Keras 2 did: with a slope of 1/6 instead of 0.2."


def parted(call: Call, known: Mapping[str, Argument]) -> Call:
    """The call of a recurrent layer, whose states stood in one list with the sequence."""
    first = call.args[0] if call.args else None
    if list(known)[:2] != ["sequences", "initial_state"] or not isinstance(first, list) or len(call.args) > 1:
        return call
    if len(first) < 2 or not all(isinstance(part, Ref) for part in first) or "initial_state" in call.kwargs:
        return call
    return Call((first[0],), {**call.kwargs, "initial_state": first[1:]})
