"""Small data sets that come with scikit-learn: nothing is downloaded."""

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
from sklearn import datasets


class Labelled(NamedTuple):
    """Samples and what is to be predicted for each of them; axis 0 of both counts the samples."""

    x: npt.NDArray[Any]
    y: npt.NDArray[Any]


def load_digits() -> Labelled:
    """Handwritten digits, small pictures of 0 to 9.

    Returns:
        x: float32, shape (1797, 8, 8, 1), grey levels from 0 (white) to 16 (black).
        y: int64, shape (1797,), the digit.
    """
    found = datasets.load_digits()
    x = found.images.astype(np.float32)[..., np.newaxis]
    return Labelled(x, found.target.astype(np.int64))


def load_breast_cancer() -> Labelled:
    """Tumours described by measurements of their cell nuclei, to be told apart.

    Returns:
        x: float32, shape (569, 30), measurements in different units: standardize them.
        y: int64, shape (569,), 0 for malignant and 1 for benign.
    """
    found = datasets.load_breast_cancer()
    return Labelled(found.data.astype(np.float32), found.target.astype(np.int64))


def load_diabetes() -> Labelled:
    """Patients with diabetes and how far the disease went one year later: a regression.

    Returns:
        x: float32, shape (442, 10), age, sex, body mass, blood pressure and six blood values,
            each centred and scaled.
        y: float32, shape (442,), the progression, from 25 to 346.
    """
    found = datasets.load_diabetes()
    return Labelled(found.data.astype(np.float32), found.target.astype(np.float32))
