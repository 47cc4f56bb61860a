"""A run is the fold of its events: ``run = reduce(after, events, Run())``."""

from collections.abc import Callable, Iterable
from typing import Any, Final

import msgspec

from flowcore.model import event as e
from flowcore.model.event import Event, LayerRow, NodeStateName
from flowcore.model.problem import Problem

OVER: Final = ("done", "stopped", "failed")
"""The states in which a run ends."""
FILES: Final = "files"
"""Below the folder of a run: what its nodes write."""
CHECKPOINTS: Final = "checkpoints"
"""Below the folder of a run: by fit node, the state that training goes on from."""
HEAD: Final = 20_000
TAIL: Final = 60_000


class Output(msgspec.Struct, frozen=True):
    """Captured text: its beginning, its end, and how many bytes between them are gone."""

    head: str = ""
    tail: str = ""
    lost: int = 0

    def plus(self, text: str, lost: int = 0) -> "Output":
        room = HEAD - len(self.head) if not (self.tail or self.lost or lost) else 0
        tail = self.tail + text[room:]
        cut = max(0, len(tail) - TAIL)
        return Output(self.head + text[:room], tail[cut:], self.lost + lost + cut)

    @property
    def text(self) -> str:
        gap = f"\n… {self.lost:,} bytes left out …\n" if self.lost else ""
        return self.head + gap + self.tail

    def last(self, lines: int) -> str:
        return "\n".join((self.head + self.tail).splitlines()[-lines:])


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """How a graph is run, apart from what it says itself.

    seed: of every random number. backend: Keras' back end. resume: the id of the run whose checkpoint
    training goes on from, "" to begin anew. steps_per_execution: None to choose by the time of a step.
    """

    seed: int = 0
    backend: str = "tensorflow"
    resume: str = ""
    steps_per_execution: int | None = None


class Run(msgspec.Struct, frozen=True):
    """Everything known of a run.

    id: where the one who started it tells. place: in the queue, from 1. held: seconds in pauses that are
    over. state: waiting, queued, running, pausing, paused, stopping, done, stopped, failed. checkpoints: the
    last kept epoch by fit node. chosen: by fit node, what was chosen for it and why. data: fingerprints of
    arrays by node and argument.
    """

    id: str = ""
    state: str = "waiting"
    place: int = 0
    started: float = 0.0
    ended: float = 0.0
    seen: float = 0.0
    held: float = 0.0
    paused: float = 0.0
    seed: int = 0
    backend: str = ""
    fingerprint: str = ""
    versions: dict[str, str] = {}
    order: tuple[str, ...] = ()
    nodes: dict[str, NodeStateName] = {}
    shapes: dict[str, dict[str, str]] = {}
    classes: dict[str, dict[str, int]] = {}
    summaries: dict[str, tuple[LayerRow, ...]] = {}
    training: e.TrainingBegan | None = None
    batch: e.Batch | None = None
    epochs: tuple[e.Epoch, ...] = ()
    checkpoints: dict[str, int] = {}
    chosen: dict[str, dict[str, str]] = {}
    data: dict[str, dict[str, str]] = {}
    results: dict[str, dict[str, float | None]] = {}
    output: Output = Output()
    problem: Problem | None = None

    @property
    def over(self) -> bool:
        return self.state in OVER

    @property
    def progress(self) -> float:
        """Share of the training that is done, 0 to 1."""
        if self.state == "done":
            return 1.0
        if self.training is None or not self.training.epochs:
            return 0.0
        epochs = self.training.epochs
        done = sum(epoch.node == self.training.node for epoch in self.epochs)
        part = 0.0
        if self.batch and self.batch.epoch == done + 1 and self.training.steps:
            part = min(1.0, self.batch.step / self.training.steps)
        return min(1.0, (done + part) / epochs)

    @property
    def seconds_left(self) -> float | None:
        """A guess from the time that the finished part took; None before there is any."""
        if self.over or self.training is None or self.progress <= 0:
            return None
        passed = self.seen - self.training.at - self.held
        return passed / self.progress - passed


def after(run: Run, event: Event) -> Run:
    """The run once the event has happened. Nothing follows an end."""
    if run.over:
        return run
    step = _STEPS[type(event)]
    return msgspec.structs.replace(run, seen=max(run.seen, event.at), **step(run, event))


def fold(run: Run, events: Iterable[Event]) -> Run:
    """`after` over many events; epochs are put together once, so that a long journal is read in one go."""
    epochs = list(run.epochs)
    run = msgspec.structs.replace(run, epochs=())
    for event in events:
        run = after(run, event)
        if run.epochs:
            epochs += run.epochs
            run = msgspec.structs.replace(run, epochs=())
    return msgspec.structs.replace(run, epochs=tuple(epochs))


def _started(run: Run, event: e.Started) -> dict[str, Any]:
    return {
        "state": "running",
        "place": 0,
        "started": event.at,
        "seed": event.seed,
        "backend": event.backend,
        "fingerprint": event.fingerprint,
        "versions": event.versions,
        "order": event.order,
    }


def _node(run: Run, event: e.NodeState) -> dict[str, Any]:
    changes: dict[str, Any] = {"nodes": {**run.nodes, event.node: event.state}}
    if event.shapes:
        changes["shapes"] = {**run.shapes, event.node: event.shapes}
    if event.classes:
        changes["classes"] = {**run.classes, event.node: event.classes}
    return changes


def _summary(run: Run, event: e.Summary) -> dict[str, Any]:
    return {"summaries": {**run.summaries, event.node: event.rows}}


def _result(run: Run, event: e.Result) -> dict[str, Any]:
    return {"results": {**run.results, event.node: event.metrics}}


def _resumed(run: Run, event: e.Resumed) -> dict[str, Any]:
    held = run.held + (event.at - run.paused if run.paused else 0.0)
    return {"state": "running", "held": held, "paused": 0.0}


def _end(state: str) -> Callable[[Run, Any], dict[str, Any]]:
    def step(run: Run, event: Any) -> dict[str, Any]:
        nodes: dict[str, str] = {
            node: "failed" if now == "running" and state == "failed" else now
            for node, now in run.nodes.items()
            if now != "running" or state == "failed"
        }
        return {
            "state": state,
            "ended": event.at,
            "problem": getattr(event, "problem", None),
            "nodes": nodes,
        }

    return step


_STEPS: dict[type, Callable[[Run, Any], dict[str, Any]]] = {
    e.Queued: lambda run, event: {"state": "queued", "place": event.place},
    e.Started: _started,
    e.NodeState: _node,
    e.Summary: _summary,
    e.TrainingBegan: lambda run, event: {"training": event, "batch": None},
    e.Chosen: lambda run, event: {"chosen": {**run.chosen, event.node: event.choices}},
    e.DataSeen: lambda run, event: {"data": {**run.data, event.node: event.fingerprints}},
    e.Batch: lambda run, event: {"batch": event},
    e.Epoch: lambda run, event: {"epochs": (*run.epochs, event)},
    e.Checkpoint: lambda run, event: {"checkpoints": {**run.checkpoints, event.node: event.epoch}},
    e.Result: _result,
    e.Text: lambda run, event: {"output": run.output.plus(event.text, event.lost)},
    e.Pausing: lambda run, event: {"state": "pausing"},
    e.Paused: lambda run, event: {"state": "paused", "paused": event.at},
    e.Resumed: _resumed,
    e.Stopping: lambda run, event: {"state": "stopping"},
    e.Stopped: _end("stopped"),
    e.Failed: _end("failed"),
    e.Done: _end("done"),
}
