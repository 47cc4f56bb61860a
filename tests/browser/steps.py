"""What a person does in the app, in the words of the tests."""

import contextlib
import re

from playwright.sync_api import Locator, Page, TimeoutError, expect

from flowcore.model.event import Epoch
from flowcore.store.journal import NAME, read
from tests.browser.conftest import App
from tests.watch import until

EXAMPLE = "digits_cnn"


def css(key: str) -> str:
    """The class that Streamlit gives a widget with this key."""
    return f".st-key-{re.sub(r'[^a-zA-Z0-9_-]', '-', key.strip())}"


def at(page: Page, key: str) -> Locator:
    return page.locator(css(key))


def settle(page: Page) -> None:
    """Wait until the server has answered and the page has been drawn."""
    page.wait_for_timeout(300)
    expect(page.locator('.stApp[data-test-script-state="running"]')).to_have_count(0)
    expect(page.locator('[data-testid="stStatusWidget"]')).to_have_count(0)
    expect(page.locator('[data-stale="true"]')).to_have_count(0)


def start_empty(page: Page, app: App) -> None:
    page.goto(app.url)
    at(page, "empty").locator("button:enabled:visible").click()
    at(page, "search").wait_for()
    settle(page)


def open_example(page: Page, app: App, name: str = EXAMPLE) -> str:
    """Open a copy of an example; the id of the copy comes back."""
    page.goto(app.url)
    at(page, f"example {name}").locator("button:enabled:visible").click()
    at(page, "search").wait_for()
    settle(page)
    return graph_id(page)


def graph_id(page: Page) -> str:
    return page.url.partition("g=")[2].partition("&")[0]


def run_id(page: Page) -> str:
    return page.url.partition("run=")[2].partition("&")[0]


def add(page: Page, query: str, *, connect: bool = True) -> None:
    """Search for a node by its own name and add it."""
    at(page, "search").locator("input").fill(query)
    choice = page.locator(f"{css('palette')} [role=radiogroup] label").filter(
        has=page.get_by_text(query, exact=True)
    )
    choice.first.click()
    settle(page)
    box = at(page, "connect new")
    if box.count() and not connect:
        box.locator("label").first.click()
        settle(page)
    at(page, "add").locator("button:enabled:visible").click()
    settle(page)
    expect(at(page, "search").locator("input")).to_have_value("")


def select(page: Page, name: str) -> None:
    """Select a node by the name that the list shows."""
    pick(page, "node", name)
    expect(at(page, "palette")).to_contain_text(f"after {name.partition(' (')[0]}")


def pick(page: Page, key: str, option: str) -> None:
    """Choose in a list, by typing; once more where the page was drawn meanwhile, which closes the list."""
    field = at(page, key).locator("input").first

    def chosen() -> bool:
        field.click()
        field.fill(option)
        with contextlib.suppress(TimeoutError):
            page.get_by_role("option", name=option, exact=True).first.click(timeout=5_000)
            return True
        return False

    until(chosen)
    field.blur()
    settle(page)


def type_in(page: Page, key: str, text: str) -> None:
    """Type into a field and leave it."""
    field = at(page, key).locator("input").first
    field.fill(text)
    field.press("Enter")
    settle(page)


def open_fold(page: Page, key: str) -> None:
    fold = at(page, key).locator("summary").first
    if fold.locator("xpath=..").get_attribute("open") is None:
        fold.click()
        settle(page)


def go(page: Page, name: str) -> None:
    page.get_by_role("link", name=name, exact=True).click()
    settle(page)


def train(page: Page) -> str:
    """Press Train; the id of the run comes back once it is in the address."""
    old = run_id(page)
    at(page, "train").locator("button:enabled:visible").click()
    page.wait_for_url(lambda url: "run=" in url and url.partition("run=")[2].partition("&")[0] != old)
    return run_id(page)


def badge(page: Page) -> Locator:
    return page.locator('[data-testid="stMarkdownBadge"], .stMarkdownBadge').first


def epochs(app: App, run: str) -> int:
    """Epochs that the journal of a run has so far."""
    events, _ = read(app.run_folder(run) / NAME)
    return sum(isinstance(event, Epoch) for event in events)


def points(page: Page) -> int:
    """Points that the lines of the loss chart are drawn through; a long line has no markers."""
    charts = page.locator(f"{css('curve loss')} .js-plotly-plot:has(.scatterlayer .trace)")
    return sum(
        charts.evaluate_all("found => found.flatMap(one => (one.calcdata || []).map(line => line.length))")
    )
