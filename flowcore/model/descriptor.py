"""Descriptors: how a Python callable becomes a node (paper, 5.3: the same keys, a superset).

Types are names. Typed into a form: ``bool int float string shape ints dtype list tuple dict any``
(``ints`` is an int or a tuple of ints, ``shape`` a tuple of ints and None). Families, offered by
name or made from a descriptor whose otype is the family: ``activation initializer regularizer
constraint loss metric optimizer callback layer``. Carried by links: ``tensor tensors array model
history metrics …``. ``list[X]`` is a list of X, ``tree[X]`` a list or dict of X, of None and of
further ones; ``nosupport`` is a type that nobody knows yet.
"""

from collections.abc import Iterable
from functools import cached_property
from typing import Any, Literal, NamedTuple

import msgspec
from msgspec import UNSET, UnsetType
from msgspec.structs import replace

from flowcore.model.value import Value

NOSUPPORT = "nosupport"

# gc=False below: what JSON can say holds no cycles, and a collector that need not look for them among
# 50,000 arguments reads a catalogue in half the time.


class Range(msgspec.Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True, gc=False):
    """Bounds of a number; None is open. ``exclusive`` leaves the bounds themselves out."""

    low: float | None = None
    high: float | None = None
    exclusive: bool = False


class Argument(
    msgspec.Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True, kw_only=True, gc=False
):
    """One argument of a constructor, a function, a method or a layer's call.

    itype: the first type to offer; itypes: all of them, the first included.
    conns: how many links a port merges; None is any number.
    range: of every number; ranges: of each type, where they differ ("int" at least 1, "float" up to 1).
    passing: by name ("keyword"), by place ("positional"), or any number of values by place ("variadic").
    widget: "form" typed in, "registry" chosen out of a family, "port" filled by links.
    evidence, confidence: what decided the type, and how sure that is (0 to 1).
    """

    arg: str
    itype: str = NOSUPPORT
    required: bool = False
    default: Value | UnsetType = UNSET
    otype: str = ""
    conns: int | None = 1
    itypes: tuple[str, ...] = ()
    choices: tuple[Any, ...] = ()
    nullable: bool = False
    range: Range | None = None
    ranges: dict[str, Range] = {}
    passing: Literal["keyword", "positional", "variadic"] = "keyword"
    widget: Literal["form", "registry", "port"] = "form"
    help: str = ""
    evidence: str = ""
    confidence: float = 1.0

    @property
    def types(self) -> tuple[str, ...]:
        return self.itypes or (self.itype,)

    @property
    def supported(self) -> bool:
        return self.itype != NOSUPPORT

    @property
    def tuples(self) -> bool:
        """Whether a tuple is what one passes and writes: a list of a document is one here."""
        return "shape" in self.types or "ints" in self.types

    @property
    def merges(self) -> bool:
        """Whether it takes a list, even of a single link."""
        return self.itype == "tensors" or self.passing == "variadic"


class Output(msgspec.Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True, gc=False):
    """A named result. The name "" is the whole value."""

    name: str
    otype: str = "any"


class Origin(msgspec.Struct, frozen=True, gc=False):
    """The distribution that a descriptor was generated from."""

    dist: str
    version: str


class NodeDescriptor(
    msgspec.Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True, kw_only=True, dict=True
):
    """How a callable is offered, made and called.

    name, package: its own name, and the canonical dotted path that is a node's type.
    instance, apply: called (True, False), made and then applied to its inputs (True, True), passed
        on as it is (False, False), or a call of a shared object (False, True).
    copy: deep-copy what comes in, because the call has side effects.
    args: of the constructor, function or method. inputs: of the layer's call; those whose widget
        is "port" are its call ports, the others constants of the call.
    outputs: the named results beside the whole value. returns: "self" if a method hands its object
        on as its first output. mutates: the call changes the object behind ``self``.
    runs: policy, "always", "local" (this machine only) or "never". symbolic: the checker may make it.
    """

    name: str
    package: str
    kind: Literal["class", "function", "method"] = "class"
    itype: str = "any"
    otype: str = "any"
    instance: bool = True
    apply: bool = False
    copy: bool = False
    conns: int | None = 1
    args: tuple[Argument, ...] = ()
    inputs: tuple[Argument, ...] = ()
    outputs: tuple[Output, ...] = ()
    returns: Literal["value", "self"] = "value"
    mutates: bool = False
    aliases: tuple[str, ...] = ()
    category: str = ""
    doc: str = ""
    origin: Origin | None = None
    available: bool = True
    revised: bool = False
    signature: str = ""
    runs: Literal["always", "local", "never"] = "local"
    symbolic: bool = False

    @property
    def is_layer(self) -> bool:
        return self.instance and self.apply

    @property
    def makes_model(self) -> bool:
        """Whether a node makes a model, rather than going on with one."""
        return self.otype == "model" and self.kind != "method"

    @property
    def summary(self) -> str:
        """The first line of the documentation."""
        return self.doc.partition("\n")[0]

    @cached_property
    def arguments(self) -> dict[str, Argument]:
        return {argument.arg: argument for argument in self.args}

    @cached_property
    def call_arguments(self) -> dict[str, Argument]:
        return {argument.arg: argument for argument in self.inputs}

    @cached_property
    def call_ports(self) -> dict[str, Argument]:
        """The inputs of the call that links fill."""
        return {argument.arg: argument for argument in self.inputs if argument.widget == "port"}

    @cached_property
    def typed(self) -> dict[str, Argument]:
        """The arguments whose type is known."""
        return {argument.arg: argument for argument in self.args if argument.supported}

    @cached_property
    def typed_in_call(self) -> dict[str, Argument]:
        """The inputs of the call whose type is known."""
        return {argument.arg: argument for argument in self.inputs if argument.supported}

    @cached_property
    def ports(self) -> dict[str, Argument]:
        """Every argument that a link may fill: the inputs of the call first, then typed arguments."""
        called = self.call_ports if self.apply else {}
        typed = {name: one for name, one in self.typed.items() if name not in self.call_arguments}
        return {**called, **typed}

    @cached_property
    def required(self) -> tuple[Argument, ...]:
        return tuple(argument for argument in self.args if argument.required)

    @cached_property
    def otypes(self) -> dict[str, str]:
        """Output names with what they carry; "" is the whole value."""
        return {output.name: output.otype for output in self.outputs} or {"": self.otype}

    @cached_property
    def called_otypes(self) -> dict[str, str]:
        """The same of a layer that is applied to something."""
        return {"": self.otype, "layer": "layer"}

    @cached_property
    def by_name(self) -> bool:
        """Whether every argument may be passed by its name."""
        return all(argument.passing == "keyword" for argument in self.args)

    @cached_property
    def variadic(self) -> Argument | None:
        """The argument that takes any number of values by place."""
        return next((argument for argument in self.args if argument.passing == "variadic"), None)


class Entry(NamedTuple):
    """A node as search sees it, in lower case. text: its name, its path and its summary."""

    text: str
    name: str
    node: NodeDescriptor


class Catalog(msgspec.Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True, dict=True):
    """Descriptors of one or more packages: what a file under ``descriptors/`` holds.

    names: family -> every name that stands for a member; an argument offers the best of them.
    """

    versions: dict[str, str] = {}
    nodes: tuple[NodeDescriptor, ...] = ()
    names: dict[str, tuple[str, ...]] = {}

    @cached_property
    def by_type(self) -> dict[str, NodeDescriptor]:
        return {node.package: node for node in self.nodes}

    @cached_property
    def by_alias(self) -> dict[str, str]:
        return {alias: node.package for node in self.nodes for alias in node.aliases}

    @cached_property
    def methods(self) -> dict[str, list[NodeDescriptor]]:
        """Methods by their own name."""
        found: dict[str, list[NodeDescriptor]] = {}
        for node in self.nodes:
            if node.kind == "method":
                found.setdefault(node.name, []).append(node)
        return found

    @cached_property
    def families(self) -> dict[str, tuple[NodeDescriptor, ...]]:
        """Classes that can be made as an argument, by their otype."""
        found: dict[str, list[NodeDescriptor]] = {}
        for node in self.nodes:
            if node.kind == "class" and node.runs != "never" and node.available:
                found.setdefault("layer" if node.is_layer else node.otype, []).append(node)
        return {family: tuple(nodes) for family, nodes in found.items()}

    @cached_property
    def entries(self) -> tuple[Entry, ...]:
        """What search looks through: the nodes that may be used, those with short names first."""
        found = (
            Entry(f"{node.name} {node.package} {node.summary}".lower(), node.name.lower(), node)
            for node in self.nodes
            if node.runs != "never" and node.available
        )
        return tuple(sorted(found, key=lambda one: (len(one.name), one.node.package)))

    @cached_property
    def texts(self) -> tuple[str, ...]:
        """The texts of the entries, by themselves: what is gone through at every letter that is typed."""
        return tuple(one.text for one in self.entries)

    @cached_property
    def runnable(self) -> dict[str, NodeDescriptor]:
        """What policy lets run, by type and by alias."""
        found = {alias: self.by_type[type_] for alias, type_ in self.by_alias.items()} | self.by_type
        return {name: node for name, node in found.items() if node.runs != "never"}

    def canonical(self, type_: str) -> str:
        return type_ if type_ in self.by_type else self.by_alias.get(type_, type_)

    def find(self, type_: str) -> NodeDescriptor | None:
        return self.by_type.get(type_) or self.by_type.get(self.by_alias.get(type_, ""))

    def origins(self, types: Iterable[str]) -> dict[str, str]:
        """The packages that types come from, with the versions that describe them."""
        found = (node.origin for type_ in types if (node := self.find(type_)) and node.origin)
        return {one.dist: self.versions.get(one.dist, one.version) for one in found}

    def only(self, types: set[str]) -> "Catalog":
        """The part that names no more than these types: what is sent to a worker."""
        named = {self.canonical(type_) for type_ in types}
        return replace(self, nodes=tuple(node for node in self.nodes if node.package in named))


def merge(*catalogs: Catalog) -> Catalog:
    """One catalogue; of two descriptors with one type the later wins."""
    versions: dict[str, str] = {}
    nodes: dict[str, NodeDescriptor] = {}
    names: dict[str, tuple[str, ...]] = {}
    for catalog in catalogs:
        versions |= catalog.versions
        nodes |= catalog.by_type
        for family, found in catalog.names.items():
            names[family] = tuple(dict.fromkeys((*names.get(family, ()), *found)))
    return Catalog(versions, tuple(nodes.values()), names)


class Registry(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Where a package keeps the names of a family: a dotted path to a dict of name -> object, or a list.

    get: dotted path of the function that makes a member from its name; names that it refuses are
        left out. first: the names to offer before the others. also: names that get itself does not
        know, but those who call it do.
    """

    path: str
    get: str = ""
    first: tuple[str, ...] = ()
    also: tuple[str, ...] = ()


class Call(msgspec.Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True, kw_only=True):
    """How a method of a family is called; the keys are those of a descriptor. outputs: name -> otype."""

    returns: Literal["value", "self"] = "value"
    mutates: bool = False
    copy: bool = False
    outputs: dict[str, str] = {}


class Source(msgspec.Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True, kw_only=True):
    """What to describe of a package, and how its classes are to be understood.

    include: modules, and single callables; () is every public module. exclude: patterns of paths.
    also: single callables beside these, which no public module lists.
    keep: bases of families that are nodes themselves.
    methods: dotted paths of methods that become nodes; ``CLASS.*`` is every public method.
    calls: family -> the methods that become nodes of each of its classes that has them.
    families: base class -> what its subclasses are ("layer", "loss"); the base itself is left out.
    functions: module -> family of its functions, which are passed on as they are.
    choices: argument -> the registry of the words that it may be, where documentation lists none.
    merging: base classes of the layers that take any number of inputs on one port.
    leave_out: arguments that no node gets, by pattern of their names.
    hide: evidence that is not to be used, to measure what it is worth.
    probe: families whose classes are made, to learn from what they refuse.
    """

    include: tuple[str, ...] = ()
    also: tuple[str, ...] = ()
    keep: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    methods: tuple[str, ...] = ()
    calls: dict[str, dict[str, Call]] = {}
    families: dict[str, str] = {}
    functions: dict[str, str] = {}
    registries: dict[str, Registry] = {}
    choices: dict[str, Registry] = {}
    merging: tuple[str, ...] = ()
    probe: tuple[str, ...] = ()
    leave_out: tuple[str, ...] = ()
    hide: tuple[str, ...] = ()
