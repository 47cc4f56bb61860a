"""The arguments of one call in a model file: tensors become links, everything else constants."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final, Protocol

from msgspec.structs import replace

from flowcore.dataflow.model_calls import Call, Ref, refs
from flowcore.dataflow.model_values import Values, key_of, named
from flowcore.model.descriptor import Argument
from flowcore.model.graph import Node
from flowcore.model.problem import FlowError, error
from flowcore.model.value import Value

TENSOR: Final = "keras.ops.convert_to_tensor"
ITEM: Final = "keras.ops.get_item"
_ARRAYS: Final = ("__numpy__", "__tensor__")


class Makes(Protocol):
    """What nodes and links are added to."""

    values: Values
    nodes: list[Node]

    def add(self, type_: str, args: dict[str, Value], name: str = "", note: str = "") -> str: ...

    def link(self, source: tuple[str, str], target: str, port: str) -> None: ...


def bound(
    network: Makes,
    id: str,
    call: Call,
    names: Sequence[str],
    known: Mapping[str, Argument],
    kind: str,
    place: Callable[[Ref], tuple[str, str]],
) -> None:
    """Adds the links and constants of a call to the node that was made last, or to an earlier one.

    names: of the arguments by place; of a class that nobody describes none, and inputs is the first.
    kind: "args" or "call", where constants go. Raises FlowError("unsupported-call").
    """
    index = int(id[1:]) - 1
    node = network.nodes[index]
    names = names or ["inputs", *(f"inputs_{count}" for count in range(2, len(call.args) + 1))]
    if len(call.args) > len(names):
        raise _unsupported(node, f"at most {len(names)} arguments by place", f"{len(call.args)}")
    constants: dict[str, Value] = {}
    for name, item in {**dict(zip(names, call.args, strict=False)), **call.kwargs}.items():
        argument = known.get(name)
        if (
            isinstance(item, list)
            and argument is not None
            and argument.passing == "variadic"
            and len(item) == 1
        ):
            item = item[0] if isinstance(item[0], list) else item
        if _has_tensors(item):
            for port, part in _ends(node, name, item):
                network.link(place(part) if isinstance(part, Ref) else _constant(network, part), id, port)
        elif node.type == ITEM and name == "key":
            constants[name] = key_of(item, next((ref.rank for ref in call.refs()), 0), network.values)
        elif item is not None:
            value = network.values.value(item, argument)
            if argument is None or not network.values.usual(value, argument):
                constants[named(name)] = value
    network.nodes[index] = replace(node, **{kind: {**getattr(node, kind), **constants}})


def _has_tensors(item: Any) -> bool:
    return next(refs(item), None) is not None or _is_array(item)


def _ends(node: Node, name: str, item: Any) -> list[tuple[str, Any]]:
    """Ports with what comes to each: a tensor, or a constant among tensors."""
    if isinstance(item, Ref) or _is_array(item):
        return [(name, item)]
    if isinstance(item, dict):
        found = [(f"{name}.{key}", part) for key, part in item.items()]
    else:
        found = [(name, part) for part in item]
    for _, part in found:
        number = isinstance(part, (int, float)) and not isinstance(part, bool)
        if not isinstance(part, Ref) and not _is_array(part) and not number:
            told = "None" if part is None else type(part).__name__
            raise _unsupported(node, f"tensors alone for {name}", f"{told} among them")
    return found


def _constant(network: Makes, item: Any) -> tuple[str, str]:
    """A node that makes a tensor of numbers."""
    config = item["config"] if isinstance(item, dict) else {}
    args: dict[str, Value] = {"x": network.values.value(item)}
    if isinstance(dtype := config.get("dtype"), str):
        args["dtype"] = dtype
    return network.add(TENSOR, args), ""


def _is_array(item: Any) -> bool:
    return (
        isinstance(item, dict) and item.get("class_name") in _ARRAYS and isinstance(item.get("config"), dict)
    )


def _unsupported(node: Node, expected: str, found: str) -> FlowError:
    return error(
        "unsupported-call",
        f"{node.title}: expected {expected}; found {found}.",
        "Change how the model calls it, and write the file anew.",
    )
