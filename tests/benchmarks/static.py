"""Packages described by their files alone, against the same packages imported: time and agreement."""

import time

from flowcore.model.descriptor import Argument, Catalog, Source
from flowcore.runs.describe import describe
from flowcore.store import descriptors

PACKAGES = ("keras", "sklearn", "pandas")
BOUND_FOUND, BOUND_EQUAL = 0.95, 0.9
UNLISTED = {"pandas": Source(exclude=("pandas.tests", "pandas.tests.*", "pandas.core", "pandas.core.*"))}


def main() -> None:
    print(
        f"{'read, not imported':20} {'static s':>9} {'import s':>9} {'nodes':>6} {'found':>6} "
        f"{'args':>6} {'same type':>10} {'if both know':>13}"
    )
    for package in PACKAGES:
        source = descriptors.source(package)
        source = UNLISTED.get(package, source) if source == Source() else source
        read, seconds = _timed(package, source, static=True)
        imported, others = _timed(package, source, static=False)
        pairs = _pairs(read, imported)
        both = [(one, two) for one, two in pairs if one and one.supported and two.supported]
        found = len(read.by_type.keys() & imported.by_type.keys()) / len(imported.nodes)
        print(
            f"{package:20} {seconds:9.1f} {others:9.1f} {len(imported.nodes):6} {found:6.3f} "
            f"{len(pairs):6} {_same(pairs):10.3f} {_same(both):13.3f}"
        )
    print(f"{'to reach, keras':20} {'':9} {'':9} {'':6} {BOUND_FOUND:6} {'':6} {BOUND_EQUAL:10}")


def _timed(package: str, source: Source, static: bool) -> tuple[Catalog, float]:
    """A catalogue and the seconds it took, the start of its process included."""
    start = time.monotonic()
    return describe(package, source, static=static), time.monotonic() - start


def _pairs(read: Catalog, imported: Catalog) -> list[tuple[Argument | None, Argument]]:
    """The arguments of what both found: as read, None if it was not, and as imported."""
    common = ((read.by_type[node.package], node) for node in imported.nodes if node.package in read.by_type)
    return [(one.arguments.get(other.arg), other) for one, two in common for other in two.args]


def _same(pairs: list[tuple[Argument | None, Argument]]) -> float:
    return sum(one is not None and one.itype == two.itype for one, two in pairs) / max(len(pairs), 1)


if __name__ == "__main__":
    main()
