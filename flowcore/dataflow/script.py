"""A graph as a Python script that runs by itself (paper, 9: program generation).

Functional Keras as one would write it: a variable for each node, named by its label or its type, in the
order in which a run makes them, so that the same seed gives the same weights. A comment names the node
of each line; `flowcore.dataflow.read_script` makes an equal graph of it.
"""

from collections.abc import Iterable, Mapping
from typing import Final

from flowcore.dataflow import marks, ports, written
from flowcore.dataflow.names import FALLBACK, Written, standard
from flowcore.dataflow.statements import Statements
from flowcore.model.descriptor import Catalog
from flowcore.model.graph import Graph, types

SEED: Final = "keras.utils.set_random_seed"
DRAWS: Final = "numpy.random.seed"
_AGAIN: Final = "# Whatever the data have drawn, the weights begin the same."


def script(graph: Graph, catalog: Catalog, sources: Mapping[str, str], seed: int = 0) -> str:
    """The source of a script, not formatted yet. sources: modules of functions of ours and their texts.

    Raises FlowError: "cycle", "not-allowed", "no-source", "not-a-name".
    """
    named = types(graph) - {ports.CALL}
    seeding = _seeding(named, catalog)
    names = Written(catalog, {*named, *seeding})
    parts = written.parts(names.functions, sources, names.taken())
    seeds = [f"{names.written(type_)}(SEED)" for type_ in seeding]
    again = [_AGAIN, *seeds] if seeds else []
    statements = Statements(graph, catalog, names, {*parts.names, "SEED", "copy"}, list(again))
    statements.write()
    lines = statements.lines
    if again and any(lines) and next(filter(None, lines)) == _AGAIN:
        lines.remove(_AGAIN)
    elif seeds:
        lines = [*seeds, *lines]
    imports = {*names.imports(), *parts.imports, *(["import copy"] if statements.copies else [])}
    head = [*_docstring(graph), *_imports(imports)]
    for definition in parts.definitions:
        head += ["", definition, ""]
    constants = ["", f"SEED = {seed}"] if seeds else []
    return "\n".join([*head, *constants, *lines, "", *statements.prints, *_groups(graph)]) + "\n"


def _seeding(named: set[str], catalog: Catalog) -> list[str]:
    """What sets the seed of all that a graph may draw."""
    roots = {type_.partition(".")[0] for type_ in named}
    found = SEED if "keras" in roots else DRAWS if roots - {FALLBACK} else ""
    return [found] if catalog.find(found) else []


def _docstring(graph: Graph) -> list[str]:
    """Name, note and versions; what a docstring cannot keep goes into a comment."""
    made = ", ".join(f"{name} {version}" for name, version in graph.catalogs.items())
    more: dict[str, object] = {}
    if graph.catalogs and not (marks.clean(made) and "\n" not in made and _parted(made) == graph.catalogs):
        made, more["catalogs"] = "", graph.catalogs
    name, note = graph.name, graph.note
    if name and not (marks.clean(name) and "\n" not in name):
        more["name"], name = name, ""
    if note and not (name and marks.clean(note)):
        more["note"], note = note, ""
    told = [name, note, f"Made by flowcore for {made}." if made else "Made by flowcore."]
    lines = "\n\n".join(filter(None, told)).split("\n")
    quoted = [f'"""{lines[0]}"""'] if len(lines) == 1 else [f'"""{lines[0]}', *lines[1:], '"""']
    found = [*quoted, ""]
    return [*found, f"# flowcore {marks.written(more)}", ""] if more else found


def versions(made: str) -> dict[str, str] | None:
    """What the last paragraph of a docstring says of packages; None where it is none of ours."""
    if not made.startswith("Made by flowcore"):
        return None
    told = made.removesuffix(".").partition(" for ")[2]
    return _parted(told) if told else {}


def _parted(made: str) -> dict[str, str]:
    return {name: version for name, _, version in (pair.partition(" ") for pair in made.split(", "))}


def _imports(statements: set[str]) -> list[str]:
    """In blocks, as isort has them."""
    future = {line for line in statements if line.startswith("from __future__")}
    ours = {line for line in statements - future if standard(line)}
    blocks = (future, ours, statements - future - ours)
    return [line for block in blocks if block for line in (*_combined(block), "")]


def _groups(graph: Graph) -> list[str]:
    found = [f"# flowcore {marks.written({'group': group})}" for group in graph.groups]
    return ["", *found] if found else []


def _plainly(line: str) -> tuple[bool, str]:
    return line.startswith("from"), line


def _combined(lines: Iterable[str]) -> list[str]:
    """Imports from one module in one statement, sorted as isort does."""
    found: dict[str, list[str]] = {}
    for line in sorted(lines, key=_plainly):
        module, _, name = line.partition(" import ") if line.startswith("from ") else (line, "", "")
        found.setdefault(module, []).append(name)
    return [f"{module} import {', '.join(names)}" if names[0] else module for module, names in found.items()]
