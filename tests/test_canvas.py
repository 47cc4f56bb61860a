"""What is sent to agraph: the wrapper is the only place that knows its private call."""

import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import unquote
from xml.etree import ElementTree

import pytest
from msgspec.structs import replace
from streamlit.testing.v1 import AppTest

from flowcore.dataflow import document
from flowcore.model.descriptor import Catalog
from flowcore.model.graph import Graph
from flowcore.model.problem import Problem
from flowcore.store.examples import examples
from flowcore.ui import cards
from flowcore.ui.cards import Look
from flowcore.ui.colours import DARK, LIGHT

HOSTILE = '<img src=x onerror="alert(1)">&\'"'


def graph(name: str = "digits_cnn") -> Graph:
    return document.read(examples()[name].read_bytes())


def _draw(name: str, mode: str) -> None:
    from flowcore.dataflow import document
    from flowcore.store import descriptors
    from flowcore.store.examples import examples
    from flowcore.ui import canvas

    shown = document.read(examples()[name].read_bytes())
    shapes = {"n3": {"x_train": "(1437, 8, 8, 1)", "y_train": "(1437,)"}}
    canvas.draw(shown, descriptors.load(), key="it", mode=mode, shapes=shapes, selected="n5")


def sent(mode: str = "Detailed") -> Mapping[str, Any]:
    at = AppTest.from_function(_draw, kwargs={"name": "digits_cnn", "mode": mode}, default_timeout=60).run()
    assert not at.exception
    found: Mapping[str, Any] = json.loads(at.get("component_instance")[0].proto.json_args)
    return found


@pytest.mark.parametrize("mode", ["Detailed", "Overview"])
def test_every_node_is_sent_with_a_place_and_a_picture_and_no_title(mode: str) -> None:
    nodes = json.loads(sent(mode)["data"])["nodes"]
    cards_sent = [node for node in nodes if node["shape"] == "image"]
    assert {node["id"] for node in cards_sent} == set(graph().by_id)
    assert all("title" not in node for node in nodes)
    assert len({(node["x"], node["y"]) for node in cards_sent}) == len(cards_sent)


def test_links_between_two_nodes_are_one_line_with_a_label_each() -> None:
    edges = json.loads(sent()["data"])["edges"]
    labels = {(edge["from"], edge["to"]): edge["label"] for edge in edges}
    assert labels["n3", "n12"] == "(1437, 8, 8, 1)\n(1437,)"
    assert len(labels) == len(edges)


def test_the_settings_hold_nothing_that_vis_complains_of() -> None:
    config = json.loads(sent()["config"])
    assert config["groups"] == {}
    assert config["physics"]["enabled"] is False
    assert not {"direction", "sortMethod", "levelSeparation", "nodeSpacing"} & set(config)


@pytest.mark.parametrize("colours", [LIGHT, DARK], ids=["light", "dark"])
@pytest.mark.parametrize("look", [Look(), Look("(None, 3)", "done"), Look(problem=HOSTILE, selected=True)])
def test_a_card_is_one_svg_whatever_its_texts_hold(look: Look, colours: Any, catalog: Catalog) -> None:
    shown = graph()
    for node in shown.nodes:
        node = replace(node, label=HOSTILE, args={**node.args, HOSTILE: HOSTILE})
        for svg in (
            cards.detailed(shown, node, catalog, look, colours),
            cards.small(node, catalog, look, colours),
        ):
            root = ElementTree.fromstring(svg)
            tags = {element.tag.rpartition("}")[2] for element in root.iter()}
            assert tags <= {"svg", "rect", "path", "text", "circle", "g"}
            assert unquote(cards.uri(svg)).endswith(svg)


def test_problems_mark_their_nodes(catalog: Catalog) -> None:
    shown = graph()
    node = shown.by_id["n5"]
    marked = cards.detailed(shown, node, catalog, Look(problem=str(Problem("x", "y"))), LIGHT)
    assert LIGHT.bad in marked
    assert LIGHT.bad not in cards.detailed(shown, node, catalog, Look(), LIGHT)


@pytest.mark.parametrize("name", sorted(examples()))
def test_a_sketch_has_a_box_for_every_node(name: str, catalog: Catalog) -> None:
    svg = cards.sketch(graph(name), catalog, LIGHT)
    assert ElementTree.fromstring(svg).tag.endswith("svg")
    assert svg.count("<rect") == len(graph(name).nodes)
    assert "<rect" not in cards.sketch(Graph(), catalog, LIGHT)
