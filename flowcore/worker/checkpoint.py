"""Checkpoints of a training: weights, optimizer and random state at the end of an epoch.

Written beside and renamed, so that a worker that is killed leaves the last good one.
"""

import contextlib
import os
import re
import shutil
import tempfile
import time
from pathlib import Path
from typing import Any, Final

import msgspec

from flowcore.model.event import Epoch
from flowcore.model.problem import error

FOLDER: Final = "checkpoints"
BETWEEN: Final = 2.0  # seconds; a training of tiny epochs must not spend its time on them
SHARE: Final = 0.05  # of the time that training may lose to checkpoints
_NAME: Final = re.compile(r"(\d+)\.weights")


class Kept(msgspec.Struct, frozen=True):
    """What belongs to the weights. seeds: states of the random generators of layers, by path.

    ended: the epochs that were asked for, of a training that came to its end; 0 of any other.
    """

    epoch: int
    history: tuple[Epoch, ...]
    seeds: dict[str, list[int]]
    ended: int = 0


class Checkpoints:
    """Those of one fit node in the folder of a run."""

    def __init__(self, folder: Path, node: str) -> None:
        self._folder = folder / FOLDER / node
        self._due = 0.0

    def due(self) -> bool:
        return time.monotonic() >= self._due

    def save(self, model: Any, epoch: int, history: list[Epoch], ended: int = 0) -> None:
        """Keep the model as it is after an epoch, in place of what was kept before (Model.save_weights)."""
        began = time.monotonic()
        self._folder.mkdir(parents=True, exist_ok=True)
        kept = Kept(epoch, tuple(history), _seeds(model), ended)
        (self._folder / f"{epoch}.json").write_bytes(msgspec.json.encode(kept))
        written = self._folder / "written.weights.h5"
        model.save_weights(written)
        os.replace(written, self._folder / f"{epoch}.weights")
        for path in self._folder.iterdir():
            if path.stem != str(epoch):
                path.unlink(missing_ok=True)
        cost = time.monotonic() - began
        self._due = time.monotonic() + max(BETWEEN, cost / SHARE)

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
        with tempfile.TemporaryDirectory() as folder, contextlib.suppress(AttributeError):
            link = Path(folder) / "kept.weights.h5"  # Keras goes by the name
            link.symlink_to((self._folder / f"{max(epochs)}.weights").resolve())
            model.optimizer.build(model.trainable_variables)
            try:
                model.load_weights(link)
            except (ValueError, KeyError) as reason:
                raise _mismatch(reason) from reason
        for variable in model.variables:
            if variable.path in kept.seeds:
                variable.assign(kept.seeds[variable.path])
        return kept

    def _names(self) -> list[str]:
        return [path.name for path in self._folder.iterdir()] if self._folder.is_dir() else []


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
