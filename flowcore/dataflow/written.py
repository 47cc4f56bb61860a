"""Functions of ours and of the user, written out: a script must run where flowcore is not installed.

With a function comes what it needs of its file: other functions, classes, constants and imports.
"""

import ast
import builtins
from collections.abc import Iterable, Mapping
from typing import NamedTuple

from flowcore.dataflow.names import free
from flowcore.model.problem import error


class Parts(NamedTuple):
    """What a script needs: import statements, definitions in the order of their files, and their names."""

    imports: list[str]
    definitions: list[str]
    names: set[str]


def parts(functions: Mapping[str, str], sources: Mapping[str, str], taken: Iterable[str]) -> Parts:
    """The definitions of functions. functions: dotted path -> what each is called in the script.

    sources: module -> its text. taken: names that the script has given already.
    Raises FlowError("no-source") where a file is missing or cannot be read.
    """
    found = Parts([], [], set(taken))
    for module in sorted({path.rpartition(".")[0] for path in functions}):
        wanted = {
            path.rpartition(".")[2]: (path, name)
            for path, name in functions.items()
            if path.startswith(f"{module}.")
        }
        _Module(module, _parsed(module, sources)).write(wanted, found)
    return found


class _Module:
    def __init__(self, name: str, source: str) -> None:
        self.name, self.source = name, source
        self.tree = ast.parse(source)
        self.bound: dict[str, ast.stmt] = {}
        for statement in self.tree.body:
            for name in _binds(statement):
                self.bound[name] = statement

    def write(self, wanted: Mapping[str, tuple[str, str]], found: Parts) -> None:
        """Add what some functions need."""
        missing = wanted.keys() - self.bound.keys()
        if missing:
            raise _none(f"{self.name}.{min(missing)}")
        needed = self._needed(wanted) | {name for name, one in self.bound.items() if _future(one)}
        names = {name: given for name, (_, given) in wanted.items()}
        for statement in self.tree.body:
            bound = [name for name in _binds(statement) if name in needed]
            if not bound:
                continue
            if isinstance(statement, ast.Import | ast.ImportFrom):
                found.imports.extend(_import(statement, bound))
                found.names.update(bound)
                continue
            for name in bound:
                if name not in names:
                    if self._text(statement, names) in found.definitions:
                        break
                    names[name] = free(name, found.names)
                    found.names.add(names[name])
            else:
                text = self._text(statement, names)
                if len(bound) == 1 and bound[0] in wanted:
                    text = f"# {wanted[bound[0]][0]}\n{text}"
                found.definitions.append(text)

    def _needed(self, wanted: Iterable[str]) -> set[str]:
        found: set[str] = set()
        todo = list(wanted)
        while todo:
            name = todo.pop()
            if name in self.bound and name not in found:
                found.add(name)
                todo.extend(_reads(self.bound[name]))
        return found

    def _text(self, statement: ast.stmt, names: Mapping[str, str]) -> str:
        """The source of a statement, with other names where the script has given others."""
        first = min([statement.lineno, *(one.lineno for one in getattr(statement, "decorator_list", ()))])
        lines = self.source.splitlines()[first - 1 : statement.end_lineno]
        text = "\n".join(lines)
        changed = {old: new for old, new in names.items() if old != new}
        return _renamed(text, changed) if changed else text


def _binds(statement: ast.stmt) -> list[str]:
    match statement:
        case ast.FunctionDef(name=name) | ast.ClassDef(name=name) | ast.AsyncFunctionDef(name=name):
            return [name]
        case ast.Import(names=names) | ast.ImportFrom(names=names):
            return [one.asname or one.name.partition(".")[0] for one in names]
        case ast.Assign(targets=targets):
            return [node.id for target in targets for node in ast.walk(target) if isinstance(node, ast.Name)]
        case ast.AnnAssign(target=ast.Name(id=name)):
            return [name]
    return []


def _reads(statement: ast.stmt) -> set[str]:
    return {
        node.id
        for node in ast.walk(statement)
        if isinstance(node, ast.Name) and not hasattr(builtins, node.id)
    }


def _future(statement: ast.stmt) -> bool:
    return isinstance(statement, ast.ImportFrom) and statement.module == "__future__"


def _import(statement: ast.Import | ast.ImportFrom, bound: list[str]) -> Iterable[str]:
    kept = [one for one in statement.names if (one.asname or one.name.partition(".")[0]) in bound]
    for one in kept:
        copy = type(statement)(**{**vars(statement), "names": [one]})
        yield ast.unparse(copy)


def _renamed(text: str, changed: Mapping[str, str]) -> str:
    """A definition with other names; where they stand in a line is kept."""
    lines = text.splitlines()
    places: list[tuple[int, int, str]] = []
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Name) and node.id in changed:
            places.append((node.lineno, node.col_offset, node.id))
        elif isinstance(node, ast.FunctionDef | ast.ClassDef) and node.name in changed:
            start = lines[node.lineno - 1].encode().index(node.name.encode())
            places.append((node.lineno, start, node.name))
    for line, column, name in sorted(places, reverse=True):
        whole = lines[line - 1].encode()
        after = column + len(name.encode())
        lines[line - 1] = (whole[:column] + changed[name].encode() + whole[after:]).decode()
    return "\n".join(lines)


def _parsed(module: str, sources: Mapping[str, str]) -> str:
    if module not in sources:
        raise _none(module)
    return sources[module]


def _none(path: str) -> Exception:
    return error(
        "no-source", f"The source of {path} is not to be found.", "Put its file back, or remove its nodes."
    )
