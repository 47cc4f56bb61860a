"""One node at a time: how a descriptor's arguments are passed, and what is copied before a call."""

from typing import Any

import numpy as np
import pytest

from flowcore.model.descriptor import Argument, Catalog, NodeDescriptor, Output
from flowcore.model.graph import Graph, Link, Node
from flowcore.model.problem import FlowError
from flowcore.worker.decode import constants
from flowcore.worker.evaluate import by_place, evaluate
from flowcore.worker.explain import explain
from flowcore.worker.gather import Outputs, gather


def positional(name: str, **more: Any) -> Argument:
    return Argument(arg=name, itype="any", passing="positional", **more)


def variadic(name: str) -> Argument:
    return Argument(arg=name, itype="any", passing="variadic", conns=None, widget="port")


def keyword(name: str, **more: Any) -> Argument:
    return Argument(arg=name, itype="any", **more)


def described(*args: Argument, **more: Any) -> NodeDescriptor:
    return NodeDescriptor(name="f", package="p.f", kind="function", args=args, **more)


@pytest.mark.parametrize(
    ("args", "given", "placed", "named"),
    [
        pytest.param([keyword("a")], {"a": 1}, [], {"a": 1}, id="by name"),
        pytest.param([positional("a"), keyword("b")], {"b": 2, "a": 1}, [1], {"b": 2}, id="by place"),
        pytest.param([positional("a"), positional("b")], {"b": 2, "a": 1}, [1, 2], {}, id="in order"),
        pytest.param(
            [positional("a"), positional("b", default=5), positional("c", default=6)],
            {"a": 1},
            [1],
            {},
            id="those that are left out end the list",
        ),
        pytest.param([variadic("rest")], {"rest": [1, 2]}, [1, 2], {}, id="any number"),
        pytest.param([variadic("rest")], {}, [], {}, id="none of any number"),
        pytest.param([variadic("rest")], {"rest": []}, [], {"rest": []}, id="an empty list of them"),
        pytest.param(
            [keyword("a", default=7), variadic("rest"), keyword("b")],
            {"rest": [1, 2], "b": 3},
            [7, 1, 2],
            {"b": 3},
            id="a default fills a gap before them",
        ),
        pytest.param(
            [keyword("a"), variadic("rest")], {"a": 0, "rest": [1]}, [0, 1], {}, id="what is before as well"
        ),
        pytest.param(
            [keyword("a", default=7), variadic("rest")], {"a": 0}, [], {"a": 0}, id="without them by name"
        ),
    ],
)  # fmt: skip
def test_values_go_by_place_where_the_signature_asks_for_it(
    args: list[Argument], given: dict[str, Any], placed: list[Any], named: dict[str, Any]
) -> None:
    before = dict(given)
    assert by_place(described(*args), given) == (placed, named)
    assert given == before


PORTS = {
    "x": keyword("x", widget="port"),
    "y": keyword("y", widget="port"),
    "many": Argument(arg="many", itype="tensors", widget="port", conns=None),
    "rest": variadic("rest"),
}


@pytest.mark.parametrize(
    ("ports", "expected"),
    [
        pytest.param("", {}, id="none"),
        pytest.param("y x", {"y": 0, "x": 1}, id="each alone"),
        pytest.param("x y x", {"x": [0, 2], "y": 1}, id="two on one port"),
        pytest.param("many", {"many": [0]}, id="one of many"),
        pytest.param("x many many", {"x": 0, "many": [1, 2]}, id="many, in their order"),
        pytest.param("rest", {"rest": [0]}, id="one of any number"),
        pytest.param("x[1] y x[0]", {"x": (2, 0), "y": 1}, id="places of a tuple"),
        pytest.param("x[0]", {"x": (0,)}, id="the only place of a tuple"),
        pytest.param("x.left x.right", {"x": {"left": 0, "right": 1}}, id="keys of a dict"),
        pytest.param("x x[0]", {"x": [0, 1]}, id="a place beside the whole"),
        pytest.param("other other", {"other": [0, 1]}, id="a port that nobody knows"),
    ],
)  # fmt: skip
def test_links_bring_a_value_a_list_a_tuple_or_a_dict(ports: str, expected: dict[str, Any]) -> None:
    links = tuple(Link(f"n{index}", "", "n", port) for index, port in enumerate(ports.split()))
    values = {link.source: Outputs(index) for index, link in enumerate(links)}
    assert gather(links, PORTS, values) == expected


def call(object_: Any, name: str, args: dict[str, Any]) -> Any:
    return getattr(object_, name)(**args)


def run(descriptor: NodeDescriptor, args: dict[str, Any] | None = None, **links: Any) -> Outputs:
    """The outputs of one node; links: argument -> the value that another node brings."""
    node = Node(id="n", type=descriptor.package, args=args or {})
    sources = [Node(id=f"from_{name}", type="p.source") for name in links]
    joined = tuple(Link(f"from_{name}", "", "n", name) for name in links)
    values = {f"from_{name}": Outputs(value) for name, value in links.items()}
    catalog = Catalog(nodes=(descriptor,))
    return evaluate(Graph(nodes=(*sources, node), links=joined), node, catalog, values, call)


def test_a_function_that_takes_values_by_place_alone_is_called() -> None:
    power = NodeDescriptor(
        name="pow", package="math.pow", kind="function", args=(positional("x"), positional("y"))
    )
    assert run(power, {"y": 3, "x": 2}) == Outputs(8.0)


def test_a_function_of_any_number_of_arrays_takes_one_link_or_several() -> None:
    descriptor = NodeDescriptor(
        name="broadcast_arrays", package="numpy.broadcast_arrays", kind="function", args=(variadic("args"),)
    )
    node, sources = Node(id="n", type=descriptor.package), [Node(id=id, type="p.source") for id in "ab"]
    values = {"a": Outputs(np.ones((2, 1))), "b": Outputs(np.ones(3))}
    for ids, shapes in (("a", [(2, 1)]), ("ab", [(2, 3), (2, 3)])):
        graph = Graph(nodes=(*sources, node), links=tuple(Link(id, "", "n", "args") for id in ids))
        found = evaluate(graph, node, Catalog(nodes=(descriptor,)), values, call).whole
        assert [array.shape for array in found] == shapes


def method(name: str, owner: str, *args: Argument, **more: Any) -> NodeDescriptor:
    itself = Argument(arg="self", itype="any", required=True, widget="port")
    return NodeDescriptor(name=name, package=f"{owner}.{name}", kind="method", args=(itself, *args), **more)


BAG = f"{__name__}.Bag"


class Bag:
    """An object that its methods change."""

    def __init__(self) -> None:
        self.kept: list[Any] = []

    def put(self, what: Any) -> "Bag":
        self.kept.append(what)
        return self


@pytest.fixture
def bag() -> Bag:
    return Bag()


@pytest.mark.parametrize("copied", [True, False], ids=["on a copy", "on the object"])
def test_a_method_with_side_effects_copies_its_object_alone(bag: Bag, copied: bool) -> None:
    put = method("put", BAG, keyword("what"), copy=copied, returns="self", outputs=(Output("bag"),))
    what = [1]
    found = run(put, self=bag, what=what)
    assert (found.whole is bag) is not copied
    assert found.get("bag") is found.whole
    assert found.whole.kept == [[1]]
    assert found.whole.kept[0] is what
    assert bag.kept == ([] if copied else [[1]])


def test_a_method_hands_its_object_on_and_then_what_it_gave(bag: Bag) -> None:
    outputs = (Output("bag"), Output("result"))
    put = method("put", BAG, keyword("what"), copy=True, returns="self", outputs=outputs)
    found = run(put, {"what": 1}, self=bag)
    assert list(found.all()) == ["", "bag", "result"]
    assert found.get("result") is found.get("bag")


def test_a_function_with_side_effects_works_on_copies_of_all_that_comes_in() -> None:
    array = np.zeros(2)
    fill = NodeDescriptor(
        name="copyto",
        package="numpy.copyto",
        kind="function",
        copy=True,
        args=(positional("dst"), positional("src")),
    )
    run(fill, dst=array, src=np.ones(2))
    assert array.tolist() == [0, 0]


@pytest.mark.parametrize("form", ["node", "$ref", "$new"])
def test_what_policy_forbids_is_not_reached_in_any_form(form: str) -> None:
    evil = NodeDescriptor(name="system", package="os.system", kind="function", runs="never")
    use = NodeDescriptor(name="dict", package="builtins.dict", args=(keyword("x"),))
    node = Node(id="n", type=evil.package) if form == "node" else Node(
        id="n", type=use.package, args={"x": {form: evil.package}}
    )  # fmt: skip
    with pytest.raises(FlowError, match=r"os\.system is never run here"):
        evaluate(Graph(nodes=(node,)), node, Catalog(nodes=(evil, use)), {}, call)


@pytest.mark.parametrize(("itype", "passed"), [("shape", (2, 3)), ("ints", (2, 3)), ("list", [2, 3])])
def test_a_shape_is_passed_as_the_tuple_that_a_script_writes(itype: str, passed: Any) -> None:
    argument = Argument(arg="a", itype=itype)
    assert constants({"a": [2, 3]}, {"a": argument}, Catalog()) == {"a": passed}


def test_what_cannot_be_loaded_says_where_to_put_it() -> None:
    node = Node(id="n", type="keras.applications.VGG16")
    reason = Exception("URL fetch failure on https://storage/x.h5: None -- [Errno -2] Name not known")
    found = explain(reason, Graph(nodes=(node,)), node, {})
    assert "https://storage/x.h5" in found.message
    assert "~/.keras/models" in found.hint
