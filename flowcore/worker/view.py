"""From any value to its preview. What is shown is made here: the server never imports what a value needs."""

import io
import math
import sys
from collections.abc import Callable, Iterator, Mapping
from itertools import islice
from typing import Any, Final

import msgspec
import numpy as np

from flowcore.model import preview as p
from flowcore.model.descriptor import NodeDescriptor
from flowcore.worker import arrays, picture
from flowcore.worker.gather import Outputs, output
from flowcore.worker.preview import layers
from flowcore.worker.weights import Weights

DEPTH: Final = 2
ITEMS: Final = 12
WEIGHTS: Final = 8
HEAD: Final = 8
WIDTH: Final = 40
CELL: Final = 60
TEXT: Final = 4_000
DENSE: Final = 4_000_000
_encoder = msgspec.json.Encoder()


def outputs(found: Outputs, descriptor: NodeDescriptor | None, initial: Weights) -> dict[str, p.Preview]:
    """A preview of each output of a node; of a layer, one of the layer and its result together."""
    layer = found.get("layer")
    if layer is not None:
        return {"": _safely(layer, lambda: _layer(layer, found.whole, initial))}
    names = [one.name for one in descriptor.outputs] if descriptor else []
    if descriptor and descriptor.returns == "self":
        names = [*names[1:], *names[:1]]  # what is new comes before the object that is handed on
    named = {name: output(found, name) for name in names}
    return {name: show(value, initial) for name, value in (named or {"": found.whole}).items()}


def show(value: Any, initial: Weights, depth: int = DEPTH) -> p.Preview:
    """A preview of at most `model.preview.LIMIT` bytes."""

    def make() -> p.Preview:
        found = next((make for fits, make in _KINDS if fits(value)), _object)
        return found(value, initial, depth)

    return _safely(value, make)


def _safely(value: Any, make: Callable[[], p.Preview]) -> p.Preview:
    try:
        return fitting(make())
    except Exception as reason:  # a foreign object may do anything when it is looked at
        words = f"It cannot be shown: {type(reason).__name__}: {reason}"[:TEXT]
        return p.TextPreview(kind=type(value).__name__, text=words, length=len(words))


def fitting(found: p.Preview) -> p.Preview:
    """The preview, or less of it where it is too large to send."""
    size = len(_encoder.encode(found))
    if size <= p.LIMIT:
        return found
    match found:
        case p.ManyPreview(items=items) if len(items) > 1:
            half = dict(islice(items.items(), len(items) // 2))
            return fitting(msgspec.structs.replace(found, items=half))
        case p.LayerPreview(weights=weights) if weights:
            rest = dict(islice(weights.items(), len(weights) - 1))
            return fitting(msgspec.structs.replace(found, weights=rest))
        case p.ModelPreview(rows=rows):
            return fitting(p.ModelPreview(kind=found.kind, rows=rows[: len(rows) // 2]))
        case _:
            words = f"Too large to be shown: {size:,} bytes."
            return p.TextPreview(kind=found.kind, text=words, length=len(words))


def symbols(value: Any) -> tuple[p.SymbolPreview, ...]:
    """The tensors of a network in a value."""
    if isinstance(value, (list, tuple)):
        return tuple(one for item in value for one in symbols(item))
    return (_symbol(value),) if _is_symbol(value) else ()


def weights(layer: Any, initial: Weights) -> dict[str, p.ArrayPreview]:
    """The weights of a layer as they were noted, by their paths below it: inner layers have equal names."""
    own = f"{getattr(layer, 'path', None) or layer.name}/"
    shown = layer.weights[:WEIGHTS]
    return {one.path.removeprefix(own): arrays.weight(initial.of(one), one.path) for one in shown}


def _layer(layer: Any, value: Any, initial: Weights) -> p.Preview:
    if not hasattr(layer, "weights"):
        return show(value, initial)
    kind, output = type(layer).__name__, symbols(value)
    return p.LayerPreview(kind=kind, name=layer.name, output=output, weights=weights(layer, initial))


def _symbol(value: Any) -> p.SymbolPreview:
    return p.SymbolPreview(kind="tensor", shape=tuple(value.shape), dtype=str(value.dtype))


def _number(value: Any, initial: Weights, depth: int) -> p.Preview:
    shown = f"{value:.6g}" if isinstance(value, (float, np.floating)) else str(value)[:CELL]
    return p.NumberPreview(kind=type(value).__name__, value=shown)


def _text(value: Any, initial: Weights, depth: int) -> p.Preview:
    shown = value if isinstance(value, str) else repr(value)
    return p.TextPreview(kind=type(value).__name__, text=shown[:TEXT], length=len(value))


def _table(value: Any, initial: Weights, depth: int) -> p.Preview:
    if _is_index(value):
        frame = value.to_frame(index=False)
    else:
        frame = value.to_frame() if hasattr(value, "to_frame") else value
    columns = [_column(name, frame.iloc[:, place]) for place, name in enumerate(frame.columns[:WIDTH])]
    return p.TablePreview(
        kind=type(value).__name__,
        rows=len(frame),
        width=frame.shape[1],
        columns=(*_keys(frame.index), *columns),
    )


def _keys(index: Any) -> Iterator[p.Column]:
    """What rows are called, level by level, where they are not just counted."""
    counted = _is_range(index) and (index.start, index.step) == (0, 1)
    for level in range(0 if counted else index.nlevels):
        yield _column(
            "index" if index.names[level] is None else index.names[level], index.get_level_values(level)
        )


def _column(name: Any, values: Any) -> p.Column:
    head = tuple(str(one)[:CELL] for one in values[:HEAD])
    return p.Column(str(name)[:CELL], str(values.dtype), int(values.isna().sum()), head)


def _image(value: Any, initial: Weights, depth: int) -> p.Preview:
    image = value.convert("RGBA" if "A" in value.getbands() else "RGB")
    caption = f"{value.width} × {value.height}, {value.mode}"
    return p.PicturePreview(kind="image", picture=picture.encode(image, caption))


def _figure(value: Any, initial: Weights, depth: int) -> p.Preview:
    from PIL import Image

    buffer = io.BytesIO()
    getattr(value, "figure", value).savefig(buffer, format="png", dpi=90)
    return p.PicturePreview(kind="figure", picture=picture.encode(Image.open(buffer).convert("RGB")))


def _chart(value: Any, initial: Weights, depth: int) -> p.Preview:
    return p.ChartPreview(kind="figure", figure=value.to_json())


def _model(value: Any, initial: Weights, depth: int) -> p.Preview:
    return p.ModelPreview(kind=type(value).__name__, rows=layers(value, lambda layer: ""))


def _array(value: Any, initial: Weights, depth: int) -> p.Preview:
    kind = type(value).__name__
    if isinstance(value, np.ma.MaskedArray):
        return msgspec.structs.replace(arrays.preview(_unmasked(value), kind), dtype=str(value.dtype))
    sparse = hasattr(value, "toarray")
    if sparse and math.prod(value.shape) > DENSE:
        stored = arrays.preview(value.tocoo().data, kind)
        return msgspec.structs.replace(stored, shape=value.shape, sampled=True, classes={}, line=())
    found = np.asarray(value.toarray() if sparse else value)
    if found.ndim == 0:
        return _number(found.item(), initial, depth)
    return arrays.preview(found, kind)


def _unmasked(value: Any) -> Any:
    """With nothing where values are masked."""
    if value.dtype.kind in "biuf":
        return value.astype(np.float64).filled(np.nan)
    return np.where(np.ma.getmaskarray(value), None, value.data)


def _mapping(value: Any, initial: Weights, depth: int) -> p.Preview:
    return _many(value, ((str(key)[:CELL], item) for key, item in value.items()), initial, depth)


def _sequence(value: Any, initial: Weights, depth: int) -> p.Preview:
    if len(value) > 3 and all(isinstance(one, (bool, int, float)) for one in value):
        return arrays.preview(np.asarray(value), type(value).__name__)
    names = getattr(value, "_fields", None) or map(str, range(len(value)))
    return _many(value, zip(names, value, strict=False), initial, depth)


def _many(value: Any, items: Any, initial: Weights, depth: int) -> p.Preview:
    if not depth:
        return p.TextPreview(kind=type(value).__name__, text=f"{len(value):,} items", length=len(value))
    shown = {name: show(item, initial, depth - 1) for name, item in islice(items, ITEMS)}
    return p.ManyPreview(kind=type(value).__name__, size=len(value), items=shown)


def _object(value: Any, initial: Weights, depth: int) -> p.Preview:
    words = repr(value)
    return p.TextPreview(kind=type(value).__name__, text=words[:TEXT], length=len(words))


def _of(*paths: str) -> Callable[[Any], bool]:
    """Whether a value is of one of these classes, in a package that somebody else has imported."""

    def fits(value: Any) -> bool:
        for path in paths:
            module, _, name = path.rpartition(".")
            found = getattr(sys.modules.get(module), name, None)
            if isinstance(found, type) and isinstance(value, found):
                return True
        return False

    return fits


_is_symbol = _of("keras.KerasTensor")
_is_index = _of("pandas.Index")
_is_range = _of("pandas.RangeIndex")
_Make = Callable[[Any, Weights, int], p.Preview]
_KINDS: Final[tuple[tuple[Callable[[Any], bool], _Make], ...]] = (
    (lambda value: value is None or isinstance(value, (bool, int, float, complex, np.generic)), _number),
    (lambda value: isinstance(value, (str, bytes)), _text),
    (_is_symbol, lambda value, initial, depth: _symbol(value)),
    (_of("keras.Model"), _model),
    (_of("keras.Layer"), lambda value, initial, depth: _layer(value, None, initial)),
    (_of("keras.callbacks.History"), lambda value, initial, depth: _mapping(value.history, initial, depth)),
    (_of("pandas.DataFrame", "pandas.Series", "pandas.Index"), _table),
    (_of("PIL.Image.Image"), _image),
    (_of("matplotlib.figure.Figure", "matplotlib.axes.Axes"), _figure),
    (_of("plotly.basedatatypes.BaseFigure"), _chart),
    (lambda value: hasattr(value, "shape") and hasattr(value, "dtype"), _array),
    (lambda value: isinstance(value, Mapping), _mapping),
    (lambda value: isinstance(value, (list, tuple)), _sequence),
)
