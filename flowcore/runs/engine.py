"""One run on this machine: its worker's pipes into its journal, its limits, and how it ended."""

import contextlib
import threading
import time
import traceback
from collections.abc import Callable
from queue import SimpleQueue
from typing import Final

import msgspec
import psutil
from filelock import FileLock
from sqlalchemy.exc import SQLAlchemyError

from flowcore.model import event as e
from flowcore.model.frame import Pause, Resume, RunRequest, Stop
from flowcore.model.problem import FlowError, Problem
from flowcore.model.run import Run, Settings, after
from flowcore.runs import limits
from flowcore.runs.endings import ending, full, not_started
from flowcore.runs.printed import BEAT, Printed
from flowcore.runs.process import WorkerProcess
from flowcore.runs.workers import Workers
from flowcore.store import runs
from flowcore.store.journal import Journal

GRACE: Final = 1.5
PATIENCE: Final = 5.0
_STATES: Final = (e.Queued, e.Started, e.Pausing, e.Paused, e.Resumed, e.Stopping, *e.END)
_decoder = msgspec.json.Decoder(e.Event)
Listener = Callable[[e.Event], None]


class LocalRun:
    """The supervisor's side of one run. Threads may share it.

    It waits until `begin`. ended(run) is called once it is over, in a thread of the run's own.
    """

    def __init__(
        self,
        run_id: str,
        owner: str,
        request: RunRequest,
        settings: Settings,
        workers: Workers,
        listener: Listener | None,
        ended: Callable[["LocalRun"], None],
    ) -> None:
        self.run_id = run_id
        self.owner = owner
        self.graph = request.graph.id
        self._request, self._settings, self._workers = request, settings, workers
        self._ended = ended
        self._run = Run()
        self._over = threading.Event()
        self._stopping = threading.Event()
        self._lock = threading.RLock()
        self._owner: FileLock | None = runs.own(run_id, GRACE)
        self._journal = Journal(runs.folder(run_id))
        self._worker: WorkerProcess | None = None
        self._begun = self._holds = False
        self._verdict: Problem | None = None
        self._heard: SimpleQueue[e.Event | None] = SimpleQueue()
        self._hearing = self._thread(_hear, self._heard, listener) if listener else None

    def queue(self, place: int) -> None:
        """Tell which place in the queue the run has now, from 1."""
        if self._run.place != place:
            self._happened(e.Queued(at=time.time(), place=place))

    def begin(self) -> bool:
        """Start the worker and hand it the graph; returns at once, False if the run was stopped before."""
        with self._lock:
            if self._begun:
                return False
            self._begun = True
        self._thread(self._live)
        return True

    def stop(self) -> None:
        """Ask the run to end; it is ended by force if it does not within GRACE seconds."""
        with self._lock:
            if self._over.is_set() or self._stopping.is_set():
                return
            self._stopping.set()
            waits, self._begun = not self._begun, True
        self._happened(e.Stopping(at=time.time()))
        if waits:
            self._thread(self._finish, None)
        elif self._worker is not None:
            self._insist(self._worker)

    def pause(self) -> None:
        """Ask the run to hold at the end of its batch or node, as soon as it runs."""
        with self._lock:
            self._holds = self._run.state in ("waiting", "queued")
        if self._run.state == "running" and self._worker is not None:
            self._happened(e.Pausing(at=time.time()))
            self._worker.send(Pause())

    def resume(self) -> None:
        """Let a run that holds, or that was asked to, go on."""
        self._holds = False
        if self._run.state in ("pausing", "paused") and self._worker is not None:
            if self._run.state == "pausing":
                self._happened(e.Resumed(at=time.time()))
            self._worker.send(Resume())

    def kill(self) -> None:
        """End the run without asking."""
        if self._worker is None:
            self.stop()
        else:
            self._stopping.set()
            self._worker.kill()

    def wait(self, timeout: float | None = None) -> Run:
        """The run once it is over, or as it is after timeout seconds."""
        self._over.wait(timeout)
        if timeout is None and self._hearing not in (None, threading.current_thread()):
            self._hearing.join(PATIENCE)  # what it prints belongs before what the caller prints
        return self._run

    def settle(self) -> bool:
        """Whether the end is in the journal; it is written now where the disk was full before."""
        if not self._over.is_set():
            return False
        if self._verdict is None or self._verdict.code != "disk-full":
            return True
        try:
            journal = Journal(runs.folder(self.run_id))
            journal.append(e.Failed(at=self._run.ended, problem=self._run.problem or self._verdict))
            journal.close()
            runs.note(self.run_id, "failed")
        except (OSError, FlowError, SQLAlchemyError):
            return False
        self._verdict = None
        return True

    def _live(self) -> None:
        last: e.Event | None = None
        try:
            last = self._work()
        except (FlowError, OSError, psutil.Error) as reason:
            self._verdict = self._verdict or not_started(reason, "Run it again.")
        finally:
            self._finish(last)

    def _work(self) -> e.Event | None:
        """The whole life of the worker; its last word comes back."""
        worker = self._worker = self._workers.take("run", backend=self._settings.backend)
        printed = Printed(worker.output, self._print)
        printing = self._thread(printed.read, self._begins)
        try:
            runs.trace(self.run_id, worker.trace)
            meter = limits.Meter(worker, runs.folder(self.run_id))
            worker.send(self._request)
            if self._stopping.is_set():
                self._insist(worker)
            self._thread(worker.wait)  # nothing that it started outlives it, or its pipes would stay open
            self._thread(self._watch, worker, meter, printed)
            return self._relay(worker)
        finally:
            if worker.wait(GRACE) is None:
                worker.kill()
            printing.join(GRACE)

    def _relay(self, worker: WorkerProcess) -> e.Event | None:
        """Every event into the journal; the worker's last word comes back."""
        while line := worker.read_line():
            try:
                event = _decoder.decode(line)
            except ValueError:
                continue  # the worker died in the middle of a line
            if isinstance(event, e.END):
                return event  # output that is still on its way belongs before the end
            self._happened(event)
            if self._holds and isinstance(event, e.Started):
                self.pause()
        return None

    def _insist(self, worker: WorkerProcess) -> None:
        worker.send(Stop())

        def force() -> None:
            if worker.wait(GRACE) is None:
                worker.kill()

        self._thread(force)

    def _watch(self, worker: WorkerProcess, meter: limits.Meter, printed: Printed) -> None:
        """Look at what is used, ten times a second, and end a run that reaches a limit."""
        pool = self._workers.pool
        passed, held, before = 0.0, 0.0, time.monotonic()
        while not self._over.wait(BEAT):
            now = time.monotonic()
            if self._run.state == "paused":
                held += now - before
            else:
                passed += now - before
            before = now
            try:
                used = meter.look(passed, printed.total, held)
            except psutil.Error:
                break
            pool.note(worker, used.memory)
            if found := limits.reached(self._request.limits, used) or pool.verdict(worker):
                self._condemn(found)
                break
        pool.leave(worker)

    def _condemn(self, problem: Problem) -> None:
        """End the worker for a reason that is not its own."""
        self._verdict = self._verdict or problem
        if self._worker is not None:
            self._worker.kill()

    def _finish(self, last: e.Event | None) -> None:
        code = self._worker.wait() if self._worker is not None else 0
        running = tuple(node for node, state in self._run.nodes.items() if state == "running")
        if self._verdict is not None:
            problem = msgspec.structs.replace(self._verdict, nodes=running)
            end: e.Event = e.Failed(at=time.time(), problem=problem)
        else:
            end = ending(last, code or 0, self._stopping.is_set(), running)
        try:
            self._happened(end)
        finally:
            self._run = after(self._run, end)
            with contextlib.suppress(OSError):  # what a full disk did not take is lost
                self._journal.close()
            if self._worker is not None:
                self._worker.close()
                self._workers.pool.leave(self._worker)
            if self._owner is not None:
                self._owner.release()
            self._over.set()
            self._heard.put(None)
            self._ended(self)

    def _thread(self, work: Callable[..., object], *args: object) -> threading.Thread:
        name = f"{work.__name__.strip('_')} {self.run_id}"
        found = threading.Thread(target=work, args=args, name=name, daemon=True)
        found.start()
        return found

    def _print(self, text: str, lost: int) -> None:
        self._happened(e.Text(at=time.time(), text=text, lost=lost))

    def _begins(self) -> bool:
        return not self._run.output.tail

    def _happened(self, event: e.Event) -> None:
        with self._lock:
            if self._run.over:
                return
            try:
                self._journal.append(event)
            except OSError as reason:
                if isinstance(event, e.Queued):
                    return  # there may be room by the time that it begins
                self._condemn(full(reason))
                if not isinstance(event, e.END):
                    return
            self._run = after(self._run, event)
            try:
                _index(self.run_id, event, self._run)
            except SQLAlchemyError:  # an index that is behind is put right when the run is next looked for
                traceback.print_exc()
            if self._hearing is not None:
                self._heard.put(event)


def _hear(events: SimpleQueue[e.Event | None], listener: Listener) -> None:
    """A listener that raises hears no more, one that takes its time is behind; the run goes on."""
    while (event := events.get()) is not None:
        try:
            listener(event)
        except Exception:  # it is somebody else's code
            traceback.print_exc()
            return


def _index(run_id: str, event: e.Event, run: Run) -> None:
    """The database follows at the changes that a list of runs shows."""
    if isinstance(event, e.Epoch | e.Result):
        runs.note(run_id, run.state, event.metrics)
    elif isinstance(event, _STATES):
        runs.note(run_id, run.state)
