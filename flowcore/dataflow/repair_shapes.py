"""Repairs of what comes into a layer."""

import math
from collections.abc import Callable, Iterator
from typing import Final

from msgspec import UNSET

from flowcore.dataflow import axes, edit
from flowcore.dataflow.axes import Shape
from flowcore.dataflow.plan import INPUT
from flowcore.dataflow.repair_case import Case, Repair
from flowcore.model.graph import Graph, Link, Node
from flowcore.model.value import new, tag

CAST: Final = "keras.ops.cast"


def wrong_rank(case: Case) -> Iterator[Repair]:
    """Another number of axes than the layer takes."""
    link = case.links()[0]
    source, shape = case.graph.by_id[link.source], case.shape(link.source, link.output) or ()
    places = axes.places(case.node)
    wanted = len(places)
    steps_lack = wanted == len(shape) + 1 and places[1] == "steps"
    stepwise = _stepwise(case, source) if steps_lack and link.output in ("", "0") else None
    if stepwise is not None:
        yield Repair(f"Let {source.title} return sequences", stepwise)
        return
    if axes.kind(source) == "Flatten":
        yield from _without(case, link, wanted)
    if axes.kind(case.node).startswith("Global") and len(shape) == 2:
        yield from _bypass(case, link)
        return
    target = reshaped(shape, wanted, _added(case.node, places))
    if target is not None:
        label = f"Insert Reshape to {_sizes(target)}"
        yield Repair(label, case.insert(link, "Reshape", {"target_shape": list(target)}))


def unknown_axis(case: Case) -> Iterator[Repair]:
    """A size that the weights depend on and nobody has told."""
    link = case.links()[0]
    source, shape = case.graph.by_id[link.source], case.shape(link.source, link.output) or ()
    if axes.kind(source) == "Flatten":
        yield from _pooled(case, source.id)
    elif source.type == INPUT and shape[1:].count(None) == 1 and len(shape) >= 4:
        axis = axes.channels(case.node, len(shape))
        for count, word in ((1, "grey"), (3, "colour")):
            if shape[axis] is None:
                sizes = [*shape[1:axis], count, *shape[axis + 1 :]]
                yield Repair(f"Set channels to {count} ({word})", case.set(source, "shape", sizes))


def too_small(case: Case) -> Iterator[Repair]:
    yield Repair('Set padding="same"', case.set(case.node, "padding", "same"))


def wrong_axis(case: Case) -> Iterator[Repair]:
    yield Repair("Set axis to -1", case.set(case.node, "axis", UNSET))


def wrong_dtype(case: Case) -> Iterator[Repair]:
    """Whole numbers at the Input where it feeds nothing else, or through a cast."""
    link = case.links()[0]
    source = case.graph.by_id[link.source]
    if source.type == INPUT and "batch_shape" not in source.args:
        takers = [case.graph.by_id[taken.target] for taken in case.graph.out_of(source.id)]
        if all(axes.kind(taker) in ("Embedding", "") for taker in takers):
            yield Repair(f"Set dtype of {source.title} to int32", case.set(source, "dtype", "int32"))
    if case.catalog.find(CAST) is not None:
        cast, _ = edit.insert(case.graph, link, CAST, "x", case.catalog, {"dtype": "int32"})
        yield Repair("Insert cast to int32", cast)


def wrong_size(case: Case) -> Iterator[Repair]:
    """A target shape of as many axes that holds as many numbers."""
    link = case.links()[0]
    count = axes.product(case.shape(link.source, link.output) or ())
    target = axes.numbers(case.node.args.get("target_shape")) or ()
    if count:
        sizes = folded(count, len(target))
        yield Repair(f"Set target_shape to {_sizes(sizes)}", case.set(case.node, "target_shape", list(sizes)))


def shapes_differ(case: Case) -> Iterator[Repair]:
    links = case.links()
    if axes.kind(case.node) == "Concatenate":
        yield from _flattened(case, links)
    elif len(links) == 2:
        one, two = (case.shape(link.source, link.output) or () for link in links)
        if len(one) == len(two) and one[:-1] == two[:-1] and one[-1] is not None and two[-1] is not None:
            title = case.graph.title(links[1].source)
            label = f"Insert Dense with {one[-1]} units after {title}"
            yield Repair(label, case.insert(links[1], "Dense", {"units": one[-1]}))


def reshaped(shape: Shape, rank: int, added: int = -1) -> tuple[int, ...] | None:
    """The axes behind the batch axis of as many numbers in another number of axes.

    A missing axis is added, first (0) or last (-1); a picture becomes a sequence of its rows; a row of
    numbers a square picture, where it can be one. None where that cannot be known.
    """
    sizes = shape[1:]
    if sizes.count(None) > 1 or not sizes:
        return None
    known = tuple(-1 if size is None else size for size in sizes)
    if rank == 4 and len(sizes) == 1 and -1 not in known:
        *sides, channels = folded(known[0], 3)
        picture = (*sides, channels) if added else (channels, *sides)
        return picture if sides[1] > 1 else None
    if rank == len(shape) + 1:
        return (*known, 1) if added else (1, *known)
    if rank == 3 and len(sizes) == 3 and -1 not in known:
        return (known[0], known[1] * known[2])
    return None


def folded(count: int, axes_: int) -> tuple[int, ...]:
    """Numbers in so many axes: a square, of one or three channels, where they fill one."""
    if axes_ == 1:
        return (count,)
    for channels in (1, 3):
        side = math.isqrt(count // channels)
        if axes_ == 2 and channels == 1 and side * side == count:
            return (side, side)
        if axes_ == 3 and side * side * channels == count:
            return (side, side, channels)
    return (count, *(1,) * (axes_ - 1))


def _added(node: Node, places: tuple[str, ...]) -> int:
    """Where the axis that is missing belongs: channels may come first; pictures are a sequence of one."""
    of_pictures = len(places) > 3 and places[1] == "steps"
    return 0 if of_pictures or axes.channels(node, len(places)) == 1 else -1


def _stepwise(case: Case, source: Node) -> Graph | None:
    """With a layer over steps that hands on each of them, None for another layer."""
    if axes.recurrent(axes.kind(source)):
        return case.set(source, "return_sequences", True)
    graph = case.graph
    for name in ("layer", "backward_layer") if axes.kind(source) == "Bidirectional" else ():
        inner = source.args.get(name, {})
        if tag(inner) == "$new":
            args = {**inner.get("args", {}), "return_sequences": True}
            graph = edit.set_argument(graph, source.id, name, new(inner["$new"], **args))
    return graph if graph is not case.graph else None


def _without(case: Case, link: Link, wanted: int) -> Iterator[Repair]:
    """Past a Flatten whose own input has the axes that are wanted."""
    before = case.graph.into(link.source, "inputs")
    shape = case.shape(before[0].source, before[0].output) if len(before) == 1 else None
    if shape is None or len(shape) != wanted:
        return
    graph = edit.relink(case.graph, link, before[0].source, before[0].output)
    if not graph.out_of(link.source):
        graph = edit.remove(graph, [link.source])
    yield Repair(f"Connect {case.node.title} before {case.graph.title(link.source)}", graph)


def _bypass(case: Case, link: Link) -> Iterator[Repair]:
    """Without the layer: what comes in goes on."""
    graph = case.graph
    for taken in case.graph.out_of(case.node.id):
        graph = edit.relink(graph, taken, link.source, link.output)
    if all(taken.output != "layer" for taken in case.graph.out_of(case.node.id)):
        yield Repair(f"Take out {case.node.title}", edit.remove(graph, [case.node.id]))


def _pooled(case: Case, flatten: str) -> Iterator[Repair]:
    """A pooling before a Flatten: as many numbers as there are channels, whatever the size."""
    before = case.graph.into(flatten, "inputs")
    shape = case.shape(before[0].source, before[0].output) if len(before) == 1 else None
    name = pooling(shape or ())
    if name and shape and shape[-1] is not None:
        yield Repair(f"Insert {name}", case.insert(before[0], name))


def pooling(shape: Shape) -> str:
    return f"GlobalAveragePooling{len(shape) - 2}D" if len(shape) in (3, 4, 5) else ""


def _flattened(case: Case, links: tuple[Link, ...]) -> Iterator[Repair]:
    """Rows of numbers can always be joined."""
    shapes = [case.shape(link.source, link.output) or () for link in links]
    if len(links) != len(case.graph.into(case.node.id)) or any(None in shape[1:] for shape in shapes):
        return
    graph = case.set(case.node, "axis", UNSET)
    inserted = [link for link, shape in zip(links, shapes, strict=True) if len(shape) != 2]
    for link in inserted:
        graph, _ = edit.insert(graph, link, f"{axes.LAYERS}Flatten", "inputs", case.catalog)
    done = ["insert Flatten"] if inserted else []
    done += ["set axis to -1"] if case.node.args.get("axis", -1) != -1 else []
    label = " and ".join(done)
    yield Repair(label[:1].upper() + label[1:], graph)


def _sizes(sizes: tuple[int, ...]) -> str:
    return ", ".join(map(str, sizes))


SHAPES: Final[dict[str, Callable[[Case], Iterator[Repair]]]] = {
    "wrong-rank": wrong_rank,
    "unknown-axis": unknown_axis,
    "too-small": too_small,
    "wrong-axis": wrong_axis,
    "wrong-dtype": wrong_dtype,
    "wrong-size": wrong_size,
    "shapes-differ": shapes_differ,
}
