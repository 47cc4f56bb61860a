"""What decides a type: documentation taken apart, slots, nouns, results, constraints, and their order."""

import math
import textwrap
import time
from collections.abc import Callable
from inspect import Parameter, signature
from numbers import Integral, Real
from typing import Any, NamedTuple

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import UNSET
from sklearn.ensemble import RandomForestClassifier
from sklearn.svm import SVC
from sklearn.utils._param_validation import HasMethods, Hidden, Interval, MissingValues, Options, StrOptions

from flowcore.model.descriptor import Argument, NodeDescriptor, Output, Range
from flowcore.worker.discover import docs, prose
from flowcore.worker.discover.choices import choices_in
from flowcore.worker.discover.constraints import constraints, from_constraints
from flowcore.worker.discover.documented import documented
from flowcore.worker.discover.evidence import argument
from flowcore.worker.discover.generic import from_generic_name
from flowcore.worker.discover.guess import NOTHING, Guess
from flowcore.worker.discover.nouns import read_noun
from flowcore.worker.discover.results import agreed, result
from flowcore.worker.discover.sections import Described, described, returned, without_arguments
from flowcore.worker.discover.slot import from_slot

NAMES = ("one", "two", "three")
GOOGLE = """\
    Summary.

    Args:
        one: First.
        two (int, optional): Second,
            over two lines.
        *three: Any number.

    Returns:
        A tensor of what came in.
    """
NUMPY = """\
    Summary.

    Parameters
    ----------
    one : int
        First.
    two, three : {'a', 'b'} or float, default='a'
        Both of them.

    Other Parameters
    ----------------
    four : bool
        More.

    Returns
    -------
    left : ndarray
        What stays.
    count : int
        How many.
    """
REST = """\
    Summary.

    :param one: First,
        over two lines.
    :param int two: Second.
    :param three: Third.
    :type three: str or None
    :returns: What comes
        back.
    :rtype: list of str
    """
BROKEN = """\
    Args:
      one: First.
    two: Outdented.
          three: Too deep.
        nobody: not an argument.

    one: told again
    """


@pytest.mark.parametrize(
    ("doc", "expected"),
    [
        pytest.param(
            GOOGLE,
            {
                "one": Described("", "First.", "one"),
                "two": Described("int, optional", "Second,\nover two lines.", "two"),
                "three": Described("", "Any number.", "three"),
            },
            id="a list under a heading",
        ),
        pytest.param(
            NUMPY,
            {
                "one": Described("int", "First.", "one"),
                "two": Described("{'a', 'b'} or float, default='a'", "Both of them.", "two"),
                "three": Described("{'a', 'b'} or float, default='a'", "Both of them.", "three"),
            },
            id="underlined sections, two names on one line",
        ),
        pytest.param(
            REST,
            {
                "one": Described("", "First, over two lines.", "one"),
                "two": Described("int", "Second.", "two"),
                "three": Described("str or None", "Third.", "three"),
            },
            id="fields",
        ),
        pytest.param(
            BROKEN,
            {
                "one": Described("", "First.", "one"),
                "two": Described("", "Outdented.", "two"),
                "three": Described("", "Too deep.", "three"),
            },
            id="a list whose indentation is broken",
        ),
        pytest.param(
            "Adds.\n\n``one``: First.\n  Goes on.\n- two: Second.\nNote: not an argument.",
            {"one": Described("", "First.\nGoes on.", "one"), "two": Described("", "Second.", "two")},
            id="lines outside of any list",
        ),
        pytest.param("one is first, two is second.", {}, id="prose"),
        pytest.param("", {}, id="nothing"),
    ],
)
def test_documentation_says_something_of_each_argument(doc: str, expected: dict[str, Described]) -> None:
    assert described(textwrap.dedent(doc), NAMES) == expected


def test_only_what_a_callable_takes_opens_an_entry() -> None:
    assert described(textwrap.dedent(NUMPY), ("four",)) == {"four": Described("bool", "More.", "four")}
    assert described(textwrap.dedent(NUMPY), ()) == {}


@pytest.mark.parametrize(
    ("doc", "expected"),
    [
        pytest.param(GOOGLE, (Described("", "A tensor of what came in."),), id="under a heading"),
        pytest.param("Returns: A,\n  B.\n\nOther.", (Described("", "A,\nB."),), id="beside"),
        pytest.param(
            NUMPY,
            (Described("ndarray", "What stays.", "left"), Described("int", "How many.", "count")),
            id="underlined and named",
        ),
        pytest.param(
            "Returns\n-------\na, b : float\n    Both.",
            (Described("float", "Both.", "a"), Described("float", "Both.", "b")),
            id="two names on one line",
        ),
        pytest.param(
            "Returns\n-------\nndarray of shape (n, 2)\n    It.",
            (Described("ndarray of shape (n, 2)", "It."),),
            id="underlined without a name",
        ),
        pytest.param("Yields\n------\nint\n", (Described("int", ""),), id="yielded"),
        pytest.param(REST, (Described("list of str", "What comes back."),), id="fields"),
        pytest.param("Adds one.", (), id="not said"),
    ],
)  # fmt: skip
def test_documentation_says_what_comes_back(doc: str, expected: tuple[Described, ...]) -> None:
    assert returned(textwrap.dedent(doc)) == expected


@pytest.mark.parametrize(
    ("doc", "kept"),
    [(GOOGLE, ("Summary.", "Returns:")), (NUMPY, ("Summary.", "Returns")), ("Adds.", ("Adds.",))],
    ids=["heading", "underlined", "none"],
)
def test_documentation_without_its_arguments_keeps_the_rest(doc: str, kept: tuple[str, ...]) -> None:
    rest = without_arguments(textwrap.dedent(doc))
    assert all(word in rest for word in kept)
    assert "First." not in rest
    assert "Both of them." not in rest


def slot(*types: str, choices: tuple[Any, ...] = (), none: bool = False, port: bool = False) -> Guess:
    confidence = 0.9 if types else 0.0
    return Guess(types, confidence, choices, none, widget="port" if port else "form")


SLOTS = [
    # scikit-learn
    ("int, default=100", slot("int")),
    ("float or int, default=1.0", slot("float", "int")),
    ("{'gini', 'log_loss'}, default='gini'", slot("string", choices=("gini", "log_loss"))),
    (
        '{"sqrt", "log2", None}, int or float, default="sqrt"',
        slot("string", "int", "float", choices=("sqrt", "log2"), none=True),
    ),
    ("{'auto', 'scale'} or float, default='scale'", slot("string", "float", choices=("auto", "scale"))),
    ("int, RandomState instance or None, default=None", slot("int", none=True)),
    ("array-like of shape (n_samples,), default=None", slot("array", port=True)),
    ("{array-like, sparse matrix} of shape (n_samples, n_features)", slot("array", port=True)),
    ("estimator object, default=None", slot("estimator", port=True)),
    ("dict, list of dicts or None", slot("dict", "list", none=True)),
    ("tuple (min, max), default=(0, 1)", slot("tuple")),
    ("{'linear', 'rbf'} or callable, default='rbf'", slot("string", "callable", choices=("linear", "rbf"))),
    ("{0, 1, 2}", slot("int", choices=(0, 1, 2))),
    # pandas
    ("DataFrame or named Series", slot("table", port=True)),
    ("label or list", slot("string", "list")),
    ("bool, default False", slot("bool")),
    ("{'left', 'inner'}, default 'inner'", slot("string", choices=("left", "inner"))),
    ("str, path object, or file-like object", slot("string", "file")),
    ("scalar, dict, Series, or DataFrame", slot("float", "dict", "table")),
    ("list-like", slot("list")),
    # NumPy
    ("array_like", slot("array", port=True)),
    ("{'C', 'F', 'A', 'K'}, optional", slot("string", choices=("C", "F", "A", "K"))),
    ("None or int or tuple of ints, optional", slot("ints", none=True)),
    ("data-type, optional", slot("dtype")),
    ("int or sequence of ints", slot("ints")),
    ("ndarray, None, or tuple of ndarray and None, optional", slot("array", "tuple", none=True)),
    # SciPy
    ("callable ``f(x, *args)``", slot("callable")),
    ("{None, int, `numpy.random.Generator`}, optional", slot("int", none=True)),
    ("sequence or `Bounds`, optional", slot("list", "Bounds")),
    # scikit-image
    ("(N, M) array", slot("array", port=True)),
    ("(M, N[, P]) ndarray", slot("array", port=True)),
    ("ndarray of bools", slot("array", port=True)),
    ("int or tuple of int", slot("ints")),
    ("scalar or tuple of scalars", slot("float", "tuple")),
    # annotations as text, and marks
    ("Optional[int]", slot("int", none=True)),
    ("Union[int, str]", slot("int", "string")),
    ("List[str]", slot("list")),
    ("Literal['a', 'b']", slot("string", choices=("a", "b"))),
    ("int | None", slot("int", none=True)),
    ("``'same'`` or ``'valid'``", slot("string", choices=("same", "valid"))),
    (":obj:`int`, optional", slot("int")),
    ("torch.Tensor", slot("tensor", "array", port=True)),
    ("Axes object", slot("Axes", port=True)),
    ("matplotlib.axes.Axes", slot("Axes", port=True)),
    ("object", slot("any")),
    ("slice", slot("slice")),
    ("None", slot(none=True)),
    ("deprecated", NOTHING),
    ("whatever one likes", NOTHING),
    ("", NOTHING),
]  # fmt: skip


@pytest.mark.parametrize(("text", "expected"), SLOTS, ids=[text for text, _ in SLOTS])
def test_a_slot_lists_alternatives(text: str, expected: Guess) -> None:
    assert from_slot(text) == expected


@pytest.mark.parametrize(
    ("text", "types", "widget"),
    [
        ("Number of rows.", ("int",), "form"),
        ("First input tensor.", ("tensor", "array"), "port"),
        ("Path to the file.", ("string",), "form"),
        ("The input image.", ("array",), "port"),
        ("Whether to center.", ("bool",), "form"),
        ("If True, copies.", ("bool",), "form"),
        ("(Optional) Threshold value.", ("float",), "form"),
        ("A function to call.", ("callable",), "form"),
        ("An Optimizer instance.", ("Optimizer",), "port"),
        ("A `keras.Model`.", ("Model",), "port"),
        ("Maximum value.", ("float",), "form"),
        ("Any value.", (), "form"),
        ("Optional name for the layer.", ("string",), "form"),
        ("A (possibly nested) list of tensors.", ("list",), "form"),
        ("A [batch, 2] array.", ("array",), "port"),
        ("Size(s) of the window.", ("int",), "form"),
        ("Called at the end.", ("callable",), "form"),
        ("How many samples.", ("int",), "form"),
        ("Names of the columns.", ("list",), "form"),
        ("What the caller wants.", (), "form"),
        ("A very long phrase of six nouns", (), "form"),
        ("", (), "form"),
    ],
)  # fmt: skip
def test_a_noun_phrase_has_a_head(text: str, types: tuple[str, ...], widget: str) -> None:
    guess = read_noun(text)
    assert (guess.types, guess.widget) == (types, widget)


@pytest.mark.parametrize(
    ("name", "types", "widget"),
    [
        ("out_path", ("string",), "form"),
        ("key_func", ("callable",), "form"),
        ("n_jobs", ("int",), "form"),
        ("max_depth", ("int",), "form"),
        ("rtol", ("float",), "form"),
        ("image", ("array",), "port"),
        ("x1", ("array",), "port"),
        ("reader_kwargs", ("dict",), "form"),
        ("columns", ("list",), "form"),
        ("is_fast", ("bool",), "form"),
        ("method", ("string",), "form"),
        ("df", ("table",), "port"),
        ("whatever", (), "form"),
    ],
)
def test_a_name_makes_a_type_likely(name: str, types: tuple[str, ...], widget: str) -> None:
    guess = from_generic_name(name)
    assert guess == (Guess(types, 0.5, widget=widget) if types else NOTHING)


class Parts(NamedTuple):
    left: np.ndarray
    count: int


def says() -> str:
    return "x"


def is_even(x: Any) -> Any:
    return x % 2 == 0


def shows(x: Any) -> None:
    def inner() -> Any:
        return x

    print(inner())


def yields(x: Any) -> Any:
    yield x


def refuses(x: Any) -> Any:
    raise NotImplementedError


@pytest.mark.parametrize(
    ("value", "hint", "doc", "expected"),
    [
        pytest.param(says, str, "", ("string", ()), id="annotated"),
        pytest.param(
            says, Parts, "", ("tuple", (Output("left", "array"), Output("count", "int"))), id="named tuple"
        ),
        pytest.param(says, str, NUMPY, ("string", ()), id="an annotation is surer than documentation"),
        pytest.param(
            says,
            None,
            NUMPY,
            ("tuple", (Output("left", "array"), Output("count", "int"))),
            id="documented and named",
        ),
        pytest.param(
            says,
            tuple,
            NUMPY,
            ("tuple", (Output("left", "array"), Output("count", "int"))),
            id="names say more than the annotation tuple",
        ),
        pytest.param(
            says,
            None,
            "Returns\n-------\na : ndarray\n    A.\nb : int, optional\n    Only if asked.",
            ("array", ()),
            id="results that do not always come have no names",
        ),
        pytest.param(
            says,
            None,
            "Returns:\n    A tuple:\n    - `x`: Integer, how many.\n    - `y` (bool): Whether.",
            ("tuple", (Output("x", "int"), Output("y", "bool"))),
            id="a tuple told in a list",
        ),
        pytest.param(says, None, GOOGLE, ("tensor", ()), id="documented"),
        pytest.param(says, None, REST, ("list", ()), id="documented in fields"),
        pytest.param(says, None, "Returns:\n    None.", ("none", ()), id="documented as nothing"),
        pytest.param(shows, None, "", ("none", ()), id="no return, but for that of an inner function"),
        pytest.param(says, type(None), "", ("none", ()), id="annotated as nothing"),
        pytest.param(is_even, None, "", ("bool", ()), id="a predicate"),
        pytest.param(says, None, "Returns the number of rows.", ("int", ()), id="told in the summary"),
        pytest.param(says, None, "Loads the image of a cat.", ("array", ()), id="told by a verb"),
        pytest.param(yields, None, "", ("any", ()), id="a generator"),
        pytest.param(refuses, None, "", ("any", ()), id="left to others"),
        pytest.param(len, None, "", ("any", ()), id="without a source"),
    ],
)  # fmt: skip
def test_a_result_has_a_type(
    value: Any, hint: Any, doc: str, expected: tuple[str, tuple[Output, ...]]
) -> None:
    assert result(value, hint, textwrap.dedent(doc)) == expected


def made(package: str, otype: str, kind: Any = "function") -> NodeDescriptor:
    return NodeDescriptor(name="f", package=package, kind=kind, otype=otype)


def test_a_function_of_which_nothing_is_said_gives_what_most_of_its_module_give() -> None:
    nodes = (
        *(made(f"p.math.{name}", "array") for name in "abc"),
        made("p.math.d", "any"),
        made("p.math.E", "any", "class"),
        *(made(f"p.few.{name}", "array") for name in "ab"),
        made("p.few.c", "any"),
        *(made(f"p.mixed.{name}", "array") for name in "abc"),
        *(made(f"p.mixed.{name}", "int") for name in "def"),
        made("p.mixed.g", "any"),
    )
    found = {node.package: node.otype for node in agreed(nodes)}
    assert {name: found[name] for name in ("p.math.d", "p.math.E", "p.few.c", "p.mixed.g")} == {
        "p.math.d": "array",
        "p.math.E": "any",
        "p.few.c": "any",
        "p.mixed.g": "any",
    }


INTERVALS = [
    (Interval(Integral, 1, None, closed="left"), Range(1)),
    (Interval(Integral, 1, 5, closed="both"), Range(1, 5)),
    (Interval(Integral, 1, 5, closed="left"), Range(1, 4)),
    (Interval(Integral, 1, 5, closed="right"), Range(2, 5)),
    (Interval(Integral, 1, 5, closed="neither"), Range(2, 4)),
    (Interval(Real, 0, 1, closed="both"), Range(0, 1)),
    (Interval(Real, 0, 1, closed="neither"), Range(0, 1, True)),
    (Interval(Real, 0, None, closed="neither"), Range(0, None, True)),
    (Interval(Real, 0, None, closed="left"), Range(0)),
    (Interval(Real, None, 0, closed="neither"), Range(None, 0, True)),
    (Interval(Real, 0, math.inf, closed="neither"), Range(0, None, True)),
    (Interval(Real, None, None, closed="neither"), None),
]


@pytest.mark.parametrize(("interval", "bounds"), INTERVALS, ids=[str(one) for one, _ in INTERVALS])
def test_an_interval_is_a_range(interval: Interval, bounds: Range | None) -> None:
    itype = "int" if interval.type is Integral else "float"
    assert from_constraints([interval]) == Guess((itype,), 0.98, range=bounds)


@pytest.mark.parametrize("interval", [one for one, _ in INTERVALS], ids=str)
def test_a_range_holds_no_number_that_its_interval_does_not(interval: Interval) -> None:
    bounds = from_constraints([interval]).range or Range()
    low, high, inside = (
        bounds.low,
        bounds.high,
        (lambda a, b: a < b) if bounds.exclusive else (lambda a, b: a <= b),
    )
    numbers = range(-2, 8) if interval.type is Integral else [-2.5, 0.0, 0.5, 1.0, 7.5]
    kept = [n for n in numbers if (low is None or inside(low, n)) and (high is None or inside(n, high))]
    assert kept == [n for n in numbers if n in interval]


@pytest.mark.parametrize(
    ("interval", "bounds"),
    [
        (Interval(Real, 0, 1, closed="left"), Range(0, 1)),
        (Interval(Real, 0, 1, closed="right"), Range(0, 1)),
    ],
    ids=["left", "right"],
)
def test_an_interval_open_at_one_end_alone_keeps_both(interval: Interval, bounds: Range) -> None:
    assert from_constraints([interval]) == Guess(("float",), 0.98, range=bounds)


CHECKED = [
    pytest.param(["boolean"], Guess(("bool",), 0.98), id="boolean"),
    pytest.param(["array-like", None], Guess(("array",), 0.98, nullable=True, widget="port"), id="array"),
    pytest.param(["array-like", "sparse matrix"], Guess(("array",), 0.98, widget="port"), id="sparse"),
    pytest.param(["random_state"], Guess(("int",), 0.98, nullable=True), id="random state"),
    pytest.param(["verbose"], Guess(("int", "bool"), 0.98), id="verbose"),
    pytest.param(["cv_object"], Guess(("int", "splitter"), 0.98, nullable=True), id="splitter"),
    pytest.param([callable], Guess(("callable",), 0.98, widget="port"), id="callable"),
    pytest.param([str, dict, None], Guess(("string", "dict"), 0.98, nullable=True), id="types"),
    pytest.param([np.ndarray], Guess(("array",), 0.98, widget="port"), id="arrays"),
    pytest.param([SVC], Guess(("SVC",), 0.98, widget="port"), id="a class"),
    pytest.param([StrOptions({"b", "a"})], Guess(("string",), 0.98, ("a", "b")), id="words"),
    pytest.param(
        [StrOptions({"a", "b", "old"}, deprecated={"old"}), callable],
        Guess(("string", "callable"), 0.98, ("a", "b")),
        id="words, one of them deprecated",
    ),
    pytest.param([Options(Integral, {0, 1})], Guess(("int",), 0.98), id="numbers to choose from"),
    pytest.param([HasMethods(["fit", "predict"])], Guess(("estimator",), 0.98, widget="port"), id="learns"),
    pytest.param([HasMethods("split")], Guess(("object",), 0.98, widget="port"), id="splits"),
    pytest.param([str, Hidden(Options(Integral, {0}))], Guess(("string",), 0.98), id="hidden"),
    pytest.param([MissingValues()], Guess(("float", "string", "int"), 0.98, nullable=True), id="missing"),
    pytest.param(
        [Interval(Integral, 1, None, closed="left"), Interval(Real, 0, 1, closed="neither")],
        Guess(("int", "float"), 0.98, ranges={"int": Range(1), "float": Range(0, 1, True)}),
        id="a range for each type",
    ),
    pytest.param(
        [Interval(Integral, 0, None, closed="left"), Interval(Real, 0, None, closed="left")],
        Guess(("int", "float"), 0.98, range=Range(0)),
        id="one range for both types",
    ),
    pytest.param(
        [Interval(Integral, 1, None, closed="left"), float],
        Guess(("int", "float"), 0.98, ranges={"int": Range(1)}),
        id="a range for one type of two",
    ),
    pytest.param(["no_validation"], NOTHING, id="not checked"),
    pytest.param("no_validation", NOTHING, id="not checked at all"),
    pytest.param(None, NOTHING, id="not said"),
]


@pytest.mark.parametrize(("alternatives", "expected"), CHECKED)
def test_what_a_package_checks_is_read(alternatives: Any, expected: Guess) -> None:
    assert from_constraints(alternatives) == expected


def test_only_a_mapping_holds_constraints() -> None:
    class Odd:
        _parameter_constraints = "all"

    assert constraints(RandomForestClassifier)["bootstrap"] == ["boolean"]
    assert (constraints(Odd), constraints(len)) == ({}, {})


def with_doc(doc: str) -> Callable[..., Any]:
    def f() -> None: ...

    f.__doc__ = doc
    return f


@pytest.mark.parametrize(
    ("doc", "expected"),
    [
        ("f(x, y=2)\n\nDoes.", "(x, y=2)"),
        ("f(x, /, y, *, out=None)", "(x, /, y, *, out=None)"),
        ("f(x, *args, key=1) -> int\n\nDoes.", "(x, *args, key=1)"),
        ("pkg.f(x, mode='a')", "(x, mode='a')"),
        ("f(x, y=some_name)", "(x, y=None)"),
        ("f(x, y=1, ...)", "(x, y=1)"),
        ("f([start,] stop[, step,], dtype=None)", None),
        ("f(stop[, start[, step]])", "(stop, start=None, step=None)"),
        ("f(a[, b=1])", "(a, b=1)"),
        ("f()", "()"),
        ("g(x)", None),
        ("f is a function", None),
        ("f((((", None),
        ("", None),
    ],
)
def test_a_signature_is_read_out_of_documentation(doc: str, expected: str | None) -> None:
    found = documented(with_doc(doc))
    assert expected is None or str(found) == expected


@pytest.mark.parametrize(
    ("value", "names"),
    [
        (np.arange, ["start", "stop", "step", "dtype"]),
        (np.concatenate, ["arrays", "axis", "out", "dtype", "casting"]),
        (np.add, ["x1", "x2", "out", "where"]),
    ],
    ids=["arange", "concatenate", "add"],
)
def test_a_builtin_of_numpy_says_what_it_takes(value: Any, names: list[str]) -> None:
    found = documented(value)
    assert found is None or [name for name in names if name in found.parameters] == names


REGISTRIES = {"optimizer": ("adam", "sgd")}


def decided(
    code: str, text: str = "", slot: str = "", hint: Any = Parameter.empty, checked: Any = None
) -> Argument:
    """The argument of a signature written as ``"x=1"``."""
    (parameter,) = signature(eval(f"lambda {code}: None")).parameters.values()
    return argument(parameter, hint, Described(slot, text), REGISTRIES, checked)


ORDER = [
    ("constraint", "float", {"checked": [Interval(Real, 0, None, closed="left")]}),
    ("annotation", "bool", {"hint": bool}),
    ("slot", "string", {"slot": "str"}),
    ("name", "int", {"code": "seed=None"}),
    ("prose", "list", {"text": "List, whether it is."}),
]


@pytest.mark.parametrize("first", range(len(ORDER)), ids=[evidence for evidence, _, _ in ORDER])
def test_the_weightiest_evidence_decides(first: int) -> None:
    given: dict[str, Any] = {"code": "q=None"}
    for _, _, one in ORDER[first:]:
        given |= one
    evidence, itype, _ = ORDER[first]
    found = decided(**given)
    assert (found.evidence, found.itype) == (evidence, itype)


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        pytest.param(
            decided("q='deprecated'", slot="int, deprecated"),
            Argument(arg="q", itype="int", default="deprecated", evidence="slot", confidence=0.9),
            id="deprecated is no value of its own",
        ),
        pytest.param(
            decided("q='warn'", slot="{'a', 'b'}"),
            Argument(
                arg="q", itype="string", default="warn", choices=("a", "b"), evidence="slot", confidence=0.9
            ),
            id="neither is warn",
        ),
        pytest.param(
            decided("q='warn'"),
            Argument(arg="q", default="warn", confidence=0.0),
            id="it says nothing of the type",
        ),
        pytest.param(
            decided("q=1", hint=Any),
            Argument(arg="q", itype="int", default=1, evidence="default", confidence=0.7),
            id="an annotation that allows anything says nothing",
        ),
        pytest.param(
            decided("q", hint=Any),
            Argument(arg="q", itype="any", required=True, evidence="any annotation", confidence=0.95),
            id="but for want of anything else",
        ),
        pytest.param(
            decided("q='auto'", slot="float"),
            Argument(
                arg="q", itype="float", itypes=("float", "string"), default="auto", choices=("auto",),
                evidence="slot", confidence=0.9,
            ),
            id="the default is one of the types",
        ),
        pytest.param(
            decided("optimizer='adam'", text="The optimizer."),
            Argument(
                arg="optimizer", itype="optimizer", default="adam", choices=("adam", "sgd"),
                widget="registry", help="The optimizer.", evidence="name", confidence=0.9,
            ),
            id="a registry offers its names",
        ),
        pytest.param(
            decided("optimizer", text="An Optimizer instance."),
            Argument(
                arg="optimizer", itype="optimizer", required=True, widget="registry",
                help="An Optimizer instance.", evidence="name", confidence=0.9,
            ),
            id="a registry that takes objects alone offers none",
        ),
        pytest.param(
            decided(
                "k=1",
                checked=[Interval(Integral, 1, None, closed="left"), Interval(Real, 0, 1, closed="neither")],
            ),
            Argument(
                arg="k", itype="int", itypes=("int", "float"), default=1,
                ranges={"int": Range(1), "float": Range(0, 1, True)}, evidence="constraint", confidence=0.98,
            ),
            id="a range for each type",
        ),
        pytest.param(
            decided("k=0", text="Or None.", checked=[Integral]),
            Argument(
                arg="k", itype="int", default=0, help="Or None.", evidence="constraint", confidence=0.98
            ),
            id="what is checked is all there is",
        ),
        pytest.param(
            decided("*arrays", slot="array_like"),
            Argument(
                arg="arrays", itype="array", passing="variadic", conns=None, widget="port", evidence="slot",
                confidence=0.9,
            ),
            id="any number of them",
        ),
        pytest.param(
            decided("k, /", slot="int"),
            Argument(
                arg="k", itype="int", required=True, passing="positional", evidence="slot", confidence=0.9
            ),
            id="by place",
        ),
    ],
)  # fmt: skip
def test_an_argument_is_put_together(found: Argument, expected: Argument) -> None:
    assert found == expected


def test_a_default_that_a_document_cannot_hold_is_left_out() -> None:
    assert decided("k=object()", slot="int").default is UNSET


READERS: dict[str, Callable[[str], Any]] = {
    "described": lambda text: described(text, ("x", "a", "word")),
    "returned": returned,
    "without arguments": without_arguments,
    "documentation": docs.documentation,
    "brief": docs.brief,
    "slot": from_slot,
    "noun": read_noun,
    "prose": prose.read,
    "weak prose": prose.read_weakly,
    "choices": choices_in,
    "documented": lambda text: documented(with_doc(text)),
    "result": lambda text: result(says, None, text),
    "generic name": from_generic_name,
}
WORDS = (
    "Args:\n", "Returns:\n", "Parameters\n-----\n", "Returns\n---\n", ":param x: ", "x : ", "    ", "\n",
    "int ", "or ", "{'a', ", "}", "(", ")", "[", "]", "`", "'", '"', "*", "optional ", "default=", "None",
    ". ", "f(", "tuple of ", "of shape ", "between 0 and 1", "One of ", "- ", "\\", "|", "/", "\x00", "é",
)  # fmt: skip
ANY = st.one_of(st.text(max_size=60), st.lists(st.sampled_from(WORDS), max_size=25).map("".join))


@pytest.mark.parametrize("read", READERS.values(), ids=READERS)
@given(text=ANY)
def test_no_text_makes_a_reader_fail(read: Callable[[str], Any], text: str) -> None:
    read(text)


LONG, PATIENCE = 20_000, 5.0  # characters, seconds of this process alone
REPEATED = (
    "(", "[", "{", "{'a',", "or ", " ", "\n", "\t", "a", "a,", "(a,", "1,", "list[", "[x", "[a](",
    "optional ", "an ", "either ", "int or ", "list/", "tuple of ", "of shape (", "default ", "`a`", "**",
    "* a", '"a" ', "word ", "x: y\n", "a : b\n", ":param x: ", "Args:\n", "Returns:\n", "x\n---\n",
    "-\n", ". ", "a.", "/", "|", "f(x, ", "int", "str", "float", "tuple",
)  # fmt: skip


@pytest.mark.parametrize("read", READERS.values(), ids=READERS)
def test_long_text_is_read_in_the_time_of_its_length(read: Callable[[str], Any]) -> None:
    for opening in ("", "(", "f(", "Returns\n-----\n"):
        for repeated in REPEATED:
            text = (opening + repeated * LONG)[:LONG] + "!"
            start = time.process_time()
            read(text)
            assert time.process_time() - start < PATIENCE, (opening, repeated)
