"""Build: the shapes of the selected node, and buttons that put problems right."""

import time
from collections.abc import Callable
from pathlib import Path

import pytest
from msgspec.structs import replace
from streamlit.testing.v1 import AppTest
from streamlit.testing.v1.element_tree import Button

from flowcore import api
from flowcore.dataflow import edit
from flowcore.dataflow.repair_case import Repair
from flowcore.model.event import LayerRow
from flowcore.model.problem import FlowError
from flowcore.ui import report
from tests.networks import chain
from tests.test_pages import graph_of, opened, said, stored

GRAPH = chain(("Input", {"shape": [8, 8, 1]}), ("Flatten", {}), ("Conv2D", {"filters": 2, "kernel_size": 3}))


def until(at: AppTest, done: Callable[[], bool]) -> None:
    """Draw the page again until the checker has answered."""
    end = time.monotonic() + 60
    while not done():
        assert time.monotonic() < end, said(at)
        time.sleep(0.2)
        at.run()
        assert not at.exception


def offered(at: AppTest) -> list[Button]:
    return [button for button in at.button if str(button.key).startswith("repair ")]


def labels(at: AppTest) -> list[str]:
    return [button.label for button in offered(at)]


def test_a_click_beside_a_problem_puts_it_right_and_is_undone_as_one_edit(home: Path) -> None:
    id = stored(GRAPH)
    before = graph_of(id)
    at = opened("pages/build.py", id)
    until(at, lambda: bool(labels(at)))
    assert labels(at) == ["Connect Conv2D before Flatten", "Insert Reshape to 8, 8, 1"]
    assert "Flatten gives (None, 64), which has 2" in said(at)

    offered(at)[1].click().run()
    types = [node.type.rpartition(".")[2] for node in graph_of(id).nodes]
    assert types == ["Input", "Flatten", "Conv2D", "Reshape"]
    until(at, lambda: "No problems" in said(at))
    assert labels(at) == []

    at.button(key="undo").click().run()
    assert graph_of(id).nodes == before.nodes
    assert graph_of(id).links == before.links


def test_a_notice_keeps_nobody_from_training(home: Path) -> None:
    graph = api.load(api.examples()["digits_mlp"])
    at = opened("pages/train.py", stored(edit.set_argument(graph, "n8", "activation", "linear")))
    until(at, lambda: "expects probabilities" in said(at))
    assert labels(at) == ["Use a softmax", "Set from\\_logits"]
    assert any("Ready to train" in one.value for one in at.info)


def test_a_repair_of_a_graph_that_has_changed_since_changes_nothing() -> None:
    other = replace(GRAPH, name="another")
    step = report._put(Repair("Insert Flatten", replace(GRAPH, name="repaired")), GRAPH)
    assert step(GRAPH).name == "repaired"
    with pytest.raises(FlowError, match="has changed since"):
        step(other)


def test_who_looks_on_is_offered_no_repair(home: Path) -> None:
    id = stored(GRAPH)
    at = opened("pages/build.py", id)
    until(at, lambda: bool(labels(at)))
    other = opened("pages/build.py", id, token="f" * 32)
    assert not other.exception
    assert labels(other) == []


def test_the_inspector_tells_what_the_selected_layer_gives_and_costs(home: Path) -> None:
    id = stored(chain(("Input", {"shape": [8]}), ("Dense", {"units": 1_000_000})))
    at = opened("pages/build.py", id)
    at.selectbox(key="node").select("s1")
    until(at, lambda: "multiply-adds" in said(at))
    costs = "9 million parameters, 36.0 MB · hands on 4.0 MB a sample · 8 million multiply-adds a sample"
    assert f"(None, 1000000) float32 · {costs}" in said(at)


def _table() -> None:
    from flowcore.ui import report
    from tests.test_repair_page import ROWS

    report.layers(ROWS)


ROWS = (
    LayerRow("a", "conv", "Conv2D", "(None, 8, 8, 2)", 20, 20, 80, 1152, 512),
    LayerRow("b", "dense", "Dense", "(None, 3)", 9, 6, 36, 2_000_000, 12),
)
OPEN = LayerRow("c", "conv", "Conv2D", "(None, None, None, 2)", 20, 20, 80, None, None)


def test_a_table_of_layers_has_what_each_costs_and_the_totals() -> None:
    at = AppTest.from_function(_table, default_timeout=60).run()
    assert {metric.label: metric.value for metric in at.metric} == {
        "Layers": "2",
        "Parameters": "29",
        "Trainable": "26",
        "Weights": "116 B",
        "Multiply-adds": "2 million",
        "Activations": "524 B",
    }
    table = at.dataframe[0].value
    assert list(table["Multiply-adds"]) == [1152, 2_000_000]
    assert list(table["Memory"]) == ["80 B + 512 B", "36 B + 12 B"]
    assert report._known(str, [row.multiply_adds for row in (*ROWS, OPEN)]) == "open"


def test_train_tells_what_is_wrong_before_a_run_does(home: Path) -> None:
    at = opened("pages/train.py", stored(GRAPH))
    until(at, lambda: "Flatten gives (None, 64), which has 2" in said(at))
