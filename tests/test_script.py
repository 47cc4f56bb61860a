"""Graphs as scripts and back."""

from pathlib import Path

from hypothesis import HealthCheck, given, settings

from flowcore.dataflow.normal import normal
from flowcore.dataflow.read_script import read_script
from flowcore.dataflow.script import script
from flowcore.model.graph import Graph
from flowcore.store import descriptors
from tests import strategies

CATALOG = descriptors.load()
SOURCES = {f"fallback.{path.stem}": path.read_text() for path in Path("fallback").glob("*.py")}


@settings(max_examples=500, suppress_health_check=list(HealthCheck), deadline=None)
@given(strategies.programs(CATALOG))
def test_a_random_graph_comes_back_from_its_script(graph: Graph) -> None:
    source = script(graph, CATALOG, SOURCES)
    assert normal(read_script(source, CATALOG), CATALOG) == normal(graph, CATALOG), source
