"""Run up to here, in the browser: the value of any node, what an edit changes, a look inside a layer."""

import re
from collections.abc import Callable

from playwright.sync_api import Locator, Page, expect

from tests.browser import steps
from tests.browser.conftest import App


def run_here(page: Page) -> None:
    steps.at(page, "run here").locator("button:enabled:visible").click()
    expect(preview(page).get_by_text(re.compile("Up to date"))).to_be_visible()
    steps.settle(page)


def preview(page: Page) -> Locator:
    return steps.at(page, "preview")


def test_any_node_can_be_looked_at_before_anything_is_trained(page: Page, app: App) -> None:
    steps.open_example(page, app)
    steps.select(page, "digits")
    expect(preview(page)).to_contain_text("Run up to here to see")
    run_here(page)
    expect(preview(page)).to_contain_text("float32 (1797, 8, 8, 1)")
    expect(preview(page)).to_contain_text("0 to 16")
    picture = preview(page).locator("img").first
    expect(picture).to_be_visible()
    assert picture.evaluate("image => image.naturalWidth") >= 320
    preview(page).get_by_role("tab", name="y").click()
    expect(preview(page)).to_contain_text("10 values")

    steps.select(page, "Conv2D (n5)")
    run_here(page)
    expect(preview(page)).to_contain_text("float32 (None, 8, 8, 32)")
    expect(preview(page)).to_contain_text("7 nodes ran")
    steps.type_in(page, "n5 args filters", "16")
    expect(preview(page)).to_contain_text("As it was before the last changes")
    run_here(page)
    expect(preview(page)).to_contain_text("float32 (None, 8, 8, 16)")

    steps.at(page, "n5 look").get_by_text("Activations").click()
    steps.settle(page)
    run_here(page)
    expect(preview(page)).to_contain_text("Before training")
    expect(preview(page)).to_contain_text("It has not been trained yet")
    expect(preview(page)).to_contain_text("16 channels")
    expect(preview(page).locator("img:visible").first).to_be_visible()


def test_classes_that_were_looked_at_bring_a_repair_also_before_training(page: Page, app: App) -> None:
    steps.open_example(page, app)
    steps.select(page, "digit")
    steps.type_in(page, "n9 args units", "5")
    repair = page.get_by_role("button", name="Set units to 10")
    expect(page.get_by_text("No problems.")).to_be_visible()
    steps.select(page, "split")
    run_here(page)
    expect(repair).to_be_visible()
    steps.go(page, "Train")
    repair.click()
    steps.settle(page)
    expect(repair).to_have_count(0)
    steps.go(page, "Build")
    steps.select(page, "digit")
    expect(steps.at(page, "n9 args units").locator("input")).to_have_value("10")


def test_after_training_a_layer_is_seen_before_and_after(page: Page, app: App) -> None:
    steps.open_example(page, app, "digits_mlp")
    steps.go(page, "Train")
    steps.type_in(page, "plan epochs", "2")
    steps.train(page)
    expect(steps.badge(page)).to_contain_text("done", timeout=60_000)
    steps.go(page, "Build")
    steps.select(page, "Flatten")
    steps.at(page, "n5 look").get_by_text("Activations").click()
    steps.settle(page)
    run_here(page)
    expect(preview(page)).to_contain_text("After training")
    expect(preview(page).get_by_text("It has not been trained yet")).to_have_count(0)
    expect(preview(page).get_by_text("float32 (64,)")).to_have_count(2)


def test_a_node_that_fails_says_why_and_stop_keeps_the_page_alive(page: Page, app: App) -> None:
    steps.open_example(page, app)
    steps.select(page, "scale")
    steps.type_in(page, "n2 args divisor", "0")
    steps.at(page, "run here").locator("button:enabled:visible").click()
    expect(preview(page).get_by_text("Expected a divisor other than 0").first).to_be_visible()
    steps.type_in(page, "n2 args divisor", "16")
    run_here(page)
    steps.select(page, "fit")
    steps.type_in(page, "n12 args epochs", "10000")
    steps.at(page, "run here").locator("button:enabled:visible").click()
    expect(page.get_by_text(re.compile(r"fit: epoch \d+ of 10000"))).to_be_visible()
    steps.at(page, "stop here").locator("button:enabled:visible").click()
    expect(preview(page).get_by_text("Stopped. Run up to here again")).to_be_visible()


def test_others_start_nothing(new_page: Callable[[], Page], app: App) -> None:
    owner, other = new_page(), new_page()
    steps.open_example(owner, app)
    other.goto(owner.url)
    expect(other.get_by_text("You are looking on")).to_be_visible()
    steps.pick(other, "node", "digits")
    expect(steps.at(other, "run here")).to_have_count(0)
    expect(preview(other)).to_have_count(0)
