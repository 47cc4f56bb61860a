"""Digits, alike or not (Siamese)

Do two pictures show the same digit? Both go through the same layers, which are made once and called twice. 91 to 97 % of the pairs held out are told right, after a quarter of a minute.

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


class Twins(NamedTuple):
    """Samples two by two, and whether both are of one class."""

    left: Array
    right: Array
    both: Any
    same: Array


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


# fallback.prepare.pair_up
def pair_up(x: Array, y: Array, pairs: int = 4000, seed: int = 0) -> Twins:
    """Draws samples two by two: half of the pairs are of one class, the others of two.

    Args:
        x: Samples, shape (samples, ...).
        y: Class numbers, shape (samples,).
        pairs: Positive integer, how many pairs are drawn.
        seed: Non-negative integer. The same seed gives the same pairs.

    Returns:
        left and right: shape (pairs, ...). both: a list of the two, for a network with two inputs.
        same: float32, shape (pairs, 1), 1 for two of one class.
    """
    x, y = np.asarray(x), np.asarray(y)
    if len(x) != len(y) or len(np.unique(y)) < 2:
        raise ValueError(
            f"Expected as many labels as samples, of two classes or more; found {len(x)} samples and "
            f"{len(y)} labels of {len(np.unique(y))} classes. Link both to outputs of the same data."
        )
    chance = np.random.default_rng(seed)
    same = np.arange(pairs) % 2 == 0
    left = chance.integers(len(y), size=pairs)
    members = {label: np.flatnonzero(y == label) for label in np.unique(y)}
    others = {label: np.flatnonzero(y != label) for label in members}
    right = np.array(
        [
            chance.choice((members if one else others)[y[at]])
            for at, one in zip(left, same, strict=True)
        ]
    )
    return Twins(x[left], x[right], [x[left], x[right]], same.astype(np.float32)[:, np.newaxis])


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
left, right, both, same = pair_up(x_train, y_train, pairs=6000)  # n4: pairs
left_2, right_2, both_2, same_2 = pair_up(x_test, y_test, pairs=2000, seed=1)  # n5: test pairs

# Whatever the data have drawn, the weights begin the same.
keras.utils.set_random_seed(SEED)
left_3 = keras.Input(shape=(8, 8, 1))  # n6: left

# This layer and its weights are used for the right picture too: see its output layer.
convolution_layer = keras.layers.Conv2D(
    32, (3, 3), padding="same", activation="relu"
)  # n7: convolution
convolution = convolution_layer(left_3)  # n7
pooling_layer = keras.layers.MaxPooling2D(pool_size=(2, 2))  # n8: pooling
pooling = pooling_layer(convolution)  # n8
convolution_2_layer = keras.layers.Conv2D(64, (3, 3), activation="relu")  # n9: convolution 2
convolution_2 = convolution_2_layer(pooling)  # n9
flat_layer = keras.layers.Flatten()  # n10: flat
flat = flat_layer(convolution_2)  # n10
features_layer = keras.layers.Dense(32)  # n11: features
features = features_layer(flat)  # n11
right_3 = keras.Input(shape=(8, 8, 1))  # n12: right
convolution_again = convolution_layer(right_3)  # n13
pooling_again = pooling_layer(convolution_again)  # n14
convolution_2_again = convolution_2_layer(pooling_again)  # n15
flat_again = flat_layer(convolution_2_again)  # n16
features_again = features_layer(flat_again)  # n17
difference = keras.layers.Subtract()([features, features_again])  # n18

# However the pictures are ordered: the square has no sign.
squared = keras.layers.Multiply()([difference, difference])  # n19
same_3 = keras.layers.Dense(1, activation="sigmoid")(squared)  # n20: same
model = keras.Model([left_3, right_3], same_3)  # n21
model.summary()

model.compile(optimizer="adam", loss="binary_crossentropy", metrics=["accuracy"])  # n22
history = model.fit(both, same, batch_size=64, epochs=10)  # n23
metrics = model.evaluate(both_2, same_2, return_dict=True)  # n24

print("evaluate", metrics)

# flowcore {"group":{"id":"g1","label":"Data","nodes":["n1","n2","n3","n4","n5"]}}
# flowcore {"group":{"id":"g2","label":"Left","nodes":["n6","n7","n8","n9","n10","n11"]}}
# flowcore {"group":{"id":"g3","label":"Right","nodes":["n12","n13","n14","n15","n16","n17"]}}
# flowcore {"group":{"id":"g4","label":"Comparison","nodes":["n18","n19","n20"]}}
# flowcore {"group":{"id":"g5","label":"Training","nodes":["n21","n22","n23","n24"]}}
