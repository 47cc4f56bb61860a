"""What goes to a worker and comes back, apart from events: JSON lines, nothing is pickled."""

import msgspec

from flowcore.model.descriptor import Catalog, Source
from flowcore.model.event import LayerRow
from flowcore.model.graph import Graph
from flowcore.model.preview import Activations, Preview
from flowcore.model.problem import Problem
from flowcore.model.trial import Trial


class Limits(msgspec.Struct, frozen=True):
    """What a run may use, None for as much as there is.

    seconds: of wall time, pauses apart. memory: bytes that it shares with nobody. output: bytes
    printed. disk: bytes in its folders. parameters: of all its models together. pause: seconds of all its
    pauses.
    """

    seconds: float | None = None
    memory: int | None = None
    output: int | None = None
    disk: int | None = None
    parameters: int | None = None
    pause: float | None = None


class RunRequest(msgspec.Struct, frozen=True, tag_field="frame", tag="run"):
    """Evaluate a graph. catalog: the descriptors that it names. folder: where weights are left.

    resume: the folder of an earlier run whose checkpoints training goes on from, "" to begin anew.
    steps_per_execution: batches in one call of Keras' compiled function, None to choose by their time.
    """

    graph: Graph
    catalog: Catalog
    seed: int
    folder: str
    limits: Limits = Limits()
    resume: str = ""
    steps_per_execution: int | None = None


class Stop(msgspec.Struct, frozen=True, tag_field="frame", tag="stop"):
    """End as soon as that can be done cleanly."""


class Pause(msgspec.Struct, frozen=True, tag_field="frame", tag="pause"):
    """Hold at the end of the batch, or between two nodes, until Resume or Stop."""


class Resume(msgspec.Struct, frozen=True, tag_field="frame", tag="resume"):
    """Go on after a Pause."""


class Sample(msgspec.Struct, frozen=True):
    """Which sample a layer is shown. node, output: where the samples come from. index: along axis 0.

    fit, weights: the node that trained, and the file that its weights are in; "" for none. missing: why
    there are none.
    """

    node: str
    output: str
    index: int = 0
    fit: str = ""
    weights: str = ""
    missing: str = ""


class EvaluateRequest(msgspec.Struct, frozen=True, tag_field="frame", tag="evaluate"):
    """Evaluate a graph up to a node, by what is kept of earlier requests. usable: ids that may be run.

    sample: what to show the layer that the node is, None for the value alone.
    """

    graph: Graph
    catalog: Catalog
    node: str
    usable: tuple[str, ...]
    seed: int = 0
    limits: Limits = Limits()
    sample: Sample | None = None


class Evaluated(msgspec.Struct, frozen=True, tag_field="event", tag="evaluated"):
    """The value of a node by output. ran: what had to run for it, in order. kept: all that is up to date."""

    node: str
    previews: dict[str, Preview]
    ran: tuple[str, ...] = ()
    kept: tuple[str, ...] = ()
    activations: Activations | None = None


class CheckRequest(msgspec.Struct, frozen=True, tag_field="frame", tag="check"):
    """Work out the shapes of a graph without its data.

    key: what was made for an earlier graph with the same key is used again where nothing has changed.
    """

    graph: Graph
    catalog: Catalog
    key: str = ""


class Fork(msgspec.Struct, frozen=True, tag_field="frame", tag="fork"):
    """Ask the zygote for a worker; its three pipes come along. warm: with one tiny fit behind it."""

    mode: str
    environment: dict[str, str]
    warm: bool = False


class ZygoteReady(msgspec.Struct, frozen=True, tag_field="event", tag="ready"):
    """Keras is imported: from here on forks are fast."""


class Forked(msgspec.Struct, frozen=True, tag_field="event", tag="forked"):
    """The worker that was asked for."""

    pid: int


class Exited(msgspec.Struct, frozen=True, tag_field="event", tag="exited"):
    """A worker is gone. code: as subprocess gives it, negative for a signal."""

    pid: int
    code: int


class DescribeRequest(msgspec.Struct, frozen=True, tag_field="frame", tag="describe"):
    """Scan a package; the answer is its catalogue.

    static: read its files, import nothing of it. trial: try out what was found. only: modules; ()
    answers with the whole catalogue.
    """

    package: str
    source: Source
    static: bool = False
    trial: bool = False
    only: tuple[str, ...] = ()


class Described(msgspec.Struct, frozen=True, tag_field="event", tag="described"):
    """How far a scan has come: callables described, and how many there are."""

    done: int
    total: int


class Scanned(msgspec.Struct, frozen=True, tag_field="event", tag="scanned"):
    """The end of a scan: what was found, and how it did on trial if it was tried out."""

    catalog: Catalog
    trial: Trial | None = None


class Cost(msgspec.Struct, frozen=True):
    """What a node costs. weights: bytes of its parameters. activations: bytes that it hands on, a sample.

    multiply_adds: of one sample through it. None where a size is open.
    """

    parameters: int = 0
    weights: int = 0
    activations: int | None = 0
    multiply_adds: int | None = 0


class ShapeReport(msgspec.Struct, frozen=True, omit_defaults=True, tag_field="event", tag="shapes"):
    """What the checker found.

    shapes, dtypes: by node and output. costs: by node. summaries: layers by model node.
    """

    shapes: dict[str, dict[str, str]] = {}
    summaries: dict[str, tuple[LayerRow, ...]] = {}
    problems: tuple[Problem, ...] = ()
    dtypes: dict[str, dict[str, str]] = {}
    costs: dict[str, Cost] = {}


Frame = RunRequest | Stop | Pause | Resume | EvaluateRequest | CheckRequest | DescribeRequest
FromZygote = ZygoteReady | Forked | Exited
