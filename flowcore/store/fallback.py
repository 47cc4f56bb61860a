"""Functions of the user: Python files in folders, each described into a file of its own.

FLOWCORE_FALLBACK names the folders, separated as in PATH (default: ``fallback`` in FLOWCORE_HOME).
A file beside the functions that are shipped, in ``fallback/``, counts as well. The functions of
``mine.py`` are nodes of the type ``fallback.mine.NAME``. What was found in a file, or why it cannot
be read, is kept under FLOWCORE_HOME until the file changes.
"""

import os
from collections.abc import Iterable
from functools import lru_cache
from pathlib import Path
from typing import Final

import msgspec

import flowcore
from flowcore.model.descriptor import Catalog
from flowcore.model.problem import Problem
from flowcore.store import descriptors
from flowcore.store.database import home, kept

PACKAGE: Final = "fallback"
TEMPLATE: Final = Path(flowcore.__file__).parent / "examples" / "functions.py"
_NAME: Final = "Name it like my_functions.py: small letters, digits and _, a letter first."
Stamp = tuple[str, int, int]


class Read(msgspec.Struct, frozen=True):
    """What was found in a file as it was at the time of its stamp."""

    stamp: Stamp
    version: str
    catalog: Catalog = Catalog()
    problems: tuple[Problem, ...] = ()


def folders() -> tuple[Path, ...]:
    """Where the user's files are looked for, besides the shipped folder."""
    named = os.environ.get("FLOWCORE_FALLBACK", "")
    return tuple(Path(part).expanduser() for part in named.split(os.pathsep) if part) or (home() / PACKAGE,)


def files() -> dict[str, Path]:
    """The user's files by the name of their module. Of two with one name the first counts."""
    found: dict[str, Path] = {}
    for path in _paths():
        if path.stem.isidentifier() and path.stem not in _shipped():
            found.setdefault(path.stem, path)
    return found


def waiting() -> dict[str, Path]:
    """The files that have changed since they were read, or never were."""
    return {name: path for name, path in files().items() if read(name, path) is None}


def read(name: str, path: Path) -> Read | None:
    """What was found in a file, None if that has to be looked up anew."""
    try:
        found = msgspec.json.decode(_kept(name).read_bytes(), type=Read)
        current = (found.stamp, found.version) == (stamp(path), flowcore.__version__)
    except (OSError, msgspec.MsgspecError):
        return None
    return found if current else None


def keep(name: str, stamp: Stamp, catalog: Catalog, problems: Iterable[Problem] = ()) -> None:
    """Remember what was found in a file. stamp: of the file before it was read."""
    path = _kept(name)
    part = path.with_suffix(".part")
    with kept():
        path.parent.mkdir(parents=True, exist_ok=True)
        part.write_bytes(msgspec.json.encode(Read(stamp, flowcore.__version__, catalog, tuple(problems))))
        os.replace(part, path)


def stamp(path: Path) -> Stamp:
    """What tells whether a file has changed. Raises OSError if it is gone."""
    stat = path.stat()
    return str(path), stat.st_mtime_ns, stat.st_size


def stamps() -> tuple[Stamp, ...]:
    """What tells whether anything has changed about the user's functions."""
    paths = (*_paths(), *sorted(_kept("x").parent.glob("*.json")))
    there = ((str(folder), 0, int(folder.is_dir())) for folder in folders())
    return (*there, *(stamp(path) for path in paths if path.exists()))


def problems() -> tuple[Problem, ...]:
    """Folders that are missing, and files that cannot be told apart or named."""
    found = [
        Problem(
            "no-folder",
            f"Expected a folder at {folder}, as FLOWCORE_FALLBACK says; found none.",
            "Make it, or set FLOWCORE_FALLBACK to another one.",
            level="notice",
        )
        for folder in folders()
        if "FLOWCORE_FALLBACK" in os.environ and not folder.is_dir()
    ]
    for path in _paths():
        if not path.stem.isidentifier():
            found.append(_unread(path, f"Expected a name that Python can import; found {path.name}", _NAME))
        elif path.stem in _shipped() and path.parent != _beside():
            other = _beside() / path.name
            found.append(_unread(path, f"Expected one {path.name}; found {other} too", "Rename it."))
        elif files().get(path.stem, path) != path:
            other = files()[path.stem]
            found.append(_unread(path, f"Expected one {path.name}; found {other} too", "Rename it."))
    return tuple(found)


def _unread(path: Path, reason: str, hint: str) -> Problem:
    return Problem("bad-function-file", f"{path} is not read. {reason}.", hint, level="notice")


def _paths() -> list[Path]:
    folders_ = dict.fromkeys((_beside(), *folders()))
    return [
        path for folder in folders_ for path in sorted(folder.glob("*.py")) if not path.name.startswith("_")
    ]


def _beside() -> Path:
    return descriptors.ROOT / PACKAGE


def _shipped() -> frozenset[str]:
    """Modules that the shipped catalogue describes."""
    path = descriptors.DESCRIPTORS / f"{PACKAGE}.json"
    return _modules(stamp(path)) if path.exists() else frozenset()


@lru_cache(maxsize=8)
def _modules(stamp: Stamp) -> frozenset[str]:
    return frozenset(node.package.split(".")[1] for node in descriptors.generated(Path(stamp[0])).nodes)


def _kept(name: str) -> Path:
    return home() / "descriptors" / PACKAGE / f"{name}.json"


def sources() -> dict[str, str]:
    """The texts of the files of functions, ours and the user's, by module: ``fallback.prepare``."""
    shipped = {path.stem: path for path in _paths() if path.parent == _beside()}
    return {f"{PACKAGE}.{name}": path.read_text("utf-8") for name, path in {**files(), **shipped}.items()}
