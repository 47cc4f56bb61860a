"""Catalogues: how fast 10,000 nodes are read and searched, how long a scan takes, and how good it is."""

import gc
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median
from typing import Any

import msgspec
from msgspec.structs import replace

from flowcore.dataflow.coverage import figures
from flowcore.dataflow.search import search
from flowcore.model.descriptor import Catalog
from flowcore.model.frame import DescribeRequest
from flowcore.runs.describe import ask
from flowcore.store import descriptors, overlay
from tests.benchmarks.unseen.__main__ import score

NODES, TIMES, PROCESSES = 10_000, 9, 5
QUERIES = ("dense", "conv 2d", "standard scaler", "e", "nothing is called this")
MEMORY = """
import pathlib, psutil, sys
from flowcore.store import descriptors
used = psutil.Process().memory_info
before = used().rss
catalog = descriptors.load(root=pathlib.Path(sys.argv[1]))
catalog.by_type, catalog.by_alias, catalog.families, catalog.texts
print((used().rss - before) / 1e6)
"""


def main() -> None:
    print("\n## Catalogues")
    with tempfile.TemporaryDirectory() as folder:
        _read(Path(folder))
    _scan()
    _quality()
    print("\nPackages that the rules were not made with, as judged by their documentation")
    score()


def _many() -> Catalog:
    """The shipped descriptors, under as many package names as it takes."""
    nodes = descriptors.load().nodes
    copies = (
        replace(node, package=f"copy{index}.{node.package}", aliases=(), runs="local", symbolic=False)
        for index in range(NODES // len(nodes) + 1)
        for node in nodes
    )
    return Catalog({"copy": "1"}, tuple(copies)[:NODES])


def _read(folder: Path) -> None:
    path = descriptors.save(_many(), "copy", folder)
    text = path.read_bytes()
    arms: dict[str, Callable[[], Any]] = {
        "typed and validated (msgspec)": lambda: msgspec.json.decode(text, type=Catalog),
        "untyped (json)": lambda: json.loads(text),
        "untyped (msgspec)": lambda: msgspec.json.decode(text),
    }
    seconds: dict[str, list[float]] = {name: [] for name in arms}
    for _ in range(TIMES):
        for name, decode in arms.items():
            seconds[name].append(_timed(decode))
    print(f"\n{NODES:,} descriptors, {len(text) / 1e6:.1f} MB")
    first = median(seconds["typed and validated (msgspec)"])
    for name, found in seconds.items():
        print(f"  {name:<34} {1000 * median(found):7.1f} ms   typed / this {first / median(found):.2f}")
    _load(folder)
    _search(descriptors.load(root=folder))


def _load(folder: Path) -> None:
    """With the shipped revisions and policy: all of it, its memory in a process of its own, and again."""
    shutil.copytree(
        descriptors.DESCRIPTORS, folder, ignore=shutil.ignore_patterns("*.json"), dirs_exist_ok=True
    )
    cold = []
    for _ in range(TIMES):
        os.utime(folder / "policy.toml")  # a file that changed: everything is read again
        cold.append(_timed(lambda: descriptors.load(root=folder)))
    again = median(_timed(lambda: descriptors.load(root=folder)) for _ in range(TIMES))
    both = median(_timed(overlay.load) for _ in range(TIMES))
    print(f"  loaded from disk, revised, governed {1000 * median(cold):6.1f} ms, {_megabytes(folder):.0f} MB")
    print(f"  loaded again, nothing changed      {1000 * again:7.2f} ms")
    print(f"  the same, shipped and one's own    {1000 * both:7.2f} ms")
    print(f"  memory of what is shipped          {_megabytes(descriptors.DESCRIPTORS):7.0f} MB")


def _megabytes(folder: Path) -> float:
    command = [sys.executable, "-c", MEMORY, str(folder)]
    return float(subprocess.run(command, capture_output=True, check=True, text=True).stdout)


def _search(catalog: Catalog) -> None:
    search(catalog, "warm")
    for query in QUERIES:
        took = median(_timed(lambda query=query: search(catalog, query), clean=False) for _ in range(TIMES))
        print(f"  searched for {query!r:<26} {1000 * took:5.2f} ms")


def _scan() -> None:
    """Processes, one after the other: all of keras scanned, and keras imported."""
    scanned = (
        "from msgspec.structs import replace; from flowcore.store.descriptors import source; "
        "from flowcore.worker.discover import describe; "
    )
    arms = {
        "import keras": "import keras",
        "scan of all of keras": scanned + "describe('keras', source('keras'))",
        "the same, nothing probed": scanned + "describe('keras', replace(source('keras'), probe=()))",
    }
    seconds: dict[str, list[float]] = {name: [] for name in arms}
    for _ in range(PROCESSES):
        for name, code in arms.items():
            command = [sys.executable, "-c", code]
            seconds[name].append(
                _timed(lambda command=command: subprocess.run(command, capture_output=True, check=True))
            )
    print("\nProcesses, wall time")
    first = median(seconds["import keras"])
    for name, found in seconds.items():
        print(f"  {name:<34} {median(found):7.1f} s    / import keras {median(found) / first:.2f}")


def _quality() -> None:
    """Fresh scans without revisions, tried out."""
    for package in ("keras", "sklearn"):
        source = descriptors.source(package)
        if (
            package == "sklearn"
        ):  # all of it, also what no node is made of: its checks are what is compared with
            source = replace(source, exclude=(), calls={})
        found = ask(DescribeRequest(package, source, trial=True))
        print()
        for name, value in figures(found.catalog, found.trial):
            print(f"  {name:<58} {value}")


def _timed(work: Callable[[], Any], clean: bool = True) -> float:
    """Seconds; clean: garbage is collected before, which also empties the caches of the processor."""
    if clean:
        gc.collect()
    start = time.perf_counter()
    kept = work()
    taken = time.perf_counter() - start
    del kept
    return taken


if __name__ == "__main__":
    main()
