"""The Nodes page in the browser: what a person adds becomes nodes that run, without a restart."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser import steps
from tests.browser.conftest import App

SETUP = """
[build-system]
requires = ["setuptools"]
build-backend = "setuptools.build_meta"

[project]
name = "little-words"
version = "2.1"
"""
CODE = '''
"""Counting words."""


def count_words(text: str = "one two three", minimum: int = 1) -> int:
    """Counts the words of a text.

    Args:
        text: String, what to count in.
        minimum: Positive integer, how long a word must be.
    """
    return sum(len(word) >= minimum for word in text.split())


class Shelf:
    """Keeps words."""

    def __init__(self, size: int = 3) -> None:
        self.size = size
'''
FUNCTIONS = '''
"""Two functions."""

import numpy as np
import numpy.typing as npt


def rising(length: int = 5) -> npt.NDArray[np.float64]:
    """Makes numbers that rise from 0 to 1."""
    return np.linspace(0.0, 1.0, length)


def added_up(x: npt.NDArray[np.float64]) -> float:
    """Adds numbers up."""
    return float(x.sum())
'''


@pytest.fixture
def installed(tmp_path: Path) -> Path:
    """A folder with a package that flowcore does not know, installed as pip does it."""
    source, target = tmp_path / "source", tmp_path / "site"
    (source / "little_words").mkdir(parents=True)
    (source / "pyproject.toml").write_text(SETUP)
    (source / "little_words" / "__init__.py").write_text(CODE)
    pip = [
        sys.executable,
        "-m",
        "pip",
        "install",
        "--quiet",
        "--no-index",
        "--no-build-isolation",
        "--no-deps",
    ]
    subprocess.run([*pip, "--target", str(target), str(source)], check=True, timeout=120)
    return target


@pytest.fixture
def app_with_package(tmp_path: Path, installed: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[App]:
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(filter(None, (str(installed), os.getenv("PYTHONPATH")))))
    served = App(tmp_path / "home")
    served.home.mkdir()
    served.start()
    yield served
    served.kill()


def tab(page: Page, name: str) -> None:
    page.get_by_role("tab", name=name, exact=True).click()
    steps.settle(page)


def test_a_package_is_added_and_one_of_its_functions_runs(page: Page, app_with_package: App) -> None:
    steps.start_empty(page, app_with_package)
    steps.go(page, "Nodes")
    tab(page, "Add a package")
    steps.pick(page, "package", "little_words (from little-words)")
    steps.at(page, "scan").locator("button:enabled:visible").click()
    expect(page.get_by_text("little_words has 2 nodes.")).to_be_visible()
    steps.at(page, "see little_words").locator("button:visible").click()
    steps.settle(page)
    page.locator(f"{steps.css('nodes')} [role=radiogroup] label").filter(
        has=page.get_by_text("count_words", exact=True)
    ).click()
    page.wait_for_url(lambda url: "node=little_words.count_words" in url)
    steps.at(page, "use").locator("button:enabled:visible").click()
    page.wait_for_url(lambda url: "/build" in url)
    steps.settle(page)
    steps.type_in(page, "n1 args text", "a graph of four words")
    steps.go(page, "Train")
    steps.train(page)
    expect(steps.badge(page)).to_contain_text("done")
    expect(page.get_by_test_id("stMetricValue")).to_have_text("5")


def test_the_nodes_of_a_package_are_found_in_build_without_a_restart(
    page: Page, app_with_package: App
) -> None:
    steps.start_empty(page, app_with_package)
    steps.go(page, "Nodes")
    tab(page, "Add a package")
    steps.pick(page, "package", "little_words (from little-words)")
    steps.at(page, "static").locator("label").click()
    steps.settle(page)
    steps.at(page, "scan").locator("button:enabled:visible").click()
    expect(page.get_by_text("little_words has 2 nodes.")).to_be_visible()
    steps.go(page, "Build")
    steps.add(page, "count_words")
    expect(steps.at(page, "node").locator("input")).to_have_value("count_words")


def test_a_file_with_two_functions_becomes_two_nodes_that_run(page: Page, own_app: App) -> None:
    steps.start_empty(page, own_app)
    folder = own_app.home / "fallback"
    folder.mkdir(exist_ok=True)
    (folder / "numbers_of_mine.py").write_text(FUNCTIONS)
    (folder / "broken.py").write_text("def f(:\n")
    page.reload()
    steps.at(page, "search").wait_for()
    expect(page.get_by_text("broken.py, line 1, cannot be imported.")).to_be_visible()
    expect(page.get_by_text("Reading your functions…")).to_have_count(0)
    steps.settle(page)
    steps.add(page, "rising")
    steps.add(page, "added_up")
    steps.go(page, "Train")
    steps.train(page)
    expect(steps.badge(page)).to_contain_text("done")
    expect(page.get_by_test_id("stMetricValue").last).to_have_text("2.5")
    steps.go(page, "Nodes")
    tab(page, "Your functions")
    expect(page.get_by_text(str(folder), exact=True).first).to_be_visible()


def test_an_argument_is_corrected_in_the_page_and_the_form_in_build_follows(page: Page, own_app: App) -> None:
    steps.start_empty(page, own_app)
    graph = steps.graph_id(page)
    page.goto(f"{own_app.url}/nodes?g={graph}&node=keras.layers.Dense")
    steps.at(page, "use").wait_for()
    steps.settle(page)
    steps.pick(page, "revise", "Correct units")
    steps.type_in(page, "revise keras.layers.Dense args units choices", "8, 16")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("button", name="Back to what was generated")).to_be_visible()
    steps.at(page, "use").locator("button:enabled:visible").click()
    page.wait_for_url(lambda url: "/build" in url)
    steps.settle(page)
    steps.pick(page, "n1 args units", "16")
