"""Files of Keras 2 as graphs. What tf_keras says of its models lies beside them: see write_keras2.py."""

import gzip
import json
import os
from pathlib import Path
from typing import Any

import pytest

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import keras
import numpy as np

from flowcore.dataflow.check import check
from flowcore.dataflow.normal import normal
from flowcore.dataflow.read_model import read_model
from flowcore.dataflow.read_script import read_script
from flowcore.dataflow.script import script
from flowcore.model.graph import Graph
from flowcore.store import descriptors
from tests import keras2, models

CATALOG = descriptors.load()
FOLDER = Path(__file__).parent / "files" / "keras2"
SAID: dict[str, Any] = json.loads((FOLDER / "said.json").read_text(encoding="utf-8"))
BUILT = ("MobileNetV3Small", "Xception")
SMALL = [name for name, said in SAID.items() if "outputs" in said]
APPLICATIONS = [name for name in SAID if name not in SMALL]


def written(name: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(gzip.decompress((FOLDER / f"{name}.json.gz").read_bytes()))
    return found


def read(entry: dict[str, Any]) -> Graph:
    return read_model(json.dumps(entry).encode(), CATALOG)


def older(item: Any) -> Any:
    """A file as Keras 2 wrote it before 2.13: classes without modules; a Functional was a Model once."""
    if isinstance(item, list):
        return [older(part) for part in item]
    if not isinstance(item, dict):
        return item
    gone = ("module", "registered_name", "build_config")
    kept = {key: older(part) for key, part in item.items() if key not in gone}
    return {**kept, "class_name": "Model"} if item.get("class_name") == "Functional" else kept


def outputs(model: Any) -> list[list[Any]]:
    """What a model gives for the weights and inputs that tf_keras was given."""
    model.set_weights([keras2.numbers(one.shape, index) for index, one in enumerate(model.get_weights())])
    given = [keras2.numbers(one.shape, 0, one.dtype) for one in model.inputs]
    keys = getattr(model, "_inputs_struct", None)
    named = dict(zip(keys, given, strict=True)) if isinstance(keys, dict) else given
    made = model(named[0] if isinstance(named, list) and len(named) == 1 else named, training=False)
    return [keras2.told(np.asarray(one)) for one in keras.tree.flatten(made)]


@pytest.mark.parametrize("form", [dict, older], ids=["as tf_keras writes it", "as older ones did"])
@pytest.mark.parametrize("name", SMALL)
def test_a_model_gives_what_keras_2_gave(name: str, form: Any) -> None:
    keras.utils.clear_session()
    graph = read(form(written(name)))
    assert check(graph, CATALOG) == ()
    model = models.build(graph, CATALOG)
    assert model.count_params() == SAID[name]["parameters"]
    for found, expected in zip(outputs(model), SAID[name]["outputs"], strict=True):
        assert found[0] == expected[0]
        np.testing.assert_allclose(found[1:], expected[1:], rtol=1e-4, atol=1e-5)
    again = read_script(script(graph, CATALOG, {}), CATALOG)
    assert normal(again, CATALOG) == normal(graph, CATALOG)


@pytest.mark.parametrize("name", APPLICATIONS)
def test_an_application_is_a_graph_without_problems(name: str) -> None:
    for form in (dict, older):
        graph = read(form(written(name)))
        assert check(graph, CATALOG) == ()
        assert len(graph.nodes) > len(written(name)["config"]["layers"])


@pytest.mark.parametrize("name", BUILT)
def test_an_application_has_as_many_parameters(name: str) -> None:
    keras.utils.clear_session()
    assert models.build(read(written(name)), CATALOG).count_params() == SAID[name]["parameters"]


def test_names_that_keras_3_does_not_take_are_changed_and_kept_as_labels() -> None:
    graph = read(written("merged"))
    dense, drop = (
        next(node for node in graph.nodes if node.type.endswith(type_)) for type_ in ("Dense", "Dropout")
    )
    assert (dense.args["name"], dense.label) == ("tower_dense", "tower/dense")
    assert (drop.args["name"], drop.label) == ("tower_drop", "tower/drop")
    assert graph.note.startswith("2 layers have other names than in the file, as tower_dense for tower/dense")


def test_changed_names_are_like_none_of_the_others() -> None:
    layers = [keras2.dense("a/b", keras2.on("x"), 2), keras2.dense("a_b", keras2.on("a/b"), 2)]
    graph = read(keras2.model("m", [keras2.input_("x", 4), *layers], ["x"], ["a_b"]))
    assert [node.args["name"] for node in graph.nodes[1:3]] == ["a_b_layer", "a_b"]
    assert models.build(graph, CATALOG).count_params() == 16


def test_a_layer_does_not_have_the_name_that_keras_gives_to_an_operation() -> None:
    keras.utils.clear_session()
    x = keras.Input((4,))
    y = keras.layers.Multiply()([x, x]) * 2.0
    graph = read(json.loads(keras.Model(x, y).to_json()))
    keras.utils.clear_session()
    assert models.build(graph, CATALOG).count_params() == 0
    assert graph.note.startswith("1 layer has another name than in the file, as multiply_layer for multiply")


def test_what_says_something_and_has_no_place_is_listed() -> None:
    entry = written("recurrent")
    for layer in entry["config"]["layers"]:
        if "time_major" in layer["config"]:
            layer["config"]["time_major"] = True
    assert {problem.code for problem in check(read(entry), CATALOG)} == {"unknown-argument"}


def test_a_function_that_nobody_knows_stays_under_its_path() -> None:
    entry = written("images")
    entry["config"]["layers"][1]["config"]["function"] = "signal.fft"
    graph = read(entry)
    assert graph.nodes[1].type == "tf.signal.fft"
    assert {problem.code for problem in check(graph, CATALOG)} == {"unknown-type"}


def test_an_activation_that_is_another_one_now_is_told() -> None:
    x = keras2.input_("x", 4)
    for version, told in (("2.11.0", "Keras 3 computes hard_sigmoid otherwise than Keras 2"), ("3.0.0", "")):
        layers = [x, keras2.dense("d", keras2.on("x"), 2, "hard_sigmoid")]
        graph = read({**keras2.model("m", layers, ["x"], ["d"]), "keras_version": version})
        assert graph.nodes[1].note.startswith(told)
        assert bool(graph.nodes[1].note) == bool(told)
