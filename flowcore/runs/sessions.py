"""Sessions: a worker for each graph and browser that keeps values, so that any node can be looked at."""

import atexit
import threading
import time
from collections.abc import Callable
from typing import Final

from flowcore.dataflow.check import check, errors, require
from flowcore.dataflow.order import ancestors, descendants
from flowcore.dataflow.signature import part
from flowcore.model.descriptor import Catalog
from flowcore.model.frame import EvaluateRequest, Limits, Sample
from flowcore.model.graph import Graph, types
from flowcore.model.problem import FlowError, error
from flowcore.runs import limits as limits_of
from flowcore.runs.talk import Look, Talk
from flowcore.runs.workers import Workers

IDLE: Final = 900.0
MOST: Final = 4
BEAT: Final = 1.0
Key = tuple[str, str]


class Sessions:
    """Starts session workers when they are first asked, and ends them. Threads may share it.

    idle: seconds without a request after which one ends. most: how many there are at once; for one more,
    the one that was not asked for longest is ended. What a worker kept is lost with it. each: of one owner,
    as many or, where the server is hosted, half of them.
    """

    def __init__(
        self,
        catalog: Callable[[], Catalog],
        workers: Workers,
        limits: Limits | None = None,
        idle: float = IDLE,
        most: int | None = None,
        each: int | None = None,
        hosted: bool = False,
    ) -> None:
        self._catalog = catalog
        self._workers = workers
        self._limits = limits_of.allowed() if limits is None else limits
        self._idle = idle
        self._most = most or limits_of.count("FLOWCORE_SESSIONS", MOST)
        self._each = each or limits_of.count("FLOWCORE_SESSIONS_EACH", limits_of.share(self._most, hosted))
        self._talks: dict[Key, Talk] = {}
        self._lock = threading.Lock()
        self._closed = threading.Event()
        self._keeper: threading.Thread | None = None
        workers.pool.before_any_ends(self._end_idle)
        atexit.register(self.close)

    def evaluate(
        self, graph: Graph, owner: str, node: str, seed: int = 0, sample: Sample | None = None
    ) -> None:
        """Evaluate a graph up to a node; returns at once, `look` tells how it goes.

        Raises FlowError with all that keeps these nodes from running: "busy" while another request is
        under way, "full" while too many are, "no-node", and what `check` finds.
        """
        request = self._request(graph, node, seed, sample)
        with self._lock:
            if self._closed.is_set():
                raise error("closed", "The server is about to end.", "Start it again.")
            talk = self._talks.get((graph.id, owner)) or self._new(owner)
            talk.ask(request)
            self._talks.pop((graph.id, owner), None)
            self._talks[graph.id, owner] = talk  # the newest is the last
            self._keep()

    def look(self, graph: str, owner: str) -> Look:
        """How the last request stands, and what came of it."""
        with self._lock:
            talk = self._talks.get((graph, owner))
        return talk.look() if talk else Look()

    def stop(self, graph: str, owner: str) -> None:
        """End the request that is under way: with what is kept if the worker heeds it, without otherwise."""
        with self._lock:
            talk = self._talks.get((graph, owner))
        if talk:
            talk.stop()

    def end(self, graph: str, owner: str) -> None:
        """End the worker of a graph; its values are lost."""
        with self._lock:
            talk = self._talks.pop((graph, owner), None)
        if talk:
            talk.close()

    def close(self) -> None:
        """End every worker."""
        self._closed.set()
        with self._lock:
            talks = list(self._talks.values())
            self._talks.clear()
        for talk in talks:
            talk.close()

    def _request(self, graph: Graph, node: str, seed: int, sample: Sample | None) -> EvaluateRequest:
        catalog = self._catalog()
        wanted = [node, *(id for id in (sample and sample.node, sample and sample.fit) if id)]
        usable = _usable(graph, catalog, wanted)
        return EvaluateRequest(graph, catalog.only(types(graph)), node, usable, seed, self._limits, sample)

    def _new(self, owner: str) -> Talk:
        """One more, for which the oldest makes room."""
        self._make_room([key for key in self._talks if key[1] == owner], self._each, "Your")
        self._make_room(list(self._talks), self._most, "The")
        return Talk(self._workers)

    def _make_room(self, keys: list[Key], most: int, whose: str) -> None:
        """End those of them that are too many for one more, the oldest first, none that is at work."""
        idle = [key for key in keys if not self._talks[key].busy]
        ended = idle[: max(0, len(keys) - most + 1)]
        for key in ended:
            old = self._talks.pop(key)
            threading.Thread(target=old.close, name="end of a session", daemon=True).start()
        if (count := len(keys) - len(ended)) >= most:
            raise error(
                "full",
                f"{whose} graphs that are being evaluated are as many as there may be at once: {count}.",
                "Try again when one of them is done.",
            )

    def _end_idle(self) -> bool:
        """End the worker that nobody has asked for longest; False where each is at work."""
        with self._lock:
            talks = list(self._talks.values())
        return any(talk.unload() for talk in talks)

    def _keep(self) -> None:
        if self._keeper is None or not self._keeper.is_alive():
            self._keeper = threading.Thread(target=self._watch, name="sessions", daemon=True)
            self._keeper.start()

    def _watch(self) -> None:
        """End those that nobody asks any more."""
        while not self._closed.wait(min(BEAT, self._idle / 4)):
            now = time.monotonic()
            with self._lock:
                old = [key for key, talk in self._talks.items() if now - talk.used > self._idle]
                talks = [self._talks.pop(key) for key in old if not self._talks[key].busy]
            for talk in talks:
                talk.close()


def _usable(graph: Graph, catalog: Catalog, wanted: list[str]) -> tuple[str, ...]:
    """The nodes that may run: all that are needed, and what else of the graph is without a fault.

    Raises FlowError with what keeps those that are needed from running.
    """
    for id in wanted:
        if id not in graph.by_id:
            raise error("no-node", f"There is no node {id!r} in the graph.", "Choose one that is there.")
    needed = {*wanted, *(one for id in wanted for one in ancestors(graph, id))}
    require(part(graph, needed), catalog)
    found = errors(check(graph, catalog))
    if gone := [one for one in found if one.code == "dangling-link" and needed.intersection(one.nodes)]:
        raise FlowError(*gone)
    bad = {id for problem in found for id in problem.nodes} - needed
    bad |= {later for id in bad for later in descendants(graph, id)} - needed
    return tuple(node.id for node in graph.nodes if node.id not in bad)
