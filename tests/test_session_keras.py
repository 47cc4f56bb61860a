"""Sessions with the real Keras: weights as in a full run to the last bit, previews, activations."""

import base64
import io
from collections.abc import Iterator
from pathlib import Path

import pytest
from msgspec.structs import replace
from PIL import Image

from flowcore import api
from flowcore.dataflow import edit
from flowcore.model.descriptor import Argument, Catalog, NodeDescriptor
from flowcore.model.frame import Evaluated, Sample
from flowcore.model.graph import Graph, Link, Node
from flowcore.model.preview import (
    ArrayPreview,
    LayerPreview,
    ManyPreview,
    ModelPreview,
    NumberPreview,
    SymbolPreview,
)
from flowcore.model.run import Settings
from flowcore.model.value import Value
from flowcore.runs.sessions import Sessions
from flowcore.runs.supervisor import Supervisor
from flowcore.runs.talk import Look
from flowcore.runs.trained import trained
from flowcore.runs.workers import Workers
from tests.toy_network import linked
from tests.watch import until

SEED = 5
COUNTS = (178, 182, 177, 183, 181, 182, 181, 179, 174, 180)
CODE = '''
import hashlib


def fingerprint(model):
    """Weights and the optimizer's variables as a whole number that a float holds."""
    found = hashlib.sha256()
    optimizer = getattr(model, "optimizer", None)
    for variable in [*model.variables, *(optimizer.variables if optimizer else [])]:
        found.update(variable.numpy().tobytes())
    return int(found.hexdigest()[:12], 16)
'''
PRINT = NodeDescriptor(
    name="fingerprint",
    package="fallback.weights_of_tests.fingerprint",
    kind="function",
    otype="int",
    args=(Argument(arg="model", itype="model", required=True, widget="port"),),
)


class Bench:
    """One graph in a session, and in full runs."""

    def __init__(self, catalog: Catalog, workers: Workers) -> None:
        self.catalog = Catalog(catalog.versions, (*catalog.nodes, PRINT))
        self.supervisor = Supervisor(lambda: self.catalog, workers)
        self.sessions = Sessions(lambda: self.catalog, workers)

    def look(self, graph: Graph, node: str, sample: Sample | None = None) -> Look:
        self.sessions.evaluate(graph, "me", node, SEED, sample)
        until(lambda: not self.sessions.look(graph.id, "me").busy, 120)
        return self.sessions.look(graph.id, "me")

    def found(self, graph: Graph, node: str, sample: Sample | None = None) -> Evaluated:
        look = self.look(graph, node, sample)
        assert look.run.state == "done", (look.run.problem, look.run.output.text[-2000:])
        return look.answers[node].found

    def number(self, graph: Graph, node: str) -> float:
        preview = self.found(graph, node).previews[""]
        assert isinstance(preview, NumberPreview)
        return float(preview.value)

    def full(self, graph: Graph) -> dict[str, dict[str, float | None]]:
        """The figures of a run of the whole graph."""
        id = self.supervisor.start(graph, settings=Settings(seed=SEED))
        run = self.supervisor.wait(id, 300)
        assert run.state == "done", (run.problem, run.output.text[-2000:])
        return run.results


@pytest.fixture
def bench(
    home: Path, tmp_path: Path, catalog: Catalog, forks: Workers, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Bench]:
    folder = tmp_path / "functions"
    folder.mkdir()
    (folder / "weights_of_tests.py").write_text(CODE)
    monkeypatch.setenv("FLOWCORE_FALLBACK", str(folder))
    found = Bench(catalog, forks)
    yield found
    found.sessions.close()
    found.supervisor.close()


def example() -> Graph:
    """The digits network, trained for a moment; layers and data by their usual ids."""
    graph = replace(api.load(api.examples()["digits_cnn"]), id="digits")
    graph = edit.set_argument(graph, "n12", "epochs", 2)
    return edit.set_argument(graph, "n12", "batch_size", 256)


def twice() -> Graph:
    """With dropout before the last layer, fitted twice, and the weights after that as a number."""
    graph = example()
    dropout = Node(id="drop", type="keras.layers.Dropout", args={"rate": 0.3})
    again = Node(id="n14", type="keras.Model.fit", args={"epochs": 1, "batch_size": 256})
    links = [link for link in graph.links if (link.source, link.target) != ("n8", "n9")]
    links += [
        Link("n8", "", "drop", "inputs"),
        Link("drop", "", "n9", "inputs"),
        Link("n13", "model", "n14", "self"),
        Link("n3", "x_train", "n14", "x"),
        Link("n3", "y_train", "n14", "y"),
        Link("n14", "model", "print14", "model"),
    ]
    nodes = [*graph.nodes[:8], dropout, *graph.nodes[8:], again, Node(id="print14", type=PRINT.package)]
    return replace(graph, nodes=tuple(nodes), links=tuple(links))


def printed(graph: Graph, of: str, output: str) -> Graph:
    """The weights of a node's model as a number, at its end."""
    nodes = (*graph.nodes, Node(id="print", type=PRINT.package))
    return replace(graph, nodes=nodes, links=(*graph.links, Link(of, output, "print", "model")))


@pytest.mark.parametrize(
    ("of", "output", "before"),
    [
        pytest.param("n10", "", (), id="as it was built"),
        pytest.param("n10", "", ("n5", "n3", "n9"), id="as it was built, after other looks"),
        pytest.param("n12", "model", (), id="as it was trained"),
        pytest.param("n12", "model", ("n7", "n11", "n3", "n5"), id="as it was trained, in many requests"),
    ],
)  # fmt: skip
def test_weights_are_those_of_a_full_run_to_the_last_bit(
    bench: Bench, of: str, output: str, before: tuple[str, ...]
) -> None:
    whole = example()
    kept = {"n10": 10, "n12": 12}[of]
    graph = printed(edit.remove(whole, [node.id for node in whole.nodes[kept:]]), of, output)
    (expected,) = bench.full(graph)["print"].values()
    for node in before:
        sample = Sample("n3", "x_train", 3) if node == "n5" else None
        bench.found(graph, node, sample)
    assert bench.number(graph, "print") == expected


def test_a_second_fit_and_what_chance_does_in_it_are_those_of_a_full_run(bench: Bench) -> None:
    graph = twice()
    results = bench.full(graph)
    bench.found(graph, "n13")
    bench.found(graph, "drop", Sample("n3", "x_test", 1))
    assert bench.found(graph, "print14").ran == ("n14", "print14")
    assert bench.number(graph, "print14") == results["print14"]["value"]


def test_a_fit_that_is_run_again_does_not_go_on_from_trained_weights(bench: Bench) -> None:
    graph = printed(edit.remove(example(), ["n13"]), "n12", "model")
    first = bench.number(graph, "print")
    longer = edit.set_argument(graph, "n12", "epochs", 3)
    assert bench.number(longer, "print") != first
    found = bench.found(graph, "print")
    assert set(found.ran) == {"n4", "n5", "n6", "n7", "n8", "n9", "n10", "n11", "n12", "print"}
    assert bench.number(graph, "print") == first


def test_training_tells_its_epochs_and_can_be_stopped(bench: Bench) -> None:
    graph = edit.set_argument(example(), "n12", "epochs", 10_000)
    bench.found(graph, "n11")
    bench.sessions.evaluate(graph, "me", "n12", SEED)
    until(lambda: len(bench.sessions.look("digits", "me").run.epochs) >= 2)
    training = bench.sessions.look("digits", "me").run.training
    assert training is not None
    assert training.epochs == 10_000
    bench.sessions.stop("digits", "me")
    until(lambda: not bench.sessions.look("digits", "me").busy, 5)
    look = bench.sessions.look("digits", "me")
    assert look.run.state == "stopped"
    assert "values are lost" not in look.run.output.text
    assert set(bench.found(graph, "n3").ran) == set()


def test_previews_of_the_digits_network(bench: Bench) -> None:
    graph = example()
    data = bench.found(graph, "n1").previews
    x, y = data["x"], data["y"]
    assert isinstance(x, ArrayPreview)
    assert (x.shape, x.dtype, x.low, x.high, x.missing) == ((1797, 8, 8, 1), "float32", 0, 16, 0)
    assert x.histogram is not None
    assert sum(x.histogram.counts) == 1797 * 64
    assert x.picture is not None
    image = Image.open(io.BytesIO(base64.b64decode(x.picture.png)))
    assert image.size == (x.picture.width, x.picture.height)
    assert len(image.convert("L").getcolors()) > 8
    assert isinstance(y, ArrayPreview)
    assert y.classes == {str(digit): count for digit, count in enumerate(COUNTS)}
    assert bench.sessions.look(graph.id, "me").classes["n1"] == {"y": 10}
    layer = bench.found(graph, "n5").previews[""]
    assert isinstance(layer, LayerPreview)
    assert layer.output == (SymbolPreview(kind="tensor", shape=(None, 8, 8, 32), dtype="float32"),)
    shapes = {name: weight.shape for name, weight in layer.weights.items()}
    assert shapes == {"kernel": (3, 3, 1, 32), "bias": (32,)}
    model = bench.found(graph, "n10").previews[""]
    assert isinstance(model, ModelPreview)
    assert sum(row.parameters for row in model.rows) == 21_386
    fitted = bench.found(graph, "n12").previews
    assert list(fitted) == ["history", "model"]
    assert isinstance(fitted["history"], ManyPreview)
    assert set(fitted["history"].items) == {"loss", "accuracy", "val_loss", "val_accuracy"}


def test_activations_before_training_are_those_of_the_new_network_and_after_those_of_the_newest_run(
    bench: Bench,
) -> None:
    graph = example()
    none = trained(graph, bench.catalog)
    assert "not been trained" in none.missing
    before = bench.found(graph, "n5", Sample("n3", "x_test", 4, missing=none.missing)).activations
    assert before is not None
    assert (before.missing, before.after) == (none.missing, ())
    (one,) = before.before
    assert one.shape == (8, 8, 32)
    assert one.picture is not None
    assert one.picture.caption == "32 channels"

    bench.full(graph)
    known = trained(graph, bench.catalog)
    assert (known.fit, known.missing) == ("n12", "")
    sample = Sample("n3", "x_test", 4, known.fit, known.weights)
    after = bench.found(graph, "n5", sample).activations
    assert after is not None
    assert after.before == before.before
    assert after.weights == before.weights
    assert after.after[0].shape == (8, 8, 32)
    assert after.after != after.before
    assert after.trained["kernel"] != after.weights["kernel"]
    assert sorted(after.trained) == ["bias", "kernel"]

    bench.found(graph, "n13")  # trains in the session, with the seed of the run
    again = bench.found(graph, "n5", sample).activations
    assert again == after
    own = bench.found(graph, "n5", Sample("n3", "x_test", 4, missing=none.missing)).activations
    assert own is not None
    assert (own.before, own.after, own.missing) == (after.before, after.after, "")
    dense = bench.found(graph, "n9", sample).activations
    assert dense is not None
    assert sum(value or 0 for value in dense.after[0].line) == pytest.approx(1)

    changed = edit.set_argument(graph, "n7", "filters", 8)
    assert "has changed since its training: Conv2D" in trained(changed, bench.catalog).missing
    assert trained(edit.set_argument(graph, "n2", "divisor", 8.0), bench.catalog) == known


def test_after_a_stop_activations_are_those_of_the_last_epoch(bench: Bench) -> None:
    graph = edit.set_argument(example(), "n12", "epochs", 5_000)
    id = bench.supervisor.start(graph, settings=Settings(seed=SEED))
    until(lambda: bench.supervisor.look(id).checkpoints, 120)
    bench.supervisor.stop(id)
    assert bench.supervisor.wait(id, 60).state == "stopped"
    known = trained(graph, bench.catalog)
    assert (known.fit, known.missing) == ("n12", "")
    found = bench.found(graph, "n5", Sample("n3", "x_test", 4, known.fit, known.weights)).activations
    assert found is not None
    assert found.missing == ""
    assert found.after != found.before


@pytest.mark.parametrize("look_first", [True, False])
@pytest.mark.parametrize(
    ("type_", "port", "args"),
    [("numpy.fill_diagonal", "a", {"val": 5}), ("numpy.random.shuffle", "x", {})],
)
def test_a_node_that_changes_what_came_into_it_leaves_no_wrong_value(
    bench: Bench, type_: str, port: str, args: dict[str, Value], look_first: bool
) -> None:
    nodes = (Node(id="x", type="numpy.identity", args={"n": 9}), Node(id="change", type=type_, args=args))
    graph = Graph(id="changed", nodes=nodes, links=(Link("x", "", "change", port),))
    expected = bench.found(graph, "x").previews
    if not look_first:
        graph = edit.set_argument(graph, "x", "n", 8)
        expected = bench.found(replace(graph, id="alone", nodes=graph.nodes[:1], links=()), "x").previews
    bench.found(graph, "change")
    assert bench.found(graph, "x").previews == expected
    assert bench.found(graph, "change").ran == ()


@pytest.mark.parametrize(
    ("node", "output", "inputs"),
    [
        pytest.param("n18", "both", ("left", "right"), id="what joins the branches"),
        pytest.param("n7", "both", ("left",), id="a branch, shown what the fit takes"),
        pytest.param("n13", "both", ("right",), id="the other, by a layer that both share"),
        pytest.param("n13", "left", ("left",), id="the other, shown a single array"),
    ],
)
def test_a_branch_is_shown_its_part_of_the_samples(
    bench: Bench, node: str, output: str, inputs: tuple[str, ...]
) -> None:
    graph = replace(api.load(api.examples()["siamese"]), id="siamese")
    pairs = bench.found(graph, "n4", None).previews
    found = bench.found(graph, node, Sample("n4", output, 0)).activations
    assert found is not None
    shown = [one.words for one in found.inputs]
    assert shown == [pairs[name].words for name in inputs if isinstance(pairs[name], ArrayPreview)]


def test_samples_that_a_fit_takes_one_by_one_are_shown_together(bench: Bench) -> None:
    nodes = (
        Node(id="three", type="numpy.full", args={"shape": [6, 3], "fill_value": 3.0}),
        Node(id="two", type="numpy.full", args={"shape": [6, 2], "fill_value": 2.0}),
        Node(id="b", type="keras.Input", args={"shape": [2]}),
        Node(id="a", type="keras.Input", args={"shape": [3]}),
        Node(id="both", type="keras.layers.Concatenate"),
        Node(id="model", type="keras.Model"),
        Node(id="compile", type="keras.Model.compile", args={"loss": "mean_squared_error"}),
        Node(id="fit", type="keras.Model.fit"),
    )
    links = linked(
        "a>both.inputs", "b>both.inputs", "a>model.inputs", "b>model.inputs", "both>model.outputs",
        "model>compile.self", "compile.model>fit.self", "three>fit.x[0]", "two>fit.x[1]", "three>fit.y",
    )  # fmt: skip
    graph = Graph(id="pair", nodes=nodes, links=links)
    found = bench.found(graph, "both", Sample("three", "", 0)).activations
    assert found is not None
    assert found.before[0].line == (3, 3, 3, 2, 2)


@pytest.mark.parametrize(("shape", "given"), [([8, 8, 1], [4, 8, 8]), ([3], [4, 3, 1])])
def test_samples_may_lack_the_last_axis_of_one_or_have_it_in_addition(
    bench: Bench, shape: list[int], given: list[int]
) -> None:
    nodes = (
        Node(id="data", type="numpy.ones", args={"shape": given}),
        Node(id="in", type="keras.Input", args={"shape": shape}),
        Node(id="flat", type="keras.layers.Flatten"),
    )
    graph = Graph(id="axis", nodes=nodes, links=(Link("in", "", "flat", "inputs"),))
    found = bench.found(graph, "flat", Sample("data", "", 0)).activations
    assert found is not None
    assert found.inputs[0].shape == (1, *shape)


def test_results_of_any_shape_have_activations(bench: Bench) -> None:
    """Without a batch axis, or with values that differ by one step."""
    graph = example()
    nodes = (
        *graph.nodes,
        Node(id="mean", type="keras.ops.mean"),
        Node(id="sum", type="keras.ops.sum", args={"axis": -1}),
    )
    links = (*graph.links, Link("n4", "", "mean", "x"), Link("n9", "", "sum", "x"))
    graph = replace(graph, nodes=nodes, links=links)
    mean = bench.found(graph, "mean", Sample("n3", "x_test", 0)).activations
    assert mean is not None
    assert (mean.before[0].shape, mean.before[0].mean) == ((), pytest.approx(mean.inputs[0].mean))
    sums = bench.found(graph, "sum", Sample("n3", "x_test", 0)).activations
    assert sums is not None
    assert sums.before[0].high == pytest.approx(1)


HEADS = {"num_heads": 2, "key_dim": 2}
BOTH_WAYS = {"layer": {"$new": "keras.layers.LSTM", "args": {"units": 2}}}


@pytest.mark.parametrize(
    ("type_", "args", "ports", "parts", "number"),
    [
        ("MultiHeadAttention", HEADS, ("query", "value"), {"query", "key", "value", "attention_output"}, 8),
        ("Bidirectional", BOTH_WAYS, ("sequences",), {"forward_lstm", "backward_lstm"}, 6),
    ],
)
def test_weights_with_equal_names_are_shown_each(
    bench: Bench, type_: str, args: dict[str, Value], ports: tuple[str, ...], parts: set[str], number: int
) -> None:
    nodes = (
        Node(id="in", type="keras.Input", args={"shape": [5, 8]}),
        Node(id="layer", type=f"keras.layers.{type_}", args=args),
    )
    links = tuple(Link("in", "", "layer", port) for port in ports)
    found = bench.found(Graph(id="weights", nodes=nodes, links=links), "layer").previews[""]
    assert isinstance(found, LayerPreview)
    assert {name.partition("/")[0] for name in found.weights} == parts
    assert len(found.weights) == number


def test_a_sample_that_a_layer_cannot_be_shown_is_a_problem_of_it_and_values_are_kept(bench: Bench) -> None:
    nodes = (
        Node(id="data", type="numpy.ones", args={"shape": [4, 8]}),
        Node(id="in", type="keras.Input", args={"shape": [8]}),
        Node(id="heads", type="keras.layers.MultiHeadAttention", args={"num_heads": 2, "key_dim": 2}),
    )
    links = (Link("in", "", "heads", "query"), Link("in", "", "heads", "value"))
    graph = Graph(id="flat", nodes=nodes, links=links)
    bench.found(graph, "data")
    look = bench.look(graph, "heads", Sample("data", "", 0))
    assert look.run.problem is not None
    assert (look.run.problem.code, look.run.problem.nodes) == ("no-sample", ("heads",))
    assert "Exception encountered" not in look.run.problem.message
    assert bench.found(graph, "data").ran == ()


def test_a_sample_that_does_not_fit_is_a_problem_that_says_what_would(bench: Bench) -> None:
    look = bench.look(example(), "n5", Sample("n1", "y", 0))
    assert look.run.problem is not None
    assert look.run.problem.code == "no-sample"
    assert look.run.problem.message == "Expected samples of shape (None, 8, 8, 1); found (1797,)."
    far = bench.look(example(), "n5", Sample("n1", "x", 5000))
    assert far.run.problem is not None
    assert far.run.problem.message == "Expected an index from 0 to 1796; found 5000."
