"""What a run may use, what it uses, and what is said when it reaches a limit."""

import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import msgspec
import psutil

from flowcore.dataflow.bounds import VARIABLES, hint
from flowcore.dataflow.units import duration, size
from flowcore.model.frame import Limits
from flowcore.model.problem import Problem, error
from flowcore.runs.process import WorkerProcess
from flowcore.store import scratch
from flowcore.store.processes import shares, status

LONG: Final = 1.0  # seconds between two looks at what takes long to look at
GIB: Final = 1 << 30
_HOSTED: Final = Limits(
    seconds=3600, memory=4 * GIB, output=GIB, disk=2 * GIB, parameters=500_000_000, pause=1800
)
_SHARE: Final = 0.8  # of the machine's memory: a graph must not take the rest of the desktop with it
_SHOWN: Final[dict[str, Callable[[Any], str]]] = {
    "seconds": duration,
    "memory": size,
    "output": size,
    "disk": size,
    "pause": duration,
}
_CALLED: Final = {"seconds": "run time", "disk": "disk space", "pause": "pauses"}


class Used(msgspec.Struct, frozen=True):
    """What a run has used so far. seconds of wall time without pauses, and in pauses; the others in bytes."""

    seconds: float = 0.0
    memory: int = 0
    output: int = 0
    disk: int = 0
    pause: float = 0.0


def allowed(hosted: bool = False) -> Limits:
    """The limits of this machine; FLOWCORE_LIMIT_SECONDS, …_MEMORY, … set them, 0 for none."""
    memory = int(_SHARE * _machine_memory())
    standard = (
        msgspec.structs.replace(_HOSTED, memory=min(4 * GIB, memory)) if hosted else Limits(memory=memory)
    )
    found = {name: _asked(name, getattr(standard, name)) for name in Limits.__struct_fields__}
    return msgspec.convert(found, Limits)


def memory_of_all() -> int:
    """Bytes that all workers together may use if nobody says otherwise, 0 where one may use any number."""
    each = allowed().memory
    return 0 if each is None else max(each, int(_SHARE * _machine_memory()))


def count(variable: str, standard: int, least: int = 1) -> int:
    """How many there may be of something, as the environment says. Raises FlowError("bad-setting")."""
    text = os.environ.get(variable, "").strip()
    if not text:
        return standard
    if text.isdecimal() and int(text) >= least:
        return int(text)
    raise error(
        "bad-setting",
        f"{variable} is {text!r}; expected a whole number of at least {least}.",
        f"Set {variable} to one, or leave it out for {standard}.",
    )


def share(total: int, hosted: bool) -> int:
    """How many of all one owner may have: on a server for others never all, where there are several."""
    return max(1, total // 2) if hosted else total


def reached(limits: Limits, used: Used) -> Problem | None:
    """The first limit that a run has gone past."""
    for name in Used.__struct_fields__:
        limit, amount = getattr(limits, name), getattr(used, name)
        if limit is not None and amount > limit:
            return problem(name, amount, limit)
    return None


def problem(name: str, amount: float, limit: float) -> Problem:
    """A limit that was reached, with its figures."""
    shown = _SHOWN[name]
    return Problem(
        f"limit-{name}",
        f"The run used {shown(amount)} of {_CALLED.get(name, name)}; the limit is {shown(limit)}.",
        hint(name),
    )


class Meter:
    """Measures a worker with all that it has started.

    Memory is what the worker has, less what it had when it was given its work: pages that it has from the
    zygote cost nothing more. What it shares with its children counts once.
    """

    def __init__(self, worker: WorkerProcess, folder: Path | None = None) -> None:
        self._worker = psutil.Process(worker.pid)
        self._folders = (worker.temporary, *([folder] if folder else []))
        self._base = _own(self._worker)
        self._looked = 0.0
        self._beside = 0
        self._disk = 0
        self._disk_before = scratch.size(*self._folders)

    def look(self, seconds: float, output: int, pause: float = 0.0) -> Used:
        """What is used now. Raises psutil.Error once the worker is gone."""
        now = time.monotonic()
        if now - self._looked > LONG:
            self._looked = now
            self._beside = self._of_children()
            self._disk = max(0, scratch.size(*self._folders) - self._disk_before)
        memory = max(0, _own(self._worker) - self._base) + self._beside
        return Used(seconds, memory, output, self._disk, pause)

    def _of_children(self) -> int:
        """Bytes that children have besides the worker's own."""
        children = self._worker.children(recursive=True)
        together = sum(map(_share, (self._worker, *children))) if children else 0
        return max(0, together - _own(self._worker))


def _own(process: psutil.Process) -> int:
    """Bytes that no file backs, swapped out ones too; where the system does not tell, all resident ones."""
    fields = status(process.pid)
    if fields:
        return sum(fields.get(name, 0) for name in ("RssAnon", "RssShmem", "VmSwap"))
    return int(process.memory_info().rss)


def _share(process: psutil.Process) -> int:
    """As `_own`, but of pages that several have only a part; 0 of a process that is gone."""
    fields = shares(process.pid)
    if fields:
        return sum(fields.get(name, 0) for name in ("Pss_Anon", "Pss_Shmem", "SwapPss"))
    try:
        return _own(process)
    except psutil.Error:
        return 0


def _asked(name: str, standard: float | None) -> float | None:
    variable = VARIABLES[name]
    text = os.environ.get(variable, "")
    if not text:
        return standard
    unit = {"seconds": "seconds", "pause": "seconds", "parameters": "a count"}.get(name, "bytes")
    try:
        found = float(text) if unit == "seconds" else int(text)
        if found < 0:
            raise ValueError
    except ValueError:
        raise error(
            "bad-setting",
            f"{variable} is {text!r}; expected {unit} as a number.",
            f"Set {variable} to one, 0 for no limit, or leave it out.",
        ) from None
    return found or None


def _machine_memory() -> int:
    """Bytes of memory that this machine, or the control group of this process, has."""
    total = int(psutil.virtual_memory().total)
    for path in ("/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes"):
        try:
            total = min(total, int(Path(path).read_text()))
        except (OSError, ValueError):
            continue
    return total
