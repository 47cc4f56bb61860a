"""The crossentropies of Keras: their names, and what they take."""

from typing import Final

from flowcore.model.value import Value, new, tag

SPARSE: Final = "sparse_categorical_crossentropy"
CATEGORICAL: Final = "categorical_crossentropy"
BINARY: Final = "binary_crossentropy"
LOSSES: Final = (SPARSE, CATEGORICAL, BINARY)
BY_SHAPE: Final = ("crossentropy", "ce")
"""Keras takes the one of the three that fits the shapes (keras.src.trainers.compile_utils.get_loss)."""
_CLASSES: Final = {
    SPARSE: "SparseCategoricalCrossentropy",
    CATEGORICAL: "CategoricalCrossentropy",
    BINARY: "BinaryCrossentropy",
}
_NAMES: Final = {name: name for name in LOSSES} | {made: name for name, made in _CLASSES.items()}
_ALIASES: Final = _NAMES | dict.fromkeys(("bce", "BCE"), BINARY)


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
