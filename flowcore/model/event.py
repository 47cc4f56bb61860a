"""What happens during a run, one tagged value each: the lines of a journal, the frames of a worker."""

from typing import Literal

import msgspec

from flowcore.model.problem import Problem

NodeStateName = Literal["running", "done", "failed"]


class LayerRow(msgspec.Struct, frozen=True):
    """One layer of a summary. shape: batch axis first, None where it is open. size in bytes.

    multiply_adds, activations: of one sample through the layer, and the bytes that it hands on; None
    where a size is open. Of a layer that is called several times, of all its calls.
    """

    node: str
    name: str
    kind: str
    shape: str
    parameters: int
    trainable: int
    size: int
    multiply_adds: int | None = 0
    activations: int | None = 0


class _Event(msgspec.Struct, frozen=True, kw_only=True, tag_field="event", omit_defaults=True):
    at: float = 0.0


class Queued(_Event, frozen=True, tag="queued"):
    """The run waits for others to end. place: 1 is the next to start."""

    place: int


class Started(_Event, frozen=True, tag="started"):
    """The worker is up. order: the ids of the nodes, as they will be evaluated.

    backend: Keras' back end. fingerprint: of the graph, equal for equal programs.
    """

    pid: int
    seed: int
    order: tuple[str, ...]
    versions: dict[str, str]
    backend: str = ""
    fingerprint: str = ""


class NodeState(_Event, frozen=True, tag="node"):
    """A node changed its state. shapes: of its outputs, as text, by output name.

    classes: of outputs that number classes, one more than the largest number.
    """

    node: str
    state: NodeStateName
    shapes: dict[str, str] = {}
    classes: dict[str, int] = {}


class Summary(_Event, frozen=True, tag="summary"):
    """The layers of a model, as soon as it is built."""

    node: str
    rows: tuple[LayerRow, ...]


class TrainingBegan(_Event, frozen=True, tag="training"):
    """A fit began: epochs in all, batches in each (0 when not known)."""

    node: str
    epochs: int
    steps: int


class DataSeen(_Event, frozen=True, tag="data"):
    """What a node was given: SHA-256 by argument of the data of a fit or an evaluation, "source" of code."""

    node: str
    fingerprints: dict[str, str]


class Chosen(_Event, frozen=True, tag="chosen"):
    """How a fit will be run where that was left open: what was chosen and why, in words, by name."""

    node: str
    choices: dict[str, str]


class Batch(_Event, frozen=True, tag="batch"):
    """Metrics in the middle of an epoch. epoch and step count from 1."""

    node: str
    epoch: int
    step: int
    metrics: dict[str, float | None]


class Epoch(_Event, frozen=True, tag="epoch"):
    """Metrics at the end of an epoch, and the seconds that it took."""

    node: str
    epoch: int
    seconds: float
    metrics: dict[str, float | None]


class Checkpoint(_Event, frozen=True, tag="checkpoint"):
    """The weights after an epoch, optimizer included, are kept: training can go on from there."""

    node: str
    epoch: int


class Result(_Event, frozen=True, tag="result"):
    """Numbers that a node handed on, such as the metrics of an evaluation."""

    node: str
    metrics: dict[str, float | None]


class Text(_Event, frozen=True, tag="text"):
    """Captured output of the worker and its children. lost: bytes dropped before this text."""

    text: str
    lost: int = 0


class Pausing(_Event, frozen=True, tag="pausing"):
    """Somebody asked the run to pause."""


class Paused(_Event, frozen=True, tag="paused"):
    """The run holds still."""


class Resumed(_Event, frozen=True, tag="resumed"):
    """The run goes on."""


class Stopping(_Event, frozen=True, tag="stopping"):
    """Somebody asked the run to stop."""


class Stopped(_Event, frozen=True, tag="stopped"):
    """The run ended because it was asked to."""


class Failed(_Event, frozen=True, tag="failed"):
    """The run ended because something went wrong."""

    problem: Problem


class Done(_Event, frozen=True, tag="done"):
    """Every node was evaluated."""


Event = (
    Queued
    | Started
    | NodeState
    | Summary
    | TrainingBegan
    | DataSeen
    | Chosen
    | Batch
    | Epoch
    | Checkpoint
    | Result
    | Text
    | Pausing
    | Paused
    | Resumed
    | Stopping
    | Stopped
    | Failed
    | Done
)
END = (Stopped, Failed, Done)
