"""The whole shipped catalogue against the policy, with a detector that knows nothing of its patterns."""

import inspect
import re
from fnmatch import fnmatchcase
from typing import Final

import pytest

from flowcore.model.descriptor import Argument, Catalog, NodeDescriptor
from flowcore.store import descriptors
from flowcore.store.descriptors import DESCRIPTORS
from flowcore.store.policy import why
from flowcore.worker.locate import locate

CODE: Final = re.compile(
    r"eval|exec|query|\w*pickle\w*|\w*deserialize\w*|load_model|model_from_json|joblib|"
    r"Lambda(?:Callback)?|TFSMLayer|TorchModuleWrapper|JaxLayer|FlaxLayer|custom_gradient|jitclass|remat|"
    r"import_\w+|__import__|subprocess|system|popen|spawn\w*|\w*plugin\w*"
)
BY_NAME: Final = re.compile(r"apply|agg|aggregate|transform|pipe|map|combine")  # methods named by text
NETWORK: Final = re.compile(r"fetch|download|request|requests|http|https|url|urlopen|socket|get_file|gbq|sql")
PATH: Final = re.compile(
    r"path|url|uri|file|filename|filepath|fname|fp|buf|buffer|folder|dir|directory|memory|log|logs|logdir|"
    r"tensorboard|cache|home|host|address|socket|con|plugin"
)
NO_TEXT: Final = frozenset(
    ["bool", "int", "float", "ints", "shape", "array", "tensor", "tensors", "table", "layer"]
)
HARMLESS: Final = {
    ("numpy.frombuffer", "buffer"): "bytes, which no document can hold; text is refused",
    ("numpy.recarray", "buf"): "memory of another array; text is refused",
    ("pandas.json_normalize", "record_path"): "keys inside the data that the same call is given",
}  # fmt: skip


def words(name: str) -> set[str]:
    """The parts of ``some_name``, and the name itself."""
    return {name.lower(), *name.lower().split("_")}


def opens(argument: Argument) -> bool:
    """Whether an argument looks like a place in the world, and can be text."""
    closed = argument.choices and argument.itype == "string" and not argument.itypes
    text = not closed and not set(argument.types) <= NO_TEXT
    return text and any(PATH.fullmatch(word) for word in words(argument.arg))


def runs_code(node: NodeDescriptor) -> bool:
    by_name = node.package.startswith("pandas.") and BY_NAME.fullmatch(node.name)
    return bool(CODE.fullmatch(node.name) or by_name)


def test_what_runs_code_is_never_run(catalog: Catalog) -> None:
    found = [node for node in catalog.nodes if runs_code(node)]
    assert len(found) > 40
    assert [node.package for node in found if node.runs != "never"] == []


def test_what_takes_a_path_or_an_address_does_not_run_on_a_server(catalog: Catalog) -> None:
    found = {(node.package, one.arg): node.runs for node in catalog.nodes for one in node.args if opens(one)}
    assert len(found) > 60
    assert {name for name, runs in found.items() if runs == "always"} == set(HARMLESS)


def test_what_opens_an_address_does_not_run_on_a_server(catalog: Catalog) -> None:
    found = [node for node in catalog.nodes if any(NETWORK.fullmatch(word) for word in words(node.name))]
    assert len(found) > 8
    assert [node.package for node in found if node.runs == "always"] == []


def test_a_server_has_all_that_always_runs_and_nothing_else(catalog: Catalog) -> None:
    hosted = descriptors.load(hosted=True)
    assert hosted.nodes == tuple(node for node in catalog.nodes if node.runs == "always")
    assert hosted.versions == catalog.versions


def test_the_checker_makes_only_what_always_runs(catalog: Catalog) -> None:
    symbolic = [node for node in catalog.nodes if node.symbolic]
    assert len(symbolic) > 300
    assert {node.runs for node in symbolic} == {"always"}


@pytest.mark.parametrize("level", ["always", "local", "never", "symbolic"])
def test_no_pattern_is_dead_but_for_general_guards(level: str, catalog: Catalog) -> None:
    policy = descriptors.policy()
    patterns = (
        policy.symbolic if level == "symbolic" else [p for e in getattr(policy, level) for p in e.patterns]
    )
    types = [node.package for node in catalog.nodes]
    dead = [
        one for one in patterns if not one.startswith("*") and not any(fnmatchcase(t, one) for t in types)
    ]
    assert dead == []


def test_what_does_not_run_everywhere_says_why(catalog: Catalog) -> None:
    policy = descriptors.policy()
    forbidden = [node for node in catalog.nodes if node.runs == "never"]
    assert [node.package for node in forbidden if not why(node.package, policy)] == []


@pytest.mark.parametrize("package", ["sklearn", "foolbox"])
def test_an_argument_that_no_form_offers_is_out_of_reach_on_a_server(package: str, catalog: Catalog) -> None:
    """A dict of arguments reaches what a descriptor leaves out: GridSearchCV, FunctionTransformer."""
    hidden = set(descriptors.source(package, DESCRIPTORS).leave_out)
    mine = [
        node for node in catalog.nodes if node.package.startswith(f"{package}.") and node.kind != "method"
    ]
    having = {node.package: node.runs for node in mine if hidden & taken(node.package)}
    assert len(having) > 5
    assert "always" not in having.values()


def taken(type_: str) -> set[str]:
    """What a callable takes, whatever a descriptor says; nothing where C code does not tell."""
    try:
        return set(inspect.signature(locate(type_)).parameters)
    except ValueError:
        return set()


ATTACKS = [
    # type, where it may run, what a document could do with it
    ("sklearn.pipeline.make_pipeline", "local", "GridSearchCV({'memory': ['/any']}) writes pickles"),
    ("sklearn.pipeline.Pipeline", "local", "validation_curve(param_name='memory')"),
    ("sklearn.cluster.FeatureAgglomeration", "local", "the same memory"),
    ("sklearn.cluster.AgglomerativeClustering", "local", "the same memory"),
    ("sklearn.cluster.OPTICS", "local", "the same memory"),
    ("sklearn.feature_extraction.text.CountVectorizer", "local", "GridSearchCV({'input': ['filename']})"),
    ("sklearn.feature_extraction.text.TfidfVectorizer", "local", "vocabulary_ tells what they say"),
    ("sklearn.feature_extraction.text.HashingVectorizer", "local", "the same input"),
    ("sklearn.datasets.load_files", "local", "reads a folder"),
    ("sklearn.datasets.load_svmlight_file", "local", "reads a path"),
    ("sklearn.datasets.dump_svmlight_file", "local", "writes a path"),
    ("sklearn.datasets.clear_data_home", "never", "deletes a folder"),
    ("foolbox.attacks.BoundaryAttack", "local", "FunctionTransformer(kw_args={'tensorboard': …})"),
    ("foolbox.attacks.HopSkipJumpAttack", "local", "the same tensorboard"),
    ("foolbox.attacks.L2BrendelBethgeAttack", "local", "the same tensorboard"),
    ("keras.activations.get", "never", "a dict names load_data, which downloads to a path"),
    ("keras.initializers.get", "never", "a dict makes any object of Keras"),
    ("keras.optimizers.get", "never", "the same dict"),
    ("keras.quantizers.get", "never", "the same dict"),
    ("keras.layers.StringLookup", "local", "vocabulary='/etc/passwd' is read line by line"),
    ("keras.layers.TextVectorization", "local", "the same vocabulary"),
    ("keras.layers.Lambda", "never", "runs bytecode"),
    ("keras.utils.get_file", "local", "downloads an address to a path"),
    ("pandas.api.typing.DataFrameGroupBy.filter", "never", "filter('to_pickle', True, '/any')"),
    ("pandas.crosstab", "local", "aggfunc='plot' is a method called by its name"),
    ("pandas.DataFrame.pivot_table", "local", "the same aggfunc"),
    ("pandas.DataFrame.apply", "never", "apply('to_pickle', args=('/any/file',))"),
    ("pandas.DataFrame.agg", "never", "agg('eval', expr='@__import__(...)')"),
    ("pandas.DataFrame.eval", "never", "runs text as code"),
    ("pandas.DataFrame.query", "never", "runs text as code"),
    ("pandas.DataFrame.to_csv", "local", "writes a path"),
    ("pandas.read_pickle", "never", "runs what a file says"),
    ("pandas.read_csv", "local", "reads a path or an address"),
    ("numpy.load", "never", "allow_pickle=True runs what a file says"),
    ("numpy.loadtxt", "local", "reads a path or an address"),
    ("numpy.memmap", "local", "opens a path, mode='w+' clears it"),
    ("numpy.bmat", "never", "evaluates names of variables"),
    ("skimage.io.imread", "local", "reads a path or an address"),
    ("skimage.util.lookfor", "local", "imports every module"),
    ("fallback.media.read_video", "local", "reads a path, or any protocol of FFmpeg"),
]  # fmt: skip


@pytest.mark.parametrize(("type_", "runs", "attack"), ATTACKS, ids=[type_ for type_, _, _ in ATTACKS])
def test_an_attack_that_was_tried_is_shut_out(type_: str, runs: str, attack: str, catalog: Catalog) -> None:
    node = catalog.find(type_)
    assert node is not None
    assert node.runs == runs, attack
    assert descriptors.load(hosted=True).find(type_) is None
