"""Pictures of numbers: planes side by side, small enough to send."""

import base64
import io
import math
from typing import Any, Final

import numpy as np
import numpy.typing as npt
from PIL import Image

from flowcore.model.preview import Picture

Array = npt.NDArray[Any]
SIDE: Final = 640  # pixels of a grid, at most
TILE: Final = 44  # pixels that a small plane is brought up to, in whole multiples
MOST: Final = 64
BYTES: Final = 190_000  # of a PNG, so that a third more in base64 stays within the limit of a preview
_GREY: Final = (128, 136, 160)


def grid(planes: Array, caption: str = "", most: int = MOST) -> Picture:
    """The first planes side by side. planes: shape (number, height, width) or (…, 1, 3 or 4 colours)."""
    shown = planes[:most]
    if len(planes) > len(shown):
        caption = f"{caption}, first {len(shown)} of {len(planes)}" if caption else ""
    across = len(shown) if len(shown) <= 5 else math.ceil(math.sqrt(len(shown)))
    step = max(1, max(shown.shape[1:3]) * across // SIDE)  # more than is shown is not converted
    shown = shown[:, ::step, ::step]
    tiles = _bytes(shown if shown.ndim == 4 else shown[..., np.newaxis])
    return encode(_laid_out(tiles, across), caption)


def heat(plane: Array, caption: str = "") -> Picture:
    """One plane, low values dark. plane: shape (rows, columns); of a large one, rows evenly spread."""
    rows, columns = (max(1, math.ceil(length / SIDE)) for length in plane.shape)
    return grid(plane[np.newaxis, ::rows, ::columns], caption)


def encode(image: Image.Image, caption: str = "") -> Picture:
    """An image as PNG, made smaller until it fits."""
    if max(image.size) > SIDE * 1.5:
        image.thumbnail((SIDE, SIDE))
    while True:
        buffer = io.BytesIO()
        image.save(buffer, "PNG", optimize=True)
        if buffer.tell() <= BYTES or max(image.size) < 32:
            png = base64.b64encode(buffer.getvalue()).decode("ascii")
            return Picture(png, image.width, image.height, caption)
        image = image.resize((image.width * 3 // 4, image.height * 3 // 4))


def _laid_out(tiles: Array, across: int) -> Image.Image:
    """Tiles in rows, a line between them. tiles: shape (number, height, width, colours), uint8."""
    number, height, width, colours = tiles.shape
    down = math.ceil(number / across)
    by = max(1, min(TILE // max(height, width) + (number == 1) * 2, SIDE // (across * (width + 1))))
    if by > 1:
        tiles = tiles.repeat(by, axis=1).repeat(by, axis=2)
        height, width = height * by, width * by
    mode = {1: "L", 3: "RGB", 4: "RGBA"}[colours]
    sheet = Image.new(
        "RGBA" if colours == 4 else "RGB", (across * (width + 2) - 2, down * (height + 2) - 2), _GREY
    )
    for index, tile in enumerate(tiles):
        image = Image.fromarray(tile[..., 0] if colours == 1 else tile, mode)
        sheet.paste(image, (index % across * (width + 2), index // across * (height + 2)))
    return sheet


def _bytes(planes: Array) -> Array:
    """Grey levels or colours from 0 to 255; bytes stay as they are."""
    if planes.dtype == np.uint8:
        return planes
    numbers = np.asarray(planes, dtype=np.float64)
    finite = numbers[np.isfinite(numbers)]
    low, high = (float(finite.min()), float(finite.max())) if finite.size else (0.0, 0.0)
    if low >= 0 and high <= 255 and high > 1 and planes.shape[-1] > 1:
        low, high = 0.0, 255.0  # colours of another type than bytes
    span = high - low or 1.0
    scaled = np.nan_to_num((numbers - low) / span, nan=0.0, posinf=1.0, neginf=0.0)
    return (np.clip(scaled, 0, 1) * 255).astype(np.uint8)
