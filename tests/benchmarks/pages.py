"""First paint of the Start page against an empty Streamlit page, and the server's memory."""

import tempfile
import time
from pathlib import Path
from statistics import median

import psutil
from playwright.sync_api import Browser

from tests.benchmarks import serving

ROUNDS = 5
BOUND_RATIO, BOUND_MEMORY = 1.3, 250


def main() -> None:
    with serving.browser() as browser, tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        cold = _times(browser, folder, cold=True)
        warm = _times(browser, folder, cold=False)
        used = _memory(browser)
    print(f"{'first paint, seconds':34} {'flowcore':>9} {'empty':>9} {'ratio':>7}   bound")
    for label, (ours, theirs) in (("server just started", cold), ("server warm", warm)):
        ratio = median(ours) / median(theirs)
        print(f"{label:34} {median(ours):9.2f} {median(theirs):9.2f} {ratio:7.2f}   {BOUND_RATIO}")
    print(f"{'server memory, all pages open, MB':34} {used:9.0f} {'':9} {'':7}   {BOUND_MEMORY}")


def _times(browser: Browser, folder: Path, cold: bool) -> tuple[list[float], list[float]]:
    """Seconds until the title is on the screen, in turn; cold: the first page of a new server."""
    ours, theirs = [], []
    if cold:
        for _ in range(ROUNDS):
            ours.append(_alone(browser, folder, True))
            theirs.append(_alone(browser, folder, False))
        return ours, theirs
    one, two = serving.free_port(), serving.free_port()
    with serving.server(serving.app(one), one), serving.server(serving.empty(two, folder), two):
        for port in (one, two):
            _paint(browser, port)
        for _ in range(ROUNDS):
            ours.append(_paint(browser, one))
            theirs.append(_paint(browser, two))
    return ours, theirs


def _alone(browser: Browser, folder: Path, flowcore: bool) -> float:
    port = serving.free_port()
    command = serving.app(port) if flowcore else serving.empty(port, folder)
    with serving.server(command, port):
        return _paint(browser, port)


def _paint(browser: Browser, port: int) -> float:
    context = browser.new_context()
    page = context.new_page()
    start = time.monotonic()
    page.goto(f"http://127.0.0.1:{port}", wait_until="commit")
    page.wait_for_selector("h1")
    seconds = time.monotonic() - start
    context.close()
    return seconds


def _memory(browser: Browser) -> float:
    """Resident megabytes of the server once a person has opened an example on every page."""
    port = serving.free_port()
    with serving.server(serving.app(port), port) as process:
        page = browser.new_page()
        page.goto(f"http://127.0.0.1:{port}")
        page.locator(".st-key-example-digits_cnn button:enabled").click()
        page.wait_for_selector("iframe")
        page.get_by_text("(None, 10)").or_(page.get_by_text("No problems")).first.wait_for()
        page.get_by_role("link", name="Train").click()
        page.wait_for_selector(".st-key-train button:enabled")
        page.wait_for_timeout(1000)
        megabytes = psutil.Process(process.pid).memory_info().rss / 2**20
        page.close()
    return megabytes


if __name__ == "__main__":
    main()
