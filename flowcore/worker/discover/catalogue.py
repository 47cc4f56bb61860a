"""A package becomes a catalogue."""

import importlib.metadata
import inspect
import sys
from collections.abc import Callable, Iterator
from fnmatch import fnmatchcase

from msgspec.structs import replace

from flowcore.model.descriptor import Catalog, NodeDescriptor, Origin, Source
from flowcore.store import descriptors
from flowcore.worker.discover.callables import abstract, describe_callable, describe_method
from flowcore.worker.discover.consensus import consented, named_after
from flowcore.worker.discover.families import Families, families
from flowcore.worker.discover.probe import probed
from flowcore.worker.discover.results import agreed
from flowcore.worker.discover.walk import Found, load, resolve, walk
from flowcore.worker.locate import uncollected

EVERYTHING = Source()


def describe(
    package: str, source: Source = EVERYTHING, tell: Callable[[int, int], None] = lambda done, total: None
) -> Catalog:
    """Imports a package and describes its public callables, sorted by path.

    tell hears after each callable how many are done, and of how many. Raises LookupError if the
    package, or a path that the source names, does not exist.
    """
    with uncollected():
        module = resolve(package)
    if not source.families and "keras" in sys.modules:  # what it derives from Keras is of the same families
        source = replace(source, families=descriptors.source("keras").families)
    known = families(source)
    origin = _origin(package, str(getattr(module, "__version__", "")))
    nodes: dict[str, NodeDescriptor] = {}
    chosen = tuple(_chosen(package, source))
    for done, found in enumerate(chosen, 1):
        if found.path in source.keep or not abstract(found.value, known):
            nodes[found.path] = _described(found, known, origin)
        tell(done, len(chosen))
    for path in source.methods:
        for one in _methods(path):
            nodes[one] = describe_method(one, known, origin)
    for node in tuple(nodes.values()):
        for name, call in source.calls.get(node.otype, {}).items() if node.kind == "class" else ():
            if callable(getattr(resolve(node.package), name, None)):
                path = f"{node.package}.{name}"
                nodes[path] = describe_method(path, known, origin, call)
    described = tuple(_without(nodes[path], source.leave_out) for path in sorted(nodes))
    agreed_on = agreed(named_after(consented(described)))
    catalog = Catalog({package: origin.version}, agreed_on, known.accepted)
    return probed(catalog, source.probe) if source.probe else catalog


def _described(found: Found, known: Families, origin: Origin) -> NodeDescriptor:
    """A callable's descriptor; one that cannot be looked at is there, says why, and is not available."""
    try:
        return describe_callable(found, known, origin)
    except Exception as reason:  # What a package's objects do when they are looked at is theirs.
        doc = f"It cannot be described. {type(reason).__name__}: {reason}."
        name = found.path.rpartition(".")[2]
        return NodeDescriptor(name=name, package=found.path, doc=doc, origin=origin, available=False)


def _without(node: NodeDescriptor, names: tuple[str, ...]) -> NodeDescriptor:
    kept = tuple(one for one in node.args if one.required or not any(fnmatchcase(one.arg, n) for n in names))
    return node if len(kept) == len(node.args) else replace(node, args=kept)


def _methods(path: str) -> Iterator[str]:
    """A method's path; of ``CLASS.*`` those of its public, documented methods."""
    owner, _, name = path.rpartition(".")
    if name != "*":
        yield path
        return
    for found, value in inspect.getmembers(resolve(owner), inspect.isroutine):
        bound = inspect.ismethod(value)  # a class method makes an object: it needs none
        if not found.startswith("_") and value.__doc__ and not bound:
            yield f"{owner}.{found}"


def _chosen(package: str, source: Source) -> Iterator[Found]:
    """What a source includes: callables by their path, modules with all that they define."""
    modules = {name for name in source.include if load(name) is not None}
    for found in walk(package, source.exclude):
        paths = {found.path, *found.aliases}
        homes = {path.rpartition(".")[0] for path in paths}
        if not source.include or paths & set(source.include) or homes & modules:
            yield found
    for path in source.also:
        yield Found(path, (), resolve(path))


def _origin(package: str, version: str) -> Origin:
    """The distribution that holds a package; a package outside of any stands for itself."""
    root = package.partition(".")[0]
    dists = importlib.metadata.packages_distributions().get(root, ())
    if not dists:
        return Origin(root, version)
    return Origin(dists[0], importlib.metadata.version(dists[0]))
