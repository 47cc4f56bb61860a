"""Scripts as people see them: written from the graph and the files of our functions, formatted by ruff."""

import subprocess
from functools import lru_cache

from ruff import find_ruff_bin

from flowcore.dataflow import document, marks
from flowcore.dataflow.script import script as write
from flowcore.model.descriptor import Catalog
from flowcore.model.graph import Graph
from flowcore.model.problem import error
from flowcore.store import fallback

WIDTH = 100


def script(graph: Graph, catalog: Catalog, seed: int = 0) -> str:
    """A Python script that does what a run of the graph does, without flowcore.

    Raises FlowError: what `flowcore.dataflow.script.script` raises, "no-format" where ruff does not work.
    """
    return formatted(write(graph, catalog, fallback.sources(), seed))


def formatted(source: str) -> str:
    """Source in ruff's format; no configuration of a folder around plays a part."""
    command = [find_ruff_bin(), "format", "--isolated", "--quiet", "--line-length", str(WIDTH), "-"]
    done = subprocess.run(command, input=source, capture_output=True, text=True, check=False)
    if done.returncode:
        told = " ".join(done.stderr.split())[:300]
        raise error(
            "no-format", f"The script could not be formatted: {told}", "Install flowcore's ruff again."
        )
    return done.stdout


@lru_cache(maxsize=256)
def lines(source: str) -> dict[str, list[tuple[int, int]]]:
    """Where the statements of each node are in a script: first and last lines, from 1 on."""
    found: dict[str, list[tuple[int, int]]] = {}
    for statement in marks.parsed(source).statements:
        if statement.mark.id:
            found.setdefault(statement.mark.id, []).append(statement.lines)
    return found


def key(graph: Graph) -> tuple[bytes, object]:
    """What a script depends on, as one value: the graph, and the files of our functions."""
    return document.write(graph), fallback.stamps()
