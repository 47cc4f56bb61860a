"""An argument as a person corrects it: what becomes of it, and what is refused."""

import pytest
from msgspec.structs import replace

from flowcore.dataflow.correct import Draft, corrected, draft, types
from flowcore.model.descriptor import Argument, Range
from flowcore.model.problem import FlowError
from flowcore.store import corrections
from flowcore.store.revisions import Change, Revision, revise
from tests.toy import TOY, argument

UNITS = argument("units", "int", required=True, range=Range(low=1), help="How many.")
UNKNOWN = argument("odd", "nosupport", default=None)
EITHER = argument(
    "share", "int", itypes=("int", "float"), default=1, ranges={"int": Range(low=1), "float": Range(0, 1)}
)
PADDING = argument("padding", "string", choices=("valid", "same"), default="valid")


@pytest.mark.parametrize("one", [UNITS, EITHER, PADDING], ids=lambda one: one.arg)
def test_a_form_that_is_not_touched_changes_nothing(one: Argument) -> None:
    assert corrected(one, draft(one), TOY) == one
    assert corrections.change(one, one) == Change()


@pytest.mark.parametrize(
    ("one", "drafted", "expected"),
    [
        (UNKNOWN, Draft(("int", "float"), low=0.0), {"itype": "int", "itypes": ("int", "float")}),
        (UNKNOWN, Draft(("string",), "'a', 'b'"), {"itype": "string", "choices": ("a", "b")}),
        (UNKNOWN, Draft(("activation",)), {"itype": "activation", "widget": "registry"}),
        (UNKNOWN, Draft(("tensor",)), {"itype": "tensor", "widget": "port"}),
        (EITHER, draft(EITHER)._replace(types=("float",), high=2.0), {"itype": "float", "ranges": {}}),
        (EITHER, draft(EITHER)._replace(nullable=True), {"nullable": True, "ranges": EITHER.ranges}),
        (UNITS, draft(UNITS)._replace(low=None), {"range": None}),
        (UNITS, draft(UNITS)._replace(help="  Some.  "), {"help": "Some."}),
    ],
    ids=["numbers", "choices", "family", "link", "one of two", "ranges stay", "no range", "help"],
)
def test_a_correction_lands_in_the_revised_catalogue(
    one: Argument, drafted: Draft, expected: dict[str, object]
) -> None:
    new = corrected(one, drafted, TOY)
    assert {name: getattr(new, name) for name in expected} == expected
    layer = TOY.by_type["toy.Layer"]
    catalog = replace(TOY, nodes=(replace(layer, args=(one,)),))
    change = corrections.change(one, new)
    (revised,) = revise(catalog, {"toy.Layer": Revision(args={one.arg: change})}).nodes[0].args
    certain = {"evidence": "revision", "confidence": 1.0}
    assert revised == (new if change == Change(help=new.help) else replace(new, **certain))


@pytest.mark.parametrize(
    ("one", "drafted", "reason"),
    [
        (UNITS, Draft(()), "Choose a type"),
        (UNITS, Draft(("int",), "1, x"), "cannot be read"),
        (UNITS, Draft(("int",), "1, None"), "May be None"),
        (UNITS, Draft(("int",), "1, 'x'"), "The choice 'x' is not int"),
        (UNITS, Draft(("int",), low=2.0, high=1.0), "The range is empty: 2 is more than 1"),
        (UNITS, Draft(("string",), low=2.0), "A range is for numbers"),
        (PADDING, Draft(("int",)), "Its default does not fit: padding is 'valid'; expected int"),
    ],
    ids=["no type", "no value", "none", "wrong choice", "empty range", "text with a range", "default"],
)
def test_what_makes_no_sense_is_refused(one: Argument, drafted: Draft, reason: str) -> None:
    with pytest.raises(FlowError) as caught:
        corrected(one, drafted, TOY)
    assert reason in str(caught.value)


def test_types_are_those_of_forms_families_and_links() -> None:
    known = types(TOY)
    assert known[:3] == ("bool", "int", "float")
    assert {"activation", "tensor", "model"} <= set(known)
    assert "nosupport" not in known
