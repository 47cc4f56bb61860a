"""Data sets to begin with. Those of scikit-learn come with it; MNIST alone is downloaded."""

import socket
from typing import Any, Literal, NamedTuple

import numpy as np
import numpy.typing as npt
from PIL import Image
from sklearn import datasets
from sklearn.model_selection import train_test_split


class Labelled(NamedTuple):
    """Samples and what is to be predicted for each of them; axis 0 of both counts the samples."""

    x: npt.NDArray[Any]
    y: npt.NDArray[Any]


class Parted(NamedTuple):
    """Samples to train on and samples to test with, and what is to be predicted for each of them."""

    x_train: npt.NDArray[Any]
    y_train: npt.NDArray[Any]
    x_test: npt.NDArray[Any]
    y_test: npt.NDArray[Any]


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


def load_mnist(source: Literal["auto", "mnist", "digits"] = "auto", most: int = 60_000) -> Parted:
    """Handwritten digits of 28 by 28: MNIST where it can be had, else those of scikit-learn, enlarged.

    MNIST is downloaded once (11 MB) and kept by Keras; what is used is printed.

    Args:
        source: Name of the data: mnist, digits (of scikit-learn), or auto for the first to be had.
        most: Positive integer, how many samples to train on at most.

    Returns:
        x_train: uint8, shape (samples, 28, 28, 1), grey levels from 0 to 255; 60,000 of MNIST, 1,437 else.
        y_train: int64, shape (samples,), the digit.
        x_test: 10,000 samples of MNIST, 360 else.
        y_test: the digit.

    Raises:
        ConnectionError: for the source mnist where it is neither here nor can be downloaded.
    """
    if source == "digits":
        return load_enlarged_digits(most)
    try:
        (x_train, y_train), (x_test, y_test) = _mnist()
    except Exception as reason:
        if source == "mnist":
            raise ConnectionError(
                "Expected MNIST in Keras' folder, or a connection to download it; found neither "
                f"({reason}). Connect once, copy mnist.npz to ~/.keras/datasets, or set source to auto."
            ) from None
        print("MNIST is neither here nor can it be downloaded: the digits of scikit-learn stand in for it.")
        return load_enlarged_digits(most)
    print(f"MNIST: {min(most, len(x_train)):,} of {len(x_train):,} digits to train on.")
    labels = (y_train[:most].astype(np.int64), y_test.astype(np.int64))
    return Parted(x_train[:most, ..., np.newaxis], labels[0], x_test[..., np.newaxis], labels[1])


def load_enlarged_digits(most: int = 60_000) -> Parted:
    """The digits of scikit-learn, enlarged from 8 by 8 to the 28 by 28 of MNIST. Nothing is downloaded.

    Args:
        most: Positive integer, how many samples to train on at most.

    Returns:
        x_train: uint8, shape (1437, 28, 28, 1), grey levels from 0 to 255.
        y_train: int64, shape (1437,), the digit.
        x_test: 360 further samples.
        y_test: the digit.
    """
    found = datasets.load_digits()
    size = (28, 28)
    large = [Image.fromarray(one).resize(size, Image.Resampling.BILINEAR) for one in _bytes(found.images)]
    x = np.stack([np.asarray(one) for one in large])[..., np.newaxis]
    y = found.target.astype(np.int64)
    x_train, x_test, y_train, y_test = train_test_split(x, y, test_size=0.2, stratify=y, random_state=0)
    return Parted(x_train[:most], y_train[:most], x_test, y_test)


def _bytes(pictures: npt.NDArray[Any]) -> npt.NDArray[np.uint8]:
    """Grey levels from 0 to 16 as they are stored in files."""
    return np.asarray(np.round(pictures * (255 / 16)), np.uint8)


def _mnist() -> Any:
    """MNIST as Keras hands it out; a connection that hangs is given up after a few seconds."""
    import keras

    before = socket.getdefaulttimeout()
    socket.setdefaulttimeout(8)
    try:
        return keras.datasets.mnist.load_data()
    finally:
        socket.setdefaulttimeout(before)
