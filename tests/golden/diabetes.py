"""Diabetes

Predicts how far a disease has gone after a year from ten figures of a patient. On a scale from 25 to 346 it is off by 30 to 50.

Made by flowcore for fallback 0.1.0, keras 3.15.1.
"""

from typing import Any, NamedTuple

import keras
import numpy as np
import numpy.typing as npt
from sklearn import datasets
from sklearn.model_selection import train_test_split


Array = npt.NDArray[Any]


class Split(NamedTuple):
    """Rows to train on and rows to test with."""

    x_train: Array
    x_test: Array
    y_train: Array
    y_test: Array


class Standardized(NamedTuple):
    """Both parts on one scale."""

    x_train: Array
    x_test: Array


# fallback.prepare.split
def split(
    x: Array, y: Array, test_share: float = 0.2, stratify: bool = True, seed: int = 0
) -> Split:
    """Divides samples at random into a part for training and a part for testing.

    Args:
        x: Samples, shape (samples, ...).
        y: Labels or targets, shape (samples, ...).
        test_share: Float between 0 and 1, exclusive. The share of the samples kept for testing.
        stratify: Whether each class keeps its share in both parts. For classification only:
            switch it off where y is a measured quantity.
        seed: Non-negative integer. The same seed gives the same parts.

    Returns:
        x_train, x_test, y_train, y_test, in the order drawn.
    """
    x, y = np.asarray(x), np.asarray(y)
    if len(x) != len(y):
        raise ValueError(
            f"Expected as many rows in x as in y; found {len(x)} and {len(y)} "
            f"(shapes {x.shape} and {y.shape}). Link both to outputs of the same data."
        )
    if not 0 < test_share < 1:
        raise ValueError(f"Expected a test_share between 0 and 1; found {test_share}. Try 0.2.")
    classes = _classes(y) if stratify else None
    parts = train_test_split(x, y, test_size=test_share, stratify=classes, random_state=seed)
    return Split(*parts)


# fallback.prepare.standardize
def standardize(x_train: Array, x_test: Array) -> Standardized:
    """Shifts and scales each feature to mean 0 and deviation 1, as measured on the training rows.

    Args:
        x_train: Samples to measure and to scale, shape (samples, ..., features).
        x_test: Samples to scale in the same way, shape (samples, ..., features).

    Returns:
        x_train and x_test, float32. A feature that never changes becomes 0.
    """
    x_train, x_test = np.asarray(x_train), np.asarray(x_test)
    if x_train.shape[1:] != x_test.shape[1:] or x_train.ndim < 2 or not len(x_train):
        raise ValueError(
            "Expected both parts to have the shape (samples, ..., features), to differ in rows only, and "
            f"a row to train on; found {x_train.shape} and {x_test.shape}. "
            "Link both to outputs of the same split."
        )
    rows = tuple(range(x_train.ndim - 1))
    mean, deviation = x_train.mean(axis=rows), x_train.std(axis=rows)
    deviation = np.where(deviation == 0, 1.0, deviation)
    scaled = (((part - mean) / deviation).astype(np.float32) for part in (x_train, x_test))
    return Standardized(*scaled)


def _classes(y: Array) -> Array:
    """Labels to stratify by, shape (samples,); one-hot rows become class numbers."""
    labels = y.argmax(axis=-1) if y.ndim == 2 and y.shape[1] > 1 else y.reshape(len(y), -1)[:, 0]
    if np.unique(labels, return_counts=True)[1].min(initial=2) < 2:
        raise ValueError(
            f"Expected y to hold classes with at least 2 samples each; found {y.dtype} of shape "
            f"{y.shape} with {len(np.unique(labels))} different values. Set stratify to false."
        )
    return labels


class Labelled(NamedTuple):
    """Samples and what is to be predicted for each of them; axis 0 of both counts the samples."""

    x: npt.NDArray[Any]
    y: npt.NDArray[Any]


# fallback.samples.load_diabetes
def load_diabetes() -> Labelled:
    """Patients with diabetes and how far the disease went one year later: a regression.

    Returns:
        x: float32, shape (442, 10), age, sex, body mass, blood pressure and six blood values,
            each centred and scaled.
        y: float32, shape (442,), the progression, from 25 to 346.
    """
    found = datasets.load_diabetes()
    return Labelled(found.data.astype(np.float32), found.target.astype(np.float32))


SEED = 0
keras.utils.set_random_seed(SEED)
x, y = load_diabetes()  # n1: diabetes
x_train, x_test, y_train, y_test = split(x, y, stratify=False)  # n2: split
x_train_2, x_test_2 = standardize(x_train, x_test)  # n3: standardize

# Whatever the data have drawn, the weights begin the same.
keras.utils.set_random_seed(SEED)
patient = keras.Input(shape=(10,))  # n4
hidden = keras.layers.Dense(32, activation="relu")(patient)  # n5
progression = keras.layers.Dense(1)(hidden)  # n6
model = keras.Model(patient, progression)  # n7
model.summary()

model.compile(
    optimizer=keras.optimizers.Adam(learning_rate=0.01),
    loss="mean_squared_error",
    metrics=["mean_absolute_error"],
)  # n8
history = model.fit(
    x_train_2,
    y_train,
    batch_size=32,
    epochs=200,
    callbacks=[
        keras.callbacks.EarlyStopping(monitor="val_loss", patience=15, restore_best_weights=True)
    ],
    validation_split=0.1,
)  # n9
metrics = model.evaluate(x_test_2, y_test, return_dict=True)  # n10

print("evaluate", metrics)
