"""The state of chance in this process: what is drawn for a node must not depend on what was looked at."""

import contextlib
import random
import sys
from collections.abc import Iterator
from typing import Any

import numpy as np

State = tuple[Any, ...]


def state() -> State:
    """Where Python, NumPy and TensorFlow stand."""
    found = _tensorflow()
    return random.getstate(), np.random.get_state(), found.getstate() if found else None


def restore(kept: State) -> None:
    """Go on from an earlier state."""
    python, numpy, tensorflow = kept
    random.setstate(python)
    np.random.set_state(numpy)
    found = _tensorflow()
    if found and tensorflow:
        found.setstate(tensorflow)


def seed(number: int) -> None:
    """As at the beginning of a run."""
    random.seed(number)
    np.random.seed(number % 2**32)


def seeded(number: int) -> State:
    """The state at the beginning of a run; that of this process stays."""
    with undisturbed():
        seed(number)
        return state()


def alike(one: State, other: State) -> bool:
    """Whether Python and NumPy stand at the same place: TensorFlow has none before a network is built."""
    return one[0] == other[0] and all(map(np.array_equal, one[1], other[1]))


def same(one: State, other: State) -> bool:
    """Whether nothing was drawn between two states."""
    return alike(one, other) and one[2] == other[2]


@contextlib.contextmanager
def undisturbed() -> Iterator[None]:
    """For a look at something: whatever it draws is drawn by nobody."""
    kept = state()
    try:
        yield
    finally:
        restore(kept)


def _tensorflow() -> random.Random | None:
    """What TensorFlow draws the seeds of its operations from; it has no public way to ask for that."""
    eager = sys.modules.get("tensorflow.python.eager.context")
    found = getattr(eager.context(), "_rng", None) if eager else None
    return found if isinstance(found, random.Random) else None
