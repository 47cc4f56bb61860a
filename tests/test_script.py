"""Graphs as scripts and back."""

from pathlib import Path

from hypothesis import HealthCheck, given, settings

from flowcore.dataflow.check import check
from flowcore.dataflow.normal import normal
from flowcore.dataflow.read_script import read_script
from flowcore.dataflow.script import script
from flowcore.model.graph import Graph, Link, Node
from flowcore.store import descriptors
from tests import strategies

CATALOG = descriptors.load()
SOURCES = {f"fallback.{path.stem}": path.read_text() for path in Path("fallback").glob("*.py")}


@settings(max_examples=500, suppress_health_check=list(HealthCheck), deadline=None)
@given(strategies.programs(CATALOG))
def test_a_random_graph_comes_back_from_its_script(graph: Graph) -> None:
    source = script(graph, CATALOG, SOURCES)
    assert normal(read_script(source, CATALOG), CATALOG) == normal(graph, CATALOG), source


def test_a_shared_call_keeps_its_constants() -> None:
    graph = Graph(
        nodes=(
            Node(id="n1", type="keras.Input", args={"shape": [4]}),
            Node(id="n2", type="keras.layers.Dropout", args={"rate": 0.5}),
            Node(id="n3", type="keras.Model"),
            Node(id="n4", type="flowcore.call", call={"training": True}),
            Node(id="n5", type="flowcore.call", call={"training": False}),
        ),
        links=(
            Link("n1", "", "n2", "inputs"),
            Link("n1", "", "n3", "inputs"),
            Link("n2", "", "n3", "outputs"),
            Link("n2", "layer", "n4", "layer"),
            Link("n1", "", "n4", "inputs"),
            Link("n3", "", "n5", "layer"),
            Link("n4", "", "n5", "inputs"),
        ),
    )
    assert check(graph, CATALOG) == ()
    source = script(graph, CATALOG, {})
    assert "dropout_layer(input_, training=True)" in source
    assert "model(called, training=False)" in source
    assert normal(read_script(source, CATALOG), CATALOG) == normal(graph, CATALOG)
