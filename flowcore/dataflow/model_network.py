"""Nodes and links of the networks in a model file: each call of a layer becomes a node."""

import re
from collections.abc import Mapping, Sequence
from typing import Any, Final, NamedTuple

from msgspec.structs import replace

from flowcore.dataflow import model_functions as functions
from flowcore.dataflow import model_keras2 as keras_2
from flowcore.dataflow import model_parts as parts
from flowcore.dataflow import model_types as types
from flowcore.dataflow import ports
from flowcore.dataflow.model_bind import bound
from flowcore.dataflow.model_calls import Call, Ref
from flowcore.dataflow.model_compile import COMPILE, compiled
from flowcore.dataflow.model_file import few, items, wrong
from flowcore.dataflow.model_names import allowed, automatic, names
from flowcore.dataflow.model_values import Values
from flowcore.model.descriptor import Argument, Catalog, NodeDescriptor
from flowcore.model.graph import Group, Link, Node
from flowcore.model.problem import error
from flowcore.model.value import Value

MODEL: Final = "keras.Model"
INPUT: Final = "keras.Input"
SEQUENTIAL: Final = "keras.Sequential"
NESTED: Final = 12
_LAMBDA: Final = "keras.layers.Lambda"


class Made(NamedTuple):
    """The node of a model. inputs: the names of its inputs, where they have any. outputs: how many it has."""

    id: str
    inputs: tuple[str, ...]
    outputs: int


class Network:
    """Nodes, links and groups, as they are made. renamed: names that Keras does not take, with new ones."""

    def __init__(self, catalog: Catalog) -> None:
        self.catalog = catalog
        self.values = Values(catalog)
        self.operations = types.operations(catalog)
        self.automatic: frozenset[str] = frozenset()
        self.of_keras_2 = False
        self.renamed: dict[str, str] = {}
        self.grouped: set[str] = set()
        self.nodes: list[Node] = []
        self.links: list[Link] = []
        self.groups: list[Group] = []

    def model(self, entry: dict[str, Any], depth: int = 0) -> Made:
        """The nodes of a model; one inside of another is a group. Raises FlowError."""
        if depth > NESTED:
            raise error(
                "too-deep", f"Expected models at most {NESTED} levels deep; found more.", "Flatten it."
            )
        if not depth:
            self.automatic = automatic(entry)
            self.of_keras_2 = str(entry.get("keras_version", "")).startswith("2.")
        start, name = len(self.nodes), types.name(entry)
        found = parts.read(entry, name or "the model")
        made = self._open(entry, name) if found is None else _Scope(self, found, depth).write(name)
        if depth:
            ids = tuple(node.id for node in self.nodes[start:] if node.id not in self.grouped)
            self.grouped.update(ids)
            self.groups.append(Group(f"g{len(self.groups) + 1}", name or "model", ids))
        return made

    def add(self, type_: str, args: dict[str, Value], name: str = "", note: str = "") -> str:
        """A new node, labelled with its name where somebody chose it; its id."""
        few(len(self.nodes))
        few(len(self.links) // 10)
        id = f"n{len(self.nodes) + 1}"
        label = "" if types.automatic(name, type_) else name.replace("_", " ")
        self.nodes.append(Node(id=id, type=type_, label=label, args=args, note=note))
        return id

    def compile(self, model: str, entry: dict[str, Any]) -> None:
        """A compile node behind a model that was compiled, or a note where that cannot be read."""
        args, told = compiled(entry, self.values)
        if args is not None:
            self.link((model, ""), self.add(COMPILE, args), "self")
        elif told:
            index = int(model[1:]) - 1
            self.nodes[index] = replace(self.nodes[index], note=told)

    def link(self, source: tuple[str, str], target: str, port: str) -> None:
        """A new link from an output of a node."""
        self.links.append(Link(*source, target, port))

    def _open(self, entry: dict[str, Any], name: str) -> Made:
        """A Sequential that does not know its input is one node, with its layers as an argument."""
        layers = items(types.config(entry).get("layers"), "layers")
        args = {"layers": self.values.value(layers), **({"name": allowed(name)} if name else {})}
        return Made(self.add(SEQUENTIAL, args, name), (), 1)


class _Scope:
    """One model. first: the node that makes a layer; made: the node of each of its calls."""

    def __init__(self, network: Network, model: parts.Model, depth: int) -> None:
        self.network, self.model, self.depth = network, model, depth
        self.catalog, self.values = network.catalog, network.values
        entries = (part.entry for part in model.parts.values())
        self.first: dict[str, str] = {}
        self.inner: dict[str, Made] = {}
        self.made: dict[parts.Place, str] = {}
        self.names = names(map(types.name, filter(functions.is_layer, entries)), network.automatic)
        network.renamed |= {old: new for old, new in self.names.items() if old != new}
        self.many: set[str] = {ref.layer for ref in self._refs() if ref.output}

    def write(self, name: str) -> Made:
        for key, index in self.model.order:
            self._call(self.model.parts[key], index)
        id = self.network.add(MODEL, {"name": allowed(name)} if name else {}, name)
        for port, ends in (("inputs", self.model.inputs), ("outputs", self.model.outputs)):
            keys = list(ends) if isinstance(ends, dict) and not self.depth else []
            named = all(re.fullmatch(r"\w+", key) for key in keys)
            for index, ref in enumerate(parts.several(ends)):
                self.network.link(self.place(ref), id, f"{port}.{keys[index]}" if keys and named else port)
        inputs = self.model.inputs
        return Made(id, tuple(inputs) if isinstance(inputs, dict) else (), len(self.model.outputs))

    def place(self, ref: Ref) -> tuple[str, str]:
        """The node and the output that a tensor comes from."""
        return self.made[ref.layer, ref.call], str(ref.output) if ref.layer in self.many else ""

    def _refs(self) -> list[Ref]:
        found = [ref for part in self.model.parts.values() for call in part.calls for ref in call.refs()]
        return [*found, *parts.several(self.model.outputs)]

    def _call(self, part: parts.Part, index: int) -> None:
        entry, call = part.entry, part.calls[index]
        if entry.get("class_name") == types.INPUT:
            self.made[part.name, index] = self._input(entry)
        elif types.is_model(entry):
            self.made[part.name, index] = self._model(part, call)
        elif functions.is_function(entry):
            for step in functions.steps(part.name, index, entry, call):
                self.made[step.name, index] = self._operation(step.name, step.entry, step.call)
        elif types.is_operation(entry):
            self.made[part.name, index] = self._operation(part.name, entry, call)
        else:
            self.made[part.name, index] = self._layer(part, call)

    def _input(self, entry: dict[str, Any]) -> str:
        config = types.config(entry)
        shape = config.get("batch_shape", config.get("batch_input_shape"))
        if not isinstance(shape, list) or not shape or not all(types.is_size(one) for one in shape):
            wrong(
                f"{types.name(entry) or 'an input'}.batch_shape", "a shape with the batch axis first", shape
            )
        args: dict[str, Value] = {"shape": shape[1:]}
        if shape[0] is not None:
            args["batch_size"] = shape[0]
        dtype = self.values.value(config.get("dtype"))
        if dtype not in (None, "float32"):
            args["dtype"] = dtype
        args |= {name: True for name in ("sparse", "ragged", "optional") if config.get(name) is True}
        if name := types.name(entry):
            args["name"] = self.names.get(name, name)
        return self.network.add(INPUT, args, "" if types.automatic(name, "InputLayer") else name)

    def _model(self, part: parts.Part, call: Call) -> str:
        """A call of a model inside of this one."""
        if part.name not in self.inner:
            self.inner[part.name] = made = self.network.model(part.entry, self.depth + 1)
            self.many |= {part.name} if made.outputs > 1 else set()
        made = self.inner[part.name]
        first = call.args[0] if call.args else call.kwargs.get("inputs")
        if isinstance(first, dict) and set(first) == set(made.inputs):
            call = Call(([first[name] for name in made.inputs], *call.args[1:]), call.kwargs)
        return self._again(made.id, "", call, ("inputs",), {})

    def _again(
        self, id: str, output: str, call: Call, names: Sequence[str], known: Mapping[str, Argument]
    ) -> str:
        """A call of what another node has made."""
        again = self.network.add(ports.CALL, {})
        self.network.link((id, output), again, "layer")
        self._bind(again, call, names, known, "call")
        return again

    def _operation(self, name: str, entry: dict[str, Any], call: Call) -> str:
        path, descriptor = types.operation(entry, self.network.operations, self.catalog)
        if descriptor is not None and descriptor.is_layer:
            return self._made(name, entry, call, path, descriptor)
        config = {key: item for key, item in types.config(entry).items() if key != "name"}
        args = self.values.arguments(config, path, descriptor)
        id = self.network.add(path, args, "" if types.automatic(name, types.class_name(entry)) else name)
        known = descriptor.arguments if descriptor else {}
        self._bind(id, call, [one for one in known if one not in config], known, "args")
        self.many |= {name} if descriptor and descriptor.otype in ("list", "tuple") else set()
        return id

    def _layer(self, part: parts.Part, call: Call) -> str:
        path, descriptor = types.layer(part.entry, self.catalog)
        known = descriptor.call_arguments if descriptor else {}
        if part.name in self.first:
            return self._again(
                self.first[part.name], "layer", keras_2.parted(call, known), list(known), known
            )
        return self._made(part.name, part.entry, call, path, descriptor)

    def _made(
        self, key: str, entry: dict[str, Any], call: Call, path: str, descriptor: NodeDescriptor | None
    ) -> str:
        """The node that makes a layer, and calls it for the first time."""
        config = dict(types.config(entry))
        inner = {name: item for name, item in config.items() if descriptor and types.is_model(item)}
        links = {name: self.network.model(item, self.depth + 1).id for name, item in inner.items()}
        self.values.lost = ["a function as bytecode"] if path == _LAMBDA and types.bytecode(config) else []
        kept = {name: item for name, item in config.items() if name not in inner}
        args = self.values.arguments(kept, path, descriptor)
        if isinstance(name := kept.get("name"), str) and "name" in args:
            args["name"] = self.names.get(name, args["name"])
        lost = ", ".join(dict.fromkeys(self.values.lost))
        note = f"The file brings {lost} for this node: it is not kept, and never run." if lost else ""
        if self.network.of_keras_2:
            note = f"{note} {keras_2.changed(args)}".strip()
        self.first[key] = id = self.network.add(path, args, types.name(entry), note)
        for name, source in links.items():
            self.network.link((source, ""), id, name)
        known = descriptor.call_arguments if descriptor else {}
        self._bind(id, keras_2.parted(call, known), list(known), known, "call")
        inside = [args, *(one["args"] for one in args.values() if isinstance(one, dict) and "$new" in one)]
        constants = self.network.nodes[-1].call if self.network.nodes[-1].id == id else {}
        if any(one.get("return_state") is True for one in inside) or constants.get("return_attention_scores"):
            self.many.add(key)
        return id

    def _bind(
        self, id: str, call: Call, names: Sequence[str], known: Mapping[str, Argument], kind: str
    ) -> None:
        """Links and constants for the arguments of a call. kind: where constants go, args or call."""
        bound(self.network, id, call, names, known, kind, self.place)
