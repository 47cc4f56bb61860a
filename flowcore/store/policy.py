"""What may run where: ``descriptors/policy.toml``.

``always`` runs on a hosted server too, ``local`` on the user's own machine only, ``never`` nowhere.
Of the entries that match a type the most specific wins, and never beats local beats always; what no
entry names is local. ``symbolic`` lists what the checker may make to learn shapes; ``packages.never``
what no page offers to scan.
"""

import re
from collections.abc import Callable, Iterable
from fnmatch import translate
from typing import Literal, NamedTuple

import msgspec
from msgspec.structs import replace

from flowcore.model.descriptor import NodeDescriptor

POLICY = "policy.toml"
Runs = Literal["always", "local", "never"]
Rule = Callable[[str], bool]


class Entry(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A pattern of types, and why it is where it is."""

    pattern: str
    reason: str


class Packages(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Import names that no page offers to scan, by pattern."""

    never: tuple[Entry, ...] = ()


class Policy(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The file."""

    always: tuple[Entry, ...] = ()
    local: tuple[Entry, ...] = ()
    never: tuple[Entry, ...] = ()
    symbolic: tuple[str, ...] = ()
    packages: Packages = Packages()


class Rules(NamedTuple):
    """Policy made ready: exact types, then patterns with the most specific first."""

    exact: dict[str, Runs]
    patterns: tuple[tuple[Rule, Runs], ...]
    symbolic: Rule


def read_policy(policy: Policy) -> Rules:
    """Orders the entries so that the first that matches decides."""
    levels: tuple[tuple[Runs, tuple[Entry, ...]], ...] = (
        ("always", policy.always),
        ("local", policy.local),
        ("never", policy.never),
    )
    exact: dict[str, Runs] = {}
    found: list[tuple[int, int, str, Runs]] = []
    for strictness, (runs, entries) in enumerate(levels):
        for entry in entries:
            if set("*?[") & set(entry.pattern):
                found.append((_precision(entry)[1], strictness, entry.pattern, runs))
            else:
                exact[entry.pattern] = runs
    ordered = sorted(found, reverse=True)
    patterns = tuple((_matcher((pattern,)), runs) for _, _, pattern, runs in ordered)
    return Rules(exact, patterns, _matcher(policy.symbolic))


def runs_of(type_: str, rules: Rules) -> Runs:
    """Where a type may run."""
    if type_ in rules.exact:
        return rules.exact[type_]
    return next((runs for matches, runs in rules.patterns if matches(type_)), "local")


def why(type_: str, policy: Policy) -> str:
    """The reason for where a type may run, "" where no entry names it."""
    runs = runs_of(type_, read_policy(policy))
    entries: tuple[Entry, ...] = getattr(policy, runs)
    named = [entry for entry in entries if _matcher((entry.pattern,))(type_)]
    return max(named, key=_precision).reason if named else ""


def refused(package: str, policy: Policy) -> str:
    """Why a package is not offered to be scanned, "" where it is."""
    found = (entry.reason for entry in policy.packages.never if _matcher((entry.pattern,))(package))
    return next(found, "")


def governed(nodes: Iterable[NodeDescriptor], rules: Rules) -> tuple[NodeDescriptor, ...]:
    """Nodes with ``runs`` and ``symbolic`` as policy has them.

    Only what always runs is symbolic: the checker makes it unasked, and must read no path for it.
    """
    found = []
    for node in nodes:
        runs = runs_of(node.package, rules)
        symbolic = runs == "always" and rules.symbolic(node.package)
        found.append(replace(node, runs=runs, symbolic=symbolic))
    return tuple(found)


def _precision(entry: Entry) -> tuple[bool, int]:
    """A type beats a pattern, a longer pattern a shorter one."""
    exact = not set("*?[") & set(entry.pattern)
    return exact, len(re.sub(r"[*?]", "", entry.pattern))


def _matcher(patterns: tuple[str, ...]) -> Rule:
    """One test for many patterns."""
    whole = re.compile("|".join(translate(pattern) for pattern in patterns) or r"(?!)")
    return lambda type_: whole.match(type_) is not None
