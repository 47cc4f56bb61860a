"""What a value looks like: numbers, words and pictures that a worker makes of it, one tagged value each."""

from typing import Final

import msgspec

from flowcore.model.event import LayerRow

LIMIT: Final = 300_000  # bytes of JSON for one preview


class Picture(msgspec.Struct, frozen=True):
    """A PNG image in base64. width, height: of the image, in pixels. caption: what it shows."""

    png: str
    width: int
    height: int
    caption: str = ""


class Histogram(msgspec.Struct, frozen=True):
    """How often values fall into bins of equal width from low to high."""

    low: float
    high: float
    counts: tuple[int, ...]


class _Preview(msgspec.Struct, frozen=True, kw_only=True, tag_field="preview", omit_defaults=True):
    kind: str = ""


class ArrayPreview(_Preview, frozen=True, tag="array"):
    """Numbers in rows. shape: batch axis first. missing: how many are not a number.

    low, high, mean: None where there is none. sampled: taken from a part, evenly spread, or of a sparse
    matrix from what it stores. classes: how often each label occurs. line: the numbers themselves where
    they are few. words: the first values.
    """

    shape: tuple[int, ...]
    dtype: str
    low: float | None = None
    high: float | None = None
    mean: float | None = None
    missing: int = 0
    sampled: bool = False
    histogram: Histogram | None = None
    classes: dict[str, int] = {}
    line: tuple[float | None, ...] = ()
    words: str = ""
    picture: Picture | None = None


class SymbolPreview(_Preview, frozen=True, tag="symbol"):
    """A tensor of a network, which has a shape and no numbers. shape: None where it is open."""

    shape: tuple[int | None, ...]
    dtype: str


class LayerPreview(_Preview, frozen=True, tag="layer"):
    """A layer and its weights by name, as they are before training."""

    name: str
    output: tuple[SymbolPreview, ...] = ()
    weights: dict[str, ArrayPreview] = {}


class ModelPreview(_Preview, frozen=True, tag="model"):
    """The layers of a model."""

    rows: tuple[LayerRow, ...]


class Column(msgspec.Struct, frozen=True):
    """A column of a table. values: of the first rows, as text."""

    name: str
    dtype: str
    missing: int
    values: tuple[str, ...]


class TablePreview(_Preview, frozen=True, tag="table"):
    """The head of a table. rows, width: of the whole of it.

    columns: first those that tell the rows apart, which do not count for the width, unless they are just
    numbered.
    """

    rows: int
    width: int
    columns: tuple[Column, ...]


class NumberPreview(_Preview, frozen=True, tag="number"):
    """A number, a truth value, or none at all, as text."""

    value: str


class TextPreview(_Preview, frozen=True, tag="text"):
    """A text, or what an object says of itself. length: of the whole text."""

    text: str
    length: int


class PicturePreview(_Preview, frozen=True, tag="picture"):
    """An image or a drawn figure."""

    picture: Picture


class ChartPreview(_Preview, frozen=True, tag="chart"):
    """A Plotly figure, as JSON."""

    figure: str


class ManyPreview(_Preview, frozen=True, tag="many"):
    """The first items of a sequence or a dict, by index or key. size: of all items."""

    size: int
    items: dict[str, "Preview"]


Preview = (
    ArrayPreview
    | SymbolPreview
    | LayerPreview
    | ModelPreview
    | TablePreview
    | NumberPreview
    | TextPreview
    | PicturePreview
    | ChartPreview
    | ManyPreview
)


class Activations(msgspec.Struct, frozen=True):
    """What one layer makes of one sample: each of its outputs before and after training.

    inputs: the sample. missing: why there is nothing from after training, "" where there is.
    """

    inputs: tuple[ArrayPreview, ...]
    before: tuple[ArrayPreview, ...]
    after: tuple[ArrayPreview, ...] = ()
    weights: dict[str, ArrayPreview] = {}
    trained: dict[str, ArrayPreview] = {}
    missing: str = ""
