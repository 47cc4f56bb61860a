"""What links bring to a node: alone, as a list, or put into a tuple or a dict place by place."""

import re
from collections.abc import Mapping
from typing import Any

import msgspec

from flowcore.model.descriptor import Argument
from flowcore.model.graph import PLACE, Link
from flowcore.model.problem import error


class Outputs(msgspec.Struct, frozen=True, gc=False):
    """What a node gave: its whole value, and by name what else can be linked.

    Most nodes give one value, and there may be many: no dict is made for each, and the garbage collector,
    which finds no circle through one, does not look at it.
    """

    whole: Any
    named: dict[str, Any] | None = None

    def all(self) -> dict[str, Any]:
        """Every output by name, "" being the whole value."""
        return {"": self.whole, **(self.named or {})}

    def get(self, name: str) -> Any:
        """An output by name; None where there is none."""
        return self.whole if not name else (self.named or {}).get(name)


def gather(
    links: tuple[Link, ...], known: Mapping[str, Argument], values: Mapping[str, Outputs]
) -> dict[str, Any]:
    """The values that links bring, by argument. values: the outputs of every node that they come from."""
    alone: dict[str, Any] = {}
    for link in links:
        argument = known.get(link.port)
        if argument is None or argument.merges or link.port in alone:
            return _grouped(links, known, values)
        alone[link.port] = output(values[link.source], link.output)
    return alone


def output(outputs: Outputs, name: str) -> Any:
    """One output: by name, or by index into a whole value that is a sequence."""
    whole = outputs.whole
    if not name:
        return whole
    if outputs.named and name in outputs.named:
        return outputs.named[name]
    if name.isdecimal() and isinstance(whole, (list, tuple)) and int(name) < len(whole):
        return whole[int(name)]
    found = f"{len(whole)} results" if isinstance(whole, (list, tuple)) else type(whole).__name__
    raise error("no-output", f"There is no output {name!r}; found {found}.", "Connect another output.")


def _grouped(
    links: tuple[Link, ...], known: Mapping[str, Argument], values: Mapping[str, Outputs]
) -> dict[str, Any]:
    """Where an argument takes several links, or a link fills a place of one."""
    found: dict[str, list[Link]] = {}
    for link in links:
        found.setdefault(link.argument, []).append(link)
    return {name: _merged(name, known.get(name), ends, values) for name, ends in found.items()}


def _merged(name: str, argument: Argument | None, links: list[Link], values: Mapping[str, Outputs]) -> Any:
    items = [output(values[link.source], link.output) for link in links]
    places = [place for link in links if link.port != name and (place := PLACE.search(link.port))]
    if len(places) == len(links):
        return _placed(places, items)
    return items if len(items) > 1 or (argument is not None and argument.merges) else items[0]


def _placed(places: list[re.Match[str]], items: list[Any]) -> Any:
    if all(place[1] is None for place in places):
        return {place[2]: item for place, item in zip(places, items, strict=True)}
    ordered = sorted(zip((int(place[1] or 0) for place in places), items, strict=True), key=lambda p: p[0])
    return tuple(item for _, item in ordered)
