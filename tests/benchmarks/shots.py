"""Pictures of every page, light and dark, 1280 and 800 pixels wide: ``make shots``, then look at them."""

import sys
from collections.abc import Callable
from pathlib import Path

from playwright.sync_api import Browser, Page

from tests.benchmarks import serving

THEMES = ("light", "dark")
WIDTHS = (1280, 800)


def main(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    port = serving.free_port()
    with serving.server(serving.app(port), port), serving.browser() as browser:
        for theme in THEMES:
            for width in WIDTHS:
                _tour(browser, port, theme, width, folder)


def _tour(browser: Browser, port: int, theme: str, width: int, folder: Path) -> None:
    context = browser.new_context(viewport={"width": width, "height": 860}, color_scheme=theme)  # type: ignore[arg-type]
    page = context.new_page()

    def shot(name: str) -> None:
        page.screenshot(path=folder / f"{name}-{theme}-{width}.png", full_page=True)

    page.goto(f"http://127.0.0.1:{port}")
    page.locator(".st-key-example-digits_cnn button:enabled").wait_for()
    page.wait_for_timeout(800)
    shot("start")
    page.locator(".st-key-example-digits_cnn button").click()
    page.locator(".st-key-node input").first.wait_for()
    page.wait_for_timeout(1500)
    page.get_by_text("Working out shapes").wait_for(state="hidden")
    page.wait_for_timeout(1500)
    shot("build")
    _select(page, "Conv2D (n5)")
    shot("node")
    page.locator(".st-key-beside").get_by_text("Script").click()
    page.locator(".st-key-script .highlight").last.wait_for()
    page.wait_for_timeout(800)
    shot("script")
    page.locator(".st-key-beside").get_by_text("Forms").click()
    page.locator(".st-key-run-here button:enabled:visible").click()
    page.get_by_text("Up to date").wait_for()
    page.wait_for_timeout(1500)
    shot("value")
    page.get_by_role("link", name="Train").click()
    page.locator(".st-key-train button:enabled").wait_for()
    page.wait_for_timeout(1500)
    shot("ready")
    page.locator(".st-key-train button").click()
    page.locator(".st-key-curve-loss .scatterlayer .trace").first.wait_for()
    page.wait_for_timeout(900)
    shot("training")
    page.get_by_text("in all").wait_for()
    page.wait_for_timeout(1500)
    shot("done")
    page.get_by_role("tab", name="Layers").click()
    page.wait_for_timeout(1200)
    shot("layers")
    _nodes(page, shot)
    context.close()


def _nodes(page: Page, shot: Callable[[str], None]) -> None:
    """The Nodes page: the list, a node, its form, each tab."""
    page.get_by_role("link", name="Nodes", exact=True).click()
    page.locator(".st-key-nodes [role=radiogroup] label").first.wait_for()
    page.wait_for_timeout(1200)
    shot("nodes")
    page.locator(".st-key-node-search input").fill("Conv2D")
    page.wait_for_timeout(1500)
    page.locator(".st-key-nodes [role=radiogroup] label").filter(
        has=page.get_by_text("Conv2D", exact=True)
    ).first.click()
    page.locator(".st-key-use").wait_for()
    page.wait_for_timeout(2000)
    shot("nodes-one")
    page.locator(".st-key-revise input").first.click()
    page.locator(".st-key-revise input").first.fill("kernel_size")
    page.get_by_role("option", name="Correct kernel_size").click()
    page.get_by_role("button", name="Save").wait_for()
    page.wait_for_timeout(1200)
    shot("nodes-correct")
    for tab in ("Coverage", "To review", "Add a package", "Your functions"):
        page.get_by_role("tab", name=tab).click()
        page.wait_for_timeout(2000)
        shot(f"nodes-{tab.lower().replace(' ', '-')}")


def _select(page: Page, node: str) -> None:
    page.locator(".st-key-node input").first.click()
    page.locator(".st-key-node input").first.fill(node)
    page.get_by_role("option", name=node, exact=True).first.click()
    page.wait_for_timeout(2500)


if __name__ == "__main__":
    main(Path(sys.argv[1] if len(sys.argv) > 1 else "shots"))
