"""Bad graphs of real Keras layers, told about by a real check worker, and put right by a click."""

from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from flowcore.dataflow import targets
from flowcore.dataflow.check import check
from flowcore.dataflow.repair import repairs
from flowcore.dataflow.training import Known
from flowcore.model.descriptor import Catalog
from flowcore.model.graph import Graph, Link, Node
from flowcore.model.problem import Problem
from flowcore.runs.checker import Checker
from tests.networks import Step, chain, joined


@pytest.fixture(scope="module", params=["jax", "tensorflow"])
def either(request: pytest.FixtureRequest) -> Iterator[Checker]:
    found = Checker(request.param)
    yield found
    found.close()


def source(*shape: int | None, **more: Any) -> Step:
    return "Input", {"shape": list(shape), **more}


def layer(name: str, **args: Any) -> Step:
    return name, args


def conv(axes: int = 2, **args: Any) -> Step:
    return f"Conv{axes}D", {"filters": 3, "kernel_size": 3, **args}


def new(name: str, **args: Any) -> dict[str, Any]:
    return {"$new": f"keras.layers.{name}", "args": args}


BACKWARD = new("LSTM", units=4, go_backwards=True)
# What is wrong, its code, both ends as the message tells them, and the labels of the repairs.
BAD: dict[str, tuple[Graph, str, str, str, list[str]]] = {
    "picture-after-flatten": (
        chain(source(8, 8, 1), layer("Flatten"), conv()),
        "wrong-rank",
        "Conv2D expects 4 axes (batch, rows, columns, channels)",
        "Flatten gives (None, 64), which has 2",
        ["Connect Conv2D before Flatten", "Insert Reshape to 8, 8, 1"],
    ),
    "picture-without-channels": (
        chain(source(28, 28), conv()),
        "wrong-rank",
        "Conv2D expects 4 axes",
        "Input gives (None, 28, 28)",
        ["Insert Reshape to 28, 28, 1"],
    ),
    "colour-picture-in-a-row": (
        chain(source(3072), conv()),
        "wrong-rank",
        "Conv2D expects 4 axes",
        "Input gives (None, 3072)",
        ["Insert Reshape to 32, 32, 3"],
    ),
    "row-that-is-no-picture": (
        chain(source(30), conv()),
        "wrong-rank",
        "Conv2D expects 4 axes",
        "Input gives (None, 30)",
        [],
    ),
    "sequence-of-a-row": (
        chain(source(30), conv(1)),
        "wrong-rank",
        "Conv1D expects 3 axes (batch, steps, channels)",
        "Input gives (None, 30)",
        ["Insert Reshape to 30, 1"],
    ),
    "sequence-of-open-length": (
        chain(source(None), layer("GRU", units=4)),
        "wrong-rank",
        "GRU expects 3 axes (batch, steps, features)",
        "Input gives (None, None)",
        ["Insert Reshape to -1, 1"],
    ),
    "sequence-of-a-picture": (
        chain(source(8, 8, 2), layer("LSTM", units=4)),
        "wrong-rank",
        "LSTM expects 3 axes",
        "Input gives (None, 8, 8, 2)",
        ["Insert Reshape to 8, 16"],
    ),
    "volume-of-a-picture": (
        chain(source(8, 8, 4), conv(3)),
        "wrong-rank",
        "Conv3D expects 5 axes",
        "Input gives (None, 8, 8, 4)",
        ["Insert Reshape to 8, 8, 4, 1"],
    ),
    "two-recurrent-layers": (
        chain(source(9, 3), layer("LSTM", units=4), layer("GRU", units=2)),
        "wrong-rank",
        "GRU expects 3 axes",
        "LSTM gives (None, 4)",
        ["Let LSTM return sequences"],
    ),
    "nothing-to-pool": (
        chain(source(8, 8, 3), layer("GlobalAveragePooling2D"), layer("GlobalMaxPooling2D"), layer("ReLU")),
        "wrong-rank",
        "GlobalMaxPooling2D expects 4 axes",
        "GlobalAveragePooling2D gives (None, 3)",
        ["Take out GlobalMaxPooling2D"],
    ),
    "pooling-of-a-row": (
        chain(source(16), layer("MaxPooling2D")),
        "wrong-rank",
        "MaxPooling2D expects 4 axes",
        "Input gives (None, 16)",
        ["Insert Reshape to 4, 4, 1"],
    ),
    "unknown-channels": (
        chain(source(8, 8, None), conv()),
        "unknown-axis",
        "Conv2D needs to know how large axis 3 is",
        "Input gives (None, 8, 8, None)",
        ["Set channels to 1 (grey)", "Set channels to 3 (colour)"],
    ),
    "unknown-channels-first": (
        chain(source(None, 8, 8), conv(data_format="channels_first")),
        "unknown-axis",
        "Conv2D needs to know how large axis 1 is",
        "Input gives (None, None, 8, 8)",
        ["Set channels to 1 (grey)", "Set channels to 3 (colour)"],
    ),
    "unknown-size-made-flat": (
        chain(source(None, None, 3), layer("Flatten"), layer("Dense", units=2)),
        "unknown-axis",
        "Dense needs to know how large axis 1 is",
        "Flatten gives (None, None)",
        ["Insert GlobalAveragePooling2D"],
    ),
    "unknown-length-made-flat": (
        chain(source(None, 3), layer("Flatten"), layer("Dense", units=2)),
        "unknown-axis",
        "Dense needs to know how large axis 1 is",
        "Flatten gives (None, None)",
        ["Insert GlobalAveragePooling1D"],
    ),
    "unknown-features": (
        chain(source(None), layer("Dense", units=2)),
        "unknown-axis",
        "Dense needs to know how large axis 1 is",
        "Input gives (None, None)",
        [],
    ),
    "unknown-axis-to-normalize": (
        chain(source(8, None), layer("BatchNormalization")),
        "unknown-axis",
        "BatchNormalization needs to know how large axis 2 is",
        "Input gives (None, 8, None)",
        [],
    ),
    "kernel-larger-than-the-picture": (
        chain(source(2, 2, 1), conv()),
        "too-small",
        "Conv2D reaches over 3 rows, 3 columns",
        "Input gives (None, 2, 2, 1)",
        ['Set padding="same"'],
    ),
    "kernel-with-gaps": (
        chain(source(4, 4, 1), conv(dilation_rate=2)),
        "too-small",
        "Conv2D reaches over 5 rows, 5 columns",
        "Input gives (None, 4, 4, 1)",
        ['Set padding="same"'],
    ),
    "pool-larger-than-the-picture": (
        chain(source(8, 1, 3), layer("MaxPooling2D")),
        "too-small",
        "MaxPooling2D reaches over 2 rows, 2 columns",
        "Input gives (None, 8, 1, 3)",
        ['Set padding="same"'],
    ),
    "axis-to-normalize": (
        chain(source(8), layer("BatchNormalization", axis=5)),
        "wrong-axis",
        "BatchNormalization expects an axis from -2 to 1, found 5",
        "Input gives (None, 8)",
        ["Set axis to -1"],
    ),
    "axes-to-normalize": (
        chain(source(8), layer("LayerNormalization", axis=[3])),
        "wrong-axis",
        "LayerNormalization expects an axis from -2 to 1, found 3",
        "Input gives (None, 8)",
        ["Set axis to -1"],
    ),
    "axis-to-join-along": (
        joined("Concatenate", source(4, 3), source(4, 3), axis=3),
        "wrong-axis",
        "Concatenate expects an axis from -3 to 2, found 3",
        "one gives (None, 4, 3)",
        ["Set axis to -1"],
    ),
    "indices-that-are-floats": (
        chain(source(8), layer("Embedding", input_dim=10, output_dim=4)),
        "wrong-dtype",
        "Embedding expects whole numbers",
        "Input gives (None, 8) of float32",
        ["Set dtype of Input to int32", "Insert cast to int32"],
    ),
    "indices-that-were-computed": (
        chain(source(8), layer("Dense", units=3), layer("Embedding", input_dim=10, output_dim=4)),
        "wrong-dtype",
        "Embedding expects whole numbers",
        "Dense gives (None, 3) of float32",
        ["Insert cast to int32"],
    ),
    "another-number-of-numbers": (
        chain(source(64), layer("Reshape", target_shape=[7, 7])),
        "wrong-size",
        "Reshape makes (7, 7), 49 numbers a sample",
        "Input gives (None, 64), 64 numbers",
        ["Set target_shape to 8, 8"],
    ),
    "sizes-that-do-not-divide": (
        chain(source(64), layer("Reshape", target_shape=[-1, 7, 3])),
        "wrong-size",
        "Reshape makes (-1, 7, 3)",
        "Input gives (None, 64)",
        ["Set target_shape to 8, 8, 1"],
    ),
    "sum-of-different-widths": (
        joined("Add", source(3), source(5)),
        "shapes-differ",
        "one gives (None, 3), two gives (None, 5)",
        "Their axis 1 differs",
        ["Insert Dense with 3 units after two"],
    ),
    "sum-of-picture-and-another": (
        joined("Add", source(8, 8, 16), source(4, 16)),
        "shapes-differ",
        "one gives (None, 8, 8, 16), two gives (None, 4, 16)",
        "Their axis 2 differs",
        [],
    ),
    "joined-of-different-lengths": (
        joined("Concatenate", source(4, 3), source(5, 3)),
        "shapes-differ",
        "one gives (None, 4, 3), two gives (None, 5, 3)",
        "Their axis 1 differs",
        ["Insert Flatten"],
    ),
    "joined-of-different-ranks": (
        joined("Concatenate", source(4, 3), source(3), axis=2),
        "shapes-differ",
        "one gives (None, 4, 3), two gives (None, 3)",
        "They have another number of axes",
        ["Insert Flatten and set axis to -1"],
    ),
    "joined-with-one-number": (
        joined("Concatenate", source(), source(3)),
        "shapes-differ",
        "one gives (None,), two gives (None, 3)",
        "They have another number of axes",
        ["Insert Flatten"],
    ),
    "joined-along-the-batch-axis": (
        joined("Concatenate", source(8), source(6), axis=0),
        "shapes-differ",
        "one gives (None, 8), two gives (None, 6)",
        "Their axis 1 differs",
        ["Set axis to -1"],
    ),
    "text-for-numbers": (
        chain(source(5, dtype="string"), layer("Dense", units=2)),
        "text-input",
        "Dense expects numbers",
        "Input gives (None, 5) of string",
        [],
    ),
    "inner-layer": (
        chain(source(30), layer("Bidirectional", layer=new("LSTM", units=3))),
        "wrong-rank",
        "Bidirectional expects 3 axes (batch, steps, features)",
        "Input gives (None, 30), which has 2",
        ["Insert Reshape to 30, 1"],
    ),
    "cell": (
        chain(source(30), layer("RNN", cell=new("GRUCell", units=3))),
        "wrong-rank",
        "RNN expects 3 axes (batch, steps, features)",
        "Input gives (None, 30), which has 2",
        ["Insert Reshape to 30, 1"],
    ),
    "picture-for-a-sequence-of-pictures": (
        chain(source(8, 8, 3), layer("ConvLSTM2D", filters=4, kernel_size=3)),
        "wrong-rank",
        "ConvLSTM2D expects 5 axes (batch, steps, rows, columns, channels)",
        "Input gives (None, 8, 8, 3), which has 4",
        ["Insert Reshape to 1, 8, 8, 3"],
    ),
    "picture-for-a-layer-at-each-step": (
        chain(source(8, 8, 3), layer("TimeDistributed", layer=new("Conv2D", filters=4, kernel_size=3))),
        "wrong-rank",
        "TimeDistributed expects 5 axes (batch, steps, rows, columns, channels)",
        "Input gives (None, 8, 8, 3), which has 4",
        ["Insert Reshape to 1, 8, 8, 3"],
    ),
    "row-for-a-layer-at-each-step": (
        chain(source(30), layer("TimeDistributed", layer=new("Dense", units=3))),
        "wrong-rank",
        "TimeDistributed expects at least 3 axes (batch, steps, features)",
        "Input gives (None, 30), which has 2",
        ["Insert Reshape to 30, 1"],
    ),
    "picture-without-channels-first": (
        chain(source(28, 20), conv(data_format="channels_first")),
        "wrong-rank",
        "Conv2D expects 4 axes",
        "Input gives (None, 28, 20), which has 3",
        ["Insert Reshape to 1, 28, 20"],
    ),
    "row-for-channels-first": (
        chain(source(3072), conv(data_format="channels_first")),
        "wrong-rank",
        "Conv2D expects 4 axes",
        "Input gives (None, 3072), which has 2",
        ["Insert Reshape to 3, 32, 32"],
    ),
    "two-layers-in-both-directions": (
        chain(
            source(9, 3),
            layer("Bidirectional", layer=new("LSTM", units=4), backward_layer=BACKWARD),
            layer("LSTM", units=4),
        ),
        "wrong-rank",
        "LSTM expects 3 axes",
        "Bidirectional gives (None, 8), which has 2",
        ["Let Bidirectional return sequences"],
    ),
    "two-layers-over-pictures": (
        chain(
            source(9, 8, 8, 1),
            layer("ConvLSTM2D", filters=4, kernel_size=3),
            layer("ConvLSTM2D", filters=2, kernel_size=3),
        ),
        "wrong-rank",
        "ConvLSTM2D expects 5 axes",
        "ConvLSTM2D gives (None, 6, 6, 4), which has 4",
        ["Let ConvLSTM2D return sequences"],
    ),
    "groups": (
        chain(source(8, 8, 3), conv(groups=2)),
        "node-failed",
        "Conv2D failed: The number of filters must be evenly divisible by the number of groups",
        "(None, 8, 8, 3) from Input",
        [],
    ),
    "product-of-different-widths": (
        joined("Dot", source(4), source(5), axes=1),
        "node-failed",
        "Dot failed: Incompatible input shapes",
        "(None, 4) from one, (None, 5) from two",
        [],
    ),
    "cropped-away": (
        chain(source(4, 4, 1), layer("Cropping2D", cropping=3)),
        "node-failed",
        "Cropping2D failed: Values in `cropping` argument should be smaller",
        "(None, 4, 4, 1) from Input",
        [],
    ),
}


@pytest.mark.parametrize("case", BAD)
def test_what_is_wrong_is_told_at_its_node_with_both_ends_and_is_put_right(
    case: str, either: Checker, catalog: Catalog
) -> None:
    graph, code, *texts, labels = BAD[case]
    assert not check(graph, catalog)
    found = either.report(graph, catalog)
    (problem,) = found.problems
    assert (problem.code, problem.nodes) == (code, (graph.nodes[-1 if "nothing" not in case else 2].id,))
    for text in texts:
        assert text in str(problem)
    assert "\x1b" not in str(problem)
    assert "Arguments received" not in str(problem)
    proposed = repairs(problem, graph, catalog, found)
    assert [repair.label for repair in proposed] == labels
    for repair in proposed:
        assert not check(repair.graph, catalog), repair.label
        assert either.report(repair.graph, catalog).problems == (), repair.label


def test_a_repair_is_of_the_data_whatever_was_linked_first(checker: Checker, catalog: Catalog) -> None:
    state, data = (
        Node(id=id, type="keras.Input", args={"shape": [size]}) for id, size in (("h", 4), ("x", 10))
    )
    links = (Link("h", "", "gru", "initial_state"), Link("x", "", "gru", "sequences"))
    gru = Node(id="gru", type="keras.layers.GRU", args={"units": 4})
    graph = Graph(nodes=(state, data, gru), links=links)
    found = checker.report(graph, catalog)
    (problem,) = found.problems
    (repair,) = repairs(problem, graph, catalog, found)
    assert repair.label == "Insert Reshape to 10, 1"
    assert checker.report(repair.graph, catalog).problems == ()


def test_the_state_of_a_recurrent_layer_is_not_made_a_sequence(checker: Checker, catalog: Catalog) -> None:
    graph = chain(source(9, 3), layer("LSTM", units=4, return_state=True), layer("GRU", units=2))
    state = replace(graph.links[-1], output="1")
    graph = replace(graph, links=(*graph.links[:-1], state))
    found = checker.report(graph, catalog)
    (problem,) = found.problems
    assert [one.label for one in repairs(problem, graph, catalog, found)] == ["Insert Reshape to 4, 1"]


@pytest.mark.parametrize("shape", [(9, 3), (9, 3, 2), (9, 3, 2, 2)])
def test_a_layer_at_each_step_takes_any_axes_behind_it(
    shape: tuple[int, ...], checker: Checker, catalog: Catalog
) -> None:
    inner = new("TimeDistributed", layer=new("Dense", units=2))
    nested = [new("Dense", units=2)] + [inner] * (len(shape) > 2)
    for one in nested:
        graph = chain(source(*shape), layer("TimeDistributed", layer=one))
        assert checker.report(graph, catalog).problems == ()


def trained(
    *steps: Step,
    loss: Any,
    y: str,
    x: str = "",
    classes: int = 0,
    rows: int = 100,
    **compiled: Any,
) -> tuple[Graph, Known]:
    """A network with a model that is compiled and fitted, and what is known of its data."""
    graph = chain(*steps, model=True)
    more = (
        Node(id="x", type="fallback.samples.load_digits"),
        Node(id="compile", type="keras.Model.compile", args={"loss": loss, **compiled}),
        Node(id="fit", type="keras.Model.fit"),
    )
    links = (
        Link("model", "", "compile", "self"),
        Link("compile", "model", "fit", "self"),
        Link("x", "x", "fit", "x"),
        Link("x", "y", "fit", "y"),
    )
    shape = ", ".join(["None", *map(str, steps[0][1]["shape"])])
    given = x or f"({shape})".replace("None", str(rows))
    known = Known({"x": {"x": given, "y": y}}, {"x": {"y": classes}} if classes else {})
    return Graph(nodes=graph.nodes + more, links=graph.links + links), known


def dense(units: int, activation: str | None = None) -> Step:
    return "Dense", {"units": units, **({"activation": activation} if activation else {})}


SPARSE, CATEGORICAL, BINARY = (
    "sparse_categorical_crossentropy",
    "categorical_crossentropy",
    "binary_crossentropy",
)


def crossentropy(kind: str, **args: Any) -> dict[str, Any]:
    return {"$new": f"keras.losses.{kind}Crossentropy", "args": args}


LOGITS = crossentropy("Categorical", from_logits=True)
UNFIT: dict[str, tuple[tuple[Graph, Known], str, list[str]]] = {
    "fewer-units-than-classes": (
        trained(source(4), dense(3, "softmax"), loss=SPARSE, y="(100,)", classes=10),
        "wrong-units",
        ["Set units to 10"],
    ),
    "units-before-an-activation": (
        trained(source(4), dense(3), layer("Softmax"), loss=SPARSE, y="(100, 1)", classes=10),
        "wrong-units",
        ["Set units to 10"],
    ),
    "one-hot-rows-of-another-width": (
        trained(source(4), dense(3, "softmax"), loss=CATEGORICAL, y="(100, 10)"),
        "wrong-units",
        ["Set units to 10"],
    ),
    "several-targets": (
        trained(source(4), dense(1), loss="mean_squared_error", y="(100, 2)"),
        "wrong-units",
        ["Set units to 2"],
    ),
    "units-that-are-made-flat": (
        trained(source(3, 8), dense(4), layer("Flatten"), loss="mse", y="(100, 10)"),
        "wrong-units",
        [],
    ),
    "units-in-another-shape": (
        trained(source(8), dense(20), layer("Reshape", target_shape=[20]), loss="mse", y="(100, 10)"),
        "wrong-units",
        [],
    ),
    "two-units-for-one-truth": (
        trained(source(4), dense(2, "softmax"), loss=BINARY, y="(100,)", classes=2),
        "wrong-units",
        ["Use 1 unit with a sigmoid", f"Use {SPARSE}"],
    ),
    "two-logits-for-one-truth": (
        trained(source(4), dense(2), loss=crossentropy("Binary", from_logits=True), y="(100,)", classes=2),
        "wrong-units",
        ["Use 1 unit with a sigmoid", f"Use {SPARSE}"],
    ),
    "two-units-and-a-layer-for-one-truth": (
        trained(source(4), dense(2), layer("Softmax"), loss=BINARY, y="(100,)", classes=2),
        "wrong-units",
        ["Use 1 unit with a sigmoid", f"Use {SPARSE}"],
    ),
    "classes-for-a-loss-of-numbers": (
        trained(source(4), dense(3, "softmax"), loss="mse", y="(100,)", classes=3),
        "wrong-units",
        [f"Use {SPARSE}", "Use 1 unit without a softmax"],
    ),
    "more-classes-for-a-loss-of-numbers": (
        trained(source(4), dense(3), layer("Softmax"), loss="mse", y="(100,)", classes=5),
        "wrong-units",
        [f"Use {SPARSE} with 5 units", "Use 1 unit without a softmax"],
    ),
    "softmax-over-one-unit-of-one-hot-rows": (
        trained(source(4), dense(1, "softmax"), loss=CATEGORICAL, y="(100, 3)"),
        "softmax-of-one",
        ["Use 3 units"],
    ),
    "softmax-layer-over-one-unit": (
        trained(source(4), dense(1), layer("Softmax"), loss=BINARY, y="(100,)", classes=2),
        "softmax-of-one",
        ["Use a sigmoid", "Use 2 units"],
    ),
    "softmax-over-one-unit": (
        trained(source(4), dense(1, "softmax"), loss=BINARY, y="(100,)", classes=2),
        "softmax-of-one",
        ["Use a sigmoid", "Use 2 units"],
    ),
    "softmax-over-one-unit-of-many-classes": (
        trained(source(4), dense(1, "softmax"), loss=SPARSE, y="(100,)", classes=5),
        "softmax-of-one",
        ["Use 5 units"],
    ),
    "one-hot-rows-for-a-sparse-loss": (
        trained(source(4), dense(3, "softmax"), loss=SPARSE, y="(100, 3)"),
        "one-hot-targets",
        [f"Use {CATEGORICAL}"],
    ),
    "numbers-of-classes-for-a-one-hot-loss": (
        trained(source(4), dense(3, "softmax"), loss=CATEGORICAL, y="(100,)", classes=3),
        "sparse-targets",
        [f"Use {SPARSE}"],
    ),
    "numbers-of-classes-for-a-one-hot-loss-of-logits": (
        trained(source(4), dense(3), loss=LOGITS, y="(100,)", classes=3),
        "sparse-targets",
        [f"Use {SPARSE}"],
    ),
    "one-unit-for-a-loss-of-several-classes": (
        trained(source(4), dense(1, "sigmoid"), loss=CATEGORICAL, y="(100,)", classes=2),
        "one-class",
        [f"Use a sigmoid and {BINARY}"],
    ),
    "one-unit-for-several-classes": (
        trained(source(4), dense(1, "sigmoid"), loss=CATEGORICAL, y="(100, 1)", classes=5),
        "one-class",
        ["Use 5 units with a softmax"],
    ),
    "one-filter-for-several-classes": (
        trained(source(8, 8, 1), conv(filters=1), loss=SPARSE, y="(100, 6, 6)", classes=5),
        "one-class",
        [],
    ),
    "one-number-for-classes-that-are-not-known": (
        trained(source(4), dense(1), loss=SPARSE, y="(100,)"),
        "one-class",
        [f"Use a sigmoid and {BINARY}"],
    ),
    "numbers-of-classes-for-one-hot-logits-that-are-none": (
        trained(source(4), dense(3, "softmax"), loss=LOGITS, y="(100,)", classes=3),
        "sparse-targets",
        [f"Use {SPARSE}"],
    ),
    "numbers-for-probabilities-of-classes": (
        trained(source(4), dense(3), loss=SPARSE, y="(100,)", classes=3),
        "no-probabilities",
        ["Use a softmax", "Set from_logits"],
    ),
    "numbers-for-probabilities-of-truths": (
        trained(source(4), dense(5), layer("Dropout", rate=0.5), loss=BINARY, y="(100, 5)"),
        "no-probabilities",
        ["Use a sigmoid", "Set from_logits"],
    ),
    "positive-numbers-for-probabilities": (
        trained(source(4), dense(3), layer("ReLU"), loss=CATEGORICAL, y="(100, 3)"),
        "no-probabilities",
        ["Use a softmax"],
    ),
    "pictures-of-numbers-for-pictures-of-truths": (
        trained(source(8, 8, 1), conv(padding="same"), loss=BINARY, y="(100, 8, 8, 3)"),
        "no-probabilities",
        ["Use a sigmoid", "Set from_logits"],
    ),
    "probabilities-for-logits-of-classes": (
        trained(
            source(4),
            dense(3),
            layer("Activation", activation={"$ref": "keras.activations.softmax"}),
            loss=crossentropy("SparseCategorical", from_logits=True),
            y="(100,)",
            classes=3,
        ),
        "no-logits",
        ["Clear from_logits"],
    ),
    "probabilities-for-logits-of-truths": (
        trained(source(4), dense(1, "sigmoid"), loss=crossentropy("Binary", from_logits=True), y="(100,)"),
        "no-logits",
        ["Clear from_logits"],
    ),
    "picture-for-a-label": (
        trained(source(8, 8, 1), conv(), dense(3, "softmax"), loss=SPARSE, y="(100,)", classes=3),
        "output-rank",
        ["Insert Flatten", "Insert GlobalAveragePooling2D"],
    ),
    "sequence-for-a-label": (
        trained(source(8, 2), conv(1), dense(3, "softmax"), loss=SPARSE, y="(100,)", classes=3),
        "output-rank",
        ["Insert Flatten", "Insert GlobalAveragePooling1D"],
    ),
    "samples-of-another-width": (
        trained(source(4), dense(3, "softmax"), loss=SPARSE, x="(100, 30)", y="(100,)", classes=3),
        "wrong-data",
        ["Set the shape to 30"],
    ),
    "pictures-in-rows": (
        trained(
            source(8, 8, 1),
            conv(),
            layer("Flatten"),
            dense(3, "softmax"),
            loss=SPARSE,
            x="(100, 64)",
            y="(100,)",
            classes=3,
        ),
        "wrong-data",
        ["Set the shape to 64 and insert Reshape"],
    ),
}
FIT: dict[str, tuple[Graph, Known]] = {
    "as-many-units-as-classes": trained(source(4), dense(3, "softmax"), loss=SPARSE, y="(100,)", classes=3),
    "more-units-than-classes": trained(source(4), dense(9, "softmax"), loss=SPARSE, y="(100,)", classes=3),
    "one-unit-for-one-truth": trained(source(4), dense(1, "sigmoid"), loss=BINARY, y="(100,)", classes=2),
    "one-number": trained(source(4), dense(1), loss="mean_squared_error", y="(100, 1)"),
    "pictures-for-pictures": trained(source(8, 8, 1), conv(padding="same"), loss="mse", y="(100, 8, 8, 3)"),
    "channel-axis-that-keras-adds": trained(source(8, 8, 1), conv(), loss="mse", x="(100, 8, 8)", y="?"),
    "loss-by-the-name-of-its-class": trained(
        source(4), dense(3, "softmax"), loss="SparseCategoricalCrossentropy", y="(100,)", classes=3
    ),
    "loss-that-keras-chooses-for-classes": trained(
        source(4), dense(3, "softmax"), loss="crossentropy", y="(100,)", classes=3
    ),
    "loss-that-keras-chooses-for-rows": trained(source(4), dense(3, "softmax"), loss="ce", y="(100, 3)"),
    "logits": trained(
        source(4), dense(3), loss=crossentropy("SparseCategorical", from_logits=True), y="(100,)", classes=3
    ),
    "softmax-before-what-changes-nothing": trained(
        source(4),
        dense(3, "softmax"),
        layer("Activation", activation="linear"),
        layer("Reshape", target_shape=[3]),
        loss=SPARSE,
        y="(100,)",
        classes=3,
    ),
    "probabilities-of-a-layer-that-is-not-known": trained(
        source(4), dense(3), layer("UnitNormalization"), loss=SPARSE, y="(100,)", classes=3
    ),
    "probabilities-of-a-recurrent-layer": trained(
        source(4, 2), layer("LSTM", units=3), loss=BINARY, y="(100, 3)"
    ),
    "classes-along-another-axis": trained(
        source(3, 1), layer("Softmax", axis=1), loss=crossentropy("Categorical", axis=1), y="(100, 3, 1)"
    ),
    "positive-numbers-of-classes": trained(
        source(4), dense(3, "softplus"), loss=SPARSE, y="(100,)", classes=3
    ),
    "nothing-known": trained(source(4), dense(3, "softmax"), loss=SPARSE, x="?", y="?"),
}


def unfit(
    graph: Graph, known: Known, checker: Checker, catalog: Catalog
) -> tuple[tuple[Problem, ...], list[tuple[str, Graph]]]:
    found = checker.report(graph, catalog)
    problems = (*found.problems, *targets.check(graph, catalog, found, known))
    proposed = [(one.label, one.graph) for p in problems for one in repairs(p, graph, catalog, found, known)]
    return problems, proposed


@pytest.mark.parametrize("case", UNFIT)
def test_what_a_model_gives_is_held_against_its_loss_and_data_and_is_put_right(
    case: str, checker: Checker, catalog: Catalog
) -> None:
    (graph, known), code, labels = UNFIT[case]
    assert not check(graph, catalog)
    problems, proposed = unfit(graph, known, checker, catalog)
    assert [problem.code for problem in problems] == [code]
    assert [label for label, _ in proposed] == labels
    for label, repaired in proposed:
        assert not check(repaired, catalog), label
        assert unfit(repaired, known, checker, catalog)[0] == (), label


@pytest.mark.parametrize("case", FIT)
def test_what_fits_is_no_problem(case: str, checker: Checker, catalog: Catalog) -> None:
    graph, known = FIT[case]
    assert unfit(graph, known, checker, catalog) == ((), [])


def test_a_sigmoid_takes_the_place_of_logits_and_of_a_softmax_layer(
    checker: Checker, catalog: Catalog
) -> None:
    for case in ("two-logits-for-one-truth", "two-units-and-a-layer-for-one-truth"):
        graph, known = UNFIT[case][0]
        repaired = unfit(graph, known, checker, catalog)[1][0][1]
        ends = [(node.type.rpartition(".")[2], node.args) for node in repaired.nodes[1:-4]]
        sigmoid = {"activation": "sigmoid"}
        assert ends == (
            [("Dense", {"units": 1, **sigmoid})]
            if "logits" in case
            else [("Dense", {"units": 1}), ("Activation", sigmoid)]
        )
        assert repaired.by_id["compile"].args["loss"] == BINARY


def test_a_loss_that_takes_logits_or_not_keeps_its_other_arguments(
    checker: Checker, catalog: Catalog
) -> None:
    for steps, logits in ((dense(3), False), (dense(3, "softmax"), True)):
        loss = crossentropy("Categorical", label_smoothing=0.1, **({"from_logits": True} if logits else {}))
        graph, known = trained(source(4), steps, loss=loss, y="(100, 3)")
        (problem,), proposed = unfit(graph, known, checker, catalog)
        assert problem.level == "notice"
        args = proposed[-1][1].by_id["compile"].args["loss"]["args"]
        assert args == {"label_smoothing": 0.1, **({} if logits else {"from_logits": True})}


METRICS = [
    "accuracy",
    "sparse_categorical_accuracy",
    {"$new": "keras.metrics.SparseTopKCategoricalAccuracy", "args": {"k": 2}},
    {"$new": "keras.metrics.SparseCategoricalCrossentropy", "args": {"ignore_class": 1, "name": "own"}},
    {"$ref": "keras.metrics.sparse_categorical_accuracy"},
]


def test_metrics_go_with_the_loss(checker: Checker, catalog: Catalog) -> None:
    graph, known = trained(
        source(4),
        dense(3, "softmax"),
        loss=SPARSE,
        y="(100, 3)",
        metrics=METRICS,
        weighted_metrics={"a": METRICS},
    )
    ((_, repaired),) = unfit(graph, known, checker, catalog)[1]
    assert not check(repaired, catalog)
    args = repaired.by_id["compile"].args
    assert args["weighted_metrics"] == {"a": args["metrics"]}
    assert args["metrics"] == [
        "accuracy",
        "categorical_accuracy",
        {"$new": "keras.metrics.TopKCategoricalAccuracy", "args": {"k": 2}},
        {"$new": "keras.metrics.CategoricalCrossentropy", "args": {"name": "own"}},
        {"$ref": "keras.metrics.categorical_accuracy"},
    ]


def test_logits_stay_logits_under_another_loss(checker: Checker, catalog: Catalog) -> None:
    graph, known = UNFIT["numbers-of-classes-for-a-one-hot-loss-of-logits"][0]
    ((_, repaired),) = unfit(graph, known, checker, catalog)[1]
    assert repaired.by_id["compile"].args["loss"] == {
        "$new": "keras.losses.SparseCategoricalCrossentropy",
        "args": {"from_logits": True},
    }


_SHAPES = st.lists(st.sampled_from([None, 1, 2, 3, 4, 9, 16]), min_size=1, max_size=4)
_STEPS = st.sampled_from(
    [
        conv(1),
        conv(2),
        conv(2, padding="same", strides=2),
        layer("MaxPooling2D"),
        layer("MaxPooling1D", pool_size=3),
        layer("GlobalAveragePooling2D"),
        layer("Flatten"),
        layer("LSTM", units=2),
        layer("GRU", units=2, return_sequences=True),
        layer("Dense", units=4),
        layer("BatchNormalization", axis=2),
        layer("Reshape", target_shape=[2, 8]),
        layer("Embedding", input_dim=9, output_dim=2),
    ]
)


@settings(max_examples=40)
@given(shape=_SHAPES, steps=st.lists(_STEPS, min_size=1, max_size=5))
def test_a_repair_takes_its_problem_away_and_does_no_harm_to_what_was_well(
    shape: list[int | None], steps: list[Step], checker: Checker, catalog: Catalog
) -> None:
    graph = chain(source(*shape), *steps)
    found = checker.report(graph, catalog)
    for problem in found.problems:
        for repair in repairs(problem, graph, catalog, found):
            assert not check(repair.graph, catalog)
            after = checker.report(repair.graph, catalog)
            assert found.shapes.keys() & repair.graph.by_id.keys() <= after.shapes.keys(), repair.label
            again = [one for one in after.problems if one.nodes == problem.nodes]
            assert all(one.code != problem.code for one in again), repair.label
