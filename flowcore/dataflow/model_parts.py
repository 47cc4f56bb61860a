"""The layers of a model in a model file: how they are called, and in which order they can be."""

from typing import Any, NamedTuple

from flowcore.dataflow import model_types as types
from flowcore.dataflow.model_calls import Call, Ref, calls, ends, move, refs
from flowcore.dataflow.model_file import few, items, obj, text, wrong
from flowcore.dataflow.order import drained
from flowcore.model.problem import error

Place = tuple[str, int]


class Part(NamedTuple):
    """A layer with its calls. An input has one, without arguments."""

    name: str
    entry: dict[str, Any]
    calls: tuple[Call, ...]


class Model(NamedTuple):
    """Its layers by name, the order of their calls, and the tensors that go in and come out."""

    parts: dict[str, Part]
    order: tuple[Place, ...]
    inputs: list[Ref] | dict[str, Ref]
    outputs: list[Ref] | dict[str, Ref]


def read(entry: dict[str, Any], where: str) -> Model | None:
    """The model that an entry is; None for a Sequential that does not know its input.

    Raises FlowError: "bad-model", "missing-layer", "cycle".
    """
    config = entry.get("config")
    config = {"layers": config} if isinstance(config, list) else obj(config, f"config of {where}")
    layers = [obj(one, f"{where}.layers") for one in items(config.get("layers"), f"{where}.layers")]
    few(len(layers))
    if "input_layers" not in config:
        return _sequential(layers, config, where)
    names = frozenset(one["name"] for one in layers if isinstance(one.get("name"), str))
    parts = [
        Part(
            name := text(one.get("name"), f"{where}.layers.name"), one, _calls(one, f"{where}.{name}", names)
        )
        for one in layers
    ]
    inputs, outputs = (ends(config.get(key), f"{where}.{key}") for key in ("input_layers", "output_layers"))
    return _model(parts, inputs, outputs, where)


def several(ends_: list[Ref] | dict[str, Ref]) -> list[Ref]:
    """Inputs or outputs as a list, in their order."""
    return list(ends_.values()) if isinstance(ends_, dict) else ends_


def _sequential(layers: list[dict[str, Any]], config: dict[str, Any], where: str) -> Model | None:
    if not layers:
        return wrong(f"{where}.layers", "at least one layer", layers)
    if layers[0].get("class_name") != types.INPUT:
        first = _entrance(layers[0])
        shape = first.get("batch_input_shape", first.get("batch_shape", config.get("build_input_shape")))
        if shape is None:
            return None
        given = {
            "batch_shape": shape,
            "dtype": first.get("dtype") if isinstance(first.get("dtype"), str) else None,
        }
        layers = [{"class_name": types.INPUT, "config": given}, *layers]
    parts = [Part("0", layers[0], (Call((), {}),))]
    for index, one in enumerate(layers[1:], 1):
        parts.append(Part(str(index), one, (Call((Ref(str(index - 1), 0, 0),), {}),)))
    return _model(parts, [Ref("0", 0, 0)], [Ref(str(len(parts) - 1), 0, 0)], where)


def _entrance(entry: dict[str, Any]) -> dict[str, Any]:
    """The configuration that tells the shape of what comes in: of a model that of its own first layer."""
    config = entry.get("config")
    while types.is_model(entry):
        layers = config if isinstance(config, list) else obj(config, "config").get("layers")
        entry = obj(next(iter(items(layers, "layers")), {}), "layers")
        config = entry.get("config")
    return obj(config if config is not None else {}, "config")


def _calls(entry: dict[str, Any], where: str, names: frozenset[str]) -> tuple[Call, ...]:
    found = () if entry.get("class_name") == types.INPUT else calls(entry, where, names)
    return found or (Call((), {}),)


def _model(
    parts: list[Part], inputs: list[Ref] | dict[str, Ref], outputs: list[Ref] | dict[str, Ref], where: str
) -> Model:
    known: dict[str, Part] = {}
    for part in parts:
        if part.name in known:
            raise error(
                "bad-model",
                f"{where}: expected each layer once; found {part.name} twice.",
                "Name its layers differently.",
            )
        known[part.name] = part
    few(sum(len(part.calls) for part in parts))
    if not several(inputs) or not several(outputs):
        wrong(where, "a model with inputs and outputs", {"inputs": len(inputs), "outputs": len(outputs)})
    inside, outside = _shifts(parts, several(outputs))
    moved = [part._replace(calls=tuple(call.moved(inside) for call in part.calls)) for part in parts]
    known = {part.name: part for part in moved}
    ends_ = [move(inputs, {}), move(outputs, outside)]
    for ref in [*refs([call for part in moved for call in part.calls]), *refs(ends_)]:
        found = known.get(ref.layer)
        if found is None or not 0 <= ref.call < len(found.calls):
            told = f"call {ref.call} of {ref.layer[:120]}" if found else f"the layer {ref.layer[:120]}"
            raise error(
                "missing-layer",
                f"{where}: expected {told} among its layers; found none.",
                "Write the file anew with Keras.",
            )
    return Model(known, _ordered(moved, where), *ends_)


def _shifts(parts: list[Part], outputs: list[Ref]) -> tuple[dict[str, int], dict[str, int]]:
    """Where the calls of models inside are counted from: in calls of other layers, and at the outputs.

    Keras 2 counts them from 1 on. Keras 3 does so at the outputs alone, and not for Sequential. Since every
    call is used somewhere, what leaves none out is what was meant.
    """
    inside: dict[str, int] = {}
    outside: dict[str, int] = {}
    calls_: dict[str, set[int]] = {}
    ends_: dict[str, set[int]] = {}
    for found, tensors in (
        (calls_, refs([call for part in parts for call in part.calls])),
        (ends_, iter(outputs)),
    ):
        for ref in tensors:
            found.setdefault(ref.layer, set()).add(ref.call)
    for part in parts:
        if not types.is_model(part.entry):
            continue
        every = set(range(len(part.calls)))
        for one, other in ((0, 1), (1, 1), (0, 0)):
            used = {call - one for call in calls_.get(part.name, ())}
            if used | {call - other for call in ends_.get(part.name, ())} == every:
                inside[part.name], outside[part.name] = one, other
                break
    return inside, outside


def _ordered(parts: list[Part], where: str) -> tuple[Place, ...]:
    """Calls after all that they depend on, in the order of the layers. Raises FlowError("cycle")."""
    places = [(part.name, index) for part in parts for index in range(len(part.calls))]
    number = {place: index for index, place in enumerate(places)}
    after: list[list[int]] = [[] for _ in places]
    missing = [0] * len(places)
    for part in parts:
        for index, call in enumerate(part.calls):
            before = {(ref.layer, ref.call) for ref in call.refs()}
            for place in {*before, *([(part.name, 0)] if index else [])}:
                after[number[place]].append(number[part.name, index])
                missing[number[part.name, index]] += 1
    ready = [index for index, count in enumerate(missing) if not count]
    found = [places[index] for index in drained(ready, after, missing)]
    if len(found) < len(places):
        stuck = [place[0] for index, place in enumerate(places) if missing[index]]
        raise error(
            "cycle",
            f"{where}: expected layers that can be called one after the other; found a cycle among "
            f"{', '.join(list(dict.fromkeys(stuck))[:5])}.",
            "Write the file anew with Keras.",
        )
    return tuple(found)
