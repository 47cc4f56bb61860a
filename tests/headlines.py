"""What each example is to come out with: the figure that its note names, in a band."""

from pathlib import Path
from typing import Any, NamedTuple

from flowcore.dataflow import edit
from flowcore.model.graph import Graph
from flowcore.model.run import Run

FIT = "keras.Model.fit"
_EVALUATE = "evaluate"


class Headline(NamedTuple):
    """node: by its title. parameters: of the model, where it is a published one.

    short: what is set for a test, by type of node and argument; None where the whole example is quick.
    """

    node: str
    metric: str
    low: float
    high: float
    parameters: int | None = None
    short: dict[str, dict[str, Any]] | None = None


def _gain(low: float, high: float, parameters: int) -> Headline:
    short = {FIT: {"epochs": 1}, "fallback.restore.patch_pairs": {"step": 100}}
    return Headline("gain", "value", low, high, parameters, short)


def _accuracy(low: float, high: float = 1.0, parameters: int | None = None, **short: Any) -> Headline:
    fewer = {f"fallback.{name.replace('__', '.')}": given for name, given in short.items()}
    return Headline(_EVALUATE, "accuracy", low, high, parameters, {FIT: {"epochs": 1}, **fewer})


HEADLINES: dict[str, Headline] = {
    "arithmetic": Headline("difference", "value", 48, 48),
    "lists": Headline("how many", "value", 3, 3),
    "digits_cnn": _accuracy(0.97),
    "digits_mlp": _accuracy(0.95),
    "breast_cancer": _accuracy(0.94),
    "diabetes": Headline(_EVALUATE, "mean_absolute_error", 30, 50, short={FIT: {"epochs": 1}}),
    "breast_cancer_methods": Headline("network accuracy", "value", 0.93, 0.99),
    "sales_forecast": Headline("share", "value", 0.6, 0.85),
    "mnist_convnet": _accuracy(0.95, parameters=34_826, samples__load_mnist={"most": 256}),
    "mnist_figure_6": _accuracy(0.95, parameters=1_199_882, samples__load_mnist={"most": 256}),
    "digits_residual": _accuracy(0.97),
    "denoising_autoencoder": Headline("gain", "value", 4, 6, short={FIT: {"epochs": 1}}),
    "siamese": _accuracy(0.91, 0.97, prepare__pair_up={"pairs": 200}),
    "digits_under_attack": Headline("accuracy, one step", "[2]", 0.4, 0.7),
    "addition_lstm": _accuracy(0.6, 0.78, 205_324, sequences__make_additions={"samples": 300}),
    "transformer": _accuracy(0.98, sequences__make_memories={"samples": 600}),
    "srcnn_residual": _gain(0.1, 0.4, 20_099),
    "ddsr_residual": _gain(0.2, 0.5, 71_011),
    "srcnn": _gain(-1.3, -0.3, 20_099),
    "esrcnn": _gain(-1.5, -0.1, 89_795),
    "dsrcnn": _gain(-0.3, 0.4, 117_379),
    "ddsr_figure_7": _gain(-1.5, 0.0, 1_113_475),
    "video_and_sound": Headline("brightness after", "value", 0.1, 3),
}


def shortened(graph: Graph, headline: Headline) -> Graph:
    """An example that trains for a moment."""
    for node in graph.nodes:
        for name, value in (headline.short or {}).get(node.type, {}).items():
            graph = edit.set_argument(graph, node.id, name, value)
    return graph


def written_to(folder: Path, graph: Graph) -> Graph:
    """An example that writes its files into a folder."""
    for node in graph.nodes:
        if node.type == "fallback.media.write_video":
            graph = edit.set_argument(graph, node.id, "path", str(folder / "edges.mp4"))
    return graph


def figure(graph: Graph, run: Run, headline: Headline) -> float:
    """What came out. Raises where it is no number."""
    (node,) = (node.id for node in graph.nodes if node.title == headline.node)
    found = run.results[node][headline.metric]
    assert found is not None
    return found
