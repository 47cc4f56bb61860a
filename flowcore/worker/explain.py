"""From an exception to a Problem of the node where it happened."""

import contextlib
import re
import sys
import traceback
from collections.abc import Iterator, Mapping
from typing import Final

from flowcore.dataflow.foresee import Texts, foresee
from flowcore.model.frame import Limits
from flowcore.model.graph import Graph, Node
from flowcore.model.problem import FlowError, Problem
from flowcore.worker import preview
from flowcore.worker.confine import exhausted
from flowcore.worker.control import StopRun
from flowcore.worker.gather import Outputs

_NOISE: Final = (
    re.compile(r"\x1b\[[0-9;]*m"),
    re.compile(r"\n*Arguments received by .*", re.DOTALL),
    re.compile(r"^Exception encountered when calling [^\n]*\n+"),
    re.compile(r"\{\{[^}]*\}\}\s*"),
    re.compile(r"\s*\[Op:\w+\]( name:)?"),
    re.compile(r"(?<=Input \d) with name '[^']*'"),
)

_UNREACHED: Final = (  # what keras.utils.get_file could not load
    "Let this machine reach that address, or put the file where Keras looks for it: ~/.keras/models for "
    "weights, ~/.keras/datasets for data. Without weights a network begins with random ones: weights None."
)


@contextlib.contextmanager
def explained(graph: Graph, node: Node, values: Mapping[str, Outputs], limits: Limits) -> Iterator[None]:
    """Whatever a node raises in here becomes a FlowError that names it; its trace is printed.

    values: of the nodes before it. StopRun goes on as it is.
    """
    try:
        yield
    except StopRun:
        raise
    except BaseException as reason:  # a node may raise anything, and its run has to end with a value
        print_trace(reason)
        problem = exhausted(reason, limits)
        shapes = {id: preview.shapes(outputs) for id, outputs in values.items()}
        raise FlowError(explain(FlowError(problem) if problem else reason, graph, node, shapes)) from None


def print_trace(reason: BaseException) -> None:
    """The trace of an exception among the output, unless a node has closed that."""
    with contextlib.suppress(AttributeError, OSError, ValueError):
        traceback.print_exception(reason, file=sys.stderr)


def explain(
    reason: BaseException, graph: Graph, node: Node, shapes: Texts, dtypes: Texts | None = None
) -> Problem:
    """What happened at a node, and what came into it. shapes, dtypes: of the nodes before it.

    Where the shapes alone tell what is wrong, that is said in place of the exception's words.
    """
    if isinstance(reason, FlowError):
        first = reason.problems[0]
        return Problem(first.code, f"{node.title}: {first.message}", first.hint, (node.id,))
    known = foresee(graph, node, shapes, dtypes)
    if known is not None and known.level == "error":
        return known
    text = told(reason)
    return Problem(
        "node-failed",
        f"{node.title} failed: {text}.",
        _UNREACHED if "URL fetch failure" in text else _hint(graph, node, shapes),
        (node.id,),
    )


def told(reason: BaseException) -> str:
    """An exception in one line, without what libraries write around it."""
    text = str(reason)
    for noise in _NOISE:
        text = noise.sub("", text)
    text = " ".join(text.split()) or type(reason).__name__
    if len(text) > 600:
        text = text[:600] + "…"
    return f"{text.rstrip('.')} ({type(reason).__name__})"


def _hint(graph: Graph, node: Node, shapes: Texts) -> str:
    came = [
        f"{shape} from {graph.title(link.source)}"
        for link in graph.into(node.id)
        if (shape := shapes.get(link.source, {}).get(link.output, ""))
    ]
    if not came:
        return f"Change the arguments of {node.title}."
    return f"Change its arguments, or what comes in: {', '.join(came[:3])}."
