"""What the tests share: a home of their own, and the catalogue that is shipped."""

import os
import subprocess
import tempfile
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from flowcore import api
from flowcore.model.descriptor import Catalog
from flowcore.runs.checker import Checker
from flowcore.runs.supervisor import Supervisor
from flowcore.runs.workers import Workers
from flowcore.store import descriptors

_HOME = tempfile.TemporaryDirectory(prefix="flowcore-tests-")

# The machine is shared: how long an example takes says nothing about the code.
settings.register_profile(
    "flowcore", deadline=None, suppress_health_check=[HealthCheck.too_slow], max_examples=60
)
settings.load_profile("flowcore")


def pytest_configure() -> None:
    """What the person at this machine has added to flowcore is no part of a test.

    Not when this module is imported: a process that a test starts imports it, and has a home.
    """
    os.environ["FLOWCORE_HOME"] = _HOME.name
    os.environ.pop("FLOWCORE_FALLBACK", None)
    # Each test that opens a page has a supervisor of its own: none of them is to warm one up.
    os.environ["FLOWCORE_ENGINE"] = "spawn"


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A FLOWCORE_HOME that nobody else uses."""
    folder = tmp_path / "home"
    monkeypatch.setenv("FLOWCORE_HOME", str(folder))
    monkeypatch.delenv("FLOWCORE_DATABASE_URL", raising=False)
    return folder


@pytest.fixture
def small(tmp_path: Path) -> Iterator[Path]:
    """A disk of one megabyte."""
    folder = tmp_path / "small"
    folder.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(folder)], check=False)
    if mounted.returncode:
        pytest.skip("Only root may mount the small disk that this test fills.")
    yield folder
    subprocess.run(["umount", "-l", str(folder)], check=True)


@pytest.fixture(scope="session")
def catalog() -> Catalog:
    """The catalogue as it is shipped."""
    return descriptors.load()


class Kept(Workers):
    """Workers of many supervisors, which are not theirs to end."""

    def close(self) -> None:
        pass


@pytest.fixture(scope="session", autouse=True)
def scanned_once() -> Iterator[None]:
    """What is installed does not change under the tests; each AppTest would read all of it again."""
    from streamlit.components.v2 import manifest_scanner

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(
            manifest_scanner, "scan_component_manifests", lru_cache(manifest_scanner.scan_component_manifests)
        )
        yield


@pytest.fixture(scope="session", autouse=True)
def forks() -> Iterator[Workers]:
    """Workers forked from one process that has imported Keras. Those of the library are taken here too."""
    found = Kept(spares=0, fork=True)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(api, "_workers", lambda: found)
        yield found
    Workers.close(found)


@pytest.fixture
def supervisor(home: Path, catalog: Catalog, forks: Workers) -> Iterator[Supervisor]:
    """Starts runs in forks."""
    found = Supervisor(lambda: catalog, forks)
    yield found
    found.close()


@pytest.fixture(scope="session")
def checker() -> Iterator[Checker]:
    """A checker with a real process, on the lightest back end that is installed."""
    found = Checker()
    yield found
    found.close()
