"""What each kind of value looks like, and that no preview is too large to send."""

import base64
import io
import sys
import tracemalloc
from typing import Any, NamedTuple

import msgspec
import numpy as np
import numpy.typing as npt
import pandas as pd
import plotly.graph_objects as go
import pytest
from hypothesis import given
from hypothesis import strategies as st
from ml_dtypes import bfloat16
from PIL import Image
from scipy import sparse

from flowcore.model import preview as p
from flowcore.worker import arrays, picture, preview
from flowcore.worker.gather import Outputs
from flowcore.worker.view import show
from flowcore.worker.weights import Weights

NAN = float("nan")


class Pair(NamedTuple):
    x: int
    y: str


def look(value: Any) -> p.Preview:
    return show(value, Weights())


def pixels(found: p.Picture | None) -> npt.NDArray[np.uint8]:
    assert found is not None
    image = Image.open(io.BytesIO(base64.b64decode(found.png)))
    assert image.size == (found.width, found.height)
    return np.asarray(image.convert("RGB"))


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        pytest.param(None, p.NumberPreview(kind="NoneType", value="None"), id="none"),
        pytest.param(True, p.NumberPreview(kind="bool", value="True"), id="a truth value"),
        pytest.param(2**60, p.NumberPreview(kind="int", value=str(2**60)), id="a whole number"),
        pytest.param(1 / 3, p.NumberPreview(kind="float", value="0.333333"), id="a number"),
        pytest.param(NAN, p.NumberPreview(kind="float", value="nan"), id="not a number"),
        pytest.param(np.float32(0.5), p.NumberPreview(kind="float32", value="0.5"), id="NumPy's number"),
        pytest.param(np.array(7), p.NumberPreview(kind="int", value="7"), id="an array without axes"),
        pytest.param("words", p.TextPreview(kind="str", text="words", length=5), id="a text"),
        pytest.param(b"ab", p.TextPreview(kind="bytes", text="b'ab'", length=2), id="bytes"),
        pytest.param(
            Pair(1, "b"),
            p.ManyPreview(
                kind="Pair",
                size=2,
                items={
                    "x": p.NumberPreview(kind="int", value="1"),
                    "y": p.TextPreview(kind="str", text="b", length=1),
                },
            ),
            id="a named tuple",
        ),
        pytest.param(
            {"a": [[[1]]]},
            p.ManyPreview(
                kind="dict",
                size=1,
                items={
                    "a": p.ManyPreview(
                        kind="list", size=1, items={"0": p.TextPreview(kind="list", text="1 items", length=1)}
                    )
                },
            ),
            id="what is nested deeply is cut",
        ),
    ],
)  # fmt: skip
def test_values_as_they_are_shown(value: Any, expected: p.Preview) -> None:
    assert look(value) == expected


def test_the_figures_of_an_array() -> None:
    found = look(np.array([[1.0, NAN], [3.0, np.inf]]))
    assert isinstance(found, p.ArrayPreview)
    assert (found.shape, found.dtype, found.low, found.high, found.mean) == ((2, 2), "float64", 1, 3, 2)
    assert found.missing == 1
    assert found.histogram is not None
    assert (found.histogram.low, found.histogram.high, sum(found.histogram.counts)) == (1, 3, 2)


def test_numbers_whose_sum_is_too_large_have_no_mean() -> None:
    with np.errstate(over="ignore"):
        found = arrays.preview(np.full(3, 1.7e308))
    assert (found.low, found.mean) == (1.7e308, None)
    assert msgspec.json.decode(msgspec.json.encode(found), type=p.Preview) == found


@pytest.mark.parametrize(
    ("array", "bins"),
    [
        pytest.param(np.float32([1, 1.0000001]), True, id="one step apart, in few bits"),
        pytest.param(np.array([1e16, 1e16 + 2]), False, id="one step apart"),
        pytest.param(np.full(5, 2e9, np.float32), True, id="large and equal, in few bits"),
        pytest.param(np.full(5, 1e17), False, id="large and equal"),
        pytest.param(np.full(5, 1_700_000_000_000_000_000), False, id="moments in nanoseconds"),
    ],
)  # fmt: skip
def test_numbers_too_close_for_bins_keep_their_range(array: npt.NDArray[Any], bins: bool) -> None:
    found = look(array)
    assert isinstance(found, p.ArrayPreview)
    assert (found.low, found.high) == (float(array.min()), float(array.max()))
    assert found.mean == pytest.approx(float(array.mean()))
    assert (found.histogram is not None) == bins


@pytest.mark.parametrize(
    ("array", "classes"),
    [
        pytest.param(np.array([0, 1, 1, 1]), {"0": 1, "1": 3}, id="numbers of classes"),
        pytest.param(np.array(["a", "b"] * 3, dtype=object), {"a": 3, "b": 3}, id="names"),
        pytest.param(np.arange(50), {}, id="a count"),
        pytest.param(np.array([0.5, 0.5, 1.0]), {}, id="a measure"),
        pytest.param(np.zeros((4, 2), int), {}, id="a table"),
    ],
)
def test_labels_are_counted(array: npt.NDArray[Any], classes: dict[str, int]) -> None:
    assert arrays.preview(array).classes == classes


@pytest.mark.parametrize(
    ("shape", "tiles"),
    [
        pytest.param((7, 8, 8, 1), 7, id="grey pictures"),
        pytest.param((7, 9, 12, 3), 7, id="colour pictures"),
        pytest.param((7, 8, 8), 7, id="square planes"),
        pytest.param((20, 30, 3), 1, id="one colour picture"),
        pytest.param((16, 16), 1, id="one square plane"),
        pytest.param((300, 8, 8, 1), 64, id="the first of many"),
        pytest.param((7, 2, 2, 1), 0, id="too small"),
        pytest.param((7, 8, 8, 5), 0, id="five channels"),
        pytest.param((7, 30), 0, id="a table"),
        pytest.param((0, 8, 8, 1), 0, id="nothing"),
    ],
)  # fmt: skip
def test_what_looks_like_pictures_is_shown_as_pictures(shape: tuple[int, ...], tiles: int) -> None:
    found = arrays.preview(np.random.default_rng(0).random(shape)).picture
    if not tiles:
        assert found is None
        return
    assert len(np.unique(pixels(found))) > 50
    assert found is not None
    assert found.width >= 40
    assert (f"of {shape[0]}" in found.caption) == (tiles == 64)


def test_a_grid_shows_each_plane_in_its_place() -> None:
    planes = np.stack([np.full((8, 8), level) for level in (0.0, 1.0, 0.5)])
    found = pixels(picture.grid(planes))
    height, width, _ = found.shape
    assert [found[height // 2, width * place // 6, 0] for place in (1, 3, 5)] == [0, 255, 127]


def test_large_pictures_are_made_small_before_they_are_converted() -> None:
    planes = np.zeros((64, 512, 512, 3), np.float32)
    planes[1] = 1
    tracemalloc.start()
    found = pixels(picture.grid(planes))
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 200e6
    height, width, _ = found.shape
    assert [found[height // 16, width * place // 16, 0] for place in (1, 3, 5)] == [0, 255, 0]


def test_colours_stay_as_they_are() -> None:
    plane = np.zeros((1, 8, 8, 3), np.uint8)
    plane[..., 0] = 200
    assert set(map(tuple, pixels(picture.grid(plane)).reshape(-1, 3))) == {(200, 0, 0)}


def test_channels_of_one_sample_are_planes_and_steps_are_a_heat_map() -> None:
    channels = arrays.channels(np.random.default_rng(0).random((6, 5, 9)))
    assert channels.picture is not None
    assert channels.picture.caption == "9 channels"
    steps = arrays.channels(np.arange(12.0).reshape(3, 4))
    assert pixels(steps.picture)[-1, -1, 0] == 255
    assert arrays.channels(np.array([0.25, 0.75])).line == (0.25, 0.75)


def test_a_table_shows_its_head_its_types_and_what_is_missing() -> None:
    frame = pd.DataFrame({"a": range(100), "b": [None, "x"] * 50, 3: 0.5})
    assert look(frame) == p.TablePreview(
        kind="DataFrame",
        rows=100,
        width=3,
        columns=(
            p.Column("a", "int64", 0, tuple(map(str, range(8)))),
            p.Column("b", str(frame.dtypes["b"]), 50, tuple(str(one) for one in frame["b"][:8])),
            p.Column("3", "float64", 0, ("0.5",) * 8),
        ),
    )
    series = look(frame["a"])
    assert isinstance(series, p.TablePreview)
    assert (series.rows, [column.name for column in series.columns]) == (100, ["a"])


@pytest.mark.parametrize(
    ("table", "keys"),
    [
        pytest.param(pd.DataFrame({"v": [3, 4]}).describe(), {"index": "count"}, id="figures by name"),
        pytest.param(pd.DataFrame({"k": list("ab"), "v": 1}).groupby("k").sum(), {"k": "a"}, id="groups"),
        pytest.param(
            pd.DataFrame({"k": [1], "l": ["u"], "v": [3]}).set_index(["k", "l"]), {"k": "1", "l": "u"},
            id="two levels",
        ),
        pytest.param(pd.Series([5, 6], index=["x", "y"], name="v"), {"index": "x"}, id="a column"),
        pytest.param(pd.DataFrame({"v": range(9)})[::2], {"index": "0"}, id="every other row"),
        pytest.param(pd.DataFrame({"v": [1, 2]}), {}, id="rows that are numbered"),
    ],
)  # fmt: skip
def test_a_table_shows_what_its_rows_are_called(table: Any, keys: dict[str, str]) -> None:
    found = look(table)
    assert isinstance(found, p.TablePreview)
    assert [column.name for column in found.columns] == [*keys, "v"]
    assert {column.name: column.values[0] for column in found.columns[:-1]} == keys
    assert found.width == 1


def test_the_names_of_rows_alone_are_a_table() -> None:
    found = look(pd.MultiIndex.from_product([[1, 2], ["a", "b"]], names=["k", "l"]))
    assert isinstance(found, p.TablePreview)
    assert [(column.name, column.values[0]) for column in found.columns] == [("k", "1"), ("l", "a")]


def test_a_large_sparse_matrix_is_shown_by_what_it_stores() -> None:
    found = look(sparse.eye(3000, format="csr") * 2)
    assert isinstance(found, p.ArrayPreview)
    assert (found.shape, found.dtype, found.low, found.high, found.sampled) == (
        (3000, 3000),
        "float64",
        2,
        2,
        True,
    )


@pytest.mark.parametrize(
    ("items", "missing"),
    [
        pytest.param([np.arange(3), np.arange(4), None], 1, id="arrays"),
        pytest.param([pd.NA, 1, NAN, pd.NaT], 3, id="nothing, as pandas writes it"),
    ],
)
def test_what_is_missing_among_objects_is_counted(items: list[Any], missing: int) -> None:
    array = np.empty(len(items), object)
    array[:] = items
    found = look(array)
    assert isinstance(found, p.ArrayPreview)
    assert found.missing == missing


def test_numbers_of_few_bits_have_figures() -> None:
    for found in (look(np.array([1, 2], bfloat16)), arrays.weight(np.array([[1, 2], [0, 1]], bfloat16), "w")):
        assert isinstance(found, p.ArrayPreview)
        assert (found.dtype, found.high) == ("bfloat16", 2)
        assert found.histogram is not None


def test_what_is_masked_is_missing() -> None:
    found = look(np.ma.array([1, 99, 3], mask=[False, True, False]))
    assert isinstance(found, p.ArrayPreview)
    assert (found.dtype, found.low, found.high, found.missing) == ("int64", 1, 3, 1)
    words = look(np.ma.array(["a", "b"], mask=[False, True]))
    assert isinstance(words, p.ArrayPreview)
    assert words.missing == 1


def test_images_and_charts_and_sparse_arrays() -> None:
    image = look(Image.new("RGB", (30, 20), (1, 2, 3)))
    assert isinstance(image, p.PicturePreview)
    assert (image.picture.width, image.picture.height, image.picture.caption) == (30, 20, "30 × 20, RGB")
    chart = look(go.Figure(go.Bar(y=[1, 2])))
    assert isinstance(chart, p.ChartPreview)
    assert '"bar"' in chart.figure
    found = look(sparse.eye(5, format="csr"))
    assert isinstance(found, p.ArrayPreview)
    assert (found.shape, found.high) == ((5, 5), 1)


def test_what_is_too_large_is_cut_or_said_to_be() -> None:
    noise = np.random.default_rng(0).integers(0, 255, (64, 100, 100, 3), np.uint8)
    pictures = look({str(index): noise for index in range(12)})
    assert isinstance(pictures, p.ManyPreview)
    assert 0 < len(pictures.items) < 12
    assert pictures.size == 12
    chart = look(go.Figure(go.Scatter(y=list(range(200_000)))))
    assert isinstance(chart, p.TextPreview)
    assert chart.text.startswith("Too large to be shown")


shapes = st.lists(st.integers(0, 40), min_size=1, max_size=4).map(tuple)
dtypes = st.sampled_from(
    ["float16", "float64", "uint8", "int64", "bool", "U3", "complex64", "datetime64[s]", "O"]
)


@given(shapes, dtypes)
def test_any_array_has_a_preview_that_can_be_sent_and_read(shape: tuple[int, ...], dtype: str) -> None:
    found = look(np.zeros(shape, dtype))
    assert isinstance(found, p.ArrayPreview)
    content = msgspec.json.encode(found)
    assert len(content) <= p.LIMIT
    assert msgspec.json.decode(content, type=p.Preview) == found
    assert found.shape == shape


def test_looking_at_a_value_imports_nothing_that_it_does_not_need() -> None:
    before = set(sys.modules)
    look({"a": np.arange(4), "b": object()})
    assert not {
        name for name in set(sys.modules) - before if name.partition(".")[0] in ("tensorflow", "matplotlib")
    }


@pytest.mark.parametrize(
    ("value", "found"),
    [
        (np.float16(3), {"value": 3.0}),
        (np.array(3), {"value": 3.0}),
        (10**400, {"value": None}),
        (np.array([1.0, NAN]), {"[0]": 1.0, "[1]": None}),
        (np.datetime64("2020-01-01"), {}),
        (np.timedelta64(3, "D"), {}),
        (np.array(["2020-01-01"], dtype="M8[ns]"), {}),
        (np.bytes_(b"12"), {}),
        (np.array("abc"), {}),
        (np.array("12"), {}),
        (np.array(None), {}),
        (np.complex64(1 + 2j), {}),
        (np.array(2j), {}),
        (np.array([1j]), {}),
        (np.array([1, "a"], dtype=object), {"[0]": 1.0}),
    ],
    ids=repr,
)
def test_numbers_are_told_of_what_comes_out_and_nothing_else_is_taken_for_one(
    value: Any, found: dict[str, float | None]
) -> None:
    assert preview.few_numbers(value) == found


def test_arrays_in_a_short_sequence_have_a_shape_by_index_and_those_with_a_name_by_that() -> None:
    x, y, labels = np.zeros((4, 2)), np.zeros((4, 1)), np.arange(4)
    assert preview.shapes(Outputs((x, "words", labels))) == {
        "": "[(4, 2), words, (4,)]",
        "0": "(4, 2)",
        "2": "(4,)",
    }
    assert preview.classes(Outputs([x, labels])) == {"1": 4}
    assert set(preview.shapes(Outputs((x, y), {"x": x, "y": y}))) == {"", "x", "y"}
    assert set(preview.shapes(Outputs([x] * 100))) == {""}
