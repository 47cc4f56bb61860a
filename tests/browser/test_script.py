"""The script beside the drawing, scripts that are opened, and groups, in the browser."""

import json
import re
from pathlib import Path

from playwright.sync_api import Locator, Page, expect

from flowcore.dataflow import document
from flowcore.store.examples import examples
from tests.browser import steps
from tests.browser.conftest import App


def panel(page: Page) -> Locator:
    return steps.at(page, "script")


def beside(page: Page, what: str) -> None:
    steps.at(page, "beside").get_by_text(what).click()
    steps.settle(page)


def open_file(page: Page, app: App, path: Path) -> None:
    page.goto(app.url)
    steps.at(page, "empty").locator("button:enabled:visible").wait_for()
    page.locator('input[type="file"]').set_input_files(path)
    page.wait_for_url(re.compile(r"/build\?g="))
    steps.at(page, "mode").wait_for()
    steps.settle(page)


def test_the_script_follows_the_graph_and_marks_the_selected_node(page: Page, app: App) -> None:
    steps.open_example(page, app)
    beside(page, "Script")
    expect(panel(page)).to_contain_text("keras.layers.Dense(10")
    expect(panel(page)).to_contain_text("Select a node to see its lines.")
    steps.pick(page, "node", "digit")
    marked = panel(page).locator("span[style*='background-color']").filter(has_text="digit =")
    expect(marked.first).to_contain_text("keras.layers.Dense(10")
    expect(panel(page)).to_contain_text(re.compile(r"digit: line \d+"))
    steps.type_in(page, "n9 args units", "12")
    expect(panel(page)).to_contain_text("keras.layers.Dense(12")
    beside(page, "Forms")
    expect(steps.at(page, "search")).to_be_visible()


def test_the_lines_of_the_selected_node_are_in_sight(page: Page, app: App) -> None:
    open_file(page, app, examples()["siamese"])
    beside(page, "Script")
    steps.pick(page, "node", "evaluate")
    marked = panel(page).locator("span[style*='background-color']").filter(has_text="evaluate(")
    expect(marked.first).to_be_in_viewport()


def test_a_script_that_was_downloaded_opens_as_the_same_graph(page: Page, app: App, tmp_path: Path) -> None:
    steps.open_example(page, app)
    beside(page, "Script")
    with page.expect_download() as download:
        steps.at(page, "download script").locator("button:enabled:visible").click()
    assert download.value.suggested_filename == "digits-convolutional.py"
    download.value.save_as(tmp_path / "digits.py")
    open_file(page, app, tmp_path / "digits.py")
    expect(steps.at(page, "name").locator("input")).to_have_value("Digits, convolutional")
    expect(page.get_by_text("No problems.")).to_be_visible()
    steps.pick(page, "node", "Conv2D (n5)")
    expect(steps.at(page, "n5 args filters").locator("input")).to_have_value("32")


def test_a_script_with_a_loop_is_refused_with_its_line(page: Page, app: App, tmp_path: Path) -> None:
    (tmp_path / "loop.py").write_text("import keras\nfor _ in range(3):\n    keras.Input((3,))\n")
    page.goto(app.url)
    steps.at(page, "empty").locator("button:enabled:visible").wait_for()
    page.locator('input[type="file"]').set_input_files(tmp_path / "loop.py")
    expect(page.get_by_text("Line 2: expected an assignment or a call")).to_be_visible()


def test_groups_are_drawn_as_one_and_opened(page: Page, app: App, tmp_path: Path) -> None:
    graph = json.loads(examples()["digits_mlp"].read_text())
    graph["groups"] = [{"id": "g1", "label": "data", "nodes": ["n1", "n2", "n3"]}]
    (tmp_path / "grouped.json").write_text(json.dumps(graph))
    open_file(page, app, tmp_path / "grouped.json")
    steps.at(page, "mode").get_by_text("Groups").click()
    steps.settle(page)
    canvas = page.frame_locator("iframe[title*=agraph]").locator("canvas")
    expect(canvas).to_be_visible()
    pill = steps.at(page, "open groups").get_by_role("button", name="data")
    expect(pill).to_be_visible()
    pill.click()
    steps.settle(page)
    steps.pick(page, "node", "Flatten")
    steps.open_fold(page, "n5 doc")
    field = steps.at(page, "n5 group").locator("input").first
    field.click()
    field.fill("network")
    field.press("Enter")
    steps.settle(page)
    expect(steps.at(page, "open groups").get_by_role("button", name="network")).to_be_visible()
    with page.expect_download() as download:
        steps.at(page, "download").locator("button:enabled:visible").click()
    download.value.save_as(tmp_path / "now.json")
    kept = document.read((tmp_path / "now.json").read_bytes())
    assert [(one.label, one.nodes) for one in kept.groups] == [
        ("data", ("n1", "n2", "n3")),
        ("network", ("n5",)),
    ]
