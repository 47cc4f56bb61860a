"""Keras models as plain descriptions that can be compared, and graphs as Keras models."""

import json
from typing import Any

import keras
import numpy as np

from flowcore.dataflow.order import ordered
from flowcore.model.descriptor import Catalog
from flowcore.model.graph import Graph
from flowcore.worker.evaluate import Outputs, evaluate

SILENT = ("build_config", "compile_config", "registered_name", "shared_object_id", "build_input_shape")


def build(graph: Graph, catalog: Catalog) -> Any:
    """The model that the last keras.Model or keras.Sequential of a graph makes, in this process."""
    values: dict[str, Outputs] = {}
    model = None
    for node in ordered(graph).nodes:
        values[node.id] = evaluate(
            graph, node, catalog, values, lambda made, name, args: getattr(made, name)(**args)
        )
        model = values[node.id].whole if node.type in ("keras.Model", "keras.Sequential") else model
    return model


def described(model: Any) -> dict[str, Any]:
    """Layers with their arguments and calls, from what Keras itself writes: names of operations left out."""
    return _model(json.loads(model.to_json()))


def differences(one: dict[str, Any], other: dict[str, Any]) -> list[str]:
    """What differs between two descriptions, by layer."""
    left, right = ({layer["name"]: layer for layer in part["layers"]} for part in (one, other))
    found = [f"{name} is in one alone" for name in left.keys() ^ right.keys()]
    found += [
        f"{name}.{key}: {left[name].get(key)} and {right[name].get(key)}"
        for name in left.keys() & right.keys()
        for key in left[name]
        if left[name][key] != right[name].get(key)
    ]
    if list(left) != list(right) and not found:
        found.append("the order of the layers")
    return found + [
        f"{key}: {one[key]} and {other[key]}" for key in ("inputs", "outputs") if one[key] != other[key]
    ]


def fill(model: Any, gain: float = 2.0) -> None:
    """Gives every weight random numbers that depend on its place and shape alone.

    gain: the variance of a kernel times the number of its inputs.
    """
    values = []
    for index, (variable, old) in enumerate(zip(model.weights, model.get_weights(), strict=True)):
        random = np.random.default_rng(index)
        numbers = random.standard_normal(old.shape, np.float32) if old.shape else np.float32(1)
        if not np.issubdtype(old.dtype, np.floating):
            values.append(old)
        elif variable.name.endswith("variance"):
            values.append(1 + 0.1 * np.abs(numbers))
        elif old.ndim < 2:
            values.append((variable.name == "gamma") + 0.1 * numbers)
        else:
            depthwise = "depthwise" in variable.path and old.ndim == 4 and old.shape[0] > 1
            fan = np.prod(old.shape[:2] if depthwise else old.shape[:-1])
            values.append(numbers * np.float32(np.sqrt(gain / fan)))
    model.set_weights(
        [np.asarray(one, old.dtype) for one, old in zip(values, model.get_weights(), strict=True)]
    )


def outputs(model: Any, seed: int) -> np.ndarray:
    """What a model with one input gives for one image of random squares, 0 to 255, open axes 224 long."""
    height, width, channels = (size or 224 for size in model.inputs[0].shape[1:])
    random = np.random.default_rng(seed)
    squares = np.kron(random.uniform(0, 255, (8, 8, channels)), np.ones((-(-height // 8), -(-width // 8), 1)))
    images = squares[None, :height, :width].astype("float32")
    return np.asarray(keras.ops.convert_to_numpy(model(images, training=False)))


def _model(entry: dict[str, Any]) -> dict[str, Any]:
    config = entry["config"]
    layers = config["layers"]
    if "input_layers" not in config:
        names = [layer["config"]["name"] for layer in layers]
        made = [
            {**layer, "name": name, "inbound_nodes": [[[before, 0, 0]]] if before else []}
            for layer, name, before in zip(layers, names, ["", *names], strict=False)
        ]
        return _functional(made, [[names[0], 0, 0]], [[names[-1], 0, 0]], config)
    return _functional(layers, config["input_layers"], config["output_layers"], config)


def _functional(layers: list[Any], inputs: Any, outputs: Any, config: dict[str, Any]) -> dict[str, Any]:
    names: dict[str, str] = {}
    for layer in layers:
        operation = "keras.src.ops" in layer.get("module", "")
        names[layer["name"]] = f"operation {len(names)}" if operation else layer["name"]
    # Of a Functional model inside of another Keras counts the calls from 1 on, at the outputs alone.
    counted = {layer["name"]: layer["class_name"] == "Functional" for layer in layers}

    def plain(item: Any) -> Any:
        if isinstance(item, dict) and item.get("class_name") == "__keras_tensor__":
            item = item["config"]["keras_history"]
        if _is_ref(item):
            return (names[item[0]], item[1], item[2])
        if isinstance(item, list):
            return [plain(part) for part in item]
        if isinstance(item, dict):
            return {key: plain(part) for key, part in item.items() if part is not None}
        return item

    found = []
    for layer in layers:
        nested = "layers" in layer["config"] and layer["class_name"] in ("Functional", "Sequential")
        arguments = _model(layer) if nested else _bare(layer["config"])
        calls = [
            one if isinstance(one, dict) else {"args": one, "kwargs": {}} for one in layer["inbound_nodes"]
        ]
        found.append(
            {
                "name": names[layer["name"]],
                "class": "model" if nested else layer["class_name"],
                "config": {
                    key: one
                    for key, one in arguments.items()
                    if key != "name" or " " not in names[layer["name"]]
                },
                "calls": [plain({"args": one["args"], "kwargs": one["kwargs"]}) for one in calls],
            }
        )
    ends = {"inputs": _flat(plain(inputs)), "outputs": _flat(plain(outputs))}
    ends["outputs"] = [
        (name, index - counted.get(name, False), place) for name, index, place in ends["outputs"]
    ]
    return {"layers": found, "name": config.get("name"), **ends}


def _bare(item: Any) -> Any:
    if isinstance(item, dict):
        return {key: _bare(part) for key, part in item.items() if key not in SILENT}
    return [_bare(part) for part in item] if isinstance(item, list) else item


def _is_ref(item: Any) -> bool:
    return isinstance(item, list) and len(item) == 3 and isinstance(item[0], str) and isinstance(item[1], int)


def _flat(item: Any) -> list[Any]:
    if isinstance(item, tuple):
        return [item]
    parts = item.values() if isinstance(item, dict) else item
    return [one for part in parts for one in _flat(part)]
