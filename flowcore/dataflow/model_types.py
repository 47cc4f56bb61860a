"""Which descriptor a class of a model file is: a layer, an operation, an object in an argument, a function.

A class that no catalogue describes keeps its path, under which nothing ever runs. One that a catalogue
describes as something else is refused: a file could name any function as a layer of its.
"""

import re
from typing import Any, Final

from flowcore.dataflow.model_file import obj, text
from flowcore.model.descriptor import Catalog, NodeDescriptor
from flowcore.model.problem import error

MODELS: Final = ("Functional", "Model", "Sequential")  # no set: a file may ask for a list in it
INPUT: Final = "InputLayer"
OPS: Final = ("keras.src.ops.", "keras.ops.", "keras.src.activations.")
_KERAS: Final = frozenset({"", "keras", "tf_keras", "tensorflow", "keras_core"})
_FAMILIES: Final = frozenset(
    [
        "initializer",
        "regularizer",
        "constraint",
        "quantizer",
        "policy",
        "schedule",
        "loss",
        "metric",
        "optimizer",
    ]
)
_FUNCTIONS: Final = frozenset({"activation", "loss", "metric"})
_PLACES: Final = (
    "layers",
    "initializers",
    "regularizers",
    "constraints",
    "quantizers",
    "dtype_policies",
    "optimizers",
    "src.applications.convnext",  # its LayerScale, which Keras 2 wrote without a module, or under its own
)
_FUNCTIONS_IN: Final = "keras.ops."
_OPERATIONS: Final = {
    "batchnorm": "batchnormalization",
    "rmsnorm": "rmsnormalization",
    "layernorm": "layernormalization",
}


def module(entry: dict[str, Any]) -> str:
    """The module that an entry names, "" where it names none, as Keras 2 did."""
    return text(entry["module"], "module") if entry.get("module") else ""


def class_name(entry: dict[str, Any]) -> str:
    """The class that an entry names."""
    return text(entry.get("class_name"), "class_name")


def of_keras(entry: dict[str, Any]) -> bool:
    """Whether an entry names a class of Keras itself."""
    own = ">" in class_name(entry) or (not module(entry) and bool(registered(entry)))
    return module(entry).partition(".")[0] in _KERAS and not own


def is_model(entry: Any) -> bool:
    """Whether an entry is a model of its own."""
    return isinstance(entry, dict) and entry.get("class_name") in MODELS and of_keras(entry)


def is_operation(entry: dict[str, Any]) -> bool:
    """Whether an entry is an operation on tensors, and no layer."""
    return f"{module(entry)}.".startswith(OPS)


def layer(entry: dict[str, Any], catalog: Catalog) -> tuple[str, NodeDescriptor | None]:
    """Path and descriptor of a layer, None where none describes it. Raises FlowError("not-a-layer")."""
    path, found = _described(entry, catalog)
    if found is not None and not found.is_layer:
        raise error(
            "not-a-layer",
            f"Expected layers in the file; found {path}, which is none.",
            "Remove it from the model, and write the file anew.",
        )
    return path, found


def operations(catalog: Catalog) -> dict[str, NodeDescriptor]:
    """The functions of keras.ops by their names in lower case, without underscores."""
    inside = (node for node in catalog.nodes if node.package.startswith(_FUNCTIONS_IN))
    return {node.package.removeprefix(_FUNCTIONS_IN).replace("_", ""): node for node in inside}


def operation(
    entry: dict[str, Any], known: dict[str, NodeDescriptor], catalog: Catalog
) -> tuple[str, NodeDescriptor | None]:
    """Path and descriptor of the function that an operation is. known: what `operations` gives."""
    name, place = class_name(entry), module(entry)
    short = name.lower()
    if place.startswith("keras.src.activations.") and short == "relu":
        return "keras.layers.ReLU", catalog.find("keras.layers.ReLU")
    wanted = _OPERATIONS.get(short, short)
    found = known.get(f"image.{wanted}" if place.endswith(".image") else wanted)
    return (found.package, found) if found else (f"{place}.{name}", None)


def object_(entry: dict[str, Any], catalog: Catalog) -> tuple[str, NodeDescriptor | None]:
    """Path and descriptor of an object in an argument. Raises FlowError("not-an-object")."""
    path, found = _described(entry, catalog)
    known = found is not None and found.kind == "class" and (found.is_layer or found.otype in _FAMILIES)
    if found is not None and not known:
        raise error(
            "not-an-object",
            f"Expected an initializer, a regularizer, a constraint or a layer as an argument; found {path}.",
            "Remove it from the model, and write the file anew.",
        )
    return path, found


def function(entry: dict[str, Any], catalog: Catalog) -> str:
    """The path of a function in an argument. Raises FlowError("not-a-function")."""
    name = text(entry.get("config"), "config of a function")
    path = registered(entry) or (f"{module(entry)}.{name}" if module(entry) != "builtins" else name)
    found = catalog.find(path)
    if found is not None and (found.otype not in _FUNCTIONS or found.instance):
        raise error(
            "not-a-function",
            f"Expected an activation or the like as an argument; found {path}.",
            "Remove it from the model, and write the file anew.",
        )
    return path


def registered(entry: dict[str, Any]) -> str:
    """The path that ``package>name`` stands for, "" where nothing was registered under a package."""
    name = entry.get("registered_name")
    return text(name, "registered_name").replace(">", ".") if isinstance(name, str) and ">" in name else ""


def config(entry: dict[str, Any]) -> dict[str, Any]:
    """The configuration of an entry."""
    return obj(entry.get("config", {}), f"config of {class_name(entry)}")


def name(entry: dict[str, Any]) -> str:
    """The name of a layer or a model, "" where it has none."""
    found = entry.get("config")
    given = found.get("name") if isinstance(found, dict) else None
    given = entry.get("name") if given is None else given
    return "" if given is None else text(given, "name")


def automatic(given: str, type_: str) -> bool:
    """Whether Keras has named a layer by its class: dense_2."""
    plain = re.sub(r"_\d+\Z", "", given).replace("_", "").lower()
    return plain in ("", type_.rpartition(".")[2].replace("_", "").lower())


def bytecode(arguments: dict[str, Any]) -> bool:
    """Takes the function out of a Lambda's arguments where it is code. Whether it was."""
    function_ = arguments.get("function")
    code = not isinstance(function_, (str, dict)) or arguments.get("function_type") == "lambda"
    if isinstance(function_, dict):
        code = function_.get("class_name") == "__lambda__"
    if code:
        arguments.pop("function", None)
    return code


def is_size(item: Any) -> bool:
    """Whether an item is the length of an axis, or None for an open one."""
    return item is None or (type(item) is int and 0 <= item < 2**31)


def _described(entry: dict[str, Any], catalog: Catalog) -> tuple[str, NodeDescriptor | None]:
    name, place = class_name(entry), module(entry)
    path = f"{place}.{name}" if place else name.replace(">", ".")
    if found := catalog.find(path):
        return found.package, found
    if of_keras(entry):
        for family in _PLACES:
            if found := catalog.find(f"keras.{family}.{name}"):
                return found.package, found
    return path, None
