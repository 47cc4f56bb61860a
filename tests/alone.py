"""Scripts of graphs, and what they print, beside the results of a run."""

import ast
import os
import re
import subprocess
import sys
from pathlib import Path

from flowcore.dataflow.script import script
from flowcore.model.descriptor import Catalog
from flowcore.model.graph import Graph
from flowcore.model.run import Run

ROOT = Path(__file__).parents[1]
SOURCES = {f"fallback.{path.stem}": path.read_text() for path in (ROOT / "fallback").glob("*.py")}
ALONE = ROOT / "tests" / "scripts" / "alone.py"


def write(graph: Graph, catalog: Catalog, path: Path, seed: int = 0) -> Path:
    """The script of a graph as a file."""
    path.write_text(script(graph, catalog, SOURCES, seed))
    return path


class Alone:
    """A process that runs scripts, one after the other, where flowcore cannot be imported."""

    def __init__(self) -> None:
        environment = {**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3"}
        self._process = subprocess.Popen(
            [sys.executable, "-I", str(ALONE)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env=environment,
        )

    def output(self, path: Path) -> str:
        """What a script prints. It must end well."""
        assert self._process.stdin
        assert self._process.stdout
        print(path, file=self._process.stdin, flush=True)
        code = self._process.stdout.readline().strip()
        output = path.with_suffix(".out").read_text()
        assert code == "0", output[-2000:]
        return output

    def close(self) -> None:
        self._process.communicate(timeout=60)


def expected(graph: Graph, run: Run) -> dict[str, list[float]]:
    """The numbers of a run that its script prints too: of evaluations, and of nodes that end the graph."""
    ends = [node for node in graph.nodes if not graph.out_of(node.id) or node.type == "keras.Model.evaluate"]
    return {
        node.title: [value for value in run.results[node.id].values() if value is not None]
        for node in ends
        if node.id in run.results
    }


def printed(title: str, output: str) -> list[float]:
    """The numbers that a script has printed for a node."""
    found = re.findall(rf"^{re.escape(title)} (\{{.*?\}}|\[[^\]]*\]|\S+)$", output, re.M | re.S)
    text = found[-1]
    if text.startswith("{"):
        return [float(value) for value in ast.literal_eval(text).values()]
    return [float(word) for word in text.strip("[]").split()]
