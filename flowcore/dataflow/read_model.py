"""A model file as a graph: what Keras wrote is read as data, and nothing that it names is imported or run.

Of Keras 3 and Keras 2, Functional and Sequential; models inside of others become groups, which do not nest.
How the model was compiled becomes a node.
"""

from typing import Any

from msgspec.structs import replace

from flowcore.dataflow import document
from flowcore.dataflow import model_types as types
from flowcore.dataflow.model_file import HINT, load, obj
from flowcore.dataflow.model_network import Network
from flowcore.model.descriptor import Catalog
from flowcore.model.graph import Graph
from flowcore.model.problem import FlowError, error


def read_model(content: bytes, catalog: Catalog) -> Graph:
    """The graph of a model: of the JSON of model.to_json() or get_config(), or of a .keras archive.

    A class that no catalogue describes stays as a node under its path, which check lists and which never
    runs. Raises FlowError: "too-large", "bad-archive", "not-json", "too-deep", "not-a-model", "bad-model",
    "missing-layer", "cycle", "not-a-layer", "not-an-object", "not-a-function", "unsupported-call",
    "unsupported-model".
    """
    entry = _model(load(content))
    network = Network(catalog)
    try:
        made = network.model(entry)
        network.compile(made.id, entry)
    except RecursionError:
        raise error("too-deep", "Expected arguments of a few levels; found too many.", HINT) from None
    found = Graph(
        name=_name(entry),
        note=_note(network.renamed),
        catalogs=catalog.origins(node.type for node in network.nodes),
        nodes=tuple(network.nodes),
        links=tuple(network.links),
        groups=tuple(network.groups),
    )
    try:
        return document.read(document.write(found), catalog)
    except FlowError as reason:
        raise FlowError(*(replace(one, hint=HINT) for one in reason.problems)) from None
    except (UnicodeEncodeError, ValueError, OverflowError) as reason:
        raise error("bad-model", f"Expected what JSON can hold; found otherwise: {reason}.", HINT) from None


def _model(found: dict[str, Any]) -> dict[str, Any]:
    """The entry of a model; the result of get_config() is the configuration of one."""
    if "class_name" not in found and "layers" in found:
        return {"class_name": "Functional" if "input_layers" in found else "Sequential", "config": found}
    if not types.is_model(found):
        shown = ".".join(str(found[key])[:80] for key in ("module", "class_name") if found.get(key))
        raise error(
            "not-a-model",
            f"Expected a Functional or Sequential model of Keras; found {shown or 'no class_name'}.",
            "A subclassed model has its program in Python: read that as a script.",
        )
    return found


def _name(entry: dict[str, Any]) -> str:
    config = entry.get("config")
    name = obj(config, "config").get("name") if not isinstance(config, list) else ""
    return name if isinstance(name, str) else ""


def _note(renamed: dict[str, str]) -> str:
    """What is told of names that were changed."""
    if not renamed:
        return ""
    (old, new), count = next(iter(renamed.items())), len(renamed)
    layers = "1 layer has another name" if count == 1 else f"{count:,} layers have other names"
    return (
        f"{layers} than in the file, as {new} for {old}: Keras takes no slash in a name, and calls "
        "operations by names of its own."
    )
