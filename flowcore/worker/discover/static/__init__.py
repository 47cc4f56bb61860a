"""A package's catalogue out of its files alone: for one that is not trusted.

files finds the source files, tree parses them, annotations and defaults turn text into objects without
evaluating it, standins makes classes and functions that look like the real ones and do nothing, imports
lets an import find these. What describes imported packages then describes the stand-ins.
"""

from collections.abc import Callable, Mapping
from typing import Any

from msgspec.structs import replace

from flowcore.model.descriptor import Catalog, Registry, Source
from flowcore.model.problem import error
from flowcore.worker.discover.catalogue import EVERYTHING, describe
from flowcore.worker.discover.static.files import source_files
from flowcore.worker.discover.static.imports import stand_ins

_IMPORTED = ("choices", "probe")
NO_NAMES: Mapping[str, Any] = {}


def describe_static(
    package: str, source: Source = EVERYTHING, tell: Callable[[int, int], None] = lambda done, total: None
) -> Catalog:
    """The catalogue of a package, of which nothing is imported or run.

    Compiled modules, and files that cannot be parsed, are left out; the names in a registry are not
    known. tell hears what `describe` tells. Raises FlowError: "not-installed"; "no-source" if there is
    no file that can be read; LookupError for a path of the source that leads nowhere.
    """
    roots = frozenset(path.partition(".")[0] for path in (package, *_named(source)))
    files = {name: path for root in sorted(roots) for name, path in source_files(root).items()}
    if package not in files:
        raise error(
            "no-source",
            f"Expected Python files of {package}; found none: it is compiled, or named otherwise.",
            "Import it instead, if you trust it: leave --static out.",
        )
    with stand_ins(files, roots):
        return describe(package, _readable(source), tell)


def _readable(source: Source) -> Source:
    """What of a source can be found in files: no registry has names, and nothing is tried out."""
    unread = {family: Registry(path=f"{__name__}.NO_NAMES") for family in source.registries}
    emptied = {name: type(getattr(source, name))() for name in _IMPORTED if hasattr(source, name)}
    return replace(source, registries=unread, **emptied)


def _named(source: Source) -> tuple[str, ...]:
    return (*source.families, *source.functions, *source.methods, *source.merging)
