import time

import pytest
from hypothesis import given

from flowcore.dataflow.search import Filter, browse, labels, search
from flowcore.model.descriptor import Catalog, NodeDescriptor
from tests import strategies
from tests.toy import LAYER, TOY


def names(query: str, **more: object) -> list[str]:
    return [node.name for node in search(TOY, query, **more)]  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("layer", ["Layer"]),
        ("LAYER", ["Layer"]),
        ("lay", ["Layer"]),
        ("toy.Model.fit", ["fit"]),
        ("model", ["Model", "fit", "evaluate"]),
        ("model fit", ["fit"]),
        ("adds up", ["Merge"]),
        ("evil", []),
        ("absent", []),
        ("nothing like it", []),
    ],
)
def test_every_word_has_to_match_and_the_best_comes_first(query: str, expected: list[str]) -> None:
    assert names(query) == expected


def test_no_words_list_everything_that_may_be_used() -> None:
    assert len(names("", limit=100)) == len(TOY.nodes) - 2
    assert len(names("", limit=3)) == 3


def test_what_is_used_more_often_comes_first_among_equals() -> None:
    assert names("toy", uses={LAYER: 5})[0] == "Layer"
    assert names("toy")[0] != "Layer"
    assert names("fit", uses={"toy.Model": 9})[0] == "fit"


@given(strategies.text)
def test_any_text_can_be_searched_for(query: str) -> None:
    assert len(search(TOY, query)) <= 20


@pytest.mark.parametrize(
    ("query", "best"),
    [("dense", "keras.layers.Dense"), ("conv2d", "keras.layers.Conv2D"), ("lstm", "keras.layers.LSTM"),
     ("adam", "keras.optimizers.Adam"), ("split", "fallback.prepare.split"),
     ("model fit", "keras.Model.fit")],
)  # fmt: skip
def test_the_obvious_node_of_the_shipped_catalogue_is_found_first(
    catalog: Catalog, query: str, best: str
) -> None:
    began = time.process_time()
    assert search(catalog, query)[0].package == best
    assert time.process_time() - began < 0.2


def test_no_two_nodes_of_a_list_are_called_the_same() -> None:
    paths = ("one.scale", "two.deep.scale", "three.deep.scale", "four.Model.fit", "five.Forest.fit")
    nodes = [NodeDescriptor(name=path.rpartition(".")[2], package=path) for path in paths]
    assert labels(nodes) == {
        "one.scale": "scale",
        "two.deep.scale": "scale (deep)",
        "three.deep.scale": "scale (three.deep)",
        "four.Model.fit": "fit",
        "five.Forest.fit": "fit (Forest)",
    }


def test_every_node_of_the_catalogue_has_a_label_of_its_own(catalog: Catalog) -> None:
    found = labels(catalog.nodes)
    assert len(set(found.values())) == len(catalog.nodes)


@pytest.mark.parametrize(
    ("query", "chosen", "expected"),
    [
        ("", Filter(), [node.name for node in TOY.nodes]),
        ("", Filter(package="toy", kind="layer"), ["Layer", "Merge"]),
        ("", Filter(package="to"), []),
        ("", Filter(category="none"), []),
        ("layer", Filter(), ["Layer"]),
        ("evil", Filter(), ["Evil"]),
        ("absent", Filter(kind="class"), ["Absent"]),
        ("absent", Filter(kind="method"), []),
    ],
)
def test_browsing_shows_what_cannot_be_used_too(query: str, chosen: Filter, expected: list[str]) -> None:
    assert [node.name for node in browse(TOY, query, chosen)] == expected
