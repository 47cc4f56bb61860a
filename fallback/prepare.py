"""Getting arrays ready for training."""

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
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


class Standardized(NamedTuple):
    """Both parts on one scale."""

    x_train: Array
    x_test: Array


def split(x: Array, y: Array, test_share: float = 0.2, stratify: bool = True, seed: int = 0) -> Split:
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


def one_hot(y: Array, classes: int) -> npt.NDArray[np.float32]:
    """Turns class numbers into rows with a single 1.

    Args:
        y: Class numbers from 0 to classes - 1, shape (samples,).
        classes: Positive integer, how many classes there are.

    Returns:
        float32, shape (samples, classes).
    """
    y = np.asarray(y)
    if y.ndim != 1 or y.dtype.kind not in "iub":
        raise ValueError(
            f"Expected whole numbers of shape (samples,); found {y.dtype} of shape {y.shape}. "
            "Link class numbers."
        )
    if y.size and not 0 <= int(y.min()) <= int(y.max()) < classes:
        raise ValueError(
            f"Expected class numbers from 0 to {classes - 1}; found {y.min()} to {y.max()}. "
            f"Set classes to at least {int(y.max()) + 1}."
        )
    return np.eye(classes, dtype=np.float32)[y.astype(np.int64)]


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
        [chance.choice((members if one else others)[y[at]]) for at, one in zip(left, same, strict=True)]
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
