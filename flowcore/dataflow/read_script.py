"""A script as a graph: functional Keras is read by its syntax tree, and never run.

What `flowcore.dataflow.script` writes comes back as an equal graph. Of other scripts everything is read that
has the same form: imports, constants, and statements that call what a catalogue describes, or apply Python's
operators to its tensors. A variable that is made in any other way means nothing afterwards: where it is used,
the script is refused.
"""

import ast
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Final

from flowcore.dataflow import brought, document, marks, operators, reading
from flowcore.dataflow.literal import Unreadable
from flowcore.dataflow.model_file import MOST
from flowcore.dataflow.names import FALLBACK
from flowcore.dataflow.scope import Lost
from flowcore.dataflow.script import DRAWS, SEED, versions
from flowcore.model.descriptor import Catalog
from flowcore.model.graph import Graph
from flowcore.model.problem import FlowError, Problem, error

LIMIT: Final = 2 * 2**20
WORDS: Final = 300_000
"""How many words and signs a script has at most; parsed, a million of them would take 800 MB."""
HINT: Final = "Read a script that flowcore has written, or functional Keras without loops and functions."
_SILENT: Final = frozenset({SEED, DRAWS, "random.seed", "tensorflow.random.set_seed"})
_WORD: Final = re.compile(r"\w+|[^\w\s]")
_Function = ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda


def read_script(
    source: str,
    catalog: Catalog,
    sources: Mapping[str, str] | None = None,
    tell: Callable[[Problem], object] | None = None,
) -> Graph:
    """The graph that a script stands for.

    sources: modules of functions of ours and their texts. tell: hears what of the script is not taken over.
    Raises FlowError: "too-large", "not-python", "unreadable-script" with the line, "no-network" where it
    has no statement that is a node.
    """
    _limit(source)
    try:
        script = marks.parsed(source)
        if len(script.statements) > MOST:
            raise _large(f"{MOST:,} statements")
        reader = _Script(catalog, script)
        for statement in script.statements:
            reader.read(statement)
    except SyntaxError as reason:
        raise error("not-python", f"Line {reason.lineno or 1} is not Python: {reason.msg}.", HINT) from None
    except (RecursionError, MemoryError, ValueError):
        raise error(
            "not-python", "The script is nested too deep, or holds what no script holds.", HINT
        ) from None
    except Unreadable as reason:
        raise _unreadable(source, reason) from None
    name, note, catalogs = _about(reader.docstring)
    if not reader.nodes.making.made and catalogs is None:
        raise error("no-network", "Expected statements that make nodes; found none.", HINT)
    found = reader.nodes.making.graph(name, note, catalogs)
    graph = document.read(document.write(found), catalog)  # what is too deep for a document is refused
    if tell and reader.functions:
        body = [one.node for one in script.statements]
        for problem in brought.changes(body, reader.functions, sources or {}, graph, catalog):
            tell(problem)
    return graph


def _limit(source: str) -> None:
    if len(source) > LIMIT:
        raise _large("2 MB")
    if sum(1 for _ in _WORD.finditer(source)) > WORDS:
        raise _large(f"{WORDS:,} words and signs")


def _large(most: str) -> FlowError:
    return error("too-large", f"Expected a script of at most {most}; found more.", "Cut it.")


def _unreadable(source: str, reason: Unreadable) -> FlowError:
    line = getattr(reason.node, "lineno", 1)
    found = ast.get_source_segment(source, reason.node) or type(reason.node).__name__
    return error(
        "unreadable-script",
        f"Line {line}: expected {reason}; found {' '.join(found.split())[:80]}.",
        reason.hint or HINT,
    )


class _Script:
    """Goes through the statements; each kind has a method. functions: those that the script brings along."""

    def __init__(self, catalog: Catalog, script: marks.Script) -> None:
        self.nodes = reading.Nodes(catalog, script)
        self.scope = self.nodes.scope
        self.functions: list[brought.Function] = []
        self.docstring = ""

    def read(self, statement: marks.Statement) -> None:
        node = statement.node
        found: Callable[[marks.Statement], None] | None = {
            ast.Import: self._import,
            ast.ImportFrom: self._import,
            ast.FunctionDef: self._define,
            ast.AsyncFunctionDef: self._define,
            ast.ClassDef: self._define,
            ast.Expr: self._expression,
            ast.Assign: self._assign,
            ast.AnnAssign: self._assign,
            ast.AugAssign: self._change,
        }.get(type(node))
        if found is None:
            raise Unreadable(node, "an assignment or a call")
        if not statement.mark.output:
            self.nodes.making.waiting[statement.mark.id] -= 1
        found(statement)
        for one in ast.walk(node):
            if isinstance(one, ast.NamedExpr):
                self.scope.bind(one.target.id, Lost(one.lineno))

    def _import(self, statement: marks.Statement) -> None:
        node = statement.node
        assert isinstance(node, ast.Import | ast.ImportFrom)
        for one in node.names:
            name = one.asname or one.name
            if one.name == "*":
                raise Unreadable(node, "the names that are imported, one by one")
            if isinstance(node, ast.Import):
                name = name if one.asname else name.partition(".")[0]
                self.scope.bind(name, one.name if one.asname else name)
            elif node.level:
                hint = f"Import {name} from a package that a catalogue describes."
                self.scope.bind(name, Lost(node.lineno, hint))
            else:
                self.scope.bind(name, f"{node.module or ''}.{one.name}")

    def _define(self, statement: marks.Statement) -> None:
        """A function that was written out is the one of the catalogue that the comment above it names."""
        node = statement.node
        assert isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef)
        for one in _outside(node):
            if isinstance(one, ast.Name) and self.scope.held(one.id):
                raise Unreadable(one, "a definition that uses no object of the graph")
        path = statement.above[-1] if statement.above else ""
        if path.startswith(f"{FALLBACK}."):
            self.functions.append(brought.Function(path, node.name))
            self.scope.bind(node.name, path)
        else:
            hint = f"Write what {node.name} does where it is used, or make it a function of your own."
            self.scope.bind(node.name, Lost(node.lineno, hint))

    def _expression(self, statement: marks.Statement) -> None:
        assert isinstance(statement.node, ast.Expr)
        value = statement.node.value
        match value:
            case ast.Constant(value=str(text)):
                self.docstring = self.docstring or text
            case ast.Call(func=ast.Name(id="print"), args=args, keywords=words) if self.scope.builtin(
                "print"
            ):
                self._shown([*args, *(word.value for word in words)])
            case ast.Call(func=func, args=args, keywords=words) if (
                not statement.mark.id and self.scope.path(func) in _SILENT
            ) or self._is_summary(func):
                self._shown([*args, *(word.value for word in words)])
            case ast.Call():
                self.nodes.add(value, [], statement)
            case _:
                raise Unreadable(value, "a call")

    def _is_summary(self, func: ast.expr) -> bool:
        match func:
            case ast.Attribute(value=ast.Name(id=name), attr="summary"):
                return self.scope.held(name) is not None
        return False

    def _shown(self, items: list[ast.expr]) -> None:
        """What is only shown is left out; a node that is made in passing is not."""
        for item in items:
            if isinstance(item, ast.Call) and not self.scope.idle(item) and self.nodes.calls.is_node(item):
                self.nodes.place(item)
            elif not self.scope.idle(item):
                raise Unreadable(item, "a variable that holds what is shown")

    def _assign(self, statement: marks.Statement) -> None:
        node = statement.node
        assert isinstance(node, ast.Assign | ast.AnnAssign)
        targets = node.targets if isinstance(node, ast.Assign) else [node.target]
        several = isinstance(targets[0], ast.Tuple)
        parts = targets[0].elts if isinstance(targets[0], ast.Tuple) else targets
        names = [part.id for part in parts if isinstance(part, ast.Name)]
        if len(targets) > 1 or len(names) < len(parts) or several == (len(parts) == 1) or node.value is None:
            raise Unreadable(node, "one variable, or variables with commas between them")
        if not several:
            self.nodes.assign(node.value, names[0], statement)
        elif isinstance(node.value, ast.Call) and self.nodes.calls.is_node(node.value):
            self.nodes.add(node.value, names, statement)
        else:
            raise Unreadable(node.value, "a call of what a catalogue describes")

    def _change(self, statement: marks.Statement) -> None:
        """``x += a`` makes a tensor of its own, as ``x = x + a`` does; anything else is changed in place."""
        node = statement.node
        assert isinstance(node, ast.AugAssign)
        if not isinstance(node.target, ast.Name):
            raise Unreadable(node, "one variable")
        name = ast.copy_location(ast.Name(node.target.id, ast.Load()), node.target)
        whole = ast.copy_location(ast.BinOp(name, node.op, node.value), node)
        place = self.nodes.place(name)
        if place is None or not self.nodes.making.tensor(place) or not operators.parted(whole):
            raise Unreadable(node, "a tensor of the network that is changed")
        self.nodes.assign(whole, name.id, statement)


def _outside(node: ast.AST) -> Iterator[ast.AST]:
    """What of a definition is evaluated where it stands: all but the bodies of functions."""
    for name, field in ast.iter_fields(node):
        if not (name == "body" and isinstance(node, _Function)):
            for one in field if isinstance(field, list) else [field]:
                if isinstance(one, ast.AST):
                    yield one
                    yield from _outside(one)


def _about(docstring: str) -> tuple[str, str, dict[str, str] | None]:
    """Name, note and versions of packages, as a docstring tells them; None where it tells of no versions."""
    *told, made = docstring.split("\n\n")
    found = versions(made.strip())
    told = told if found is not None else [*told, made]
    name, *note = [part.strip("\n") for part in told] or [""]
    first, _, rest = name.partition("\n")
    return first.strip()[:200], "\n\n".join([*([rest] if rest else []), *note])[:10_000], found
