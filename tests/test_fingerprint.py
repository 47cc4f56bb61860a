"""Fingerprints of data, however it is put together."""

from typing import Any

import numpy as np
import pytest

from flowcore.worker.fingerprint import of_array, of_data

A, B = np.arange(6.0).reshape(3, 2), np.arange(3)


def test_an_array_is_itself() -> None:
    assert of_data(A) == of_array(A) != ""


@pytest.mark.parametrize(
    ("one", "other"),
    [
        pytest.param([A, B], [B, A], id="order"),
        pytest.param([A, B], [A, B + 1], id="content"),
        pytest.param({"a": A, "b": B}, {"a": B, "b": A}, id="names"),
        pytest.param([A], A, id="alone"),
    ],
)
def test_what_differs_has_another(one: Any, other: Any) -> None:
    assert of_data(one) == of_data(one) != ""
    assert of_data(one) != of_data(other)


def test_the_order_of_names_says_nothing() -> None:
    assert of_data({"a": A, "b": B}) == of_data({"b": B, "a": A})


@pytest.mark.parametrize(
    "value", [None, [], [A, None], [A, object()], "text"], ids=["none", "empty", "gap", "thing", "text"]
)
def test_what_is_not_all_arrays_has_none(value: Any) -> None:
    assert of_data(value) == ""
