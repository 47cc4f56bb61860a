"""Graphs as scripts, and back."""

import re
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings

from flowcore import api
from flowcore.dataflow import document, edit
from flowcore.dataflow.check import check
from flowcore.dataflow.normal import normal
from flowcore.dataflow.read_script import read_script
from flowcore.dataflow.script import script
from flowcore.model.graph import Graph, Group, Link, Node
from flowcore.model.problem import FlowError
from flowcore.runs import scripts
from flowcore.store import descriptors, fallback
from flowcore.store.examples import examples
from tests import strategies

CATALOG = descriptors.load()
SOURCES = fallback.sources()
GOLDEN = Path(__file__).parent / "golden"


def graph(links: str, types: dict[str, str], **args: dict[str, object]) -> Graph:
    """``"x.y>fit.y"`` links the output y of x to the port y of fit."""
    nodes = tuple(Node(id=id, type=type_, args=dict(args.get(id, {}))) for id, type_ in types.items())
    found = []
    for link in links.split():
        (one, _, output), (other, _, port) = (end.partition(".") for end in link.split(">"))
        found.append(Link(one, output, other, port))
    return Graph(nodes=nodes, links=tuple(found))


def body(found: Graph) -> list[str]:
    """The statements of the nodes of a script."""
    source = scripts.script(found, CATALOG)
    assert normal(read_script(source, CATALOG), CATALOG) == normal(found, CATALOG)
    return [line for line in source.splitlines() if re.search(r"  # \w", line)]


@settings(max_examples=500, suppress_health_check=list(HealthCheck))
@given(strategies.programs(CATALOG))
def test_a_random_graph_comes_back_from_its_script(found: Graph) -> None:
    source = script(found, CATALOG, SOURCES)
    assert normal(read_script(source, CATALOG), CATALOG) == normal(found, CATALOG), source


@settings(max_examples=25, suppress_health_check=list(HealthCheck))
@given(strategies.programs(CATALOG))
def test_formatting_changes_nothing_of_it(found: Graph) -> None:
    source = scripts.script(found, CATALOG)
    assert normal(read_script(source, CATALOG), CATALOG) == normal(found, CATALOG), source
    assert scripts.formatted(source) == source


@pytest.mark.parametrize("name", examples())
def test_an_example_comes_back_from_its_script(name: str) -> None:
    found = document.read(examples()[name].read_bytes(), CATALOG)
    source = scripts.script(found, CATALOG)
    assert normal(read_script(source, CATALOG), CATALOG) == normal(found, CATALOG)
    assert set(scripts.lines(source)) == set(found.by_id)


@pytest.mark.parametrize("name", ["digits_cnn", "diabetes", "siamese", "digits_under_attack"])
def test_a_script_reads_as_one_would_write_it(name: str) -> None:
    found = document.read(examples()[name].read_bytes(), CATALOG)
    assert scripts.script(found, CATALOG) == (GOLDEN / f"{name}.py").read_text()


def test_layers_that_share_weights_are_called_again() -> None:
    pair = graph(
        "a>d.inputs d.layer>e.layer b>e.inputs d>m.outputs e>m.outputs a>m.inputs b>m.inputs",
        {
            **dict.fromkeys("ab", "keras.Input"),
            "d": "keras.layers.Dense",
            "e": "flowcore.call",
            "m": "keras.Model",
        },
        a={"shape": [3]},
        b={"shape": [3]},
        d={"units": 2},
    )
    assert body(pair) == [
        "input_ = keras.Input(shape=(3,))  # a",
        "input_2 = keras.Input(shape=(3,))  # b",
        "dense_layer = keras.layers.Dense(2)  # d",
        "dense = dense_layer(input_)  # d",
        "called = dense_layer(input_2)  # e",
        "model = keras.Model([input_, input_2], [dense, called])  # m",
    ]


def test_an_object_that_is_used_before_and_after_a_method_has_two_names() -> None:
    found = graph(
        "i>d.inputs i>m.inputs d>m.outputs m>c.self c.model>f.self m>p.self x.x>f.x x.y>f.y x.x>p.x",
        {
            "x": "fallback.samples.load_digits",
            "i": "keras.Input",
            "d": "keras.layers.Dense",
            "m": "keras.Model",
            "c": "keras.Model.compile",
            "f": "keras.Model.fit",
            "p": "keras.Model.predict",
        },
        i={"shape": [3]},
        d={"units": 2},
    )
    assert body(found)[-4:] == [
        "model.compile()  # c",
        "model_2 = model  # c.model",
        "history = model_2.fit(x, y)  # f",
        "predictions = model.predict(x)  # p",
    ]


def test_what_learns_works_on_a_copy_where_others_use_the_same_object() -> None:
    scaler = "sklearn.preprocessing.StandardScaler"
    found = graph(
        "s>a.self s>b.self x.data>a.X x.data>b.X",
        {
            "x": "sklearn.datasets.load_iris",
            "s": scaler,
            "a": f"{scaler}.fit_transform",
            "b": f"{scaler}.fit_transform",
        },
    )
    source = script(found, CATALOG, SOURCES)
    assert "standard_scaler_2 = copy.deepcopy(standard_scaler)" in source
    body(found)


def test_names_that_only_comments_can_keep_come_back() -> None:
    found = Graph(
        name='say "hi"\n# twice',
        note="fmt: off\n\ntwo",
        catalogs={"a b": "1, 2"},
        nodes=(
            Node(id="lambda", type="keras.layers.Dense", label="class", note="noqa\n  indented"),
            Node(id="b-1", type="keras.layers.Dense", label="Dense 2", note="a plain note\n\nin two parts"),
            Node(id="n3", type="keras.layers.Dense", label="weights {of} #1"),
        ),
        groups=(Group("g", "all of\nit", ("lambda", "b-1")),),
    )
    body(found)
    source = scripts.script(found, CATALOG)
    assert "# a plain note\n#\n# in two parts\ndense_2 =" in source


def test_the_seed_is_set_before_the_data_and_again_before_the_network() -> None:
    found = graph(
        "x.x>f.x", {"x": "fallback.samples.load_digits", "i": "keras.Input", "f": "fallback.prepare.scale"}
    )
    lines = script(found, CATALOG, SOURCES, seed=7).splitlines()
    assert lines.count("keras.utils.set_random_seed(SEED)") == 2
    assert "SEED = 7" in lines


def test_what_policy_never_lets_run_is_written_into_no_script() -> None:
    for type_ in ("keras.layers.Lambda", "os.system"):
        with pytest.raises(FlowError, match="No script can name"):
            script(Graph(nodes=(Node(id="n1", type=type_),)), CATALOG, SOURCES)
    inside = {"layer": {"$new": "os.system", "args": {"command": "id"}}}
    with pytest.raises(FlowError, match=r"No script can name os\.system"):
        script(
            Graph(nodes=(Node(id="n1", type="keras.layers.TimeDistributed", args=inside),)), CATALOG, SOURCES
        )


def test_a_method_that_waits_for_its_object_is_a_comment() -> None:
    source = script(Graph(nodes=(Node(id="n1", type="keras.Model.fit"),)), CATALOG, SOURCES)
    assert "# n1: fit waits for a link to self." in source


def test_functional_keras_that_somebody_else_wrote_is_read() -> None:
    found = read_script(
        """
import keras
from keras import layers
from sklearn.datasets import load_iris as iris

EPOCHS = 5
flowers = iris()
row = keras.Input((4,), name="row")
hidden = layers.Dense(8, activation="relu")(row)
shared = layers.Dense(3)
out = layers.Add()([shared(hidden), shared(layers.Dropout(rate=0.5)(hidden))])
model = keras.Model(inputs=row, outputs=out)
model.compile("adam", loss=keras.losses.MeanSquaredError())
model.fit(flowers.data, flowers.target, epochs=EPOCHS)
print("done")
""",
        CATALOG,
    )
    assert [(node.type.rpartition(".")[2], node.label) for node in found.nodes] == [
        ("load_iris", "flowers"),
        ("Input", "row"),
        ("Dense", "hidden"),
        ("Dense", "shared"),
        ("Add", "out"),
        ("call", ""),
        ("Dropout", ""),
        ("Model", ""),
        ("compile", ""),
        ("fit", ""),
    ]
    fit = next(node for node in found.nodes if node.type == "keras.Model.fit")
    assert fit.args == {"epochs": 5}
    assert {link.output for link in found.into(fit.id, "x")} == {"data"}
    assert api.check(found) == ()


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("for i in range(3): pass", "Line 2: expected an assignment or a call"),
        (
            "import os\nos.system('id')",
            "Line 3: expected something that a catalogue describes; found os.system",
        ),
        ("x = keras.Input((3,)); y = keras.layers.Dense(x, **{})", "arguments by name, without **"),
        ("x = keras.layers.Dense(units=3, colour='red')", "without colour"),
        ("x = keras.layers.Dense(3)(y)", "expected a name that is defined before line 2; found y"),
        ("x, y = keras.Input((3,)), 4", "Line 2"),
        ("x = (", "Line 2 is not Python"),
        ("a = 1", "found none"),
    ],
)
def test_what_is_no_graph_is_refused_with_its_line(line: str, reason: str) -> None:
    with pytest.raises(FlowError) as caught:
        read_script(f"import keras\n{line}\n", CATALOG)
    assert reason in caught.value.problems[0].message


@pytest.mark.parametrize("name", ["breast_cancer"])
def test_a_script_runs_without_flowcore_to_the_figures_of_the_run(name: str, tmp_path: Path) -> None:
    found = document.read(examples()[name].read_bytes(), CATALOG)
    fit = next(node.id for node in found.nodes if node.type == "keras.Model.fit")
    found = edit.set_argument(found, fit, "epochs", 3)
    run = api.run(found, seed=1)
    path = tmp_path / "script.py"
    path.write_text(scripts.script(found, CATALOG, seed=1))
    assert "flowcore" not in "".join(path.read_text().split('"""')[2:])
    done = subprocess.run(
        [sys.executable, "-I", path], capture_output=True, text=True, timeout=120, cwd=tmp_path
    )
    assert done.returncode == 0, done.stderr
    told = dict(re.findall(r"'(\w+)': ([\d.e-]+)", done.stdout.splitlines()[-1]))
    expected = next(iter(run.results.values()))
    assert {key: float(value) for key, value in told.items()} == pytest.approx(expected, rel=1e-6)


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
