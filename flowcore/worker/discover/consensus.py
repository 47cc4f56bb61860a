"""What the rest of a package says of an argument about which one callable says nothing."""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable

from msgspec.structs import replace

from flowcore.model.descriptor import Argument, NodeDescriptor
from flowcore.worker.discover.names import camel_words

LEAST = 3
AGREEMENT = 0.6
CONFIDENCE = 0.6
WEAK = 0.5


def consented(nodes: tuple[NodeDescriptor, ...]) -> tuple[NodeDescriptor, ...]:
    """Nodes whose bare arguments have the type, and then the help, that most namesakes share."""
    likes = _types(one for node in nodes for one in node.args)
    nodes = _each(nodes, lambda one: _like(one, likes.get(one.arg)))
    helps = _helps(one for node in nodes for one in (*node.args, *node.inputs))
    return _each(
        nodes, lambda one: one if one.help else replace(one, help=helps.get((one.arg, one.itype), ""))
    )


def named_after(nodes: tuple[NodeDescriptor, ...]) -> tuple[NodeDescriptor, ...]:
    """Nodes whose bare arguments have the names of the package's own classes: those are their types."""
    names = [node.name for node in nodes if node.kind == "class" and node.otype == node.name]
    classes = {name.lower(): name for name in names}
    ends = {words[-1] for name in classes.values() if (words := camel_words(name))}

    def change(one: Argument) -> Argument:
        joined = one.arg.replace("_", "").lower()
        last = one.arg.lower().rpartition("_")[2]
        name = classes.get(joined) or (last.capitalize() if last in ends else "")
        if one.supported or not name:
            return one
        return replace(one, itype=name, evidence="class name", confidence=WEAK, widget="port")

    return _each(nodes, change)


def _each(
    nodes: tuple[NodeDescriptor, ...], change: Callable[[Argument], Argument]
) -> tuple[NodeDescriptor, ...]:
    """Nodes with their arguments changed, and the constants of their calls: ports are their own."""
    return tuple(
        replace(
            node,
            args=tuple(map(change, node.args)),
            inputs=tuple(one if one.widget == "port" else change(one) for one in node.inputs),
        )
        for node in nodes
    )


def _types(args: Iterable[Argument]) -> dict[str, Argument]:
    """Argument name -> the argument to copy types from, where AGREEMENT of LEAST namesakes agree."""
    groups: dict[str, list[Argument]] = defaultdict(list)
    for one in args:
        if one.supported and one.confidence > CONFIDENCE:
            groups[one.arg].append(one)
    found = {}
    for name, group in groups.items():
        types, count = Counter(one.types for one in group).most_common(1)[0]
        if count >= max(LEAST, AGREEMENT * len(group)):
            found[name] = next(one for one in group if one.types == types)
    return found


def _helps(args: Iterable[Argument]) -> dict[tuple[str, str], str]:
    """Name and type -> the help that most namesakes have, if LEAST have it; of equals the shortest."""
    groups: dict[tuple[str, str], Counter[str]] = defaultdict(Counter)
    for one in args:
        groups[one.arg, one.itype][one.help] += bool(one.help)
    found = {}
    for key, counts in groups.items():
        best = max(counts, key=lambda text: (counts[text], -len(text), text))
        found[key] = best if counts[best] >= LEAST else ""
    return found


def _like(argument: Argument, other: Argument | None) -> Argument:
    if other is None or (argument.supported and argument.confidence >= CONFIDENCE):
        return argument
    return replace(
        argument,
        itype=other.itype,
        itypes=other.itypes,
        choices=other.choices,
        range=other.range,
        widget=other.widget,
        evidence="consensus",
        confidence=CONFIDENCE,
    )
