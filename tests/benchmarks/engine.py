"""Order and dispatch per trivial node, against a plain loop and the engines that others use; the check.

Each engine has a process of its own; the arms take turns, and medians of processor time are printed, each of
the smallest of three passes: all engines work in one thread, and others use the machine too. The rivals are
installed into an environment of their own, ``build/rivals``: flowcore depends on none of them. All sections
are measured, or those that are named: ``python -m tests.benchmarks.engine growth check``.
"""

import gc
import json
import random
import select
import subprocess
import sys
import time
import venv
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from typing import Any, Final

from msgspec.structs import replace

from flowcore.dataflow.check import check
from flowcore.model.descriptor import Catalog
from flowcore.model.graph import Graph, Link, Node
from flowcore.store import descriptors
from tests.benchmarks.rivals import PASSES
from tests.benchmarks.rivals.graphs import KINDS, plan
from tests.toy import PASS, TOY

ROOT: Final = Path(__file__).parents[2]
PLACE: Final = ROOT / "build" / "rivals"
NEEDED: Final = Path(__file__).parent / "rivals" / "requirements.txt"
OURS, FLOOR = "flowcore", "plain loop"
LIBRARIES: Final = ("graphlib", "networkx")
EXECUTE: Final = ("dask.get", "hamilton", "barfi")
SIZES: Final = (100, 1_000, 10_000, 100_000)
TIMES, PAIRS, LIMIT, SLOW = 5, 9, 45.0, 2.0
BOUND, GROWTH, CHECKED = 5.0, 1.5, 10.0


def main() -> None:
    named = sys.argv[1:] or list(SECTIONS)
    if unknown := set(named) - set(SECTIONS):
        raise SystemExit(f"no section {', '.join(sorted(unknown))}; there are {', '.join(SECTIONS)}")
    for name in named:
        SECTIONS[name]()


def _dispatch() -> None:
    print("\n## Order and dispatch, microseconds a node (median of 5, each of 3 passes; arms take turns)")
    with _engines(OURS, FLOOR, *LIBRARIES, *EXECUTE) as engines:
        for size in SIZES:
            for kind in KINDS:
                _turns(engines, kind, size)
            _print(engines, size)
        _verdicts(engines)


class Engine:
    """One engine in a process of its own, which is ended where it takes longer than LIMIT."""

    def __init__(self, name: str, python: str) -> None:
        self.name = name
        self._command = [python, "-W", "ignore", "-m", "tests.benchmarks.rivals", name]
        self._process: subprocess.Popen[str] | None = None
        self.seconds: dict[tuple[str, int], list[float]] = {}
        self.values: dict[tuple[str, int], int] = {}
        self.failed: dict[tuple[str, int], str] = {}

    def measure(self, kind: str, size: int) -> None:
        """One more figure, unless one of this kind failed before, or took so long that one is enough."""
        key, before = (kind, size), [why for (one, _), why in self.failed.items() if one == kind]
        if before:
            self.failed[key] = before[0]
        elif max(self.seconds.get(key, [0.0])) < SLOW:
            answer = self._ask(f"{kind} {size}\n")
            if "failed" in answer:
                self.failed[key] = answer["failed"]
            else:
                self.seconds.setdefault(key, []).append(answer["seconds"])
                self.values[key] = answer["values"]

    def figure(self, kind: str, size: int) -> float:
        """Microseconds a node, infinite where there is none."""
        found = self.seconds.get((kind, size))
        return 1e6 * median(found) / size if found else float("inf")

    def growth(self, kind: str, few: int, many: int) -> float:
        """How much longer a node takes among many than among few that were measured just before."""
        pairs = zip(self.seconds[kind, few], self.seconds[kind, many], strict=False)
        return median(longer / short for short, longer in pairs) * few / many

    def close(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.communicate()
            self._process = None

    def _ask(self, line: str) -> dict[str, Any]:
        if self._process is None:
            pipe = subprocess.PIPE
            self._process = subprocess.Popen(self._command, cwd=ROOT, stdin=pipe, stdout=pipe, text=True)
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(line)
        self._process.stdin.flush()
        if select.select([self._process.stdout], [], [], LIMIT)[0]:
            answer = self._process.stdout.readline()
            if answer:
                return dict(json.loads(answer))
        self.close()
        return {"failed": f"> {LIMIT:.0f} s"}


@contextmanager
def _engines(*names: str) -> Iterator[list[Engine]]:
    rival = _environment()
    engines = [Engine(name, sys.executable if name == OURS else rival) for name in names]
    try:
        yield engines
    finally:
        for engine in engines:
            engine.close()


def _environment() -> str:
    """The Python of an environment that holds the rivals, made where it is not there yet."""
    python = PLACE / "bin" / "python"
    if not python.exists():
        venv.create(PLACE, with_pip=True)
    subprocess.run([python, "-m", "pip", "install", "-qq", "-r", NEEDED], check=True)
    return str(python)


def _turns(engines: list[Engine], kind: str, size: int) -> None:
    for turn in range(TIMES):
        for index in range(len(engines)):
            engines[(index + turn) % len(engines)].measure(kind, size)
    expected = next(engine for engine in engines if engine.name == FLOOR).values[kind, size]
    for engine in engines:
        if engine.values.get((kind, size), expected) != expected:
            engine.failed[kind, size] = "wrong values"
            engine.seconds.pop((kind, size))


def _print(engines: list[Engine], size: int) -> None:
    print(f"\n{size:,} nodes{'':14} {' '.join(f'{kind:>16}' for kind in KINDS)}")
    for engine in engines:
        cells = (engine.failed.get((kind, size)) or f"{engine.figure(kind, size):.2f}" for kind in KINDS)
        print(f"  {engine.name:24} {' '.join(f'{cell:>16}' for cell in cells)}")


def _verdicts(engines: list[Engine]) -> None:
    ours = engines[0]
    print()
    for kind in KINDS:
        at = {size: ours.figure(kind, size) for size in SIZES}
        best = min(
            engine.figure(kind, size) / at[size]
            for engine in engines
            if engine.name in EXECUTE
            for size in SIZES
        )
        _say(f"{kind}: microseconds a node at 10,000", at[10_000], BOUND)
        _say(f"{kind}: share of the fastest rival's time, at most", 1 / best, 1.0)


def _growth() -> None:
    """What others leave of the cache of the machine changes by the minute: few and many nodes in turn."""
    few, many = SIZES[-2:]
    print(f"\n## How much longer a node takes among {many:,} than among {few:,} (median of {PAIRS} pairs)")
    with _engines(OURS, FLOOR) as engines:
        for kind in KINDS:
            for _ in range(PAIRS):
                for engine in engines:
                    engine.measure(kind, few)
                    engine.measure(kind, many)
            own, loop = (engine.growth(kind, few, many) for engine in engines)
            _say(f"{kind}; a plain loop {loop:.2f}", own, GROWTH)


def _say(what: str, found: float, bound: float) -> None:
    print(f"  {what:60} {found:6.2f}   to reach {bound:4.1f}   {'' if found <= bound else 'missed'}")


def _check() -> None:
    """Every problem looked for, in graphs that have none."""
    print("\n## The full check at 10,000 nodes, microseconds a node")
    arms = {"layers of Keras, 4 arguments": (_dense(10_000), descriptors.load()), "random": (_random(), TOY)}
    seconds: dict[str, list[float]] = {name: [] for name in arms}
    for _ in range(TIMES):
        for name, (written, catalog) in arms.items():
            seconds[name].append(min(_timed(replace(written), catalog) for _ in range(PASSES)))
    for name, found in seconds.items():
        _say(name, 1e6 * median(found) / 10_000, CHECKED)


def _timed(graph: Graph, catalog: Catalog) -> float:
    gc.collect()
    start = time.process_time()
    found = check(graph, catalog)
    seconds = time.process_time() - start
    assert found == (), found[:3]
    return seconds


def _dense(count: int) -> Graph:
    """A chain of Dense layers that differ in their arguments."""
    chance = random.Random(0)
    nodes = [Node(id="n0", type="keras.Input", args={"shape": {"$tuple": [16]}})]
    for index in range(1, count):
        args = {
            "units": chance.randint(1, 1024),
            "activation": chance.choice(["relu", "tanh", "linear"]),
            "use_bias": chance.random() < 0.5,
            "kernel_initializer": chance.choice(["glorot_uniform", "he_normal"]),
        }
        nodes.append(Node(id=f"n{index}", type="keras.layers.Dense", label=f"dense {index}", args=args))
    links = (Link(f"n{index - 1}", "", f"n{index}", "inputs") for index in range(1, count))
    return Graph(nodes=tuple(nodes), links=tuple(links))


def _random() -> Graph:
    drawn = plan("random", 10_000)
    links = (Link(source, "", id, "x") for id in drawn.ids for source in drawn.sources[id])
    return Graph(nodes=tuple(Node(id=id, type=PASS) for id in drawn.ids), links=tuple(links))


SECTIONS: Final = {"dispatch": _dispatch, "growth": _growth, "check": _check}

if __name__ == "__main__":
    main()
