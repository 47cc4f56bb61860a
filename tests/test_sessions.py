"""Session workers as processes: what is kept, what is stopped, what dies, who may have one.

The nodes are scripts, as in `tests.test_runs`; each writes a line into a file when it runs.
"""

import os
import textwrap
import time
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import psutil
import pytest
from msgspec.structs import replace

from flowcore.dataflow.signature import signatures
from flowcore.model.descriptor import Catalog
from flowcore.model.frame import Limits
from flowcore.model.graph import Graph, Link, Node
from flowcore.model.preview import ManyPreview, NumberPreview, TextPreview
from flowcore.model.problem import FlowError
from flowcore.runs.sessions import Sessions
from flowcore.runs.talk import Look
from flowcore.runs.workers import Workers
from tests.test_runs import CATALOG, SCRIPT
from tests.watch import gone, until


class Bench:
    """Writes scripts as nodes, and evaluates them in sessions."""

    def __init__(self, folder: Path, sessions: Sessions) -> None:
        self.folder = folder
        self.sessions = sessions

    def graph(self, *scripts: str, id: str = "g") -> Graph:
        """A chain: what a script calls ``given`` comes to the next as its globals."""
        nodes = tuple(self.node(index, script) for index, script in enumerate(scripts, start=1))
        links = tuple(Link(one.id, "given", two.id, "init_globals") for one, two in pairwise(nodes))
        return Graph(id=id, nodes=nodes, links=links)

    def node(self, index: int, script: str) -> Node:
        path = self.folder / f"n{index}.py"
        note = f"open({str(self.folder / 'ran')!r}, 'a').write('n{index} ')"
        path.write_text(f"value = {index}\ngiven = {{}}\n{note}\n{textwrap.dedent(script)}\n")
        return Node(id=f"n{index}", type=SCRIPT.package, label=f"node {index}", args={"path_name": str(path)})

    def ran(self) -> list[str]:
        """What ran since this was asked for last."""
        path = self.folder / "ran"
        found = path.read_text().split() if path.exists() else []
        path.unlink(missing_ok=True)
        return found

    def start(self, graph: Graph, node: str, owner: str = "me") -> None:
        self.sessions.evaluate(graph, owner, node)

    def run(self, graph: Graph, node: str, owner: str = "me") -> Look:
        self.start(graph, node, owner)
        return self.over(graph, owner)

    def over(self, graph: Graph, owner: str = "me") -> Look:
        until(lambda: not self.sessions.look(graph.id, owner).busy)
        return self.sessions.look(graph.id, owner)

    def worker(self, graph: Graph, owner: str = "me") -> psutil.Process:
        talk = self.sessions._talks[graph.id, owner]
        return psutil.Process(until(lambda: talk._worker).pid)


@pytest.fixture(scope="module", params=["forked", "spawned"])
def workers(request: pytest.FixtureRequest) -> Iterator[Workers]:
    found = Workers(spares=0, fork=request.param == "forked")
    yield found
    found.close()


@pytest.fixture
def bench(home: Path, tmp_path: Path, workers: Workers) -> Iterator[Bench]:
    found = Bench(tmp_path, Sessions(lambda: CATALOG, workers))
    yield found
    found.sessions.close()


def test_values_are_kept_and_only_what_changed_runs_again(bench: Bench) -> None:
    graph = bench.graph("given = {'x': 1}", "given = {'x': x + 1}", "value = x * 10")
    look = bench.run(graph, "n2")
    assert look.run.state == "done", look.run.problem
    assert bench.ran() == ["n1", "n2"]
    assert look.answers["n2"].found.previews["given"] == ManyPreview(
        kind="dict", size=1, items={"x": NumberPreview(kind="int", value="2")}
    )
    assert bench.run(graph, "n3").answers["n3"].found.previews["value"] == NumberPreview(
        kind="int", value="20"
    )
    assert bench.ran() == ["n3"]
    assert bench.run(graph, "n1").answers["n1"].found.ran == ()
    assert bench.ran() == []


def test_a_file_that_changed_is_read_again_without_any_edit(bench: Bench) -> None:
    graph = bench.graph("given = {'x': 1}", "given = {'x': x + 1}", "value = x * 10")
    bench.run(graph, "n3")
    bench.ran()
    bench.node(2, "given = {'x': x + 5}")
    assert bench.run(graph, "n3").answers["n3"].found.previews["value"] == NumberPreview(
        kind="int", value="60"
    )
    assert bench.ran() == ["n2", "n3"]


def test_what_is_up_to_date_follows_the_edits(bench: Bench) -> None:
    graph = bench.graph("given = {'x': 1}", "given = {'x': x + 1}", "value = x * 10")
    look = bench.run(graph, "n3")
    assert look.fresh(signatures(graph, CATALOG)) == {"n1", "n2", "n3"}
    other = bench.folder / "other.py"
    nodes = (graph.nodes[0], replace(graph.nodes[1], args={"path_name": str(other)}), graph.nodes[2])
    edited = replace(graph, nodes=nodes)
    assert look.fresh(signatures(edited, CATALOG)) == {"n1"}
    assert [look.shapes[id]["value"] for id in ("n1", "n2", "n3")] == ["1", "2", "20"]


def test_what_a_deleted_node_has_left_is_collected_though_nothing_runs(bench: Bench) -> None:
    gone = bench.folder / "gone"
    circle = f"""
    class Circle:
        def __del__(self, open=open):
            open({str(gone)!r}, "w").close()
    given = {{"circle": Circle()}}
    given["circle"].me = given["circle"]
    """
    graph = bench.graph(circle)
    graph = replace(graph, nodes=(*graph.nodes, bench.node(2, "")))
    bench.run(graph, "n1")
    bench.run(graph, "n2")
    assert bench.run(graph, "n2").answers["n2"].found.ran == ()
    assert not gone.exists()
    assert bench.run(replace(graph, nodes=graph.nodes[1:]), "n2").answers["n2"].found.ran == ()
    until(gone.exists)


def test_a_node_that_fails_is_a_problem_with_its_output_and_what_ran_before_is_kept(bench: Bench) -> None:
    graph = bench.graph("given = {'x': 1}", "print('so far'); 1 / 0")
    look = bench.run(graph, "n2")
    assert look.run.state == "failed"
    assert look.run.problem is not None
    assert (look.run.problem.code, look.run.problem.nodes) == ("node-failed", ("n2",))
    assert "division by zero" in look.run.problem.message
    until(lambda: "so far" in bench.sessions.look("g", "me").run.output.text)
    assert look.fresh(signatures(graph, CATALOG)) == {"n1"}
    bench.ran()
    bench.run(graph, "n2")
    assert bench.ran() == ["n2"]


@pytest.mark.parametrize(
    ("script", "message"),
    [
        pytest.param("import os; os._exit(3)", "exit code 3", id="it exits"),
        pytest.param("import os; os.abort()", "SIGABRT", id="it aborts"),
        pytest.param("import os, signal; os.kill(os.getpid(), signal.SIGSEGV)", "SIGSEGV", id="it crashes"),
    ],
)
def test_a_worker_that_died_is_a_problem_and_the_next_request_starts_another(
    bench: Bench, script: str, message: str
) -> None:
    graph = bench.graph("value = 7", f"{script}")
    bench.run(graph, "n1")
    look = bench.run(graph, "n2")
    assert look.run.state == "failed"
    assert look.run.problem is not None
    assert message in look.run.problem.message
    assert "values are lost" in look.run.problem.hint
    assert look.known == {}
    bench.ran()
    again = bench.run(graph, "n1")
    assert again.answers["n1"].found.previews["value"] == NumberPreview(kind="int", value="7")
    assert bench.ran() == ["n1"]


def test_a_worker_that_was_killed_while_nobody_asked_is_replaced_unnoticed(bench: Bench) -> None:
    graph = bench.graph("value = 7")
    bench.run(graph, "n1")
    worker = bench.worker(graph)
    worker.kill()
    until(lambda: gone(worker))
    assert bench.run(graph, "n1").run.state == "done"
    assert bench.ran() == ["n1", "n1"]


def test_stop_ends_an_endless_loop_and_says_what_is_lost(bench: Bench) -> None:
    graph = bench.graph("print('ready')\nwhile True: pass")
    bench.start(graph, "n1")
    until(lambda: "ready" in bench.sessions.look("g", "me").run.output.text)
    worker = bench.worker(graph)
    began = time.monotonic()
    bench.sessions.stop("g", "me")
    look = bench.over(graph)
    assert time.monotonic() - began < 3
    assert look.run.state == "stopped"
    assert "values are lost" in look.run.output.text
    until(lambda: gone(worker))
    assert bench.run(bench.graph("value = 7"), "n1").run.state == "done"


def test_stop_that_comes_before_the_worker_has_begun_ends_it_all_the_same(bench: Bench) -> None:
    loop = bench.graph("given = {}", "print('loop')\nwhile True: pass")
    bench.run(loop, "n1")
    worker = bench.worker(loop)
    worker.suspend()
    bench.start(loop, "n2")
    bench.sessions.stop("g", "me")
    time.sleep(0.2)
    worker.resume()
    look = bench.over(loop)
    assert look.run.state == "stopped"
    assert "loop" not in look.run.output.text
    assert bench.run(loop, "n1").run.state == "done"


def test_stop_between_two_nodes_keeps_what_has_run(bench: Bench) -> None:
    graph = bench.graph("print('ready')\nimport time; time.sleep(0.4)", "value = 2")
    bench.start(graph, "n2")
    until(lambda: "ready" in bench.sessions.look("g", "me").run.output.text)
    bench.sessions.stop("g", "me")
    look = bench.over(graph)
    assert look.run.state == "stopped"
    assert look.fresh(signatures(graph, CATALOG)) == {"n1"}
    assert bench.ran() == ["n1"]
    assert bench.run(graph, "n2").run.state == "done"
    assert bench.ran() == ["n2"]


def test_one_request_at_a_time(bench: Bench) -> None:
    graph = bench.graph("print('ready')\nimport time; time.sleep(5)")
    bench.start(graph, "n1")
    with pytest.raises(FlowError, match="is being evaluated"):
        bench.start(graph, "n1")
    bench.sessions.stop("g", "me")
    bench.over(graph)


def test_browsers_and_graphs_do_not_share_values(bench: Bench) -> None:
    graph, other = bench.graph("value = 7"), bench.graph("value = 7", id="h")
    for one, owner in ((graph, "me"), (graph, "you"), (other, "me")):
        assert bench.run(one, "n1", owner).run.state == "done"
    assert bench.ran() == ["n1"] * 3
    pids = {bench.worker(graph).pid, bench.worker(graph, "you").pid, bench.worker(other).pid}
    assert len(pids) == 3
    assert bench.sessions.look("g", "nobody") == Look()


def test_of_too_many_the_one_that_was_not_asked_for_longest_ends(
    home: Path, tmp_path: Path, workers: Workers
) -> None:
    bench = Bench(tmp_path, Sessions(lambda: CATALOG, workers, most=2))
    graphs = [bench.graph("value = 7", id=id) for id in ("a", "b", "c")]
    processes = []
    for graph in graphs:
        bench.run(graph, "n1")
        processes.append(bench.worker(graph))
    until(lambda: gone(processes[0]))
    assert [gone(process) for process in processes[1:]] == [False, False]
    bench.sessions.close()
    until(lambda: all(gone(process) for process in processes))


def test_one_that_is_at_work_makes_room_for_nobody(home: Path, tmp_path: Path, workers: Workers) -> None:
    bench = Bench(tmp_path, Sessions(lambda: CATALOG, workers, most=1))
    graph = bench.graph("print('ready')\nimport time; time.sleep(20)", id="a")
    bench.start(graph, "n1")
    until(lambda: "ready" in bench.sessions.look("a", "me").run.output.text)
    with pytest.raises(FlowError, match=r"Your graphs .* as many as there may be at once: 1"):
        bench.start(bench.graph("value = 7", id="b"), "n1")
    with pytest.raises(FlowError, match=r"The graphs .* as many as there may be at once: 1"):
        bench.start(bench.graph("value = 7", id="b"), "n1", "them")
    process = bench.worker(graph)
    bench.sessions.close()
    until(lambda: gone(process))


def test_one_owner_has_no_more_sessions_than_his_share(home: Path, tmp_path: Path, workers: Workers) -> None:
    bench = Bench(tmp_path, Sessions(lambda: CATALOG, workers, most=4, each=2))
    theirs = bench.graph("value = 1", id="theirs")
    bench.run(theirs, "n1", "them")
    bystander = bench.worker(theirs, "them")
    first = bench.graph("value = 1", id="first")
    bench.run(first, "n1")
    oldest = bench.worker(first)
    busy = [bench.graph("print('ready')\nimport time; time.sleep(60)", id=id) for id in "ab"]
    for graph in busy:
        bench.start(graph, "n1")
    until(lambda: gone(oldest))
    with pytest.raises(FlowError, match=r"Your graphs .* as many as there may be at once: 2"):
        bench.start(bench.graph("value = 7", id="c"), "n1")
    assert not gone(bystander)
    assert bench.run(theirs, "n1", "them").run.state == "done"
    bench.sessions.close()


def test_a_session_that_nobody_asks_ends(home: Path, tmp_path: Path, workers: Workers) -> None:
    bench = Bench(tmp_path, Sessions(lambda: CATALOG, workers, idle=0.4))
    graph = bench.graph("value = 7")
    bench.start(graph, "n1")
    process = bench.worker(graph)
    until(lambda: gone(process))
    assert bench.sessions.look("g", "me") == Look()
    assert bench.run(graph, "n1").run.state == "done"
    bench.sessions.close()


def test_only_what_is_wrong_with_the_nodes_that_are_needed_keeps_them_from_running(bench: Bench) -> None:
    graph = bench.graph("given = {'x': 1}", "value = x")
    broken = replace(graph, nodes=(*graph.nodes, Node(id="bad", type="no.such", label="bad")))
    assert bench.run(broken, "n2").run.state == "done"
    with pytest.raises(FlowError, match=r"no\.such"):
        bench.start(broken, "bad")
    with pytest.raises(FlowError, match="no node 'gone'"):
        bench.start(broken, "gone")


def test_what_policy_forbids_is_refused_before_a_worker_starts(
    home: Path, tmp_path: Path, workers: Workers
) -> None:
    never = Catalog(nodes=(replace(SCRIPT, runs="never"),))
    bench = Bench(tmp_path, Sessions(lambda: never, workers))
    with pytest.raises(FlowError, match="never run here"):
        bench.start(bench.graph("value = 7"), "n1")
    assert bench.sessions._talks == {}
    assert bench.ran() == []


def test_a_preview_too_large_to_send_says_so(bench: Bench) -> None:
    graph = bench.graph("value = 'x' * 1_000_000")
    found = bench.run(graph, "n1").answers["n1"].found.previews["value"]
    assert isinstance(found, TextPreview)
    assert (len(found.text), found.length) == (4_000, 1_000_000)


def test_a_value_that_cannot_be_looked_at_is_told_and_kept(bench: Bench) -> None:
    graph = bench.graph(
        """
        class Shy:
            def __repr__(self):
                raise RuntimeError("not today")
        value = Shy()
        """
    )
    found = bench.run(graph, "n1").answers["n1"].found.previews["value"]
    assert isinstance(found, TextPreview)
    assert "not today" in found.text


def test_the_server_imports_nothing_of_what_is_looked_at(bench: Bench) -> None:
    graph = bench.graph("import colorsys\nvalue = colorsys", "import os\nvalue = os.getpid()")
    found = bench.run(graph, "n2").answers["n2"].found.previews["value"]
    assert isinstance(found, NumberPreview)
    assert found.value != str(os.getpid())


@pytest.mark.parametrize(
    ("script", "limits", "code"),
    [
        ("while True: pass", Limits(seconds=1), "limit-seconds"),
        (
            "import tempfile, time\n"
            "for _ in range(99): open(tempfile.mkstemp()[1], 'wb').write(b'1' * 2**20)\n"
            "time.sleep(60)",
            Limits(disk=20 << 20),
            "limit-disk",
        ),
    ],
    ids=["time", "disk"],
)
def test_a_limit_ends_the_worker_and_says_what_was_used(
    script: str, limits: Limits, code: str, home: Path, tmp_path: Path, workers: Workers
) -> None:
    sessions = Sessions(lambda: CATALOG, workers, limits)
    bench = Bench(tmp_path, sessions)
    look = bench.run(bench.graph("", script), "n2")
    assert look.run.state == "failed"
    assert look.run.problem
    assert (look.run.problem.code, look.run.problem.nodes) == (code, ("n2",))
    assert look.run.problem.hint.endswith("what you look at next is evaluated anew.")
    assert bench.run(bench.graph("value = 7"), "n1").run.state == "done"
    sessions.close()
