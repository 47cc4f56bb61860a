"""Model files as Keras 2.11 wrote them, each part named, to be changed by tests.

What its successor tf_keras writes lies in files/keras2, made by tests/write_keras2.py.
"""

from typing import Any

import numpy as np

GLOROT = {"class_name": "GlorotUniform", "config": {"seed": None}}
ZEROS: dict[str, Any] = {"class_name": "Zeros", "config": {}}
ONES: dict[str, Any] = {"class_name": "Ones", "config": {}}


def entry(class_: str, name: str, nodes: list[Any], **config: Any) -> dict[str, Any]:
    """A layer of a Functional model."""
    given = {"name": name, "trainable": True, "dtype": "float32", **config}
    return {"class_name": class_, "config": given, "name": name, "inbound_nodes": nodes}


def input_(name: str, *shape: int | None, dtype: str = "float32") -> dict[str, Any]:
    """An InputLayer. shape: without the batch axis."""
    config = {
        "batch_input_shape": [None, *shape],
        "dtype": dtype,
        "sparse": False,
        "ragged": False,
        "name": name,
    }
    return {"class_name": "InputLayer", "config": config, "name": name, "inbound_nodes": []}


def on(*names: str, **kwargs: Any) -> list[Any]:
    """One call on tensors, as layers have it."""
    return [[[name, 0, 0, kwargs] for name in names]]


def model(name: str, layers: list[Any], inputs: list[Any], outputs: list[Any]) -> dict[str, Any]:
    """A Functional model. inputs, outputs: of layers by name, or a tensor in full."""
    ends = [[one if isinstance(one, list) else [one, 0, 0] for one in part] for part in (inputs, outputs)]
    config = {
        "name": name,
        "trainable": True,
        "layers": layers,
        "input_layers": ends[0],
        "output_layers": ends[1],
    }
    return {"class_name": "Functional", "config": config, "keras_version": "2.11.0", "backend": "tensorflow"}


def dense(name: str, nodes: list[Any], units: int, activation: str = "linear", **more: Any) -> dict[str, Any]:
    config = {
        "units": units,
        "activation": activation,
        "use_bias": True,
        "kernel_initializer": GLOROT,
        "bias_initializer": ZEROS,
        "kernel_regularizer": None,
        "bias_regularizer": None,
        "activity_regularizer": None,
        "kernel_constraint": None,
        "bias_constraint": None,
    }
    return entry("Dense", name, nodes, **{**config, **more})


def conv(name: str, nodes: list[Any], filters: int) -> dict[str, Any]:
    return entry(
        "Conv2D",
        name,
        nodes,
        filters=filters,
        kernel_size=[3, 3],
        strides=[1, 1],
        padding="same",
        data_format="channels_last",
        dilation_rate=[1, 1],
        groups=1,
        activation="linear",
        use_bias=True,
        kernel_initializer=GLOROT,
        bias_initializer=ZEROS,
        kernel_regularizer={"class_name": "L2", "config": {"l2": 0.01}},
        bias_regularizer=None,
        activity_regularizer=None,
        kernel_constraint=None,
        bias_constraint=None,
    )


def lstm(name: str, nodes: list[Any], units: int, **more: Any) -> dict[str, Any]:
    config = {
        "return_sequences": False,
        "return_state": False,
        "go_backwards": False,
        "stateful": False,
        "unroll": False,
        "time_major": False,
        "units": units,
        "activation": "tanh",
        "recurrent_activation": "sigmoid",
        "use_bias": True,
        "kernel_initializer": GLOROT,
        "recurrent_initializer": {"class_name": "Orthogonal", "config": {"gain": 1.0, "seed": None}},
        "bias_initializer": ZEROS,
        "unit_forget_bias": True,
        "dropout": 0.0,
        "recurrent_dropout": 0.0,
        "implementation": 2,
    }
    return entry("LSTM", name, nodes, **{**config, **more})


def norm(name: str, nodes: list[Any]) -> dict[str, Any]:
    return entry(
        "BatchNormalization",
        name,
        nodes,
        axis=[3],
        momentum=0.99,
        epsilon=0.001,
        center=True,
        scale=True,
        beta_initializer=ZEROS,
        gamma_initializer=ONES,
        moving_mean_initializer=ZEROS,
        moving_variance_initializer=ONES,
        beta_regularizer=None,
        gamma_regularizer=None,
        beta_constraint=None,
        gamma_constraint=None,
    )


def operation(name: str, function: str, nodes: list[Any]) -> dict[str, Any]:
    """A function of TensorFlow that was called on a tensor."""
    return entry("TFOpLambda", name, nodes, function=function)


CNN = model(
    "cnn",
    [
        input_("input_1", 8, 8, 3),
        conv("conv2d", on("input_1"), 3),
        norm("bn", on("conv2d", training=False)),
        entry("LeakyReLU", "leaky_re_lu", on("bn"), alpha=0.1),
        operation(
            "tf.__operators__.add",
            "__operators__.add",
            [["leaky_re_lu", 0, 0, {"y": ["input_1", 0, 0], "name": None}]],
        ),
        operation(
            "tf.math.multiply", "math.multiply", [["tf.__operators__.add", 0, 0, {"y": 2.0, "name": None}]]
        ),
        entry("Concatenate", "concatenate", on("tf.math.multiply", "conv2d"), axis=-1),
        operation(
            "tf.math.reduce_mean",
            "math.reduce_mean",
            [["concatenate", 0, 0, {"axis": [1, 2], "keepdims": False}]],
        ),
        dense("dense", on("tf.math.reduce_mean"), 4, "softmax"),
    ],
    ["input_1"],
    ["dense"],
)

STATES = model(
    "states",
    [
        input_("source", 5, 4),
        input_("target", 6, 4),
        lstm("encoder", on("source"), 3, return_state=True),
        lstm(
            "decoder",
            [[["target", 0, 0, {}], ["encoder", 0, 1, {}], ["encoder", 0, 2, {}]]],
            3,
            return_sequences=True,
        ),
        entry(
            "TimeDistributed",
            "time_distributed",
            on("decoder"),
            layer={"class_name": "Dense", "config": dense("dense", [], 2)["config"]},
        ),
    ],
    ["source", "target"],
    ["time_distributed"],
)

NESTED = model(
    "nested",
    [
        input_("left", 4),
        input_("right", 4),
        {
            **model("twin", [input_("in", 4), dense("hidden", on("in"), 3, "relu")], ["in"], ["hidden"]),
            "name": "twin",
            "inbound_nodes": [*on("left"), *on("right")],
        },
        entry("Subtract", "subtract", [[["twin", 1, 0, {}], ["twin", 2, 0, {}]]]),
        dense("dense", on("subtract"), 1),
        dense("dense_1", on("subtract"), 2),
    ],
    ["left", "right"],
    ["dense", "dense_1"],
)

SEQUENTIAL: dict[str, Any] = {
    "class_name": "Sequential",
    "config": {
        "name": "sequential",
        "layers": [
            {
                "class_name": "Dense",
                "config": {**dense("dense", [], 3, "relu")["config"], "batch_input_shape": [None, 4]},
            },
            {
                "class_name": "Dropout",
                "config": {
                    "name": "dropout",
                    "trainable": True,
                    "dtype": "float32",
                    "rate": 0.5,
                    "noise_shape": None,
                    "seed": None,
                },
            },
            {"class_name": "Dense", "config": dense("dense_1", [], 2)["config"]},
        ],
    },
    "keras_version": "2.11.0",
    "backend": "tensorflow",
}


def numbers(shape: Any, index: int, dtype: str = "float32") -> np.ndarray:
    """Weights or inputs that depend on their place and shape alone; vectors, variances too, are above 0."""
    sizes = [size or 2 for size in shape]
    if not dtype.startswith("float"):
        return np.arange(np.prod(sizes), dtype=dtype).reshape(sizes) % 5
    waves = np.cos(0.7 * np.arange(np.prod(sizes)) + index).reshape(sizes)
    return ((0.5 if len(sizes) == 1 else 0.0) + 0.4 * waves).astype(dtype)


def told(array: np.ndarray) -> list[Any]:
    """An output in short: its shape, and the sums of what it holds and of its squares."""
    return [list(array.shape), float(array.sum()), float((array.astype("float64") ** 2).sum())]
