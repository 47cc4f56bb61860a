"""What Keras takes is no error: layers in each of their ways, and every name and object of a family."""

import os
from pathlib import Path
from typing import Any

import pytest

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import keras
import numpy as np

from flowcore.dataflow.check import check
from flowcore.dataflow.read_model import read_model
from flowcore.store import descriptors
from tests import models

CATALOG = descriptors.load()
# Of these none is made: they need another package, a file, or other layers around them; or they run code.
NOT_MADE = {
    "Equalization",  # Keras: "part of a cycle"
    *("FlaxLayer", "JaxLayer", "TorchModuleWrapper", "TFSMLayer", "Pipeline", "Lambda"),
    *("LSTMCell", "GRUCell", "SimpleRNNCell", "StackedRNNCells"),
}
INPUTS: dict[str, tuple[list[tuple[int | None, ...]], str | None]] = {
    "line": ([(8,)], None), "row": ([(8, 4)], None), "image": ([(8, 8, 3)], None),
    "square": ([(8, 8, 4)], None), "volume": ([(8, 8, 8, 2)], None), "images1": ([(3, 8, 2)], None),
    "images2": ([(3, 8, 8, 2)], None), "images3": ([(3, 8, 8, 8, 2)], None), "sound": ([(160,)], None),
    "wave": ([(600, 1)], None), "rows": ([(8, 4)] * 2, None), "three": ([(8,)] * 3, None),
    "number": ([(1,)], "int32"), "numbers": ([(4,)], "int32"), "crossed": ([(1,)] * 2, "int32"),
    "text": ([()], "string"), "texts": ([(1,)], "string"), "two": ([(8, 4)] * 2, None),
}  # fmt: skip
# Every argument of a family is given in each of these ways, all of them at once.
FAMILIES: dict[str, tuple[Any, ...]] = {
    "activation": (lambda: keras.layers.LeakyReLU(0.1), lambda: keras.activations.relu, lambda: "swish"),
    "initializer": (
        lambda: keras.initializers.RandomNormal(stddev=0.1, seed=1),
        lambda: "HeNormal",
        lambda: keras.initializers.Ones,
    ),
    "regularizer": (lambda: keras.regularizers.L1L2(0.1, 0.2), lambda: "L1", lambda: "l1l2"),
    "constraint": (
        lambda: keras.constraints.MinMaxNorm(0, 2, axis=[0, 1]),
        lambda: "NonNeg",
        lambda: "max_norm",
    ),
}


def _lines() -> list[tuple[str, str, list[str]]]:
    text = (Path(__file__).parent / "layers.txt").read_text()
    rows = [line.split("|") for line in text.splitlines() if not line.startswith("#")]
    return [(row[0].strip(), row[1].strip(), [one.strip() for one in row[2:]]) for row in rows]


def _made(name: str, way: str, more: dict[str, Any]) -> Any:
    names = {**vars(keras.layers), "keras": keras, "np": np, "more": more}
    return eval(f"{name}({f'{way}, ' if way else ''}**more)", names)


def _model(layer: Any, kind: str) -> Any:
    shapes, dtype = INPUTS[kind]
    given = [keras.Input(shape, dtype=dtype) for shape in shapes]
    found = layer(*given) if kind == "two" or len(given) == 1 else layer(given)
    return keras.Model(given, found)


def _objects(name: str, way: str) -> list[dict[str, Any]]:
    """Nothing more than the way itself, and then each way of saying what a family has."""
    args = [one for one in CATALOG.by_type[f"keras.layers.{name}"].args if one.itype in FAMILIES]
    given = [one for one in args if f"{one.arg}=" not in way]
    return [{one.arg: FAMILIES[one.itype][index]() for one in given} for index in range(3)]


def comes_back(model: Any) -> None:
    """A model's graph has no problems, and makes the same model."""
    graph = read_model(model.to_json().encode(), CATALOG)
    assert check(graph, CATALOG) == ()
    again = models.build(graph, CATALOG)
    assert models.differences(models.described(model), models.described(again)) == []


@pytest.mark.parametrize(
    ("name", "kind", "way"), [(name, kind, way) for name, kind, ways in _lines() for way in ways]
)
def test_a_layer_is_right_in_every_way_that_keras_takes(name: str, kind: str, way: str) -> None:
    keras.utils.clear_session()
    comes_back(_model(_made(name, way, {}), kind))


FIRST = {name: (kind, ways[0]) for name, kind, ways in reversed(_lines())}


@pytest.mark.parametrize(
    "name", [name for name, (_, way) in FIRST.items() if len(_objects(name, way)[0]) > 1]
)
def test_a_layer_takes_objects_of_a_family_in_every_form(name: str) -> None:
    kind, way = FIRST[name]
    for objects in _objects(name, way):
        keras.utils.clear_session()
        comes_back(_model(_made(name, way, objects), kind))


def test_every_layer_of_the_catalogue_has_a_case() -> None:
    known = {
        node.name for node in CATALOG.nodes if node.package.startswith("keras.layers.") and node.is_layer
    }
    assert known - set(FIRST) == NOT_MADE
