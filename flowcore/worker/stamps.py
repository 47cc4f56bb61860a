"""What tells whether the code and the files behind a graph have changed since they were read."""

import importlib
import os
import sys
from collections.abc import Iterable
from hashlib import sha256
from pathlib import Path
from types import ModuleType
from typing import Final

from flowcore.dataflow.signature import words
from flowcore.model.graph import Graph, types
from flowcore.worker.locate import locate

OWN: Final = "fallback."
LONGEST: Final = 4096
_loaded: dict[str, str] = {}


def stamps(graph: Graph) -> dict[str, str]:
    """By type the hash of the file of a function of ours or the user's, by path size and time of a file.

    A module whose file has changed since it was imported is imported again.
    """
    found = {type_: text for type_ in types(graph) if type_.startswith(OWN) and (text := code(type_))}
    for node in graph.nodes:
        found |= _files(words([*node.args.values(), *node.call.values()]))
    return found


def code(type_: str) -> str:
    """The hash of the file that a function is in, "" where there is none."""
    name = type_.rpartition(".")[0]
    module = sys.modules.get(name) or _imported(name)
    path = getattr(module, "__file__", None)
    if module is None or path is None:
        return ""
    now = sha256(Path(path).read_bytes()).hexdigest()
    if _loaded.setdefault(name, now) != now:
        _loaded[name] = now
        importlib.reload(module)
        locate.cache_clear()
    return now


def _imported(name: str) -> ModuleType | None:
    """Why a module cannot be imported is told when its function is called."""
    try:
        return importlib.import_module(name)
    except BaseException:  # importing runs code, which may raise or exit
        return None


def _files(texts: Iterable[str]) -> dict[str, str]:
    found = {}
    for text in texts:
        try:
            stat = os.stat(text) if 0 < len(text) <= LONGEST else None
        except (OSError, ValueError):
            continue
        if stat is not None:
            found[text] = f"{stat.st_size} {stat.st_mtime_ns}"
    return found
