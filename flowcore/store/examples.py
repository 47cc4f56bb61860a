"""The graphs that come with flowcore."""

from pathlib import Path
from typing import Final

import flowcore

FOLDER: Final = Path(flowcore.__file__).parent / "examples"


def examples() -> dict[str, Path]:
    """Files of the example graphs by name, in the order in which a newcomer should meet them."""
    found = {path.stem: path for path in sorted(FOLDER.glob("*.json"))}
    return {name: found[name] for name in sorted(found, key=_place)}


def _place(name: str) -> tuple[int, str]:
    return (_FIRST.index(name) if name in _FIRST else len(_FIRST)), name


_FIRST: Final = (
    "digits_cnn",
    "digits_mlp",
    "arithmetic",
    "lists",
    "breast_cancer",
    "breast_cancer_methods",
    "diabetes",
    "sales_forecast",
    "mnist_convnet",
    "mnist_figure_6",
    "digits_residual",
    "denoising_autoencoder",
    "siamese",
    "digits_under_attack",
    "addition_lstm",
    "transformer",
    "srcnn_residual",
    "ddsr_residual",
    "srcnn",
    "esrcnn",
    "dsrcnn",
    "ddsr_figure_7",
    "video_and_sound",
)
