"""Definitions that a script brings along, compared with those of the catalogue's functions."""

import ast
from collections.abc import Iterator, Mapping
from typing import NamedTuple

from flowcore.dataflow.names import FALLBACK, Written
from flowcore.dataflow.written import parts
from flowcore.model.descriptor import Catalog
from flowcore.model.graph import Graph, types
from flowcore.model.problem import FlowError, Problem

HINT = "Save it in a file of functions of your own, under another name, and use it as a node."


class Function(NamedTuple):
    """A function of the catalogue in a script: its path, and what it is called there."""

    path: str
    name: str


def changes(
    body: list[ast.stmt],
    functions: list[Function],
    sources: Mapping[str, str],
    graph: Graph,
    catalog: Catalog,
) -> Iterator[Problem]:
    """Notices of definitions that are not as the files of functions have them: a run does not take them over.

    sources: modules and their texts; what is in none of them is not looked at.
    """
    found = {ast.dump(_undocumented(node)) for node in body}
    places = {name: node for node in body for name in _names(node)}
    taken = Written(catalog, types(graph) & catalog.runnable.keys()).taken()
    for module in sorted({path.rpartition(".")[0] for path, _ in functions} & sources.keys()):
        named = {path: name for path, name in functions if path.rpartition(".")[0] == module}
        try:
            expected = parts(named, sources, taken).definitions
        except FlowError:
            continue  # it went out of its file, and its nodes are listed by check
        for statement in (one for text in expected for one in ast.parse(text).body):
            name = next(iter(_names(statement)), "")
            if name in places and ast.dump(_undocumented(statement)) not in found:
                yield _changed(name, places[name].lineno, module)


def _changed(name: str, line: int, module: str) -> Problem:
    file = f"{module.removeprefix(f'{FALLBACK}.')}.py"
    return Problem(
        "changed-function",
        f"Line {line}: {name} is not as in {file}; the change is not taken over, runs use that file.",
        HINT,
        level="notice",
    )


def _names(node: ast.stmt) -> list[str]:
    match node:
        case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
            return [name]
        case ast.Assign(targets=[ast.Name(id=name)]) | ast.AnnAssign(target=ast.Name(id=name)):
            return [name]
    return []


def _undocumented(node: ast.stmt) -> ast.stmt:
    """A definition without its docstrings, which a formatter may change."""
    for one in ast.walk(node):
        if isinstance(one, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) and ast.get_docstring(one):
            one.body = one.body[1:]
    return node
