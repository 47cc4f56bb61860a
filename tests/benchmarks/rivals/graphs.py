"""Graphs to run: which nodes each node takes its inputs from."""

import random
from typing import Final, NamedTuple

KINDS: Final = ("chain", "fan", "random", "shuffled")


class Plan(NamedTuple):
    """ids: in the order of the document. sources: by node, in the order of its inputs. sink: merges all."""

    ids: list[str]
    sources: dict[str, list[str]]
    sink: str


def plan(kind: str, count: int) -> Plan:
    """chain: one after another. fan: one to all but one, and those to the last.

    random: one or two of the nodes before. shuffled: the same, written down in any order.
    """
    ids = [f"n{index}" for index in range(count)]
    sources: dict[str, list[str]] = {ids[0]: []}
    chance = random.Random(count)
    for index in range(1, count):
        if kind == "chain":
            sources[ids[index]] = [ids[index - 1]]
        elif kind == "fan":
            sources[ids[index]] = [ids[0]] if index < count - 1 else ids[1:-1]
        else:
            drawn = (chance.randrange(index) for _ in range(chance.randint(1, 2)))
            sources[ids[index]] = list(dict.fromkeys(ids[place] for place in drawn))
    if kind == "shuffled":
        chance.shuffle(ids)
    return Plan(ids, sources, f"n{count - 1}" if kind == "fan" else "")
