"""Imports that give stand-ins: nothing of the packages named is run while they are in force."""

import ast
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from pathlib import Path
from types import ModuleType
from typing import Any, Final

import griffe

from flowcore.worker.discover.static.standins import StandIns
from flowcore.worker.discover.static.tree import Tree

DEPTH: Final = 3000


@contextmanager
def stand_ins(files: Mapping[str, Path], roots: frozenset[str]) -> Iterator[None]:
    """Within, an import of a module below one of roots gives a stand-in made from its file.

    What was imported before is put aside, and put back afterwards. A module without a file that can be
    parsed raises ImportError, a compiled one too.
    """
    finder, depth = _Finder(files, roots), sys.getrecursionlimit()
    kept = _taken(roots)
    sys.meta_path.insert(0, finder)
    # The worker allows recursion that a hostile file would turn into a crash of the C stack.
    sys.setrecursionlimit(DEPTH)
    try:
        yield
    finally:
        sys.setrecursionlimit(depth)
        sys.meta_path.remove(finder)
        _taken(roots)
        sys.modules.update(kept)


def _taken(roots: frozenset[str]) -> dict[str, ModuleType]:
    """Takes the modules below roots out of those imported."""
    names = [name for name in sys.modules if name.partition(".")[0] in roots]
    return {name: sys.modules.pop(name) for name in names}


class _Finder(MetaPathFinder, Loader):
    def __init__(self, files: Mapping[str, Path], roots: frozenset[str]) -> None:
        self._tree = Tree(files)
        self._standins = StandIns(self._tree)
        self._roots = roots

    def find_spec(self, name: str, path: Any = None, target: Any = None) -> ModuleSpec | None:
        if name.partition(".")[0] not in self._roots:
            return None
        file = self._tree.files.get(name)
        package = file is not None and file.stem == "__init__"
        spec = ModuleSpec(name, self, origin=str(file), is_package=package)
        if file and package:
            spec.submodule_search_locations = [str(file.parent)]
        return spec

    def create_module(self, spec: ModuleSpec) -> ModuleType:
        if self._tree.module(spec.name) is None:
            raise ImportError(f"{spec.name} has no source that can be read.", name=spec.name)
        return ModuleType(spec.name)

    def exec_module(self, module: ModuleType) -> None:
        """Fills a module with the stand-ins of its classes and functions, ``__all__`` and ``__version__``."""
        parsed = self._tree.module(module.__name__)
        assert parsed is not None
        module.__doc__ = parsed.docstring.value if parsed.docstring else None
        exported = self._tree.exports(parsed)
        if exported is not None:
            vars(module)["__all__"] = list(exported)
        names = (name for name in self._tree.names(parsed) if not name.startswith("__"))
        for name in dict.fromkeys((*names, *(exported or ()))):
            with suppress(Exception):  # One that is too deep, or cannot be made: leave it out.
                value = self._standins.of(f"{module.__name__}.{name}")
                if value is not None:
                    setattr(module, name, value)
        version = parsed.members.get("__version__")
        if isinstance(version, griffe.Attribute):
            with suppress(ValueError, SyntaxError):
                vars(module)["__version__"] = ast.literal_eval(str(version.value))
