"""Arguments as a model file has them, as values of a document; what a default says anyway is left out."""

import math
from collections.abc import Callable, Mapping
from typing import Any, Final

from msgspec import UNSET

from flowcore.dataflow import model_keras2 as keras_2
from flowcore.dataflow import model_types as types
from flowcore.dataflow.model_file import items, obj, wrong
from flowcore.dataflow.model_names import allowed
from flowcore.model.descriptor import Argument, Catalog, NodeDescriptor
from flowcore.model.problem import error
from flowcore.model.value import Value

LAMBDA: Final = "__lambda__"
_POLICIES: Final = ("DTypePolicy", "FloatDTypePolicy", "Policy")
_RENAMED: Final = {("keras.layers.LeakyReLU", "alpha"): "negative_slope"}
_LISTS: Final = frozenset({"ints", "list", "shape", "array", "any"})
_PLAIN: Final[Mapping[str, Argument]] = {}


class Values:
    """Turns arguments into values. lost: what a file brought and no document keeps, of one layer."""

    def __init__(self, catalog: Catalog) -> None:
        self.catalog = catalog
        self.lost: list[str] = []

    def arguments(
        self, config: Mapping[str, Any], type_: str, descriptor: NodeDescriptor | None
    ) -> dict[str, Value]:
        """The arguments of a layer or an object. None: of a class that nobody describes, as they are."""
        found = {}
        known = descriptor.arguments if descriptor else _PLAIN
        for key, item in config.items():
            name = named(_RENAMED.get((type_, key), key))
            argument = known.get(name)
            value = self.value(item, argument)
            if name == "name" and isinstance(value, str):
                value = allowed(value)
            if descriptor is None:
                found[name] = value
            elif argument is None:
                if not keras_2.gone(name, value, known):
                    found[name] = value
            elif not self.usual(fitted(value, argument), argument):
                found[name] = fitted(value, argument)
        return _forward(found) if type_ == "keras.layers.Bidirectional" and _mirrored(found) else found

    def value(self, item: Any, argument: Argument | None = None) -> Value:
        """The value of an item. Raises FlowError: "bad-model", "not-an-object", "not-a-function"."""
        if isinstance(item, list):
            return [self.value(part) for part in item]
        if isinstance(item, float) and not math.isfinite(item):
            return {"$float": str(item)}
        if not isinstance(item, dict):
            return item
        form = item.get("class_name")
        if isinstance(form, str) and (build := _FORMS.get(form)):
            return build(self, item)
        if isinstance(form, str) and "config" in item:
            return self._object(item, argument)
        if any(key.startswith("$") for key in item):
            return {"$dict": [[key, self.value(part)] for key, part in item.items()]}
        return {key: self.value(part) for key, part in item.items()}

    def usual(self, value: Value, argument: Argument) -> bool:
        """Whether a value is what an argument is without it."""
        default = argument.default
        if default is UNSET:
            return False
        if argument.arg == "dtype" and "dtype" in argument.types and default is None and value == "float32":
            return True
        if value == default or _same_list(value, default):
            return type(value) is type(default) or not isinstance(value, bool)
        if argument.arg == "data_format" and default is None:
            return bool(value == "channels_last")
        if "activation" in argument.types and default is None:
            return bool(value == "linear")
        if "ints" in argument.types and isinstance(value, list) and isinstance(default, int):
            return bool(value) and all(part == default for part in value)
        return _called(value) == _plainly(default) if isinstance(default, str) else False

    def _object(self, item: dict[str, Any], argument: Argument | None) -> Value:
        if item["class_name"] == "function":
            return {"$ref": types.function(item, self.catalog)}
        if types.is_model(item):
            raise error(
                "unsupported-model",
                f"Expected layers as arguments; found the model {types.name(item) or 'without a name'}.",
                "Begin the Sequential around it with an Input, or build it, and write the file anew.",
            )
        if item["class_name"] in _POLICIES and types.of_keras(item):
            return self.value(types.config(item).get("name"))
        path, descriptor = types.object_(item, self.catalog)
        made = {"$new": path, "args": self.arguments(types.config(item), path, descriptor)}
        name = _called(made)
        choices = argument.choices if argument else ()
        return next((one for one in choices if isinstance(one, str) and _plainly(one) == name), made)

    def _lambda(self, item: dict[str, Any]) -> Value:
        self.lost.append("a lambda as bytecode")
        return {"$ref": LAMBDA}

    def _bytes(self, item: dict[str, Any]) -> Value:
        self.lost.append("bytes")
        return {"$ref": "__bytes__"}

    def _tuple(self, item: dict[str, Any]) -> Value:
        return {"$tuple": [self.value(part) for part in items(item.get("items"), "__tuple__")]}

    def _slice(self, item: dict[str, Any]) -> Value:
        config = obj(item.get("config"), "__slice__")
        return {"$slice": [self.value(config.get(name)) for name in ("start", "stop", "step")]}

    def _array(self, item: dict[str, Any]) -> Value:
        return self.value(obj(item.get("config"), "a constant array").get("value"))

    def _typed(self, item: dict[str, Any]) -> Value:
        """How Keras 2 wrote what JSON does not have: a shape, a dtype."""
        return self.value(item.get("items", item.get("value", item.get("name"))))


_FORMS: Final[dict[str, Callable[[Values, dict[str, Any]], Value]]] = {
    LAMBDA: Values._lambda,
    "__bytes__": Values._bytes,
    "__tuple__": Values._tuple,
    "__slice__": Values._slice,
    "__numpy__": Values._array,
    "__tensor__": Values._array,
    "TensorShape": Values._typed,
}


def named(key: str) -> str:
    """The name of an argument: one that begins with $ would be a form of a value."""
    return f"_{key[1:]}" if key.startswith("$") else key


def fitted(value: Value, argument: Argument) -> Value:
    """A value as an argument has it: one number where Keras 2 wrote a list of one; JSON has no tuples."""
    alone = isinstance(value, list) and len(value) == 1 and isinstance(value[0], int)
    if alone and "int" in argument.types and not {"ints", "list", "shape", "any"} & set(argument.types):
        return value[0]
    if isinstance(value, list) and "tuple" in argument.types and not _LISTS & set(argument.types):
        return {"$tuple": value}
    return value


def key_of(item: Any, rank: int, values: Values) -> Value:
    """What stands in ``x[…]``: an ellipsis becomes the slices that it stands for among ``rank`` axes."""
    parts = item if isinstance(item, list) else [item]
    whole = [isinstance(part, dict) and part.get("class_name") == "__ellipsis__" for part in parts]
    if sum(whole) > 1 or (any(whole) and not rank):
        wrong("x[…]", "at most one ellipsis, and a known number of axes", item)
    left = rank - sum(part is not None for part, open_ in zip(parts, whole, strict=True) if not open_)
    found: list[Value] = []
    for part, open_ in zip(parts, whole, strict=True):
        found += [{"$slice": [None, None, None]}] * left if open_ else [values.value(part)]
    return {"$tuple": found} if isinstance(item, list) or any(whole) else found[0]


def _same_list(value: Value, default: Value) -> bool:
    """Whether two lists are equal, of which one may be a tuple."""
    plain = [one["$tuple"] if isinstance(one, dict) and "$tuple" in one else one for one in (value, default)]
    return isinstance(plain[0], list) and plain[0] == plain[1]


def _called(value: Value) -> str:
    """The name that stands for an object without arguments, or for a function."""
    if isinstance(value, dict) and "$new" in value and not value.get("args"):
        return _plainly(value["$new"].rpartition(".")[2])
    return _plainly(value) if isinstance(value, str) else ""


def _plainly(name: str) -> str:
    return name.replace("_", "").lower()


def _mirrored(args: dict[str, Value]) -> bool:
    """Whether the layer that goes backwards is the one that Bidirectional makes by itself."""
    ends = []
    for name in ("layer", "backward_layer"):
        value = args.get(name)
        if not isinstance(value, dict) or "$new" not in value:
            return False
        args_ = dict(value["args"])
        backwards, own = bool(args_.pop("go_backwards", False)), args_.pop("name", "")
        ends.append((value["$new"], args_, backwards, str(own).partition("_")[2]))
    (type_, layer, ahead, name), (other_type, other, back, other_name) = ends
    return type_ == other_type and layer == other and ahead != back and name == other_name


def _forward(args: dict[str, Value]) -> dict[str, Value]:
    """Without the layer that goes backwards: Keras names both after the one that it is given."""
    inner = dict(args["layer"]["args"])
    inner["name"] = str(inner.get("name", "")).removeprefix("forward_")
    kept = {name: value for name, value in args.items() if name != "backward_layer"}
    return {**kept, "layer": {**args["layer"], "args": inner}}
