"""What a user adds to the shipped catalogue, in FLOWCORE_HOME/descriptors, of the same form.

PACKAGE.json            generated from the app; takes the place of the shipped file of that name
revisions/PACKAGE.toml  corrections made on the Nodes page, laid over everything else
fallback/NAME.json      found in the user's own functions, see ``flowcore.store.fallback``

Policy is always the shipped one. A file that cannot be read is left out and becomes a problem.
"""

from collections.abc import Callable, Iterator
from functools import lru_cache, partial
from pathlib import Path
from typing import NamedTuple, TypeVar

from msgspec.structs import replace

from flowcore.model.descriptor import Catalog, NodeDescriptor, merge
from flowcore.model.problem import FlowError, Problem
from flowcore.store import descriptors, fallback
from flowcore.store.database import home, kept
from flowcore.store.policy import governed, read_policy
from flowcore.store.revisions import Revision, revise, stale_in

T = TypeVar("T")
Stamps = tuple[tuple[str, int, int], ...]


class Overlay(NamedTuple):
    """catalog: all that can be used. base: the same without the user's revisions."""

    catalog: Catalog
    base: Catalog
    revisions: dict[str, dict[str, Revision]]
    problems: tuple[Problem, ...]


class Stale(NamedTuple):
    """A revision of the user that no longer fits: its file, its pattern, and the reason."""

    package: str
    pattern: str
    problem: Problem


def load(hosted: bool = False) -> Catalog:
    """Every node that can be used. hosted: of what is shipped only what policy always allows."""
    return descriptors.load(True) if hosted else overlay().catalog


def overlay() -> Overlay:
    """The shipped catalogue with the user's over it; what has changed on disk is read again."""
    return _overlay(folder(), descriptors.stamps(descriptors.DESCRIPTORS), _stamps())


def folder() -> Path:
    """The user's own folder; it may not be there."""
    return home() / "descriptors"


def own_packages() -> tuple[str, ...]:
    """The packages that the user has added."""
    return tuple(sorted(path.stem for path in folder().glob("*.json")))


def save(catalog: Catalog, package: str) -> Path:
    """Writes what a scan has found, and returns its path."""
    with kept():
        folder().mkdir(parents=True, exist_ok=True)
        return descriptors.save(catalog, package, folder())


def remove(package: str) -> None:
    """Takes out a package that the user has added; what is shipped under its name is back."""
    if package in own_packages():
        with kept():
            (folder() / f"{package}.json").unlink(missing_ok=True)


def stale() -> tuple[Stale, ...]:
    """The user's revisions that no longer fit what was generated."""
    found = overlay()
    return tuple(
        Stale(package, pattern, problem)
        for package, revisions in found.revisions.items()
        for pattern, revision in revisions.items()
        for problem in stale_in(found.base, {pattern: revision}, package)
    )


@lru_cache(maxsize=2)
def _overlay(own: Path, shipped: Stamps, stamps: Stamps) -> Overlay:
    problems: list[Problem] = [*fallback.problems()]
    generated = dict(_generated(own, problems))
    kept = tuple(node for node in descriptors.load().nodes if _root(node) not in generated)
    functions = _functions(problems)
    base = merge(replace(descriptors.load(), nodes=kept), *generated.values(), functions)
    revisions: dict[str, dict[str, Revision]] = {}
    for path in sorted(own.glob("revisions/*.toml")):
        read = _attempt(partial(descriptors.revisions, path.stem, own), problems)
        revisions |= {path.stem: read} if read else {}
    catalog = base
    for changes in revisions.values():
        catalog = revise(catalog, changes)
    return Overlay(catalog, base, revisions, tuple(problems))


def _generated(own: Path, problems: list[Problem]) -> Iterator[tuple[str, Catalog]]:
    """The user's packages, with the shipped revisions and policy over them."""
    rules = read_policy(descriptors.policy())
    for path in sorted(own.glob("*.json")):
        read = _attempt(partial(descriptors.generated, path), problems)
        if read is not None:
            revised = revise(read, descriptors.revisions(path.stem))
            yield path.stem, replace(revised, nodes=governed(revised.nodes, rules))


def _functions(problems: list[Problem]) -> Catalog:
    """The nodes of the user's own functions."""
    rules = read_policy(descriptors.policy())
    nodes: list[NodeDescriptor] = []
    for name, path in fallback.files().items():
        if read := fallback.read(name, path):
            nodes += read.catalog.nodes
            problems += read.problems
    return Catalog({}, governed(nodes, rules))


def _attempt(read: Callable[[], T], problems: list[Problem]) -> T | None:
    try:
        return read()
    except FlowError as reason:
        problems += reason.problems
        return None


def _root(node: NodeDescriptor) -> str:
    return node.package.partition(".")[0]


def _stamps() -> Stamps:
    return (*(descriptors.stamps(folder()) if folder().is_dir() else ()), *fallback.stamps())
