"""Restoring pictures: photographs that are made worse, so that a network can learn to make them better."""

from typing import Any, Literal, NamedTuple

import numpy as np
import numpy.typing as npt
from PIL import Image
from sklearn import datasets

Array = npt.NDArray[Any]


class Halves(NamedTuple):
    """A picture in two parts, side by side."""

    left: Array
    right: Array


class Pairs(NamedTuple):
    """What a network is given, and what it should make of it; axis 0 of both counts the samples."""

    x: Array
    y: Array


def load_photo(name: Literal["china", "flower"] = "china") -> npt.NDArray[np.float32]:
    """A photograph that comes with scikit-learn.

    Args:
        name: Name of the photograph, a temple ("china") or a dahlia ("flower").

    Returns:
        float32, shape (427, 640, 3), colours from 0 to 1.
    """
    photo: npt.NDArray[np.float32] = datasets.load_sample_image(f"{name}.jpg").astype(np.float32) / 255
    return photo


def divide(photo: Array, right_share: float = 0.25) -> Halves:
    """Parts a picture, so that a network is judged by what it has never seen.

    Args:
        photo: Picture, shape (height, width, colours).
        right_share: Float between 0 and 1, exclusive. The share of the width that goes to the right part.

    Returns:
        left and right, of the same height.
    """
    if not 0 < right_share < 1:
        raise ValueError(f"Expected a right_share between 0 and 1; found {right_share}. Try 0.25.")
    border = round(_colours(photo).shape[1] * (1 - right_share))
    return Halves(photo[:, :border], photo[:, border:])


def blur(photo: Array, factor: int = 2) -> npt.NDArray[np.float32]:
    """Loses detail: a picture is made smaller, and then enlarged again by bicubic interpolation.

    Args:
        photo: Picture, shape (height, width, 3), colours from 0 to 1.
        factor: Integer of at least 2, how many times smaller it is made.

    Returns:
        float32, the shape of photo.
    """
    if factor < 2:
        raise ValueError(f"Expected a factor of at least 2; found {factor}. Try 2.")
    height, width = _colours(photo).shape[:2]
    whole = Image.fromarray(np.asarray(np.round(np.clip(photo, 0, 1) * 255), np.uint8))
    small = whole.resize((max(1, width // factor), max(1, height // factor)), Image.Resampling.BICUBIC)
    large = small.resize((width, height), Image.Resampling.BICUBIC)
    return np.asarray(large, np.float32) / np.float32(255)


def patch_pairs(photo: Array, factor: int = 2, size: int = 32, step: int = 16) -> Pairs:
    """Squares of a picture without its detail, and the same squares with it.

    Args:
        photo: Picture, shape (height, width, 3), colours from 0 to 1.
        factor: Integer of at least 2, how many times smaller the picture is made before it is enlarged.
        size: Positive integer, height and width of a square.
        step: Positive integer, from one square to the next; below size they overlap.

    Returns:
        x and y: float32, shape (squares, size, size, 3).
    """
    height, width = _colours(photo).shape[:2]
    if not 0 < size <= min(height, width) or step < 1:
        raise ValueError(
            f"Expected a size from 1 to {min(height, width)} and a step of at least 1; "
            f"found {size} and {step}. Choose smaller squares."
        )
    return Pairs(_squares(blur(photo, factor), size, step), _squares(np.asarray(photo), size, step))


def picture_pair(photo: Array, factor: int = 2, multiple: int = 4) -> Pairs:
    """A whole picture without its detail, and with it, as one sample each.

    Args:
        photo: Picture, shape (height, width, 3), colours from 0 to 1.
        factor: Integer of at least 2, how many times smaller the picture is made before it is enlarged.
        multiple: Positive integer. Height and width are cut to a multiple of it: two poolings need 4.

    Returns:
        x and y: float32, shape (1, height, width, 3).
    """
    height, width = (side - side % multiple for side in _colours(photo).shape[:2])
    if not height or not width:
        raise ValueError(
            f"Expected a picture of at least {multiple} by {multiple}; found {photo.shape}. "
            "Link a larger one, or set a smaller multiple."
        )
    kept = np.asarray(photo[:height, :width], np.float32)
    return Pairs(blur(kept, factor)[np.newaxis], kept[np.newaxis])


def add_noise(x: Array, amount: float = 0.3, seed: int = 0) -> npt.NDArray[np.float32]:
    """Spoils pictures with noise: each value gets a random one added, and stays between 0 and 1.

    Args:
        x: Pictures, shape (samples, height, width, colours), values from 0 to 1.
        amount: Non-negative float, the standard deviation of the noise.
        seed: Non-negative integer. The same seed gives the same noise.

    Returns:
        float32, the shape of x.
    """
    noise = np.random.default_rng(seed).normal(0, amount, np.shape(x))
    return np.asarray(np.clip(x + noise, 0, 1), np.float32)


def psnr(original: Array, restored: Array) -> float:
    """Peak signal-to-noise ratio: how near a picture is to its original.

    Args:
        original: Pictures, any shape, values from 0 to 1.
        restored: Pictures of the same shape; values outside of 0 to 1 are cut off.

    Returns:
        Decibels. 3 more halve the squared error; equal pictures have infinity.
    """
    if np.shape(original) != np.shape(restored):
        raise ValueError(
            f"Expected two pictures of one shape; found {np.shape(original)} and {np.shape(restored)}. "
            "Link a picture and what became of it."
        )
    errors = np.asarray(original, np.float64) - np.clip(np.asarray(restored, np.float64), 0, 1)
    squared = float(np.mean(errors**2))
    return float("inf") if squared == 0 else float(-10 * np.log10(squared))


def _squares(photo: Array, size: int, step: int) -> Array:
    windows = np.lib.stride_tricks.sliding_window_view(photo, (size, size), axis=(0, 1))[::step, ::step]
    return np.ascontiguousarray(
        np.moveaxis(windows, 2, -1).reshape(-1, size, size, photo.shape[2]), "float32"
    )


def _colours(photo: Array) -> Array:
    if np.ndim(photo) != 3 or np.shape(photo)[2] != 3:
        raise ValueError(
            f"Expected a picture of shape (height, width, 3); found {np.shape(photo)}. Link one photograph."
        )
    return np.asarray(photo)
