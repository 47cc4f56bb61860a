"""The limits that the system keeps for a worker, so that too large a request fails where it is made."""

import errno
import resource
import sys
from collections.abc import Iterable
from typing import Final

from flowcore.dataflow.bounds import hint
from flowcore.dataflow.units import size
from flowcore.model.frame import Limits
from flowcore.model.problem import Problem, error
from flowcore.store.processes import status
from flowcore.worker import sizes
from flowcore.worker.gather import Outputs
from flowcore.worker.weights import layer_of

SLACK: Final = 1 << 29  # stacks of threads that libraries start, counted whole before they are used


def confine(limits: Limits) -> None:
    """Let an allocation beyond the limit of memory raise MemoryError, a file beyond that of disk OSError."""
    if limits.memory is not None:
        _limit(resource.RLIMIT_DATA, status().get("VmData", 0) + limits.memory + SLACK)
    if limits.disk is not None:
        _limit(resource.RLIMIT_FSIZE, limits.disk)


def exhausted(reason: BaseException, limits: Limits) -> Problem | None:
    """What is to be said of a request for more memory or disk than is allowed; None of anything else."""
    if isinstance(reason, OSError) and reason.errno == errno.EFBIG and limits.disk is not None:
        return Problem(
            "limit-disk",
            f"It wrote a file of more than {size(limits.disk)}, which is the limit of disk space.",
            hint("disk"),
        )
    if not isinstance(reason, MemoryError) and type(reason).__name__ != "ResourceExhaustedError":
        return None
    limit = "the machine has" if limits.memory is None else f"the limit of {size(limits.memory)} leaves"
    return Problem("limit-memory", f"It asked for more memory than {limit}.", hint("memory"))


class Parameters:
    """Those of all layers and models that were made, each variable once. limit: None for any number."""

    def __init__(self, limit: int | None, kept: Iterable[Outputs] = ()) -> None:
        self._limit = limit
        self._known: set[int] = set()
        self._total = 0
        for outputs in kept:
            self._count(outputs)

    def admit(self, *made: Outputs) -> None:
        """Count what a node made, and what it took, since that may have been built by this node only.

        Raises FlowError("limit-parameters") past the limit.
        """
        for outputs in made:
            self._count(outputs)
        if self._limit is not None and self._total > self._limit:
            raise error(
                "limit-parameters",
                f"The layers have {self._total:,} parameters so far; the limit is {self._limit:,}.",
                hint("parameters"),
            )

    def _count(self, outputs: Outputs) -> None:
        if self._limit is None or "keras" not in sys.modules:  # whoever made a layer has imported it
            return
        for thing in outputs.all().values():
            new = [one for one in getattr(layer_of(thing), "weights", ()) if id(one) not in self._known]
            self._known.update(map(id, new))
            self._total += sizes.size(new)


def _limit(kind: int, wanted: int) -> None:
    hard = resource.getrlimit(kind)[1]
    resource.setrlimit(kind, (wanted if hard == resource.RLIM_INFINITY else min(wanted, hard), hard))
