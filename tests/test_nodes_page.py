"""The Nodes page without a browser: what it shows, and what it changes."""

from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from flowcore.dataflow import document
from flowcore.model.graph import Graph
from flowcore.model.problem import Problem
from flowcore.runs import scans
from flowcore.store import corrections, fallback, graphs, overlay
from flowcore.store.examples import examples
from flowcore.store.revisions import Change
from tests.test_overlay import package
from tests.test_pages import TOKEN, shown, stored

ROOT = Path(__file__).parent.parent
DENSE = "keras.layers.Dense"


def opened(graph: str = "", token: str = TOKEN, **query: str) -> AppTest:
    at = AppTest.from_file(str(ROOT / "app.py"), default_timeout=30)
    at.session_state["browser"] = token
    for name, value in ({"g": graph} | query).items():
        if value and name != "view":
            at.query_params[name] = value
    at.switch_page("pages/nodes.py")
    if "view" in query:
        at.session_state["view"] = query["view"]
    at.run()
    assert not at.exception
    return at


def said(at: AppTest) -> str:
    """Everything that stands on the page as text."""
    kinds = (
        at.markdown,
        at.caption,
        at.text,
        at.info,
        at.warning,
        at.error,
        at.success,
        at.code,
        at.subheader,
    )
    return "\n".join(str(item.value) for kind in kinds for item in kind)


@pytest.fixture(autouse=True)
def _own_home(home: Path) -> None:
    """Every test writes into a home of its own."""


def test_the_page_opens_without_a_graph_and_lists_the_first_nodes() -> None:
    at = opened()
    assert len(at.radio(key="node list").options) == 50
    assert "Choose a node in the list" in shown(at)
    at.button(key="more nodes").click().run()
    assert len(at.radio(key="node list").options) == 100


def test_a_node_is_shown_by_its_address_with_all_that_is_known() -> None:
    at = opened(node=DENSE)
    text = said(at)
    assert "A layer: made with its arguments, then applied to what is linked to it." in text
    assert DENSE in text
    assert "computes on tensors alone" in text.replace("\\", "")
    assert "From keras" in text.replace("\\", "")
    table = at.dataframe[0].value
    assert list(table["Name"])[:2] == ["units", "activation"]
    assert table["Default"][0] == "needed"


def test_search_and_filters_narrow_the_list_and_a_choice_goes_into_the_address() -> None:
    at = opened()
    at.text_input(key="node search").set_value("dense").run()
    assert at.radio(key="node list").options[0] == "Dense"
    at.radio(key="node list").set_value(DENSE).run()
    assert at.query_params["node"] in (DENSE, [DENSE])
    assert at.subheader[0].value == "Dense"
    at.text_input(key="node search").set_value("").run()
    at.selectbox(key="filter Package").select("fallback").run()
    shown_names = {
        option.replace("\\", "").partition(" (")[0] for option in at.radio(key="node list").options
    }
    ours = {node.name for node in overlay.load().nodes if node.package.startswith("fallback.")}
    assert shown_names < ours
    assert len(shown_names) > 40
    at.selectbox(key="filter Category").select("prepare").run()
    at.selectbox(key="filter Package").select("keras").run()
    assert at.selectbox(key="filter Category").value is None
    at.selectbox(key="filter Kind").select("layer").run()
    assert not at.exception
    at.text_input(key="node search").set_value("zzzz").run()
    assert "Nothing matches" in shown(at)


@pytest.mark.parametrize("node", ["nothing", "../x", "<img src=x>", "x" * 5000, "keras.layers"])
def test_an_address_that_names_no_node_says_so(node: str) -> None:
    assert "No catalogue describes" in shown(opened(node=node))


def test_a_graph_that_is_not_there_does_not_keep_the_page_from_opening() -> None:
    at = opened("nothing", node=DENSE)
    assert "There is no graph" in shown(at)
    assert at.button(key="use").disabled


def test_a_node_is_added_to_the_open_graph() -> None:
    id = stored(Graph(name="mine"))
    at = opened(id, node=DENSE)
    at.button(key="use").click().run()
    (node,) = document.read(graphs.load(id).document).nodes
    assert node.type == DENSE


@pytest.mark.parametrize(
    ("node", "token", "reason"),
    [(DENSE, "f" * 32, "another browser's"), ("keras.layers.Lambda", TOKEN, "never run")],
    ids=["onlooker", "policy"],
)
def test_a_node_that_cannot_be_added_says_why(node: str, token: str, reason: str) -> None:
    id = stored(document.read(examples()["digits_cnn"].read_bytes()))
    use = opened(id, token, node=node).button(key="use")
    assert use.disabled
    assert reason in use.help


def test_an_argument_is_corrected_and_put_back() -> None:
    at = opened(node=DENSE)
    at.selectbox(key="revise").select("units").run()
    key = f"revise {DENSE} args units"
    at.number_input(key=f"{key} high").set_value(512.0)
    at.text_input(key=f"{key} help").set_value("How wide it is.")
    at.button(key=f"{key} save").click().run()
    assert not at.exception
    changed = overlay.load().by_type[DENSE].arguments["units"]
    assert (changed.range.high if changed.range else None, changed.help) == (512, "How wide it is.")
    assert at.dataframe[0].value["Explanation"][0] == "How wide it is."
    at.button(key=f"{key} back").click().run()
    assert overlay.load().by_type[DENSE] == overlay.overlay().base.by_type[DENSE]
    assert at.number_input(key=f"{key} high").value is None


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"types": []}, "Choose a type"),
        ({"choices": "'same"}, "cannot be read"),
        ({"choices": "'same', 2"}, "is not int"),
        ({"low": 9.0, "high": 1.0}, "The range is empty"),
        ({"types": ["string"]}, "A range is for numbers"),
    ],
    ids=["no type", "not a list", "wrong choice", "empty range", "range of text"],
)
def test_a_correction_that_makes_no_sense_is_refused_with_the_reason(
    changes: dict[str, object], reason: str
) -> None:
    at = opened(node=DENSE)
    at.selectbox(key="revise").select("units").run()
    key = f"revise {DENSE} args units"
    widgets = {
        widget.key: widget for kind in (at.multiselect, at.text_input, at.number_input) for widget in kind
    }
    for name, value in changes.items():
        widgets[f"{key} {name}"].set_value(value)
    at.button(key=f"{key} save").click().run()
    assert reason in shown(at).replace("\\", "")
    assert overlay.overlay().revisions == {}


def test_one_answer_settles_all_of_a_name() -> None:
    overlay.save(package("little", "little.count", "little.more"), "little")
    at = opened(view="To review")
    at.segmented_control(key="review package").set_value("little").run()
    at.button(key="review little count").click().run()
    assert not at.exception
    assert at.session_state["view"] == "Browse"
    key = "revise little.count args count"
    at.multiselect(key=f"{key} types").set_value(["int"])
    at.checkbox(key=f"{key} every").check()
    at.button(key=f"{key} save").click().run()
    assert not at.exception
    for type_ in ("little.count", "little.more"):
        assert overlay.load().by_type[type_].arguments["count"].itype == "int"
    assert overlay.stale() == ()


def test_coverage_is_shown_for_each_package() -> None:
    at = opened(view="Coverage")
    table = at.dataframe[0].value
    assert {"keras", "fallback", "flowcore"} <= set(table["Package"])
    assert len(at.get("plotly_chart")) == 1


def test_a_correction_that_no_longer_fits_is_listed_and_removed() -> None:
    overlay.save(package("little", "little.count"), "little")
    corrections.put(overlay.load().by_type["little.count"], "args", "count", Change(itype="int"))
    overlay.remove("little")
    at = opened(view="To review")
    assert "found none" in shown(at)
    at.button(key="drop 0 little little.count").click().run()
    assert overlay.overlay().revisions == {}
    assert "found none" not in shown(at)


def test_packages_are_offered_that_are_installed_and_allowed() -> None:
    at = opened(view="Add a package")
    offered = {option.partition(" ")[0] for option in at.selectbox(key="package").options}
    assert {"hypothesis", "yaml"} & offered
    assert not {"pip", "setuptools", "keras", "os", "flowcore", "fallback", "streamlit"} & offered
    at.checkbox(key="scan again").check().run()
    assert "keras" in {option.partition(" ")[0] for option in at.selectbox(key="package").options}


def test_what_a_scan_found_or_why_it_failed_is_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    overlay.save(package("little", "little.count"), "little")
    known = (
        scans.Scan("going", 3, 9),
        scans.Scan("little", 1, 1, True),
        scans.Scan("bad", 0, 0, True, (Problem("x", "It broke.", "Mend it."),)),
    )
    monkeypatch.setattr(scans.Scans, "known", lambda self: known)
    at = opened(view="Add a package")
    text = said(at).replace("\\", "")
    assert "**little** has 1 nodes. Of their 1 arguments 0% are typed, 1 wait" in text
    assert "It broke." in text
    at.button(key="remove little").click().run()
    assert overlay.own_packages() == ()


def test_functions_are_explained_and_broken_files_named_on_every_page_once() -> None:
    folder = fallback.folders()[0]
    folder.mkdir()
    (folder / "bad-name.py").write_text("")
    (folder / "one.py").write_text("def first() -> int:\n    return 1\n")
    scans.read_functions()
    at = opened(view="Your functions")
    text = said(at)
    assert str(folder) in text
    assert "class Parts(NamedTuple)" in text
    assert list(at.dataframe[0].value["Nodes"]) == ["first"]
    assert "bad-name.py is not read" in shown(at).replace("\\", "")
    start = AppTest.from_file(str(ROOT / "app.py"), default_timeout=30).run()
    assert "bad-name.py is not read" in shown(start).replace("\\", "")
    assert "bad-name.py" not in shown(start.run()).replace("\\", "")


@pytest.mark.parametrize("view", ["Add a package", "Your functions"])
def test_a_server_for_others_adds_and_corrects_nothing(view: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FLOWCORE_HOSTED", "1")
    at = opened(view=view, node=DENSE)
    assert "Not on a server for others" in shown(at)
    assert not [widget for widget in at.selectbox if widget.key == "package"]
    at = opened(node=DENSE)
    assert not [widget for widget in at.selectbox if widget.key == "revise"]


def test_of_two_nodes_with_one_name_the_chosen_one_is_shown() -> None:
    for name in ("little", "other"):
        overlay.save(package(name, f"{name}.wordy_thing"), name)
    at = opened()
    at.text_input(key="node search").set_value("wordy_thing").run()
    assert len(set(at.radio(key="node list").options)) == 2
    for type_ in ("little.wordy_thing", "other.wordy_thing"):
        at.radio(key="node list").set_value(type_).run()
        assert at.code[0].value == type_
