"""Reads hostile scripts and model files where nothing that runs goes unseen: python -m tests.hostile FOLDER

An audit hook, which no code in the process can take away, hears of every import, executed code object, opened
file, process, socket and unpickled class from the moment that all is loaded. What it heard, and what came of
each file of the folder, is written to stdout.
"""

import gc
import re
import resource
import sys
import time
from pathlib import Path
from typing import Any

import msgspec

from flowcore.dataflow.check import check, errors
from flowcore.dataflow.read_model import read_model
from flowcore.dataflow.read_script import read_script
from flowcore.dataflow.script import script
from flowcore.model.graph import Graph
from flowcore.model.problem import FlowError
from flowcore.store import descriptors
from flowcore.worker.evaluate import evaluate

HEARD = (
    "import",
    "exec",
    "open",
    "os.",
    "subprocess.",
    "socket.",
    "marshal.",
    "pickle.",
    "code.",
    "shutil.",
    "ctypes.",
)
CLEAR, STATUS = Path("/proc/self/clear_refs"), Path("/proc/self/status")
UNKNOWN = "open ('<unknown>', 'rb', 0)"  # where Python looks for the line that is no Python


class Outcome(msgspec.Struct):
    """What came of one file. codes: why it was refused; types: what the graph names; ran: what was heard.

    stopped: nodes whose evaluation was refused before anything was imported for them.
    """

    codes: list[str] = []
    message: str = ""
    types: list[str] = []
    errors: list[str] = []
    stopped: list[str] = []
    document: str = ""
    ran: list[str] = []
    seconds: float = 0.0
    memory: float = 0.0


def main(folder: Path) -> None:
    """Writes the outcomes by file, and under "control" that of code that does run."""
    catalog = descriptors.load()
    files = {path.name: path.read_bytes() for path in sorted(folder.iterdir())}
    for name in [name for name in files if name.startswith("harmless")]:
        _read(name, files.pop(name), catalog, Outcome())
    heard: list[str] = []

    def hook(event: str, args: tuple[Any, ...]) -> None:
        told = f"{event} {args!r:.80}"
        if event.startswith(HEARD) and told != UNKNOWN:
            heard.append(told)

    sys.addaudithook(hook)
    found: dict[str, Outcome] = {}
    for name, content in files.items():
        outcome = found[name] = Outcome()
        _forget()
        before, began = _memory(), time.perf_counter()
        heard.clear()
        _read(name, content, catalog, outcome)
        outcome.seconds = time.perf_counter() - began
        outcome.ran, outcome.memory = list(heard), _memory() - before
    heard.clear()
    exec("1 + 1")
    found["control"] = Outcome(ran=list(heard))
    sys.stdout.buffer.write(msgspec.json.encode(found))


def _read(name: str, content: bytes, catalog: Any, outcome: Outcome) -> None:
    try:
        if name.endswith(".py"):
            graph = read_script(content.decode("utf-8", "replace"), catalog)
        else:
            graph = read_model(content, catalog)
    except FlowError as reason:
        outcome.codes = [problem.code for problem in reason.problems]
        outcome.message = str(reason)
        return
    outcome.types = [node.type for node in graph.nodes]
    if len(graph.nodes) > 5_000:
        return  # what a long graph costs afterwards is no matter of reading
    outcome.document = msgspec.json.encode(graph).decode()
    outcome.errors = [problem.code for problem in errors(check(graph, catalog))]
    try:
        script(graph, catalog, {})
    except FlowError as reason:
        outcome.errors += [f"script: {problem.code}" for problem in reason.problems]
    if not name.startswith("harmless"):
        outcome.stopped = _stopped(graph, catalog)


def _stopped(graph: Graph, catalog: Any) -> list[str]:
    """The nodes, of those that check has found wrong, that a worker refuses to evaluate."""
    found = []
    for id in dict.fromkeys(id for problem in errors(check(graph, catalog)) for id in problem.nodes):
        alone = Graph(nodes=(graph.by_id[id],))
        try:
            evaluate(alone, graph.by_id[id], catalog, {}, lambda *args: None)
        except FlowError as reason:
            found += [f"{graph.by_id[id].type} {problem.code}" for problem in reason.problems]
    return found


def _forget() -> None:
    """What files before have held is no matter of the next one."""
    gc.collect()
    if CLEAR.exists():
        CLEAR.write_text("5")


def _memory() -> float:
    """The most that the process has held, in MB."""
    found = re.search(r"VmHWM:\s+(\d+)", STATUS.read_text()) if STATUS.exists() else None
    return (int(found[1]) if found else resource.getrusage(resource.RUSAGE_SELF).ru_maxrss) / 1024


if __name__ == "__main__":
    main(Path(sys.argv[1]))
