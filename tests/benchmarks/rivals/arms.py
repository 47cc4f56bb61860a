"""The engines. Each is given a plan, and returns what runs it: () -> values by id.

What an engine needs to be told is told before; what runs is the order and every node.
"""

import sys
from collections.abc import Callable, Mapping
from graphlib import TopologicalSorter
from types import ModuleType
from typing import Any, Final

from tests.benchmarks.rivals import trivial
from tests.benchmarks.rivals.graphs import Plan

Values = Mapping[str, int]
Arm = Callable[[Plan], Callable[[], Values]]


def plain(plan: Plan) -> Callable[[], Values]:
    """A loop over nodes whose order is known: what nothing in Python can be faster than."""
    steps = [
        (id, _function(plan, id), plan.sources[id]) for id in TopologicalSorter(plan.sources).static_order()
    ]

    def run() -> Values:
        values: dict[str, int] = {}
        for id, function, sources in steps:
            values[id] = _called(function, [values[source] for source in sources])
        return values

    return run


def graphlib(plan: Plan) -> Callable[[], Values]:
    functions = {id: _function(plan, id) for id in plan.ids}

    def run() -> Values:
        values: dict[str, int] = {}
        for id in TopologicalSorter(plan.sources).static_order():
            values[id] = _called(functions[id], [values[source] for source in plan.sources[id]])
        return values

    return run


def networkx(plan: Plan) -> Callable[[], Values]:
    import networkx as nx

    graph = nx.DiGraph()
    graph.add_nodes_from((id, {"function": _function(plan, id)}) for id in plan.ids)
    graph.add_edges_from((source, id) for id in plan.ids for source in plan.sources[id])

    def run() -> Values:
        values: dict[str, int] = {}
        for id in nx.topological_sort(graph):
            values[id] = _called(graph.nodes[id]["function"], [values[one] for one in graph.pred[id]])
        return values

    return run


def dask(plan: Plan) -> Callable[[], Values]:
    from dask import get

    tasks: dict[str, Any] = {}
    for id in plan.ids:
        inputs = plan.sources[id]
        tasks[id] = (trivial.total, list(inputs)) if id == plan.sink else (trivial.add, *inputs)
    return lambda: dict(zip(plan.ids, get(tasks, plan.ids), strict=True))


def hamilton(plan: Plan) -> Callable[[], Values]:
    from hamilton import base, driver

    lines = ["from tests.benchmarks.rivals import trivial"]
    for id in plan.ids:
        inputs = plan.sources[id]
        call = f"total([{', '.join(inputs)}])" if id == plan.sink else f"add({', '.join(inputs)})"
        lines.append(f"def {id}({', '.join(f'{one}: int' for one in inputs)}) -> int: return trivial.{call}")
    module = ModuleType("flow")
    sys.modules["flow"] = module
    exec("\n".join(lines), module.__dict__)  # Hamilton reads a graph off the functions of a module
    flow = driver.Builder().with_modules(module).with_adapters(base.DictResult()).build()
    return lambda: flow.execute(plan.ids)


def barfi(plan: Plan) -> Callable[[], Values]:
    from barfi.flow import Block, ComputeEngine
    from barfi.flow.schema import types as t

    def block(name: str, inputs: list[str], function: Callable[..., int], together: bool) -> Any:
        made = Block(name=name)
        for one in inputs:
            made.add_input(name=one)
        made.add_output(name="value")

        def compute(self: Any) -> None:
            given = [item for one in inputs if (item := self.get_interface(one)) is not None]
            self.set_interface("value", function(given) if together else function(*given))

        made.add_compute(compute)
        return made

    merged = [f"x{index}" for index in range(len(plan.sources.get(plan.sink, ())))]
    blocks = [block("add", ["a", "b"], trivial.add, False), block("total", merged, trivial.total, True)]
    place, size = t.FlowNodePosition(0, 0), t.FlowNodeMeasured(0, 0)
    nodes, links = [], []
    for id in plan.ids:
        name, inputs = ("total", merged) if id == plan.sink else ("add", ["a", "b"])
        nodes.append(t.FlowNode(id, name, name, id, [], [], [], place, size))
        for into, source in zip(inputs, plan.sources[id], strict=False):
            links.append(t.FlowConnection(f"{source}>{id}.{into}", source, "value", id, into))
    schema = t.FlowSchema("1", nodes, links, t.FlowViewport(0, 0, 1))

    def run() -> Values:
        ComputeEngine(blocks).execute(schema)
        return {id: done.get_interface("value") for id, done in schema._block_map.items()}

    return run


def flowcore(plan: Plan) -> Callable[[], Values]:
    """What a run does, but for its events: `flowcore.worker.run`."""
    from msgspec.structs import replace

    from flowcore.dataflow.order import ordered
    from flowcore.model.descriptor import Argument, Catalog, NodeDescriptor
    from flowcore.model.graph import Graph, Link, Node
    from flowcore.worker.evaluate import Outputs, evaluate

    def port(name: str, itype: str) -> Argument:
        return Argument(arg=name, itype=itype, itypes=(itype, "any"), widget="port", conns=None, default=0)

    def described(name: str, *args: Argument) -> NodeDescriptor:
        package = f"{trivial.__name__}.{name}"
        return NodeDescriptor(name=name, package=package, kind="function", otype="int", args=args)

    add = described("add", port("a", "int"), port("b", "int"))
    total = described("total", port("xs", "tensors"))
    catalog = Catalog(nodes=(add, total))
    nodes, links = [], []
    for id in plan.ids:
        merges = id == plan.sink
        nodes.append(Node(id=id, type=(total if merges else add).package))
        for index, source in enumerate(plan.sources[id]):
            links.append(Link(source, "", id, "xs" if merges else "ab"[index]))
    written = Graph(nodes=tuple(nodes), links=tuple(links))

    def run() -> Values:
        graph = ordered(replace(written))  # as one that nobody has looked at yet
        values: dict[str, Outputs] = {}
        for node, links in graph.steps():
            values[node.id] = evaluate(graph, node, catalog, values, _no_method, links=links)
        return {id: outputs.whole for id, outputs in values.items()}

    return run


def _no_method(target: Any, name: str, args: dict[str, Any]) -> Any:
    raise AssertionError(f"no node here is a method, and {name} was called")


def _function(plan: Plan, id: str) -> Callable[..., int]:
    return _total if id == plan.sink else trivial.add


def _total(*xs: int) -> int:
    return trivial.total(list(xs))


def _called(function: Callable[..., int], inputs: list[int]) -> int:
    return function(*inputs)


ARMS: Final[dict[str, Arm]] = {
    "flowcore": flowcore,
    "plain loop": plain,
    "graphlib": graphlib,
    "networkx": networkx,
    "dask.get": dask,
    "hamilton": hamilton,
    "barfi": barfi,
}
