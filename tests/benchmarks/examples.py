"""Every example in full, with the band of its note, and its script in a fresh process: a quarter of an hour.

python -m tests.benchmarks.examples [NAME...]
"""

import sys
import tempfile
import time
from pathlib import Path

from flowcore import api
from flowcore.model.graph import Graph
from flowcore.model.run import Run
from tests.alone import Alone, expected, printed, write
from tests.headlines import HEADLINES, figure, written_to

ROW = "{:<22} {:>5} {:>10} {:>8} {:>9} {:>16}  {:<9} {}"
HEAD = ("example", "nodes", "parameters", "seconds", "figure", "band", "in band", "script equal")


def main(*names: str) -> None:
    """Print a row for each example; all of them if none is named."""
    print(ROW.format(*HEAD))
    with tempfile.TemporaryDirectory() as folder:
        for name, path in api.examples().items():
            if not names or name in names:
                print(ROW.format(*_row(name, written_to(Path(folder), api.load(path)), Path(folder))))
                sys.stdout.flush()


def _row(name: str, graph: Graph, folder: Path) -> tuple[str, ...]:
    headline = HEADLINES[name]
    began = time.monotonic()
    run = api.run(graph)
    seconds = time.monotonic() - began
    if run.problem:
        return (name, str(len(graph.nodes)), "", f"{seconds:.1f}", "failed", "", "no", run.problem.message)
    found = figure(graph, run, headline)
    parameters = sum(row.parameters for rows in run.summaries.values() for row in rows)
    return (
        name,
        str(len(graph.nodes)),
        f"{parameters:,}",
        f"{seconds:.1f}",
        f"{found:.4g}",
        f"{headline.low:g} to {headline.high:g}",
        "yes" if headline.low <= found <= headline.high else "no",
        "yes" if _equal(name, graph, run, folder) else "no",
    )


def _equal(name: str, graph: Graph, run: Run, folder: Path) -> bool:
    """Whether the script of a graph prints what the run has found, to 1e-6."""
    scripts = Alone()
    try:
        output = scripts.output(write(graph, api.catalog(), folder / f"{name}.py"))
    finally:
        scripts.close()
    return all(
        abs(one - other) <= 1e-6 * max(abs(one), 0.1)
        for title, values in expected(graph, run).items()
        for one, other in zip(values, printed(title, output), strict=True)
    )


if __name__ == "__main__":
    main(*sys.argv[1:])
