"""The fields of data classes and named tuples, as the parameters of a constructor."""

from collections.abc import Iterable, Iterator
from typing import Any

import griffe

from flowcore.worker.discover.static.tree import Tree


def dataclass_fields(classes: Iterable[griffe.Class], tree: Tree) -> list[griffe.Parameter]:
    """Parameters of a data class: the fields along its bases, the farthest first, keywords last."""
    found: dict[str, griffe.Parameter] = {}
    for cls in classes:
        if "dataclass" in cls.labels:
            found |= {one.name: one for one in _own(cls, tree)}
    return sorted(found.values(), key=lambda one: one.kind is griffe.ParameterKind.keyword_only)


def tuple_fields(found: griffe.Class) -> list[griffe.Attribute]:
    """The annotated attributes of a class."""
    members = (one for one in found.members.values() if isinstance(one, griffe.Attribute))
    return [one for one in members if one.annotation is not None and "property" not in one.labels]


def _own(cls: griffe.Class, tree: Tree) -> Iterator[griffe.Parameter]:
    words = _words(next((one.value for one in cls.decorators if "dataclass" in one.callable_path), None))
    keywords = words.get("kw_only") == "True"
    for one in tuple_fields(cls) if words.get("init") != "False" else ():
        if one.labels & {"class-attribute", "instance-attribute"} == {"class-attribute"}:
            continue
        if tree.dotted(one.annotation) == "dataclasses.KW_ONLY":
            keywords = True
            continue
        field = isinstance(one.value, griffe.ExprCall) and tree.dotted(one.value.function)
        given = _words(one.value) if field == "dataclasses.field" else {"default": one.value}
        if given.get("init") != "False":
            last = keywords or given.get("kw_only") == "True"
            yield griffe.Parameter(
                one.name,
                annotation=one.annotation,
                kind=griffe.ParameterKind.keyword_only if last else None,
                default="<factory>" if "default_factory" in given else given.get("default"),
            )


def _words(call: Any) -> dict[str, Any]:
    """The keywords of a call; {} for any other expression."""
    arguments = call.arguments if isinstance(call, griffe.ExprCall) else ()
    return {one.name: one.value for one in arguments if isinstance(one, griffe.ExprKeyword)}
