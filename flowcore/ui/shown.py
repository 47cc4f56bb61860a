"""Previews drawn: an entry for each kind of value."""

import base64
import json
from collections.abc import Callable, Mapping
from typing import Any, Final

import plotly.graph_objects as go
import streamlit as st

from flowcore.model import preview as p
from flowcore.ui import report
from flowcore.ui.charts import TRAIN
from flowcore.ui.colours import palette
from flowcore.ui.words import plain

HEIGHT: Final = 170


def outputs(found: Mapping[str, p.Preview], key: str) -> None:
    """The outputs of a node, each with its name where there are several."""
    if len(found) == 1:
        draw(next(iter(found.values())), key)
        return
    for tab, (name, preview) in zip(st.tabs([plain(name) for name in found]), found.items(), strict=True):
        with tab:
            draw(preview, f"{key} {name}")


def activations(found: p.Activations, key: str) -> None:
    """The sample, what the layer makes of it before and after training, and its weights."""
    with st.expander("The sample", key=f"{key} the sample"):
        for index, sample in enumerate(found.inputs):
            draw(sample, f"{key} sample {index}")
    before, after = st.columns(2)
    with before:
        st.markdown("Before training")
        _arrays(found.before, f"{key} before")
    with after:
        st.markdown("After training")
        if found.missing:
            st.info(plain(found.missing), icon=":material/model_training:")
        _arrays(found.after, f"{key} after")
    if found.weights:
        with st.expander("Weights", key=f"{key} the weights"):
            _weights(found, key)


def draw(found: p.Preview, key: str) -> None:
    """One value."""
    _DRAWN[type(found)](found, key)


def _weights(found: p.Activations, key: str) -> None:
    for name, weight in found.weights.items():
        st.markdown(f"**{plain(name)}**")
        before, after = st.columns(2)
        with before:
            draw(weight, f"{key} {name} before")
        with after:
            if name in found.trained:
                draw(found.trained[name], f"{key} {name} after")


def _arrays(found: tuple[p.ArrayPreview, ...], key: str) -> None:
    for index, array in enumerate(found):
        draw(array, f"{key} {index}")


def _array(found: p.ArrayPreview, key: str) -> None:
    st.markdown(plain(f"{found.dtype} {_shape(found.shape)}"))
    st.caption(plain(_range(found)))
    if found.picture:
        _picture(found.picture)
    if found.classes:
        _bars(list(found.classes), list(found.classes.values()), f"{key} classes", "category")
    elif found.line:
        _bars(list(range(len(found.line))), list(found.line), f"{key} line", "linear")
    elif found.histogram:
        _histogram(found.histogram, f"{key} histogram")
    elif found.words:
        st.code(found.words, language=None, wrap_lines=True)


def _range(found: p.ArrayPreview) -> str:
    parts = [] if found.low is None else [f"{found.low:.4g} to {found.high:.4g}"]
    parts += [] if found.mean is None else [f"mean {found.mean:.4g}"]
    parts += [f"{found.missing:,} missing" if found.missing else "none missing"]
    if found.classes:
        parts.append(f"{len(found.classes)} values")
    if found.sampled:
        parts.append("of a part")
    return " · ".join(parts)


def _histogram(found: p.Histogram, key: str) -> None:
    width = (found.high - found.low) / len(found.counts)
    middles = [found.low + width * (index + 0.5) for index in range(len(found.counts))]
    _bars(middles, list(found.counts), key, "linear")


def _bars(x: list[Any], y: list[Any], key: str, kind: str) -> None:
    figure = go.Figure(go.Bar(x=x, y=y, marker={"color": TRAIN}))
    figure.update_layout(
        height=HEIGHT,
        margin={"l": 8, "r": 8, "t": 6, "b": 8},
        bargap=0.05,
        xaxis={"type": kind, "nticks": 12},
        yaxis={"gridcolor": palette().line, "nticks": 4},
    )
    st.plotly_chart(figure, key=key, config={"displayModeBar": False})


def _picture(found: p.Picture) -> None:
    st.image(base64.b64decode(found.png), caption=plain(found.caption) or None, width=max(found.width, 64))


def _symbol(found: p.SymbolPreview, key: str) -> None:
    st.markdown(plain(f"{found.dtype} {_shape(found.shape)}"))


def _layer(found: p.LayerPreview, key: str) -> None:
    for symbol in found.output:
        _symbol(symbol, key)
    if not found.weights:
        st.caption("It has no weights.")
        return
    for cell, (name, weight) in zip(st.columns(len(found.weights)), found.weights.items(), strict=True):
        with cell:
            st.markdown(f"**{plain(name)}**")
            draw(weight, f"{key} {name}")


def _table(found: p.TablePreview, key: str) -> None:
    st.markdown(f"{found.rows:,} rows, {found.width:,} columns")
    st.dataframe({column.name: list(column.values) for column in found.columns}, hide_index=True)
    st.dataframe(
        {
            "column": [column.name for column in found.columns],
            "type": [column.dtype for column in found.columns],
            "missing": [column.missing for column in found.columns],
        },
        hide_index=True,
    )


def _number(found: p.NumberPreview, key: str) -> None:
    st.metric(plain(found.kind), plain(found.value), width="content")


def _text(found: p.TextPreview, key: str) -> None:
    st.code(found.text, language=None, wrap_lines=True)
    if found.length > len(found.text):
        st.caption(f"The first {len(found.text):,} of {found.length:,} characters.")


def _chart(found: p.ChartPreview, key: str) -> None:
    st.plotly_chart(go.Figure(json.loads(found.figure)), key=key)


def _many(found: p.ManyPreview, key: str) -> None:
    numbers = {name: item for name, item in found.items.items() if isinstance(item, p.NumberPreview)}
    if len(numbers) == found.size:
        with st.container(horizontal=True, gap="large"):
            for name, number in numbers.items():
                st.metric(plain(name), plain(number.value), width="content")
        return
    st.markdown(plain(f"{found.kind}, {found.size:,} item{'s'[: found.size != 1]}"))
    for name, item in found.items.items():
        st.markdown(f"**{plain(name)}**")
        draw(item, f"{key} {name}")
    if found.size > len(found.items):
        st.caption(f"and {found.size - len(found.items):,} more.")


def _shape(axes: tuple[int | None, ...]) -> str:
    texts = ["None" if axis is None else str(axis) for axis in axes]
    return f"({texts[0]},)" if len(texts) == 1 else f"({', '.join(texts)})"


_DRAWN: Final[dict[type, Callable[[Any, str], None]]] = {
    p.ArrayPreview: _array,
    p.SymbolPreview: _symbol,
    p.LayerPreview: _layer,
    p.ModelPreview: lambda found, key: report.layers(found.rows),
    p.TablePreview: _table,
    p.NumberPreview: _number,
    p.TextPreview: _text,
    p.PicturePreview: lambda found, key: _picture(found.picture),
    p.ChartPreview: _chart,
    p.ManyPreview: _many,
}
