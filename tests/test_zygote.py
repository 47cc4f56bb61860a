"""Zygotes that are hard to start, die early, answer late or never: runs go on, each is replaced in time."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from itertools import pairwise
from pathlib import Path

import psutil
import pytest

from flowcore.model.problem import FlowError
from flowcore.runs import workers as pool
from flowcore.runs import zygote as zygotes
from flowcore.runs.process import WorkerProcess
from flowcore.runs.workers import Workers
from flowcore.runs.zygote import ForkedChild
from tests.watch import until


@pytest.fixture
def made(home: Path) -> Iterator[Callable[..., Workers]]:
    """Makes workers that are ended after the test."""
    found: list[Workers] = []

    def make(**more: float) -> Workers:
        found.append(Workers(**{"spares": 0, "fork": True} | more))  # type: ignore[arg-type]
        return found[-1]

    yield make
    for workers in found:
        workers.close()


def forked(worker: WorkerProcess) -> bool:
    return isinstance(worker._process, ForkedChild)


def finish(worker: WorkerProcess) -> None:
    worker.kill()
    worker.output.close()
    worker.close()


def without_imports(monkeypatch: pytest.MonkeyPatch, folder: Path, keras: str = "") -> None:
    """Zygotes whose Keras is a file of one line, ready in a moment: those of a worker are its own affair."""
    for name in ("keras", "pandas", "sklearn", "tensorflow"):
        (folder / f"{name}.py").write_text(keras)
    monkeypatch.setenv("PYTHONPATH", f"{folder}{os.pathsep}{Path(__file__).parent.parent}")


FIRST = """
from flowcore.runs.workers import Workers
workers = Workers(spares=0, fork=True)
worker = workers.take("run")
print(type(worker._process).__name__)
worker.kill()
workers.close()
"""


def test_a_server_that_is_the_first_process_of_its_container_has_a_zygote(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    without_imports(monkeypatch, tmp_path)
    alone = ["unshare", "--pid", "--fork", "--mount-proc"]
    try:
        subprocess.run([*alone, "true"], check=True, capture_output=True)
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("Only root may make a process the first of its container.")
    found = subprocess.run([*alone, sys.executable, "-c", FIRST], capture_output=True, text=True, timeout=60)
    assert found.stdout == "ForkedChild\n", found.stderr


def test_a_zygote_that_dies_before_it_is_ready_is_tried_again_less_and_less_often(
    made: Callable[..., Workers], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    python, tries = sys.executable, tmp_path / "tries"
    broken = tmp_path / "python"
    broken.write_text(f"#!/bin/sh\ndate +%s.%N >> {tries}\nexit 1\n")
    broken.chmod(0o755)
    without_imports(monkeypatch, tmp_path)
    monkeypatch.setattr(pool, "PAUSE", 1.0)
    monkeypatch.setattr(pool, "LONGEST", 2.0)
    monkeypatch.setattr(sys, "executable", str(broken))
    workers = made()
    workers.warm()
    times = until(lambda: tries.exists() and len(found := tries.read_text().split()) == 4 and found, 20)
    monkeypatch.setattr(sys, "executable", python)
    began = time.monotonic()
    worker = workers.take("run")
    assert time.monotonic() - began < 1
    assert not forked(worker)
    finish(worker)
    pauses = [float(later) - float(earlier) for earlier, later in pairwise(times)]
    assert [pause >= least for pause, least in zip(pauses, (1, 2, 2), strict=True)] == [True] * 3, pauses
    assert pauses[-1] < 4
    until(lambda: len(workers.pids) == 1, 10)  # this one can be started
    worker = workers.take("run")
    assert forked(worker)
    finish(worker)


def test_a_zygote_that_cannot_be_started_says_so_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "executable", "/nowhere")
    found = zygotes.Zygote("tensorflow")
    assert found.gone.wait(5)
    with pytest.raises(FlowError, match="is gone"):
        WorkerProcess("run", source=found.fork)


def test_a_zygote_that_is_never_ready_does_not_keep_the_pool_awake(
    made: Callable[..., Workers], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "executable", "/bin/false")
    monkeypatch.setattr(pool, "PAUSE", 0.1)
    monkeypatch.setattr(pool, "LONGEST", 0.1)
    workers = made(idle=1.0)
    workers.warm()
    assert workers._keeper is not None
    until(lambda: workers._keeper is None, 15)


def test_a_zygote_that_does_not_answer_is_replaced_and_its_workers_go_on(
    made: Callable[..., Workers], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    without_imports(monkeypatch, tmp_path)
    monkeypatch.setattr(zygotes, "ANSWER", 0.5)
    workers = made()
    first = workers.take("run")
    (old,) = workers.pids
    os.kill(old, signal.SIGSTOP)
    second = workers.take("run")
    assert forked(second)
    assert psutil.Process(second.pid).ppid() not in (old, os.getpid())
    assert old not in workers.pids
    until(lambda: not psutil.pid_exists(old), 5)
    assert first.wait(0) is None
    finish(first)
    finish(second)


def test_a_zygote_that_never_comes_to_its_end_of_imports_is_replaced(
    made: Callable[..., Workers], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    without_imports(monkeypatch, tmp_path, "import time; time.sleep(600)")
    monkeypatch.setattr(zygotes, "START", 1.0)
    workers = made()
    worker = workers.take("run")
    assert not forked(worker)
    stuck = workers._zygotes["tensorflow"].pid
    until(lambda: not psutil.pid_exists(stuck), 5)
    finish(worker)


def test_how_a_worker_ended_is_known_even_if_its_zygote_takes_its_time(
    made: Callable[..., Workers], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    without_imports(monkeypatch, tmp_path)
    workers = made()
    worker = workers.take("run")
    (zygote,) = workers.pids
    os.kill(zygote, signal.SIGSTOP)
    os.kill(worker.pid, signal.SIGSEGV)
    threading.Timer(1.5, os.kill, (zygote, signal.SIGCONT)).start()
    assert worker.wait() == -signal.SIGSEGV
    finish(worker)


def test_each_back_end_in_use_has_spares_of_its_own(made: Callable[..., Workers]) -> None:
    workers = made(spares=1)
    workers.warm()
    spare = until(lambda: list(workers._waiting))[0]
    first = workers.take("run", backend="jax")
    assert first.backend == "jax"
    assert spare.wait(0) is None
    other = until(lambda: [one for one in workers._waiting if one.backend == "jax"])[0]
    assert workers.take("run") is spare
    assert workers.take("run", backend="jax") is other
    for worker in (first, spare, other):
        finish(worker)


LAST = Path("/proc/sys/kernel/ns_last_pid")


def reborn(pid: int) -> subprocess.Popen[bytes]:
    """Another process, with a group of its own, that has the number of one that is gone."""
    for _ in range(50):
        try:
            LAST.write_text(str(pid - 1))
        except OSError:
            pytest.skip("Only root may choose the number of a process.")
        found = subprocess.Popen(["sleep", "60"], start_new_session=True)
        if found.pid == pid:
            return found
        found.kill()
        found.wait()
    pytest.skip("Others took the number.")


@pytest.mark.parametrize("fork", [True, False], ids=["forked", "spawned"])
def test_the_number_of_a_worker_that_is_gone_means_nobody(
    made: Callable[..., Workers], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fork: bool
) -> None:
    without_imports(monkeypatch, tmp_path)
    worker = made(fork=fork).take("run")
    assert forked(worker) == fork
    os.kill(worker.pid, signal.SIGKILL)
    if not fork:  # it keeps its number until somebody waits for it
        worker.wait()
    until(lambda: not psutil.pid_exists(worker.pid))
    other = reborn(worker.pid)
    finish(worker)
    assert worker.wait() == -signal.SIGKILL
    with pytest.raises(subprocess.TimeoutExpired):
        other.wait(0.3)
    other.kill()
    other.wait()
