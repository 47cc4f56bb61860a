"""Checkpoints of a training: weights, optimizer, callbacks and random state at the end of an epoch.

Written beside and renamed, so that a worker that is killed leaves the last good one. That is some seconds
old where epochs are short; what came since is held in memory, for an end that can be seen to.
"""

import contextlib
import os
import re
import shutil
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Final

import msgspec
import numpy as np
import numpy.typing as npt

from flowcore.model.event import Epoch
from flowcore.model.problem import error
from flowcore.model.run import CHECKPOINTS
from flowcore.worker import sizes
from flowcore.worker.recall import Memory, Number, memory, recall

Array = npt.NDArray[Any]
BETWEEN: Final = 2.0  # seconds; a training of tiny epochs must not spend its time on them
SHARE: Final = 0.05  # of the time that training may lose to checkpoints
ROOM: Final = 1 << 28  # bytes of a state that may be held in memory
BRIEF: Final = 1.0  # seconds that writing may take once the run is to stop, before it is ended by force
_NAME: Final = re.compile(r"(\d+)\.weights")


class Kept(msgspec.Struct, frozen=True):
    """What belongs to the weights. seeds: states of the random generators of layers, by path.

    ended: the epochs that were asked for, of a training that came to its end; 0 of any other. rate: the
    learning rate that it began with. callbacks, numbers: as in `Memory`.
    """

    epoch: int
    history: tuple[Epoch, ...]
    seeds: dict[str, list[int]]
    ended: int = 0
    rate: float | None = None
    callbacks: tuple[str, ...] = ()
    numbers: tuple[dict[str, Number], ...] = ()


class Checkpoints:
    """Those of one fit node in the folder of a run."""

    def __init__(self, folder: Path, node: str) -> None:
        self._folder = folder / CHECKPOINTS / node
        self._due = 0.0
        self._cost = 0.0
        self._held: tuple[int, list[tuple[Any, Array]], Memory] | None = None
        self._rate: float | None = None
        self._callbacks: Sequence[Any] = ()

    def begin(self, model: Any, callbacks: Sequence[Any]) -> None:
        """What is trained from now on, and who remembers something of it, besides the model."""
        self._rate, self._callbacks = _rate(model), callbacks

    def due(self) -> bool:
        return time.monotonic() >= self._due

    def save(
        self, model: Any, epoch: int, history: list[Epoch], ended: int = 0, told: Memory | None = None
    ) -> None:
        """Keep the model as it is after an epoch, in place of what was kept before (Model.save_weights).

        told: what the callbacks remembered then, if that is not now.
        """
        began = time.monotonic()
        told = told or memory(self._callbacks)
        self._folder.mkdir(parents=True, exist_ok=True)
        kept = Kept(epoch, tuple(history), _seeds(model), ended, self._rate, told.kinds, told.numbers)
        (self._folder / f"{epoch}.json").write_bytes(msgspec.json.encode(kept))
        arrays: dict[str, Any] = dict(_named(told.weights))
        if arrays:
            np.savez(self._folder / f"{epoch}.npz", **arrays)
        written = self._folder / "written.weights.h5"
        model.save_weights(written)
        os.replace(written, self._folder / f"{epoch}.weights")
        for path in self._folder.iterdir():
            if path.stem != str(epoch):
                path.unlink(missing_ok=True)
        self._held = None
        self._cost = time.monotonic() - began
        self._due = time.monotonic() + max(BETWEEN, self._cost / SHARE)

    def hold(self, model: Any, epoch: int) -> None:
        """Remember the model as it is after an epoch that is not worth writing down."""
        known = [variable for variable, _ in self._held[1]] if self._held else _variables(model)
        if sizes.memory(known) <= ROOM:
            values = [(variable, _copied(variable)) for variable in known]
            self._held = epoch, values, memory(self._callbacks)

    def rescue(self, model: Any, history: list[Epoch], hurry: bool) -> int:
        """Keep what was held, since the training has come to a bad end; the epoch of it, 0 for nothing.

        The model is in that state then. hurry: not if it takes long.
        """
        if self._held is None or (hurry and self._cost > BRIEF):
            return 0
        epoch, held, told = self._held
        with contextlib.suppress(Exception):  # why the training has ended is what is to be told
            for variable, value in held:
                variable.assign(value)
            self.save(model, epoch, history, told=told)
            return epoch
        return 0

    def take(self, other: "Checkpoints") -> None:
        """Keep what another one keeps."""
        self._folder.mkdir(parents=True, exist_ok=True)
        for name in other._names():
            if name.partition(".")[0].isdecimal():
                _link(other._folder / name, self._folder / name)

    def load(self, model: Any) -> Kept | None:
        """Put a compiled model into the state that was kept last; None where nothing was.

        Raises FlowError("checkpoint-mismatch") where it is the state of another model.
        """
        epochs = [int(found[1]) for path in self._names() if (found := _NAME.fullmatch(path))]
        if not epochs:
            return None
        kept = msgspec.json.decode((self._folder / f"{max(epochs)}.json").read_bytes(), type=Kept)
        rate = _rate(model)
        with contextlib.suppress(AttributeError):
            model.optimizer.build(model.trainable_variables)
            try:
                weights_into(model, self._folder / f"{max(epochs)}.weights")
            except (ValueError, KeyError) as reason:
                raise _mismatch(reason) from reason
        if None not in (rate, kept.rate) and rate != kept.rate:
            model.optimizer.learning_rate = rate  # somebody has changed it since
        for variable in model.variables:
            if variable.path in kept.seeds:
                variable.assign(kept.seeds[variable.path])
        return kept

    def recall(self, kept: Kept, callbacks: Sequence[Any]) -> None:
        """Let callbacks remember what they knew, unless it was they who had ended the training."""
        if kept.ended not in (0, kept.epoch):
            return
        weights: tuple[list[Array], ...] = tuple([] for _ in kept.callbacks)
        path = self._folder / f"{kept.epoch}.npz"
        if path.exists():
            with np.load(path, allow_pickle=False) as arrays:
                for name, array in arrays.items():
                    weights[int(name.partition(" ")[0])].append(array)
        recall(callbacks, Memory(kept.callbacks, kept.numbers, weights))

    def _names(self) -> list[str]:
        return [path.name for path in self._folder.iterdir()] if self._folder.is_dir() else []


def weights_into(model: Any, path: Path) -> None:
    """Load weights, whatever their file is called (keras.Model.load_weights goes by the name)."""
    with tempfile.TemporaryDirectory() as folder:
        link = Path(folder) / "kept.weights.h5"
        link.symlink_to(path.resolve())
        model.load_weights(link)


def _named(weights: Sequence[list[Array]]) -> Iterator[tuple[str, Array]]:
    """The arrays of each callback under its number and theirs."""
    for callback, arrays in enumerate(weights):
        for place, array in enumerate(arrays):
            yield f"{callback} {place}", array


def _rate(model: Any) -> float | None:
    """The learning rate; None where there is none, or a schedule has it (Optimizer.learning_rate)."""
    rate: Any = getattr(getattr(model, "optimizer", None), "learning_rate", None)
    return float(rate.numpy()) if hasattr(rate, "assign") else None


def _variables(model: Any) -> list[Any]:
    """Those of the model and of its optimizer."""
    return [*model.variables, *getattr(model.optimizer, "variables", ())]


def _copied(variable: Any) -> Array:
    """The value; some back ends give a view of what the next step changes."""
    found: Array = variable.numpy()
    return found if found.flags.owndata else found.copy()


def _link(there: Path, here: Path) -> None:
    """A second name for a file, which nobody writes to; a copy where the disk knows none."""
    try:
        here.hardlink_to(there)
    except OSError:
        shutil.copyfile(there, here)


def _seeds(model: Any) -> dict[str, list[int]]:
    """States of random generators, which save_weights leaves out."""
    return {
        variable.path: [int(number) for number in variable.numpy()]
        for variable in model.variables
        if variable.name == "seed_generator_state"
    }


def _mismatch(reason: Exception) -> Exception:
    text = " ".join(str(reason).split())[:300]
    return error(
        "checkpoint-mismatch",
        f"The checkpoint belongs to another network than this one. {text}",
        "Undo the changes of the layers, or train from the beginning.",
    )
