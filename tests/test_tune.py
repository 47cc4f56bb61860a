"""Input by the epoch: the very figures of Keras, whatever is validated on, with fewer iterators."""

from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf

from flowcore.worker import tune

EPOCHS = 3
DRAWN = np.random.default_rng(0)
X, Y = DRAWN.normal(size=(90, 5)).astype("float32"), DRAWN.integers(0, 3, 90)
VALID = DRAWN.normal(size=(50, 5)).astype("float32"), DRAWN.integers(0, 3, 50)


def shuffled() -> Any:
    """Each iterator of it draws an order of its own."""
    return tf.data.Dataset.from_tensor_slices(VALID).shuffle(50, seed=3).batch(8).take(3)


def fitted(quick: bool, **given: Any) -> dict[str, list[float]]:
    keras.utils.set_random_seed(7)
    layers = [keras.layers.Dense(8, "relu"), keras.layers.Dropout(0.5), keras.layers.Dense(3, "softmax")]
    model = keras.Sequential([keras.Input((5,)), *layers])
    model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    if not quick:
        return model.fit(X, Y, epochs=EPOCHS, verbose=0, **given).history
    with tune.quick_input(lambda told: None):
        return model.fit(X, Y, epochs=EPOCHS, verbose=0, **given).history


WAYS: dict[str, Any] = {
    "arrays": lambda: {"validation_data": VALID},
    "some of the batches": lambda: {
        "validation_data": VALID,
        "validation_batch_size": 8,
        "validation_steps": 2,
    },
    "what is shuffled each time": lambda: {"validation_data": shuffled()},
    "every second epoch, in order": lambda: {
        "validation_data": VALID,
        "validation_freq": 2,
        "shuffle": False,
    },
    "weighted samples": lambda: {"sample_weight": np.arange(90) / 90, "batch_size": 7},
}


@pytest.mark.parametrize("way", WAYS)
def test_every_figure_is_that_of_keras(way: str) -> None:
    assert fitted(True, **WAYS[way]()) == fitted(False, **WAYS[way]())


def test_an_epoch_and_its_validation_make_an_iterator_each(monkeypatch: pytest.MonkeyPatch) -> None:
    made, begin = [], tf.data.Dataset.__iter__
    monkeypatch.setattr(tf.data.Dataset, "__iter__", lambda self: made.append(1) or begin(self))
    fitted(True, validation_data=VALID)
    assert len(made) == 2 * (EPOCHS + 1)  # the last of each is made, and asked for by nobody
