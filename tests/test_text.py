"""Values that people type."""

import contextlib
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flowcore.dataflow.text import LIMIT, parse, show
from flowcore.model.problem import FlowError


@pytest.mark.parametrize(
    ("text", "itype", "value"),
    [
        ("8, 8, 1", "shape", [8, 8, 1]),
        ("(8, 8, 1)", "shape", [8, 8, 1]),
        ("30", "shape", [30]),
        ("None, 3", "shape", [None, 3]),
        ("3", "ints", 3),
        ("3, 3", "ints", [3, 3]),
        ("[1, 2]", "list", [1, 2]),
        ("1, 2", "tuple", {"$tuple": [1, 2]}),
        ("{'a': 1}", "dict", {"a": 1}),
        ("{0: 0.5, 1: 2}", "dict", {"$dict": [[0, 0.5], [1, 2]]}),
        ("{'$new': 'os.system'}", "dict", {"$dict": [["$new", "os.system"]]}),
        ("1e999", "any", {"$float": "inf"}),
        ("some words", "any", "some words"),
        ("__import__('os')", "any", "__import__('os')"),
        (" padded ", "string", "padded"),
    ],
)
def test_a_text_stands_for_a_value(text: str, itype: str, value: Any) -> None:
    assert parse(text, itype) == value


@pytest.mark.parametrize(
    ("text", "itype", "message"),
    [
        ("8, x", "shape", "Expected a shape such as 28, 28, 1, found '8, x'."),
        ("__import__('os').system('true')", "ints", "Expected a whole number or several"),
        ("(" * 5000, "list", "Expected a list such as [1, 2]"),
        ("1" * (LIMIT + 1), "int", "Expected a whole number"),
        ("{1, 2}", "list", "A set cannot be written in JSON."),
        ("b'bytes'", "any", "A bytes cannot be written in JSON."),
        ("3+4j", "float", "A complex cannot be written in JSON."),
    ],
)
def test_a_text_that_stands_for_nothing_is_refused(text: str, itype: str, message: str) -> None:
    with pytest.raises(FlowError) as refused:
        parse(text, itype)
    assert refused.value.problems[0].message.startswith(message)


numbers = (
    st.none()
    | st.booleans()
    | st.integers(-(10**6), 10**6)
    | st.floats(allow_nan=False, allow_infinity=False)
)
literals = st.recursive(
    numbers | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text("abc", max_size=3), inner, max_size=3)
    ),
    max_leaves=8,
)


@given(st.lists(st.integers(0, 99) | st.none(), min_size=1))
def test_a_shape_that_is_shown_is_read_back(shape: list[int | None]) -> None:
    assert parse(show(shape, "shape"), "shape") == shape


@given(literals.filter(lambda value: not isinstance(value, str)))
def test_a_value_that_is_shown_is_read_back(value: Any) -> None:
    itype = "list" if isinstance(value, list) else "any"
    assert parse(show(value, itype), itype) == value


@given(
    st.text(max_size=30), st.sampled_from(["shape", "ints", "list", "tuple", "dict", "any", "int", "float"])
)
def test_any_text_is_read_or_refused(text: str, itype: str) -> None:
    with contextlib.suppress(FlowError):
        parse(text, itype)
