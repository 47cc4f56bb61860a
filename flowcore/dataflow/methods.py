"""Which method a name means: that of the class that made the object, else of what the object is."""

from flowcore.dataflow.fits import accepts
from flowcore.model.descriptor import Catalog, NodeDescriptor


def owner(descriptor: NodeDescriptor, output: str) -> str:
    """The dotted path of the class of an output, "" where nobody knows."""
    first = descriptor.outputs[0].name if descriptor.outputs else ""
    if descriptor.kind == "method" and descriptor.returns == "self" and output in ("", first):
        return descriptor.package.rpartition(".")[0]
    return descriptor.package if descriptor.kind == "class" and not output else ""


def method(owner: str, otype: str, name: str, catalog: Catalog) -> str | None:
    """The type of a method node. owner: the class of its object, "" if unknown; otype: what carries it."""
    own = catalog.find(f"{owner}.{name}") if owner else None
    if own is not None:
        return own.package
    fitting = (one for one in catalog.methods.get(name, ()) if accepts(one.arguments["self"], otype))
    return next((one.package for one in fitting), None)
