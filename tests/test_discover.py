"""From a package to descriptors: small packages, written for the test and scanned in place."""

import math
import sys
import textwrap
from inspect import Parameter, signature
from pathlib import Path

import pytest
from msgspec import UNSET

from flowcore.model.descriptor import Argument, Call, Catalog, Output, Range, Registry, Source
from flowcore.worker.discover import describe
from flowcore.worker.discover.annotations import from_annotation
from flowcore.worker.discover.docs import brief, documentation
from flowcore.worker.discover.evidence import argument
from flowcore.worker.discover.literal import written
from flowcore.worker.discover.names import from_name
from flowcore.worker.discover.prose import read
from flowcore.worker.discover.sections import Described, described
from flowcore.worker.discover.signatures import parameters
from flowcore.worker.discover.walk import walk

TOY = """
    class Base:
        '''Anything that computes.

        Args:
            name: String name of the layer.
        '''
        def __init__(self, *, trainable=True, name=None, **kwargs): ...
        def call(self, *args): raise NotImplementedError

    class Sized(Base):
        def __init__(self, size, rank, mode="max", **kwargs):
            super().__init__(**kwargs)

    class Dense(Base):
        '''A layer.

        Args:
            units: Positive integer, how many.
            activation: Activation to use.
        '''
        def __init__(self, units, activation=None, use_bias=True, **kwargs):
            super().__init__(**kwargs)
        def call(self, inputs, mask=None, training=False): ...

    class Pool(Sized):
        def __init__(self, size=2, name=None, **kwargs):
            super().__init__(size, 2, mode="avg", name=name, **kwargs)
        def call(self, inputs): ...

    class Merge(Base):
        def call(self, inputs): ...

    class Closed(Base):
        def __init__(self, rate):
            super().__init__(name="closed")
        def call(self, inputs): ...

    def relu(x):
        '''Cuts off what is negative.'''

    REGISTRY = {"relu": relu, "rectified": relu, "ReLU": relu}
"""
TOY_SOURCE = Source(
    families={"toy.layers.Base": "layer"},
    functions={"toy.activations": "activation"},
    registries={"activation": Registry(path="toy.layers.REGISTRY")},
    merging=("toy.layers.Merge",),
    methods=("toy.layers.Dense.call",),
)


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Writes a package: module -> source; its modules are forgotten afterwards."""
    monkeypatch.syspath_prepend(str(tmp_path))
    names = []

    def write(name: str, **modules: str) -> str:
        names.append(name)
        for module, text in modules.items():
            path = tmp_path.joinpath(name, *module.split("__")).with_suffix(".py")
            path = path.parent / "__init__.py" if module == "init" else path
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(textwrap.dedent(text))
        return name

    yield write
    for module in [m for m in sys.modules if m.partition(".")[0] in names]:
        del sys.modules[module]


@pytest.fixture
def toy(package) -> Catalog:
    package("toy", init="__version__ = '3.1'", layers=TOY, activations="from toy.layers import relu")
    return describe("toy", TOY_SOURCE)


def paths(name: str, *exclude: str) -> dict[str, tuple[str, ...]]:
    return {found.path: found.aliases for found in walk(name, exclude)}


def test_a_callable_has_the_path_with_fewest_dots_and_keeps_the_others(package) -> None:
    package("aliased", init="from aliased.deep import make", deep="def make(): ...\nproduce = make")
    assert paths("aliased") == {"aliased.make": ("aliased.deep.make", "aliased.deep.produce")}


def test_of_paths_of_one_length_the_objects_own_name_wins_then_its_own_module(package) -> None:
    package("even", init="", b="def f(): ...\na_f = f", a="from even.b import f")
    assert paths("even") == {"even.b.f": ("even.a.f", "even.b.a_f")}


def test_modules_that_import_each_other_are_visited_once_under_their_own_name(package) -> None:
    package("ring", init="import ring.one", one="import ring.two\ndef f(): ...", two="import ring.one")
    assert paths("ring") == {"ring.one.f": ()}


def test_all_decides_what_is_public(package) -> None:
    package("strict", init="__all__ = ['f', '_g']\ndef f(): ...\ndef _g(): ...\ndef h(): ...")
    assert list(paths("strict")) == ["strict._g", "strict.f"]


def test_private_foreign_and_result_types_are_left_out(package) -> None:
    package(
        "tidy",
        init="""
            from collections import OrderedDict
            from enum import Enum
            from math import sqrt
            from typing import NamedTuple
            class Pair(NamedTuple):
                x: int
            class Wrong(Exception): ...
            class Colour(Enum):
                RED = 1
            def _private(): ...
            def f(): ...
        """,
        _hidden="def g(): ...",
    )
    assert list(paths("tidy")) == ["tidy.f"]


def test_a_module_that_cannot_be_imported_does_not_end_the_walk(package) -> None:
    package("partly", init="", broken="import not_installed_anywhere", fine="def f(): ...")
    assert list(paths("partly")) == ["partly.fine.f"]


def test_lazy_attributes_and_their_warnings_are_swallowed(package, recwarn) -> None:
    package(
        "lazy",
        init="""
            import warnings
            __all__ = ["f", "gone"]
            def __getattr__(name):
                warnings.warn("deprecated", DeprecationWarning)
                if name == "gone":
                    raise RuntimeError(name)
                raise AttributeError(name)
            def f(): ...
        """,
    )
    assert list(paths("lazy")) == ["lazy.f"]
    assert not recwarn.list


def test_patterns_leave_modules_and_callables_out(package) -> None:
    package("picked", init="", old="def f(): ...", new="def f(): ...\ndef get(): ...")
    assert list(paths("picked", "picked.old", "*.get")) == ["picked.new.f"]


def test_a_source_chooses_modules_and_single_callables(package) -> None:
    package("chosen", init="def f(): ...\ndef g(): ...", part="def h(): ...", rest="def i(): ...")
    found = describe("chosen", Source(include=("chosen.f", "chosen.part")))
    assert list(found.by_type) == ["chosen.f", "chosen.part.h"]


def test_a_package_that_does_not_exist_is_named_in_the_error() -> None:
    with pytest.raises(LookupError, match="no_such_package_here"):
        describe("no_such_package_here")


def test_a_class_that_needs_a_missing_module_is_there_but_not_available(package) -> None:
    package("needy", init="class A:\n    def __init__(self):\n        import not_installed_anywhere")
    assert [node.available for node in describe("needy").nodes] == [False]


def test_a_named_tuple_gives_the_outputs(package) -> None:
    package(
        "tupled",
        init="""
            from typing import Any, NamedTuple
            import numpy as np
            class Parts(NamedTuple):
                left: np.ndarray
                count: int
                rest: Any
            def cut(x: np.ndarray) -> Parts: ...
        """,
    )
    (node,) = describe("tupled").nodes
    assert node.outputs == (Output("left", "array"), Output("count", "int"), Output("rest"))
    assert (node.otype, node.args[0].widget) == ("tuple", "port")


def test_a_function_is_called_and_a_member_of_a_family_is_passed_on(toy: Catalog) -> None:
    relu = toy.by_type["toy.layers.relu"]
    assert (relu.kind, relu.instance, relu.apply, relu.otype) == ("function", False, False, "activation")
    assert relu.aliases == ("toy.activations.relu",)


def test_a_layer_is_made_and_applied_and_its_bases_are_left_out(toy: Catalog) -> None:
    dense = toy.by_type["toy.layers.Dense"]
    assert dense.is_layer
    assert dense.otype == "tensor"
    assert [(one.arg, one.widget, one.itype, one.required) for one in dense.inputs] == [
        ("inputs", "port", "tensor", True),
        ("mask", "port", "tensor", False),
        ("training", "form", "bool", False),
    ]
    assert not {"toy.layers.Base", "toy.layers.Sized", "toy.layers.Merge"} & set(toy.by_type)


def test_keyword_arguments_are_followed_along_the_bases(toy: Catalog) -> None:
    dense = toy.by_type["toy.layers.Dense"]
    assert list(dense.arguments) == ["units", "activation", "use_bias", "trainable", "name"]
    assert dense.arguments["name"].help == "String name of the layer."
    assert dense.arguments["units"].range == Range(1)


def test_what_a_constructor_hands_on_itself_is_not_offered_again(toy: Catalog) -> None:
    assert list(toy.by_type["toy.layers.Pool"].arguments) == ["size", "name", "trainable"]
    assert list(toy.by_type["toy.layers.Closed"].arguments) == ["rate"]


def test_a_registry_offers_one_name_for_each_member(toy: Catalog) -> None:
    activation = toy.by_type["toy.layers.Dense"].arguments["activation"]
    assert (activation.itype, activation.widget, activation.choices, activation.nullable) == (
        "activation",
        "registry",
        ("relu",),
        True,
    )


def test_names_that_the_registry_refuses_are_not_offered(package) -> None:
    package(
        "refusing",
        init="""
            def good(): ...
            def bad(): ...
            def use(activation): ...
            NAMES = {"good": good, "bad": bad}
            def get(name): return {"good": good}[name]
        """,
    )
    registry = Registry(path="refusing.NAMES", get="refusing.get")
    found = describe("refusing", Source(registries={"activation": registry}))
    assert found.by_type["refusing.use"].arguments["activation"].choices == ("good",)


def test_layers_that_merge_take_any_number_of_links(package) -> None:
    package("toy", init="", layers=TOY + "\n    class Add(Merge):\n        def call(self, inputs): ...")
    source = Source(families=TOY_SOURCE.families, merging=TOY_SOURCE.merging)
    (port,) = describe("toy", source).by_type["toy.layers.Add"].inputs
    assert (port.itype, port.conns) == ("tensors", None)


def test_a_method_begins_with_its_object(toy: Catalog) -> None:
    method = toy.by_type["toy.layers.Dense.call"]
    assert method.kind == "method"
    assert method.args[0] == Argument(
        arg="self", itype="layer", required=True, widget="port", evidence="hierarchy"
    )


LEARNING = """
    class Base:
        pass

    class Learner(Base):
        '''Learns.'''
        def __init__(self, rate=0.1, memory=None, log_dir=None): ...
        def fit(self, X, y=None):
            '''Learns from X.'''
            return self
        def predict(self, X):
            '''Says what X is.

            Returns
            -------
            labels : ndarray
            '''
            return X
        @classmethod
        def make(cls):
            '''Makes one.'''
        @staticmethod
        def helped(x):
            '''Helps.'''
        def undocumented(self): ...
        def _private(self):
            '''Hidden.'''
        label = "x"

    class Still(Base):
        def predict(self, X):
            '''Says nothing.'''

    def use(memory, rate=1): ...

    def gather(first, /, *rest, scale=1):
        '''Puts arrays together.

        Args:
            first: Array to begin with.
            *rest: Arrays to follow.
        '''

    def unsaid(*rest): ...
"""


@pytest.fixture
def learning(package) -> str:
    return package("learning", init=LEARNING)


def test_a_star_stands_for_the_public_documented_methods_of_a_class(learning: str) -> None:
    found = describe(learning, Source(methods=("learning.Learner.*",)))
    methods = [node.package for node in found.nodes if node.kind == "method"]
    assert methods == ["learning.Learner.fit", "learning.Learner.helped", "learning.Learner.predict"]


def test_a_family_says_how_the_methods_of_its_classes_are_called(learning: str) -> None:
    fit = Call(returns="self", copy=True, mutates=True, outputs={"estimator": "estimator"})
    source = Source(
        families={"learning.Base": "estimator"},
        calls={"estimator": {"fit": fit, "predict": Call(), "score": Call()}},
    )
    found = {node.package: node for node in describe(learning, source).nodes if node.kind == "method"}
    assert list(found) == ["learning.Learner.fit", "learning.Learner.predict", "learning.Still.predict"]
    learns, says = found["learning.Learner.fit"], found["learning.Learner.predict"]
    assert (learns.returns, learns.copy, learns.mutates) == ("self", True, True)
    assert learns.outputs == (Output("estimator", "estimator"),)
    assert (says.returns, says.copy, says.mutates, says.outputs) == ("value", False, False, ())
    assert [(one.arg, one.itype, one.widget) for one in learns.args] == [
        ("self", "estimator", "port"),
        ("X", "array", "port"),
        ("y", "array", "port"),
    ]


def test_arguments_that_no_node_gets_are_left_out_unless_they_are_required(learning: str) -> None:
    found = describe(learning, Source(leave_out=("memory", "log_*")))
    assert list(found.by_type["learning.Learner"].arguments) == ["rate"]
    assert list(found.by_type["learning.use"].arguments) == ["memory", "rate"]


def test_the_base_of_a_family_is_a_node_if_it_is_kept(learning: str) -> None:
    source = Source(families={"learning.Base": "estimator"})
    assert "learning.Base" not in describe(learning, source).by_type
    kept = describe(learning, Source(families=source.families, keep=("learning.Base",)))
    assert kept.by_type["learning.Base"].otype == "estimator"


def test_values_by_place_and_any_number_of_them_are_told_apart(learning: str) -> None:
    found = describe(learning, Source())
    assert [
        (one.arg, one.passing, one.required, one.conns) for one in found.by_type["learning.gather"].args
    ] == [
        ("first", "positional", True, 1),
        ("rest", "variadic", False, None),
        ("scale", "keyword", False, 1),
    ]
    assert found.by_type["learning.unsaid"].args == ()


def test_a_scan_says_where_it_comes_from_and_repeats_itself(toy: Catalog) -> None:
    assert toy.versions == {"toy": "3.1"}
    assert [node.package for node in toy.nodes] == sorted(toy.by_type)
    assert describe("toy", TOY_SOURCE) == toy
    assert all(len(node.signature) == 12 for node in toy.nodes)


def test_a_hidden_constructor_signature_is_read_behind_new() -> None:
    class Hidden:
        def __new__(cls, *args: object, **kwargs: object) -> "Hidden":
            return super().__new__(cls)

        def __init__(self, layers: list[int] | None = None) -> None: ...

    assert [one.parameter.name for one in parameters(Hidden)] == ["layers"]


@pytest.mark.parametrize(
    ("annotation", "types", "more"),
    [
        ("int", ("int",), {}),
        ("bool", ("bool",), {}),
        ("str | None", ("string",), {"nullable": True}),
        ("Optional[float]", ("float",), {"nullable": True}),
        ("Literal['a', 'b']", ("string",), {"choices": ("a", "b")}),
        ("Literal['a', None]", ("string",), {"choices": ("a",), "nullable": True}),
        ("tuple[int, ...]", ("ints",), {}),
        ("int | tuple[int, int]", ("ints",), {}),
        ("tuple[float, str]", ("tuple",), {}),
        ("list[str]", ("list",), {}),
        ("dict[str, int]", ("dict",), {}),
        ("Sequence[int]", ("list",), {}),
        ("np.ndarray", ("array",), {"widget": "port"}),
        ("npt.NDArray[np.float32]", ("array",), {"widget": "port"}),
        ("Annotated[int, 'how many']", ("int",), {}),
        ("Any", ("any",), {}),
        ("Callable[[int], int]", ("callable",), {}),
        ("npt.ArrayLike", ("array",), {"widget": "port"}),
        ("TypeVar('T', int, str)", ("int", "string"), {}),
        ("'Optional[int]'", ("int",), {"nullable": True}),
        ("'NotThere | None'", ("NotThere",), {"nullable": True, "widget": "port"}),
    ],
)
def test_an_annotation_says_its_type(annotation: str, types: tuple[str, ...], more: dict) -> None:
    names = {}
    exec(
        "from typing import *\nfrom collections.abc import Sequence, Callable\n"
        "import numpy as np\nimport numpy.typing as npt",
        names,
    )
    guess = from_annotation(eval(annotation, names))
    assert guess.types == types
    assert {key: getattr(guess, key) for key in more} == more


@pytest.mark.parametrize(
    ("text", "types", "more"),
    [
        ("Positive integer, dimensionality of the output space.", ("int",), {"range": Range(1)}),
        ("Integer.", ("int",), {"range": None}),
        ("Int or None, defaults to None.", ("int",), {"nullable": True}),
        ("Optional integer to use as seed.", ("int",), {"nullable": True}),
        ("A non-negative integer.", ("int",), {"range": Range(0)}),
        ("Float between 0 and 1. Fraction of the units.", ("float",), {"range": Range(0, 1)}),
        ("A Python float. Minimum value.", ("float",), {}),
        ("Float. If set, the gradient is clipped.", ("float",), {}),
        ("Boolean, whether to use a bias.", ("bool",), {}),
        ("bool, if True, bias is added.", ("bool",), {}),
        ("String, path to save to.", ("string",), {}),
        (
            'string, either `"valid"` or `"same"` (case-insensitive).',
            ("string",),
            {"choices": ("valid", "same")},
        ),
        ("One of {'auto', 'min', 'max'}. In `min` mode, …", ("string",), {"choices": ("auto", "min", "max")}),
        ('One of `"sum"` (default), `"mul"`, `None`.', ("string",), {"choices": ("sum", "mul")}),
        ('`"up"` or `"down"`. In `"up"` mode, …', ("string",), {"choices": ("up", "down")}),
        ('Only valid when `mode` is `"a"` or `"b"`.', (), {"choices": ()}),
        ("int or tuple of 2 integers, the strides.", ("ints",), {}),
        ("int or tuple/list of 1 integer, specifying the size.", ("ints",), {}),
        ("Integer or list/tuple. The axis or axes.", ("ints",), {}),
        ("Tuple of integers, the permutation.", ("ints",), {}),
        ("Shape tuple (tuple of integers), without the batch axis.", ("shape",), {}),
        ("A tuple of two floats or a single float, the factor.", ("float", "tuple"), {}),
        ("Optional list or dictionary of coefficients.", ("list", "dict"), {"nullable": True}),
        ("Dictionary mapping axes.", ("dict",), {}),
        ("NumPy array of weights.", ("array",), {"widget": "port"}),
        ("(Optional) Defaults to `0.5`. A float value, or a list.", ("float", "list"), {}),
        ("Number of attention heads.", (), {}),
        ("The function to call.", (), {}),
        ("", (), {}),
    ],
)
def test_a_description_states_its_type(text: str, types: tuple[str, ...], more: dict) -> None:
    guess = read(text)
    assert guess.types == types
    assert {key: getattr(guess, key) for key in more} == more


REGISTRIES = {"initializer": ("zeros",), "metric": ("auc",), "schedule": (), "layer": (), "loss": ("mse",)}


@pytest.mark.parametrize(
    ("name", "default", "types"),
    [
        ("kernel_initializer", "zeros", ("initializer",)),
        ("weighted_metrics", None, ("list[metric]",)),
        ("cell", None, ("layer",)),
        ("auto_scale_loss", True, ()),
        ("learning_rate", 0.1, ("float", "schedule")),
        ("padding", "valid", ("string",)),
        ("padding", (1, 1), ()),
        ("batch_shape", None, ("shape",)),
        ("strides", 1, ("ints",)),
        ("activation", None, ()),
        ("anything", None, ()),
    ],
)
def test_a_name_says_its_type_where_the_package_has_the_family(
    name: str, default: object, types: tuple[str, ...]
) -> None:
    assert from_name(name, default, REGISTRIES).types == types


def decided(code: str, text: str = "", **hints: object) -> Argument:
    """The argument of a signature written as ``"x=1"``."""
    function = eval(f"lambda {code}: None")
    (parameter,) = signature(function).parameters.values()
    return argument(parameter, hints.get(parameter.name, Parameter.empty), Described(text=text), {})


@pytest.mark.parametrize(
    ("found", "itype", "evidence"),
    [
        (decided("x1", "Integer.", x1=float), "float", "annotation"),
        (decided("seed=None", "A name."), "int", "name"),
        (decided("k=None", "Integer."), "int", "prose"),
        (decided("k=2.5"), "float", "default"),
        (decided("k=2.5", "Integer."), "float", "prose"),
        (decided("k=1", "A float, the slope."), "float", "prose"),
        (decided("k=True", "One of `True` or a string."), "bool", "noun"),
        (decided("k='auto'", "Whether to compile."), "string", "noun"),
        (decided("k", "Size of each head."), "int", "noun"),
        (decided("q", "With a factor."), "float", "weak prose"),
        (decided("out_path"), "string", "weak name"),
        (decided("q", "What the caller wants."), "nosupport", ""),
        (decided("q=None"), "nosupport", ""),
    ],
    ids=lambda value: value.arg if isinstance(value, Argument) else value,
)
def test_the_first_evidence_that_answers_decides(found: Argument, itype: str, evidence: str) -> None:
    assert (found.itype, found.evidence) == (itype, evidence)


def test_a_switch_that_also_takes_a_word_offers_all_three() -> None:
    assert decided("k='auto'", "Whether to compile.").choices == ("auto", True, False)


def test_a_default_below_the_stated_range_widens_it() -> None:
    assert decided("num_steps=0").range == Range(0)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (None, None),
        (True, True),
        ((1, 2), {"$tuple": [1, 2]}),
        ([(1,)], [{"$tuple": [1]}]),
        (math.inf, {"$float": "inf"}),
        (-math.inf, {"$float": "-inf"}),
        (math.nan, {"$float": "nan"}),
        ({"a": 1}, {"a": 1}),
        ({1: "a"}, {"$dict": [[1, "a"]]}),
        (object(), UNSET),
        ((object(),), UNSET),
        (int, UNSET),
    ],
)
def test_a_default_is_written_as_a_document_has_it(value: object, expected: object) -> None:
    assert written(value) == expected


def test_entries_are_found_however_they_are_indented() -> None:
    doc = textwrap.dedent("""\
        Summary.

        Args:
            one: First.
                Goes on.

                - `two`: not an entry? it is deeper.
          three: Badly indented.
            `four` (int): In marks.

        Returns:
            one: not this.
    """)
    said = described(doc, ("one", "three", "four"))
    assert said["one"].text.startswith("First.\nGoes on.")
    assert said["three"] == Described("", "Badly indented.", "three")
    assert said["four"] == Described("int", "In marks.", "four")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Integer. The size of `x`, see [this](http://a.b/c).", "Integer. The size of x, see this."),
        ("Ground truth of shape `[d0, .. dN]`.", "Ground truth of shape [d0, .. dN]."),
        ("It can be:\n- a\n- b", "It can be."),
        ("For instance, e.g. this. " + "x" * 200, "For instance, e.g. this."),
        ("word " * 60, ("word " * 39).strip() + "…"),
        ("", ""),
    ],
)
def test_help_is_short_and_plain(text: str, expected: str) -> None:
    assert brief(text) == expected


def test_documentation_is_the_summary_then_the_rest_without_arguments() -> None:
    doc = "Adds\nthings.\n\nMore.\n\nArgs:\n    x: This.\n\nReturns:\n    That."
    assert documentation(doc) == "Adds things.\n\nMore.\n\nReturns:\n    That."
    assert len(documentation("Adds.\n\n" + "a line\n" * 1000)) < 1600
