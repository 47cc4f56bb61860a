"""What a callable gives back: the type of the whole, and the results that have names."""

import ast
import re
from collections import Counter, defaultdict
from typing import Any

from msgspec.structs import replace

from flowcore.model.descriptor import NodeDescriptor, Output
from flowcore.worker.discover import annotations, names, nouns, prose, slot
from flowcore.worker.discover.generic import from_generic_name
from flowcore.worker.discover.sections import Described, returned
from flowcore.worker.discover.source import definition

UNKNOWN = "any"
LEAST, AGREEMENT = 3, 0.6
_NAMED = re.compile(r"(?m)^[ \t]*(?:[-*] )?`?([a-z_]\w*)`?[ \t]*(?:\(([^)]*)\))?:\s+(\S.*)$")
_VERBS = re.compile(
    r"(?i)^(?:return|compute|calculate|create|get|load|convert|generate|make|build|instantiate|"
    r"evaluate|find|estimate|"
    r"construct|retrieve|fetch|produce|give|apply|perform|draw|clone|copy|sample|serialize|"
    r"deserialize|decode|encode|read|extract)s?\s+"
)


_FUNCTIONS = (
    (r"(?:is|has|can|should)_\w+", "bool"),
    (r"(?:\w+_)?(?:serialize|to_dict|as_dict|get_config)", "dict"),
    (r"(?:\w+_)?(?:version|to_json|to_string|to_str|as_string)", "string"),
    (r"(?:count|len|num)_\w+|\w+_(?:count|len|length)", "int"),
)


def result(value: Any, hint: Any, doc: str) -> tuple[str, tuple[Output, ...]]:
    """The type of what comes back, "any" if nobody knows, "none" if nothing does; and named results.

    hint: the return annotation, None if there is none.
    """
    fields = annotations.fields_of(hint)
    if fields:
        return "tuple", tuple(Output(name, otype) for name, otype in fields.items())
    annotated = annotations.type_of(hint) if hint is not None else UNKNOWN
    said = returned(doc)
    outputs = _outputs(said)
    if annotated != UNKNOWN and (annotated not in ("tuple", "list", "dict") or not outputs):
        return annotated, ()
    if outputs:
        return "tuple", outputs
    if said and (found := _type(said[0])) != UNKNOWN:
        return found, ()
    if hint is type(None) or _returns_nothing(value):
        return "none", ()
    return _from_summary(str(getattr(value, "__name__", "")), doc), ()


def agreed(nodes: tuple[NodeDescriptor, ...]) -> tuple[NodeDescriptor, ...]:
    """Functions of whose results nothing is said, with what most functions of their module give back."""
    groups: dict[str, Counter[str]] = defaultdict(Counter)
    for node in nodes:
        if node.kind == "function" and node.otype != UNKNOWN:
            groups[_module(node)][node.otype] += 1
    return tuple(
        replace(node, otype=_most(groups[_module(node)]))
        if node.kind == "function" and node.otype == UNKNOWN and not node.outputs
        else node
        for node in nodes
    )


def _most(counts: Counter[str]) -> str:
    name, count = counts.most_common(1)[0] if counts else (UNKNOWN, 0)
    return name if count >= max(LEAST, AGREEMENT * counts.total()) else UNKNOWN


def _module(node: NodeDescriptor) -> str:
    return node.package.rpartition(".")[0]


def _outputs(said: tuple[Described, ...]) -> tuple[Output, ...]:
    """The results that a section names, if there are several that always come."""
    entries = said
    if len(said) == 1 and not said[0].slot and "tuple" in said[0].text[:60].lower():
        entries = tuple(
            Described(slot_ or "", text, name) for name, slot_, text in _NAMED.findall(said[0].text)
        )
    sure = not any("optional" in one.slot.lower() or "only " in one.text.lower()[:60] for one in entries)
    named = [one for one in entries if one.name]
    distinct = len({one.name for one in named}) == len(named) == len(entries) > 1
    types = [_type(one) for one in named]
    shaped = ["array" if otype == "shape" else otype for otype in types]  # "scale: shape (n, 1)"
    return tuple(map(Output, (one.name for one in named), shaped)) if sure and distinct else ()


def _type(said: Described) -> str:
    """The type of one result."""
    if re.fullmatch(r"(?i)none\.?", said.slot or said.text.strip()):
        return "none"
    for guess in (slot.from_slot(said.slot), prose.read(said.text), nouns.read_noun(said.text)):
        if guess.types:
            return guess.types[0]
    weak = prose.read_weakly(said.text)
    return weak.types[0] if weak.types else UNKNOWN


def _from_summary(name: str, doc: str) -> str:
    """ "Returns the number of rows." is about a number."""
    for pattern, otype in _FUNCTIONS:
        if re.fullmatch(pattern, name):
            return otype
    summary = " ".join(doc.partition("\n\n")[0].split())
    shorter = _VERBS.sub("", summary)
    said = shorter if shorter != summary or summary.startswith("Context manager") else ""
    guesses = (
        nouns.read_noun(said),
        names.from_name(name, None, {}),
        *([from_generic_name(name)] if "_" in name else ()),
    )
    return next((guess.types[0] for guess in guesses if guess.types), UNKNOWN)


def _returns_nothing(value: Any) -> bool:
    """Whether the source of a function has no ``return`` with a value, and no ``yield``."""
    function = definition(value)
    if not isinstance(function, ast.FunctionDef):
        return False
    waiting: list[ast.AST] = list(function.body)
    while waiting:
        node = waiting.pop()
        if isinstance(node, (ast.Yield, ast.YieldFrom)) or (isinstance(node, ast.Return) and node.value):
            return False
        if not isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda, ast.ClassDef)):
            waiting.extend(ast.iter_child_nodes(node))
    return not _raises_only(function)


def _raises_only(function: ast.FunctionDef) -> bool:
    return isinstance(function.body[-1], ast.Raise) and len(function.body) <= 2
