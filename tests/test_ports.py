import pytest

from flowcore.dataflow import ports
from flowcore.model.graph import Graph, Node
from tests.toy import CALL, EVALUATE, FIT, LAYER, LOAD, MERGE, MODEL, PASS, SOURCE, TOY, wired

TYPES = {
    "in": SOURCE, "hidden": LAYER, "bare": LAYER, "merge": MERGE, "model": MODEL, "fit": FIT,
    "test": EVALUATE, "data": LOAD, "shared": CALL, "loose": CALL, "any": PASS, "gone": "gone.Thing",
}  # fmt: skip
GRAPH = wired("in>hidden hidden>merge bare.layer>shared model>fit fit>test data loose any gone", TYPES)


@pytest.mark.parametrize(
    ("node", "names"),
    [
        ("in", ["shape", "tensor"]),
        ("hidden", ["inputs", "units", "activation", "rate", "inner"]),
        ("merge", ["inputs"]),
        ("model", ["inputs", "outputs"]),
        ("fit", ["self", "x", "epochs", "validation_data"]),
        ("shared", ["inputs", "layer"]),
        ("loose", ["inputs", "layer"]),
        ("gone", []),
    ],
)
def test_a_node_has_the_ports_of_its_call_and_of_its_typed_arguments(node: str, names: list[str]) -> None:
    assert list(ports.ports(GRAPH, GRAPH.by_id[node], TOY)) == names


@pytest.mark.parametrize(
    ("node", "expected"),
    [
        ("in", {"": "tensor"}),
        ("hidden", {"": "tensor", "layer": "layer"}),
        ("bare", {"": "layer", "layer": "layer"}),
        ("model", {"": "model"}),
        ("fit", {"model": "model", "history": "history"}),
        ("data", {"x": "array", "y": "array"}),
        ("shared", {"": "tensor"}),
        ("gone", {"": "any"}),
    ],
)
def test_a_node_hands_on_its_outputs(node: str, expected: dict[str, str]) -> None:
    assert ports.outputs(GRAPH, GRAPH.by_id[node], TOY) == expected


@pytest.mark.parametrize(
    ("node", "output", "expected"),
    [
        ("in", "", "tensor"),
        ("hidden", "layer", "layer"),
        ("hidden", "1", "tensor"),
        ("hidden", "-1", None),
        ("fit", "", "model"),
        ("fit", "history", "history"),
        ("fit", "0", None),
        ("data", "", "any"),
        ("data", "z", None),
        ("gone", "anything", "any"),
    ],
)
def test_what_an_output_carries_is_known_before_it_runs(node: str, output: str, expected: str | None) -> None:
    assert ports.carried(GRAPH, GRAPH.by_id[node], output, TOY) == expected


@pytest.mark.parametrize(
    ("source", "output", "target", "expected"),
    [
        ("in", "", "hidden", ("inputs",)),
        ("in", "", "model", ("inputs", "outputs")),
        ("data", "x", "fit", ("x", "validation_data[0]", "validation_data[1]")),
        ("data", "x", "hidden", ()),
        ("data", "z", "any", ()),
        ("bare", "layer", "shared", ("layer",)),
        ("model", "", "shared", ("layer",)),
        ("gone", "x", "hidden", ("inputs",)),
    ],
)
def test_the_ports_that_an_output_fits_are_offered_call_ports_first(
    source: str, output: str, target: str, expected: tuple[str, ...]
) -> None:
    node, other = GRAPH.by_id[source], GRAPH.by_id[target]
    assert ports.fitting(GRAPH, node, output, other, TOY) == expected


def test_a_port_has_room_for_as_many_links_as_it_merges() -> None:
    hidden, merge, free = (GRAPH.by_id[id] for id in ("hidden", "merge", "bare"))
    single = ports.ports(GRAPH, hidden, TOY)["inputs"]
    assert not ports.room(GRAPH, hidden, "inputs", single)
    assert ports.room(GRAPH, free, "inputs", single)
    assert ports.room(GRAPH, merge, "inputs", ports.ports(GRAPH, merge, TOY)["inputs"])


def test_names_of_one_object_are_one() -> None:
    fit, layer = TOY.find(FIT), TOY.find(LAYER)
    assert fit is not None
    assert layer is not None
    assert ports.same_object(fit, "") == ports.same_object(fit, "model") == "model"
    assert ports.same_object(layer, "") == ""


def test_a_call_of_a_node_that_is_gone_has_the_ports_of_any_layer() -> None:
    graph = Graph(nodes=(Node(id="c", type=CALL),), links=wired("gone.layer>c.layer").links)
    assert list(ports.call_ports(graph, graph.by_id["c"], TOY)) == ["inputs"]
