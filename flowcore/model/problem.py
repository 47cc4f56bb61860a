"""What can be wrong, as a value.

Exception
  FlowError            carries one or more Problems; the only error that crosses a floor
"""

from collections.abc import Iterable
from typing import Literal

import msgspec


class Problem(msgspec.Struct, frozen=True):
    """One thing that is wrong.

    code: stable, for programs ("cycle", "missing-argument", …).
    message: what was expected and what was found, with names and values.
    hint: what to do about it, an imperative.
    nodes: ids of the nodes to mark.
    level: an error keeps the graph from running, a notice does not.
    """

    code: str
    message: str
    hint: str = ""
    nodes: tuple[str, ...] = ()
    level: Literal["error", "notice"] = "error"

    def __str__(self) -> str:
        return f"{self.message} {self.hint}".strip()


class FlowError(Exception):
    """Raised where there is no value to return; lists everything that is wrong at once."""

    def __init__(self, *problems: Problem) -> None:
        super().__init__("\n".join(map(str, problems)))
        self.problems = problems


def error(code: str, message: str, hint: str = "", nodes: Iterable[str] = ()) -> FlowError:
    """A FlowError with a single problem."""
    return FlowError(Problem(code, message, hint, tuple(nodes)))
