"""Scripts that people have written or changed: each means what Python would make of it, or is refused."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from flowcore import api
from flowcore.dataflow import document, edit, marks
from flowcore.dataflow.check import check
from flowcore.dataflow.names import base
from flowcore.dataflow.normal import normal
from flowcore.dataflow.read_script import read_script
from flowcore.model.graph import Graph, Link, Node
from flowcore.model.problem import FlowError, Problem
from flowcore.runs import scripts
from flowcore.store import descriptors, fallback
from flowcore.store.examples import examples

CATALOG = descriptors.load()
BEGIN = """import keras
from keras.layers import Dense
a = keras.Input((6, 4), name="a")
x = Dense(4)(a)
"""
END = "m = keras.Model(a, Dense(1)(x))\n"


def told(graph: Graph, link: Link) -> str:
    """What comes along a link, as calls in calls."""
    node = graph.by_id[link.source]
    if node.type == "keras.Input":
        return "a"
    args = [str(value) for value in {**node.args, **node.call}.values()]
    ends = [told(graph, one) for one in graph.into(node.id)]
    part = f"[{link.output}]" * (link.output not in ("", "layer"))
    return f"{node.type.rpartition('.')[2]}({', '.join([*ends, *args])}){part}"


def network(graph: Graph) -> str:
    """What goes into the last layer of the model."""
    model = next(node.id for node in graph.nodes if node.type == "keras.Model")
    last = graph.into(model, "outputs")[0].source
    return told(graph, graph.into(last, "inputs")[0])


SLICED = "{'$slice': [None, None, None]}"
READ = {
    "nothing": ("", "Dense(a, 4)"),
    "a sum": ("x = x + a", "add(Dense(a, 4), a)"),
    "a sum in place": ("x += a", "add(Dense(a, 4), a)"),
    "a sum with a number": ("x = 2 + x", "add(Dense(a, 4), 2)"),
    "a difference": ("x = 1 - x", "subtract(Dense(a, 4), 1)"),
    "a product": ("x = x * a", "multiply(Dense(a, 4), a)"),
    "a quotient": ("x = x / 255.0", "true_divide(Dense(a, 4), 255.0)"),
    "a quotient in place": ("x /= 255.0", "true_divide(Dense(a, 4), 255.0)"),
    "a quotient by a constant": ("most = 255.0\nx = x / most", "true_divide(Dense(a, 4), 255.0)"),
    "a whole quotient": ("x = x // 2", "floor_divide(Dense(a, 4), 2)"),
    "a rest": ("x = x % 2", "mod(Dense(a, 4), 2)"),
    "a power": ("x = x**2", "power(Dense(a, 4), 2)"),
    "a matrix product": ("x = x @ a", "matmul(Dense(a, 4), a)"),
    "a sign": ("x = -x", "negative(Dense(a, 4))"),
    "a comparison": ("x = x > 0", "greater(Dense(a, 4), 0)"),
    "an operator in an argument": ("x = Dense(3)(x * 2 + a)", "Dense(add(multiply(Dense(a, 4), 2), a), 3)"),
    "a slice": ("x = x[:, 0]", f"get_item(Dense(a, 4), {{'$tuple': [{SLICED}, 0]}})"),
    "a slice from the end": (
        "x = x[:, -2:]",
        f"get_item(Dense(a, 4), {{'$tuple': [{SLICED}, {{'$slice': [-2, None, None]}}]}})",
    ),
    "a new axis": ("x = x[:, None]", f"get_item(Dense(a, 4), {{'$tuple': [{SLICED}, None]}})"),
    "one sample": ("x = x[0]", "get_item(Dense(a, 4), 0)"),
    "one of several results": (
        "x = keras.layers.LSTM(3, return_state=True)(x)\nx = x[0]",
        "LSTM(Dense(a, 4), 3, True)[0]",
    ),
    "another name": ("y = x\nx = Dense(2)(a)\nx = y", "Dense(a, 4)"),
    "a name for a class": ("Other = Dense\nx = Other(3)(x)", "Dense(Dense(a, 4), 3)"),
    "a name for a module": ("L = keras.layers\nx = L.Dense(3)(x)", "Dense(Dense(a, 4), 3)"),
    "a list that is kept": (
        "pair = [x, a]\nx = Dense(3)(a)\nx = keras.layers.Add()(pair)",
        "Add(Dense(a, 4), a)",
    ),
    "a constant that is kept": ("n = 3\nx = Dense(n)(x)\nn = 5", "Dense(Dense(a, 4), 3)"),
    "a shape that is kept": ("s = (2, 12)\nx = keras.layers.Reshape(s)(x)", "Reshape(Dense(a, 4), [2, 12])"),
    "a class of another package": (
        "from keras.layers import ReLU as Dense\nx = Dense()(x)\nfrom keras.layers import Dense",
        "ReLU(Dense(a, 4))",
    ),
    "Keras by TensorFlow": (
        "import tensorflow as tf\nfrom tensorflow import keras as k\nimport tensorflow.keras as t\n"
        "x = t.layers.ReLU()(k.layers.ReLU()(tf.keras.layers.ReLU()(x)))",
        "ReLU(ReLU(ReLU(Dense(a, 4))))",
    ),
    "what is only shown": ("print(x.shape, len('abc'))\nprint(f'{x!r}')", "Dense(a, 4)"),
    "what is never used": ("n = x.shape[0] if 3 > 2 else 1\nunits = [i for i in range(3)]", "Dense(a, 4)"),
    "a function that is never used": ("def f(x):\n    x = 3\n    return x", "Dense(a, 4)"),
}


@pytest.mark.parametrize("name", READ)
def test_what_is_read_is_what_python_makes(name: str) -> None:
    lines, expected = READ[name]
    graph = read_script(f"{BEGIN}{lines}\n{END}", CATALOG)
    assert network(graph) == expected
    assert [one.message for one in check(graph, CATALOG)] == []
    source = scripts.script(graph, CATALOG)
    assert normal(read_script(source, CATALOG), CATALOG) == normal(graph, CATALOG)


REFUSED = {
    "a call of another package": ("import tensorflow as tf\nx = tf.nn.relu(x)", 6),
    "a call of one's own function": ("def block(t):\n    return t\nx = block(x)", 7),
    "a condition": ("x = x if True else a", 6),
    "a condition that calls": ("x = keras.layers.Dropout(0.5)(x) if True else x", 5),
    "a statement with a condition": ("if True:\n    x = a", 5),
    "a loop": ("for x in [a]:\n    pass", 5),
    "a loop with a condition": ("while x is not a:\n    x = a", 5),
    "a block": ("with open('f') as x:\n    pass", 5),
    "an attempt": ("try:\n    x = a\nexcept Exception:\n    pass", 5),
    "a choice": ("match 1:\n    case x:\n        pass", 5),
    "a deletion": ("del x", 5),
    "a function": ("def x():\n    pass", 7),
    "a coroutine": ("async def x():\n    pass", 7),
    "a class": ("class x:\n    pass", 7),
    "a class of the same name": ("class Dense:\n    pass\nx = Dense(3)(x)", 7),
    "a function of the same name": ("def Dense(n):\n    return keras.layers.ReLU()\nx = Dense(3)(x)", 7),
    "an import of the same name": ("from mine import Dense\nx = Dense(3)(x)", 6),
    "an import from a package of one's own": ("from .keras.layers import Dense\nx = Dense(3)(x)", 6),
    "an import of a variable's name": ("import x", 6),
    "everything of a package": ("from mine import *", 5),
    "an assignment in an expression": ("y = [x := a]", 6),
    "an assignment in what is shown": ("print(x := a)", 6),
    "an assignment in a default": ("def f(t=(x := a)):\n    return t", 5),
    "two variables at once": ("x = y = a", 5),
    "a pair": ("x, y = a, a", 5),
    "a pair of one": ("x, = a", 5),
    "the first and the others": ("x, *y = a", 5),
    "an element": ("x[0] = a", 5),
    "an attribute": ("x.y = a", 5),
    "no value": ("x: int", 5),
    "an attribute that nobody knows": ("x = x.T", 6),
    "a comparison of objects": ("x = x == a", 6),
    "a chain of comparisons": ("x = 0 < x < 1", 6),
    "a part that is computed": ("n = [1]\nx = x[:, n]", 6),
    "a tensor beside a list": ("x = x + [1, 2, 3, 4]", 5),
    "a tensor beside data": ("from sklearn.datasets import load_iris\nd = load_iris()\nx = x + d.data", 7),
    "data": (
        "from sklearn.datasets import load_iris\nd = load_iris()\nz = d.data\nz = z / 255.0\n"
        "z = keras.ops.add(z, 1.0)",
        9,
    ),
    "data in place": ("from sklearn.datasets import load_iris\nd = load_iris()\nz = d.data\nz /= 255.0", 8),
    "a constant in place": ("n = [3]\nn += [4]", 6),
    "a constant that is computed": ("n = 2 * 16\nx = Dense(n)(x)", 6),
    "a list that is changed": ("n = [3]\nn.append(4)", 6),
    "a list that is emptied": ("n = [3]\ny = n.pop()", 6),
    "a model that is changed": ("n = keras.Model(a, x)\nn.trainable = False", 6),
    "a call that may change a model": ("n = keras.Model(a, x)\ny = n.get_layer('b')", 6),
    "a call that is shown": ("import mine\nprint(mine.change(x))", 6),
    "a call in a text that is shown": ("n = keras.Model(a, x)\nprint(f'{n.fit(a)}')", 6),
    "a default that trains": ("n = keras.Model(a, x)\ndef f(y=n.fit(a)):\n    return y", 6),
    "a class that trains": ("n = keras.Model(a, x)\nclass F:\n    y = n.fit(a)", 7),
    "a builtin of one's own": ("def tuple(t):\n    return t\nx = keras.layers.Reshape(tuple([4, 6]))(x)", 7),
    "an object for two": (
        "n = [keras.initializers.HeNormal(), 1]\nx = Dense(3, name=n)(x)\nx = Dense(3, name=n)(x)",
        7,
    ),
    "an argument twice": ("x = Dense(3, units=4)(x)", 5),
    "a name that is not there yet": ("x = Dense(3)(later)\nlater = a", 5),
    "a tensor that is called": ("x = x(a)", 5),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_cannot_be_read_is_refused_with_its_line(name: str) -> None:
    lines, line = REFUSED[name]
    with pytest.raises(FlowError) as caught:
        read_script(f"{BEGIN}{lines}\n{END}", CATALOG)
    problem = caught.value.problems[0]
    assert (problem.code, problem.message.partition(":")[0]) == ("unreadable-script", f"Line {line}")
    assert problem.hint


@pytest.mark.parametrize(
    ("lines", "message", "hint"),
    [
        (
            "y = Dense(3)(later)",
            "Line 5: expected a name that is defined before line 5; found later.",
            "Write a statement that makes later before it.",
        ),
        (
            "x = x if x else a\ny = Dense(3)(x)",
            "Line 6: expected a variable that line 5 makes in a way that is read; found x.",
            "Write line 5 as a call of a node, or take it out.",
        ),
        (
            "def block(t):\n    return t\nx = block(x)",
            "Line 7: expected a variable that line 5 makes in a way that is read; found block.",
            "Write what block does where it is used, or make it a function of your own.",
        ),
        (
            'n = keras.Model(a, x)\nn.save("n.keras")',
            "Line 6: expected a method that a catalogue describes, and model has no such save; "
            'found n.save("n.keras").',
            "Read a script that flowcore has written, or functional Keras without loops and functions.",
        ),
    ],
)
def test_the_reason_says_what_to_do(lines: str, message: str, hint: str) -> None:
    with pytest.raises(FlowError) as caught:
        read_script(f"{BEGIN}{lines}\n{END}", CATALOG)
    assert (caught.value.problems[0].message, caught.value.problems[0].hint) == (message, hint)


def test_a_method_changes_an_object_under_all_of_its_names() -> None:
    graph = read_script(f"{BEGIN}{END}n = m\nm.compile('adam')\nn.predict(a)\n", CATALOG)
    predict = next(node.id for node in graph.nodes if node.type == "keras.Model.predict")
    assert graph.by_id[graph.into(predict, "self")[0].source].type == "keras.Model.compile"


def test_a_node_that_is_made_in_passing_is_made_once() -> None:
    chain = "keras.Model(a, x).compile('adam').compile('adam').compile('adam').compile('adam')"
    graph = read_script(f"{BEGIN}{chain}\n", CATALOG)
    assert [node.type.rpartition(".")[2] for node in graph.nodes].count("Model") == 1
    graph = read_script(f"{BEGIN}n = keras.Model(a, x)\nprint(n.predict(a))\n", CATALOG)
    assert graph.nodes[-1].type == "keras.Model.predict"


# Scripts of ours with a line more or less


def written(name: str) -> tuple[Graph, str]:
    graph = document.read(examples()[name].read_bytes(), CATALOG)
    return graph, scripts.script(graph, CATALOG)


def places(source: str) -> Iterator[int]:
    """The lines before which a statement may stand, from 0 on."""
    for statement in marks.parsed(source).statements[1:]:
        yield statement.lines[0] - 1


def inserted(source: str, line: int, text: str) -> str:
    lines = source.splitlines()
    return "\n".join([*lines[:line], text, *lines[line:]]) + "\n"


@pytest.mark.parametrize("name", ["siamese", "digits_under_attack"])
def test_a_line_more_leaves_every_node_as_it_was(name: str) -> None:
    graph, source = written(name)
    before = normal(read_script(source, CATALOG), CATALOG)
    for line in places(source):
        import_ = "from keras import Input as New\n"
        after = read_script(inserted(source, line, f"{import_}extra = New((3,))"), CATALOG)
        (new,) = set(after.by_id) - set(graph.by_id)
        assert after.by_id[new].label == "extra"
        assert normal(edit.remove(after, [new]), CATALOG) == before, line


def test_a_call_more_of_a_shared_layer_is_a_node_of_its_own() -> None:
    graph, source = written("siamese")
    begin = source.index("features_layer = ")
    begin = source[:begin].count("\n") + 1
    for line in (one for one in places(source) if one >= begin):
        after = read_script(inserted(source, line, "extra = features_layer(flat)"), CATALOG)
        (new,) = set(after.by_id) - set(graph.by_id)
        assert after.by_id[new].type == "flowcore.call"
        assert normal(edit.remove(after, [new]), CATALOG) == normal(graph, CATALOG), line


def test_a_line_less_leaves_groups_of_nodes_that_are_there() -> None:
    graph, source = written("siamese")
    lines = [
        line for line in source.splitlines() if not re.search(r"  # n24$", line) and "metrics)" not in line
    ]
    after = read_script("\n".join(lines), CATALOG)
    assert normal(after, CATALOG) == normal(edit.remove(graph, ["n24"]), CATALOG)
    lines = [
        line.replace("metrics = ", "").replace("# n24", "")
        for line in source.splitlines()
        if "metrics)" not in line
    ]
    again = read_script("\n".join(lines), CATALOG)
    assert "n24" not in again.by_id
    assert {id for group in again.groups for id in group.nodes} <= set(again.by_id)


def test_a_line_twice_is_a_node_more() -> None:
    graph, source = written("siamese")
    line = next(line for line in source.splitlines() if line.endswith("# n16"))
    after = read_script(source.replace(line, f"{line}\n{line}"), CATALOG)
    assert len(after.nodes) == len(graph.nodes) + 1
    assert set(graph.by_id) < set(after.by_id)


# What a script brings along


def notices(source: str) -> list[tuple[str, str, str]]:
    found: list[Problem] = []
    read_script(source, CATALOG, fallback.sources(), found.append)
    return [(one.level, one.code, one.message) for one in found]


CHANGES = {
    "a body": ("(np.asarray(x) / divisor)", "(np.asarray(x) / 2)", "scale", "prepare.py"),
    "a default": ("test_share: float = 0.2", "test_share: float = 0.5", "split", "prepare.py"),
    "a class beside it": (
        "x: npt.NDArray[Any]\n    y: npt",
        "x: list[Any]\n    y: npt",
        "Labelled",
        "samples.py",
    ),
}


@pytest.mark.parametrize("name", CHANGES)
def test_a_function_that_was_changed_in_the_script_is_told(name: str) -> None:
    old, new, function, file = CHANGES[name]
    graph, source = written("siamese")
    changed = source.replace(old, new, 1)
    line = next(
        number
        for number, line in enumerate(changed.splitlines(), 1)
        if re.match(rf"(def|class) {function}\b", line)
    )
    assert notices(changed) == [
        (
            "notice",
            "changed-function",
            f"Line {line}: {function} is not as in {file}; the change is not taken over, runs use that file.",
        )
    ]
    assert normal(read_script(changed, CATALOG), CATALOG) == normal(graph, CATALOG)


@pytest.mark.parametrize("name", examples())
def test_of_functions_as_they_are_nothing_is_told(name: str) -> None:
    _, source = written(name)
    assert notices(source) == []


def test_a_function_under_another_name_is_the_same() -> None:
    _, source = written("siamese")
    assert notices(re.sub(r"\bsplit\(", "part(", source)) == []
    assert notices(source.replace('"""Handwritten digits', '"""Digits')) == []


def test_the_library_warns_of_what_is_not_taken_over(tmp_path: Path) -> None:
    _, source = written("siamese")
    path = tmp_path / "script.py"
    path.write_text(source.replace("(np.asarray(x) / divisor)", "x"), encoding="utf-8-sig")
    with pytest.warns(UserWarning, match="scale is not as in") as caught:
        api.load(path)
    assert caught[0].filename == __file__


# How it is written


def test_a_part_of_a_tensor_is_written_with_brackets() -> None:
    parts = ["x[:, 1:3]", "x[:, None, -1]", "x[::2]", "x[1:,]"]
    lines = "\n".join(f"y{index} = {part}" for index, part in enumerate(parts))
    source = scripts.script(read_script(f"{BEGIN}{lines}\n{END}", CATALOG), CATALOG)
    assert re.findall(r"^y\d = (.*?)  #", source, re.MULTILINE) == [*parts]


def test_what_is_no_tensor_is_not_written_with_brackets() -> None:
    graph = Graph(
        nodes=(
            Node(id="n1", type="fallback.samples.load_digits"),
            Node(id="n2", type="keras.ops.get_item", args={"key": {"$slice": [0, 9, None]}}),
        ),
        links=(Link("n1", "x", "n2", "x"),),
    )
    source = scripts.script(graph, CATALOG)
    assert "item = keras.ops.get_item(x, key=slice(0, 9, None))" in source
    assert normal(read_script(source, CATALOG), CATALOG) == normal(graph, CATALOG)


def test_arguments_are_written_in_the_order_of_the_signature() -> None:
    inner = {"$new": "keras.layers.LSTM", "args": {"name": "inner", "units": 3}}
    graph = Graph(nodes=(Node(id="n1", type="keras.layers.Bidirectional", args={"layer": inner}),))
    assert 'keras.layers.LSTM(units=3, name="inner")' in scripts.script(graph, CATALOG)


@pytest.mark.parametrize(
    ("type_", "name"),
    [
        ("fallback.prepare.scale", "scaled"),
        ("fallback.basics.multiply", "multiplied"),
        ("fallback.restore.blur", "blurred"),
        ("skimage.util.crop", "cropped"),
        ("skimage.filters.rank.equalize", "equalized"),
        ("fallback.compare.scores", "scores_result"),
        ("fallback.basics.mean", "mean_result"),
        ("fallback.media.spectrogram", "spectrogram_result"),
        ("fallback.metrics.psnr", "psnr_result"),
    ],
)
def test_the_name_of_a_result_is_english(type_: str, name: str) -> None:
    found = CATALOG.find(type_)
    assert found
    assert base(found) == name


def test_an_object_goes_on_under_its_name_where_nothing_comes_of_a_method() -> None:
    _, source = written("digits_under_attack")
    lines = [line for line in source.splitlines() if "# n13" in line]
    assert lines == ['metrics = model.evaluate(x_test, y_test, return_dict=True)  # n13 {"aside":true}']
