"""Layers on shapes at random: what is foreseen to fail, made all the same. Prints a line for each case.

``python tests/scripts/foreseen.py SEED COUNT``
"""

import random
import sys
from typing import Any, NoReturn

import keras

from flowcore.dataflow.foresee import foresee
from flowcore.model.descriptor import Argument, Catalog, NodeDescriptor
from flowcore.model.graph import Graph, Link, Node
from flowcore.store import descriptors
from flowcore.worker import keeping, preview
from flowcore.worker.evaluate import Outputs, evaluate

PAIRS = ("Add", "Subtract", "Multiply", "Average", "Maximum", "Minimum", "Concatenate")
# Keras works out a shape of these and looks at nothing; they fail once there are data.
LATE = ("Softmax", "Adaptive")


def value(argument: Argument, chance: random.Random) -> Any:
    sizes = (chance.randint(1, 4), [chance.randint(1, 4), chance.randint(1, 4)])
    known: dict[str, Any] = {
        **dict.fromkeys(
            ("kernel_size", "pool_size", "strides", "dilation_rate", "size"), chance.choice(sizes)
        ),
        "padding": chance.choice(argument.choices) if argument.choices else None,
        "data_format": chance.choice(["channels_first", "channels_last"]),
        "axis": chance.choice([-4, -3, -2, -1, 0, 1, 2, 3, 4, [1], [-1, 1]]),
        "target_shape": chance.choice([[-1], [4, -1], [2, 8], [16], [4, 4, 1], [-1, 3]]),
    }
    return known.get(argument.arg) or (chance.randint(1, 6) if argument.itype == "int" else None)


def case(layers: list[NodeDescriptor], chance: random.Random) -> Graph:
    layer = chance.choice(layers)
    given = {
        argument.arg: found
        for argument in layer.args
        if (
            argument.required
            or (argument.arg in ("axis", "padding", "data_format") and chance.random() < 0.5)
        )
        and (found := value(argument, chance)) is not None
    }
    shapes = [
        [chance.choice([None, 1, 2, 3, 4, 8, 16]) for _ in range(chance.randint(0, 4))]
        for _ in range(2 if layer.name in PAIRS else 1)
    ]
    inputs = [
        Node(id=f"i{index}", type="keras.Input", args={"shape": shape}) for index, shape in enumerate(shapes)
    ]
    node = Node(id="layer", type=layer.package, args=given)
    links = tuple(Link(source.id, "", "layer", layer.inputs[0].arg) for source in inputs)
    return Graph(nodes=(*inputs, node), links=links)


def outcome(graph: Graph, catalog: Catalog) -> str:
    """Whether what is foreseen and what happens agree."""
    *inputs, node = graph.nodes
    values: dict[str, Outputs] = {one.id: evaluate(graph, one, catalog, {}, method) for one in inputs}
    shapes = {id: preview.shapes(found) for id, found in values.items()}
    told = foresee(graph, node, shapes, {id: preview.dtypes(found) for id, found in values.items()})
    try:
        evaluate(graph, node, catalog, values, method)
    except Exception:
        return "foreseen" if told else "told by Keras"
    if told is None or told.level == "notice" or node.title.startswith(LATE):
        return "fine"
    return f"wrong: {node} {shapes} {told}"


def method(*_: object) -> NoReturn:
    raise AssertionError


def main(seed: int, count: int) -> None:
    keras.config.disable_traceback_filtering()
    keeping.begin()
    catalog, chance = descriptors.load(), random.Random(seed)
    layers = [node for node in catalog.nodes if node.symbolic and node.is_layer and node.inputs]
    for _ in range(count):
        print(outcome(case(layers, chance), catalog))


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]))
