"""Numbers beyond all sense, found before anything is built of them: the checker stays small and fast."""

from collections.abc import Iterator
from typing import Final, NamedTuple

from flowcore.model.graph import Graph, Node
from flowcore.model.problem import Problem
from flowcore.model.value import MAX_DEPTH, Value, tag

OBJECTS: Final = 2_000  # nodes and objects inside arguments; a thousand layers take the checker 0.7 s
PARAMETERS: Final = 10**12
AXES: Final = 32
ITEMS: Final = 1_000
NUMBER: Final = 10**9
_SMALLER: Final = {
    **dict.fromkeys(("kernel_size", "pool_size", "strides", "dilation_rate", "size"), 10_000),
    **dict.fromkeys(("padding", "cropping", "output_padding", "pad_width", "repeats"), 10_000),
    **dict.fromkeys(("n", "num", "groups", "num_heads", "depth_multiplier"), 100_000),
    **dict.fromkeys(("indices_or_sections", "num_ops", "num_chains", "chain_depth"), 1_000),
    "seed": 2**63 - 1,
}
_SHAPES: Final = ("shape", "batch_shape", "target_shape", "output_shape", "newshape", "noise_shape")


class _Item(NamedTuple):
    """A value inside the arguments of a node. name: of the argument that it belongs to."""

    value: Value
    name: str
    path: str
    depth: int


def exceeded(graph: Graph) -> tuple[Problem, ...]:
    """One problem for each node that asks for more than the checker makes, or one for the whole graph.

    A problem of the whole graph names no node. Takes time for as many objects as are allowed, no more.
    """
    left = OBJECTS
    found = []
    for node in graph.nodes:
        left -= 1
        for item in _items(node):
            left -= tag(item.value) == "$new"
            if left < 0:
                break
            if reason := _reason(item):
                found.append(_problem(node, item, *reason))
                break
        if left < 0:
            return (_many(),)
    return tuple(found)


def heavy(parameters: int) -> tuple[Problem, ...]:
    """What to say of a graph with this many parameters in all."""
    if parameters <= PARAMETERS:
        return ()
    message = f"The layers have {parameters:,} parameters in all; expected at most {PARAMETERS:,}."
    return (Problem("too-large", message, "Make the largest layer smaller."),)


def _items(node: Node) -> Iterator[_Item]:
    """Every value in a node's arguments, without recursion: nothing is too deep to be looked at."""
    todo = [_Item(value, name, name, 0) for name, value in (*node.args.items(), *node.call.items())]
    while todo:
        item = todo.pop()
        yield item
        if item.depth > MAX_DEPTH:
            continue
        if isinstance(item.value, list):
            todo += [item._replace(value=part, depth=item.depth + 1) for part in item.value[: ITEMS + 1]]
        elif isinstance(item.value, dict):
            for key, part in item.value.items():
                named = key.startswith("$") or key == "args"
                name, path = (item.name, item.path) if named else (key, f"{item.path}.{key}")
                todo.append(_Item(part, name, path, item.depth + 1))


def _reason(item: _Item) -> tuple[str, str] | None:
    """What was found and the cap, None where all is well."""
    if item.depth > MAX_DEPTH:
        return "is nested too deep", f"{MAX_DEPTH} levels"
    if isinstance(item.value, list):
        if item.name in _SHAPES and len(item.value) > AXES:
            return f"has {len(item.value):,} axes", f"{AXES}"
        if len(item.value) > ITEMS:
            return f"has {len(item.value):,} items", f"{ITEMS:,}"
    elif isinstance(item.value, int):
        cap = _SMALLER.get(item.name, NUMBER)
        if abs(item.value) > cap:
            return f"is {_figure(item.value)}", f"{cap:,}"
    return None


def _figure(number: int) -> str:
    """Long numbers in short: 10**30 would take a line, 10**(10**6) a book."""
    if abs(number) < 10**15:
        return f"{number:,}"
    digits = int(number.bit_length() * 0.30103)
    return f"{'-' if number < 0 else ''}about 10^{digits}"


def _problem(node: Node, item: _Item, found: str, cap: str) -> Problem:
    return Problem(
        "too-large",
        f"{node.title}: {item.path} {found}; shapes are worked out up to {cap}.",
        f"Make {item.path} smaller.",
        (node.id,),
    )


def _many() -> Problem:
    return Problem(
        "too-many",
        f"The graph has more than {OBJECTS:,} nodes and objects in their arguments; "
        "shapes are worked out up to that.",
        "Take nodes out, or go on without shapes.",
        level="notice",
    )
