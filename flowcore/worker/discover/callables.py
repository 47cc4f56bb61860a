"""A callable becomes a descriptor."""

import inspect
import re
from collections.abc import Iterable
from functools import partial
from typing import Any

from msgspec.structs import replace

from flowcore.model.descriptor import Argument, Call, NodeDescriptor, Origin, Output
from flowcore.worker.discover import annotations, docs, evidence, signatures
from flowcore.worker.discover.constraints import constraints
from flowcore.worker.discover.families import Families
from flowcore.worker.discover.guess import NOTHING, Guess, distinct, widget_of
from flowcore.worker.discover.present import available
from flowcore.worker.discover.results import result
from flowcore.worker.discover.sections import Described, described
from flowcore.worker.discover.signatures import Taken
from flowcore.worker.discover.usage import uses
from flowcore.worker.discover.walk import Found, resolve

LAYER = "layer"
NOT_SAID = Described()
NO_CALL = Call()
_TENSORS = re.compile(r"key|value|query|\w*(?:mask|weights?|states?)")


def describe_callable(found: Found, families: Families, origin: Origin) -> NodeDescriptor:
    """The descriptor of a class or function."""
    value, family = found.value, families.of(found.value)
    is_class = inspect.isclass(value)
    layer = is_class and family == LAYER
    call = _method(value, "call") if layer else None
    otype, outputs = (
        ("tensor" if layer else family or value.__name__, ()) if is_class else _result(value, value)
    )
    return NodeDescriptor(
        name=found.path.rpartition(".")[2],
        package=found.path,
        kind="class" if is_class else "function",
        otype=otype if is_class else family or families.named(otype),
        instance=is_class or not family,
        apply=layer,
        args=_arguments(value, signatures.parameters(value, families.ends), families),
        inputs=_inputs(value, call, families) if call else (),
        outputs=outputs,
        aliases=found.aliases,
        category=_category(value),
        doc=docs.documentation(docs.doc_of(value)),
        origin=origin,
        available=available(value),
        signature=signatures.fingerprint(value, *([call] if call else [])),
    )


def describe_method(path: str, families: Families, origin: Origin, call: Call = NO_CALL) -> NodeDescriptor:
    """The descriptor of a method: its first argument is the object, ``self``."""
    owner, _, name = path.rpartition(".")
    cls = resolve(owner)
    method = _method(cls, name)
    family = families.of(cls) or cls.__name__
    itself = Argument(arg="self", itype=family, required=True, widget="port", evidence="hierarchy")
    otype, outputs = _result(method, method)
    return NodeDescriptor(
        name=name,
        package=path,
        kind="method",
        otype=families.named(otype),
        args=(itself, *_arguments(method, signatures.taken_by_call(method), families, cls)),
        outputs=tuple(Output(*one) for one in call.outputs.items()) or outputs,
        returns=call.returns,
        mutates=call.mutates,
        copy=call.copy,
        category=_category(cls),
        doc=docs.documentation(_inherited(cls, name)),
        origin=origin,
        available=available(cls),
        signature=signatures.fingerprint(method),
    )


def abstract(value: Any, families: Families) -> bool:
    """A base of a family, or a layer that leaves its call to its subclasses."""
    if value in families.bases or value in families.merging:
        return True
    if families.of(value) != LAYER or not inspect.isclass(value):
        return False
    base = next(base for base in value.__mro__ if base in families.bases)
    return _method(value, "call") is _method(base, "call")


def _arguments(
    value: Any, taken: Iterable[Taken], families: Families, owner: type | None = None
) -> tuple[Argument, ...]:
    taken = tuple(taken)
    names = [one.parameter.name for one in taken]
    said: dict[str, Described] = {}
    for doc in _docs(value, owner):
        said = described(doc, [name for name in names if name not in said]) | said
    checked = {} if "constraint" in families.hidden else constraints(value)
    found = (
        evidence.argument(
            one.parameter,
            one.hint,
            said.get(one.parameter.name, NOT_SAID),
            families.names,
            checked.get(one.parameter.name),
            partial(_used, value, one.parameter.name),
        )
        for one in taken
    )
    unsaid = {name for name in names if name not in said}
    return tuple(
        _in_families(one, families) for one in found if one.passing != "variadic" or one.arg not in unsaid
    )


def _used(value: Any, name: str) -> Guess:
    return uses(value).get(name, NOTHING)


def _in_families(argument: Argument, families: Families) -> Argument:
    """Classes named as the families that they belong to; words to choose from, where a registry has them."""
    types = distinct(tuple(families.named(name) for name in argument.types))
    if types != argument.types:
        argument = replace(argument, itype=types[0], itypes=types if len(types) > 1 else ())
    if argument.widget == "form":
        argument = replace(argument, widget=widget_of(types))  # a family's class may be one that links bring
    if "string" in types and not argument.choices and argument.arg in families.choices:
        argument = replace(argument, choices=families.choices[argument.arg])
    return argument


def _inputs(value: Any, call: Any, families: Families) -> tuple[Argument, ...]:
    """Arguments of a layer's call: ports for tensors, constants for the rest."""
    found = []
    for one in _arguments(call, signatures.taken_by_call(call), families, value):
        changes = _port(one, families.merges(value))
        found.append(replace(one, **changes) if changes else one)
    return tuple(found)


def _port(argument: Argument, merges: bool) -> dict[str, Any]:
    if not (argument.required or (argument.default is None and _TENSORS.fullmatch(argument.arg))):
        return {}
    many = (merges and argument.required) or argument.arg.endswith(("state", "states"))
    return {
        "itype": "tensors" if many else "tensor",
        "itypes": (),
        "choices": (),
        "range": None,
        "conns": None if many else 1,
        "widget": "port",
        "evidence": "call",
        "confidence": 0.9,
    }


def _docs(value: Any, owner: type | None) -> Iterable[str]:
    """Documentation that may describe an argument, the nearest first."""
    yield docs.doc_of(value)
    name = "__init__" if owner is None else value.__name__
    for base in (owner or value).__mro__ if inspect.isclass(owner or value) else ():
        method = vars(base).get(name)
        yield docs.text_of(method)
        yield docs.doc_of(base) if name in ("__init__", "call") else ""


def _result(value: Any, documented: Any) -> tuple[str, tuple[Output, ...]]:
    return result(value, annotations.hints(value).get("return"), docs.doc_of(documented))


def _method(cls: Any, name: str) -> Any:
    return inspect.unwrap(getattr(cls, name))


def _inherited(cls: type, name: str) -> str:
    return inspect.getdoc(getattr(cls, name)) or ""


def _category(value: Any) -> str:
    """The sub-package that defines it."""
    parts = [part for part in str(value.__module__).split(".") if not part.startswith("_")]
    return parts[-2] if len(parts) > 2 else next(reversed(parts), "")
