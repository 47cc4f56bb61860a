"""How the types of a catalogue are called in a script, and the values that their nodes make."""

import builtins
import re
import sys
from collections.abc import Iterable
from keyword import iskeyword, issoftkeyword
from typing import Final

from flowcore.model.descriptor import Catalog, NodeDescriptor
from flowcore.model.problem import error

FALLBACK: Final = "fallback"
ALIASES: Final = {"keras": "keras", "numpy": "np", "pandas": "pd", "foolbox": "fb"}
"""Packages that are imported whole; of any other one imports what is used."""
_VERBS: Final = re.compile(r"^(load|make|fetch|read|get|compute)_(?=\w)")
_DONE: Final = frozenset(
    {
        "add",
        "blur",
        "call",
        "clip",
        "crop",
        "divide",
        "filter",
        "flip",
        "invert",
        "merge",
        "multiply",
        "pad",
        "rotate",
    }
    | {"scale", "smooth", "sort", "subtract", "warp"}
)
_VERB: Final = re.compile(r"^[a-z]{3,}(ize|ise|ify|ate)$")
_SHORT: Final = re.compile(r"[^aeiou]*[aeiou][^aeiouwxy]$")  # crop, cropped
_WORDS: Final = re.compile(r"[^a-z0-9]+")


class Written:
    """Names of types in a script that is being written, and the imports that they need."""

    def __init__(self, catalog: Catalog, types: Iterable[str]) -> None:
        self.catalog = catalog
        self.functions: dict[str, str] = {}
        self._local: dict[str, str] = {}
        self._whole: set[str] = set()
        self._parts: set[tuple[str, str, str]] = set()
        for type_ in sorted(types):
            self.written(type_)

    def written(self, type_: str) -> str:
        """How a type is called. Raises FlowError("not-allowed") where policy does not let it run."""
        descriptor = self.catalog.runnable.get(type_)
        if descriptor is None:
            raise error(
                "not-allowed",
                f"No script can name {type_}: it is in no catalogue, or may never run here.",
                "Remove the nodes that name it.",
            )
        path = descriptor.package
        root, _, rest = path.partition(".")
        if root in ALIASES:
            self._whole.add(root)
            return f"{ALIASES[root]}.{rest}"
        module, name, inside = split(path)
        whole = f"{module}.{name}"
        if whole not in self._local:
            self._local[whole] = local = self._free(name, module)
            if root == FALLBACK:
                self.functions[whole] = local
            else:
                self._parts.add((module, name, local))
        return ".".join([self._local[whole], *inside])

    def taken(self) -> set[str]:
        return {*self._local.values(), *ALIASES.values()}

    def imports(self) -> list[str]:
        """Statements, sorted as isort does."""
        whole = [f"import {one}" + (f" as {ALIASES[one]}" * (ALIASES[one] != one)) for one in self._whole]
        parts = [
            f"from {module} import {name}" + f" as {local}" * (local != name)
            for module, name, local in self._parts
        ]
        return sorted(whole) + sorted(parts)

    def _free(self, name: str, module: str) -> str:
        wanted = name
        for part in reversed(module.split(".")):
            if wanted not in self._local.values() and not reserved(wanted):
                break
            wanted = f"{part}_{wanted}"
        return free(wanted, set(self._local.values()))


def split(path: str) -> tuple[str, str, list[str]]:
    """Module, the name to import from it, and what is inside of that: a class begins with a capital."""
    parts = path.split(".")
    place = next((index for index, part in enumerate(parts) if part[:1].isupper()), len(parts) - 1)
    return ".".join(parts[:place]), parts[place], parts[place + 1 :]


def base(descriptor: NodeDescriptor) -> str:
    """What the value of a node is called where nobody has named it."""
    name = descriptor.name
    if descriptor.kind == "class":
        found = snake(name)
    else:
        found = _VERBS.sub("", snake(name))
        imported = descriptor.package.partition(".")[0] not in ALIASES and descriptor.kind == "function"
        found = _done(found) if imported and found == name else found
    return f"{found}_" if reserved(found) else found


def snake(name: str) -> str:
    """``MaxPooling2D`` is max_pooling2d, ``LSTM`` lstm."""
    parted = re.sub(r"(?<=[a-z0-9])(?=[A-Z][a-z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", name)
    return parted.lower().strip("_") or "value"


def slug(label: str) -> str:
    """A variable for a label, "" where none comes out of it."""
    found = _WORDS.sub("_", label.lower()).strip("_")
    return found if found.isidentifier() and not reserved(found) else ""


def free(name: str, taken: set[str], counts: dict[str, int] | None = None) -> str:
    """A name that is not taken: conv2d, conv2d_2, … counts: how far each name has been counted before."""
    found, count = name, (counts or {}).get(name, 1)
    while found in taken:
        count += 1
        found = f"{name.rstrip('_')}_{count}"
    if counts is not None:
        counts[name] = count
    return found


def implied(variable: str, descriptor: NodeDescriptor) -> str:
    """The label that the name of a variable says: none where it is the one that the type has anyway."""
    found = re.sub(r"_\d+$", "", variable)
    usual = base(descriptor)
    return "" if usual in (found, variable) or usual.rstrip("_") == found else variable.replace("_", " ")


def reserved(name: str) -> bool:
    return iskeyword(name) or issoftkeyword(name) or hasattr(builtins, name)


def standard(statement: str) -> bool:
    """Whether an import is one of the standard library."""
    return statement.split()[1].partition(".")[0] in sys.stdlib_module_names


def _done(name: str) -> str:
    """What a function has made, under a name that is not its own: scaled, and mean_result of no verb."""
    if name not in _DONE and not _VERB.search(name):
        return f"{name}_result"
    if name.endswith("e"):
        return f"{name}d"
    if name.endswith("y"):
        return f"{name[:-1]}ied"
    return f"{name}{name[-1] * bool(_SHORT.match(name))}ed"
