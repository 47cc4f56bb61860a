import json
import math
from typing import Any

import pytest
from hypothesis import given

from flowcore.model.value import MAX_DEPTH, flaws, new, tag, types_in
from tests import strategies


@pytest.mark.parametrize(
    "value",
    [
        None, True, 0, -1.5, "text", "$text", [], {}, [1, [2, {"a": None}]],
        {"$new": "a.B"}, {"$new": "a.B", "args": {"x": {"$ref": "c"}}}, {"$ref": "a.b"},
        {"$tuple": [1, {"$tuple": []}]}, {"$slice": [None, 2, 1]}, {"$dict": [[1, 2], [[3], "x"]]},
        {"$float": "nan"}, {"$float": "-inf"},
    ],
    ids=repr,
)  # fmt: skip
def test_a_value_in_order_has_no_flaws(value: Any) -> None:
    assert list(flaws(value)) == []


@pytest.mark.parametrize(
    ("value", "path", "reason"),
    [
        ({"$new": "a", "b": 1}, "$", 'has the keys $new, b; expected "$new" and "args"'),
        ({"$new": []}, "$", "needs a type's path under $new and an object under args"),
        ({"$new": "a", "args": [1]}, "$", "needs a type's path under $new and an object under args"),
        ([{"$ref": 1}], "$[0]", "needs a type's path under $ref, and nothing else"),
        ({"a": {"$tuple": 1}}, "$.a", "needs a list under $tuple, and nothing else"),
        ({"$slice": [1, 2]}, "$", "needs a list of start, stop and step under $slice, and nothing else"),
        ({"$dict": {}}, "$", "needs a list of pairs under $dict, and nothing else"),
        ({"$dict": [[1]]}, "$", "needs pairs of a key and a value under $dict"),
        ({"$float": 1.0}, "$", "needs one of nan, inf, -inf under $float, and nothing else"),
        ({"$float": []}, "$", "needs one of nan, inf, -inf under $float, and nothing else"),
        (math.inf, "$", 'is inf, which JSON does not have; expected {"$float": "inf"}'),
        ([-math.inf], "$[0]", 'is -inf, which JSON does not have; expected {"$float": "-inf"}'),
        ((1, 2), "$", "is a tuple, which JSON does not have"),
        ({"a": b""}, "$.a", "is a bytes, which JSON does not have"),
    ],
)
def test_a_flaw_is_named_with_its_path(value: Any, path: str, reason: str) -> None:
    assert list(flaws(value)) == [(path, reason)]


def test_depth_is_limited_to_what_is_told() -> None:
    def nest(depth: int) -> Any:
        value: Any = 1
        for _ in range(depth):
            value = [value]
        return value

    assert list(flaws(nest(MAX_DEPTH))) == []
    assert list(flaws(nest(MAX_DEPTH + 1))) == [
        ("$" + "[0]" * (MAX_DEPTH + 1), f"is nested deeper than {MAX_DEPTH} levels")
    ]


@given(strategies.values)
def test_every_value_that_a_document_may_hold_has_no_flaws_and_survives_json(value: Any) -> None:
    assert list(flaws(value)) == []
    assert json.loads(json.dumps(value)) == value


@given(strategies.json)
def test_flaws_are_found_in_any_json_without_raising(value: Any) -> None:
    assert all(path.startswith("$") and reason for path, reason in flaws(value))
    assert all(isinstance(type_, str) for type_ in types_in(value))


def test_types_are_found_at_every_depth() -> None:
    inner = new("a.B", x=[{"$ref": "c.d"}, {"$tuple": [new("e.F")]}], y={"$dict": [[{"$ref": "k"}, 1]]})
    assert list(types_in({"z": inner, "not": "g.H"})) == ["a.B", "c.d", "e.F", "k"]
    assert new("a.B", x=1) == {"$new": "a.B", "args": {"x": 1}}


def test_the_tag_of_a_value_is_its_dollar_key() -> None:
    assert [tag(value) for value in ({"$ref": "a"}, {"a": 1}, {}, [], "$ref", None)] == ["$ref"] + [""] * 5
