"""Runs in real worker processes.

The nodes are scripts in ``tmp_path``, run by `runpy.run_path`: the catalogue of the test describes
that one function of the standard library, so a worker starts in a fraction of a second.
"""

import os
import signal
import subprocess
import sys
import textwrap
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from copy import copy
from functools import reduce
from pathlib import Path

import msgspec
import psutil
import pytest

from flowcore.model import event as e
from flowcore.model.descriptor import Argument, Catalog, NodeDescriptor, Output
from flowcore.model.graph import Graph, Link, Node
from flowcore.model.problem import FlowError, Problem
from flowcore.model.run import Run, Settings, after
from flowcore.runs.queue import Queue
from flowcore.runs.supervisor import Supervisor
from flowcore.runs.workers import Workers
from flowcore.store import journal, runs
from tests.conftest import Kept
from tests.watch import gone, until

ANY = Argument(arg="init_globals", itype="dict", itypes=("dict", "any"), widget="port", conns=1)
SCRIPT = NodeDescriptor(
    name="run_path",
    package="runpy.run_path",
    kind="function",
    args=(Argument(arg="path_name", itype="string", required=True), ANY),
    outputs=(Output("value", "any"), Output("given", "dict")),
)
SUM = NodeDescriptor(
    name="fmean",
    package="statistics.fmean",
    kind="function",
    otype="float",
    args=(Argument(arg="data", itype="list", itypes=("list", "any"), widget="port", required=True),),
)
CATALOG = Catalog(nodes=(SCRIPT, SUM))


class Bench:
    """Writes scripts as nodes, and runs them."""

    def __init__(self, folder: Path, workers: Workers) -> None:
        self.folder = folder
        self.supervisor = Supervisor(lambda: CATALOG, workers, queue=Queue(total=4))
        self.heard: list[e.Event] = []

    def graph(self, *scripts: str) -> Graph:
        """A chain: what a script calls ``given`` comes to the next as its globals."""
        nodes, links = [], []
        for index, script in enumerate(scripts, start=1):
            path = self.folder / f"n{index}.py"
            path.write_text(f"value = {index}\ngiven = {{}}\n{textwrap.dedent(script)}\n")
            nodes.append(
                Node(
                    id=f"n{index}", type=SCRIPT.package, label=f"node {index}", args={"path_name": str(path)}
                )
            )
            if index > 1:
                links.append(Link(f"n{index - 1}", "given", f"n{index}", "init_globals"))
        return Graph(nodes=tuple(nodes), links=tuple(links))

    def start(self, *scripts: str) -> str:
        return self.supervisor.start(self.graph(*scripts), listener=self.heard.append)

    def run(self, *scripts: str) -> tuple[str, Run]:
        id = self.start(*scripts)
        run = self.supervisor.wait(id, 60)
        assert run.over, run
        return id, run

    def started(self, *scripts: str, word: str = "ready") -> str:
        """A run whose script has printed its word."""
        id = self.start(*scripts)
        until(lambda: word in self.supervisor.wait(id, 0).output.text)
        return id


def journalled(id: str) -> list[e.Event]:
    return journal.read(runs.folder(id) / journal.NAME)[0]


def worker_of(id: str) -> psutil.Process:
    trace = until(lambda: runs.traced(id))
    return psutil.Process(trace.pid)


@pytest.fixture(scope="module", params=["forked", "spawned"])
def workers(request: pytest.FixtureRequest) -> Iterator[Workers]:
    found = Kept(spares=0, fork=request.param == "forked")
    yield found
    Workers.close(found)


@contextmanager
def bystander(bench: Bench) -> Iterator[str]:
    """A run of the same supervisor that is under way while something else fails, and ends well."""
    other = copy(bench)
    other.folder, other.heard = bench.folder / "other", []
    other.folder.mkdir()
    go = other.folder / "go"
    id = other.started(f"{READY}import os\nwhile not os.path.exists({str(go)!r}): time.sleep(0.05)")
    yield id
    assert bench.supervisor.look(id).state == "running"
    go.touch()
    assert bench.supervisor.wait(id, 30).state == "done"


@pytest.fixture
def other(bench: Bench) -> Iterator[str]:
    with bystander(bench) as id:
        yield id


@pytest.fixture
def bench(home: Path, tmp_path: Path, workers: Workers) -> Iterator[Bench]:
    found = Bench(tmp_path, workers)
    yield found
    found.supervisor.close()


READY = "import time; print('ready', flush=True)\n"


def test_a_run_that_is_done_tells_each_step_in_order(bench: Bench) -> None:
    id, run = bench.run("given = {'x': 20}", "value = x + 1", "value = 3")
    assert run.state == "done"
    assert run.problem is None
    assert run.order == ("n1", "n2", "n3")
    assert run.nodes == {"n1": "done", "n2": "done", "n3": "done"}
    assert run.shapes["n2"]["value"] == "21"
    assert [type(event) for event in journalled(id) if not isinstance(event, e.Text)] == [
        e.Started,
        *[e.NodeState] * 6,
        e.Done,
    ]
    assert [(event.node, event.state) for event in journalled(id) if isinstance(event, e.NodeState)] == [
        (node, state) for node in ("n1", "n2", "n3") for state in ("running", "done")
    ]
    times = [event.at for event in journalled(id)]
    assert all(abs(at - time.time()) < 60 for at in times)
    assert run.started <= run.ended


def test_journal_listener_and_live_run_tell_the_same(bench: Bench) -> None:
    id, run = bench.run("import os\nfor i in range(200): print(i)\nos.system('echo child')", "print('end')")
    until(lambda: len(bench.heard) == len(journalled(id)))
    assert bench.heard == journalled(id)
    assert reduce(after, journalled(id), Run()) == run == bench.supervisor.look(id)
    row = runs.load(id)
    assert row is not None
    assert row.state == "done"


def test_a_graph_runs_in_the_order_of_its_links_and_hands_values_on(bench: Bench) -> None:
    graph = bench.graph("value = [1, 2, 6]")
    mean = Node(id="n2", type=SUM.package)
    graph = msgspec.structs.replace(
        graph, nodes=(mean, *graph.nodes), links=(Link("n1", "value", "n2", "data"),)
    )
    run = bench.supervisor.wait(bench.supervisor.start(graph), 30)
    assert run.order == ("n1", "n2")
    assert run.results == {"n2": {"value": 3.0}}
    assert run.shapes["n2"] == {"": "3.0"}


def test_a_failed_node_is_named_with_its_reason_and_what_came_in(bench: Bench) -> None:
    id, run = bench.run("given = {'x': 1}", "raise ValueError('Expected a 2, found 1')", "value = 3")
    assert run.state == "failed"
    assert run.nodes == {"n1": "done", "n2": "failed"}
    assert run.problem == Problem(
        "node-failed",
        "node 2 failed: Expected a 2, found 1 (ValueError).",
        "Change its arguments, or what comes in: dict from node 1.",
        ("n2",),
    )
    assert "Traceback" in run.output.text
    assert journalled(id)[-1] == e.Failed(at=run.ended, problem=run.problem)


def test_a_node_that_leaves_by_sys_exit_is_a_failed_node(bench: Bench) -> None:
    _, run = bench.run("import sys; sys.exit(3)")
    assert run.state == "failed"
    assert run.problem == Problem(
        "node-failed", "node 1 failed: 3 (SystemExit).", "Change the arguments of node 1.", ("n1",)
    )


def test_a_node_that_asks_for_a_missing_package_says_which(bench: Bench) -> None:
    _, run = bench.run("import a_package_that_nobody_has")
    assert run.problem is not None
    assert run.problem.message == (
        "node 1 failed: No module named 'a_package_that_nobody_has' (ModuleNotFoundError)."
    )


@pytest.mark.parametrize(
    ("script", "message", "hint"),
    [
        pytest.param(
            "import os; os._exit(7)",
            "The worker ended with exit code 7 before the graph was done.",
            "Something in the graph ended the process: its last output may tell what.",
            id="exit",
        ),
        pytest.param(
            "import os; os._exit(0)",
            "The worker ended with exit code 0 before the graph was done.",
            "Something in the graph ended the process: its last output may tell what.",
            id="exit without an error",
        ),
        pytest.param(
            "import os; os.abort()",
            "The worker was killed by SIGABRT.",
            "A compiled library gave up: its reason is at the end of the output.",
            id="abort",
        ),
        pytest.param(
            "import ctypes; ctypes.string_at(0)",
            "The worker was killed by SIGSEGV.",
            "A compiled library crashed: its trace is at the end of the output.",
            id="segmentation fault",
        ),
        pytest.param(
            "import os, signal; os.kill(os.getpid(), signal.SIGTERM); signal.pause()",
            "The worker was killed by SIGTERM.",
            "Somebody or something asked it to end: run it again.",
            id="terminated",
        ),
    ],
)
def test_a_worker_that_dies_ends_the_run_with_its_reason_and_its_last_output(
    bench: Bench, other: str, script: str, message: str, hint: str
) -> None:
    _, run = bench.run(f"print('last words', flush=True)\n{script}", "value = 2")
    assert run.state == "failed"
    assert run.problem == Problem("worker-died", message, hint, ("n1",))
    assert run.nodes == {"n1": "failed"}
    assert "last words" in run.output.text
    if "SIGSEGV" in message or "SIGABRT" in message:
        assert "n1.py" in run.output.text  # the trace of faulthandler


def test_a_killed_worker_fails_its_run_and_no_other(bench: Bench, other: str) -> None:
    id = bench.started(f"{READY}time.sleep(60)")
    worker_of(id).send_signal(signal.SIGKILL)
    run = bench.supervisor.wait(id, 10)
    assert run.state == "failed"
    assert run.problem == Problem(
        "worker-died",
        "The worker was killed by SIGKILL.",
        "The system does that when memory runs out: try a smaller batch or model.",
        ("n1",),
    )
    assert bench.run("value = 1")[1].state == "done"


def test_output_of_python_of_c_and_of_subprocesses_is_captured(bench: Bench) -> None:
    _, run = bench.run(
        """
        import ctypes, os, subprocess, sys, warnings
        print("python says")
        print("python complains", file=sys.stderr)
        os.write(1, b"a system call says\\n")
        libc = ctypes.CDLL(None)
        libc.puts(b"a library in C says")
        libc.fflush(None)
        os.system("echo a shell says")
        subprocess.run([sys.executable, "-c", "print('a subprocess says')"])
        print("Grüße, 数字, 🙂")
        """
    )
    assert run.output.text.splitlines() == [
        "python says",
        "python complains",
        "a system call says",
        "a library in C says",
        "a shell says",
        "a subprocess says",
        "Grüße, 数字, 🙂",
    ]


def test_what_is_printed_is_there_before_anything_else_is_printed(bench: Bench) -> None:
    id = bench.started(
        "import time\nprint('one', flush=True)\nprint('two', flush=True)\ntime.sleep(60)", word="two\n"
    )
    bench.supervisor.stop(id)


def test_what_is_printed_without_a_pause_keeps_its_letters_whole(bench: Bench) -> None:
    _, run = bench.run(
        """
        import os, time
        for byte in "aü🙂".encode():
            os.write(1, bytes([byte]))
            time.sleep(0.15)
        os.write(1, b"\\xff end")
        """
    )
    assert run.output.text == "aü🙂\ufffd end"


def test_a_node_reads_nothing_from_the_frames(bench: Bench) -> None:
    _, run = bench.run(
        "import sys, subprocess; print(repr(sys.stdin.read()), subprocess.run('cat').returncode)"
    )
    assert run.output.text == "'' 0\n"


def test_a_flood_of_output_does_not_stall_and_is_cut_with_both_ends_kept(bench: Bench, other: str) -> None:
    began = time.monotonic()
    id, run = bench.run(
        """
        import os
        print("FIRST LINE", flush=True)
        block = b"x" * 99 + b"\\n"
        for _ in range(1000):
            os.write(1, block * 1000)
        print("LAST LINE", flush=True)
        """
    )
    assert run.state == "done"
    assert time.monotonic() - began < 20
    assert run.output.head.startswith("FIRST LINE\n")
    assert run.output.tail.endswith("LAST LINE\n")
    kept = len(run.output.head) + len(run.output.tail)
    assert kept < 100_000
    assert kept + run.output.lost == 100_000_000 + len("FIRST LINE\nLAST LINE\n")
    assert (runs.folder(id) / journal.NAME).stat().st_size < 2 * journal.ROTATION


def test_a_run_that_sleeps_is_stopped_within_two_seconds(bench: Bench, other: str) -> None:
    id = bench.started(f"{READY}time.sleep(60)", "value = 2")
    worker, began = worker_of(id), time.monotonic()
    bench.supervisor.stop(id)
    bench.supervisor.stop(id)
    run = bench.supervisor.wait(id, 10)
    assert time.monotonic() - began < 2
    assert run.state == "stopped"
    assert run.problem is None
    assert run.nodes == {}
    assert gone(worker)
    events = [type(event) for event in journalled(id) if not isinstance(event, e.Text)]
    assert e.Stopping in events
    assert events[-1] is e.Stopped


def test_a_run_is_stopped_between_two_nodes_without_force(bench: Bench) -> None:
    id = bench.started(f"{READY}time.sleep(0.5)", "value = 2")
    bench.supervisor.stop(id)
    run = bench.supervisor.wait(id, 10)
    assert (run.state, run.nodes) == ("stopped", {"n1": "done"})


def test_stopping_a_run_that_is_over_changes_nothing(bench: Bench) -> None:
    id, run = bench.run("value = 1")
    before = journalled(id)
    bench.supervisor.stop(id)
    assert bench.supervisor.look(id) == run
    assert journalled(id) == before


def test_what_a_run_started_ends_with_it(bench: Bench) -> None:
    _, run = bench.run(
        """
        import subprocess
        value = subprocess.Popen(["sleep", "60"]).pid
        """
    )
    assert run.state == "done"
    child = int(run.shapes["n1"]["value"])
    until(lambda: gone(child), 2)


DAEMON = """
import os, subprocess
command = ["sleep", "60"]
null = subprocess.DEVNULL
daemon = subprocess.Popen(command, start_new_session=True, stdin=null, stdout=null)
value = daemon.pid
print("daemon", daemon.pid, flush=True)
"""


def daemon_of(run: Run) -> psutil.Process:
    return psutil.Process(int(run.output.text.split()[1]))


@pytest.mark.parametrize("how", ["done", "exit", "stop"])
def test_what_left_the_group_of_its_worker_ends_with_it_too(bench: Bench, how: str) -> None:
    if how == "exit" and not bench.supervisor.workers.pids:
        pytest.skip("the death of a worker without a zygote is seen by nobody who could")
    ends = {
        "done": "",
        "exit": "import time\ntime.sleep(0.5)\nos._exit(3)",
        "stop": "import time\ntime.sleep(60)",
    }
    id = bench.started(f"{DAEMON}{ends[how]}", word="\n")
    if how == "stop":
        bench.supervisor.stop(id)
    run = bench.supervisor.wait(id, 10)
    assert run.over
    with suppress(psutil.NoSuchProcess):
        until(lambda: gone(daemon_of(run)), 2)


@pytest.mark.parametrize("child", ["time.sleep(60)", "os.setsid(); time.sleep(20)"], ids=["in", "out of"])
def test_a_forked_child_that_lives_on_in_its_group_or_not_does_not_keep_a_dead_worker_running(
    bench: Bench, other: str, child: str
) -> None:
    began = time.monotonic()
    _, run = bench.run(f"import os, time\nif os.fork(): os._exit(5)\n{child}")
    assert run.problem is not None
    assert run.problem.message == "The worker ended with exit code 5 before the graph was done."
    assert time.monotonic() - began < 10


def test_a_node_that_closes_its_output_and_fails_still_tells_its_reason(bench: Bench) -> None:
    _, run = bench.run("import sys; sys.stdout.close(); sys.stderr.close(); raise ValueError('the reason')")
    assert run.problem is not None
    assert "the reason (ValueError)" in run.problem.message
    assert run.problem.nodes == ("n1",)


def test_several_runs_at_once_keep_apart(bench: Bench) -> None:
    ids = [bench.started(f"{READY}print('run', {index}); time.sleep(1)") for index in range(3)]
    found = [bench.supervisor.wait(id, 30) for id in ids]
    assert [run.output.text.splitlines()[1] for run in found] == ["run 0", "run 1", "run 2"]
    assert {run.state for run in found} == {"done"}


def test_a_graph_with_problems_does_not_run_and_all_of_them_are_raised(bench: Bench) -> None:
    graph = bench.graph("value = 1")
    nodes = (*graph.nodes, Node(id="a", type="gone.Thing"), Node(id="b", type=SCRIPT.package))
    with pytest.raises(FlowError) as caught:
        bench.supervisor.start(msgspec.structs.replace(graph, nodes=nodes))
    assert [problem.code for problem in caught.value.problems] == ["unknown-type", "missing-argument"]
    assert not (runs.db.home() / "runs").exists()


def test_a_listener_that_raises_does_not_hold_up_the_run(bench: Bench) -> None:
    def listen(event: e.Event) -> None:
        raise BrokenPipeError

    id = bench.supervisor.start(bench.graph("value = 1"), listener=listen)
    assert bench.supervisor.wait(id, 15).state == "done"


def test_a_listener_may_stop_the_run_that_it_hears(bench: Bench) -> None:
    ids: list[str] = []
    known = threading.Event()

    def listen(event: e.Event) -> None:
        if isinstance(event, e.Text):
            known.wait(10)
            bench.supervisor.stop(ids[0])

    ids.append(bench.supervisor.start(bench.graph(f"{READY}time.sleep(60)"), listener=listen))
    known.set()
    assert bench.supervisor.wait(ids[0], 15).state == "stopped"


@pytest.mark.parametrize(
    ("script", "shown"),
    [
        pytest.param("value = '\\ud800 lone'", "? lone", id="a lone surrogate"),
        pytest.param("value = []; value.append(value)", "[[[[…]]]]", id="a list that holds itself"),
        pytest.param("value = 10 ** 5000", "int", id="a number too long to print"),
        pytest.param(
            "class Odd:\n    shape = property(lambda self: 1 / 0)\nvalue = Odd()", "Odd", id="no shape"
        ),
        pytest.param(
            "class Odd:\n    def __getattr__(self, name): return self\nvalue = Odd()", "Odd", id="any"
        ),
    ],
)
def test_a_strange_value_is_shown_somehow_and_fails_nothing(bench: Bench, script: str, shown: str) -> None:
    _, run = bench.run(script, "value = 2")
    assert run.state == "done", run.problem
    assert run.shapes["n1"]["value"] == shown


def test_a_reason_that_is_no_text_is_told_somehow(bench: Bench) -> None:
    _, run = bench.run("raise ValueError('\\udce9')")
    assert run.problem is not None
    assert run.problem.message == "node 1 failed: ? (ValueError)."


def test_a_run_is_looked_at_from_another_supervisor(bench: Bench) -> None:
    id = bench.started(f"{READY}time.sleep(1)")
    other = Supervisor(lambda: CATALOG)
    assert other.look(id).state == "running"
    assert other.wait(id, 0).state == "running"
    other.stop(id)
    bench.supervisor.wait(id, 15)
    assert other.look(id) == bench.supervisor.look(id)
    assert other.look(id).state == "done"


def test_a_graph_with_an_id_that_no_document_may_have_fails_and_says_where(bench: Bench) -> None:
    node = msgspec.structs.replace(bench.graph("value = 1").nodes[0], id="of two words")
    run = bench.supervisor.wait(bench.supervisor.start(Graph(nodes=(node,))), 20)
    assert run.problem is not None
    assert "$.graph.nodes[0].id" in run.problem.message


def test_a_graph_that_another_server_runs_is_not_forgotten(bench: Bench) -> None:
    graph = msgspec.structs.replace(bench.graph(f"{READY}time.sleep(60)"), id="shared")
    id = bench.supervisor.start(graph)
    until(lambda: "ready" in bench.supervisor.look(id).output.text)
    other = Supervisor(lambda: CATALOG)
    with pytest.raises(FlowError, match="Another server runs this graph"):
        other.forget("shared")
    assert bench.supervisor.look(id).state == "running"
    bench.supervisor.stop(id)
    bench.supervisor.wait(id, 10)
    other.forget("shared")
    assert not runs.exists(id)


@pytest.mark.parametrize(
    "settings",
    [Settings(seed=-1), Settings(seed=1 << 32), Settings(steps_per_execution=0)],
    ids=["a seed below zero", "a seed too large", "no steps"],
)
def test_settings_that_nothing_can_be_made_of_are_refused(bench: Bench, settings: Settings) -> None:
    with pytest.raises(FlowError) as caught:
        bench.supervisor.start(bench.graph("value = 1"), settings=settings)
    assert [problem.code for problem in caught.value.problems] == ["bad-setting"]


@pytest.mark.parametrize("id", ["../../etc/passwd", "", "x" * 22])
def test_there_is_no_run_by_that_id(bench: Bench, id: str) -> None:
    with pytest.raises(FlowError) as caught:
        bench.supervisor.look(id)
    assert [problem.code for problem in caught.value.problems] == ["no-run"]


PATHS = {"PYTHONPATH": str(Path(__file__).parent.parent)}
SERVER = """
import signal, sys, time
signal.signal(signal.SIGINT, signal.default_int_handler)  # ignored in what a shell starts behind itself
from flowcore.runs.queue import Queue
from flowcore.runs.supervisor import Supervisor
from tests.test_runs import CATALOG
from flowcore.dataflow.document import read
supervisor = Supervisor(lambda: CATALOG)
print(supervisor.start(read(open(sys.argv[1], "rb").read())), flush=True)
time.sleep(60)
"""


def _server(bench: Bench, script: str) -> tuple["subprocess.Popen[str]", str]:
    """Another process that runs a graph, as a server does."""
    path = bench.folder / "graph.json"
    path.write_bytes(msgspec.json.encode(bench.graph(script)))
    process = subprocess.Popen(
        [sys.executable, "-c", SERVER, str(path)],
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, **PATHS},
    )
    assert process.stdout is not None
    return process, process.stdout.readline().strip()


def test_a_run_whose_server_was_killed_is_closed_with_its_last_output_and_its_worker_is_gone(
    bench: Bench,
) -> None:
    server, id = _server(bench, "import time; print('so far', flush=True); time.sleep(60)")
    until(lambda: "so far\n" in bench.supervisor.look(id).output.text)
    worker = worker_of(id)
    assert bench.supervisor.look(id).state == "running"
    server.kill()
    server.wait()
    until(lambda: gone(worker), 3)
    run = until(lambda: (found := bench.supervisor.look(id)).over and found, 3)
    assert run.state == "failed"
    assert run.problem == Problem(
        "server-gone",
        f"The process that ran {id[:6]} ended while it was running.",
        "Run it again; what it had recorded until then is kept.",
    )
    assert run.nodes == {"n1": "failed"}
    assert run.output.text == "so far\n"
    assert runs.unfinished() == ()
    assert Supervisor(lambda: CATALOG).look(id) == run


def test_a_worker_that_computes_without_pause_is_gone_too_at_the_next_start(bench: Bench) -> None:
    # One call into C that keeps the interpreter's lock: the thread that watches cannot run.
    server, id = _server(bench, "print('busy', flush=True); sum(range(10 ** 12))")
    until(lambda: bench.supervisor.look(id).nodes and "busy" in bench.supervisor.look(id).output.text)
    worker = worker_of(id)
    server.kill()
    server.wait()
    Supervisor(lambda: CATALOG)
    until(lambda: gone(worker), 3)
    assert bench.supervisor.look(id).state == "failed"


def test_a_server_that_ends_in_order_takes_its_workers_along(bench: Bench) -> None:
    server, id = _server(bench, "import time; print('so far', flush=True); time.sleep(60)")
    until(lambda: "so far\n" in bench.supervisor.look(id).output.text)
    worker = worker_of(id)
    server.send_signal(signal.SIGINT)
    server.wait(60)
    assert gone(worker)
    assert bench.supervisor.look(id).state == "stopped"


def test_a_pid_that_means_another_process_by_now_is_left_alone(bench: Bench) -> None:
    bystander = subprocess.Popen(["sleep", "60"], start_new_session=True)
    try:
        id = runs.create(Graph(), "", Settings())
        log = journal.Journal(runs.folder(id))
        log.append(e.Started(at=1.0, pid=bystander.pid, seed=0, order=(), versions={}))
        log.close()
        runs.trace(id, runs.WorkerTrace(bystander.pid, 1.0))
        assert bench.supervisor.look(id).state == "failed"
        assert bystander.poll() is None
    finally:
        bystander.kill()
        bystander.wait()


def test_nothing_of_keras_is_imported_where_runs_are_started() -> None:
    code = "import sys, tests.test_runs, flowcore.api; print(*sys.modules)"
    found = subprocess.check_output(
        [sys.executable, "-c", code], text=True, env={**os.environ, **PATHS}
    ).split()
    assert "flowcore.runs.engine" in found
    assert {"tensorflow", "keras", "flowcore.worker", "sklearn", "streamlit"} & set(found) == set()
