"""Previews of arrays: their figures, and a picture where the shape says what kind."""

import math
import sys
from typing import Any, Final

import numpy as np
import numpy.typing as npt
from msgspec.structs import replace

from flowcore.model.preview import ArrayPreview, Histogram, Picture
from flowcore.worker import picture

Array = npt.NDArray[Any]
WHOLE: Final = 20_000_000  # numbers that are looked at one by one; of more, a part
BINS: Final = 40
CLASSES: Final = 40
LINE: Final = 512
PLANE: Final = (4, 1024)


def preview(array: Array, kind: str = "array") -> ArrayPreview:
    """What can be said of an array. Axis 0 of its shape counts samples."""
    found = _figures(array, kind)
    return replace(found, picture=_picture(array))


def channels(array: Array, kind: str = "activation") -> ArrayPreview:
    """What a layer makes of one sample, its batch axis taken away: channels last.

    Shape (height, width, channels) gives a plane for each channel, (steps, features) a heat map.
    """
    found = _figures(array, kind)
    if array.ndim == 3 and array.size:
        return replace(found, picture=picture.grid(np.moveaxis(array, -1, 0), _counted(array, "channel")))
    if array.ndim == 2 and array.size:
        return replace(found, picture=picture.heat(array, "rows are steps, columns are features"))
    return found


def weight(array: Array, name: str) -> ArrayPreview:
    """A weight of a layer: kernels as planes, matrices as heat maps, short vectors as they are."""
    found = _figures(array, name)
    if array.ndim == 4 and array.size and max(array.shape[:2]) > 1:
        colours = array.shape[2] == 3
        planes = np.moveaxis(array, -1, 0) if colours else np.moveaxis(array[:, :, 0], -1, 0)
        caption = _counted(array, "kernel") + ("" if colours or array.shape[2] == 1 else ", first input")
        return replace(found, picture=picture.grid(planes, caption))
    if array.ndim == 2 and array.size and min(array.shape) > 1:
        return replace(found, picture=picture.heat(array, "rows are inputs, columns are units"))
    return found


def _figures(array: Array, kind: str) -> ArrayPreview:
    found = ArrayPreview(kind=kind, shape=array.shape, dtype=str(array.dtype), words=_words(array))
    if not _numeric(array) or not array.size:
        return replace(found, missing=_absent(array), classes=_classes(array))
    flat = array.reshape(-1)
    part = flat[:: math.ceil(flat.size / WHOLE)]
    numbers = part.astype(np.float64) if part.dtype.kind != "f" or part.dtype.itemsize < 4 else part
    finite = numbers[np.isfinite(numbers)]
    found = replace(
        found,
        missing=int(np.isnan(numbers).sum()),
        sampled=part.size < flat.size,
        classes=_classes(array),
        line=tuple(float(one) if math.isfinite(one) else None for one in numbers)
        if array.ndim == 1 and array.size <= LINE
        else (),
    )
    if not finite.size:
        return found
    low, high, mean = float(finite.min()), float(finite.max()), float(finite.mean(dtype=np.float64))
    return replace(
        found,
        low=low,
        high=high,
        mean=mean if math.isfinite(mean) else None,
        histogram=_histogram(finite, low, high),
    )


def _numeric(array: Array) -> bool:
    """Whether it holds real numbers, those of few bits too, such as bfloat16."""
    kind = array.dtype.kind
    return kind in "biuf" or (kind == "V" and array.dtype.type is not np.void)


def _histogram(numbers: Array, low: float, high: float) -> Histogram | None:
    """None where numbers lie too far apart for bins, or too close."""
    if not math.isfinite(high - low):
        return None
    first, last = (low, high) if high > low else (low - 0.5, high + 0.5)
    try:  # edges in float64, whatever the numbers are
        counts, edges = np.histogram(numbers, bins=BINS, range=(np.float64(first), np.float64(last)))
    except ValueError:
        return None
    return Histogram(float(edges[0]), float(edges[-1]), tuple(int(count) for count in counts))


def _classes(array: Array) -> dict[str, int]:
    """How often each label occurs, of a vector that may hold labels."""
    if array.ndim != 1 or array.dtype.kind not in "biuUSO" or not 0 < array.size <= WHOLE:
        return {}
    if array.dtype.kind == "O" and not all(isinstance(one, str) for one in array[:CLASSES]):
        return {}
    names, counts = np.unique(array.astype(str) if array.dtype.kind == "O" else array, return_counts=True)
    few = len(names) <= CLASSES and len(names) * 2 <= array.size
    return {str(name)[:60]: int(count) for name, count in zip(names, counts, strict=True)} if few else {}


def _absent(array: Array) -> int:
    return sum(map(_lacks, array.reshape(-1)[:WHOLE])) if array.dtype.kind == "O" else 0


def _lacks(item: Any) -> bool:
    """Whether an object stands for no value: None, NaN, a time that is none, or the NA of pandas."""
    if item is None or item is getattr(sys.modules.get("pandas"), "NA", None):
        return True
    differs = item != item
    return isinstance(differs, (bool, np.bool_)) and bool(differs)


def _words(array: Array) -> str:
    return np.array2string(array.reshape(-1)[:6], precision=4, separator=", ", threshold=6)[1:-1][:200]


def _picture(array: Array) -> Picture | None:
    """A grid where the array holds pictures: colours last, or square planes."""
    if not _numeric(array) or not array.size:
        return None
    low, high = PLANE

    def plane(height: int, width: int) -> bool:
        return low <= min(height, width) and max(height, width) <= high

    if array.ndim == 4 and array.shape[-1] in (1, 3, 4) and plane(*array.shape[1:3]):
        return picture.grid(array, _counted(array, "picture", 0))
    if array.ndim == 3 and array.shape[-1] in (1, 3, 4) and plane(*array.shape[:2]):
        return picture.grid(array[np.newaxis])
    if array.ndim == 3 and array.shape[1] == array.shape[2] and plane(*array.shape[1:]):
        return picture.grid(array, _counted(array, "plane", 0))
    if array.ndim == 2 and array.shape[0] == array.shape[1] and plane(*array.shape):
        return picture.heat(array)
    return None


def _counted(array: Array, word: str, axis: int = -1) -> str:
    number = array.shape[axis]
    return f"{number:,} {word}{'s'[: number != 1]}"
