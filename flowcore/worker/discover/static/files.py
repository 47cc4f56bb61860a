"""The source files of a package, found without importing it."""

import importlib.util
import os
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from flowcore.model.problem import error

MAX_FILES: Final = 20_000
MAX_BYTES: Final = 4_000_000


def source_files(package: str) -> dict[str, Path]:
    """Module -> file, of everything below the top of a dotted name; {} if all of it is compiled.

    A stub (.pyi) stands for a compiled module. What is no regular file, or too large, is left out.
    Raises FlowError("not-installed").
    """
    root = package.partition(".")[0]
    try:
        spec = importlib.util.find_spec(root)  # of a top-level name nothing is imported
    except (ImportError, ValueError):
        spec = None
    if spec is None:
        raise error(
            "not-installed",
            f"Expected the package {root} to be installed; nothing of that name was found.",
            f"Install it, for instance with `pip install {root}`, or correct the name.",
        )
    if spec.submodule_search_locations is None:
        path = Path(spec.origin or "")
        return {root: path} if _readable(path) else {}
    found: dict[str, Path] = {}
    for folder in spec.submodule_search_locations:
        for name, path in _below(Path(folder), root):
            if len(found) < MAX_FILES and (name not in found or path.suffix == ".py"):
                found[name] = path
    return found


def _below(folder: Path, root: str) -> Iterator[tuple[str, Path]]:
    """Modules in a folder and its packages; a folder that links lead back to is read once."""
    waiting, seen = [(root, folder)], set()
    while waiting:
        name, folder = waiting.pop()
        real = os.path.realpath(folder)
        if real in seen:
            continue
        seen.add(real)
        for path in _entries(folder):
            module = name if path.stem == "__init__" else f"{name}.{path.stem}"
            if path.suffix in (".py", ".pyi") and path.stem.isidentifier() and _readable(path):
                yield module, path
            elif path.name.isidentifier() and any((path / one).exists() for one in _INITS):
                waiting.append((module, path))


_INITS = ("__init__.py", "__init__.pyi")


def _entries(folder: Path) -> list[Path]:
    try:
        return sorted(folder.iterdir())
    except OSError:
        return []


def _readable(path: Path) -> bool:
    """A source file of a sensible size: reading a pipe or a device might never end."""
    try:
        found = path.stat()
    except OSError:
        return False
    return path.suffix in (".py", ".pyi") and stat.S_ISREG(found.st_mode) and found.st_size <= MAX_BYTES
