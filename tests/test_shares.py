"""How much of a server one owner may have, and what is said of settings that are no numbers."""

from collections.abc import Callable

import pytest

from flowcore.cli import main
from flowcore.model.problem import FlowError
from flowcore.runs.queue import Queue
from flowcore.runs.sessions import Sessions
from flowcore.runs.workers import Workers
from flowcore.ui import session
from tests.test_runs import CATALOG


class Stub:
    """A run that only says whether it may begin."""

    def __init__(self, owner: str) -> None:
        self.owner, self.begun = owner, False

    def begin(self) -> bool:
        self.begun = self.owner != "stopped"
        return self.begun

    def queue(self, place: int) -> None:
        pass


@pytest.mark.parametrize(
    ("hosted", "total", "begun"),
    [(False, 4, 4), (True, 4, 2), (True, 3, 1), (True, 2, 1), (True, 1, 1)],
)
def test_one_owner_leaves_room_where_the_server_is_hosted(hosted: bool, total: int, begun: int) -> None:
    queue = Queue(total, hosted=hosted)
    mine, others = [Stub("me") for _ in range(5)], Stub("them")
    for run in (*mine, others):
        queue.enter(run)
    assert sum(run.begun for run in mine) == begun
    assert others.begun == (begun < total)


def test_a_run_that_is_stopped_before_its_turn_takes_no_place() -> None:
    queue = Queue(1)
    stopped, next_ = Stub("stopped"), Stub("me")
    queue.enter(stopped)
    queue.enter(next_)
    assert next_.begun


def test_the_app_tells_what_it_starts_whether_it_is_hosted(
    home: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FLOWCORE_HOSTED", "1")
    monkeypatch.setenv("FLOWCORE_RUNS", "4")
    session.supervisor.clear()
    session.sessions.clear()
    supervisor, sessions = session.supervisor(), session.sessions()
    assert (supervisor._queue._each, sessions._each, supervisor.limits.pause) == (2, 2, 1800)
    session.supervisor.clear()
    session.sessions.clear()


@pytest.mark.parametrize(
    ("variable", "make"),
    [
        ("FLOWCORE_RUNS", Queue),
        ("FLOWCORE_RUNS_EACH", Queue),
        ("FLOWCORE_SPARES", Workers),
        ("FLOWCORE_MEMORY", Workers),
        ("FLOWCORE_SESSIONS", lambda: Sessions(lambda: CATALOG, Workers(spares=0))),
        ("FLOWCORE_SESSIONS_EACH", lambda: Sessions(lambda: CATALOG, Workers(spares=0))),
    ],
)
@pytest.mark.parametrize("text", ["abc", "-1", "1.5"])
def test_a_setting_that_is_no_number_is_named_with_what_was_found(
    variable: str, make: Callable[[], object], text: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(variable, text)
    with pytest.raises(
        FlowError, match=f"{variable} is '{text}'; expected a whole number of at least"
    ) as caught:
        make()
    assert caught.value.problems[0].hint.startswith(f"Set {variable} to one, or leave it out for ")


def test_a_server_with_such_a_setting_is_not_started(
    home: object, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("FLOWCORE_SESSIONS", "abc")
    assert main(["app"]) != 0
    assert "FLOWCORE_SESSIONS is 'abc'; expected a whole number" in capsys.readouterr().err
