"""Types out of what the source does with an argument, where nothing is said of it.

``name.lower()`` is a string's, ``for row in rows`` goes through a list, ``isinstance(x, str)`` says it all.
What a constructor keeps (``self.rows = rows``) is followed through the methods of its class.
"""

import ast
from collections import defaultdict
from collections.abc import Iterator
from functools import lru_cache
from typing import Any, Final

from flowcore.worker.discover.generic import from_generic_name
from flowcore.worker.discover.guess import NOTHING, Guess, by_word, distinct, widget_of
from flowcore.worker.discover.source import definition

CONFIDENCE: Final = 0.65
_METHODS: Final = {
    "string": """
        lower upper strip lstrip rstrip split rsplit splitlines startswith endswith encode title capitalize
        casefold format partition rpartition zfill isdigit isalpha replace join ljust rjust translate""",
    "dict": "items keys values setdefault",
    "list": "append extend insert sort reverse",
    "array": "shape ndim dtype reshape astype ravel flatten T mean std transpose tolist sum",
    "table": "columns iloc loc groupby iterrows to_numpy",
    "file": "read readline readlines seek write",
}
_BY_METHOD: Final = by_word(_METHODS)
_CALLS: Final = {
    "list": "enumerate zip sorted list tuple set iter any all reversed frozenset",
    "int": "range chr hex bin",
    "float": "sqrt exp log floor ceil isnan sin cos tan isfinite",
    "string": """
        open Path exists isfile isdir abspath basename dirname expanduser splitext ord import_module""",
    "array": """
        asarray array asanyarray atleast_1d atleast_2d ascontiguousarray check_array stack concatenate
        vstack""",
    "callable": "callable",
    "dict": "OrderedDict",
}
_BY_CALL: Final = by_word(_CALLS)
_CLASSES: Final = {
    "string": "str bytes basestring Path PathLike",
    "int": "int Integral",
    "float": "float Number Real",
    "bool": "bool",
    "list": "list Sequence Iterable set",
    "tuple": "tuple",
    "dict": "dict Mapping",
    "array": "ndarray",
    "table": "DataFrame Series",
    "callable": "Callable",
}
_BY_CLASS: Final = by_word(_CLASSES)


@lru_cache(maxsize=64)
def uses(value: Any) -> dict[str, Guess]:
    """Argument -> what the source of a function, or of a class, does with it; {} without a source."""
    found = definition(value)
    if isinstance(found, ast.ClassDef):
        return _of_class(found)
    return _of_function(found) if found else {}


def _of_function(function: ast.FunctionDef | ast.AsyncFunctionDef) -> dict[str, Guess]:
    seen: dict[str, list[str]] = defaultdict(list)
    for name, itype in _seen(function):
        seen[name].append(itype)
    return {name: _guess(name, seen[name]) for name in _names(function) if name in seen}


def _of_class(found: ast.ClassDef) -> dict[str, Guess]:
    """What the constructor does with its arguments, and the methods with those that it keeps."""
    methods = [one for one in found.body if isinstance(one, (ast.FunctionDef, ast.AsyncFunctionDef))]
    init = next((one for one in methods if one.name == "__init__"), None)
    if init is None:
        return {}
    seen: dict[str, list[str]] = defaultdict(list)
    for name, itype in _seen(init):
        seen[name].append(itype)
    kept = {f"self.{attribute}": name for name, attribute in _kept(init)}
    for method in methods:
        for name, itype in _seen(method):
            if name in kept:
                seen[kept[name]].append(itype)
    return {name: _guess(name, seen[name]) for name in _names(init) if name in seen}


def _names(function: ast.FunctionDef | ast.AsyncFunctionDef) -> list[str]:
    given = function.args
    return [one.arg for one in (*given.posonlyargs, *given.args, *given.kwonlyargs)]


def _kept(init: ast.AST) -> Iterator[tuple[str, str]]:
    """Pairs of an argument and the attribute that it becomes."""
    for node in ast.walk(init):
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Name):
            for target in node.targets:
                if isinstance(target, ast.Attribute):
                    yield node.value.id, target.attr


def _guess(name: str, seen: list[str]) -> Guess:
    """What isinstance says; else what is seen, if it is of one kind. A bound means a number."""
    number = "int" if from_generic_name(name).types == ("int",) else "float"
    seen = [number if itype == "number" else itype for itype in seen]
    said = [itype.removeprefix("is ") for itype in seen if itype.startswith("is ")]
    types = distinct(tuple(said)) or tuple(dict.fromkeys(seen))
    if not said and len(types) > 1:
        return NOTHING
    return Guess(types, CONFIDENCE, widget=widget_of(types))


def _seen(tree: ast.AST) -> Iterator[tuple[str, str]]:
    """Pairs of a name (``x`` or ``self.x``) and a type that it must have for what is done with it."""
    for node in ast.walk(tree):
        for subject, itype in _demands(node):
            yield from ((name, itype) for name in _named(subject))


def _demands(node: ast.AST) -> Iterator[tuple[ast.AST, str]]:
    """Pairs of an expression and the type that one step of the code asks of it."""
    match node:
        case ast.Call(func=ast.Name(id="isinstance"), args=[subject, classes]):
            yield from ((subject, f"is {itype}") for itype in _classes(classes))
        case ast.Call(func=ast.Name(id="map" | "filter"), args=[function, *rest]):
            yield from ((function, "callable"), *((one, "list") for one in rest))
        case ast.Call(func=function, args=args):
            yield function, "callable"
            called = function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")
            yield from ((one, _BY_CALL[called]) for one in args if called in _BY_CALL)
        case ast.Attribute(value=subject, attr=attribute) if attribute in _BY_METHOD:
            yield subject, _BY_METHOD[attribute]
        case ast.For(iter=subject) | ast.comprehension(iter=subject):
            yield subject, "list"
        case ast.Compare(left=subject, ops=[operator], comparators=[ast.Constant(value=value)]):
            if isinstance(value, str) and isinstance(operator, (ast.Eq, ast.NotEq)):
                yield subject, "string"
            elif type(value) in (int, float) and isinstance(operator, (ast.Lt, ast.LtE, ast.Gt, ast.GtE)):
                yield subject, "number"
        case _:
            yield from _substituted(node)


def _substituted(node: ast.AST) -> Iterator[tuple[ast.AST, str]]:
    """What stands in for an argument that is not given: ``rows or []``, ``if rows is None: rows = []``."""
    match node:
        case ast.BoolOp(op=ast.Or(), values=[subject, value]):
            yield from ((subject, itype) for itype in _made(value))
        case ast.If(
            test=ast.Compare(left=ast.Name(id=name), ops=[ast.Is()], comparators=[ast.Constant(value=None)]),
            body=[ast.Assign(targets=[ast.Name(id=target) as subject], value=value)],
        ) if name == target:
            yield from ((subject, itype) for itype in _made(value))
        case ast.IfExp(
            test=ast.Compare(left=subject, ops=[operator], comparators=[ast.Constant(value=None)]),
            body=body,
            orelse=other,
        ):
            value = body if isinstance(operator, ast.Is) else other
            yield from ((subject, itype) for itype in _made(value))


def _made(value: ast.AST) -> Iterator[str]:
    """The type of a value that is written out."""
    match value:
        case ast.Constant(value=bool() | int() | float() | str() as constant):
            yield {"str": "string"}.get(type(constant).__name__, type(constant).__name__)
        case ast.Dict() | ast.DictComp():
            yield "dict"
        case ast.List() | ast.ListComp() | ast.Set():
            yield "list"
        case ast.Lambda():
            yield "callable"
        case ast.Call(func=ast.Name(id=name) | ast.Attribute(attr=name)):
            if name in _BY_CLASS or name[:1].isupper():
                yield _BY_CLASS.get(name, name)


def _named(node: ast.AST) -> Iterator[str]:
    if isinstance(node, ast.Name):
        yield node.id
    elif isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "self":
        yield f"self.{node.attr}"


def _classes(node: ast.AST) -> Iterator[str]:
    for one in node.elts if isinstance(node, ast.Tuple) else [node]:
        name = one.attr if isinstance(one, ast.Attribute) else getattr(one, "id", "")
        if name in _BY_CLASS:
            yield _BY_CLASS[name]
        elif name[:1].isupper():
            yield name
