"""What tells whether the code and the files behind a graph have changed since they were read."""

import ast
import contextlib
import importlib
import os
import sys
from collections.abc import Iterable, Iterator
from functools import lru_cache
from hashlib import sha256
from itertools import islice
from pathlib import Path
from types import ModuleType
from typing import Final

from flowcore.dataflow.signature import words
from flowcore.model.graph import Graph, types
from flowcore.worker.locate import locate

OWN: Final = "fallback."
LONGEST: Final = 4096
MOST: Final = 20_000  # files and folders below a folder that are looked at
_loaded: dict[str, str] = {}


def stamps(graph: Graph) -> dict[str, str]:
    """By type the hash of the code of a function of ours or the user's, by path what tells of a file.

    That is its size and time; of a folder those of all that is below it. A module whose file has changed
    since it was imported is imported again.
    """
    found = {type_: text for type_ in types(graph) if type_.startswith(OWN) and (text := code(type_))}
    for node in graph.nodes:
        found |= _files(words([*node.args.values(), *node.call.values()]))
    return found


def code(type_: str) -> str:
    """The hash of the files of a function: its own, and those of ours or the user's that it imports.

    "" where there is none.
    """
    name = type_.rpartition(".")[0]
    module = sys.modules.get(name) or _imported(name)
    if module is None or getattr(module, "__file__", None) is None:
        return ""
    return _up_to_date(module, {})


def _up_to_date(module: ModuleType, known: dict[str, str]) -> str:
    """The hash of a module and of what it imports; loaded again if another one was loaded."""
    name, path = module.__name__, getattr(module, "__file__", None)
    content = Path(path).read_bytes() if path else b""
    known[name] = ""  # until it is known: modules may import each other
    whole = sha256(content)
    for used in _imports(content, module.__package__ or ""):
        other = sys.modules.get(used)
        if other is not None and used not in known:
            _up_to_date(other, known)
        whole.update(known.get(used, "").encode())
    known[name] = whole.hexdigest()
    if _loaded.setdefault(name, known[name]) != known[name]:
        _loaded[name] = known[name]
        _reload(module)
    return known[name]


@lru_cache(maxsize=256)
def _imports(content: bytes, package: str) -> tuple[str, ...]:
    """The names of ours and the user's that a file may import; some may be of no module."""
    try:
        tree = ast.parse(content)
    except (SyntaxError, ValueError):  # told when its function is called
        return ()
    found: list[str] = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found += [one.name for one in node.names]
        elif isinstance(node, ast.ImportFrom) and node.level <= 1:
            base = ".".join(filter(None, (package if node.level else "", node.module)))
            found += [base, *(f"{base}.{one.name}" for one in node.names)]
    return tuple(name for name in found if name.startswith(OWN))


def _reload(module: ModuleType) -> None:
    locate.cache_clear()
    try:
        importlib.reload(module)
    except BaseException:  # as below; whoever needs it imports it again
        package, _, name = module.__name__.rpartition(".")
        sys.modules.pop(module.__name__, None)
        vars(sys.modules[package]).pop(name, None)


def _imported(name: str) -> ModuleType | None:
    """Why a module cannot be imported is told when its function is called."""
    try:
        return importlib.import_module(name)
    except BaseException:  # importing runs code, which may raise or exit
        return None


def _files(texts: Iterable[str]) -> dict[str, str]:
    found = {}
    for text in texts:
        if not 0 < len(text) <= LONGEST or not text.strip("./~"):  # a sign, such as that of decimals
            continue
        path = os.path.expanduser(text)
        try:
            found[text] = _folder(path) if os.path.isdir(path) else _state(path)
        except (OSError, ValueError):
            continue
    return found


def _folder(path: str) -> str:
    found = sha256()
    for one in islice(_below(path), MOST):
        with contextlib.suppress(OSError):  # a link to nothing
            found.update(f"{one} {_state(one)}\n".encode(errors="surrogateescape"))
    return found.hexdigest()


def _below(path: str) -> Iterator[str]:
    """A folder, and all that is in it."""
    for folder, inner, files in os.walk(path):
        inner.sort()
        yield folder
        for name in sorted(files):
            yield os.path.join(folder, name)


def _state(path: str) -> str:
    stat = os.stat(path)
    return f"{stat.st_size} {stat.st_mtime_ns}"
