"""What may run where: ``descriptors/policy.toml``.

``always`` runs on a hosted server too, ``local`` on the user's own machine only, ``never`` nowhere.
Never beats local beats always, except that a type named in full as always or local beats their patterns;
what no entry names is local. ``symbolic`` lists what the checker may make to learn shapes; ``packages.never``
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
NOTHING = r"(?!)"  # an expression that nothing matches
Runs = Literal["always", "local", "never"]
Rule = Callable[[str], bool]


class Entry(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A pattern of types, or several, and why they are where they are."""

    pattern: str | tuple[str, ...]
    reason: str

    @property
    def patterns(self) -> tuple[str, ...]:
        return (self.pattern,) if isinstance(self.pattern, str) else self.pattern


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
    """Policy made ready. exact: types that are named in full."""

    never: Rule
    exact: dict[str, Runs]
    local: Rule
    always: Rule
    symbolic: Rule


def read_policy(policy: Policy) -> Rules:
    """Makes the patterns ready to be matched."""
    always, local = _patterns(policy.always), _patterns(policy.local)
    levels: tuple[tuple[Runs, tuple[str, ...]], ...] = (("always", always), ("local", local))
    exact = {pattern: runs for runs, patterns in levels for pattern in patterns if not _open(pattern)}
    return Rules(
        _matcher(_patterns(policy.never)),
        exact,
        _matcher(tuple(filter(_open, local))),
        _matcher(tuple(filter(_open, always))),
        _matcher(policy.symbolic),
    )


def runs_of(type_: str, rules: Rules) -> Runs:
    """Where a type may run."""
    if rules.never(type_):
        return "never"
    if type_ in rules.exact:
        return rules.exact[type_]
    return "always" if rules.always(type_) and not rules.local(type_) else "local"


def why(type_: str, policy: Policy) -> str:
    """The reason for where a type may run, "" where no entry names it."""
    runs = runs_of(type_, read_policy(policy))
    entries: tuple[Entry, ...] = getattr(policy, runs)
    named = [
        (_precision(pattern), entry.reason)
        for entry in entries
        for pattern in entry.patterns
        if _matcher((pattern,))(type_)
    ]
    return max(named)[1] if named else ""


def refused(package: str, policy: Policy) -> str:
    """Why a package is not offered to be scanned, "" where it is."""
    found = (entry.reason for entry in policy.packages.never if _matcher(entry.patterns)(package))
    return next(found, "")


def governed(nodes: Iterable[NodeDescriptor], rules: Rules) -> tuple[NodeDescriptor, ...]:
    """Nodes with ``runs`` and ``symbolic`` as policy has them.

    Only what always runs is symbolic: the checker makes it unasked, and must read no path for it.
    """
    found = []
    for node in nodes:
        runs = runs_of(node.package, rules)
        symbolic = runs == "always" and rules.symbolic(node.package)
        same = runs == node.runs and symbolic == node.symbolic
        found.append(node if same else replace(node, runs=runs, symbolic=symbolic))
    return tuple(found)


def _patterns(entries: Iterable[Entry]) -> tuple[str, ...]:
    return tuple(pattern for entry in entries for pattern in entry.patterns)


def _precision(pattern: str) -> tuple[bool, int]:
    """A type beats a pattern, a longer pattern a shorter one."""
    return not _open(pattern), len(re.sub(r"[*?]", "", pattern))


def _open(pattern: str) -> bool:
    """Whether a pattern can match more than one type."""
    return bool(set("*?[") & set(pattern))


def _matcher(patterns: tuple[str, ...]) -> Rule:
    """One test for many patterns.

    What a leading * stands for is not matched but passed over in a search, which costs a quarter.
    """
    closed = _alternatives(pattern for pattern in patterns if not pattern.startswith("*"))
    anywhere = _alternatives(pattern[1:] for pattern in patterns if pattern.startswith("*"))
    if anywhere.pattern == NOTHING:
        return lambda type_: closed.match(type_) is not None
    return lambda type_: closed.match(type_) is not None or anywhere.search(type_) is not None


def _alternatives(patterns: Iterable[str]) -> re.Pattern[str]:
    """One expression for many patterns."""
    bodies = [translate(pattern)[4:-3] for pattern in patterns]  # without the (?s: and )\Z of each
    return re.compile(rf"(?s:{'|'.join(bodies)})\Z" if bodies else NOTHING)
