"""Runs: a row in the database, and a folder with graph, journal, weights and the owner's lock."""

import re
import shutil
import time
from pathlib import Path
from typing import Any, Final

import msgspec
from filelock import FileLock, Timeout
from sqlalchemy import delete, insert, select, update

from flowcore.model.graph import Graph
from flowcore.model.problem import FlowError, error
from flowcore.model.run import CHECKPOINTS, FILES, OVER, Settings
from flowcore.store import database as db

_WEIGHTS: Final = ".weights.h5"
ID: Final = re.compile(r"[A-Za-z0-9_-]{22}")


class RunRow(msgspec.Struct, frozen=True):
    """What the list of runs shows. metrics: of the last epoch or evaluation."""

    id: str
    graph: str
    owner: str
    created: float
    state: str
    seed: int
    metrics: dict[str, float | None]


class WorkerTrace(msgspec.Struct, frozen=True):
    """A worker process by pid and start time, so that a reused pid is never taken for it."""

    pid: int
    created: float


def create(graph: Graph, owner: str, settings: Settings) -> str:
    """A new run of a graph as it is now; its id comes back. Of one that cannot be kept nothing is left."""
    id = db.new_id()
    row = RunRow(id, graph.id, owner, time.time(), "waiting", settings.seed, {})
    try:
        with db.writing() as connection:
            folder(id).mkdir(parents=True)
            (folder(id) / "graph.json").write_bytes(msgspec.json.encode(graph))
            (folder(id) / "settings.json").write_bytes(msgspec.json.encode(settings))
            connection.execute(insert(db.runs).values(**{**msgspec.structs.asdict(row), "metrics": "{}"}))
    except FlowError:
        shutil.rmtree(folder(id), ignore_errors=True)
        raise
    return id


def folder(id: str) -> Path:
    """The folder of a run. Raises FlowError("no-run") for what cannot be an id."""
    if not ID.fullmatch(id):
        raise error("no-run", f"{id[:40]!r} is not the id of a run.", "Open a run from the Train page.")
    return db.home() / "runs" / id


def belongs(id: str, graph: str) -> bool:
    """Whether there is such a run, of this graph."""
    row = load(id) if ID.fullmatch(id) else None
    return row is not None and row.graph == graph


def exists(id: str) -> bool:
    return bool(ID.fullmatch(id)) and folder(id).is_dir()


def document(id: str) -> bytes:
    """The graph that a run runs. Raises FlowError("no-run")."""
    path = folder(id) / "graph.json"
    if not path.exists():
        raise error("no-run", f"There is no run {id!r} here.", "Open a run from the Train page.")
    return path.read_bytes()


def settings(id: str) -> Settings:
    """How a run is run; of one that an older version made, what was usual then."""
    try:
        return msgspec.json.decode((folder(id) / "settings.json").read_bytes(), type=Settings)
    except OSError:
        row = load(id)
        return Settings(seed=row.seed if row else 0)


def note(id: str, state: str, metrics: dict[str, float | None] | None = None) -> None:
    """Bring the index up to date. Raises SQLAlchemyError: a run goes on with an index that is behind."""
    values: dict[str, object] = {"state": state}
    if metrics is not None:
        values["metrics"] = msgspec.json.encode(metrics).decode()
    with db.database().begin() as connection:
        connection.execute(update(db.runs).where(db.runs.c.id == id).values(**values))


def load(id: str) -> RunRow | None:
    with db.reading() as connection:
        row = connection.execute(select(db.runs).where(db.runs.c.id == id)).mappings().first()
    return _row(dict(row)) if row else None


def listing(graph: str, limit: int = 100) -> tuple[RunRow, ...]:
    """The runs of a graph, newest first."""
    query = select(db.runs).where(db.runs.c.graph == graph).order_by(db.runs.c.created.desc()).limit(limit)
    with db.reading() as connection:
        return tuple(_row(dict(row)) for row in connection.execute(query).mappings())


def latest(graph: str) -> str:
    """The id of a graph's newest run, "" where there is none."""
    rows = listing(graph, 1)
    return rows[0].id if rows else ""


def remove(id: str) -> None:
    """Delete a run that is over: its row, and its folder with graph, journal and weights."""
    with db.writing() as connection:
        connection.execute(delete(db.runs).where(db.runs.c.id == id))
    shutil.rmtree(folder(id), ignore_errors=True)


def unfinished() -> tuple[str, ...]:
    """Ids of the runs that the index takes for alive."""
    with db.reading() as connection:
        return tuple(connection.execute(select(db.runs.c.id).where(db.runs.c.state.not_in(OVER))).scalars())


def own(id: str, patience: float = 0) -> FileLock | None:
    """The lock of a run's owner, or None if a living process holds it. The system frees it at death.

    patience: seconds to wait for somebody who only looks whether it is free.
    """
    lock = FileLock(folder(id) / "owner", thread_local=False)
    try:
        lock.acquire(timeout=patience)
    except Timeout:
        return None
    return lock


def trace(id: str, worker: WorkerTrace) -> None:
    (folder(id) / "worker.json").write_bytes(msgspec.json.encode(worker))


def traced(id: str) -> WorkerTrace | None:
    path = folder(id) / "worker.json"
    try:
        return msgspec.json.decode(path.read_bytes(), type=WorkerTrace)
    except (OSError, ValueError):
        return None


def weights(id: str) -> dict[str, Path]:
    """Files of trained weights by the node that trained them."""
    return {path.name.removesuffix(_WEIGHTS): path for path in sorted(folder(id).glob(f"*{_WEIGHTS}"))}


def checkpoints(id: str) -> dict[str, Path]:
    """Files of weights at the end of an epoch, by the node that trains."""
    found = (folder(id) / CHECKPOINTS).glob("*/*.weights")
    return {path.parent.name: path for path in sorted(found, key=lambda path: int(path.stem))}


def continued(id: str) -> str:
    """The run that has the checkpoints which training goes on from: this one, or the one that it went on
    from itself where it came to none; "" where there is none.
    """
    while id and not checkpoints(id):
        id = settings(id).resume
    return id


def files(id: str) -> tuple[Path, ...]:
    """What the nodes of a run have written."""
    return tuple(path for path in sorted((folder(id) / FILES).rglob("*")) if path.is_file())


def _row(row: dict[str, Any]) -> RunRow:
    return RunRow(**{**row, "metrics": msgspec.json.decode(row["metrics"])})
