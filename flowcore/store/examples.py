"""The graphs that come with flowcore."""

from pathlib import Path
from typing import Final

import flowcore

FOLDER: Final = Path(flowcore.__file__).parent / "examples"
TOPICS: Final = {
    "First steps": ("digits_cnn", "digits_mlp", "arithmetic", "lists"),
    "Tables": ("breast_cancer", "breast_cancer_methods", "diabetes", "sales_forecast"),
    "Digits": (
        "mnist_convnet",
        "mnist_figure_6",
        "digits_residual",
        "denoising_autoencoder",
        "siamese",
        "digits_under_attack",
    ),
    "Sequences": ("addition_lstm", "transformer"),
    "Sharper pictures": ("srcnn_residual", "ddsr_residual", "srcnn", "esrcnn", "dsrcnn", "ddsr_figure_7"),
    "Media": ("video_and_sound",),
}
"""Examples by topic, each in the order in which a newcomer should meet them."""


def examples() -> dict[str, Path]:
    """Files of the example graphs by name, in the order of the topics."""
    return {name: FOLDER / f"{name}.json" for names in TOPICS.values() for name in names}
