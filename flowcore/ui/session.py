"""Who is looking, at which graph and run, and what they may do: what st.session_state keeps beside fields."""

import os
from collections.abc import Callable, Iterable
from functools import lru_cache
from typing import Any, Final, NoReturn, TypeVar

import msgspec
import streamlit as st

from flowcore.dataflow import document, history
from flowcore.dataflow.history import History
from flowcore.model.descriptor import Catalog
from flowcore.model.graph import Graph
from flowcore.model.problem import FlowError, Problem
from flowcore.runs import limits
from flowcore.runs.checker import Checker
from flowcore.runs.queue import Queue
from flowcore.runs.scans import Scans
from flowcore.runs.sessions import Sessions
from flowcore.runs.supervisor import Supervisor
from flowcore.store import database, graphs, overlay, owners, runs
from flowcore.ui import fields, identity
from flowcore.ui.words import plain

_NEW: Final = {"history": None, "version": 0, "saved": True, "selected": "", "clicked": None}
_OVERTAKEN: Final = Problem(
    "changed-elsewhere",
    "The graph was changed in another tab before yours could be saved.",
    "Undo to go back to your own.",
)
T = TypeVar("T")


def catalog() -> Catalog:
    """Every node that may be used here; on a hosted server only what policy always allows."""
    return overlay.load(hosted())


def hosted() -> bool:
    """Whether others than the person at this machine may come: said so, or bound to more than loopback."""
    said_so = os.environ.get("FLOWCORE_HOSTED", "0") not in ("", "0")
    return said_so or st.get_option("server.address") not in ("127.0.0.1", "localhost", "::1")


@st.cache_resource(show_spinner=False)
def supervisor() -> Supervisor:
    """The one supervisor of this server."""
    return Supervisor(catalog, limits=limits.allowed(hosted()), queue=Queue(hosted=hosted()))


@st.cache_resource(show_spinner=False)
def checker() -> Checker:
    """The one checker of this server; its process starts when a graph is first edited."""
    return Checker()


@st.cache_resource(show_spinner=False)
def sessions() -> Sessions:
    """The sessions of this server; a worker starts when a node is first looked at."""
    return Sessions(catalog, supervisor().workers, limits.allowed(hosted()), hosted=hosted())


@st.cache_resource(show_spinner=False)
def scans() -> Scans:
    """The scans of this server. A hosted server starts none: importing a package runs its code."""
    return Scans()


def owner() -> str:
    """The key of this browser, "" until the browser has said which one it is."""
    return owners.of(_browser()) if _browser() else ""


def joined() -> bool:
    """Whether this browser has joined another one's."""
    return bool(_browser()) and owner() != _browser()


def join(code: str) -> None:
    """Take an invitation, once a person has said so: a link alone must change nobody's browser."""
    attempt(lambda: owners.join(code, _browser()))


def leave() -> None:
    """Make this browser its own again."""
    attempt(lambda: owners.leave(_browser()))


def _browser() -> str:
    token = identity.token()
    return database.owner_key(token) if token else ""


class Session:
    """One browser tab at one graph. ``graph`` is what is shown; `apply` is the way to change it."""

    def __init__(self, graph_id: str) -> None:
        self.owner = owner()
        self.stored = graphs.load(graph_id)
        self.id = graph_id
        kept = _state().get("tab")
        if kept is None or kept["id"] != graph_id:
            fields.forget()
            if kept and not kept["saved"]:
                _state()[f"unsaved {kept['id']}"] = kept
            kept = _state().pop(f"unsaved {graph_id}", None) or {"id": graph_id, **_NEW}
            _state()["tab"] = kept
        self._kept: dict[str, Any] = kept
        if kept["version"] != self.stored.version:
            self._take()

    @property
    def graph(self) -> Graph:
        return self.history.present

    @property
    def history(self) -> History:
        found: History = self._kept["history"]
        return found

    @property
    def editable(self) -> bool:
        """Whether this browser owns the graph; any other looks on."""
        return bool(self.owner) and self.owner == self.stored.owner

    @property
    def saved(self) -> bool:
        """Whether the store has what is shown; a full disk did not take it otherwise."""
        found: bool = self._kept["saved"]
        return found

    @property
    def selected(self) -> str:
        """The id of the selected node, "" for none."""
        id: str = self._kept["selected"]
        return id if id in self.graph.by_id else ""

    def select(self, id: str) -> None:
        self._kept["selected"] = id

    def clicked(self, value: str | None) -> bool:
        """Whether a click on the canvas is news; a component repeats its last value at every rerun."""
        news = value is not None and value != self._kept["clicked"]
        self._kept["clicked"] = value
        return news

    def apply(self, edit: Callable[[Graph], Graph]) -> None:
        """Change the graph by an edit and save it; what goes wrong is kept to be shown."""
        attempt(lambda: self._save(history.push(self.history, edit(self.graph))))

    def undo(self) -> None:
        self._save(history.undo(self.history))

    def redo(self) -> None:
        self._save(history.redo(self.history))

    def save(self) -> None:
        """Try again what was not saved."""
        self._save(self.history)

    def _save(self, new: History) -> None:
        if (new is self.history and self.saved) or not self.editable:
            return
        try:
            document.read(msgspec.json.encode(new.present))  # what is kept can be opened again
            self._kept["version"] = graphs.save(new.present, self._kept["version"])
            self._kept |= {"history": new, "saved": True}
        except FlowError as reason:
            say(*reason.problems)
            if reason.problems[0].code == database.NOT_SAVED:
                self._kept |= {"history": new, "saved": False}
            else:
                self._catch_up()

    def _catch_up(self) -> None:
        """Go on from what the store has, if it still has it."""
        try:
            self.stored = graphs.load(self.id)
        except FlowError as reason:
            say(*reason.problems)
            return
        if self.stored.version != self._kept["version"]:
            self._take()

    def _take(self) -> None:
        """Show what the store has: at first, and when another tab has changed it."""
        if not self.saved:
            say(_OVERTAKEN)
        graph = document.read(self.stored.document, catalog())
        old: History | None = self._kept["history"]
        self._kept["history"] = history.push(old, graph) if old else History(graph)
        self._kept |= {"version": self.stored.version, "saved": True}


@lru_cache(maxsize=64)
def ran(run_id: str) -> Graph:
    """The graph that a run runs, as it was when it started."""
    return document.read(runs.document(run_id))


def attempt(act: Callable[[], T]) -> T | None:
    """What an act gives, None where it cannot be done; the reason is kept to be shown."""
    try:
        return act()
    except FlowError as reason:
        say(*reason.problems[:8])
        return None


def begin() -> None:
    """Begin to draw the page: what was said before is no longer on show."""
    _state()["on show"] = []


def say(*problems: Problem) -> None:
    """Keep problems to be shown at the next drawing of the page."""
    _state().setdefault("said", []).extend(problems)


def said() -> list[Problem]:
    """The problems to be shown now, each once."""
    found: list[Problem] = list(dict.fromkeys(_state().pop("said", [])))
    _state()["on show"] = [*_state().get("on show", ()), *found]
    return found


def remember(key: str, value: Any) -> None:
    _state()[key] = value


def chosen(key: str) -> Any:
    """What was remembered, or stands in a widget; None where there is nothing."""
    return _state().get(key)


def once(name: str, key: Any, make: Callable[[], Any]) -> Any:
    """A value that is made again only when its key is another."""
    kept = _state().get(f"once {name}")
    if kept is None or kept[0] != key:
        kept = _state()[f"once {name}"] = (key, make())
    return kept[1]


def show_run(run_id: str) -> None:
    """Show a run at the next drawing of the page: what a fragment writes into the URL stays in the server."""
    _state()["next run"] = run_id


def run_to_show() -> str:
    """The run that is to be shown now, once; "" for none."""
    found: str = _state().pop("next run", "")
    return found


def untold(problems: Iterable[Problem]) -> list[Problem]:
    """Those that this browser tab has not been shown yet."""
    told: set[str] = _state().setdefault("told", set())
    news = [problem for problem in problems if problem.message not in told]
    told.update(problem.message for problem in news)
    return news


def redraw() -> NoReturn:
    """Draw the page again, unless what a person has asked for in the meantime, such as another page, is next.

    A rerun takes the place of what waits. Reading the session state first gives way to it.
    """
    _state().get("browser")
    st.rerun()


def refresh() -> NoReturn:
    """Draw the page again because there is news, by itself: what was said stays on show."""
    say(*_state().get("on show", ()))
    redraw()


def _state() -> Any:
    return st.session_state


def opened(graph_id: str) -> Session | None:
    """The session of a graph, None where it cannot be opened; the reason is kept to be shown."""
    try:
        return Session(graph_id)
    except FlowError as reason:
        for problem in reason.problems:
            st.error(plain(f"{problem.message} {problem.hint}"))
        return None
