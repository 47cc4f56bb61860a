"""Hypothesis strategies for documents: what people write, and what nobody should."""

from typing import Any

import msgspec
from hypothesis import strategies as st

from flowcore.dataflow import edit
from flowcore.dataflow import ports as flow
from flowcore.model.descriptor import Catalog
from flowcore.model.graph import Graph, Group, Link, Node
from tests.toy import CALL, EVALUATE, FIT, LAYER, LOAD, MERGE, MODEL, PASS, SOURCE

TYPES = (SOURCE, LAYER, MERGE, MODEL, FIT, EVALUATE, LOAD, CALL, PASS, "toy.Evil", "toy.Absent", "toy.Old")

# JSON has no lone surrogates; everything else of Unicode is fair.
text = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
ids = st.from_regex(r"[A-Za-z0-9_-]{1,8}", fullmatch=True)
numbers = st.one_of(
    st.integers(),
    st.integers(-(10**300), 10**300),
    st.floats(allow_nan=False, allow_infinity=False),
)
scalars = st.one_of(st.none(), st.booleans(), numbers, text)
keys = text.filter(lambda key: not key.startswith("$"))


def _forms(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """The ``$`` forms of `flowcore.model.value`."""
    return st.one_of(
        st.fixed_dictionaries(
            {"$new": st.sampled_from(TYPES)}, optional={"args": st.dictionaries(keys, inner, max_size=3)}
        ),
        st.fixed_dictionaries({"$ref": st.sampled_from(TYPES)}),
        st.fixed_dictionaries({"$tuple": st.lists(inner, max_size=3)}),
        st.fixed_dictionaries({"$slice": st.lists(inner, min_size=3, max_size=3)}),
        st.fixed_dictionaries({"$dict": st.lists(st.tuples(inner, inner).map(list), max_size=3)}),
        st.fixed_dictionaries({"$float": st.sampled_from(["nan", "inf", "-inf"])}),
    )


values = st.recursive(
    scalars,
    lambda inner: st.one_of(
        st.lists(inner, max_size=3), st.dictionaries(keys, inner, max_size=3), _forms(inner)
    ),
    max_leaves=6,
)
"""Argument values as documents hold them."""

json = st.recursive(
    scalars,
    lambda inner: st.one_of(
        st.lists(inner, max_size=4),
        st.dictionaries(
            st.one_of(text, st.sampled_from(["$new", "$ref", "$tuple", "args"])), inner, max_size=4
        ),
    ),
    max_leaves=10,
)
"""Any JSON, the broken ``$`` forms among it."""

arguments = st.one_of(
    st.dictionaries(keys, values, max_size=3),
    st.fixed_dictionaries(
        {},
        optional={"units": values, "activation": values, "rate": values, "inner": values, "epochs": values},
    ),
)
positions = st.one_of(
    st.none(),
    st.tuples(
        st.floats(allow_nan=False, allow_infinity=False), st.floats(allow_nan=False, allow_infinity=False)
    ),
)


def nodes(types: st.SearchStrategy[str], args: st.SearchStrategy[Any] = arguments) -> st.SearchStrategy[Node]:
    return st.builds(
        Node, id=ids, type=types, label=text, args=args, call=args, position=positions, note=text
    )


outputs = st.sampled_from(["", "x", "y", "layer", "model", "0", "7", "nothing"])
ports = st.sampled_from(
    ["inputs", "x", "self", "outputs", "layer", "x[0]", "x[1]", "x.key", "units", "nothing"]
)


@st.composite
def graphs(draw: st.DrawFn, types: st.SearchStrategy[str] | None = None) -> Graph:
    """Any document: unknown types, dangling links, cycles, and ids that occur twice."""
    found = draw(st.lists(nodes(types or st.one_of(st.sampled_from(TYPES), text)), max_size=6))
    known = st.sampled_from([node.id for node in found]) if found else ids
    ends = st.one_of(known, known, ids)
    links = draw(st.lists(st.builds(Link, source=ends, output=outputs, target=ends, port=ports), max_size=8))
    groups = draw(st.lists(st.builds(Group, id=ids, label=text, nodes=st.lists(ends).map(tuple)), max_size=2))
    return Graph(
        id=draw(st.one_of(st.just(""), ids)),
        name=draw(text),
        note=draw(text),
        catalogs=draw(st.dictionaries(text, text, max_size=2)),
        nodes=tuple(found),
        links=tuple(links),
        groups=tuple(groups),
    )


@st.composite
def real_graphs(draw: st.DrawFn, catalog: Catalog) -> Graph:
    """Nodes of a real catalogue with arguments of theirs, right and wrong values alike."""
    found = []
    for index in range(draw(st.integers(0, 5))):
        descriptor = draw(st.sampled_from(catalog.nodes))
        names = [argument.arg for argument in (*descriptor.args, *descriptor.inputs)] or ["none"]
        args = st.dictionaries(st.sampled_from(names), st.one_of(values, json), max_size=4)
        found.append(Node(id=f"n{index}", type=descriptor.package, args=draw(args), call=draw(args)))
    links = []
    for _ in range(draw(st.integers(0, 6)) if found else 0):
        source, target = draw(st.sampled_from(found)), draw(st.sampled_from(found))
        known = catalog.find(target.type)
        names = [argument.arg for argument in (*known.args, *known.inputs)] if known else []
        into = draw(st.one_of(st.sampled_from(names), ports)) if names else draw(ports)
        links.append(Link(source.id, draw(outputs), target.id, into))
    return Graph(nodes=tuple(found), links=tuple(links))


@st.composite
def acyclic(draw: st.DrawFn, limit: int = 12) -> Graph:
    """Links go from earlier to later nodes, then the nodes are shuffled."""
    count = draw(st.integers(0, limit))
    names = [f"n{index}" for index in range(count)]
    pairs = [(one, other) for i, one in enumerate(names) for other in names[i + 1 :]]
    chosen = draw(st.lists(st.sampled_from(pairs), unique=True, max_size=30)) if pairs else []
    links = tuple(Link(source, "", target, "x") for source, target in chosen)
    return Graph(nodes=tuple(Node(id=id, type=PASS) for id in draw(st.permutations(names))), links=links)


@st.composite
def cyclic(draw: st.DrawFn) -> Graph:
    """An acyclic graph and one cycle through some of its nodes."""
    graph = draw(acyclic().filter(lambda found: len(found.nodes) > 0))
    around = draw(st.lists(st.sampled_from([node.id for node in graph.nodes]), min_size=1, unique=True))
    links = [Link(one, "", other, "x") for one, other in zip(around, [*around[1:], around[0]], strict=True)]
    return msgspec.structs.replace(graph, links=(*graph.links, *links))


edits = st.lists(
    st.one_of(
        st.tuples(st.just("add"), st.sampled_from(TYPES)),
        st.tuples(st.just("remove"), st.integers(0, 9)),
        st.tuples(st.just("duplicate"), st.integers(0, 9)),
        st.tuples(st.just("connect"), st.integers(0, 9), st.integers(0, 9), outputs, ports),
        st.tuples(st.just("disconnect"), st.integers(0, 9)),
        st.tuples(st.just("set_argument"), st.integers(0, 9), st.sampled_from(["units", "rate"]), values),
        st.tuples(st.just("set_call"), st.integers(0, 9), st.just("training"), values),
        st.tuples(st.just("rename"), st.integers(0, 9), text),
        st.tuples(st.just("annotate"), st.integers(0, 9), text),
        st.tuples(st.just("title"), text),
        st.tuples(st.just("place"), st.integers(0, 9)),
        st.tuples(st.just("undo")),
        st.tuples(st.just("redo")),
    ),
    max_size=25,
)
"""What a person clicks: numbers stand for nodes and links by their place, modulo how many there are."""


SAMPLED = (
    "keras.layers.Dense",
    "keras.layers.Conv2D",
    "keras.layers.LSTM",
    "keras.layers.Add",
    "keras.Input",
    "keras.layers.Concatenate",
    "keras.layers.MultiHeadAttention",
    "keras.layers.Reshape",
    "keras.Model",
    "keras.layers.Bidirectional",
    "keras.ops.add",
    "keras.ops.concatenate",
    "keras.ops.get_item",
    "keras.activations.relu",
    "keras.Model.compile",
    "keras.Model.fit",
    "keras.Model.evaluate",
    "keras.Model.predict",
    "flowcore.call",
    "sklearn.preprocessing.StandardScaler",
    "sklearn.preprocessing.StandardScaler.fit",
    "sklearn.preprocessing.StandardScaler.fit_transform",
    "sklearn.datasets.make_classification",
    "sklearn.datasets.load_digits",
    "sklearn.metrics.roc_curve",
    "sklearn.linear_model.Ridge.predict",
    "pandas.DataFrame",
    "pandas.DataFrame.head",
    "pandas.concat",
    "numpy.add",
    "numpy.histogram",
    "numpy.concatenate",
    "fallback.samples.load_digits",
    "fallback.prepare.split",
    "fallback.prepare.scale",
    "fallback.media.sample_video",
    "skimage.filters.gaussian",
    "foolbox.attacks.LinfFastGradientAttack",
    "foolbox.attacks.LinfFastGradientAttack.__call__",
    "foolbox.models.TensorFlowModel",
)
OBJECTS = {
    "keras.initializers.HeNormal": {"seed": 1},
    "keras.optimizers.Adam": {
        "learning_rate": {"$new": "keras.optimizers.schedules.CosineDecay", "args": {}}
    },
    "keras.layers.LSTM": {"units": 3},
    "keras.layers.Conv2D": {"filters": 2, "kernel_size": [3, 3], "strides": {"$tuple": [1, 1]}},
    "keras.losses.Huber": {},
}


@st.composite
def programs(draw: st.DrawFn, catalog: Catalog) -> Graph:
    """Graphs of real nodes whose links fit, as one makes them on the Build page, with any arguments."""
    versions = draw(st.dictionaries(text, text, max_size=2))
    graph = Graph(name=draw(text), note=draw(text), catalogs=versions)
    for _ in range(draw(st.integers(1, 10))):
        graph, id = edit.add(
            graph, draw(st.sampled_from(SAMPLED)), catalog, label=draw(st.one_of(st.just(""), text))
        )
        graph = edit.annotate(graph, id, draw(st.one_of(st.just(""), text)))
        descriptor = catalog.find(graph.by_id[id].type)
        assert descriptor
        for source in draw(st.permutations(graph.nodes[:-1]))[:3]:
            output = draw(st.sampled_from(list(flow.outputs(graph, source, catalog))))
            ports_ = flow.fitting(graph, source, output, graph.by_id[id], catalog)
            if ports_ and source.id != id:
                graph = edit.connect(graph, source.id, output, id, draw(st.sampled_from(ports_[:4])), catalog)
        linked = {link.argument for link in graph.into(id)}
        called = flow.call_constants(graph, graph.by_id[id], catalog)
        for put, known in ((edit.set_argument, descriptor.typed), (edit.set_call, called)):
            names = sorted(known.keys() - linked - {"self", "return_dict"})
            for name in draw(st.lists(st.sampled_from(names), max_size=3)) if names else ():
                graph = put(graph, id, name, draw(_constants()))
    lost = [node.id for node in graph.nodes if _waits(graph, node, catalog)]
    while lost:
        graph = edit.remove(graph, lost)
        lost = [node.id for node in graph.nodes if _waits(graph, node, catalog)]
    known = st.lists(st.sampled_from(sorted(graph.by_id)), max_size=3) if graph.nodes else st.just([])
    groups = st.builds(Group, id=ids, label=text, nodes=known.map(tuple))
    return msgspec.structs.replace(graph, groups=tuple(draw(st.lists(groups, max_size=2))))


def _waits(graph: Graph, node: Node, catalog: Catalog) -> bool:
    """Whether a node is about an object that is not there, or a link ends at a port that went with it."""
    descriptor = catalog.find(node.type)
    assert descriptor
    needed = "self" if descriptor.kind == "method" else "layer" if node.type == "flowcore.call" else ""
    known = flow.ports(graph, node, catalog)
    lost = any(link.argument not in known for link in graph.into(node.id))
    return lost or (bool(needed) and not graph.into(node.id, needed))


def _constants() -> st.SearchStrategy[Any]:
    made = st.sampled_from([{"$new": name, "args": args} for name, args in OBJECTS.items()])
    sizes = st.lists(st.integers(0, 9), max_size=3)
    return st.one_of(scalars, sizes, _plain, made, st.just({"$ref": "keras.activations.relu"}))


_plain = st.recursive(
    scalars,
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.dictionaries(keys, inner, max_size=3),
        st.fixed_dictionaries({"$tuple": st.lists(inner, max_size=3)}),
        st.fixed_dictionaries({"$slice": st.lists(inner, min_size=3, max_size=3)}),
        st.fixed_dictionaries({"$dict": st.lists(st.tuples(inner, inner).map(list), max_size=3)}),
        st.fixed_dictionaries({"$float": st.sampled_from(["nan", "inf", "-inf"])}),
    ),
    max_leaves=6,
)
