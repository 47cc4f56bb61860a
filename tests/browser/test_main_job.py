"""The main job in real Chromium: from an empty graph to a trained network, through the forms alone."""

import json
import re
from pathlib import Path

from playwright.sync_api import Page, expect

from flowcore.dataflow import document
from flowcore.model.graph import equal
from tests.browser import steps
from tests.browser.conftest import App
from tests.watch import until


def test_digits_are_learned_from_an_empty_graph(page: Page, app: App, tmp_path: Path) -> None:
    steps.start_empty(page, app)
    _data(page)
    _network(page)
    _training(page)
    _is_drawn(page)
    _learns(page, app)
    _comes_back(page, app, tmp_path)


def _data(page: Page) -> None:
    steps.add(page, "load_digits")
    steps.add(page, "scale")  # connected to x of the digits at once
    steps.type_in(page, "n2 args divisor", "16")
    steps.add(page, "split")
    steps.pick(page, "n3 in y", "load_digits · y")


def _network(page: Page) -> None:
    steps.add(page, "Input", connect=False)
    steps.type_in(page, "n4 args shape", "8, 8, 1")
    steps.add(page, "Conv2D")
    steps.type_in(page, "n5 args filters", "32")
    steps.type_in(page, "n5 args kernel_size", "3, 3")
    steps.pick(page, "n5 args padding", "same")
    steps.pick(page, "n5 args activation", "relu")
    steps.add(page, "MaxPooling2D")
    steps.add(page, "Conv2D")
    steps.type_in(page, "n7 args filters", "64")
    steps.type_in(page, "n7 args kernel_size", "3")
    steps.pick(page, "n7 args activation", "relu")
    steps.add(page, "Flatten")
    steps.add(page, "Dense")
    steps.type_in(page, "n9 args units", "10")
    steps.pick(page, "n9 args activation", "softmax")


def _training(page: Page) -> None:
    steps.add(page, "Model", connect=False)
    steps.pick(page, "n10 in inputs", "Input")
    steps.pick(page, "n10 in outputs", "Dense")
    steps.add(page, "compile")
    steps.pick(page, "n11 args optimizer", "adam")
    steps.pick(page, "n11 args loss", "sparse_categorical_crossentropy")
    steps.pick(page, "n11 args metrics", "accuracy")
    steps.add(page, "fit")
    steps.pick(page, "n12 in x", "split · x_train")
    steps.pick(page, "n12 in y", "split · y_train")
    steps.add(page, "evaluate")
    steps.pick(page, "n13 in x", "split · x_test")
    steps.pick(page, "n13 in y", "split · y_test")


def _is_drawn(page: Page) -> None:
    """The canvas is there, a click on it selects, shapes are known and nothing is wrong."""
    expect(page.get_by_text("No problems.")).to_be_visible()
    expect(page.get_by_text("Working out shapes")).to_have_count(0, timeout=60_000)
    canvas = page.frame_locator("iframe[title*=agraph]").locator("canvas")
    expect(canvas).to_be_visible()
    before = page.locator(steps.css("node")).locator("input").first.input_value()
    box = canvas.bounding_box()
    assert box
    columns, rows = 12, 12
    for index in range(columns * rows):
        x = box["width"] * (index % columns + 0.5) / columns
        y = box["height"] * (index // columns + 0.5) / rows
        canvas.click(position={"x": x, "y": y})
        page.wait_for_timeout(120)
        if page.locator(steps.css("palette")).get_by_text("after evaluate").count() == 0:
            break
    else:
        raise AssertionError("no click on the canvas selected another node")
    steps.settle(page)
    assert page.locator(steps.css("node")).locator("input").first.input_value() != before or before == ""


def _learns(page: Page, app: App) -> None:
    steps.go(page, "Train")
    steps.type_in(page, "plan epochs", "25")
    steps.type_in(page, "plan validation", "10")
    run = steps.train(page)
    expect(steps.badge(page)).to_contain_text("running", timeout=60_000)
    until(lambda: steps.points(page) >= 2)
    early = steps.points(page)
    expect(steps.badge(page)).to_contain_text("running")
    until(lambda: steps.points(page) > early)
    expect(steps.badge(page)).to_contain_text("done", timeout=60_000)
    assert steps.epochs(app, run) == 25
    accuracy = page.locator('[data-testid="stMetric"]').filter(has_text="evaluate: accuracy")
    assert float(accuracy.locator('[data-testid="stMetricValue"]').inner_text()) >= 0.97
    page.get_by_role("tab", name="Layers").click()
    totals = page.locator('[data-testid="stMetric"]').filter(has_text="Parameters")
    expect(totals).to_contain_text("21,386")


def _comes_back(page: Page, app: App, tmp_path: Path) -> None:
    """Download, upload, and compare what came back."""
    steps.go(page, "Build")
    first = steps.graph_id(page)
    with page.expect_download() as download:
        steps.at(page, "download").locator("button:enabled:visible").click()
    path = tmp_path / "graph.json"
    download.value.save_as(path)
    page.goto(app.url)
    steps.at(page, "empty").locator("button:enabled:visible").wait_for()
    page.locator('input[type="file"]').set_input_files(path)
    page.wait_for_url(re.compile(r"/build\?g="))
    steps.settle(page)
    second = steps.graph_id(page)
    assert second != first
    with page.expect_download() as download:
        steps.at(page, "download").locator("button:enabled:visible").click()
    download.value.save_as(tmp_path / "again.json")
    one, two = (document.read((tmp_path / name).read_bytes()) for name in ("graph.json", "again.json"))
    assert equal(one, two)
    assert (one.id, two.id) == (first, second)
    assert len(one.nodes) == 13
    assert json.loads(path.read_text())["flowcore"] == 1
