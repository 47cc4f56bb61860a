"""Editing in the browser, and what must never happen there."""

import json
import re
from collections.abc import Callable
from pathlib import Path
from urllib.parse import quote

import pytest
from playwright.sync_api import Page, Request, expect

from flowcore.dataflow import document
from flowcore.model.graph import Graph
from tests.browser import steps
from tests.browser.conftest import App
from tests.watch import until

HOSTILE = "<img src=x onerror=alert(1)>"
# An address that is nobody's: Markdown would fetch the picture and offer the link.
MARKDOWN = "![x](http://198.51.100.1/x.png) [a](http://198.51.100.1/) **b**"


def downloaded(page: Page, folder: Path) -> Graph:
    with page.expect_download() as download:
        steps.at(page, "download").locator("button:enabled:visible").click()
    download.value.save_as(folder / "now.json")
    return document.read((folder / "now.json").read_bytes())


def changes(page: Page, folder: Path, act: Callable[[], None]) -> None:
    """Act, and wait until the graph is another: Streamlit makes one press of two within one run of a page."""
    before = downloaded(page, folder)
    act()
    page.wait_for_timeout(700)
    steps.settle(page)
    until(lambda: downloaded(page, folder) != before)
    steps.settle(page)


def upload(page: Page, app: App, content: bytes, folder: Path) -> None:
    path = folder / "upload.json"
    path.write_bytes(content)
    page.goto(app.url)
    steps.at(page, "empty").locator("button:enabled:visible").wait_for()
    page.locator('input[type="file"]').set_input_files(path)


def test_every_edit_can_be_undone_and_redone(page: Page, app: App, tmp_path: Path) -> None:
    steps.open_example(page, app)
    original = downloaded(page, tmp_path)

    def press(key: str) -> None:
        changes(page, tmp_path, steps.at(page, key).locator("button:enabled:visible").click)

    steps.select(page, "Flatten")
    changes(page, tmp_path, lambda: steps.type_in(page, "n8 label", "one row"))
    press("duplicate")
    press("delete")
    steps.select(page, "one row")
    press("delete")
    edited = downloaded(page, tmp_path)
    assert "n8" not in edited.by_id
    for _ in range(2):
        press("undo")
    page.mouse.click(5, 5)
    for _ in range(2):
        changes(page, tmp_path, lambda: page.keyboard.press("Control+z"))
    expect(steps.at(page, "undo").locator("button:visible")).to_be_disabled()
    assert downloaded(page, tmp_path) == original
    for _ in range(4):
        press("redo")
    assert downloaded(page, tmp_path) == edited


def test_a_link_is_cut_and_made_again_through_the_forms(page: Page, app: App, tmp_path: Path) -> None:
    steps.open_example(page, app)
    original = downloaded(page, tmp_path)
    steps.select(page, "Flatten")
    steps.at(page, "n8 in inputs").get_by_role("button", name="Clear value").click()
    steps.settle(page)
    assert downloaded(page, tmp_path).into("n8") == ()
    steps.pick(page, "n8 in inputs", "Conv2D (n7)")
    assert set(downloaded(page, tmp_path).links) == set(original.links)


@pytest.mark.parametrize(
    ("key", "text", "message"),
    [
        ("n4 args shape", "8, x", "Expected a shape such as 28, 28, 1"),
        ("n5 args kernel_size", "3.5", "expected an int or a list of ints"),
    ],
    ids=["not a literal", "wrong type"],
)
def test_what_cannot_be_used_stays_in_its_field_with_the_reason(
    page: Page, app: App, tmp_path: Path, key: str, text: str, message: str
) -> None:
    steps.open_example(page, app)
    original = downloaded(page, tmp_path)
    steps.pick(page, "node", "image" if key.startswith("n4") else "Conv2D (n5)")
    steps.type_in(page, key, text)
    expect(page.get_by_text(message)).to_be_visible()
    expect(steps.at(page, key).locator("input")).to_have_value(text)
    assert downloaded(page, tmp_path) == original
    steps.type_in(page, key, "8, 8, 1" if key.startswith("n4") else "3, 3")
    expect(page.get_by_text(message)).to_have_count(0)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"not json", "The document is not JSON"),
        (b'{"flowcore": 99}', "written by schema version 99"),
        (b'{"flowcore": 1, "colour": "red"}', "colour"),
        (b'{"flowcore": 1, "nodes": [{"id": "<b>", "type": "x"}]}', "$.nodes[0].id"),
    ],
    ids=["not JSON", "newer", "unknown key", "id with HTML"],
)
def test_an_upload_is_refused_with_the_reason_and_the_server_lives(
    page: Page, app: App, tmp_path: Path, content: bytes, message: str
) -> None:
    upload(page, app, content, tmp_path)
    expect(page.locator('[data-testid="stAlert"]').filter(has_text=message)).to_be_visible()
    steps.open_example(page, app)


def test_a_node_that_nobody_describes_is_kept_as_it_is(page: Page, app: App, tmp_path: Path) -> None:
    graph = json.loads((Path(__file__).parents[2] / "flowcore/examples/digits_cnn.json").read_text())
    odd = {"id": "odd", "type": "nowhere.Layer", "label": "from afar", "args": {"a": [1, {"b": None}]}}
    graph["nodes"].append(odd)
    upload(page, app, json.dumps(graph).encode(), tmp_path)
    page.wait_for_url(re.compile(r"/build\?g="))
    expect(page.get_by_text("from afar needs nowhere.Layer, which no catalogue describes.")).to_be_visible()
    steps.select(page, "Flatten")
    steps.type_in(page, "n8 label", "edited")
    kept = downloaded(page, tmp_path).by_id["odd"]
    assert (kept.type, kept.label, kept.args) == (odd["type"], odd["label"], odd["args"])


def test_markup_in_a_graph_is_shown_as_text_and_never_runs(page: Page, app: App, tmp_path: Path) -> None:
    dialogs: list[str] = []
    page.on("dialog", lambda dialog: (dialogs.append(dialog.message), dialog.dismiss()))
    graph = json.loads((Path(__file__).parents[2] / "flowcore/examples/digits_cnn.json").read_text())
    graph["name"] = graph["note"] = HOSTILE
    for node in graph["nodes"]:
        node["label"] = node["note"] = HOSTILE
    graph["nodes"][3]["args"]["name"] = HOSTILE
    graph["nodes"].append({"id": "odd", "type": HOSTILE, "args": {HOSTILE: HOSTILE}})
    upload(page, app, json.dumps(graph).encode(), tmp_path)
    page.wait_for_url(re.compile(r"/build\?g="))
    steps.settle(page)
    expect(page.frame_locator("iframe[title*=agraph]").locator("canvas")).to_be_visible()
    expect(page.get_by_text(f"needs {HOSTILE}, which no catalogue").first).to_be_visible()
    canvas = page.frame_locator("iframe[title*=agraph]").locator("canvas")
    box = canvas.bounding_box()
    assert box
    for x in range(20, int(box["width"]), 60):
        canvas.hover(position={"x": x, "y": box["height"] * 0.3})
    canvas.dblclick(position={"x": box["width"] / 2, "y": box["height"] / 2})
    steps.settle(page)
    _nothing_ran(page)
    for name in ("Train", "Start", "Build"):
        steps.go(page, name)
        _nothing_ran(page)
    steps.go(page, "Start")
    expect(page.get_by_text(HOSTILE).first).to_be_visible()
    assert dialogs == []
    assert len(page.context.pages) == 1


def test_markdown_in_a_graph_is_shown_as_text_and_fetches_nothing(
    page: Page, app: App, tmp_path: Path
) -> None:
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    graph = json.loads((Path(__file__).parents[2] / "flowcore/examples/digits_mlp.json").read_text())
    graph["name"] = graph["note"] = MARKDOWN
    for node in graph["nodes"]:
        node["label"] = node["note"] = MARKDOWN
    arguments = {node["type"]: node["args"] for node in graph["nodes"]}
    accuracy = {"$new": "keras.metrics.SparseCategoricalAccuracy", "args": {"name": MARKDOWN}}
    arguments["keras.Model.compile"]["metrics"] = [accuracy]
    arguments["keras.Model.fit"]["epochs"] = 1
    upload(page, app, json.dumps(graph).encode(), tmp_path)
    page.wait_for_url(re.compile(r"/build\?g="))
    steps.settle(page)
    steps.pick(page, "node", f"{MARKDOWN} ({graph['nodes'][3]['id']})")
    expect(page.get_by_text(f"Add a node after {MARKDOWN}")).to_be_visible()
    steps.at(page, "search").locator("input").fill("dense")
    expect(page.get_by_text(f"Connect {MARKDOWN} to it")).to_be_visible()
    steps.go(page, "Train")
    steps.train(page)
    expect(steps.badge(page)).to_contain_text("done", timeout=60_000)
    expect(page.get_by_text(f"{MARKDOWN}: {MARKDOWN}")).to_be_visible()
    steps.open_fold(page, "runs")
    expect(page.get_by_text(re.compile(r"done, .* · .*" + re.escape(MARKDOWN)))).to_be_visible()
    _no_false_links(page)
    page.goto(f"{app.url}/build?g={quote(MARKDOWN[:31])}")
    expect(page.get_by_text(f"There is no graph '{MARKDOWN[:31]}' here.")).to_be_visible()
    _no_false_links(page)
    assert [url for url in asked if "198.51.100.1" in url.partition("?")[0]] == []


def _no_false_links(page: Page) -> None:
    """No picture is fetched, and no link leads elsewhere than it says."""
    for frame in page.frames:
        assert frame.locator("img[src*='198.51.100.1']").count() == 0, frame.url
        found = frame.locator("a[href*='198.51.100.1/']:not([href*='g='])")
        shown = found.evaluate_all("all => all.map((one) => [one.getAttribute('href'), one.textContent])")
        assert [pair for pair in shown if pair[0] != pair[1]] == [], frame.url


def _nothing_ran(page: Page) -> None:
    for frame in page.frames:
        assert frame.locator("img[src='x']").count() == 0, frame.url


def test_the_pages_log_no_error_and_ask_nobody_else(new_page: Callable[[], Page], app: App) -> None:
    page = new_page()
    errors: list[str] = []
    strangers: list[str] = []

    def asked(request: Request) -> None:
        if not request.url.startswith((app.url, app.url.replace("http", "ws"), "data:", "blob:")):
            strangers.append(request.url)

    page.on("request", asked)
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.on("console", lambda message: errors.append(message.text) if message.type == "error" else None)
    steps.open_example(page, app)
    steps.select(page, "compile")
    page.get_by_text("Overview").click()
    steps.settle(page)
    steps.go(page, "Train")
    steps.go(page, "Start")
    assert strangers == []
    assert errors == []


def test_a_stranger_s_address_opens_nothing(page: Page, app: App) -> None:
    for path in ("/build", "/build?g=nothing", "/train?g=../../etc/passwd", "/train?g=%3Cimg%3E&run=../x"):
        page.goto(app.url + path)
        expect(page.get_by_role("link", name="Go to Start")).to_be_visible()
    id = steps.open_example(page, app)
    page.goto(f"{app.url}/train?g={id}&run=../../../etc/passwd")
    expect(page.get_by_text("This graph has no run")).to_be_visible()


def test_a_node_that_gets_another_name_stays_selected_and_linked(
    page: Page, app: App, tmp_path: Path
) -> None:
    steps.open_example(page, app)
    original = downloaded(page, tmp_path)
    steps.select(page, "Flatten")
    for name in ("one row", "rows", "flat"):
        steps.type_in(page, "n8 label", name)
        steps.at(page, "mode").get_by_text("Overview" if name != "rows" else "Detailed").click()
        steps.settle(page)
        expect(steps.at(page, "n8 label").locator("input")).to_have_value(name)
        expect(steps.at(page, "node").locator("input").first).to_have_value(name)
    assert downloaded(page, tmp_path).links == original.links
