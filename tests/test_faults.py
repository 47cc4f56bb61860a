"""What goes wrong with real worker processes: after each of it other runs go on, and the run says why."""

import os
import signal
import subprocess
import sys
import tempfile
import textwrap
import threading
import time
from collections.abc import Iterator
from functools import reduce
from pathlib import Path

import msgspec
import psutil
import pytest

from flowcore.model import event as e
from flowcore.model.frame import Limits
from flowcore.model.problem import FlowError
from flowcore.model.run import Run, after
from flowcore.runs.limits import Used, allowed, reached
from flowcore.runs.queue import Queue
from flowcore.runs.supervisor import Supervisor
from flowcore.runs.workers import Workers
from flowcore.store import journal, runs, scratch
from tests.conftest import Kept
from tests.test_runs import CATALOG, READY, Bench, bystander, journalled, worker_of
from tests.watch import gone, until

MB = 1_000_000


@pytest.fixture(scope="module")
def workers() -> Iterator[Workers]:
    found = Kept(spares=0, fork=True)
    yield found
    Workers.close(found)


class Limited(Bench):
    """A bench whose supervisor is made by the test."""

    def __init__(self, folder: Path, supervisor: Supervisor) -> None:
        self.folder = folder
        self.supervisor = supervisor
        self.heard: list[e.Event] = []


@pytest.fixture
def other(home: Path, tmp_path: Path, workers: Workers) -> Iterator[Bench]:
    """A bench with a bystander on it."""
    bench = Limited(tmp_path, Supervisor(lambda: CATALOG, workers, queue=Queue(total=4)))
    with bystander(bench):
        yield bench
    bench.supervisor.close()


def limited(folder: Path, workers: Workers, **limits: float) -> Limited:
    return Limited(folder, Supervisor(lambda: CATALOG, workers, Limits(**limits), Queue(total=4)))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("limits", "script", "says"),
    [
        pytest.param(
            {"memory": 200 * MB},
            "kept = []\nimport time\nwhile True: kept.append(b'x' * 5_000_000); time.sleep(0.005)",
            "of memory; the limit is 200 MB.",
            id="memory",
        ),
        pytest.param(
            {"memory": 200 * MB},
            "import subprocess, sys\n"
            "subprocess.run([sys.executable, '-c', 'k = bytearray(10 ** 9); import time; time.sleep(60)'])",
            "of memory; the limit is 200 MB.",
            id="memory of a child",
        ),
        pytest.param({"seconds": 1.0}, "while True: pass", "1 s of run time; the limit is 1 s.", id="time"),
        pytest.param(
            {"output": 5 * MB},
            "import os\nwhile True: os.write(1, b'x' * 65536)",
            "MB of output; the limit is 5.0 MB.",
            id="output",
        ),
        pytest.param(
            {"disk": 20 * MB},
            "import tempfile, time\nfor i in range(10 ** 6):\n"
            "    with open(f'{tempfile.gettempdir()}/{i}', 'wb') as file: file.write(b'x' * 10 ** 6)\n"
            "    time.sleep(0.01)",
            "MB of disk space; the limit is 20.0 MB.",
            id="disk",
        ),
        pytest.param(
            {"disk": 20 * MB},
            "import tempfile\nwith tempfile.TemporaryFile() as file: file.write(bytes(30_000_000))",
            "a file of more than 20.0 MB, which is the limit of disk space.",
            id="one file",
        ),
    ],
)
def test_a_limit_that_is_reached_ends_the_run_and_says_its_figures(
    other: Bench, tmp_path: Path, workers: Workers, limits: dict[str, float], script: str, says: str
) -> None:
    bench = limited(tmp_path, workers, **limits)
    id, run = bench.run("print('kept', flush=True)", script)
    assert run.state == "failed"
    assert run.problem is not None
    assert run.problem.code == f"limit-{next(iter(limits))}"
    assert says in run.problem.message
    assert f"FLOWCORE_LIMIT_{next(iter(limits)).upper()}" in run.problem.hint
    assert run.problem.nodes == ("n2",)
    assert run.nodes == {"n1": "done", "n2": "failed"}
    assert run.output.text.startswith("kept")
    assert bench.supervisor.look(id) == run
    assert bench.run("value = 1")[1].state == "done"


CHILDREN = """
import os, time
kept = bytearray(os.urandom(1 << 20) * 150)
for _ in range(4):
    if not os.fork():
        own = bytearray(os.urandom(1 << 20) * {own})
        time.sleep({seconds})
        os._exit(0)
time.sleep({seconds})
"""


def test_what_children_share_with_their_worker_counts_once_and_what_they_have_themselves_each_time(
    other: Bench, tmp_path: Path, workers: Workers
) -> None:
    bench = limited(tmp_path, workers, memory=400 * MB)
    assert bench.run(CHILDREN.format(own=1, seconds=3))[1].state == "done"
    _, run = bench.run(CHILDREN.format(own=80, seconds=30))
    assert run.problem is not None
    assert run.problem.code == "limit-memory"


def test_an_endless_loop_is_stopped_within_three_seconds(other: Bench) -> None:
    for loop in ("while True: pass", "sum(range(10 ** 14))"):  # the second holds the interpreter's lock
        id = other.started(f"print('ready', flush=True)\n{loop}")
        worker, began = worker_of(id), time.monotonic()
        other.supervisor.stop(id)
        run = other.supervisor.wait(id, 10)
        assert run.state == "stopped"
        assert time.monotonic() - began < 3
        assert gone(worker)


def test_a_pause_holds_between_two_nodes_and_the_time_limit_with_it(
    home: Path, tmp_path: Path, workers: Workers
) -> None:
    bench = limited(tmp_path, workers, seconds=4.0)
    id = bench.started(f"{READY}time.sleep(2)", "value = 2")
    until(lambda: bench.supervisor.look(id).state == "running")
    bench.supervisor.pause(id)
    until(lambda: bench.supervisor.look(id).state == "paused")
    held = bench.supervisor.look(id)
    assert held.nodes == {"n1": "done"}
    ticks = psutil.Process(worker_of(id).pid).cpu_times().user
    time.sleep(4.5)
    assert bench.supervisor.look(id).state == "paused"
    assert psutil.Process(worker_of(id).pid).cpu_times().user - ticks < 0.2
    bench.supervisor.resume(id)
    run = bench.supervisor.wait(id, 10)
    assert run.state == "done"
    assert run.held > 4


def test_a_run_that_is_paused_for_too_long_ends_and_gives_its_place_to_the_next(
    home: Path, tmp_path: Path, workers: Workers
) -> None:
    supervisor = Supervisor(lambda: CATALOG, workers, Limits(pause=1.5), Queue(total=1))
    bench = Limited(tmp_path, supervisor)
    id = bench.started(f"{READY}time.sleep(0.5)", "value = 2")
    worker = worker_of(id)
    supervisor.pause(id)
    later = supervisor.start(bench.graph("value = 3"))
    run = supervisor.wait(id, 10)
    assert run.state == "failed"
    assert run.problem is not None
    assert run.problem.code == "limit-pause"
    assert run.problem.message == "The run used 2 s of pauses; the limit is 2 s."
    assert run.problem.hint.startswith("Continue goes on from the last checkpoint")
    assert gone(worker)
    assert supervisor.wait(later, 10).state == "done"


def test_a_run_that_is_asked_to_hold_before_it_begins_holds_at_its_first_node(other: Bench) -> None:
    id = other.start("import time\ntime.sleep(1)", "value = 2")
    other.supervisor.pause(id)
    until(lambda: other.supervisor.look(id).state == "paused")
    assert other.supervisor.look(id).nodes.get("n2") is None
    other.supervisor.resume(id)
    assert other.supervisor.wait(id, 10).state == "done"
    id = other.start("import time\ntime.sleep(1)", "value = 2")
    other.supervisor.pause(id)
    other.supervisor.resume(id)
    assert other.supervisor.wait(id, 10).state == "done"


def test_a_paused_run_is_stopped_at_once(other: Bench) -> None:
    id = other.started(f"{READY}time.sleep(1.5)", "value = 2")
    other.supervisor.pause(id)
    until(lambda: other.supervisor.look(id).state == "paused")
    other.supervisor.stop(id)
    assert other.supervisor.wait(id, 10).state == "stopped"


def test_runs_go_on_when_their_zygote_is_killed_and_the_next_run_has_a_new_one(
    home: Path, tmp_path: Path
) -> None:
    workers = Workers(spares=0, fork=True)
    bench = Limited(tmp_path, Supervisor(lambda: CATALOG, workers))
    id = bench.started(f"{READY}time.sleep(2); print('after', flush=True)", "import os\nos._exit(5)")
    (zygote,) = workers.pids
    os.kill(zygote, signal.SIGKILL)
    until(lambda: gone(zygote), 5)
    run = bench.supervisor.wait(id, 20)
    assert "after" in run.output.text
    assert run.nodes == {"n1": "done", "n2": "failed"}
    assert run.problem is not None
    assert run.problem.message == "The worker ended before the graph was done."
    assert bench.run("value = 1")[1].state == "done"
    assert workers.pids != (zygote,)
    bench.supervisor.close()
    until(lambda: not any(map(psutil.pid_exists, workers.pids)), 5)


def test_a_worker_knows_no_secret_and_no_socket_of_its_server(
    other: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FLOWCORE_DATABASE_URL_OF_A_FRIEND", "postgres://me:hunter2@host")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "hunter2")
    _, run = other.run(
        """
        import os, resource, stat, tempfile
        print("secrets", [name for name, value in os.environ.items() if "hunter2" in value])
        print("sockets", [fd for fd in os.listdir("/proc/self/fd") if os.path.exists(f"/proc/self/fd/{fd}")
                          and stat.S_ISSOCK(os.fstat(int(fd)).st_mode)])
        print("core", resource.getrlimit(resource.RLIMIT_CORE)[0])
        print("group", os.getpgid(0) == os.getpid())
        print("folder", tempfile.gettempdir())
        open(os.path.join(tempfile.gettempdir(), "left"), "w").close()
        """
    )
    lines = dict(line.split(" ", 1) for line in run.output.text.splitlines())
    assert lines["secrets"] == "[]"
    assert lines["sockets"] == "[]"
    assert lines["core"] == "0"
    assert lines["group"] == "True"
    assert lines["folder"].startswith(str(Path(tempfile.gettempdir()) / scratch.PREFIX))
    assert not Path(lines["folder"]).exists()


def test_what_a_killed_server_left_in_the_temporary_folder_is_swept_by_the_next(tmp_path: Path) -> None:
    root = Path(tempfile.mkdtemp(prefix=scratch.PREFIX))
    (root / "owner").touch()
    (root / "left").touch()
    mine = scratch.make()
    scratch.sweep()
    assert not root.exists()
    assert mine.exists()


def test_workers_that_end_leave_the_temporary_folders_of_others_in_one_process_alone(
    other: Bench, tmp_path: Path
) -> None:
    end = tmp_path / "end"
    script = f"""
    import pathlib, tempfile, time
    file = pathlib.Path(tempfile.mkdtemp()) / "file"
    print("ready", flush=True)
    while not pathlib.Path({str(end)!r}).exists():
        time.sleep(0.02)
    file.touch()
    """
    id = other.started(textwrap.dedent(script))
    Workers(spares=0).close()
    end.touch()
    assert other.supervisor.wait(id, 30).state == "done"


def test_a_full_disk_fails_the_run_with_its_reason_and_keeps_what_was_recorded(
    small: Path, tmp_path: Path, workers: Workers, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FLOWCORE_HOME", str(small))
    bench = Limited(tmp_path, Supervisor(lambda: CATALOG, workers, Limits()))
    id = bench.started("print('ready', flush=True)", f"{READY}time.sleep(0.5)\nwhile True: print('x' * 9999)")
    subprocess.run(
        ["dd", "if=/dev/zero", f"of={small / 'filler'}", "bs=512"], check=False, capture_output=True
    )
    run = bench.supervisor.wait(id, 30)
    assert run.state == "failed"
    assert run.problem is not None
    assert run.problem.code == "disk-full"
    assert "No space left on device" in run.problem.message
    assert bench.supervisor.look(id) == run
    recorded = journalled(id)
    assert [event.state for event in recorded if isinstance(event, e.NodeState)][:2] == ["running", "done"]
    (small / "filler").unlink()
    assert bench.run("value = 1")[1].state == "done"
    assert isinstance(journalled(id)[-1], e.Failed)
    assert Supervisor(lambda: CATALOG, workers).look(id).problem == run.problem


def test_twenty_runs_at_once_wait_for_their_turn_and_all_are_done(
    home: Path, tmp_path: Path, workers: Workers
) -> None:
    bench = Limited(tmp_path, Supervisor(lambda: CATALOG, workers, queue=Queue(total=2)))
    graph = bench.graph("import time; time.sleep(0.1)")
    most, over = 0, threading.Event()

    def look() -> None:
        nonlocal most
        while not over.wait(0.01):
            most = max(most, sum(bench.supervisor.look(id).state == "running" for id in ids))

    ids: list[str] = [bench.supervisor.start(graph) for _ in range(20)]
    places = [bench.supervisor.look(id).place for id in ids]
    assert places[-1] == max(places) >= 15
    watcher = threading.Thread(target=look)
    watcher.start()
    assert {bench.supervisor.wait(id, 60).state for id in ids} == {"done"}
    over.set()
    watcher.join()
    assert most <= 2
    queued = [event.place for event in journalled(ids[-1]) if isinstance(event, e.Queued)]
    assert queued == sorted(queued, reverse=True)
    assert queued[-1] == 1


def test_a_run_that_waits_is_stopped_without_ever_having_begun(
    home: Path, tmp_path: Path, workers: Workers
) -> None:
    bench = Limited(tmp_path, Supervisor(lambda: CATALOG, workers, queue=Queue(total=1)))
    first, second, third = (
        bench.supervisor.start(bench.graph("import time; time.sleep(1)")) for _ in range(3)
    )
    bench.supervisor.stop(second)
    assert bench.supervisor.wait(second, 5) == Run(
        state="stopped",
        place=1,
        ended=bench.supervisor.look(second).ended,
        seen=bench.supervisor.look(second).seen,
    )
    assert [bench.supervisor.wait(id, 20).state for id in (first, third)] == ["done", "done"]


def test_a_run_that_is_stopped_just_when_its_turn_comes_ends_once_and_starts_no_worker(
    home: Path, tmp_path: Path, workers: Workers
) -> None:
    bench = Limited(tmp_path, Supervisor(lambda: CATALOG, workers, queue=Queue(total=1)))
    graph = bench.graph("import time; time.sleep(1)")
    first, second = bench.supervisor.start(graph), bench.supervisor.start(graph)
    handle = bench.supervisor._runs[second]
    handle.stop()
    assert not handle.begin()
    assert bench.supervisor.wait(first, 20).state == "done"
    assert [type(event) for event in journalled(second) if isinstance(event, (*e.END, e.Started))] == [
        e.Stopped
    ]
    assert runs.traced(second) is None
    assert bench.supervisor.wait(bench.supervisor.start(graph), 20).state == "done"


def test_a_graph_whose_run_waits_is_forgotten_at_once(home: Path, tmp_path: Path, workers: Workers) -> None:
    bench = Limited(tmp_path, Supervisor(lambda: CATALOG, workers, queue=Queue(total=1)))
    graph = bench.graph("import time; time.sleep(5)")
    first = bench.supervisor.start(graph)
    waits = bench.supervisor.start(msgspec.structs.replace(graph, id="waits"))
    began = time.monotonic()
    bench.supervisor.forget("waits")
    assert time.monotonic() - began < 2
    assert not runs.exists(waits)
    assert bench.supervisor.wait(first, 20).state == "done"


def test_a_run_that_cannot_be_handed_to_its_worker_gives_its_place_to_the_next(
    home: Path, tmp_path: Path, workers: Workers
) -> None:
    bench = Limited(tmp_path, Supervisor(lambda: CATALOG, workers, queue=Queue(total=1)))
    assert bench.run("value = 1")[1].state == "done"  # there is a zygote now
    zygote = psutil.Process(workers.pids[0])
    zygote.suspend()
    try:
        id = bench.start(f"{READY}time.sleep(60)")
        time.sleep(0.2)
        runs.remove(id)
    finally:
        zygote.resume()
    assert bench.run("value = 1")[1].state == "done"
    assert bench.supervisor.wait(id, 10).over


def test_runs_whose_turn_comes_while_the_disk_is_full_fail_and_the_next_has_their_place(
    small: Path, tmp_path: Path, workers: Workers, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FLOWCORE_HOME", str(small))
    bench = Limited(tmp_path, Supervisor(lambda: CATALOG, workers, queue=Queue(total=1)))
    go = tmp_path / "go"
    bench.started(f"{READY}import os\nwhile not os.path.exists({str(go)!r}): time.sleep(0.05)")
    bench.folder = small / "scripts"
    bench.folder.mkdir()
    waiting = [bench.start("value = 1") for _ in range(2)]
    subprocess.run(
        ["dd", "if=/dev/zero", f"of={small / 'filler'}", "bs=512"], check=False, capture_output=True
    )
    go.touch()
    for run in [bench.supervisor.wait(id, 10) for id in waiting]:
        assert run.state == "failed"
        assert run.problem is not None
        assert "No space left on device" in run.problem.message
    (small / "filler").unlink()
    assert bench.run("value = 1")[1].state == "done"


def test_of_two_tabs_that_run_a_graph_at_once_one_is_told_that_it_runs(
    home: Path, tmp_path: Path, workers: Workers
) -> None:
    bench = Limited(tmp_path, Supervisor(lambda: CATALOG, workers))
    graph = msgspec.structs.replace(bench.graph("import time; time.sleep(2)"), id="one")
    at_once, told = threading.Barrier(6), []

    def start() -> None:
        at_once.wait()
        try:
            bench.supervisor.start(graph)
        except FlowError as reason:
            told.append(reason.problems[0].code)

    tabs = [threading.Thread(target=start) for _ in range(6)]
    for tab in tabs:
        tab.start()
    for tab in tabs:
        tab.join()
    assert told == ["busy"] * 5
    bench.supervisor.close()


def test_one_owner_cannot_fill_the_queue_of_all(home: Path, tmp_path: Path, workers: Workers) -> None:
    queue = Queue(total=2, each=1, waiting=2)
    bench = Limited(tmp_path, Supervisor(lambda: CATALOG, workers, queue=queue))
    graph = bench.graph(f"{READY}time.sleep(60)")
    mine = [bench.supervisor.start(graph, "me") for _ in range(3)]
    with pytest.raises(FlowError) as caught:
        bench.supervisor.start(graph, "me")
    assert [problem.code for problem in caught.value.problems] == ["queue-full"]
    theirs = bench.supervisor.start(graph, "them")
    until(lambda: bench.supervisor.look(theirs).state == "running")
    assert [bench.supervisor.look(id).state for id in mine[1:]] == ["queued", "queued"]
    bench.supervisor.close()


def test_a_listener_that_never_returns_holds_up_nothing(other: Bench) -> None:
    stuck = threading.Event()
    id = other.supervisor.start(
        other.graph("print('x' * 99)", "value = 2"), listener=lambda event: stuck.wait()
    )
    until(lambda: other.supervisor.wait(id, 0).over, 20)
    assert other.supervisor.look(id).state == "done"
    stuck.set()


def test_a_run_whose_server_is_held_up_for_a_while_loses_nothing(home: Path, tmp_path: Path) -> None:
    bench = Limited(tmp_path, Supervisor(lambda: CATALOG, Workers(spares=0, fork=False)))
    go = tmp_path / "go"
    graph = bench.graph(
        f"{READY}import os\nwhile not os.path.exists({str(go)!r}): time.sleep(0.05)\n"
        "for i in range(30): print(i, 'x' * 9_990, flush=True)",  # more than a pipe holds
        "value = 2",
    )
    (tmp_path / "graph.json").write_bytes(msgspec.json.encode(graph))
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parent.parent)}
    command = [sys.executable, "-c", SLOW_SERVER, str(tmp_path / "graph.json")]
    server = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment)
    assert server.stdout is not None
    id = server.stdout.readline().strip()
    until(lambda: "ready" in bench.supervisor.look(id).output.text)
    server.send_signal(signal.SIGSTOP)
    go.touch()
    time.sleep(2)
    assert bench.supervisor.look(id).nodes == {"n1": "running"}
    server.send_signal(signal.SIGCONT)
    assert server.wait(30) == 0
    run = bench.supervisor.look(id)
    assert run.state == "done"
    assert run.nodes == {"n1": "done", "n2": "done"}
    kept = len(run.output.head) + len(run.output.tail)
    assert kept + run.output.lost == len("ready\n") + sum(len(f"{i} \n") + 9_990 for i in range(30))


SLOW_SERVER = """
import sys
from flowcore.dataflow.document import read
from flowcore.runs.supervisor import Supervisor
from flowcore.runs.workers import Workers
from tests.test_runs import CATALOG
s = Supervisor(lambda: CATALOG, Workers(spares=0, fork=True))
id = s.start(read(open(sys.argv[1], 'rb').read()))
print(id, flush=True)
s.wait(id)
"""

READER = """
import sys, time
with open(sys.argv[1], 'rb') as file:
    print('open', flush=True)
    time.sleep(600)
"""


def test_whoever_opens_a_journal_and_never_reads_it_holds_up_nothing(other: Bench) -> None:
    id = other.started(f"{READY}for i in range(20): print('x' * 60_000, flush=True); time.sleep(0.1)")
    path = runs.folder(id) / journal.NAME
    reader = subprocess.Popen([sys.executable, "-c", READER, str(path)], stdout=subprocess.PIPE)
    assert reader.stdout is not None
    assert reader.stdout.readline() == b"open\n"
    before = path.stat().st_size
    with path.open("rb") as file:
        run = other.supervisor.wait(id, 30)
        assert run.state == "done"
        assert path.stat().st_size > before + 500_000
        assert reduce(after, journalled(id), Run()) == run
        assert file.seek(0, os.SEEK_END) == path.stat().st_size
    reader.kill()
    reader.wait()


@pytest.mark.parametrize(
    ("fork", "first", "then"),
    [pytest.param(True, 50, 150, id="fork"), pytest.param(False, 5, 20, id="spawn")],
)
def test_many_runs_in_a_row_leave_nothing_behind(
    home: Path, tmp_path: Path, fork: bool, first: int, then: int
) -> None:
    workers = Workers(spares=0, fork=fork)
    bench = Limited(tmp_path, Supervisor(lambda: CATALOG, workers))
    graph = bench.graph("print('x' * 1000)")
    me = psutil.Process()
    others = set(me.children(recursive=True))
    root = scratch.make().parent
    before = len(list(root.iterdir()))

    def mine() -> list[psutil.Process]:
        return [child for child in me.children(recursive=True) if child not in others]

    def many(count: int) -> tuple[int, int, int, int]:
        for _ in range(count):
            assert bench.supervisor.wait(bench.supervisor.start(graph), 30).state == "done"
        until(lambda: len(mine()) <= fork, 30)  # the zygote
        return me.memory_info().rss, me.num_fds(), me.num_threads(), len(mine())

    memory, files, threads, children = many(first)
    later = many(then)
    assert later[0] - memory < 2 * MB  # measured: 0.1
    assert later[1] <= files + 15
    assert later[2] <= threads + 15
    assert later[3] == children == fork
    assert not [child for child in mine() if child.status() == psutil.STATUS_ZOMBIE]
    assert len(list(root.iterdir())) <= before + fork  # the zygote's own
    bench.supervisor.close()


SERVER = """
import sys, time
from flowcore.dataflow.document import read
from flowcore.runs.supervisor import Supervisor
from flowcore.runs.workers import Workers
from tests.test_runs import CATALOG
s = Supervisor(lambda: CATALOG, Workers(spares=1, fork=True))
ids = [s.start(read(open(path, 'rb').read())) for path in sys.argv[1:]]
while any('ready' not in s.look(id).output.text for id in ids) or len(s.workers.pids) < 2: time.sleep(0.05)
print(*ids, *s.workers.pids, flush=True)
time.sleep(600)
"""


def test_the_server_dies_with_forked_runs_and_no_process_of_it_is_left(home: Path, tmp_path: Path) -> None:
    bench = Limited(tmp_path, Supervisor(lambda: CATALOG, Workers(spares=0, fork=False)))
    paths = []
    for index, loop in enumerate(("time.sleep(600)", "sum(range(10 ** 14))")):
        folder = tmp_path / str(index)
        folder.mkdir()
        graph = Limited(folder, bench.supervisor).graph(f"{READY}{loop}")
        (folder / "graph.json").write_bytes(msgspec.json.encode(graph))
        paths.append(str(folder / "graph.json"))
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parent.parent)}
    server = subprocess.Popen(
        [sys.executable, "-c", SERVER, *paths], stdout=subprocess.PIPE, text=True, env=environment
    )
    assert server.stdout is not None
    *ids, zygote, spare = server.stdout.readline().split()
    left = [worker_of(id) for id in ids] + [psutil.Process(int(pid)) for pid in (zygote, spare)]
    server.kill()
    server.wait()
    until(lambda: all(map(gone, left)), 3)
    found = Supervisor(lambda: CATALOG, Workers(spares=0, fork=False))
    assert [found.look(id).state for id in ids] == ["failed", "failed"]
    assert [found.look(id).output.text.strip() for id in ids] == ["ready", "ready"]


def test_workers_that_nobody_needs_end_and_come_back_when_they_are_needed(home: Path, tmp_path: Path) -> None:
    workers = Workers(spares=1, idle=1.0, fork=True)
    workers.warm()
    until(lambda: len(workers.pids) == 2)
    before = [psutil.Process(pid) for pid in workers.pids]
    until(lambda: all(map(gone, before)), 15)
    bench = Limited(tmp_path, Supervisor(lambda: CATALOG, workers))
    assert bench.run("value = 1")[1].state == "done"
    bench.supervisor.close()


@pytest.mark.parametrize(
    ("used", "code"),
    [
        pytest.param(Used(seconds=5.0), None, id="at the limit"),
        pytest.param(Used(seconds=5.1), "limit-seconds", id="time"),
        pytest.param(Used(memory=101), "limit-memory", id="memory"),
        pytest.param(Used(output=10**12), None, id="no limit"),
    ],
)
def test_the_first_limit_that_is_passed_is_told(used: Used, code: str | None) -> None:
    found = reached(Limits(seconds=5.0, memory=100), used)
    assert (found.code if found else None) == code


def test_limits_are_set_by_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FLOWCORE_LIMIT_SECONDS", "1.5")
    monkeypatch.setenv("FLOWCORE_LIMIT_MEMORY", "0")
    assert allowed() == Limits(seconds=1.5)
    assert allowed(hosted=True).parameters == 500_000_000
    assert (allowed(hosted=True).disk or 0) > 0
    assert (allowed().pause, allowed(hosted=True).pause) == (None, 1800)
    monkeypatch.setenv("FLOWCORE_LIMIT_PAUSE", "60")
    assert allowed().pause == 60
    monkeypatch.setenv("FLOWCORE_LIMIT_DISK", "2 GB")
    with pytest.raises(FlowError, match="FLOWCORE_LIMIT_DISK is '2 GB'; expected bytes as a number"):
        allowed()
