"""From a descriptor's path to the object, imported on first use (paper, 5.2)."""

import contextlib
import gc
import importlib
import os
import sys
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from typing import Any

import flowcore
from flowcore.model.problem import error


@lru_cache(maxsize=1024)
def locate(path: str) -> Any:
    """The object at a dotted path: the longest module that it begins with, then attributes.

    Raises FlowError("cannot-import").
    """
    parts = path.split(".")
    with _quiet_libraries():
        found, rest = _module(parts)
    try:
        for name in rest:
            found = getattr(found, name)
    except AttributeError:
        raise error(
            "cannot-import",
            f"{path} is described, but the installed package has no {rest[0]}.",
            f"Describe it again with `flowcore describe {parts[0]}`.",
        ) from None
    return found


def add_fallback() -> None:
    """Make the checkout's fallback package importable, after everything that is installed."""
    root = str(Path(flowcore.__file__).parent.parent)
    if root not in sys.path:
        sys.path.append(root)


def add_own_functions() -> None:
    """Let the user's files be modules of the fallback package, after those that are shipped with it."""
    package = importlib.import_module("fallback")
    for folder in os.environ.get("FLOWCORE_FALLBACK", "").split(os.pathsep):
        if folder and folder not in package.__path__:
            package.__path__.append(folder)


@contextlib.contextmanager
def uncollected() -> Iterator[None]:
    """For imports: what they make stays, and to look for garbage in it takes a fifth of their time."""
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        gc.enable()


def _module(parts: list[str]) -> tuple[Any, list[str]]:
    module: Any = None
    for length in range(1, len(parts) + 1):
        name = ".".join(parts[:length])
        try:
            module = importlib.import_module(name)
        except ModuleNotFoundError as reason:
            if module is not None and reason.name == name:
                return module, parts[length - 1 :]
            raise error(
                "cannot-import",
                f"{'.'.join(parts)} needs the package {reason.name}, which is not installed.",
                f"Install it with `pip install {(reason.name or name).partition('.')[0]}`.",
            ) from reason
    return module, []


@contextlib.contextmanager
def _quiet_libraries() -> Iterator[None]:
    """TensorFlow writes notes about absent accelerators while it is imported; they concern nobody."""
    if "tensorflow" in sys.modules:
        yield
        return
    sys.stderr.flush()
    kept, sink = os.dup(2), os.open(os.devnull, os.O_WRONLY)
    os.dup2(sink, 2)
    try:
        yield
    finally:
        sys.stderr.flush()
        os.dup2(kept, 2)
        os.close(kept)
        os.close(sink)
