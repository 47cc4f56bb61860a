"""The crossentropies of Keras: their names, what they take, and the metrics that go with each."""

from typing import Final

from flowcore.model.descriptor import Catalog
from flowcore.model.value import Value, new, tag

SPARSE: Final = "sparse_categorical_crossentropy"
CATEGORICAL: Final = "categorical_crossentropy"
BINARY: Final = "binary_crossentropy"
LOSSES: Final = (SPARSE, CATEGORICAL, BINARY)
PROBABILITIES: Final = ("softmax", "sigmoid")
"""The activations that give what a crossentropy without from_logits takes."""
BY_SHAPE: Final = ("crossentropy", "ce")
"""Keras takes the one of the three that fits the shapes (keras.src.trainers.compile_utils.get_loss)."""
_CLASSES: Final = {
    SPARSE: "SparseCategoricalCrossentropy",
    CATEGORICAL: "CategoricalCrossentropy",
    BINARY: "BinaryCrossentropy",
}
_NAMES: Final = {name: name for name in LOSSES} | {made: name for name, made in _CLASSES.items()}
_ALIASES: Final = _NAMES | dict.fromkeys(("bce", "BCE"), BINARY)
# The same figure for each of the losses above; the number of the best few has none for a truth.
_METRICS: Final = (
    LOSSES,
    tuple(_CLASSES.values()),
    ("sparse_categorical_accuracy", "categorical_accuracy", "binary_accuracy"),
    ("SparseCategoricalAccuracy", "CategoricalAccuracy", "BinaryAccuracy"),
    ("sparse_top_k_categorical_accuracy", "top_k_categorical_accuracy"),
    ("SparseTopKCategoricalAccuracy", "TopKCategoricalAccuracy"),
)


def name(value: Value) -> str:
    """A loss by the name of its function, "" for one of one's own."""
    if isinstance(value, str):
        return _ALIASES.get(value, value)
    form = tag(value)
    if form not in ("$new", "$ref") or not value[form].startswith("keras."):
        return ""
    return _NAMES.get(value[form].rpartition(".")[2], "")


def given(value: Value) -> dict[str, Value]:
    """The arguments of a loss that is an object."""
    return dict(value.get("args", {})) if tag(value) == "$new" else {}


def of(loss: str, args: dict[str, Value]) -> Value:
    """A crossentropy by its name, or as a new object where it has arguments."""
    return new(f"keras.losses.{_CLASSES[loss]}", **args) if args else loss


def activation(loss: str) -> str:
    """What makes probabilities for a crossentropy of logits."""
    return "sigmoid" if loss == BINARY else "softmax"


def metrics(value: Value, loss: str, catalog: Catalog) -> Value:
    """Metrics, in a list or a dict of them, each as it is for the targets of a loss."""
    if isinstance(value, str):
        return _metric(value, loss)
    if isinstance(value, list):
        return [metrics(item, loss, catalog) for item in value]
    form = tag(value)
    if form not in ("$new", "$ref"):
        is_dict = isinstance(value, dict)
        return {key: metrics(item, loss, catalog) for key, item in value.items()} if is_dict else value
    module, _, old = value[form].rpartition(".")
    if not module.startswith("keras.") or _metric(old, loss) == old:
        return value
    type_ = f"{module}.{_metric(old, loss)}"
    if form == "$ref":
        return {"$ref": type_}
    node = catalog.find(type_)
    known = node.arguments if node else {}
    return new(type_, **{key: item for key, item in given(value).items() if key in known})


def _metric(old: str, loss: str) -> str:
    row = next((row for row in _METRICS if old in row), ())
    index = LOSSES.index(loss)
    return row[index] if index < len(row) else old
