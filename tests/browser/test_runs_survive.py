"""A run belongs to the server's journal: reloads, crashes and other browsers find it."""

import os
import re
import signal
import time
from collections.abc import Callable

import msgspec
import psutil
from playwright.sync_api import Page, expect

from flowcore.model.event import Stopping
from flowcore.store.journal import NAME, Follower, read
from flowcore.store.runs import WorkerTrace
from tests.browser import steps
from tests.browser.conftest import App
from tests.watch import gone, until

# The most alerts that ever stood in the page at once, however shortly.
COUNT_ALERTS = """
  window.mostAlerts = 0;
  new MutationObserver(() => {
    const count = document.querySelectorAll('[data-testid="stAlert"]').length;
    window.mostAlerts = Math.max(window.mostAlerts, count);
  }).observe(document, {childList: true, subtree: true});
"""


def training(page: Page, app: App, epochs: int = 4000) -> str:
    """A run that lasts, with its first epochs done; its id."""
    steps.open_example(page, app, "digits_mlp")
    steps.go(page, "Train")
    steps.type_in(page, "plan epochs", str(epochs))
    run = steps.train(page)
    until(lambda: steps.epochs(app, run) >= 3)
    return run


def worker(app: App, run: str) -> psutil.Process:
    trace = msgspec.json.decode((app.run_folder(run) / "worker.json").read_bytes(), type=WorkerTrace)
    return psutil.Process(trace.pid)


def stop(page: Page) -> None:
    steps.at(page, "stop").locator("button:enabled:visible").click()
    expect(steps.badge(page)).to_contain_text("stopped")


def press(page: Page, key: str) -> None:
    steps.at(page, key).locator("button:enabled:visible").click()


def test_a_training_is_paused_resumed_and_run_again_in_the_page(page: Page, app: App) -> None:
    run = training(page, app)
    press(page, "pause")
    expect(steps.badge(page)).to_contain_text("paused")
    seen = steps.epochs(app, run)
    page.wait_for_timeout(1500)
    assert steps.epochs(app, run) == seen
    press(page, "resume")
    expect(steps.badge(page)).to_contain_text("running")
    until(lambda: steps.epochs(app, run) > seen)
    stop(page)
    press(page, "again")
    page.wait_for_url(lambda url: run not in url)
    again = steps.run_id(page)
    until(lambda: steps.epochs(app, again) >= 3)
    first, second = (Follower(app.run_folder(id)).look().epochs[:3] for id in (run, again))
    assert [epoch.metrics for epoch in first] == [epoch.metrics for epoch in second]
    stop(page)


def test_a_reload_in_mid_training_finds_the_run_going_on(page: Page, app: App) -> None:
    run = training(page, app)
    address = page.url
    page.reload()
    expect(steps.badge(page)).to_contain_text("running")
    assert page.url == address
    seen = steps.epochs(app, run)
    until(lambda: steps.epochs(app, run) > seen)
    until(lambda: steps.points(page) >= 3)
    stop(page)


def test_stop_ends_a_run_within_two_seconds(page: Page, app: App) -> None:
    run = training(page, app)
    process = worker(app, run)
    follower = Follower(app.run_folder(run))
    button = steps.at(page, "stop").locator("button:enabled:visible")
    button.wait_for()
    start = time.monotonic()
    button.click()
    until(lambda: follower.look().over and gone(process), 20)
    assert time.monotonic() - start < 20  # the page has its own way to the server, on a machine that is busy
    assert follower.look().state == "stopped"
    events, _ = read(app.run_folder(run) / NAME)
    asked = next(event.at for event in events if isinstance(event, Stopping))
    assert events[-1].at - asked < 2
    expect(steps.badge(page)).to_contain_text("stopped")


def test_a_killed_worker_is_a_failed_run_and_the_next_one_works(page: Page, app: App) -> None:
    run = training(page, app)
    worker(app, run).kill()
    expect(steps.badge(page)).to_contain_text("failed")
    expect(page.get_by_text("The worker was killed by SIGKILL")).to_be_visible()
    until(lambda: steps.points(page) >= 3)
    steps.type_in(page, "plan epochs", "2")
    again = steps.train(page)
    assert again != run
    expect(steps.badge(page)).to_contain_text("done", timeout=60_000)


def test_a_run_whose_server_was_killed_is_closed_by_the_next_server(page: Page, own_app: App) -> None:
    run = training(page, own_app)
    process = worker(own_app, run)
    until(lambda: Follower(own_app.run_folder(run)).look().checkpoints)
    seen = steps.epochs(own_app, run)
    own_app.kill()
    until(lambda: gone(process), 3)
    own_app.start()
    page.reload()
    expect(steps.badge(page)).to_contain_text("failed")
    expect(page.get_by_text("ended while it was running")).to_be_visible()
    assert steps.epochs(own_app, run) >= seen
    page.get_by_role("tab", name="Output").click()
    expect(page.locator('[data-testid="stCode"]').filter(has_text="Epoch 1/4000").first).to_be_visible()
    press(page, "continue")
    page.wait_for_url(lambda url: run not in url)
    later = steps.run_id(page)
    until(lambda: steps.epochs(own_app, later) >= seen)
    found = Follower(own_app.run_folder(later)).look()
    assert [epoch.epoch for epoch in found.epochs] == list(range(1, len(found.epochs) + 1))
    stop(page)


def test_another_browser_sees_a_run_live_and_read_only_and_can_copy(
    new_page: Callable[[], Page], app: App
) -> None:
    owner, other = new_page(), new_page()
    run = training(owner, app)
    other.add_init_script(COUNT_ALERTS)
    other.goto(owner.url)
    expect(steps.badge(other)).to_contain_text("running")
    expect(other.get_by_text("You are looking on")).to_be_visible()
    steps.settle(other)
    assert other.evaluate("mostAlerts") == 1  # even while the browser learns who it is
    expect(steps.at(other, "train").locator("button:visible")).to_be_disabled()
    expect(steps.at(other, "plan epochs").locator("input")).to_be_disabled()
    expect(steps.at(other, "stop")).to_have_count(0)
    seen = steps.epochs(app, run)
    until(lambda: steps.epochs(app, run) > seen)
    stop(owner)
    expect(steps.badge(other)).to_contain_text("stopped")
    steps.go(owner, "Build")
    steps.type_in(owner, "name", "Renamed by its owner")
    expect(other.get_by_role("heading", name="Renamed by its owner")).to_be_visible()
    steps.settle(other)
    steps.go(other, "Build")
    expect(steps.at(other, "name").locator("input")).to_have_value("Renamed by its owner")
    first = steps.graph_id(other)
    steps.at(other, "copy").locator("button:enabled:visible").click()
    other.wait_for_url(lambda url: "g=" in url and first not in url)
    steps.settle(other)
    field = steps.at(other, "name").locator("input")
    expect(field.and_(other.locator(":enabled"))).to_have_count(1)
    expect(field).to_have_count(1)  # the old one stays until the page is drawn
    expect(field).to_be_enabled()
    steps.type_in(other, "name", "A copy")
    expect(steps.at(owner, "name").locator("input")).to_have_value("Renamed by its owner")
    steps.go(other, "Start")
    expect(other.get_by_text("A copy", exact=True)).to_be_visible()
    expect(other.get_by_text("Renamed by its owner")).to_have_count(0)


def test_a_link_that_works_once_lets_a_second_browser_edit(new_page: Callable[[], Page], app: App) -> None:
    owner, second, third = new_page(), new_page(), new_page()
    steps.open_example(owner, app)
    owner.get_by_role("button", name="Share").click()
    steps.at(owner, "invite").locator("button:enabled:visible").click()
    link = owner.locator('[data-testid="stCode"]').filter(has_text="join=").first
    address = re.sub(r"\s", "", link.inner_text())
    second.goto(address)
    join = steps.at(second, "join").locator("button:enabled:visible")
    join.wait_for()
    expect(steps.at(second, "name").locator("input:enabled")).to_have_count(0)  # a link alone changes nothing
    join.click()
    steps.at(second, "name").locator("input:enabled").wait_for()
    steps.settle(second)
    steps.type_in(second, "name", "From the second browser")
    expect(steps.at(owner, "name").locator("input")).to_have_value("Digits, convolutional")
    owner.reload()
    expect(steps.at(owner, "name").locator("input")).to_have_value("From the second browser")
    third.goto(address)
    steps.at(third, "join").locator("button:enabled:visible").click()
    expect(third.get_by_text("used already")).to_be_visible()
    expect(steps.at(third, "name").locator("input:enabled")).to_have_count(0)
    steps.go(second, "Start")
    steps.at(second, "leave").locator("button:enabled:visible").click()
    expect(second.get_by_text("Nothing yet")).to_be_visible()


def test_the_server_ends_its_workers_when_it_is_asked_to_end(page: Page, own_app: App) -> None:
    run = training(page, own_app)
    process = worker(own_app, run)
    assert own_app.process is not None
    os.kill(own_app.process.pid, signal.SIGINT)
    until(lambda: gone(process), 5)
    until(lambda: own_app.process is not None and own_app.process.poll() is not None, 10)
    assert b'"event":"st' in (own_app.run_folder(run) / NAME).read_bytes()
