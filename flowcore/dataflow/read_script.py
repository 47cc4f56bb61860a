"""A script as a graph: functional Keras is read by its syntax tree, and never run.

What `flowcore.dataflow.script` writes comes back as an equal graph. Of other scripts everything is read that
has the same form: imports, constants, and statements that call what a catalogue describes.
"""

import ast
from collections.abc import Callable
from typing import Final

from flowcore.dataflow import document, marks, reading
from flowcore.dataflow.literal import Unreadable
from flowcore.dataflow.names import FALLBACK
from flowcore.dataflow.script import DRAWS, SEED, versions
from flowcore.model.descriptor import Catalog
from flowcore.model.graph import Graph
from flowcore.model.problem import error

LIMIT: Final = 2 * 2**20
HINT: Final = "Read a script that flowcore has written, or functional Keras without loops and functions."
_SILENT: Final = frozenset({SEED, DRAWS, "random.seed"})


def read_script(source: str, catalog: Catalog) -> Graph:
    """The graph that a script stands for.

    Raises FlowError: "too-large", "not-python", "unreadable-script" with the line, "no-network" where it
    has no statement that is a node.
    """
    if len(source) > LIMIT:
        raise error(
            "too-large", f"The script has {len(source) / 2**20:.1f} MB; at most 2 MB are read.", "Cut it."
        )
    reader = _Script(catalog)
    try:
        script = marks.parsed(source)
        for statement in script.statements:
            reader.read(statement)
    except SyntaxError as reason:
        raise error("not-python", f"Line {reason.lineno or 1} is not Python: {reason.msg}.", HINT) from None
    except (RecursionError, MemoryError, ValueError):
        raise error(
            "not-python", "The script is nested too deep, or holds what no script holds.", HINT
        ) from None
    except Unreadable as reason:
        line = getattr(reason.node, "lineno", 1)
        found = ast.get_source_segment(source, reason.node) or type(reason.node).__name__
        raise error(
            "unreadable-script",
            f"Line {line}: expected {reason}; found {' '.join(found.split())[:80]}.",
            HINT,
        ) from None
    name, note, catalogs = _about(reader.docstring)
    if not reader.nodes.made and catalogs is None:
        raise error("no-network", "Expected statements that make nodes; found none.", HINT)
    found_graph = reader.nodes.graph(name, note, catalogs, script.told)
    return document.read(document.write(found_graph), catalog)  # what is too deep for a document is refused


class _Script:
    """Goes through the statements; each kind has a method."""

    def __init__(self, catalog: Catalog) -> None:
        self.nodes = reading.Nodes(catalog)
        self.docstring = ""

    def read(self, statement: marks.Statement) -> None:
        node = statement.node
        found: Callable[[marks.Statement], None] | None = {
            ast.Import: self._import,
            ast.ImportFrom: self._import,
            ast.FunctionDef: self._define,
            ast.ClassDef: self._define,
            ast.Expr: self._expression,
            ast.Assign: self._assign,
            ast.AnnAssign: self._assign,
        }.get(type(node))
        if found is None:
            raise Unreadable(node, "an assignment or a call")
        found(statement)

    def _import(self, statement: marks.Statement) -> None:
        node = statement.node
        assert isinstance(node, ast.Import | ast.ImportFrom)
        for one in node.names:
            if isinstance(node, ast.Import):
                name = one.asname or one.name.partition(".")[0]
                self.nodes.names.add(name, one.name if one.asname else name)
            else:
                self.nodes.names.add(one.asname or one.name, f"{node.module or ''}.{one.name}")

    def _define(self, statement: marks.Statement) -> None:
        """A function that was written out is the one of the catalogue that the comment above it names."""
        path = statement.above[-1] if statement.above else ""
        assert isinstance(statement.node, ast.FunctionDef | ast.ClassDef)
        if path.startswith(f"{FALLBACK}."):
            self.nodes.names.add(statement.node.name, path)

    def _expression(self, statement: marks.Statement) -> None:
        assert isinstance(statement.node, ast.Expr)
        value = statement.node.value
        match value:
            case ast.Constant(value=str(text)):
                self.docstring = self.docstring or text
            case ast.Call(func=ast.Name(id="print")):
                pass
            case ast.Call(func=func) if not statement.mark.id and self.nodes.names.path(func) in _SILENT:
                pass
            case ast.Call(func=ast.Attribute(value=ast.Name(id=name), attr="summary")) if (
                name in self.nodes.holds
            ):
                pass
            case ast.Call():
                self.nodes.add(value, [], statement)
            case _:
                raise Unreadable(value, "a call")

    def _assign(self, statement: marks.Statement) -> None:
        node = statement.node
        assert isinstance(node, ast.Assign | ast.AnnAssign)
        targets = node.targets if isinstance(node, ast.Assign) else [node.target]
        parts = targets[0].elts if isinstance(targets[0], ast.Tuple) else targets
        names = [part.id for part in parts if isinstance(part, ast.Name)]
        if len(targets) > 1 or len(names) < len(parts) or node.value is None:
            raise Unreadable(node, "one variable, or variables with commas between them")
        self.nodes.assign(node.value, names, statement)


def _about(docstring: str) -> tuple[str, str, dict[str, str] | None]:
    """Name, note and versions of packages, as a docstring tells them; None where it tells of no versions."""
    *told, made = docstring.split("\n\n")
    found = versions(made.strip())
    told = told if found is not None else [*told, made]
    name, *note = [part.strip("\n") for part in told] or [""]
    first, _, rest = name.partition("\n")
    return first.strip()[:200], "\n\n".join([*([rest] if rest else []), *note])[:10_000], found
