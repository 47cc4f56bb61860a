"""The memory of all workers together, with real processes: who has to end, and who may go on."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from flowcore.model.frame import Limits
from flowcore.model.problem import Problem
from flowcore.runs.pool import Pool
from flowcore.runs.queue import Queue
from flowcore.runs.sessions import Sessions
from flowcore.runs.supervisor import Supervisor
from flowcore.runs.workers import Workers
from tests import test_sessions
from tests.test_faults import MB, Limited
from tests.test_runs import CATALOG
from tests.watch import until

HOLD = """
import pathlib, time
kept = b"x" * ({mb} << 20)
print("ready", flush=True)
until = pathlib.Path({until!r})
while not until.exists():
    time.sleep(0.02)
"""


class Machine:
    """Runs and sessions that share the memory of one server."""

    def __init__(self, folder: Path, limit: int) -> None:
        self.workers = Workers(spares=0, fork=True, pool=Pool(limit))
        self.runs = [
            Limited(place, Supervisor(lambda: CATALOG, self.workers, Limits(), Queue(total=4)))
            for place in (folder / "one", folder / "other")
        ]
        self.sessions = test_sessions.Bench(
            folder / "session", Sessions(lambda: CATALOG, self.workers, Limits())
        )
        for bench in (*self.runs, self.sessions):
            bench.folder.mkdir()
        self._free = folder / "free"

    def hold(self, megabytes: int) -> str:
        """A script that holds so much memory until `free`."""
        return HOLD.format(mb=megabytes, until=str(self._free))

    def keep(self, megabytes: int) -> str:
        """A script that ends, and whose session keeps so much memory."""
        return f'kept = b"x" * ({megabytes} << 20)'

    def free(self) -> None:
        self._free.touch()

    def close(self) -> None:
        self.sessions.sessions.close()
        for bench in self.runs:
            bench.supervisor.close()


@pytest.fixture
def machine(home: Path, tmp_path: Path) -> Iterator[Machine]:
    found = Machine(tmp_path, 500 * MB)
    yield found
    found.close()


def test_of_runs_that_take_too_much_together_the_largest_ends_and_says_the_figures(machine: Machine) -> None:
    small, large = machine.runs
    goes_on = small.started(machine.hold(150))
    id, run = large.run(machine.hold(450))
    assert run.state == "failed"
    assert run.problem is not None
    assert run.problem.code == "limit-memory"
    assert run.problem.message.startswith("All runs and sessions together used ")
    assert run.problem.message.endswith("; the limit is 500 MB.")
    assert "FLOWCORE_MEMORY" in run.problem.hint
    assert run.problem.nodes == ("n1",)
    assert large.supervisor.look(id) == run
    machine.free()
    assert small.supervisor.wait(goes_on, 30).state == "done"
    assert large.run(machine.hold(400))[1].state == "done"  # what has ended counts no more


def test_a_session_that_only_keeps_values_makes_room_for_a_run(machine: Machine) -> None:
    bench = machine.sessions
    graph = bench.graph(machine.keep(300))
    assert bench.run(graph, "n1").known.keys() == {"n1"}
    worker = bench.worker(graph)
    id = machine.runs[0].started(machine.hold(350))
    until(lambda: not worker.is_running())
    kept = bench.sessions.look(graph.id, "me")
    assert (kept.known, kept.answers.keys()) == ({}, {"n1"})  # what came out can still be looked at
    machine.free()
    assert machine.runs[0].supervisor.wait(id, 30).state == "done"
    assert bench.run(graph, "n1").run.state == "done"


def test_of_sessions_that_only_keep_values_the_oldest_makes_room(machine: Machine) -> None:
    bench = machine.sessions
    graphs = [bench.graph(machine.keep(150), id=id) for id in ("oldest", "newer")]
    for graph in graphs:
        bench.run(graph, "n1")
    first, second = map(bench.worker, graphs)
    id = machine.runs[0].started(machine.hold(250))
    until(lambda: not first.is_running())
    machine.free()
    assert machine.runs[0].supervisor.wait(id, 30).state == "done"
    assert second.is_running()


def test_a_session_at_work_ends_where_it_is_the_largest(machine: Machine) -> None:
    bench, run = machine.sessions, machine.runs[0]
    id = run.started(machine.hold(150))
    look = bench.run(bench.graph(machine.hold(450)), "n1")
    assert look.run.problem is not None
    assert (look.run.problem.code, look.run.problem.nodes) == ("limit-memory", ("n1",))
    machine.free()
    assert run.supervisor.wait(id, 30).state == "done"


class Told:
    """A pool whose workers are names, and what it was asked to free."""

    def __init__(self, limit: int, spare: dict[str, int]) -> None:
        self.pool, self.spare = Pool(limit), spare
        self.pool.before_any_ends(self.free)
        for name, memory in spare.items():
            self.note(name, memory)

    def note(self, name: str, memory: int) -> Problem | None:
        self.pool.note(name, memory)  # type: ignore[arg-type]
        return self.pool.verdict(name)  # type: ignore[arg-type]

    def free(self) -> bool:
        if not self.spare:
            return False
        name = next(iter(self.spare))
        del self.spare[name]
        self.pool.leave(name)  # type: ignore[arg-type]
        return True


def test_no_more_is_freed_than_is_lacking_and_nobody_ends_before_all_is() -> None:
    told = Told(100, {"oldest": 30, "newer": 30})
    assert told.note("run", 50) is None
    assert told.spare == {"newer": 30}
    assert told.note("other", 60) is not None  # 50 and 60 are too much without the others too
    assert told.spare == {}
    assert told.note("run", 90) is None


def test_who_is_ended_to_make_room_is_not_judged_any_more() -> None:
    told = Told(100, {"session": 0})
    told.note("run", 60)
    assert told.note("session", 70) is None
    assert told.note("run", 100) is None


@pytest.mark.parametrize(("limit", "ends"), [(0, False), (99, True)], ids=["no limit", "a limit"])
def test_a_pool_without_a_limit_lets_everybody_be(limit: int, ends: bool) -> None:
    assert (Told(limit, {}).note("run", 100) is not None) == ends


@pytest.mark.parametrize(("each", "noted"), [("0", 10**15), (str(10**14), 10**13)])
def test_all_may_use_what_one_may(each: str, noted: int, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FLOWCORE_LIMIT_MEMORY", each)
    told = Told(0, {})
    told.pool = Pool()
    assert told.note("run", noted) is None


def test_the_environment_says_how_much(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FLOWCORE_MEMORY", "1000")
    told = Told(0, {})
    told.pool = Workers(spares=0).pool
    assert told.note("run", 1000) is None
    assert told.note("run", 1001) is not None
