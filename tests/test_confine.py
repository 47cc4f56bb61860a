"""What counts as a parameter, with real layers and models; no process."""

from collections.abc import Callable
from typing import Any

import keras
import pytest

from flowcore.model.problem import FlowError
from flowcore.worker.confine import Parameters
from flowcore.worker.evaluate import Outputs


class Odd:
    """Has any attribute, none of which is what it is called."""

    def __getattr__(self, name: str) -> Any:
        return self


def dense(layer: keras.Layer) -> list[Outputs]:
    return [Outputs(keras.Input((3,))), Outputs(layer(keras.Input((3,))), {"layer": layer})]


def shared() -> list[Outputs]:
    """A layer that is built where it is called, by a node of its own; twice."""
    layer = keras.layers.Dense(4)
    made = Outputs(layer, {"layer": layer})
    first, second = keras.Input((3,)), keras.Input((3,))
    return [made, Outputs(layer(first)), Outputs(layer(second))]


def model() -> list[Outputs]:
    """The model of a layer that is counted already."""
    inputs, layer = keras.Input((3,)), keras.layers.Dense(4)
    outputs = layer(inputs)
    return [Outputs(outputs, {"layer": layer}), Outputs(keras.Model(inputs, outputs))]


@pytest.mark.parametrize(
    ("make", "count"),
    [
        pytest.param(lambda: dense(keras.layers.Dense(4)), 16, id="layer"),
        pytest.param(lambda: dense(keras.layers.Dropout(0.5)), 0, id="layer without any"),
        pytest.param(shared, 16, id="shared layer"),
        pytest.param(model, 16, id="model of a counted layer"),
        pytest.param(
            lambda: [Outputs(keras.Sequential([keras.Input((3,)), keras.layers.Dense(4)]))],
            16,
            id="sequential",
        ),
        pytest.param(
            lambda: [
                Outputs(keras.applications.MobileNet(weights=None, input_shape=(32, 32, 3), alpha=0.25)),
            ],
            475_544,
            id="application",
        ),
        pytest.param(lambda: [Outputs(Odd(), {"a": None, "b": [1], "c": "weights"})], 0, id="anything else"),
    ],
)
def test_each_variable_of_layers_and_models_counts_once(
    make: Callable[[], list[Outputs]], count: int
) -> None:
    made = make()
    for limit in (None, count):
        parameters = Parameters(limit)
        for outputs in made:
            parameters.admit(outputs)
    if count:
        with pytest.raises(FlowError, match=f"have {count:,} parameters so far; the limit is {count - 1:,}"):
            Parameters(count - 1).admit(*made)


def test_a_layer_that_is_built_by_data_counts_at_the_node_that_calls_it() -> None:
    layer = keras.layers.Dense(4)
    made = Outputs(layer, {"layer": layer})
    parameters = Parameters(15)
    parameters.admit(made)
    result = layer(keras.ops.ones((1, 3)))
    with pytest.raises(FlowError, match="have 16 parameters"):
        parameters.admit(Outputs(result), made)


def test_what_is_kept_from_before_counts_too() -> None:
    first, second = dense(keras.layers.Dense(4)), dense(keras.layers.Dense(4))
    with pytest.raises(FlowError, match="have 32 parameters"):
        Parameters(31, first).admit(*second)
    Parameters(16, first).admit(*first)
