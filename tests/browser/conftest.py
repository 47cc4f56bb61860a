"""A real server and a real Chromium for every test in this folder."""

import os
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.benchmarks import serving

# The machine is shared with the other tests; what is measured is measured by its own clock.
expect.set_options(timeout=60_000)


class App:
    """A server with a home of its own. It can be killed and started again on the same port."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.port = serving.free_port()
        self.process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        self.process = subprocess.Popen(
            serving.app(self.port),
            cwd=serving.ROOT,
            env={**os.environ, "FLOWCORE_HOME": str(self.home), "FLOWCORE_ENGINE": "fork"},
            stdout=subprocess.DEVNULL,
            stderr=(self.home.parent / "server.log").open("ab"),
        )
        serving.wait(self.port)

    def kill(self) -> None:
        if self.process is not None:
            self.process.kill()
            self.process.wait()

    def run_folder(self, run_id: str) -> Path:
        return self.home / "runs" / run_id


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    with serving.browser() as started:
        yield started


@pytest.fixture(scope="session")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[App]:
    served = App(tmp_path_factory.mktemp("app") / "home")
    served.home.mkdir()
    served.start()
    yield served
    served.kill()


@pytest.fixture
def own_app(tmp_path: Path) -> Iterator[App]:
    """A server of this test alone, which it may kill."""
    served = App(tmp_path / "home")
    served.home.mkdir()
    served.start()
    yield served
    served.kill()


@pytest.fixture
def new_page(chromium: Browser, tmp_path: Path) -> Iterator[Callable[[], Page]]:
    """Makes pages, each in a browser profile of its own; their last pictures are kept."""
    pages: list[Page] = []

    def make() -> Page:
        context = chromium.new_context(viewport={"width": 1280, "height": 1100}, accept_downloads=True)
        context.set_default_timeout(30_000)
        pages.append(context.new_page())
        return pages[-1]

    yield make
    for index, page in enumerate(pages):
        picture = tmp_path / f"page-{index}.png"
        page.screenshot(path=picture, full_page=True)
        print(f"{page.url} as it was at the end: {picture}")
        page.context.close()


@pytest.fixture
def page(new_page: Callable[[], Page]) -> Page:
    return new_page()
