"""The calls of a layer in a model file, as Keras 3 and Keras 2 write them, in one form."""

from collections.abc import Iterator, Mapping
from typing import Any, Final, NamedTuple

from flowcore.dataflow.model_file import few, items, obj, wrong

TENSOR: Final = "__keras_tensor__"
CONSTANT: Final = "_CONSTANT_VALUE"


class Ref(NamedTuple):
    """A tensor: an output of a call of a layer. rank: how many axes it has, 0 where nobody says."""

    layer: str
    call: int
    output: int
    rank: int = 0


class Call(NamedTuple):
    """A call with its arguments by place and by name; in them tensors are Refs."""

    args: tuple[Any, ...]
    kwargs: dict[str, Any]

    def refs(self) -> Iterator[Ref]:
        """Every tensor that comes in."""
        yield from refs((*self.args, *self.kwargs.values()))

    def moved(self, shifts: Mapping[str, int]) -> "Call":
        """The call with its tensors counted from 0 on."""
        return Call(move(self.args, shifts), move(self.kwargs, shifts))


def refs(item: Any) -> Iterator[Ref]:
    """The tensors in lists and objects, depth first."""
    if isinstance(item, Ref):
        yield item
    elif isinstance(item, (list, tuple)):
        for part in item:
            yield from refs(part)
    elif isinstance(item, dict):
        for part in item.values():
            yield from refs(part)


def move(item: Any, shifts: Mapping[str, int]) -> Any:
    """An argument whose tensors count the calls of each layer from 0 on. shifts: from where they did."""
    if isinstance(item, Ref):
        return item._replace(call=item.call - shifts.get(item.layer, 0))
    if isinstance(item, (list, tuple)):
        return type(item)(move(part, shifts) for part in item)
    return {name: move(part, shifts) for name, part in item.items()} if isinstance(item, dict) else item


def calls(entry: dict[str, Any], where: str, names: frozenset[str]) -> tuple[Call, ...]:
    """The calls of an entry of a model's layers. names: of the layers of the model."""
    found = items(entry.get("inbound_nodes", []), f"{where}.inbound_nodes")
    few(len(found))
    return tuple(_call(one, where, names) for one in found)


def ends(item: Any, where: str) -> list[Ref] | dict[str, Ref]:
    """The inputs or outputs of a model: one tensor, a list of them, or an object."""
    if isinstance(item, dict):
        return {name: _ends_alone(part, where) for name, part in item.items()}
    if _is_ref(item):
        return [_ref(item)]
    return [one for part in items(item, where) for one in _nested(part, where)]


def _nested(item: Any, where: str) -> Iterator[Ref]:
    if _is_ref(item):
        yield _ref(item)
    elif isinstance(item, list):
        for part in item:
            yield from _nested(part, where)
    elif isinstance(item, dict):
        for part in item.values():
            yield from _nested(part, where)
    else:
        wrong(where, "a layer's name, the number of its call and that of its output", item)


def _ends_alone(item: Any, where: str) -> Ref:
    found = list(_nested(item, where))
    return found[0] if len(found) == 1 else wrong(where, "one tensor under each name", item)


def _call(item: Any, where: str, names: frozenset[str]) -> Call:
    if isinstance(item, dict) and "args" in item:
        args = tuple(_tensors(part) for part in items(item["args"], f"{where}.args"))
        given = obj(item.get("kwargs", {}), f"{where}.kwargs")
        return Call(args, {name: _tensors(part) for name, part in given.items()})
    return _keras_2(item, where, names)


def _tensors(item: Any) -> Any:
    """An argument of Keras 3 with its tensors as Refs."""
    if isinstance(item, list):
        return [_tensors(part) for part in item]
    if not isinstance(item, dict):
        return item
    if item.get("class_name") == TENSOR:
        config = obj(item.get("config"), TENSOR)
        history = config.get("keras_history")
        if not isinstance(history, list) or not _is_ref(history):
            wrong("keras_history", "a layer's name, the number of its call and that of its output", history)
        shape = config.get("shape")
        return _ref(history)._replace(rank=len(shape) if isinstance(shape, list) else 0)
    return {name: _tensors(part) for name, part in item.items()}


def _keras_2(item: Any, where: str, names: frozenset[str]) -> Call:
    """``[["input_1", 0, 0, {"training": true}], …]``: the keywords stand beside the first tensor."""
    if isinstance(item, dict):
        first: dict[str, Any] | list[Any] = {name: _first(part, where) for name, part in item.items()}
        entries = list(item.values())
    elif _is_entry(item):
        first, entries = [_first(item, where)], [item]
    else:
        entries = items(item, where)
        few(len(entries))
        first = [_first(part, where) for part in entries]
    kwargs: dict[str, Any] = {}
    for one in entries:
        if isinstance(one, list) and len(one) > 3:
            kwargs |= obj(one[3], f"{where}.kwargs")
    given = {name: _named(part, names) for name, part in kwargs.items()}
    alone = first[0] if isinstance(first, list) and len(first) == 1 else first
    return Call((alone,), given)


def _first(item: Any, where: str) -> Any:
    if not _is_entry(item):
        wrong(where, "a layer's name, the number of its call and that of its output", item)
    return item[2] if item[0] == CONSTANT else _ref(item)


def _named(item: Any, names: frozenset[str]) -> Any:
    """A keyword of Keras 2: three items that begin with the name of a layer are a tensor."""
    if _is_ref(item) and item[0] in names:
        return _ref(item)
    if isinstance(item, list):
        return [_named(part, names) for part in item]
    return item


def _is_entry(item: Any) -> bool:
    return _is_ref(item) or (isinstance(item, list) and len(item) >= 3 and item[0] == CONSTANT)


def _is_ref(item: Any) -> bool:
    return (
        isinstance(item, list)
        and 3 <= len(item) <= 4
        and isinstance(item[0], str)
        and all(type(part) is int and 0 <= part < 2**31 for part in item[1:3])
    )


def _ref(item: list[Any]) -> Ref:
    return Ref(item[0], item[1], item[2])
