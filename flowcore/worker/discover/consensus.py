"""What the rest of a package says of an argument that one callable leaves undocumented."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping

from msgspec.structs import replace

from flowcore.model.descriptor import Argument, NodeDescriptor

LEAST = 3
Key = tuple[str, str]


def consented(nodes: tuple[NodeDescriptor, ...]) -> tuple[NodeDescriptor, ...]:
    """Nodes whose undocumented arguments have the help that most namesakes of one type share."""
    helps: dict[Key, Counter[str]] = defaultdict(Counter)
    for node in nodes:
        for one in node.args:
            helps[one.arg, one.itype][one.help] += bool(one.help)
    common = {key: _commonest(counts) for key, counts in helps.items()}
    return tuple(replace(node, args=_filled(node.args, common)) for node in nodes)


def _commonest(counts: Counter[str]) -> str:
    """The help given most often, if LEAST callables give it; of equals the shortest."""
    best = max(counts, key=lambda text: (counts[text], -len(text), text))
    return best if counts[best] >= LEAST else ""


def _filled(args: Iterable[Argument], common: Mapping[Key, str]) -> tuple[Argument, ...]:
    return tuple(one if one.help else replace(one, help=common[one.arg, one.itype]) for one in args)
