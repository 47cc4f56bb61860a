"""Digits, convolutional

Two convolutions read handwritten digits: 97 % of those held out come out right.

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


# fallback.prepare.scale
def scale(x: Array, divisor: float = 255.0) -> npt.NDArray[np.float32]:
    """Divides every value, so that grey levels or colours lie between 0 and 1.

    Args:
        x: Numbers, shape (samples, ...).
        divisor: Float, the largest value that can occur: 255 for pictures, 16 for the digits.

    Returns:
        float32, the shape of x.
    """
    if divisor == 0:
        raise ValueError("Expected a divisor other than 0; found 0. Set the largest value of x.")
    scaled: npt.NDArray[np.float32] = (np.asarray(x) / divisor).astype(np.float32)
    return scaled


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


# fallback.samples.load_digits
def load_digits() -> Labelled:
    """Handwritten digits, small pictures of 0 to 9.

    Returns:
        x: float32, shape (1797, 8, 8, 1), grey levels from 0 (white) to 16 (black).
        y: int64, shape (1797,), the digit.
    """
    found = datasets.load_digits()
    x = found.images.astype(np.float32)[..., np.newaxis]
    return Labelled(x, found.target.astype(np.int64))


SEED = 0
keras.utils.set_random_seed(SEED)
x, y = load_digits()  # n1: digits
scaled = scale(x, divisor=16.0)  # n2: scale
x_train, x_test, y_train, y_test = split(scaled, y)  # n3: split

# Whatever the data have drawn, the weights begin the same.
keras.utils.set_random_seed(SEED)
image = keras.Input(shape=(8, 8, 1))  # n4
conv2d = keras.layers.Conv2D(32, (3, 3), padding="same", activation="relu")(image)  # n5
max_pooling2d = keras.layers.MaxPooling2D(pool_size=(2, 2))(conv2d)  # n6
conv2d_2 = keras.layers.Conv2D(64, (3, 3), activation="relu")(max_pooling2d)  # n7
flatten = keras.layers.Flatten()(conv2d_2)  # n8
digit = keras.layers.Dense(10, activation="softmax")(flatten)  # n9
model = keras.Model(image, digit)  # n10
model.summary()

model.compile(optimizer="adam", loss="sparse_categorical_crossentropy", metrics=["accuracy"])  # n11
history = model.fit(x_train, y_train, batch_size=32, epochs=15, validation_split=0.1)  # n12
metrics = model.evaluate(x_test, y_test, return_dict=True)  # n13

print("evaluate", metrics)
