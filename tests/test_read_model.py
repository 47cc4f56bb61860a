"""Models of Keras as graphs and back."""

import importlib
import io
import json
import os
import pkgutil
import zipfile
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import keras
import numpy as np
from keras import layers, ops
from keras.src.ops.operation import Operation

from flowcore.dataflow import document
from flowcore.dataflow import model_types as types
from flowcore.dataflow.check import check
from flowcore.dataflow.normal import normal
from flowcore.dataflow.read_model import read_model
from flowcore.dataflow.read_script import read_script
from flowcore.dataflow.script import script
from flowcore.model.graph import Graph, Node, equal
from flowcore.model.problem import FlowError
from flowcore.store import descriptors
from tests import keras2, models

CATALOG = descriptors.load()


def read(model: Any) -> Graph:
    """The graph of a model, or of what a file of it holds."""
    text = model.to_json() if isinstance(model, keras.Model) else json.dumps(model)
    return read_model(text.encode(), CATALOG)


def shared() -> Any:
    left, right = keras.Input((4,), name="left"), keras.Input((4,), name="right")
    dense = layers.Dense(3, "tanh", name="twin")
    return keras.Model([left, right], layers.Subtract()([dense(left), dense(right)]))


def nested() -> Any:
    image = keras.Input((8,), name="image")
    body = keras.Model(
        image, [layers.Dense(4, name="a")(image), layers.Dense(3, name="b")(image)], name="body"
    )
    one, other = keras.Input((8,)), keras.Input((8,))
    first, _ = body(one, training=False)
    second, side = body(other)
    return keras.Model([one, other], [layers.Add()([first, second]), side])


def nested_twice() -> Any:
    inner = keras.Sequential([keras.Input((4,)), layers.Dense(4, name="core")], name="inner")
    x = keras.Input((4,))
    middle = keras.Model(x, layers.ReLU()(inner(x)), name="middle")
    y = keras.Input((4,))
    return keras.Model(y, middle(middle(y)))


def several_ends() -> Any:
    a, b = keras.Input((4,), name="b"), keras.Input((3,), name="a")
    x = layers.Concatenate()([a, b])
    return keras.Model([a, b], [layers.Dense(2, name="z")(x), x, layers.Dense(1, name="y")(x)])


def named_ends() -> Any:
    a, b = keras.Input((4,), name="b"), keras.Input((4,), name="a")
    return keras.Model({"b": a, "a": b}, {"sum": a + b, "dense": layers.Dense(2)(a)})


def operations() -> Any:
    x = keras.Input((6, 4))
    y = 1.0 - x * 2.0
    y = ops.mean(y, axis=1, keepdims=True) + y[:, 1:3][:, :1]
    y = ops.concatenate([y, ops.expand_dims(x[:, 0], 1)], axis=-1)
    left, right = ops.split(y, 2, axis=-1)
    y = ops.where(ops.greater(left, right), left, right) + np.ones((1, 4), "float32")
    y = ops.reshape(keras.activations.relu(y, max_value=3), (-1, 4))
    return keras.Model(x, [ops.clip(y, 0, 1), y[..., :2], ops.stack([y, y]), ops.matmul(y, ops.transpose(y))])


def keywords() -> Any:
    x, y = keras.Input((5, 4)), keras.Input((3, 4))
    mask = keras.Input((5,), dtype="bool")
    z, scores = layers.MultiHeadAttention(2, 3, name="cross")(y, key=x, value=x, return_attention_scores=True)
    w = layers.LSTM(3)(layers.Dropout(0.5)(x, training=False), mask=mask)
    return keras.Model([x, y, mask], [layers.Attention()([z, y]), w, scores])


def states() -> Any:
    x = keras.Input((5, 4))
    out, h, c = layers.LSTM(3, return_state=True, return_sequences=True, unit_forget_bias=False)(x)
    y = layers.LSTM(3, kernel_constraint=keras.constraints.UnitNorm())(out, initial_state=[h, c])
    gru = layers.GRU(2, return_state=True)(x)
    return keras.Model(x, [y, gru[0]])


def wrappers() -> Any:
    x = keras.Input((5, 4))
    y = layers.Bidirectional(layers.GRU(3, return_sequences=True, name="both"), merge_mode="sum")(x)
    y = layers.TimeDistributed(layers.Dense(2, "elu"))(y)
    back = layers.LSTM(2, activation="relu", go_backwards=True, return_state=True)
    z = layers.Bidirectional(layers.LSTM(2, return_state=True), backward_layer=back)(y)
    cells = layers.RNN(layers.StackedRNNCells([layers.LSTMCell(2), layers.GRUCell(3)]))(y)
    return keras.Model(x, [z[0], z[3], cells])


def model_in_wrapper() -> Any:
    x = keras.Input((4,))
    inner = keras.Model(x, layers.Dense(2, "relu")(x), name="inner")
    y = keras.Input((3, 4))
    return keras.Model(y, layers.TimeDistributed(inner)(y))


def objects() -> Any:
    x = keras.Input((6, 6, 2), batch_size=2)
    y = layers.Conv2D(
        3,
        (3, 1),
        strides=(2, 1),
        activation=keras.activations.gelu,
        kernel_initializer=keras.initializers.HeNormal(seed=3),
        bias_initializer=keras.initializers.Constant(0.2),
        kernel_regularizer=keras.regularizers.L1L2(0.1, 0.2),
        kernel_constraint=keras.constraints.MaxNorm(3),
    )(x)
    y = layers.Conv2DTranspose(2, 2, kernel_initializer="he_uniform", trainable=False, use_bias=False)(y)
    y = layers.ZeroPadding2D(((0, 1), (2, 0)))(y)
    return keras.Model(x, layers.Normalization(mean=[1.0, 2.0], variance=[3.0, 4.0])(y))


def mixed() -> Any:
    x = keras.Input((4,))
    y = layers.Dense(3, dtype="mixed_bfloat16")(x)
    return keras.Model(x, layers.Dense(2, dtype="float32")(y))


def sequential() -> Any:
    return keras.Sequential([keras.Input((4,)), layers.Dense(3, "relu"), layers.Dense(2)], name="line")


def open_sequential() -> Any:
    return keras.Sequential([layers.Dense(3, "relu"), layers.Dense(2)], name="line")


def embedded() -> Any:
    x = keras.Input((7,), dtype="int32")
    y = layers.Embedding(10, 4, mask_zero=True)(x)
    return keras.Model(x, layers.LSTM(3)(y))


CASES = {
    "shared layer": shared,
    "model inside": nested,
    "models inside of models": nested_twice,
    "several ends": several_ends,
    "named ends": named_ends,
    "operations": operations,
    "keywords": keywords,
    "states": states,
    "wrappers": wrappers,
    "model in a wrapper": model_in_wrapper,
    "objects in arguments": objects,
    "mixed precision": mixed,
    "sequential": sequential,
    "embedded": embedded,
}


def values(model: Any, seed: int) -> list[np.ndarray]:
    """What a model gives for random inputs."""
    random = np.random.default_rng(seed)
    given = []
    for one in model.inputs:
        shape = (2, *(size or 5 for size in one.shape[1:]))
        whole = one.dtype in ("int32", "bool")
        given.append(
            np.asarray(random.integers(0, 2, shape) if whole else random.normal(size=shape), one.dtype)
        )
    if isinstance(getattr(model, "_inputs_struct", None), dict):
        found = model({tensor.name: item for tensor, item in zip(model.inputs, given, strict=True)})
    else:
        found = model(given if len(given) > 1 else given[0])
    return [
        np.asarray(keras.ops.convert_to_numpy(ops.cast(one, "float32"))) for one in keras.tree.flatten(found)
    ]


def same(model: Any, again: Any) -> None:
    """With the same weights two models give the same, and tell two inputs apart."""
    assert [one.shape for one in again.weights] == [one.shape for one in model.weights]
    models.fill(model)
    again.set_weights(model.get_weights())
    first, second = values(model, 1), values(model, 2)
    assert any(np.abs(one - other).max() > 0 for one, other in zip(first, second, strict=True))
    for one, other in zip(first, values(again, 1), strict=True):
        np.testing.assert_array_equal(one, other)


@pytest.mark.parametrize("make", CASES.values(), ids=CASES)
def test_a_model_comes_back_from_its_graph_and_from_its_script(make: Callable[[], Any]) -> None:
    keras.utils.clear_session()
    model = make()
    graph = read(model)
    assert check(graph, CATALOG) == ()
    assert equal(document.read(document.write(graph), CATALOG), graph)
    source = script(graph, CATALOG, {})
    assert normal(read_script(source, CATALOG), CATALOG) == normal(graph, CATALOG)
    again = models.build(graph, CATALOG)
    assert normal(read(again), CATALOG) == normal(graph, CATALOG)
    same(model, again)
    names: dict[str, Any] = {}
    exec(source, names)
    same(model, [one for one in names.values() if isinstance(one, keras.Model)][-1])


# Those that build in seconds, for what each alone has; all 40 are in tests/benchmarks/applications.
APPLICATIONS = (
    "ConvNeXtTiny",  # LayerScale
    "DenseNet121",
    "EfficientNetB0",
    "InceptionResNetV2",  # CustomScaleLayer
    "MobileNetV2",
    "MobileNetV3Small",  # operations among layers
    "NASNetMobile",
)


@pytest.mark.parametrize("name", APPLICATIONS)
def test_an_application_has_the_same_layers_and_links(name: str) -> None:
    keras.utils.clear_session()
    model = getattr(keras.applications, name)(weights=None)
    graph = read(model)
    again = models.build(graph, CATALOG)
    assert check(graph, CATALOG) == ()
    assert models.differences(models.described(model), models.described(again)) == []
    assert again.count_params() == model.count_params()


def test_each_use_of_a_layer_after_the_first_calls_it_once_more() -> None:
    graph = read(shared())
    twin, again = graph.nodes[2], graph.nodes[3]
    assert (twin.type, twin.args["name"], twin.label) == ("keras.layers.Dense", "twin", "twin")
    assert again.type == "flowcore.call"
    assert {(link.source, link.output, link.port) for link in graph.into(again.id)} == {
        (twin.id, "layer", "layer"),
        (graph.nodes[1].id, "", "inputs"),
    }


def test_a_model_inside_is_a_group_that_is_called() -> None:
    graph = read(nested())
    (group,) = graph.groups
    inside = [graph.by_id[id].type for id in group.nodes]
    assert group.label == "body"
    assert inside == ["keras.Input", "keras.layers.Dense", "keras.layers.Dense", "keras.Model"]
    called = [node for node in graph.nodes if node.type == "flowcore.call"]
    assert [node.call for node in called] == [{"training": False}, {}]
    assert {graph.into(node.id, "layer")[0].source for node in called} == {group.nodes[-1]}


def test_models_inside_of_models_are_groups_beside_each_other() -> None:
    graph = read(nested_twice())
    inner, middle = graph.groups
    assert (inner.label, middle.label) == ("inner", "middle")
    assert [graph.by_id[id].type for id in inner.nodes] == [
        "keras.Input",
        "keras.layers.Dense",
        "keras.Model",
    ]
    assert set(inner.nodes).isdisjoint(middle.nodes)
    outside = {node.id for node in graph.nodes} - {*inner.nodes, *middle.nodes}
    assert next(node.type for node in graph.nodes if node.id in outside) == "keras.Input"
    assert len(graph.nodes) == len(outside) + len(inner.nodes) + len(middle.nodes)


def test_what_a_default_says_is_left_out() -> None:
    graph = read(objects())
    conv = next(node for node in graph.nodes if node.type == "keras.layers.Conv2D")
    assert conv.args == {
        "name": conv.args["name"],
        "filters": 3,
        "kernel_size": [3, 1],
        "strides": [2, 1],
        "activation": "gelu",
        "kernel_initializer": {"$new": "keras.initializers.HeNormal", "args": {"seed": 3}},
        "bias_initializer": {"$new": "keras.initializers.Constant", "args": {"value": 0.2}},
        "kernel_regularizer": {"$new": "keras.regularizers.L1L2", "args": {"l1": 0.1, "l2": 0.2}},
        "kernel_constraint": {"$new": "keras.constraints.MaxNorm", "args": {"max_value": 3}},
    }
    assert graph.nodes[0].args == {"shape": [6, 6, 2], "batch_size": 2, "name": graph.nodes[0].args["name"]}


def test_a_dtype_policy_is_kept_unless_it_is_the_usual_one() -> None:
    dense = [node.args.get("dtype") for node in read(mixed()).nodes if node.type == "keras.layers.Dense"]
    assert dense == ["mixed_bfloat16", None]


def test_a_sequential_without_an_input_is_one_node() -> None:
    graph = read(open_sequential())
    (node,) = graph.nodes
    assert node.type == "keras.Sequential"
    assert [one["$new"] for one in node.args["layers"]] == ["keras.layers.Dense"] * 2
    assert check(graph, CATALOG) == ()
    again = models.build(graph, CATALOG)
    assert [layer.units for layer in again.layers] == [3, 2]


def test_a_class_that_nobody_describes_stays_as_a_node_that_never_runs() -> None:
    class Own(layers.Layer):
        def call(self, inputs: Any) -> Any:
            return inputs * 2

        def get_config(self) -> dict[str, Any]:
            return {**super().get_config(), "rate": 0.5, "$odd": {"$x": 1}}

    Own.__module__ = "my_package.layers"
    x = keras.Input((4,), name="x")
    own = Own(name="own")
    graph = read(keras.Model(x, layers.Dense(2)(own(own(x)))))
    node = next(node for node in graph.nodes if "Own" in node.type)
    assert (node.type, node.args["rate"]) == ("my_package.layers.Own", 0.5)
    assert {problem.code for problem in check(graph, CATALOG)} == {"unknown-type"}
    with pytest.raises(FlowError, match=r"my_package\.layers\.Own is not described"):
        models.build(graph, CATALOG)


def test_an_archive_is_read_without_its_weights(tmp_path: Any) -> None:
    model = several_ends()
    model.save(tmp_path / "model.keras")
    assert equal(read_model((tmp_path / "model.keras").read_bytes(), CATALOG), read(model))


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({"optimizer": "adam", "loss": "mse"}, {"optimizer": "adam", "loss": "mean_squared_error"}),
        ({"optimizer": "rmsprop"}, {}),
        (
            {"optimizer": keras.optimizers.SGD(0.1, momentum=0.9), "metrics": ["acc", "mae"]},
            {
                "optimizer": {
                    "$new": "keras.optimizers.SGD",
                    "args": {"learning_rate": 0.1, "momentum": 0.9},
                },
                "metrics": ["accuracy", "mean_absolute_error"],
            },
        ),
        (
            {"loss": keras.losses.CategoricalCrossentropy(True), "steps_per_execution": 4},
            {
                "loss": {"$new": "keras.losses.CategoricalCrossentropy", "args": {"from_logits": True}},
                "steps_per_execution": 4,
            },
        ),
        (
            {"optimizer": keras.optimizers.Adam(keras.optimizers.schedules.CosineDecay(0.1, 10))},
            {
                "optimizer": {
                    "$new": "keras.optimizers.Adam",
                    "args": {
                        "learning_rate": {
                            "$new": "keras.optimizers.schedules.CosineDecay",
                            "args": {"initial_learning_rate": 0.1, "decay_steps": 10},
                        }
                    },
                }
            },
        ),
    ],
)
def test_how_a_model_was_compiled_is_a_node(given: dict[str, Any], expected: Any, tmp_path: Any) -> None:
    model = sequential()
    model.compile(**given)
    model.save(tmp_path / "model.keras")
    graph = read_model((tmp_path / "model.keras").read_bytes(), CATALOG)
    *_, made, compile_ = graph.nodes
    assert (made.type, compile_.type, compile_.args) == ("keras.Model", "keras.Model.compile", expected)
    assert check(graph, CATALOG) == ()
    again = models.build(graph, CATALOG)
    assert again.optimizer.get_config() == {**model.optimizer.get_config(), "name": again.optimizer.name}


def test_how_a_model_was_compiled_is_told_where_it_cannot_be_read() -> None:
    def own(y_true: Any, y_pred: Any) -> Any:
        return y_pred - y_true

    own.__module__ = "my_package.losses"
    model = sequential()
    model.compile(loss=own)
    *_, made = read(model).nodes
    assert made.type == "keras.Model"
    assert made.note.startswith("How the model was compiled is not kept: loss is")
    model.compile(loss={"dense": "mse"})
    *_, made = read(model).nodes
    assert (made.type, made.args["loss"]) == ("keras.Model.compile", {"dense": "mse"})


def test_a_bare_configuration_is_a_model_too() -> None:
    model = shared()
    assert equal(read(json.loads(model.to_json())["config"]), read(model))


def cnn() -> Any:
    x = keras.Input((8, 8, 3), name="input_1")
    conv = layers.Conv2D(3, 3, padding="same", kernel_regularizer="l2", name="conv2d")(x)
    y = layers.BatchNormalization(axis=3, name="bn")(conv, training=False)
    y = layers.LeakyReLU(0.1, name="leaky_re_lu")(y)
    y = (y + x) * 2.0
    y = ops.mean(layers.Concatenate(name="concatenate")([y, conv]), axis=[1, 2])
    return keras.Model(x, layers.Dense(4, "softmax", name="dense")(y), name="cnn")


def sequence_to_sequence() -> Any:
    source, target = keras.Input((5, 4), name="source"), keras.Input((6, 4), name="target")
    _, h, c = layers.LSTM(3, return_state=True, name="encoder")(source)
    y = layers.LSTM(3, return_sequences=True, name="decoder")(target, initial_state=[h, c])
    y = layers.TimeDistributed(layers.Dense(2, name="dense"), name="time_distributed")(y)
    return keras.Model([source, target], y, name="states")


def siamese() -> Any:
    x = keras.Input((4,), name="in")
    twin = keras.Model(x, layers.Dense(3, "relu", name="hidden")(x), name="twin")
    left, right = keras.Input((4,), name="left"), keras.Input((4,), name="right")
    y = layers.Subtract(name="subtract")([twin(left), twin(right)])
    ends = [layers.Dense(1, name="dense")(y), layers.Dense(2, name="dense_1")(y)]
    return keras.Model([left, right], ends, name="nested")


def line() -> Any:
    made = [
        layers.Dense(3, "relu", name="dense"),
        layers.Dropout(0.5, name="dropout"),
        layers.Dense(2, name="dense_1"),
    ]
    return keras.Sequential([keras.Input((4,)), *made], name="sequential")


@pytest.mark.parametrize(
    ("written", "make"),
    [
        pytest.param(keras2.CNN, cnn, id="convolutions and functions of TensorFlow"),
        pytest.param(keras2.STATES, sequence_to_sequence, id="states"),
        pytest.param(keras2.NESTED, siamese, id="a model inside"),
        pytest.param(keras2.SEQUENTIAL, line, id="sequential"),
    ],
)
def test_what_keras_2_wrote_is_the_model_of_keras_3(written: dict[str, Any], make: Callable[[], Any]) -> None:
    graph = read(written)
    assert check(graph, CATALOG) == ()
    same(make(), models.build(graph, CATALOG))
    expected = read(make())
    assert [_unnamed(node) for node in graph.nodes] == [_unnamed(node) for node in expected.nodes]
    assert graph.links == expected.links


def _unnamed(node: Node) -> tuple[Any, ...]:
    """A node without the name that Keras has given an input by itself, and how operations are labelled."""
    args = {name: one for name, one in node.args.items() if (name, node.type) != ("name", "keras.Input")}
    return node.type, args, node.call


def test_a_sequential_that_begins_with_a_model_has_its_input() -> None:
    inner = json.loads(json.dumps(keras2.NESTED["config"]["layers"][2]))
    head = {"class_name": "Dense", "config": keras2.dense("head", [], 2)["config"]}
    graph = read({"class_name": "Sequential", "config": {"name": "whole", "layers": [inner, head]}})
    assert [node.type for node in graph.nodes] == [
        "keras.Input",
        "keras.Input",
        "keras.layers.Dense",
        "keras.Model",
        "flowcore.call",
        "keras.layers.Dense",
        "keras.Model",
    ]
    assert graph.nodes[0].args == {"shape": [4]}
    assert check(graph, CATALOG) == ()


def test_a_model_among_layers_without_an_input_is_refused() -> None:
    inner = json.loads(json.dumps(keras2.NESTED["config"]["layers"][2]))
    head = {"class_name": "Dense", "config": keras2.dense("head", [], 2)["config"]}
    with pytest.raises(FlowError, match="found the model twin"):
        read({"class_name": "Sequential", "config": {"name": "whole", "layers": [head, inner]}})


JUNK = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(-2, 2**70), st.floats(), st.text(max_size=5)),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3), st.dictionaries(st.text(max_size=5), inner, max_size=3)
    ),
    max_leaves=5,
)
FILES = [keras2.CNN, keras2.STATES, keras2.NESTED, keras2.SEQUENTIAL]


def places(item: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Every place in JSON."""
    parts = item.items() if isinstance(item, dict) else enumerate(item) if isinstance(item, list) else ()
    return [path, *(place for key, part in parts for place in places(part, (*path, key)))]


@settings(max_examples=400, suppress_health_check=list(HealthCheck), deadline=None)
@given(st.data())
def test_a_file_with_anything_in_any_place_is_a_graph_or_refused(data: st.DataObject) -> None:
    files = [*FILES, *(json.loads(text) for text in WRITTEN)]
    found = json.loads(json.dumps(data.draw(st.sampled_from(files))))
    for _ in range(data.draw(st.integers(1, 3))):
        *path, last = data.draw(st.sampled_from(places(found)[1:]))
        inner = found
        for key in path:
            inner = inner[key]
        inner[last] = data.draw(
            st.one_of(JUNK, st.sampled_from(["dense", "Dense", "os", 0, 1, "__lambda__"]))
        )
    try:
        graph = read_model(json.dumps(found).encode(), CATALOG)
    except FlowError as reason:
        found = reason.problems
    else:
        assert equal(document.read(document.write(graph)), graph)
        found = check(graph, CATALOG)
    assert all(problem.message and problem.hint for problem in found)


WRITTEN = [make().to_json() for make in (nested, operations, wrappers)]


def test_bytes_that_are_no_archive_are_refused() -> None:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("config.json", shared().to_json())
    whole = buffer.getvalue()
    for cut in range(0, len(whole), 97):
        with pytest.raises(FlowError):
            read_model(whole[:cut], CATALOG)


def test_every_operation_is_a_node() -> None:
    known = types.operations(CATALOG)
    modules = (module for module in pkgutil.iter_modules(keras.src.ops.__path__) if "test" not in module.name)
    lost = []
    for module in modules:
        loaded = importlib.import_module(f"keras.src.ops.{module.name}")
        for name, one in vars(loaded).items():
            own = isinstance(one, type) and one.__module__ == loaded.__name__
            if own and issubclass(one, Operation) and not name.startswith("_"):
                entry = {"module": loaded.__name__, "class_name": name}
                lost += [name] if types.operation(entry, known, CATALOG)[1] is None else []
    assert lost == ["Function", "SegmentReduction", "Operation"]
