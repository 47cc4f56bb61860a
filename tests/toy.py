"""A catalogue by hand, with the manners of Keras, and graphs written as ``"a>b b>c"``.

Everything pure is tested with it in milliseconds: sources, layers with a call port, merging layers,
methods that hand their object on, functions with named outputs.
"""

from typing import Any

from flowcore.model.descriptor import Argument, Catalog, NodeDescriptor, Origin, Output, Range
from flowcore.model.graph import Graph, Link, Node

SOURCE, LAYER, MERGE, MODEL = "toy.Input", "toy.Layer", "toy.Merge", "toy.Model"
FIT, EVALUATE, LOAD, CALL = "toy.Model.fit", "toy.Model.evaluate", "toy.load", "flowcore.call"
PASS = "toy.passed"


def argument(arg: str, itype: str, **more: Any) -> Argument:
    return Argument(arg=arg, itype=itype, **more)


def port(arg: str, itype: str, **more: Any) -> Argument:
    return argument(arg, itype, widget="port", **more)


_INPUTS = port("inputs", "tensor", required=True)
_SELF = port("self", "model", required=True)
NODES = (
    NodeDescriptor(
        name="Input",
        package=SOURCE,
        kind="function",
        otype="tensor",
        args=(argument("shape", "shape", default=None), port("tensor", "tensor", default=None)),
        doc="Where a tensor comes in.",
    ),
    NodeDescriptor(
        name="Layer",
        package=LAYER,
        otype="tensor",
        apply=True,
        args=(
            argument("units", "int", required=True, range=Range(low=1)),
            argument("activation", "activation", default=None, nullable=True, choices=("relu", "softmax")),
            argument("rate", "float", default=0.0, range=Range(low=0, high=1, exclusive=True)),
            argument("odd", "nosupport", default=None),
            argument("inner", "layer", default=None),
        ),
        inputs=(_INPUTS, argument("training", "bool", default=None)),
        aliases=("toy.layers.Layer", "toy.Old"),
        origin=Origin("toy", "1.2"),
        doc="A layer of numbers.\n\nMore about it.",
    ),
    NodeDescriptor(
        name="Merge",
        package=MERGE,
        otype="tensor",
        apply=True,
        conns=None,
        inputs=(port("inputs", "tensors", required=True, conns=None),),
        doc="Adds up what comes in.",
    ),
    NodeDescriptor(
        name="passed",
        package=PASS,
        kind="function",
        otype="tensor",
        args=(port("x", "any", default=None, conns=None),),
        doc="Hands on anything.",
    ),
    NodeDescriptor(
        name="Model",
        package=MODEL,
        otype="model",
        args=(
            port("inputs", "tensor", required=True, conns=None),
            port("outputs", "tensor", required=True, conns=None),
        ),
    ),
    NodeDescriptor(
        name="fit",
        package=FIT,
        kind="method",
        args=(
            _SELF,
            port("x", "array", required=True),
            argument("epochs", "int", default=1),
            port("validation_data", "tuple", default=None),
        ),
        outputs=(Output("model", "model"), Output("history", "history")),
        returns="self",
        mutates=True,
    ),
    NodeDescriptor(
        name="evaluate",
        package=EVALUATE,
        kind="method",
        args=(_SELF, port("x", "array", required=True)),
        outputs=(Output("model", "model"), Output("metrics", "metrics")),
        returns="self",
    ),
    NodeDescriptor(
        name="load",
        package=LOAD,
        kind="function",
        otype="tuple",
        outputs=(Output("x", "array"), Output("y", "array")),
        doc="Loads a sample.",
    ),
    NodeDescriptor(name="Adam", package="toy.Adam", otype="optimizer", args=(argument("rate", "float"),)),
    NodeDescriptor(name="Evil", package="toy.Evil", otype="optimizer", runs="never"),
    NodeDescriptor(name="Absent", package="toy.Absent", otype="tensor", available=False),
    NodeDescriptor(
        name="call",
        package=CALL,
        kind="function",
        otype="tensor",
        instance=False,
        apply=True,
        args=(port("layer", "layer", itypes=("layer", "model"), required=True),),
    ),
)
TOY = Catalog({"toy": "1.2"}, NODES)


def wired(links: str, types: dict[str, str] | None = None, **args: dict[str, Any]) -> Graph:
    """``"a>b b>c d"``: nodes in the order in which they are named first, and links between them.

    ``a.x>b.y`` is a link from output x to port y. Types default to `PASS`, whose port is ``x``.
    """
    types = types or {}
    names: dict[str, None] = {}
    found = []
    for word in links.split():
        ends = [end.partition(".") for end in word.split(">")]
        names |= dict.fromkeys(name for name, _, _ in ends)
        if len(ends) == 2:
            (source, _, output), (target, _, into) = ends
            found.append(Link(source, output, target, into or _port(types.get(target, PASS))))
    nodes = tuple(
        Node(id=name, type=types.get(name, PASS), label=name, args=args.get(name, {})) for name in names
    )
    return Graph(nodes=nodes, links=tuple(found))


def _port(type_: str) -> str:
    return {PASS: "x", FIT: "self", EVALUATE: "self", CALL: "layer"}.get(type_, "inputs")


NETWORK = wired(
    "data in>hidden hidden>out in>model.inputs out>model.outputs model>fit data.x>fit.x",
    {"data": LOAD, "in": SOURCE, "hidden": LAYER, "out": LAYER, "model": MODEL, "fit": FIT},
    hidden={"units": 4, "activation": "relu"},
    out={"units": 2},
)
