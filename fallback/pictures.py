"""Pictures to look at, made of arrays."""

from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]


def side_by_side(before: Array, after: Array, original: Array, count: int = 1) -> Array:
    """Pictures to compare: spoilt, restored and as they were, from left to right.

    Args:
        before: Pictures that went into a network, shape (samples, height, width, colours).
        after: Pictures that came out of it, of the same shape.
        original: Pictures that it should have made, of the same shape.
        count: Positive integer, how many samples are shown, one below the other.

    Returns:
        float32, values from 0 to 1, shape (count * height, 3 * width, colours).
    """
    shapes = {np.shape(one) for one in (before, after, original)}
    if len(shapes) > 1 or len(next(iter(shapes))) != 4:
        raise ValueError(
            f"Expected three arrays of one shape (samples, height, width, colours); "
            f"found {', '.join(str(np.shape(one)) for one in (before, after, original))}."
        )
    columns = [np.concatenate(list(np.asarray(one)[:count])) for one in (before, after, original)]
    return np.asarray(np.clip(np.concatenate(columns, axis=1), 0, 1), np.float32)


def attacked_rows(original: Array, attacked: Array, count: int = 8) -> npt.NDArray[np.float32]:
    """Samples in the first row, and in each further row what an attack of one strength made of them.

    Args:
        original: Pictures, shape (samples, height, width, colours), values from 0 to 1.
        attacked: The same pictures attacked, shape (strengths, samples, height, width, colours).
        count: Positive integer, how many samples are shown.

    Returns:
        float32, shape ((strengths + 1) * height, count * width, colours).
    """
    rows = [np.concatenate(list(np.asarray(one)[:count]), axis=1) for one in (original, *attacked)]
    return np.asarray(np.clip(np.concatenate(rows), 0, 1), np.float32)


def as_picture(values: Array, upside_down: bool = False) -> npt.NDArray[np.float32]:
    """Shades of grey for the numbers of a table: the smallest black, the largest white.

    Args:
        values: Numbers, shape (rows, columns).
        upside_down: Whether the first row goes to the bottom, as the low tones of a spectrogram do.

    Returns:
        float32 from 0 to 1, shape (rows, columns, 1).
    """
    found = np.asarray(values, np.float32)
    if found.ndim != 2 or not found.size:
        raise ValueError(
            f"Expected numbers of shape (rows, columns); found {found.shape}. Link a spectrogram or a table."
        )
    low, high = float(found.min()), float(found.max())
    grey = (found - low) / (high - low or 1.0)
    return np.asarray((grey[::-1] if upside_down else grey)[..., np.newaxis], np.float32)
