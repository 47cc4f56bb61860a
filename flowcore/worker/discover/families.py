"""A package's families: which classes belong to one, and the names that stand for its members."""

import inspect
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from flowcore.model.descriptor import Registry, Source
from flowcore.worker.discover.walk import resolve


@dataclass(frozen=True)
class Families:
    """bases: class -> family. functions: id of a function -> family. names: family -> its names.

    accepted: family -> every name that is understood, those that are not offered included.
    choices: argument -> the words to choose from where documentation lists none. hidden: evidence that
    is not to be used.
    """

    bases: dict[type, str]
    functions: dict[int, str]
    names: dict[str, tuple[str, ...]]
    merging: tuple[type, ...]
    accepted: dict[str, tuple[str, ...]] = field(default_factory=dict)
    choices: dict[str, tuple[str, ...]] = field(default_factory=dict)
    hidden: tuple[str, ...] = ()

    @property
    def ends(self) -> frozenset[type]:
        return frozenset(self.bases)

    def of(self, value: Any) -> str:
        """The family of a class or function, "" if it has none."""
        if not inspect.isclass(value):
            return self.functions.get(id(value), "")
        return next((self.bases[base] for base in value.__mro__ if base in self.bases), "")

    def named(self, name: str) -> str:
        """The family of the class of this name, else the name itself."""
        return self.classes.get(name, name)

    @cached_property
    def classes(self) -> dict[str, str]:
        """Class name -> family, of the bases and all that is derived from them."""
        found: dict[str, str] = {}
        waiting = list(self.bases)
        while waiting:
            one = waiting.pop()
            found.setdefault(one.__name__, self.of(one))
            waiting += type.__subclasses__(one)
        return found | {base.__name__: family for base, family in self.bases.items()}

    def merges(self, value: Any) -> bool:
        return inspect.isclass(value) and bool(self.merging) and issubclass(value, self.merging)


def families(source: Source) -> Families:
    """Looks up what a source names. Raises LookupError for a path that leads nowhere."""
    bases = {resolve(path): family for path, family in source.families.items()}
    ends = frozenset(bases)
    functions = {
        id(value): family
        for path, family in source.functions.items()
        for value in vars(resolve(path)).values()
        if inspect.isfunction(value)
    }
    registered = {family: _names(entry, ends) for family, entry in source.registries.items()}
    accepted = {family: _accepted(entry, ends) for family, entry in source.registries.items()}
    unnamed = dict.fromkeys(bases.values(), ())
    merging = tuple(resolve(path) for path in source.merging)
    choices = {name: _listed(entry) for name, entry in source.choices.items()}
    return Families(bases, functions, unnamed | registered, merging, accepted, choices, source.hide)


def _listed(registry: Registry) -> tuple[str, ...]:
    """The names that a registry has, in its order or, if it has none, sorted; those to offer first first."""
    names = [name for name in resolve(registry.path) if isinstance(name, str)]
    return tuple(dict.fromkeys((*registry.first, *sorted(names))))


def _names(registry: Registry, ends: frozenset[type]) -> tuple[str, ...]:
    """One lower-case name for each member that can be made from its name alone."""
    get = resolve(registry.get) if registry.get else None
    groups: dict[int, tuple[Any, list[str]]] = {}
    for name, value in resolve(registry.path).items():
        if name == name.lower() and value not in ends and not _refused(get, name):
            groups.setdefault(id(value), (value, []))[1].append(name)
    names = {_best(value, found) for value, found in groups.values()}
    return (*(name for name in registry.first if name in names), *sorted(names - set(registry.first)))


def _accepted(registry: Registry, ends: frozenset[type]) -> tuple[str, ...]:
    """Every name that makes a member, in the cases that a registry may not mind."""
    get = resolve(registry.get) if registry.get else None
    members = {name: value for name, value in resolve(registry.path).items() if value not in ends}
    names = {*members, *(value.__name__ for value in members.values())}
    names |= {given(name) for name in names for given in (str.upper, str.capitalize)} if get else set()
    return tuple(sorted({name for name in names if not _refused(get, name)} | set(registry.also)))


def _refused(get: Callable[[str], Any] | None, name: str) -> bool:
    try:
        return get is not None and get(name) is None
    except Exception:  # Making a member runs the package's code: it may raise anything.
        return True


def _best(value: Any, names: Iterable[str]) -> str:
    """The object's own name, with or without underscores between its words; else the longest."""
    own = re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", value.__name__).lower()
    return max(names, key=lambda name: (name in (own, own.replace("_", "")), len(name), name))
