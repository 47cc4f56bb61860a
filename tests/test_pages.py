"""Pages without a browser: each opens, whatever the address says, and edits what it shows."""

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from flowcore.dataflow import document, edit
from flowcore.model.descriptor import Catalog
from flowcore.model.graph import Graph, Node
from flowcore.model.problem import Problem
from flowcore.model.run import Settings
from flowcore.store import database, graphs, runs
from flowcore.store.examples import examples
from flowcore.ui import code, session

ROOT = Path(__file__).parent.parent
TOKEN = "0123456789abcdef" * 2


def opened(page: str, graph: str = "", run: str = "", token: str = TOKEN) -> AppTest:
    """A page as a browser with this token sees it, reached from Start."""
    at = AppTest.from_file(str(ROOT / "app.py"), default_timeout=30)
    at.session_state["browser"] = token
    if graph:
        at.query_params["g"] = graph
    if run:
        at.query_params["run"] = run
    if page != "app.py":
        at.switch_page(page)
    return at.run()


def stored(graph: Graph) -> str:
    return graphs.create(graph, database.owner_key(TOKEN)).id


def shown(at: AppTest) -> str:
    """Everything that is said on a page."""
    return "\n".join(str(item.value) for kind in (at.error, at.warning, at.info) for item in kind)


def said(at: AppTest) -> str:
    return "\n".join(item.value.replace("\\", "") for item in (*at.markdown, *at.caption))


def graph_of(id: str) -> Graph:
    return document.read(graphs.load(id).document)


@pytest.fixture
def example(home: Path) -> str:
    return stored(document.read(examples()["digits_cnn"].read_bytes()))


@pytest.mark.parametrize("page", ["app.py", "pages/build.py", "pages/train.py"])
def test_a_page_opens_with_a_graph(page: str, example: str) -> None:
    at = opened(page, example)
    assert not at.exception
    assert shown(at).count("No graph") == 0


@pytest.mark.parametrize("page", ["pages/build.py", "pages/train.py"])
@pytest.mark.parametrize("graph", ["", "nothing", "../../etc/passwd", "<img src=x>", "x" * 5000, "\x00"])
def test_a_page_says_so_when_there_is_no_such_graph(page: str, graph: str, home: Path) -> None:
    at = opened(page, graph)
    assert not at.exception
    assert "There is no graph" in shown(at) or "No graph is open" in shown(at)


@pytest.mark.parametrize("run", ["nothing", "../../../etc/passwd", "A" * 22])
def test_a_run_that_is_not_there_is_not_looked_for(run: str, example: str) -> None:
    at = opened("pages/train.py", example, run)
    assert not at.exception
    assert "This graph has no run" in shown(at)


@pytest.mark.parametrize("token", ["f" * 32, "", "x", "' or 1=1 --"])
def test_only_the_owner_s_browser_edits(token: str, example: str) -> None:
    at = opened("pages/build.py", example, token=token)
    assert not at.exception
    assert at.text_input(key="name").disabled
    assert "You are looking on" in shown(at)


def test_a_change_in_a_form_is_a_change_in_the_store(example: str) -> None:
    at = opened("pages/build.py", example)
    at.selectbox(key="node").select("n5").run()
    at.number_input(key="n5 args filters").set_value(48).run()
    assert not at.exception
    assert graph_of(example).by_id["n5"].args["filters"] == 48
    at.button(key="undo").click().run()
    assert graph_of(example).by_id["n5"].args["filters"] == 32
    assert at.number_input(key="n5 args filters").value == 32


def test_the_script_has_the_seed_of_the_run_that_is_looked_at(example: str) -> None:
    at = opened("pages/build.py", example)
    at.segmented_control(key="beside").select("Script").run()
    assert "SEED = 0\n" in script(at)
    runs.create(graph_of(example), database.owner_key(TOKEN), Settings(seed=7))
    assert "SEED = 7\n" in script(at.run())


def script(at: AppTest) -> str:
    """The statements that are shown, as plain text."""
    texts = (re.sub(r"<[^>]*>", "", item.proto.body) for item in at.get("html"))
    return next(text for text in texts if "SEED" in text)


@pytest.mark.parametrize(
    ("count", "line", "window"),
    [
        (300, 299, (0, 300)),
        (301, 0, (0, 200)),
        (4_471, 2_000, (1_992, 2_192)),
        (4_471, 4_470, (4_271, 4_471)),
    ],
)
def test_of_a_long_script_the_part_around_the_selected_node_is_shown(
    count: int, line: int, window: tuple[int, int]
) -> None:
    assert code.window(count, line) == window


def test_an_argument_that_is_set_back_to_its_default_is_no_argument(example: str) -> None:
    at = opened("pages/build.py", example)
    at.selectbox(key="node").select("n5").run()
    at.selectbox(key="n5 args padding").select("valid").run()
    assert "padding" not in graph_of(example).by_id["n5"].args


def test_a_text_that_is_emptied_is_none_where_that_may_be_and_says_so(home: Path) -> None:
    id = stored(Graph(nodes=(Node(id="n1", type="keras.applications.MobileNet"),)))
    at = opened("pages/build.py", id)
    at.selectbox(key="node").select("n1").run()
    field = at.text_input(key="n1 args weights")
    assert field.value == "imagenet"
    at = field.set_value("").run()
    assert graph_of(id).by_id["n1"].args == {"weights": None}
    assert at.text_input(key="n1 args weights").placeholder == "None"
    at.text_input(key="n1 args weights").set_value("imagenet").run()
    assert graph_of(id).by_id["n1"].args == {}


def test_what_was_undone_can_be_done_again_at_once(example: str) -> None:
    at = opened("pages/build.py", example)
    at.selectbox(key="node").select("n5").run()
    at.number_input(key="n5 args filters").set_value(64).run()
    at.button(key="undo").click().run()
    assert at.number_input(key="n5 args filters").value == 32
    at.number_input(key="n5 args filters").set_value(64).run()
    assert graph_of(example).by_id["n5"].args["filters"] == 64
    at.button(key="duplicate").click().run()
    assert at.selectbox(key="node").value == "n14"
    at.selectbox(key="node").select("n5").run()
    assert at.number_input(key="n5 args filters").value == 64


def test_what_is_said_stays_on_show_where_the_page_is_drawn_again_by_itself(example: str) -> None:
    at = opened("pages/build.py", example)
    at.session_state["said"] = [Problem("no-node", "Something is wrong.")]
    at.run()
    assert "Something is wrong" in shown(at)
    assert [problem.message for problem in at.session_state["on show"]] == ["Something is wrong."]
    at.run()
    assert "Something is wrong" not in shown(at)


def test_what_was_refused_is_gone_with_its_field_and_refused_again(example: str) -> None:
    at = opened("pages/build.py", example)
    for _ in range(2):
        at.selectbox(key="node").select("n5").run()
        field = at.text_input(key="n5 args kernel_size")
        assert field.value == "3, 3"
        assert "expected an int" not in said(at)
        field.set_value("3.5").run()
        assert at.text_input(key="n5 args kernel_size").value == "3.5"
        assert "expected an int" in said(at)
        at.selectbox(key="node").select("n9").run()


def test_two_changes_that_come_at_once_are_both_kept(example: str) -> None:
    def now(type_: str) -> dict[str, Any]:
        return next(node.args for node in graph_of(example).nodes if node.type.endswith(type_))

    at = opened("pages/train.py", example)
    at.number_input(key="plan epochs").set_value(3)
    at.number_input(key="plan batch_size").set_value(8)
    at.selectbox(key="plan optimizer").select("$new keras.optimizers.Adam").run()
    assert (now(".fit")["epochs"], now(".fit")["batch_size"]) == (3, 8)
    at.number_input(key="plan optimizer Adam beta_1").set_value(0.8)
    at.number_input(key="plan optimizer Adam beta_2").set_value(0.7).run()
    assert now(".compile")["optimizer"] == {
        "$new": "keras.optimizers.Adam",
        "args": {"beta_1": 0.8, "beta_2": 0.7},
    }
    at.multiselect(key="plan metrics").select("$new keras.metrics.SparseTopKCategoricalAccuracy").run()
    at.multiselect(key="plan metrics").select("$new keras.metrics.Mean")
    at.number_input(key="plan metrics 1 SparseTopKCategoricalAccuracy k").set_value(3).run()
    assert now(".compile")["metrics"][1:] == [
        {"$new": "keras.metrics.SparseTopKCategoricalAccuracy", "args": {"k": 3}},
        {"$new": "keras.metrics.Mean", "args": {}},
    ]


def _set(at: AppTest, key: str, value: Any) -> None:
    """Put a value into the widget with this key, whatever its kind."""
    (widget,) = [widget for widget in _widgets(at) if widget.key == key]
    widget.set_value(value).run()
    assert not at.exception


SCHEDULE = "$new keras.optimizers.schedules.ExponentialDecay"


@pytest.mark.parametrize(
    ("node", "argument", "typed", "kept", "cleared"),
    [
        ("n5", "filters", 48, 48, None),
        ("n2", "divisor", 8.0, 8.0, 255.0),
        ("n3", "stratify", False, False, True),
        ("n5", "padding", "same", "same", "valid"),
        ("n5", "name", "first", "first", ""),
        ("n4", "shape", "8, None, 1", [8, None, 1], ""),
        ("n5", "strides", "2", 2, "(1, 1)"),
        ("n5", "kernel_size", "(5, 3)", [5, 3], None),
        ("n5", "activation", "relu", "relu", None),
        ("n5", "kernel_initializer", "he_normal", "he_normal", "glorot_uniform"),
        (
            "n5",
            "kernel_initializer",
            "$new keras.initializers.HeNormal",
            {"$new": "keras.initializers.HeNormal", "args": {}},
            "glorot_uniform",
        ),
        ("n11", "metrics", ["accuracy", "mse"], ["accuracy", "mse"], []),
        ("n11", "loss_weights", "[0.5]", [0.5], ""),
        ("n12", "class_weight", "{0: 2.0}", {"$dict": [[0, 2.0]]}, ""),
        ("n12", "validation_split", 0.25, 0.25, 0.0),
    ],
    ids=lambda value: value if isinstance(value, str) and value.isidentifier() else None,
)
def test_what_is_typed_is_kept_and_what_is_cleared_is_gone(
    example: str, node: str, argument: str, typed: Any, kept: Any, cleared: Any
) -> None:
    def args() -> dict[str, Any]:
        return graph_of(example).by_id[node].args

    key = f"{node} args {argument}"
    at = opened("pages/build.py", example)
    at.selectbox(key="node").select(node).run()
    before = args()
    _set(at, key, typed)
    assert args() == {**before, argument: kept}
    if cleared is not None or argument == "activation":
        _set(at, key, cleared)
        assert args() == {name: value for name, value in before.items() if name != argument}


def test_a_learning_rate_may_be_a_schedule_and_a_number_again(example: str) -> None:
    def optimizer() -> Any:
        return graph_of(example).by_id["n11"].args["optimizer"]

    at = opened("pages/build.py", example)
    at.selectbox(key="node").select("n11").run()
    _set(at, "n11 args optimizer", "$new keras.optimizers.Adam")
    _set(at, "n11 args optimizer Adam learning_rate kind", SCHEDULE)
    rate = "n11 args optimizer Adam learning_rate ExponentialDecay"
    _set(at, f"{rate} initial_learning_rate", 0.01)
    _set(at, f"{rate} decay_steps", 100)
    decay = {"initial_learning_rate": 0.01, "decay_steps": 100}
    rated = {"learning_rate": {"$new": SCHEDULE.removeprefix("$new "), "args": decay}}
    assert optimizer() == {"$new": "keras.optimizers.Adam", "args": rated}
    _set(at, "n11 args optimizer Adam learning_rate kind", "—")
    _set(at, "n11 args optimizer Adam learning_rate", 0.05)
    assert optimizer() == {"$new": "keras.optimizers.Adam", "args": {"learning_rate": 0.05}}


def test_metrics_made_from_classes_keep_their_own_arguments(example: str) -> None:
    at = opened("pages/build.py", example)
    at.selectbox(key="node").select("n11").run()
    top = "keras.metrics.SparseTopKCategoricalAccuracy"
    _set(at, "n11 args metrics", ["accuracy", f"$new {top}"])
    _set(at, "n11 args metrics 1 SparseTopKCategoricalAccuracy k", 3)
    _set(at, "n11 args metrics", [f"$new {top}"])
    metrics = graph_of(example).by_id["n11"].args["metrics"]
    assert metrics == [{"$new": top, "args": {"k": 3}}]


def test_an_optimizer_is_made_from_its_class_with_arguments_of_its_own(example: str) -> None:
    at = opened("pages/train.py", example)
    at.selectbox(key="plan optimizer").select("$new keras.optimizers.SGD").run()
    assert not at.exception
    at.number_input(key="plan optimizer SGD momentum").set_value(0.9).run()
    args = graph_of(example).by_id["n11"].args
    assert args["optimizer"] == {"$new": "keras.optimizers.SGD", "args": {"momentum": 0.9}}


def test_losses_of_several_outputs_are_shown_and_stay_as_they_are(home: Path) -> None:
    said: dict[str, Any] = {
        "loss": {"a": "mse", "b": {"$new": "keras.losses.Huber", "args": {"delta": 2.0}}},
        "metrics": {"a": ["mae"], "b": "acc"},
        "loss_weights": {"a": 1.0, "b": 0.5},
    }
    graph = document.read(examples()["digits_cnn"].read_bytes())
    for name, value in said.items():
        graph = edit.set_argument(graph, "n11", name, value)
    id = stored(graph)

    def told() -> dict[str, Any]:
        return graph_of(id).by_id["n11"].args

    at = opened("pages/train.py", id)
    assert not at.exception
    assert at.text_input(key="plan loss").value == "{'a': 'mse', 'b': Huber}"
    assert at.text_input(key="plan metrics").value == "{'a': ['mae'], 'b': 'acc'}"
    at.number_input(key="plan epochs").set_value(3).run()
    at.text_input(key="plan loss").set_value("{'a': 'mae', 'b': Huber}").run()
    assert {name: told()[name] for name in said} == said
    at.text_input(key="plan metrics").set_value("{'a': ['mse'], 'b': 'acuracy'}").run()
    assert {name: told()[name] for name in said} == said
    at.text_input(key="plan metrics").set_value("{'a': ['mse']}").run()
    assert {name: told()[name] for name in said} == {**said, "metrics": {"a": ["mse"]}}
    at.text_input(key="plan loss").set_value("").run()
    assert "loss" not in told()
    at.selectbox(key="plan loss").select("huber").run()
    assert told()["loss"] == "huber"


@pytest.fixture
def one_at_a_time(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A server that runs one graph at a time."""
    monkeypatch.setenv("FLOWCORE_RUNS", "1")
    session.supervisor.clear()
    yield
    session.supervisor().close()
    session.supervisor.clear()


@pytest.mark.usefixtures("one_at_a_time")
def test_a_run_that_waits_says_its_place_in_the_queue_and_moves_up(home: Path) -> None:
    graph = document.read(examples()["digits_cnn"].read_bytes())
    pages = [opened("pages/train.py", stored(graph)) for _ in range(3)]
    for at in pages:
        at.button(key="train").click().run()
        assert not at.exception
    assert [_place(at) for at in pages] == ["", "1", "2"]
    pages[1].button(key="stop").click().run()
    assert [_place(at.run()) for at in pages] == ["", "", "1"]


def _place(at: AppTest) -> str:
    said = [
        re.match(r"Place (\d+) in the queue: other runs are going on", str(item.value)) for item in at.caption
    ]
    return next((found[1] for found in said if found), "")


def test_early_stopping_is_a_callback_of_fit(example: str) -> None:
    at = opened("pages/train.py", example)
    at.number_input(key="plan patience").set_value(5).run()
    stopping = graph_of(example).by_id["n12"].args["callbacks"]
    assert stopping == [
        {
            "$new": "keras.callbacks.EarlyStopping",
            "args": {"restore_best_weights": True, "monitor": "val_loss", "patience": 5},
        }
    ]


def test_every_node_of_the_catalogue_has_a_form(home: Path, catalog: Catalog) -> None:
    """All arguments of all nodes are drawn by the real widgets, a hundred nodes at a time."""
    usable = [node for node in catalog.nodes if node.runs != "never"]
    for start in range(0, len(usable), 100):
        part = usable[start : start + 100]
        at = AppTest.from_function(
            _forms, default_timeout=60, kwargs={"types": [n.package for n in part]}
        ).run()
        assert not at.exception
        drawn = sum(1 for node in part for item in node.args if item.widget != "port")
        assert len(_widgets(at)) >= drawn


def _forms(types: list[str]) -> None:
    from flowcore.store import descriptors
    from flowcore.ui import forms

    known = descriptors.load()
    for type_ in types:
        node = known.find(type_)
        assert node is not None
        forms.arguments(node, {}, type_, lambda name, value: None, known, disabled=False)


ODD: tuple[Any, ...] = (
    None, True, -1, 10**30, 1e308, 0.5, "text", "", [], [1, "a"], {"a": 1}, {"$tuple": [1]},
    {"$float": "nan"}, {"$new": "nowhere.X", "args": {}}, {"$ref": "nowhere.y"}, {"$slice": [1, 2, 3]},
    {"$new": "keras.layers.Dense", "args": {"units": "x", "none": []}},
)  # fmt: skip


def test_whatever_stands_in_an_argument_has_a_form(home: Path, catalog: Catalog) -> None:
    """One argument of each kind that the catalogue knows, with every value that it cannot take."""
    kinds = {
        (item.types, bool(item.choices), item.nullable, item.range is None): (node.package, item.arg)
        for node in catalog.nodes
        if node.runs != "never"
        for item in node.args
        if item.widget != "port"
    }
    assert len(kinds) > 40
    for value in ODD:
        given = {"places": list(kinds.values()), "value": value}
        at = AppTest.from_function(_odd_forms, default_timeout=60, kwargs=given).run()
        assert not at.exception, value


def _odd_forms(places: list[tuple[str, str]], value: object) -> None:
    from flowcore.store import descriptors
    from flowcore.ui import forms, widgets

    known = descriptors.load()
    for type_, name in places:
        node = known.find(type_)
        assert node is not None
        key = f"{type_} {name}"
        forms.draw(widgets.Field(node.arguments[name], value, key, lambda value: None, known, False))


@pytest.mark.parametrize("value", ODD, ids=repr)
def test_the_training_form_opens_whatever_stands_in_its_nodes(value: Any, home: Path) -> None:
    graph = document.read(examples()["digits_cnn"].read_bytes())
    for node, names in {
        "n11": ("optimizer", "loss", "metrics"),
        "n12": ("epochs", "batch_size", "validation_split", "callbacks"),
    }.items():
        for name in names:
            graph = edit.set_argument(graph, node, name, value)
    assert not opened("pages/train.py", stored(graph)).exception


def test_cards_are_drawn_whatever_stands_in_the_arguments(home: Path) -> None:
    nodes = [
        Node(id=f"n{index}", type="keras.layers.Dense", args={"units": value, "gone": value})
        for index, value in enumerate(ODD)
    ]
    at = opened("pages/build.py", stored(Graph(nodes=tuple(nodes))))
    assert not at.exception


def test_every_layer_of_the_catalogue_can_be_linked(home: Path, catalog: Catalog) -> None:
    """The links of each are offered in a graph that holds them all."""
    layers = [node for node in catalog.nodes if node.is_layer and node.runs != "never"]
    graph, source = edit.add(Graph(), "keras.Input", catalog)
    graph = edit.set_argument(graph, source, "shape", [8])
    ids = []
    for layer in layers:
        graph, id = edit.add(graph, layer.package, catalog)
        ids.append(id)
    given = {"id": stored(graph), "nodes": ids, "token": TOKEN}
    at = AppTest.from_function(_links, default_timeout=60, kwargs=given).run()
    assert not at.exception
    offered = {str(widget.key).split()[0] for widget in _widgets(at) if "Input" in widget.options}
    assert sorted(offered) == sorted(ids)


def _links(id: str, nodes: list[str], token: str) -> None:
    import streamlit as st

    from flowcore.ui import links, session

    st.session_state["browser"] = token
    here = session.Session(id)
    for node in nodes:
        links.inputs(here, here.graph.by_id[node], session.catalog())


def _widgets(at: AppTest) -> list[Any]:
    kinds = (at.text_input, at.number_input, at.selectbox, at.multiselect, at.toggle)
    return [widget for kind in kinds for widget in kind]


def test_a_type_that_is_not_known_is_shown_and_kept_out(home: Path, catalog: Catalog) -> None:
    node = next(n for n in catalog.nodes if n.is_layer and any(not a.supported for a in n.args))
    unknown = next(item for item in node.args if not item.supported)
    graph, id = edit.add(Graph(name="one"), node.package, catalog)
    at = opened("pages/build.py", stored(graph))
    at.selectbox(key="node").select(id).run()
    field = at.text_input(key=f"{id} args {unknown.arg}")
    assert (field.value, field.disabled) == ("not supported", True)


def test_opening_every_page_leaves_tensorflow_out_of_the_server(tmp_path: Path) -> None:
    script = tmp_path / "visit.py"
    script.write_text(VISIT)
    done = subprocess.run(
        [sys.executable, str(script), str(ROOT), str(tmp_path / "home")],
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.split() == ["pages:", "4", "heavy:", "none"]


VISIT = """
import os, sys
from pathlib import Path
root = Path(sys.argv[1])
os.environ["FLOWCORE_HOME"] = sys.argv[2]
sys.path.insert(0, str(root))
from tests.test_pages import examples, document, opened, stored
id = stored(document.read(examples()["digits_cnn"].read_bytes()))
pages = ["app.py", *sorted(f"pages/{path.name}" for path in (root / "pages").glob("*.py"))]
for page in pages:
    at = opened(page, id)
    assert not at.exception, at.exception
loaded = {name.partition(".")[0] for name in sys.modules}
heavy = sorted(loaded & {"tensorflow", "keras", "sklearn", "jax", "torch"})
print("pages:", len(pages), "heavy:", *(heavy or ["none"]))
"""
