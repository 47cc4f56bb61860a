"""Runs as logs for TensorBoard: curves under ``train`` and ``validation`` as Keras has them, and the graph.

Groups become name scopes, which TensorBoard draws as clusters that open at a double click.
"""

import io
import re
import tempfile
import zipfile
from collections.abc import Iterable
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from flowcore.model import event as e
from flowcore.model.event import Event
from flowcore.model.graph import Graph
from flowcore.model.problem import error

_ILLEGAL = re.compile(r"[^A-Za-z0-9_.-]+")


def require() -> None:
    """Raises FlowError("no-tensorboard") where the package is not installed; it is not imported for that."""
    if find_spec("tensorboard") is None:
        raise error(
            "no-tensorboard",
            "Logs for TensorBoard need the package tensorboard; it is not installed.",
            "Install it: pip install 'flowcore[tensorboard]'.",
        )


class Logs:
    """Writes what it hears of a run into a folder, as it happens.

    Raises FlowError("no-tensorboard") where that package is not installed.
    """

    def __init__(self, folder: Path, graph: Graph) -> None:
        require()
        self._folder, self._graph = folder, graph
        self._several = sum(node.type.endswith(".fit") for node in graph.nodes) > 1
        self._writers: dict[str, Any] = {}

    def __call__(self, event: Event) -> None:
        match event:
            case e.Started():
                self._add("train", event.at, graph_def=definition(self._graph).SerializeToString())
            case e.Epoch():
                self._scalars(event, event.epoch - 1, "epoch_", self._graph.title(event.node))
            case e.Result():
                self._scalars(event, 0, "result_", self._graph.title(event.node))

    def close(self) -> None:
        for writer in self._writers.values():
            writer.close()

    def _scalars(self, event: e.Epoch | e.Result, step: int, prefix: str, title: str) -> None:
        from tensorboard.plugins.scalar.summary_v2 import scalar_pb

        scope = f"{_legal(title)}/" if self._several or prefix == "result_" else ""
        for name, value in event.metrics.items():
            part = "validation" if name.startswith("val_") else "train"
            tag = f"{scope}{prefix}{name.removeprefix('val_')}"
            number = float("nan") if value is None else value
            self._add(part, event.at, step=step, summary=scalar_pb(tag, number))

    def _add(self, part: str, at: float, **content: Any) -> None:
        from tensorboard.compat.proto.event_pb2 import Event as Record
        from tensorboard.summary.writer.event_file_writer import EventFileWriter

        if part not in self._writers:
            self._writers[part] = EventFileWriter(str(self._folder / part))
        self._writers[part].add_event(Record(wall_time=at, **content))


def archive(events: Iterable[Event], graph: Graph) -> bytes:
    """A zip of the logs of a run. Raises FlowError("no-tensorboard")."""
    with tempfile.TemporaryDirectory() as folder:
        logs = Logs(Path(folder), graph)
        for event in events:
            logs(event)
        logs.close()
        content = io.BytesIO()
        with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as file:
            for path in sorted(Path(folder).rglob("events.*")):
                file.write(path, path.relative_to(folder))
        return content.getvalue()


def definition(graph: Graph) -> Any:
    """The graph as TensorBoard draws it (a tensorflow.GraphDef): each node in the scope of its group."""
    from tensorboard.compat.proto.attr_value_pb2 import AttrValue
    from tensorboard.compat.proto.graph_pb2 import GraphDef
    from tensorboard.compat.proto.node_def_pb2 import NodeDef

    names = scopes(graph)
    found = GraphDef()
    for node in graph.nodes:
        arguments = {name: AttrValue(s=repr(value).encode()) for name, value in node.args.items()}
        sources = [names[link.source] for link in graph.into(node.id) if link.source in names]
        op = node.type.rpartition(".")[2]
        found.node.append(NodeDef(name=names[node.id], op=op, input=sources, attr=arguments))
    found.versions.producer = 22
    return found


def scopes(graph: Graph) -> dict[str, str]:
    """A name for each node that TensorBoard takes, unique, below that of its group."""
    group = {node: _legal(one.label or one.id) for one in graph.groups for node in one.nodes}
    found: dict[str, str] = {}
    for node in graph.nodes:
        name = "/".join(filter(None, (group.get(node.id), f"{_legal(node.title)}_{node.id}")))
        found[node.id] = name
    return found


def _legal(text: str) -> str:
    return _ILLEGAL.sub("_", text).strip("_.-") or "node"
