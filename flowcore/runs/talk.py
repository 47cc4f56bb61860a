"""One session worker and what is asked of it: requests one by one, and what came of the last."""

import contextlib
import threading
import time
from collections.abc import Mapping
from typing import Final

import msgspec
import psutil

from flowcore.dataflow.signature import part, same, signatures
from flowcore.model import event as e
from flowcore.model.frame import Evaluated, EvaluateRequest, Stop
from flowcore.model.problem import FlowError, Problem, error
from flowcore.model.run import Run, after
from flowcore.runs import limits
from flowcore.runs.endings import ending, not_started
from flowcore.runs.printed import BEAT, Printed
from flowcore.runs.process import WorkerProcess
from flowcore.runs.workers import Workers

GRACE: Final = 0.8
SETTLE: Final = 0.5
ANSWERS: Final = 60
_decoder = msgspec.json.Decoder(e.Event | Evaluated)
LOST: Final = "Its values are lost: what you look at next is evaluated anew."


class Answer(msgspec.Struct, frozen=True):
    """What came out at a node. signature: of the node as it was then."""

    found: Evaluated
    signature: str
    seconds: float


class Look(msgspec.Struct, frozen=True):
    """How the last request stands. run: its events so far. known: the signature of each value that is kept.

    shapes, classes: by node and output, of those that ran. answers: by node, the newest last.
    """

    busy: bool = False
    node: str = ""
    run: Run = Run()
    known: Mapping[str, str] = {}
    shapes: Mapping[str, dict[str, str]] = {}
    classes: Mapping[str, dict[str, int]] = {}
    answers: Mapping[str, Answer] = {}

    def fresh(self, now: Mapping[str, str]) -> frozenset[str]:
        """The nodes whose values are as they would be if they ran now."""
        return same(self.known, now)


class Talk:
    """The server's side of one session. Threads may share it."""

    def __init__(self, workers: Workers) -> None:
        self.used = time.monotonic()
        self._workers = workers
        self._worker: WorkerProcess | None = None
        self._lock = threading.RLock()
        self._look = Look()
        self._signatures: dict[str, str] = {}
        self._metered: tuple[limits.Meter, Printed] | None = None
        self._verdict: Problem | None = None
        self._stopping = False
        self._asked = 0
        self._closed = False

    @property
    def busy(self) -> bool:
        return self._look.busy

    def look(self) -> Look:
        return self._look

    def ask(self, request: EvaluateRequest) -> None:
        """Send a request, to a new worker where there is none; returns at once. Raises FlowError("busy")."""
        usable = part(request.graph, request.usable)
        with self._lock:
            if self._look.busy:
                raise error(
                    "busy", "This graph is being evaluated already.", "Stop that, or wait for its end."
                )
            self.used = time.monotonic()
            self._stopping = False
            self._asked += 1
            self._signatures = signatures(usable, request.catalog, request.seed)
            self._change(busy=True, node=request.node, run=Run())
        name = f"session {request.graph.id}"
        threading.Thread(target=self._serve, args=(request,), name=name, daemon=True).start()

    def stop(self) -> None:
        """Ask the worker to stop; without an answer it is killed within a second."""
        with self._lock:
            if not self._look.busy or self._stopping:
                return
            self._stopping = True
            self._happened(e.Stopping(at=time.time()))
            if (worker := self._worker) is not None:
                insisting = (worker, self._asked)
                threading.Thread(target=self._insist, args=insisting, name="stop", daemon=True).start()
                worker.send(Stop())  # before the lock is free for the next request

    def close(self) -> None:
        """End the worker."""
        with self._lock:
            self._closed = True
            self._stopping = True
            worker = self._worker
        if worker is not None:
            worker.kill()
            worker.wait(GRACE)
            if not self._look.busy:
                self._bury(worker)

    def unload(self) -> bool:
        """End a worker that waits, with the values that it keeps; False where none does. Answers stay."""
        with self._lock:
            worker = self._worker
            if worker is None or self._look.busy:
                return False
            self._lose(worker)
        self._end(worker)
        return True

    def _insist(self, worker: WorkerProcess, asked: int) -> None:
        end = time.monotonic() + GRACE
        while time.monotonic() < end:
            if not self._look.busy or self._asked != asked:
                return
            time.sleep(0.02)
        worker.kill()

    def _serve(self, request: EvaluateRequest) -> None:
        """A request from its first to its last event."""
        last: e.Event | None = None
        code = 0
        over = threading.Event()
        try:
            threading.Thread(target=self._watch, args=(request, over), name="limits", daemon=True).start()
            last = self._exchange(request)
            if last is None and self._worker is not None:
                self._worker.kill()
                code = self._worker.wait(SETTLE) or 0
                self._bury(self._worker)
        except (FlowError, OSError) as reason:
            last = e.Failed(at=time.time(), problem=not_started(reason, "Try again."))
        finally:
            over.set()
            self._finish(last, code)

    def _watch(self, request: EvaluateRequest, over: threading.Event) -> None:
        """Look at what is used, ten times a second, and end a worker that reaches a limit."""
        began, pool = time.monotonic(), self._workers.pool
        ended = False
        while not ended:
            ended = over.wait(BEAT)  # what it keeps is looked at once more, for others to know
            worker, metered = self._worker, self._metered
            if worker is None or metered is None:
                continue
            meter, printed = metered
            try:
                used = meter.look(time.monotonic() - began, printed.total)
            except psutil.Error:
                continue
            pool.note(worker, used.memory)
            found = None if ended else limits.reached(request.limits, used) or pool.verdict(worker)
            if self._worker is not worker:
                pool.leave(worker)
            if found:
                self._verdict = found
                worker.kill()
                return

    def _exchange(self, request: EvaluateRequest) -> e.Event | None:
        """The worker's last word; None if it died. One that had died before is replaced."""
        old = self._worker
        if old is not None:
            sent = old.send(request)
            if self._stopping:
                old.send(Stop())  # the first one came before the request
            if sent and (line := old.read_line()):
                return self._relay(old, line)
            self._bury(old)
            if self._stopping:
                return None
        worker = self._workers.take("session")
        with self._lock:
            self._worker = worker
            if self._closed or self._stopping:
                worker.kill()
        printed = Printed(worker.output, self._print)
        with contextlib.suppress(psutil.Error):
            self._metered = limits.Meter(worker), printed
        threading.Thread(target=printed.read, args=(lambda: True,), name="output", daemon=True).start()
        worker.send(request)
        return self._relay(worker, worker.read_line())

    def _relay(self, worker: WorkerProcess, line: bytes) -> e.Event | None:
        while line:
            try:
                event = _decoder.decode(line)
            except ValueError:
                return None  # it died in the middle of a line
            if isinstance(event, Evaluated):
                self._answered(event)
            elif isinstance(event, e.END):
                return event
            else:
                self._happened(event)
            line = worker.read_line()
        return None

    def _answered(self, found: Evaluated) -> None:
        with self._lock:
            seconds = time.time() - (self._look.run.started or time.time())
            answer = Answer(found, self._signatures.get(found.node, ""), seconds)
            others = {id: one for id, one in self._look.answers.items() if id != found.node}
            while len(others) >= ANSWERS:
                others.pop(next(iter(others)))
            known = {id: self._signatures[id] for id in found.kept if id in self._signatures}
            self._change(answers={**others, found.node: answer}, known=known)

    def _finish(self, last: e.Event | None, code: int) -> None:
        with self._lock:
            self.used = time.monotonic()
            running = tuple(id for id, state in self._look.run.nodes.items() if state == "running")
            end = ending(last, code, self._stopping, running)
            if self._verdict and last is None:
                end = e.Failed(at=time.time(), problem=msgspec.structs.replace(self._verdict, nodes=running))
            self._verdict = None
            if last is None:
                self._print(f"\n{LOST}\n", 0)
            if isinstance(end, e.Failed) and last is None:
                hint = f"{end.problem.hint} {LOST}"
                end = msgspec.structs.replace(end, problem=msgspec.structs.replace(end.problem, hint=hint))
            self._happened(end)
            self._change(busy=False)

    def _print(self, text: str, lost: int) -> None:
        """Even after the end of a request: what was printed last may be read last."""
        with self._lock:
            run = self._look.run
            self._change(run=msgspec.structs.replace(run, output=run.output.plus(text, lost)))

    def _happened(self, event: e.Event) -> None:
        with self._lock:
            run = after(self._look.run, event)
            self._change(run=run)
            if isinstance(event, e.NodeState) and event.state == "done" and event.node in self._signatures:
                self._change(
                    known={**self._look.known, event.node: self._signatures[event.node]},
                    shapes={**self._look.shapes, event.node: event.shapes},
                    classes={**self._look.classes, event.node: event.classes},
                )

    def _change(self, **changes: object) -> None:
        self._look = msgspec.structs.replace(self._look, **changes)

    def _bury(self, worker: WorkerProcess) -> None:
        self._end(worker)
        with self._lock:
            self._lose(worker)

    def _end(self, worker: WorkerProcess) -> None:
        """Nothing that a worker started outlives it."""
        worker.kill()
        worker.wait(SETTLE)
        with contextlib.suppress(OSError, ValueError):
            worker.close()
        self._workers.pool.leave(worker)

    def _lose(self, worker: WorkerProcess) -> None:
        """Nothing that a worker kept is known any more."""
        self._change(known={})
        if self._worker is worker:
            self._worker = self._metered = None
