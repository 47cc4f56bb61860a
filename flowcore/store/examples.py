"""The graphs that come with flowcore."""

from pathlib import Path
from typing import Final

from msgspec.structs import replace

import flowcore
from flowcore.model.descriptor import Catalog
from flowcore.model.graph import Graph, types

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


# What a server for others does not offer, and a node with the same outputs that it does.
_STAND_INS: Final = {"fallback.samples.load_mnist": "fallback.samples.load_enlarged_digits"}


def offered(graph: Graph, catalog: Catalog) -> Graph | None:
    """An example as a server can run it, None where the nodes that it offers do not do for it."""
    nodes = tuple(
        node
        if catalog.find(node.type) or node.type not in _STAND_INS
        else replace(node, type=_STAND_INS[node.type], args={}, note="")
        for node in graph.nodes
    )
    found = replace(graph, nodes=nodes)
    return found if all(catalog.find(type_) for type_ in types(found)) else None
