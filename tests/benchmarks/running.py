"""Running: how soon a run trains, what a waiting worker costs, how soon a stopped one is gone.

Arms that are compared are measured in turn, in one run; figures are medians of 5.
"""

import os
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path
from statistics import median

import psutil

from flowcore import api
from flowcore.dataflow import plan as plans
from flowcore.model import event as e
from flowcore.model.graph import Graph
from flowcore.runs.supervisor import Supervisor
from flowcore.runs.workers import Workers
from tests.test_runs import Bench

ROUNDS = 5
SCRIPT = Path(__file__).parents[1] / "scripts" / "digits_cnn.py"
# The same training by hand, which says when its first batch is done and ends.
FIRST_BATCH = """
import os, runpy, sys
import keras
class Tell(keras.callbacks.Callback):
    def on_train_batch_end(self, batch, logs=None):
        print("batch", flush=True)
        os._exit(0)
fit = keras.Model.fit
keras.Model.fit = lambda self, *args, **given: fit(self, *args, **{**given, "callbacks": [Tell()]})
script, sys.argv = sys.argv[1], ["", "0"]
runpy.run_path(script, run_name="__main__")
"""

SPAWNED = """
import sys
from flowcore.worker.warm import warm_up
from flowcore.worker.zygote import preload
preload()
warm_up()
print("ready", flush=True)
sys.stdin.read()
"""


def main() -> None:
    os.environ["FLOWCORE_HOME"] = tempfile.mkdtemp(prefix="flowcore-bench-")
    catalog = api.catalog()
    graph = plans.program(api.load(api.examples()["digits_cnn"]), catalog)
    supervisor = Supervisor(lambda: catalog, Workers(fork=True))
    _first_batch(supervisor, graph)
    _stopping(supervisor, graph)
    supervisor.close()
    _memory()


def _first_batch(supervisor: Supervisor, graph: Graph) -> None:
    warm, script, floor = [], [], []
    for _ in range(ROUNDS):
        supervisor.workers.warm()
        rested(supervisor.workers)
        warm.append(_until_batch(supervisor, graph))
        script.append(_seconds([sys.executable, "-c", FIRST_BATCH, str(SCRIPT)]))
        floor.append(_seconds([sys.executable, "-c", FIRST_BATCH, str(SCRIPT)]))
    print(
        f"start -> first batch, digits CNN: warm worker {median(warm):.2f} s, script {median(script):.2f} s"
    )
    print(f"  ratio {median(warm) / median(script):.3f} (floor {median(floor) / median(script):.2f})")


def _until_batch(supervisor: Supervisor, graph: Graph) -> float:
    first = threading.Event()
    began = time.perf_counter()
    id = supervisor.start(graph, listener=lambda event: first.set() if isinstance(event, e.Batch) else None)
    assert first.wait(120)
    passed = time.perf_counter() - began
    supervisor.stop(id)
    supervisor.wait(id, 10)
    return passed


def _stopping(supervisor: Supervisor, graph: Graph) -> None:
    training = []
    for _ in range(ROUNDS):
        first = threading.Event()

        def hear(event: e.Event, first: threading.Event = first) -> None:
            if isinstance(event, e.Epoch):
                first.set()

        id = supervisor.start(graph, listener=hear)
        assert first.wait(120)
        training.append(_stopped(supervisor, id))
    with tempfile.TemporaryDirectory() as folder:
        bench = Bench(Path(folder), supervisor.workers)
        loop = [
            _stopped(bench.supervisor, bench.started("print('ready', flush=True)\nwhile True: pass"))
            for _ in range(ROUNDS)
        ]
    print(
        f"stop -> worker gone: in training {median(training):.2f} s, in an endless loop {median(loop):.2f} s"
    )


def _stopped(supervisor: Supervisor, id: str) -> float:
    began = time.perf_counter()
    supervisor.stop(id)
    assert supervisor.wait(id, 20).state == "stopped"
    return time.perf_counter() - began


def _memory() -> None:
    """What one more warm worker adds to the sum of proportional set sizes, forked and started by itself."""
    pairs = [(_forked(), _spawned()) for _ in range(ROUNDS)]
    forked, spawned = (median(found) for found in zip(*pairs, strict=True))
    print("memory of a further warm worker")
    print(f"  forked {forked / 1e6:.0f} MB, started by itself {spawned / 1e6:.0f} MB")
    print(f"  ratio {forked / spawned:.2f}")


def _forked() -> int:
    workers = Workers(spares=1, fork=True)
    workers.warm()
    rested(workers)
    before = _sum(workers.pids)
    taken = workers.take("run")
    rested(workers)
    found = _sum((*workers.pids, taken.pid)) - before
    taken.kill()
    workers.close()
    return found


def _spawned() -> int:
    spawned = [subprocess.Popen([sys.executable, "-c", SPAWNED], stdout=subprocess.PIPE) for _ in range(2)]
    for process in spawned:
        assert process.stdout is not None
        process.stdout.readline()
    both = _sum(tuple(process.pid for process in spawned))
    spawned.pop().kill()
    time.sleep(1)
    alone = _sum((spawned[0].pid,))
    spawned[0].kill()
    return both - alone


def rested(workers: Workers) -> None:
    """Wait until the spares are there and have done their warming up."""
    idle = 0
    before = -1.0
    while idle < 5:
        time.sleep(0.3)
        now = sum(sum(psutil.Process(pid).cpu_times()[:2]) for pid in workers.pids)
        whole = len(workers.pids) >= len(workers._zygotes) * (1 + workers.spares)
        idle = idle + 1 if now - before < 0.03 and whole else 0
        before = now


def _sum(pids: tuple[int, ...]) -> int:
    return sum(psutil.Process(pid).memory_full_info().pss for pid in pids)


def _seconds(command: list[str]) -> float:
    began = time.perf_counter()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    return time.perf_counter() - began


if __name__ == "__main__":
    main()
