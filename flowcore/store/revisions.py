"""Corrections by a person, laid over generated descriptors.

A file is a table of node types; a type may be a pattern (``keras.layers.Conv*D``). Revisions apply in
the order of the file, so that later ones win. Their keys are those of a descriptor; arguments are
changed under ``args`` and ``inputs`` by name, and what no signature shows is added under ``add``:

    ["keras.layers.Conv1D"]
    signature = "0f3c…"                                  # optional: of the callable when revised
    args.padding = { choices = ["valid", "same", "causal"] }
    add.inputs = { itype = "tensor", widget = "port" }
"""

import re
from collections.abc import Iterable, Mapping
from fnmatch import translate
from functools import cache
from typing import Any, Literal

import msgspec
from msgspec import UNSET, UnsetType
from msgspec.structs import asdict, replace

from flowcore.model.descriptor import Argument, Catalog, NodeDescriptor, Output, Range
from flowcore.model.problem import Problem
from flowcore.model.value import Value

_CERTAIN = {"evidence": "revision", "confidence": 1.0}


class Change(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """New values for keys of an argument. conns 0 stands for any number, since TOML has no null."""

    itype: str | UnsetType = UNSET
    itypes: tuple[str, ...] | UnsetType = UNSET
    required: bool | UnsetType = UNSET
    default: Value | UnsetType = UNSET
    conns: int | UnsetType = UNSET
    choices: tuple[Any, ...] | UnsetType = UNSET
    nullable: bool | UnsetType = UNSET
    range: Range | UnsetType = UNSET
    ranges: dict[str, Range] | UnsetType = UNSET
    widget: Literal["form", "registry", "port"] | UnsetType = UNSET
    help: str | UnsetType = UNSET


class Revision(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """New values for keys of a descriptor."""

    signature: str = ""
    args: dict[str, Change] = {}
    inputs: dict[str, Change] = {}
    add: dict[str, Change] = {}
    otype: str | UnsetType = UNSET
    instance: bool | UnsetType = UNSET
    apply: bool | UnsetType = UNSET
    copy: bool | UnsetType = UNSET
    outputs: dict[str, str] | UnsetType = UNSET
    returns: Literal["value", "self"] | UnsetType = UNSET
    mutates: bool | UnsetType = UNSET
    category: str | UnsetType = UNSET
    doc: str | UnsetType = UNSET


def revise(catalog: Catalog, revisions: Mapping[str, Revision]) -> Catalog:
    """The catalogue with every revision laid over the nodes that it names."""
    if not revisions:
        return catalog
    nodes = {node.package: node for node in catalog.nodes}
    for pattern, revision in revisions.items():
        for type_ in matching(pattern, nodes):
            nodes[type_] = _revised(nodes[type_], revision)
    return replace(catalog, nodes=tuple(nodes.values()))


def stale_in(catalog: Catalog, revisions: Mapping[str, Revision], package: str) -> tuple[Problem, ...]:
    """Revisions that name nothing, or that were made for another signature."""
    return tuple(
        Problem("stale-revision", f"{reason} ({package}.toml).", "Look at it again, or remove it.")
        for pattern, revision in revisions.items()
        for reason in _reasons(pattern, revision, catalog.by_type)
    )


def matching(pattern: str, nodes: Mapping[str, NodeDescriptor]) -> list[str]:
    """The types that a pattern names."""
    if not set("*?[") & set(pattern):
        return [pattern] if pattern in nodes else []
    return [type_ for type_ in nodes if _compiled(pattern)(type_)]


@cache
def _compiled(pattern: str) -> Any:
    return re.compile(translate(pattern)).match


def _revised(node: NodeDescriptor, revision: Revision) -> NodeDescriptor:
    keys = ("otype", "instance", "apply", "copy", "returns", "mutates", "category", "doc")
    changes = {key: getattr(revision, key) for key in keys if getattr(revision, key) is not UNSET}
    if revision.outputs is not UNSET:
        changes["outputs"] = tuple(Output(name, otype) for name, otype in revision.outputs.items())
    added = tuple(_changed(Argument(arg=name), change) for name, change in revision.add.items())
    return replace(
        node,
        args=(*_all_changed(node.args, revision.args), *added),
        inputs=_all_changed(node.inputs, revision.inputs),
        revised=node.revised or bool(changes) or _decides(revision),
        **changes,
    )


def _decides(revision: Revision) -> bool:
    """Whether a revision says more than how to explain an argument."""
    told = (*revision.args.values(), *revision.inputs.values())
    return bool(revision.add) or any(_values(change).keys() - {"help"} for change in told)


def _values(change: Change) -> dict[str, Any]:
    return {key: value for key, value in asdict(change).items() if value is not UNSET}


def _all_changed(args: Iterable[Argument], changes: Mapping[str, Change]) -> tuple[Argument, ...]:
    return tuple(_changed(one, changes[one.arg]) if one.arg in changes else one for one in args)


def _changed(argument: Argument, change: Change) -> Argument:
    """A new first type does away with the others, and with what came with them."""
    values = _values(change)
    if change.itype is not UNSET:
        values = {"itypes": (), "choices": (), "range": None, "ranges": {}, "widget": "form"} | values
    elif change.range is not UNSET:
        values = {"ranges": {}} | values
    if isinstance(change.itypes, tuple) and change.itypes:
        values |= {"itype": values.get("itype", change.itypes[0])}
    if change.conns == 0:
        values["conns"] = None
    if change.required is True:
        values |= {"default": UNSET, "nullable": False}
    return replace(argument, **(values if set(values) == {"help"} else values | _CERTAIN))


def _reasons(pattern: str, revision: Revision, nodes: Mapping[str, NodeDescriptor]) -> Iterable[str]:
    named = [nodes[type_] for type_ in matching(pattern, nodes)]
    if not named:
        yield f"Expected {pattern} to name a node; found none"
    for node in named:
        if revision.signature and revision.signature != node.signature:
            expected, found = revision.signature, node.signature
            yield f"Expected {node.package} to have the signature {expected}; found {found}"
    for kind, changes in (("args", revision.args), ("inputs", revision.inputs)):
        known = {one.arg for node in named for one in getattr(node, kind)}
        for name in (name for name in changes if named and name not in known):
            yield f"Expected {pattern} to have the argument {name}; found none"
