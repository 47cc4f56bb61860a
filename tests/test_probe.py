"""Listening to constructors: a toy package whose classes refuse, and say why."""

import sys
import textwrap
from collections.abc import Iterator
from pathlib import Path

import pytest

from flowcore.model.descriptor import Argument, Catalog, NodeDescriptor, Source
from flowcore.worker.discover import describe
from flowcore.worker.discover.probe import CONFIDENCE, is_class_of

TOY = """
    class Part:
        '''Anything that is probed.'''

    class Listing(Part):
        def __init__(self, size=1, style="plain"):
            if style not in ("plain", "fancy", "bold"):
                raise ValueError(f"style is 'plain', 'fancy', 'bold' or 'gone'. Received {style!r}")

    class Bare(Part):
        def __init__(self, style="a"):
            if style not in ("a", "b"):
                raise ValueError(f"unknown style, expected one of a, b. Received {style}")

    class Silent(Part):
        def __init__(self, style="a"):
            if style != "a":
                raise ValueError("no")

    class Open(Part):
        def __init__(self, style="a"): ...

    class Base(Part):
        def __init__(self, rate=None):
            if rate is not None and type(self) is not Base:
                raise TypeError("Got unexpected keyword argument 'rate'")

    class Strict(Base):
        def __init__(self, width=1, **kwargs):
            super().__init__(**kwargs)

    class Needy(Part):
        def __init__(self, width=None, height=None):
            if width is None:
                raise ValueError("width must be given")

    class Absent(Part):
        def __init__(self):
            import a_module_that_nobody_has

    class Doubtful(Part):
        def __init__(self, thing=None, gain=None, loose=None):
            _check([thing, gain], [dict, float])

    def _check(values, kinds):
        for value, kind in zip(values, kinds):
            if value is not None and not isinstance(value, kind):
                raise TypeError("that is not right")

    class Broken(Part):
        def __init__(self, size=1):
            raise RuntimeError("always")

    class Apart:
        def __init__(self, style="plain"):
            MADE.append(style)

    def function(style="plain"):
        MADE.append(style)

    MADE = []
"""
PROBING = Source(families={"toyparts.Part": "part"}, probe=("part",))


@pytest.fixture
def toyparts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    monkeypatch.syspath_prepend(str(tmp_path))
    (tmp_path / "toyparts.py").write_text(textwrap.dedent(TOY))
    yield "toyparts"
    sys.modules.pop("toyparts", None)


@pytest.fixture
def probed(toyparts: str) -> Catalog:
    return describe(toyparts, PROBING)


def arg(catalog: Catalog, name: str) -> Argument:
    node, _, argument = name.partition(".")
    return catalog.by_type[f"toyparts.{node}"].arguments[argument]


@pytest.mark.parametrize(
    ("name", "choices", "evidence"),
    [
        pytest.param("Listing.style", ("plain", "fancy", "bold"), "probe", id="words in quotes"),
        pytest.param("Bare.style", ("a", "b"), "probe", id="words behind one of"),
        pytest.param("Silent.style", (), "default", id="a refusal without words"),
        pytest.param("Open.style", (), "default", id="no refusal"),
    ],
)  # fmt: skip
def test_words_that_a_refusal_lists_are_the_choices(
    probed: Catalog, name: str, choices: tuple[str, ...], evidence: str
) -> None:
    found = arg(probed, name)
    assert (found.choices, found.evidence) == (choices, evidence)


def test_an_argument_that_a_class_does_not_take_after_all_disappears(probed: Catalog) -> None:
    assert list(probed.by_type["toyparts.Strict"].arguments) == ["width"]
    assert list(probed.by_type["toyparts.Base"].arguments) == ["rate"]


def test_an_optional_argument_without_which_nothing_is_made_is_required(probed: Catalog) -> None:
    width, height = probed.by_type["toyparts.Needy"].args
    assert (width.required, width.itype, width.evidence) == (True, "int", "probe")
    assert (height.required, height.evidence) == (False, "weak name")


def test_a_class_that_needs_a_missing_module_is_not_available(probed: Catalog) -> None:
    missing = [node.package for node in probed.nodes if not node.available]
    assert missing == ["toyparts.Absent"]


@pytest.mark.parametrize(
    ("name", "itype", "evidence", "confidence"),
    [
        pytest.param("Doubtful.thing", "dict", "probe", CONFIDENCE, id="an unknown type is found"),
        pytest.param("Doubtful.gain", "float", "probe", CONFIDENCE, id="the only one that is taken"),
        pytest.param("Doubtful.loose", "nosupport", "", 0.0, id="what takes anything tells nothing"),
        pytest.param("Listing.size", "int", "default", 0.7, id="a likely type is left as it is"),
    ],
)
def test_a_type_in_doubt_is_the_first_that_is_accepted(
    probed: Catalog, name: str, itype: str, evidence: str, confidence: float
) -> None:
    found = arg(probed, name)
    assert (found.itype, found.evidence, found.confidence) == (itype, evidence, confidence)


def test_a_class_that_is_never_made_stays_as_it_was_described(toyparts: str, probed: Catalog) -> None:
    plain = describe(toyparts, Source(families=PROBING.families))
    for name in ("toyparts.Broken", "toyparts.Apart", "toyparts.function"):
        assert probed.by_type[name] == plain.by_type[name]


def test_nothing_is_made_outside_of_the_families_to_probe(probed: Catalog) -> None:
    assert sys.modules["toyparts"].MADE == []


def test_without_families_to_probe_no_constructor_is_called(toyparts: str) -> None:
    found = describe(toyparts, Source(families=PROBING.families))
    assert found.by_type["toyparts.Listing"].arguments["style"].choices == ()
    assert "rate" in found.by_type["toyparts.Strict"].arguments
    assert sys.modules["toyparts"].MADE == []


@pytest.mark.parametrize(
    ("node", "expected"),
    [
        (NodeDescriptor(name="A", package="a.A", otype="part"), True),
        (NodeDescriptor(name="A", package="a.A", otype="whole"), False),
        (NodeDescriptor(name="A", package="a.A", otype="tensor", apply=True), True),
        (NodeDescriptor(name="a", package="a.a", kind="function", otype="part"), False),
        (NodeDescriptor(name="a", package="a.A.a", kind="method", otype="part"), False),
    ],
    ids=["of the family", "of another", "a layer", "a function", "a method"],
)
def test_classes_of_a_family_are_told_by_what_they_make(node: NodeDescriptor, expected: bool) -> None:
    assert is_class_of(node, {"part", "layer"}) is expected
