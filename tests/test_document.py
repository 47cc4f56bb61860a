import json
import time
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flowcore import api
from flowcore.dataflow import edit
from flowcore.dataflow.check import check
from flowcore.dataflow.document import HINT, LIMIT, canonical, read, write
from flowcore.model.descriptor import Catalog
from flowcore.model.graph import Graph, Link, Node, equal
from flowcore.model.problem import FlowError, Problem
from tests import strategies
from tests.toy import LAYER, NETWORK, SOURCE, TOY


def refused(document: bytes) -> tuple[Problem, ...]:
    with pytest.raises(FlowError) as caught:
        read(document)
    return caught.value.problems


def document(**keys: Any) -> bytes:
    return json.dumps({"flowcore": 1, **keys}).encode()


def node(**keys: Any) -> bytes:
    return document(nodes=[{"id": "n1", "type": "toy.Layer", **keys}])


@given(strategies.graphs())
@settings(max_examples=100)
def test_any_document_survives_writing_and_reading(graph: Graph) -> None:
    assert read(write(graph)) == graph
    assert write(read(write(graph))) == write(graph)


@pytest.mark.parametrize("name", sorted(api.examples()))
def test_the_shipped_examples_are_written_as_they_were_read(name: str, catalog: Catalog) -> None:
    content = api.examples()[name].read_bytes()
    assert read(write(read(content, catalog)), catalog) == read(content)


def _accepted_or_refused(content: bytes) -> None:
    problems: tuple[Problem, ...] = (Problem("", ""),)
    try:
        read(content, TOY)
    except FlowError as reason:
        problems = reason.problems
        assert all(problem.code and problem.message for problem in problems)
    assert problems


@given(strategies.json)
@settings(max_examples=250)
def test_any_json_is_read_or_refused_with_a_problem(content: Any) -> None:
    _accepted_or_refused(msgspec.json.encode(content))


_NEAR = st.fixed_dictionaries(
    {"flowcore": st.sampled_from([0, 1, 1.0, True, None, "1", 2])},
    optional={
        key: st.one_of(
            strategies.json,
            st.lists(
                st.dictionaries(
                    st.sampled_from(
                        [
                            "id",
                            "type",
                            "label",
                            "args",
                            "call",
                            "position",
                            "state",
                            "note",
                            "from",
                            "output",
                            "to",
                            "port",
                            "nodes",
                        ]
                    ),
                    st.one_of(strategies.json, strategies.ids, strategies.arguments),
                    max_size=6,
                ),
                max_size=3,
            ),
        )
        for key in ("id", "name", "note", "catalogs", "nodes", "links", "groups")
    },
)


@given(_NEAR)
@settings(max_examples=250)
def test_any_json_that_looks_like_a_graph_is_read_or_refused_with_a_problem(content: Any) -> None:
    _accepted_or_refused(msgspec.json.encode(content))


_GOJS = st.fixed_dictionaries(
    {
        "nodeDataArray": st.lists(
            st.dictionaries(
                st.sampled_from(["key", "package", "category", "text", "loc", "args"]),
                st.one_of(
                    strategies.json,
                    st.lists(
                        st.fixed_dictionaries({"arg": strategies.json}, optional={"value": strategies.json})
                    ),
                ),
                max_size=5,
            ),
            max_size=3,
        )
    },
    optional={
        "name": strategies.json,
        "linkDataArray": st.lists(
            st.dictionaries(st.sampled_from(["from", "to", "fromPort", "toPort"]), strategies.json),
            max_size=3,
        ),
    },
)  # fmt: skip


@given(_GOJS)
@settings(max_examples=250)
def test_any_old_document_is_migrated_or_refused_with_a_problem(content: Any) -> None:
    _accepted_or_refused(msgspec.json.encode(content))
    try:
        graph = read(msgspec.json.encode(content))
    except FlowError:
        return
    assert read(write(graph)) == graph


@given(
    st.one_of(st.binary(max_size=200), st.text(max_size=200).map(lambda t: t.encode(errors="surrogatepass")))
)
@settings(max_examples=250)
def test_any_bytes_are_refused_with_a_problem(content: bytes) -> None:
    _accepted_or_refused(content)


@given(st.integers(0, 5000), st.binary(max_size=3))
@settings(max_examples=100)
def test_a_document_with_a_few_bytes_changed_is_read_or_refused_with_a_problem(at: int, by: bytes) -> None:
    content = write(NETWORK)
    at %= len(content)
    _accepted_or_refused(content[:at] + by + content[at + len(by) :])
    _accepted_or_refused(content[:at])


@pytest.mark.parametrize(
    ("content", "code"),
    [
        pytest.param(b"", "not-json", id="nothing"),
        pytest.param(b"\x00", "not-json", id="a null byte"),
        pytest.param(b"\xef\xbb\xbf{}", "not-json", id="a byte order mark"),
        pytest.param(b"[" * 100_000, "not-json", id="100,000 brackets"),
        pytest.param(b"[" * 100_000 + b"]" * 100_000, "not-json", id="100,000 brackets, closed"),
        pytest.param(b'{"a":' * 100_000, "not-json", id="100,000 braces"),
        pytest.param(b'{"flowcore": 1, "name": NaN}', "not-json", id="NaN"),
        pytest.param(b'{"flowcore": 1, "name": -Infinity}', "not-json", id="infinity"),
        pytest.param(b'{"flowcore": 1, "name": "\\ud800"}', "not-json", id="a lone surrogate"),
        pytest.param(b'{"flowcore": 1, "name": "\xed\xa0\x80"}', "not-json", id="a lone surrogate in UTF-8"),
        pytest.param(b'{"flowcore": 1} {}', "not-json", id="two documents"),
        pytest.param(
            b'{"flowcore": 1, "nodes": [' + b"[]," * 10**6 + b"0]}", "too-large", id="millions of lists"
        ),
        pytest.param(b"// a graph\n{}", "not-json", id="a comment"),
        pytest.param(b"null", "not-a-graph", id="null"),
        pytest.param(b"[]", "not-a-graph", id="a list"),
        pytest.param(b"{}", "not-a-graph", id="no version"),
        pytest.param(b'{"flowcore": true}', "not-a-graph", id="a version that is true"),
        pytest.param(b'{"flowcore": "1"}', "not-a-graph", id="a version in quotes"),
        pytest.param(b'{"flowcore": 1.0}', "not-a-graph", id="a version with a point"),
        pytest.param(b'{"flowcore": -1}', "not-a-graph", id="a version below zero"),
        pytest.param(b'{"flowcore": 1' + b"0" * 400 + b"}", "newer-version", id="version 10**400"),
        pytest.param(b'{"flowcore": 1' + b"0" * 9000 + b"}", "not-json", id="version 10**9000"),
        pytest.param(b'{"flowcore": 1e999}', "not-json", id="version 1e999"),
        pytest.param(b'{"flowcore": 2, "blocks": []}', "newer-version", id="a newer version"),
    ],
)
def test_hostile_documents_are_refused(content: bytes, code: str) -> None:
    assert [problem.code for problem in refused(content)] == [code]


def test_a_newer_document_says_which_version_wrote_it() -> None:
    assert refused(b'{"flowcore": 7}') == (
        Problem(
            "newer-version",
            "The document was written by schema version 7; this flowcore reads up to 1.",
            "Update flowcore, or save the graph with an older one.",
        ),
    )


@pytest.mark.parametrize(
    ("content", "message"),
    [
        pytest.param(document(id=3), "Expected `str`, got `int` - at `$.id`", id="id"),
        pytest.param(
            document(id="../x"),
            "Expected `str` matching regex '^[A-Za-z0-9_-]{0,64}\\\\Z' - at `$.id`",
            id="id with a path",
        ),
        pytest.param(document(name=[]), "Expected `str`, got `array` - at `$.name`", id="name"),
        pytest.param(
            document(name="x" * 201), "Expected `str` of length <= 200 - at `$.name`", id="long name"
        ),
        pytest.param(
            document(catalogs={"keras": 3}), "Expected `str`, got `int` - at `$.catalogs[...]`", id="catalogs"
        ),
        pytest.param(document(nodes={}), "Expected `array`, got `object` - at `$.nodes`", id="nodes"),
        pytest.param(document(nodes=[3]), "Expected `object`, got `int` - at `$.nodes[0]`", id="node"),
        pytest.param(
            document(nodes=[{}]), "Object missing required field `id` - at `$.nodes[0]`", id="node without id"
        ),
        pytest.param(
            document(nodes=[{"id": "n1"}]),
            "Object missing required field `type` - at `$.nodes[0]`",
            id="node without type",
        ),
        pytest.param(node(type=None), "Expected `str`, got `null` - at `$.nodes[0].type`", id="type"),
        pytest.param(node(label=1), "Expected `str`, got `int` - at `$.nodes[0].label`", id="label"),
        pytest.param(node(args=[]), "Expected `object`, got `array` - at `$.nodes[0].args`", id="args"),
        pytest.param(node(call=1), "Expected `object`, got `int` - at `$.nodes[0].call`", id="call"),
        pytest.param(
            node(position=[1]),
            "Expected `array` of length 2, got 1 - at `$.nodes[0].position`",
            id="position with one number",
        ),
        pytest.param(
            node(position=[1, "2"]),
            "Expected `float`, got `str` - at `$.nodes[0].position[1]`",
            id="position",
        ),
        pytest.param(node(state=1), "Expected `str`, got `int` - at `$.nodes[0].state`", id="state"),
        pytest.param(
            node(note="x" * 10_001),
            "Expected `str` of length <= 10000 - at `$.nodes[0].note`",
            id="long note",
        ),
        pytest.param(
            node(colour="red"),
            "Object contains unknown field `colour` - at `$.nodes[0]`",
            id="unknown key of a node",
        ),
        pytest.param(
            document(blocks=[]), "Object contains unknown field `blocks` - at `$`", id="unknown key"
        ),
        pytest.param(
            document(links=[{}]), "Object missing required field `from` - at `$.links[0]`", id="link"
        ),
        pytest.param(
            document(links=[{"from": "a", "output": 0, "to": "b", "port": "x"}]),
            "Expected `str`, got `int` - at `$.links[0].output`",
            id="output",
        ),
        pytest.param(
            document(links=[{"from": "a b"}]),
            "Expected `str` matching regex '^[A-Za-z0-9_-]{1,64}\\\\Z' - at `$.links[0].from`",
            id="from",
        ),
        pytest.param(
            document(groups=[{"id": "g", "label": "", "nodes": [1]}]),
            "Expected `str`, got `int` - at `$.groups[0].nodes[0]`",
            id="group",
        ),
    ],
)
def test_a_wrong_type_is_refused_with_its_path(content: bytes, message: str) -> None:
    assert refused(content) == (
        Problem("bad-document", f"The document is not a graph: {message}.", HINT),
    )  # fmt: skip


@pytest.mark.parametrize(
    "id", ["<b>n</b>", 'n"', "n'", "n&amp;", "a b", "a/b", "..", "a.b", "é", "", "n1\n", "x" * 65]
)
def test_ids_that_mean_something_elsewhere_are_refused(id: str) -> None:
    (problem,) = refused(document(nodes=[{"id": id, "type": "toy.Layer"}]))
    assert problem.code == "bad-document"
    assert problem.message.endswith("- at `$.nodes[0].id`.")


@pytest.mark.parametrize(
    ("value", "message"),
    [
        pytest.param(
            {"$new": 3},
            "$.nodes[0].args.x needs a type's path under $new and an object under args.",
            id="$new",
        ),
        pytest.param(
            [{"$ref": "a", "b": 1}],
            "$.nodes[0].args.x[0] needs a type's path under $ref, and nothing else.",
            id="$ref",
        ),
        pytest.param(
            {"y": {"$eval": "1+1"}},
            "$.nodes[0].args.x.y has the unknown form '$eval'; "
            "expected one of $new, $ref, $tuple, $slice, $dict, $float.",
            id="unknown form",
        ),
    ],
)
def test_a_broken_value_is_refused_with_its_path_and_node(value: Any, message: str) -> None:
    assert refused(node(args={"x": value})) == (Problem("bad-value", message, HINT, ("n1",)),)


def test_every_broken_value_is_listed() -> None:
    content = document(
        nodes=[
            {"id": "a", "type": "t", "args": {"x": {"$float": "1"}}},
            {"id": "b", "type": "t", "call": {"y": {"$dict": 1}}},
        ]
    )
    assert [problem.nodes for problem in refused(content)] == [("a",), ("b",)]


def test_a_value_nested_too_deep_is_refused() -> None:
    value: Any = 0
    for _ in range(41):
        value = [value]
    (problem,) = refused(node(args={"x": value}))
    assert problem.code == "bad-value"
    assert problem.message.endswith("is nested deeper than 40 levels.")


def test_a_huge_document_is_refused_before_it_is_read() -> None:
    began = time.process_time()
    assert refused(b" " * (LIMIT + 1)) == (
        Problem("too-large", "The document has 20.0 MB; at most 20 MB are read.", "Split it."),
    )
    assert time.process_time() - began < 0.5


def test_what_is_not_written_has_its_default() -> None:
    assert read(b'{"flowcore": 1, "nodes": [{"id": "n1", "type": "t"}]}') == Graph(
        nodes=(Node(id="n1", type="t"),)
    )


def test_state_position_and_id_do_not_count_for_equality() -> None:
    one = Graph(id="a", nodes=(Node(id="n1", type="t", position=(1, 2), state="done"),))
    assert equal(one, Graph(id="b", nodes=(Node(id="n1", type="t"),)))
    assert not equal(one, Graph(id="a", nodes=(Node(id="n1", type="t", label="x"),)))
    assert not equal(one, Graph(id="a", nodes=(Node(id="n1", type="t", args={"x": 1}),)))


def test_aliases_are_rewritten_at_every_depth() -> None:
    old, new = "toy.layers.Layer", LAYER

    def graph(name: str) -> Graph:
        inner = {"$new": name, "args": {"inner": [{"$ref": name}], "text": name}}
        return Graph(
            nodes=(
                Node(id="n1", type=name, args={"inner": inner}, call={"x": {"$tuple": [inner]}}),
                Node(id="n2", type="other.Thing", args={"x": {"$dict": [["k", {"$ref": name}]]}}),
            )
        )

    expected = json.loads(write(graph(new)))
    for item in (expected["nodes"][0]["args"]["inner"], expected["nodes"][0]["call"]["x"]["$tuple"][0]):
        item["args"]["text"] = old  # a text that happens to read like a type
    assert json.loads(write(read(write(graph(old)), TOY))) == expected
    assert read(write(graph(old))) == graph(old)
    assert canonical(NETWORK, TOY) == NETWORK


def test_a_node_that_nothing_describes_is_kept_through_load_edit_and_save() -> None:
    strange = {"id": "n1", "type": "gone.Node", "label": "x", "args": {"a": {"$tuple": [1]}}, "note": "keep"}
    content = document(
        nodes=[strange, {"id": "n2", "type": LAYER, "args": {"units": 1}}],
        links=[{"from": "n1", "output": "strange", "to": "n2", "port": "inputs"}],
    )
    graph = edit.set_argument(read(content, TOY), "n2", "units", 2)
    saved = json.loads(write(graph))
    assert {key: saved["nodes"][0][key] for key in strange} == strange
    assert saved["links"] == [{"from": "n1", "output": "strange", "to": "n2", "port": "inputs"}]
    assert [problem.code for problem in check(graph, TOY)] == ["unknown-type"]


def test_a_go_js_document_is_migrated() -> None:
    old = {
        "class": "go.GraphLinksModel",
        "name": "from the paper",
        "nodeDataArray": [
            {"key": -1, "package": "toy.Input", "text": "image", "loc": "10 -20.5", "args": {"shape": [4]}},
            {
                "key": "dense",
                "category": "toy.layers.Layer",
                "args": [{"arg": "units", "value": 3}, {"arg": "activation"}, {"name": "ignored"}],
            },
        ],
        "linkDataArray": [
            {"from": -1, "to": "dense", "toPort": "inputs"},
            {"from": "dense", "fromPort": "layer", "to": "lost"},
        ],
    }
    assert read(json.dumps(old).encode(), TOY) == Graph(
        name="from the paper",
        nodes=(
            Node(id="n1", type=SOURCE, label="image", args={"shape": [4]}, position=(10, -20.5)),
            Node(id="n2", type=LAYER, args={"units": 3, "activation": None}),
        ),
        links=(Link("n1", "", "n2", "inputs"), Link("n2", "layer", "gone", "inputs")),
    )


@pytest.mark.parametrize("loc", ["", "1", "a b", "1 2 3", None, 5, "nan nan", "inf 0"])
def test_a_go_js_position_that_is_none_is_left_out(loc: Any) -> None:
    old = {"nodeDataArray": [{"key": 1, "package": "toy.Input", "loc": loc}]}
    assert read(json.dumps(old).encode()).nodes[0].position is None


@pytest.mark.parametrize("key", ["nodeDataArray", "linkDataArray"])
def test_a_go_js_document_without_lists_is_refused_with_the_path(key: str) -> None:
    old = {"nodeDataArray": [], key: {"a": 1}}
    assert refused(json.dumps(old).encode()) == (
        Problem(
            "bad-document", f"Expected a list of objects at $.{key}.", "Correct the file at this place."
        ),
    )  # fmt: skip


@given(strategies.graphs())
def test_keys_stand_in_a_fixed_order_so_that_documents_can_be_compared(graph: Graph) -> None:
    written = json.loads(write(graph))
    assert list(written) == ["flowcore", "id", "name", "note", "catalogs", "nodes", "links", "groups"]
    assert write(graph).endswith(b"}\n")
