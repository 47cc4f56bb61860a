"""What Keras takes is no error: layers in each of their ways, and every name and object of a family."""

import contextlib
import importlib
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import keras
import numpy as np

from flowcore.dataflow import fits
from flowcore.dataflow.check import check
from flowcore.dataflow.read_model import read_model
from flowcore.dataflow.read_script import read_script
from flowcore.model.graph import Graph, Node
from flowcore.runs.checker import Checker
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


@pytest.fixture(scope="module")
def checker() -> Iterator[Checker]:
    """On TensorFlow: JAX has no normalization that is synchronized."""
    found = Checker("tensorflow")
    yield found
    found.close()


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


def comes_back(model: Any, checker: Checker) -> None:
    """A model's graph has no problems, and makes the same model."""
    graph = read_model(model.to_json().encode(), CATALOG)
    assert check(graph, CATALOG) == ()
    problems = checker.report(graph, CATALOG).problems
    assert {problem.code for problem in problems} <= {"unknown-shape"}  # of a vocabulary that is an axis
    again = models.build(graph, CATALOG)
    assert models.differences(models.described(model), models.described(again)) == []


@pytest.mark.parametrize(
    ("name", "kind", "way"), [(name, kind, way) for name, kind, ways in _lines() for way in ways]
)
def test_a_layer_is_right_in_every_way_that_keras_takes(
    name: str, kind: str, way: str, checker: Checker
) -> None:
    comes_back(_model(_made(name, way, {}), kind), checker)


FIRST = {name: (kind, ways[0]) for name, kind, ways in reversed(_lines())}


@pytest.mark.parametrize(
    "name", [name for name, (_, way) in FIRST.items() if len(_objects(name, way)[0]) > 1]
)
def test_a_layer_takes_objects_of_a_family_in_every_form(name: str, checker: Checker) -> None:
    kind, way = FIRST[name]
    for objects in _objects(name, way):
        comes_back(_model(_made(name, way, objects), kind), checker)


def test_every_layer_of_the_catalogue_has_a_case() -> None:
    known = {
        node.name for node in CATALOG.nodes if node.package.startswith("keras.layers.") and node.is_layer
    }
    assert known - set(FIRST) == NOT_MADE


HOLDERS = {
    "activation": ("keras.layers.Dense", "activation", "units=1"),
    "initializer": ("keras.layers.Dense", "kernel_initializer", "units=1"),
    "regularizer": ("keras.layers.Dense", "kernel_regularizer", "units=1"),
    "constraint": ("keras.layers.Dense", "kernel_constraint", "units=1"),
    "loss": ("keras.Model.compile", "loss", ""),
    "metric": ("keras.Model.compile", "metrics", ""),
    "optimizer": ("keras.Model.compile", "optimizer", ""),
}


PLURALS = {"loss": "losses"}


def flaws_of(family: str, value: Any) -> list[str]:
    """What is wrong with a value where a member of a family is expected."""
    type_, name, _ = HOLDERS[family]
    return list(fits.flaws(value, CATALOG.by_type[type_].arguments[name], CATALOG))


def accepted(family: str) -> list[str]:
    """The names that Keras takes, of all that it could take; not that of the class they extend."""
    module = getattr(keras, PLURALS.get(family, f"{family}s"))
    registry = importlib.import_module(f"keras.src.{PLURALS.get(family, family + 's')}").ALL_OBJECTS_DICT
    classes = {one.__name__ for one in registry.values()}
    found = []
    for name in {*registry, *classes, *dir(module)}:
        with contextlib.suppress(Exception):
            if module.get(name) is not None and name.lower() != family:
                found.append(name)
    return sorted(found)


@pytest.mark.parametrize("family", HOLDERS)
def test_every_name_that_keras_takes_is_right(family: str) -> None:
    known = accepted(family)
    assert len(known) >= 4
    wrapped = [[name] if family == "metric" else name for name in known]
    assert [flaw for one in wrapped for flaw in flaws_of(family, one)] == []


@pytest.mark.parametrize("family", HOLDERS)
def test_a_form_offers_each_member_of_a_family_once(family: str) -> None:
    type_, name, _ = HOLDERS[family]
    offered = CATALOG.by_type[type_].arguments[name].choices
    members = [
        getattr(keras, PLURALS.get(family, f"{family}s")).get(one) for one in offered if one != "accuracy"
    ]
    assert len({getattr(one, "__name__", type(one).__name__) for one in members}) == len(members)
    assert set(offered) <= set(CATALOG.names[family])


@pytest.mark.parametrize("family", HOLDERS)
def test_every_class_and_function_of_a_family_is_right_as_an_object(family: str) -> None:
    nodes = [
        one
        for one in CATALOG.nodes
        if one.otype == family and one.package.startswith("keras.") and one.name not in ("get", "deserialize")
    ]
    assert len(nodes) >= 3
    given: list[Any] = []
    for node in nodes:
        if node.kind == "function":
            given.append({"$ref": node.package})
        else:
            needed = {one.arg: VALUES[one.itype] for one in node.args if one.required}
            given.append({"$new": node.package, "args": needed})
    wrapped = [[one] if family == "metric" else one for one in given]
    assert [flaw for one in wrapped for flaw in flaws_of(family, one)] == []


VALUES: dict[str, Any] = {
    "int": 2, "float": 0.5, "ints": 1, "string": "own", "list": [0], "tuple": {"$tuple": [0]},
    "callable": {"$ref": "keras.losses.mean_squared_error"}, "optimizer": "adam",
    "OptimizerMap": {"$new": "keras.optimizers.OptimizerMap", "args": {"default_optimizer": "adam"}},
}  # fmt: skip

MSE = {"$new": "keras.losses.MeanSquaredError", "args": {}}
COMPILED = [
    {"loss": {"y": MSE}}, {"loss": {"a": "mse", "b": None}}, {"loss": ["mse", MSE]}, {"loss": [None, "kld"]},
    {"loss": {"$tuple": ["mse", "mae"]}}, {"loss": {"a": {"b": "mse"}, "c": ["mae"]}},
    {"loss": "crossentropy"}, {"loss": {"$ref": "keras.metrics.mean_squared_error"}},
    {"loss": {"$ref": "keras.losses.MeanSquaredError"}}, {"metrics": ["mae", "acc", "MSE"]},
    {"metrics": {"a": "mae", "b": ["acc", MSE]}}, {"metrics": [["mae"], []]},
    {"metrics": [None, ["mae"]]}, {"metrics": {"$tuple": ["mae"]}}, {"metrics": [MSE]},
    {"metrics": [{"$ref": "keras.losses.mean_squared_error"}]}, {"weighted_metrics": {"a": ["AUC"]}},
    {"loss_weights": {"a": 1, "b": 0.5}}, {"loss_weights": [1.0, 2]}, {"loss_weights": 0.5},
    {"optimizer": "Adam"}, {"optimizer": "SGD"}, {"optimizer": {"$ref": "keras.optimizers.Adam"}},
]  # fmt: skip
REFUSED = [
    ("compile", "loss", "ms"), ("compile", "loss", {"a": "ms"}), ("compile", "loss", ["mse", "nonsense"]),
    ("compile", "loss", {"a": [3]}), ("compile", "loss", {"$new": "keras.metrics.AUC", "args": {}}),
    ("compile", "loss", {"a": {"$new": "keras.losses.Huber", "args": {"delta": "x"}}}),
    ("compile", "metrics", ["acuracy"]), ("compile", "metrics", {"a": ["acuracy"]}),
    ("compile", "metrics", "mae"), ("compile", "metrics", [3]), ("compile", "optimizer", "adm"),
    ("compile", "optimizer", ["adam"]),
    ("compile", "loss_weights", {"a": "much"}), ("compile", "loss_weights", "much"),
    ("Dense", "activation", 3), ("Dense", "activation", "LeakyReLU"), ("Dense", "activation", "rleu"),
    ("Dense", "activation", {"$new": "keras.losses.Huber", "args": {}}),
    ("Dense", "activation", {"$ref": "keras.layers.ReLU"}), ("Dense", "kernel_initializer", "he"),
    ("Dense", "activation", {"$new": "keras.layers.LeakyReLU", "args": {"negative_slope": "x"}}),
    ("RandomRotation", "factor", ["a", "b"]), ("RandomRotation", "factor", "0.1"),
    ("RandomZoom", "width_factor", {}), ("RandomTranslation", "height_factor", [[0.1], [0.2]]),
    ("RandomPosterization", "factor", [0.5, 1.5]), ("RandomGrayscale", "factor", [0.1, 0.2]),
    ("Rescaling", "scale", ["a"]), ("EinsumDense", "bias_axes", 1), ("Hashing", "salt", "salt"),
    ("StringLookup", "vocabulary_size", "many"), ("StringLookup", "num_oov_indices", -1),
    ("Bidirectional", "merge_mode", "add"), ("RMSNormalization", "axis", "last"),
    ("TextVectorization", "ngrams", "2"), ("Sequential", "layers", ["Dense"]),
    ("Sequential", "layers", [MSE]), ("Sequential", "layers", [3]),
]  # fmt: skip
PLACES = {"compile": "keras.Model.compile", "Sequential": "keras.Sequential"}


@pytest.mark.parametrize("args", COMPILED, ids=str)
def test_what_compile_takes_is_right(args: dict[str, Any]) -> None:
    known = CATALOG.by_type["keras.Model.compile"].arguments
    assert [flaw for name, one in args.items() for flaw in fits.flaws(one, known[name], CATALOG)] == []


@pytest.mark.parametrize(("type_", "name", "value"), REFUSED, ids=str)
def test_what_keras_does_not_take_stays_wrong(type_: str, name: str, value: Any) -> None:
    node = CATALOG.by_type[PLACES.get(type_, f"keras.layers.{type_}")]
    assert len(list(fits.flaws(value, node.arguments[name], CATALOG))) == 1


def test_a_misspelled_name_is_told_the_names_that_are_like_it() -> None:
    assert flaws_of("loss", "ms") == ["loss is 'ms'; expected one of mse, msle"]
    assert flaws_of("metric", ["mae", "acuracy"]) == [
        "metrics is ['mae', 'acuracy']; expected one of accuracy, binary_accuracy, auc in it"
    ]
    assert flaws_of("loss", {"a": 3}) == ["loss is {'a': 3}; expected loss or a list or dict of loss or None"]


SEQUENTIAL = """import keras
model = keras.Sequential([
    keras.Input((4,)), keras.Sequential([keras.layers.Dense(3, activation="swish")]), keras.layers.Dense(1)
])
model.compile("Adam", loss={"dense_1": "mse"}, metrics=["mae"])
"""


def test_a_sequential_of_an_input_and_models_is_right() -> None:
    graph = read_script(SEQUENTIAL, CATALOG)
    assert check(graph, CATALOG) == ()
    assert models.build(graph, CATALOG).output_shape == (None, 1)


APPLICATIONS = [node.package for node in CATALOG.nodes if node.package.startswith("keras.applications.")]
BUILT = [type_ for type_ in APPLICATIONS if "weights" in CATALOG.by_type[type_].arguments]


@pytest.mark.parametrize("type_", BUILT)
def test_a_published_network_is_right_with_and_without_its_weights(type_: str) -> None:
    for weights in (None, "imagenet", "mine.weights.h5"):
        graph = Graph(nodes=(Node(id="n", type=type_, args={"weights": weights, "classes": 1000}),))
        assert check(graph, CATALOG) == ()
    graph = Graph(nodes=(Node(id="n", type=type_, args={"weights": 3}),))
    assert [problem.code for problem in check(graph, CATALOG)] == ["wrong-type"]


def test_all_published_networks_are_nodes() -> None:
    assert len(BUILT) == 40
