"""Scanning: a package, or one of the user's files, whose own functions alone become nodes."""

import importlib
import traceback
from collections.abc import Callable
from types import ModuleType

from msgspec.structs import replace

from flowcore.dataflow.modules import inside
from flowcore.model.descriptor import Catalog
from flowcore.model.frame import DescribeRequest, Scanned
from flowcore.model.problem import FlowError, error
from flowcore.worker.locate import add_own_functions, uncollected

OWN = "fallback."
Tell = Callable[[int, int], None]


def scan(request: DescribeRequest, tell: Tell) -> Scanned:
    """Imports a package, or reads its files alone, and describes it.

    Raises FlowError: "cannot-import" with the reason and its place; "not-installed" and "no-source" of
    what is not to be imported.
    """
    from flowcore.worker.discover import describe
    from flowcore.worker.discover.static import describe_static
    from flowcore.worker.discover.trial import tried

    if request.static:
        return _answer(describe_static(request.package, request.source, tell), request)
    if not request.package.startswith(OWN):
        _imported(request.package)
        found = describe(request.package, request.source, tell)
        trial = tried(found, request.package, request.source) if request.trial else None
        return replace(_answer(found, request), trial=trial)
    add_own_functions()
    defined = _defined(_imported(request.package))
    if not defined:
        return Scanned(Catalog())
    found = describe(request.package, replace(request.source, include=defined), tell)
    return Scanned(Catalog({}, tuple(node for node in found.nodes if node.package in defined)))


def _answer(found: Catalog, request: DescribeRequest) -> Scanned:
    return Scanned(inside(found, request.only) if request.only else found)


def _defined(module: ModuleType) -> tuple[str, ...]:
    """The public names that a module defines, or lists itself; what it imports is not its own."""
    listed = getattr(module, "__all__", None)
    names = listed if listed is not None else [name for name in vars(module) if not name.startswith("_")]
    own = (
        name
        for name in names
        if listed is not None or getattr(vars(module)[name], "__module__", "") == module.__name__
    )
    return tuple(f"{module.__name__}.{name}" for name in own)


def _imported(name: str) -> ModuleType:
    try:
        with uncollected():
            return importlib.import_module(name)
    except BaseException as reason:  # importing runs code, which may raise or exit
        raise _refused(name, reason) from reason


def _refused(name: str, reason: BaseException) -> FlowError:
    """Why a module cannot be imported: for a file of the user's with its line."""
    words = f"{type(reason).__name__}: {reason}"
    place = _place(name, reason) if name.startswith(OWN) else ""
    if isinstance(reason, ModuleNotFoundError) and reason.name == name:
        hint = "Install it first."
    elif isinstance(reason, ModuleNotFoundError) and reason.name:
        hint = f"Install it with `pip install {reason.name.partition('.')[0]}`."
    else:
        hint = "Correct that line." if place else "Try it in Python by itself, or read it without importing."
    return error("cannot-import", f"{place or name} cannot be imported. {words}.", hint)


def _place(name: str, reason: BaseException) -> str:
    """File and line, of the last line that was the user's."""
    if isinstance(reason, SyntaxError) and reason.filename:
        return f"{reason.filename}, line {reason.lineno},"
    stem = f"{name.rpartition('.')[2]}.py"
    frames = [one for one in traceback.extract_tb(reason.__traceback__) if one.filename.endswith(f"/{stem}")]
    return f"{frames[-1].filename}, line {frames[-1].lineno}," if frames else ""
