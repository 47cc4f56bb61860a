"""Putting results side by side."""

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd

Array = npt.NDArray[Any]


class Tensors(NamedTuple):
    """Samples and labels as Foolbox takes them."""

    x: Any
    labels: Any


def scores(names: list[str], *values: float) -> pd.DataFrame:
    """A table of scores, one below the other.

    Args:
        names: List of strings, what each score belongs to, in the order of the links.
        values: Floats, one for each name. They come in through links.

    Returns:
        A table with the column score, and the names as its index.
    """
    if len(names) != len(values):
        found = f"{len(names)} names and {len(values)} scores"
        raise ValueError(f"Expected a name for each score; found {found}. Write as many names as links.")
    return pd.DataFrame({"score": [float(value) for value in values]}, index=pd.Index(names, name="of"))


def most_likely(probabilities: Array) -> npt.NDArray[np.int64]:
    """Classes out of what a network predicts.

    Args:
        probabilities: Numbers, shape (samples, classes), or (samples, 1) for one of two classes.

    Returns:
        int64, shape (samples,): the class of the largest number; of a single one whether it is above 0.5.
    """
    found = np.asarray(probabilities)
    if found.ndim != 2:
        raise ValueError(f"Expected predictions of shape (samples, classes); found {found.shape}.")
    single = found.shape[1] == 1
    return np.asarray(found[:, 0] > 0.5 if single else found.argmax(axis=1), np.int64)


def absolute_error(true: Array, predicted: Array, level: Array) -> float:
    """Mean absolute error of a forecast that was scaled, in the units of before.

    Args:
        true: Numbers, shape (samples, 1), scaled.
        predicted: Numbers of the same shape, scaled.
        level: Numbers of the same shape, what the others were divided by.

    Returns:
        The mean of how far they are apart.
    """
    shapes = [np.shape(one) for one in (true, predicted, level)]
    if len(set(shapes)) > 1:
        raise ValueError(f"Expected three arrays of one shape; found {', '.join(map(str, shapes))}.")
    return float(np.mean(np.abs(np.asarray(true, np.float64) - predicted) * level))


def to_tensors(x: Array, labels: Array) -> Tensors:
    """Samples and labels as Foolbox takes them: tensors, labels of 64 bits.

    Args:
        x: Samples, shape (samples, ...), inside the bounds of the attacked model.
        labels: Class numbers, shape (samples,).

    Returns:
        x: tensor, float32. labels: tensor, int64.
    """
    import keras

    given = keras.ops.convert_to_tensor(np.asarray(x, np.float32))
    return Tensors(given, keras.ops.convert_to_tensor(np.asarray(labels, np.int64)))


def accuracy_under_attack(success: Array) -> npt.NDArray[np.float64]:
    """What share of the samples is still classified right, for each strength of an attack.

    Args:
        success: Whether each sample was turned, shape (strengths, samples). Comes in through a link.

    Returns:
        float64, shape (strengths,).
    """
    turned = np.asarray(success)
    if turned.ndim != 2:
        raise ValueError(
            f"Expected shape (strengths, samples); found {turned.shape}. Give the attack a list of epsilons."
        )
    return np.asarray(1 - turned.mean(axis=1), np.float64)


def strengths(epsilons: list[float], success: Array) -> pd.DataFrame:
    """A table of an attack: how strong it was, and what share of the samples is still classified right.

    Args:
        epsilons: List of floats, the strengths that the attack was given.
        success: Whether each sample was turned, shape (strengths, samples). Comes in through a link.

    Returns:
        A table with the columns epsilon and accuracy.
    """
    accuracy = accuracy_under_attack(success)
    if len(epsilons) != len(accuracy):
        raise ValueError(
            f"Expected as many epsilons as the attack had; found {len(epsilons)} and {len(accuracy)}. "
            "Write the list of the attack."
        )
    return pd.DataFrame({"epsilon": epsilons, "accuracy": accuracy})
