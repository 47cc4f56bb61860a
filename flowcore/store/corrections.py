"""Writing the user's revisions: one argument at a time, the rest of the file as it was."""

import os
from pathlib import Path
from typing import Any, Literal

import msgspec
import tomlkit
from filelock import FileLock
from msgspec import UNSET
from msgspec.structs import asdict, replace
from tomlkit.exceptions import TOMLKitError

from flowcore.model.descriptor import Argument, NodeDescriptor
from flowcore.model.problem import FlowError, error
from flowcore.store import database, overlay
from flowcore.store.revisions import Change, Revision

Part = Literal["args", "inputs"]


def change(old: Argument, new: Argument) -> Change:
    """What turns one argument into the other; a type brings its choices, range and widget along."""
    said = Change(help=UNSET if new.help == old.help else new.help)
    if replace(new, help=old.help) == old:
        return said
    return replace(
        said,
        itype=new.itype,
        itypes=new.itypes or UNSET,
        choices=new.choices or UNSET,
        range=new.range or UNSET,
        ranges=new.ranges or UNSET,
        widget=UNSET if new.widget == "form" else new.widget,
        nullable=new.nullable,
    )


def put(node: NodeDescriptor, part: Part, name: str, change: Change) -> None:
    """Revise an argument of a node; it holds at once. The signature tells later whether it still fits.

    Raises FlowError("bad-descriptors") if the file that it goes to cannot be read.
    """

    def edit(document: Any) -> None:
        entry = document.setdefault(node.package, tomlkit.table())
        entry["signature"] = node.signature
        entry.setdefault(part, tomlkit.table())[name] = _inline(change)

    _edit(node.package.partition(".")[0], edit)


def take_back(node: NodeDescriptor, part: Part, name: str) -> None:
    """An argument is again as it was generated."""

    def edit(document: Any) -> None:
        entry = document.get(node.package, {})
        entry.get(part, {}).pop(name, None)
        if not entry.get(part):
            entry.pop(part, None)
        if not set(entry) - {"signature"}:
            document.pop(node.package, None)

    _edit(node.package.partition(".")[0], edit)


def drop(package: str, pattern: str) -> None:
    """Remove all that is said about a pattern."""
    _edit(package, lambda document: document.pop(pattern, None))


def _edit(package: str, edit: Any) -> None:
    """Read, change, validate and replace a file, one writer at a time."""
    path = overlay.folder() / "revisions" / f"{package}.toml"
    with database.kept(), _alone(path):
        document = _read(path)
        edit(document)
        try:
            msgspec.convert(document.unwrap(), dict[str, Revision])
        except msgspec.ValidationError as reason:
            raise _bad(path, reason) from reason
        part = path.with_suffix(".part")
        part.write_text(tomlkit.dumps(document), encoding="utf-8")
        os.replace(part, path)


def _alone(path: Path) -> FileLock:
    path.parent.mkdir(parents=True, exist_ok=True)
    return FileLock(path.with_suffix(".lock"))


def _read(path: Path) -> tomlkit.TOMLDocument:
    try:
        return tomlkit.parse(path.read_text(encoding="utf-8")) if path.exists() else tomlkit.document()
    except (OSError, ValueError, TOMLKitError) as reason:
        raise _bad(path, reason) from reason


def _bad(path: Path, reason: Exception) -> FlowError:
    return error(
        "bad-descriptors", f"Expected revisions in {path}; found: {reason}.", "Correct that line by hand."
    )


def _inline(change: Change) -> Any:
    values = {key: msgspec.to_builtins(value) for key, value in asdict(change).items() if value is not UNSET}
    table = tomlkit.inline_table()
    table.update(values)
    return table
