"""Where a run runs. LocalEngine spawns a worker process for each; others fit the same interface."""

import codecs
import os
import select
import threading
import time
import traceback
from collections.abc import Callable
from typing import Final, Protocol

import msgspec
from filelock import FileLock
from sqlalchemy.exc import SQLAlchemyError

from flowcore.model import event as e
from flowcore.model.descriptor import Catalog
from flowcore.model.frame import RunRequest, Stop
from flowcore.model.graph import Graph, types
from flowcore.model.problem import Problem
from flowcore.model.run import Run, after
from flowcore.runs.endings import ending
from flowcore.runs.process import WorkerProcess
from flowcore.store import runs
from flowcore.store.journal import Journal

GRACE: Final = 1.0
BEAT: Final = 0.1
BLOCK: Final = 64 * 1024
_decoder = msgspec.json.Decoder(e.Event)
Listener = Callable[[e.Event], None]


class RunHandle(Protocol):
    """A run that is under way. Its events are in its journal."""

    run_id: str

    def stop(self) -> None:
        """Ask the run to end; it is ended by force if it does not within GRACE seconds."""

    def wait(self, timeout: float | None = None) -> Run:
        """The run once it is over, or as it is after timeout seconds."""


class Engine(Protocol):
    """Starts runs."""

    def start(
        self, graph: Graph, run_id: str, seed: int = 0, listener: Listener | None = None
    ) -> RunHandle: ...


class LocalEngine:
    """One spawned worker process for each run, on this machine."""

    def __init__(self, catalog: Callable[[], Catalog]) -> None:
        self._catalog = catalog

    def start(self, graph: Graph, run_id: str, seed: int = 0, listener: Listener | None = None) -> "LocalRun":
        """Start the worker and hand it the graph, with the descriptors that it names and no others."""
        folder = str(runs.folder(run_id))
        request = RunRequest(graph, self._catalog().only(types(graph)), seed, folder)
        return LocalRun(run_id, request, listener)


class LocalRun:
    """The supervisor's side of one worker: reads its pipes into the journal and says how it ended."""

    def __init__(self, run_id: str, request: RunRequest, listener: Listener | None) -> None:
        self.run_id = run_id
        self.graph = request.graph.id
        self._run = Run()
        self._over = threading.Event()
        self._stopping = False
        self._lock = threading.RLock()  # a listener may stop the run that it hears of
        self._listener = listener
        self._owner: FileLock | None = runs.own(run_id, GRACE)
        self._journal = Journal(runs.folder(run_id))
        self._worker = WorkerProcess("run")
        runs.trace(run_id, self._worker.trace)
        self._worker.send(request)
        self._printing = threading.Thread(target=self._read_output, name=f"output {run_id}", daemon=True)
        self._printing.start()
        threading.Thread(target=self._read_events, name=f"events {run_id}", daemon=True).start()
        threading.Thread(target=self._reap, name=f"reap {run_id}", daemon=True).start()

    def stop(self) -> None:
        if self._over.is_set() or self._stopping:
            return
        self._stopping = True
        self._happened(e.Stopping(at=time.time()))
        self._worker.send(Stop())
        threading.Thread(target=self._insist, name=f"stop {self.run_id}", daemon=True).start()

    def kill(self) -> None:
        """End the worker without asking."""
        self._stopping = True
        self._worker.kill()

    def wait(self, timeout: float | None = None) -> Run:
        self._over.wait(timeout)
        return self._run

    def _insist(self) -> None:
        if self._worker.wait(GRACE) is None:
            self._worker.kill()

    def _reap(self) -> None:
        """Nothing that a worker started outlives it, or its pipes would stay open."""
        self._worker.wait()
        self._worker.kill()

    def _read_events(self) -> None:
        last: e.Event | None = None
        try:
            last = self._relay()
        finally:  # a full disk, say: the run ends all the same, and frees what it holds
            self._finish(last)

    def _relay(self) -> e.Event | None:
        """Every event into the journal; the worker's last word comes back."""
        for line in self._worker.events:
            try:
                event = _decoder.decode(line)
            except msgspec.MsgspecError:
                continue  # the worker died in the middle of a line
            if isinstance(event, e.END):
                return event  # output that is still on its way belongs before the end
            self._happened(event)
        return None

    def _finish(self, last: e.Event | None) -> None:
        code = self._worker.wait(GRACE)
        if code is None:
            self._worker.kill()
            code = self._worker.wait()
        self._printing.join(GRACE)
        running = tuple(node for node, state in self._run.nodes.items() if state == "running")
        end = ending(last, code or 0, self._stopping, running)
        try:
            self._happened(end)
        finally:
            self._run = after(self._run, end)
            self._journal.close()
            self._worker.close()
            if self._owner is not None:
                self._owner.release()
            self._over.set()

    def _read_output(self) -> None:
        """One event a beat, whatever is printed: a flood must not drown the journal."""
        block, lost, due = b"", 0, 0.0
        letters = codecs.getincrementaldecoder("utf-8")("replace")
        with self._worker.output as pipe:
            while (chunk := _read(pipe.fileno(), due if block else None)) != b"":
                block += chunk or b""
                now = time.monotonic()
                begins = not self._run.output.tail  # the beginning is kept whole
                if now >= due or (begins and len(block) > BLOCK):
                    self._print(letters.decode(block), lost)
                    block, lost, due = b"", 0, now + BEAT
                elif len(block) > BLOCK:
                    lost += len(block) - BLOCK
                    block = block[-BLOCK:]
        self._print(letters.decode(block, final=True), lost)

    def _print(self, text: str, lost: int) -> None:
        if text or lost:
            self._happened(e.Text(at=time.time(), text=text, lost=lost))

    def _happened(self, event: e.Event) -> None:
        with self._lock:
            if self._run.over:
                return
            self._journal.append(event)
            self._run = after(self._run, event)
            try:
                _index(self.run_id, event, self._run)
            except SQLAlchemyError:  # an index that is behind is put right when the run is next looked for
                traceback.print_exc()
            self._tell(event)

    def _tell(self, event: e.Event) -> None:
        """A listener that raises hears no more; the run goes on."""
        if self._listener is None:
            return
        try:
            self._listener(event)
        except Exception:  # it is somebody else's code, and the run must not wait for it
            self._listener = None
            traceback.print_exc()


def orphaned(run_id: str) -> Problem:
    """What is to be said of a run whose server died."""
    return Problem(
        "server-gone",
        f"The process that ran {run_id[:6]} ended while it was running.",
        "Run it again; what it had recorded until then is kept.",
    )


def _index(run_id: str, event: e.Event, run: Run) -> None:
    """The database follows at the changes that a list of runs shows."""
    if isinstance(event, e.Epoch | e.Result):
        runs.note(run_id, run.state, event.metrics)
    elif isinstance(event, e.Started | e.Stopping | e.Stopped | e.Failed | e.Done):
        runs.note(run_id, run.state)


def _read(descriptor: int, due: float | None) -> bytes | None:
    """What has been printed, b"" at the end of the pipe; None if nothing comes until due."""
    pipe = select.poll()
    pipe.register(descriptor, select.POLLIN)
    if not pipe.poll(None if due is None else max(0.0, due - time.monotonic()) * 1000):
        return None
    try:
        return os.read(descriptor, BLOCK)
    except OSError:
        return b""
