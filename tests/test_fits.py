from typing import Any

import pytest
from hypothesis import given
from msgspec.structs import replace

from flowcore.dataflow.fits import accepts, described, flaws
from flowcore.dataflow.kinds import family
from flowcore.model.descriptor import Argument, Range
from tests import strategies
from tests.toy import LAYER, TOY, argument, port

X = "x"


@pytest.mark.parametrize(
    ("target", "otype", "expected"),
    [
        pytest.param(port(X, "tensor"), "tensor", True, id="the same"),
        pytest.param(port(X, "tensor"), "array", False, id="another"),
        pytest.param(port(X, "tensor", itypes=("tensor", "array")), "array", True, id="one of several"),
        pytest.param(port(X, "tensors"), "tensor", True, id="one where several may come"),
        pytest.param(port(X, "tensor"), "tensors", False, id="several where one may come"),
        pytest.param(port(X, "array"), "table", True, id="a table as an array"),
        pytest.param(port(X, "layer"), "model", True, id="a model as a layer"),
        pytest.param(port(X, "any"), "whatever", True, id="anything"),
        pytest.param(argument(X, "any"), "whatever", True, id="anything typed in"),
        pytest.param(port(X, "tensor"), "any", True, id="from anything"),
        pytest.param(argument(X, "int"), "any", False, id="anything into a form"),
        pytest.param(argument(X, "float"), "int", True, id="an int as a float"),
        pytest.param(argument(X, "int"), "float", False, id="a float as an int"),
        pytest.param(port(X, "nosupport"), "tensor", False, id="unknown"),
        pytest.param(port(X, "tuple"), "array", True, id="a place of a tuple"),
        pytest.param(port(X, "array"), "tensor", True, id="a tensor as an array"),
        pytest.param(port(X, "callable"), "metric", True, id="a metric as a function"),
        pytest.param(port(X, "callable"), "layer", False, id="a layer is no function"),
        pytest.param(port(X, "object"), "whatever", True, id="any object"),
        pytest.param(argument(X, "object"), "whatever", False, id="no object typed in"),
        pytest.param(port(X, "estimator"), "any", True, id="an estimator from anything"),
    ],
)
def test_a_link_fits_a_port_by_type(target: Argument, otype: str, expected: bool) -> None:
    assert accepts(target, otype) is expected


FITTING = [
    ("bool", True), ("int", 3), ("int", -(10**9)), ("float", 1), ("float", 0.5), ("float", {"$float": "nan"}),
    ("string", ""), ("dtype", "float32"), ("shape", [28, None]), ("shape", []), ("shape", {"$tuple": [1]}),
    ("ints", 3), ("ints", [3, 3]), ("ints", {"$tuple": [3, 3]}), ("list", []), ("tuple", [1, "a"]),
    ("dict", {}), ("dict", {"$dict": []}), ("any", None), ("any", {"a": [1]}), ("activation", "relu"),
    ("optimizer", {"$new": "toy.Adam", "args": {}}), ("list[int]", [1, 2]), ("list[int]", []),
    ("array", [[1, 2]]), ("table", {"a": [1]}), ("slice", {"$slice": [0, 2, 1]}),
    ("callable", {"$ref": LAYER}), ("callable", {"$ref": "toy.load"}),
    ("layer", {"$new": LAYER, "args": {"units": 1}}), ("list[optimizer]", ["sgd", {"$new": "toy.Adam"}]),
]  # fmt: skip


@pytest.mark.parametrize(("itype", "value"), FITTING)
def test_a_constant_that_fits_has_no_flaws(itype: str, value: Any) -> None:
    assert list(flaws(value, argument("x", itype), TOY)) == []


FLAWED = [
    ("bool", 1, "x is 1; expected true or false"),
    ("int", True, "x is True; expected int"),
    ("int", 1.0, "x is 1.0; expected int"),
    ("float", "1", "x is '1'; expected float"),
    ("string", 1, "x is 1; expected text"),
    ("shape", 3, "x is 3; expected a shape such as 28, 28, 1"),
    ("shape", [1.5], "x is [1.5]; expected a shape such as 28, 28, 1"),
    ("ints", [], "x is []; expected an int or a list of ints"),
    ("ints", [True], "x is [True]; expected an int or a list of ints"),
    ("list", {}, "x is {}; expected list"),
    ("dict", {"$tuple": []}, "x is []; expected dict"),
    ("optimizer", {"$new": LAYER, "args": {"units": 1}}, "x is toy.Layer; expected optimizer"),
    ("optimizer", {"$new": "toy.Evil"}, "x is toy.Evil; expected optimizer"),
    ("optimizer", 3, "x is 3; expected optimizer"),
    ("layer", "Dense", "x is 'Dense'; expected layer"),
    ("list[int]", [1, "2"], "x is [1, '2']; expected list[int]"),
    ("array", {"$tuple": [1]}, "x is [1]; expected array"),
    ("array", 1, "x is 1; expected array"),
    ("table", {"$dict": []}, "x is {'$dict': []}; expected table"),
    ("slice", [0, 2], "x is [0, 2]; expected slice"),
    ("callable", "relu", "x is 'relu'; expected callable"),
    ("callable", {"$new": "toy.Adam", "args": {}}, "x is toy.Adam; expected callable"),
    ("model", {"$new": "toy.Adam", "args": {}}, "x is toy.Adam; expected model"),
    ("model", {"$new": "toy.Nowhere", "args": {}}, "x is toy.Nowhere; expected model"),
    ("object", 1, "x is 1; expected object"),
    ("int", None, "x is None; expected int"),
    ("int", "x" * 100, f"x is '{'x' * 56}…; expected int"),
]


@pytest.mark.parametrize(("itype", "value", "flaw"), FLAWED)
def test_a_constant_that_does_not_fit_is_told_with_what_was_expected(
    itype: str, value: Any, flaw: str
) -> None:
    assert list(flaws(value, argument("x", itype), TOY)) == [flaw]


def test_none_fits_where_it_is_allowed_or_is_the_default() -> None:
    assert list(flaws(None, argument("x", "int", nullable=True), TOY)) == []
    assert list(flaws(None, argument("x", "int", default=None), TOY)) == []
    assert list(flaws(None, argument("x", "int", default=1), TOY)) == ["x is None; expected int"]


@pytest.mark.parametrize(
    ("bounds", "value", "expected"),
    [
        (Range(low=1), 1, []),
        (Range(low=1), 0, ["x is 0; expected at least 1"]),
        (Range(low=0, exclusive=True), 0, ["x is 0; expected more than 0"]),
        (Range(low=0, high=1), 1.5, ["x is 1.5; expected at most 1"]),
        (Range(low=0, high=1, exclusive=True), 1, ["x is 1; expected less than 1"]),
        (Range(), -(10**400), []),
        (Range(low=0), {"$float": "inf"}, []),
    ],
)
def test_a_number_stays_in_its_range(bounds: Range, value: Any, expected: list[str]) -> None:
    assert list(flaws(value, argument("x", "float", range=bounds), TOY)) == expected


EACH = {"int": Range(low=1), "float": Range(low=0, high=1, exclusive=True)}


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        pytest.param(1, [], id="an int in the range of ints"),
        pytest.param(3, [], id="outside of that of floats, though it is a float as well"),
        pytest.param(0.5, [], id="a float in the range of floats"),
        pytest.param(1.5, ["x is 1.5; expected less than 1"], id="a float outside"),
        pytest.param(0, ["x is 0; expected at least 1"], id="outside of both"),
        pytest.param("auto", [], id="neither int nor float"),
    ],
)
def test_each_type_has_a_range_of_its_own(value: Any, expected: list[str]) -> None:
    found = argument("x", "int", itypes=("int", "float", "string"), ranges=EACH)
    assert list(flaws(value, found, TOY)) == expected


def test_a_type_without_a_range_takes_every_number() -> None:
    found = argument("x", "int", itypes=("int", "float"), ranges={"int": Range(low=1)})
    assert list(flaws(-3, found, TOY)) == []
    assert list(flaws(-0.5, found, TOY)) == []


@pytest.mark.parametrize(
    ("more", "value", "expected"),
    [
        ({"itype": "string"}, "same", []),
        ({"itype": "string"}, "smae", ["x is 'smae'; expected one of same"]),
        ({"itype": "string"}, "zzz", ["x is 'zzz'; expected one of same, valid"]),
        ({"itype": "activation"}, "sme", ["x is 'sme'; expected one of same"]),
        ({"itype": "int", "itypes": ("int", "string")}, "other", []),
        ({"itype": "int", "itypes": ("int", "string")}, 3, []),
    ],
)
def test_a_name_is_one_of_its_choices_and_near_ones_are_suggested(
    more: dict[str, Any], value: Any, expected: list[str]
) -> None:
    found = Argument(arg="x", choices=("same", "valid"), **more)
    assert list(flaws(value, found, TOY)) == expected


def test_the_arguments_of_objects_inside_a_value_are_looked_at_too() -> None:
    value = [{"$new": LAYER, "args": {"rate": 3, "shape": 1}}, {"$new": "toy.Adam", "args": {"rate": "x"}}]
    assert list(flaws(value, argument("x", "any"), TOY)) == [
        "x[0].rate is 3; expected less than 1",
        "x[0].shape is not an argument of Layer",
        "x[0] needs units for Layer",
        "x[1].rate is 'x'; expected float",
    ]


@given(strategies.values, strategies.values)
def test_flaws_of_any_value_are_sentences(value: Any, default: Any) -> None:
    for node in TOY.nodes:
        for found in (*node.args, *node.inputs):
            assert all(flaw.startswith(found.arg) for flaw in flaws(value, found, TOY))


def test_types_are_put_in_words() -> None:
    assert described(argument("x", "int", itypes=("int", "string"), nullable=True)) == "int or text or None"
    assert [family(name) for name in ("metric", "list[metric]", "int", "list[int]")] == [
        "metric",
        "metric",
        "",
        "",
    ]


NAMED = replace(TOY, names={"optimizer": ("adam", "Adam", "sgd")})


@pytest.mark.parametrize(
    ("itypes", "value", "expected"),
    [
        (("optimizer",), "Adam", []),
        (("optimizer",), "Adma", ["x is 'Adma'; expected one of Adam"]),
        (("list[optimizer]",), ["adam", "Adam"], []),
        (("list[optimizer]",), {"$tuple": ["Adam"]}, []),
        (("list[optimizer]",), ["sgd", "Adma"], ["x is ['sgd', 'Adma']; expected one of Adam in it"]),
        (("list[int]", "list[optimizer]"), [1, "sgd", 2], []),
        (
            ("list[int]", "list[optimizer]"),
            [1, 0.5],
            ["x is [1, 0.5]; expected list[int] or list[optimizer]"],
        ),
        (("tree[optimizer]",), {"a": "sgd", "b": [None, {"$new": "toy.Adam"}]}, []),
        (("tree[optimizer]",), "sgd", ["x is 'sgd'; expected a list or dict of optimizer"]),
        (("tree[optimizer]",), {"a": 3}, ["x is {'a': 3}; expected a list or dict of optimizer"]),
        (("tree[optimizer]",), {"$dict": []}, ["x is {'$dict': []}; expected a list or dict of optimizer"]),
        (
            ("tree[optimizer]",),
            [{"$new": "toy.Adam", "args": {"rate": "x"}}],
            ["x[0].rate is 'x'; expected float"],
        ),
    ],
)
def test_every_name_of_a_family_fits_also_inside_a_list_or_a_dict(
    itypes: tuple[str, ...], value: Any, expected: list[str]
) -> None:
    found = Argument(arg="x", itype=itypes[0], itypes=itypes, choices=("adam",))
    assert list(flaws(value, found, NAMED)) == expected
