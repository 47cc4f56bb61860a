"""Scans under way: each in a worker of its own, watched by a thread, so that no page waits for one."""

import threading
import time
from collections.abc import Callable
from typing import Final

import msgspec
from msgspec.structs import replace

from flowcore.model.descriptor import Catalog, Source
from flowcore.model.frame import DescribeRequest
from flowcore.model.problem import FlowError, Problem, error
from flowcore.runs.describe import Tell, ask, describe
from flowcore.store import descriptors, fallback, overlay

FUNCTIONS: Final = fallback.PACKAGE
AGAIN: Final = 60.0  # a full disk takes what was read no better a moment later


class Scan(msgspec.Struct, frozen=True):
    """How a scan stands. total is 0 until that is known."""

    package: str
    done: int = 0
    total: int = 0
    over: bool = False
    problems: tuple[Problem, ...] = ()


class Scans:
    """Starts, follows and stops scans. Threads may share it."""

    def __init__(self) -> None:
        self._scans: dict[str, Scan] = {}
        self._stops: dict[str, threading.Event] = {}
        self._lock = threading.Lock()
        self._tried: tuple[fallback.Stamp, ...] = ()
        self._again = 0.0

    def start(self, package: str, static: bool = False) -> None:
        """Scan a package into the user's catalogue; nothing happens while that is under way.

        static: its files are read, and nothing of it is imported.
        """
        self._begin(package, lambda tell, stop: _add(package, static, tell, stop))

    def refresh(self) -> None:
        """Read the user's functions again where a file has changed; what could not be kept, after a while."""
        waiting = tuple(fallback.stamp(path) for path in fallback.waiting().values() if path.exists())
        if not waiting:
            self.forget(FUNCTIONS)
            return
        new = waiting != self._tried or time.monotonic() > self._again
        if new and self._begin(FUNCTIONS, read_functions):
            self._tried, self._again = waiting, time.monotonic() + AGAIN

    def look(self, package: str) -> Scan | None:
        """How the last scan of a package stands, None where there was none."""
        return self._scans.get(package)

    def known(self) -> tuple[Scan, ...]:
        """Every scan that was not forgotten, the newest first."""
        return tuple(reversed(self._scans.values()))

    def stop(self, package: str) -> None:
        """End a scan that is under way."""
        if stop := self._stops.get(package):
            stop.set()

    def forget(self, package: str) -> None:
        """Say no more about a scan that is over."""
        with self._lock:
            if (scan := self._scans.get(package)) and scan.over:
                del self._scans[package]

    def _begin(self, package: str, work: Callable[[Tell, threading.Event], None]) -> bool:
        """False while a scan of the package is under way."""
        with self._lock:
            old = self._scans.pop(package, None)
            if old and not old.over:
                self._scans[package] = old
                return False
            self._scans[package] = Scan(package)
            stop = self._stops[package] = threading.Event()
        threading.Thread(target=self._work, args=(package, work, stop), daemon=True).start()
        return True

    def _work(
        self, package: str, work: Callable[[Tell, threading.Event], None], stop: threading.Event
    ) -> None:
        def tell(done: int, total: int) -> None:
            self._scans[package] = replace(self._scans[package], done=done, total=total)

        problems: tuple[Problem, ...] = ()
        try:
            work(tell, stop)
        except FlowError as reason:
            problems = reason.problems
        except Exception as reason:  # a disk that is full, say: a scan that never ends would say nothing
            problems = (Problem("scan-failed", f"The scan of {package} failed: {reason!r}.", "Try again."),)
        self._scans[package] = replace(self._scans[package], over=True, problems=problems)


def read_functions(tell: Tell | None = None, stop: threading.Event | None = None) -> None:
    """Read each of the user's files that has changed; why one cannot be read is kept with it."""
    for name, path in fallback.waiting().items():
        stamp = fallback.stamp(path)
        try:
            found = ask(DescribeRequest(f"{FUNCTIONS}.{name}", Source()), tell, stop)
        except FlowError as reason:
            if stop and stop.is_set():
                raise
            fallback.keep(name, stamp, Catalog(), reason.problems)
        else:
            fallback.keep(name, stamp, found.catalog, ())


def _add(package: str, static: bool, tell: Tell, stop: threading.Event) -> None:
    catalog = describe(package, descriptors.source(package), tell, stop, static=static)
    if not catalog.nodes:
        raise error(
            "nothing-found",
            f"{package} was read, and has no public function or class of its own.",
            "Choose the package that holds them.",
        )
    overlay.save(catalog, package)
