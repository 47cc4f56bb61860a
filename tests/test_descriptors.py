"""The catalogue on disk: generated files, revisions over them, policy; and what is shipped."""

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest
from msgspec import UNSET
from msgspec.structs import replace

from flowcore.model.descriptor import Argument, Catalog, NodeDescriptor, Origin, Output, Range, Source
from flowcore.model.problem import FlowError
from flowcore.store.descriptors import generated, load, save, source, stale

CONV = Argument(arg="filters", required=True)
TOY = Catalog(
    {"toy": "1"},
    tuple(
        NodeDescriptor(name=name, package=f"toy.{name}", args=(CONV,), signature="abc")
        for name in ("Conv1D", "Conv2D", "Dense")
    ),
)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "revisions").mkdir()
    save(TOY, "toy", tmp_path)
    return tmp_path


def revise(root: Path, text: str) -> Catalog:
    (root / "revisions" / "toy.toml").write_text(text)
    return load(root=root)


def test_what_is_saved_is_what_is_loaded(root: Path) -> None:
    assert load(root=root) == TOY


def test_a_catalogue_is_written_one_node_to_a_line(root: Path) -> None:
    lines = (root / "toy.json").read_text().splitlines()
    assert len(lines) == 2 + len(TOY.nodes)
    assert '"toy.Conv2D"' in lines[2]


def test_catalogues_of_several_packages_are_one(root: Path) -> None:
    save(Catalog({"other": "2"}, (NodeDescriptor(name="f", package="other.f"),)), "other", root)
    found = load(root=root)
    assert found.versions == {"toy": "1", "other": "2"}
    assert "other.f" in found.by_type


def test_a_revision_changes_one_argument_and_says_so(root: Path) -> None:
    found = revise(root, '["toy.Dense"]\nargs.filters = { itype = "int", range = { low = 1 } }')
    revised = Argument(
        arg="filters", itype="int", required=True, range=Range(1), evidence="revision", confidence=1.0
    )
    assert found.by_type["toy.Dense"].args == (revised,)
    assert found.by_type["toy.Dense"].revised
    assert found.by_type["toy.Conv1D"] == TOY.by_type["toy.Conv1D"]


def test_a_pattern_revises_every_type_that_it_matches(root: Path) -> None:
    found = revise(root, '["toy.Conv*D"]\nargs.filters = { itype = "int" }')
    assert [node.args[0].itype for node in found.nodes] == ["int", "int", "nosupport"]


def test_of_two_revisions_the_later_wins(root: Path) -> None:
    text = (
        '["toy.Conv*"]\nargs.filters = { itype = "int" }\n["toy.Conv2D"]\nargs.filters = { itype = "ints" }'
    )
    assert [node.args[0].itype for node in revise(root, text).nodes] == ["int", "ints", "nosupport"]


def test_a_revision_sets_keys_of_the_node_and_adds_arguments(root: Path) -> None:
    text = """["toy.Dense"]
otype = "model"
returns = "self"
mutates = true
outputs = { model = "model", history = "history" }
add.inputs = { itype = "tensor", widget = "port", conns = 0, required = true }
"""
    node = revise(root, text).by_type["toy.Dense"]
    assert (node.otype, node.returns, node.mutates) == ("model", "self", True)
    assert node.outputs == (Output("model", "model"), Output("history", "history"))
    assert node.arguments["inputs"].conns is None


def test_an_argument_that_becomes_required_loses_its_default(root: Path) -> None:
    optional = replace(CONV, required=False, default=None, nullable=True)
    save(replace(TOY, nodes=(replace(TOY.nodes[0], args=(optional,)),)), "toy", root)
    (argument,) = revise(root, '["toy.Conv1D"]\nargs.filters = { required = true }').nodes[0].args
    assert (argument.required, argument.default, argument.nullable) == (True, UNSET, False)


def test_better_help_alone_leaves_the_evidence_as_it_is(root: Path) -> None:
    node = revise(root, '["toy.*"]\nargs.filters = { help = "How many." }').nodes[0]
    assert not node.revised
    assert node.args == (replace(CONV, help="How many."),)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('["toy.Dense"]\nsignature = "abc"', ""),
        ('["toy.Dense"]\nsignature = "old"', "toy.Dense to have the signature old; found abc"),
        ('["toy.Gone"]\nmutates = true', "Expected toy.Gone to name a node; found none"),
        ('["toy.Go*"]\nmutates = true', "Expected toy.Go* to name a node; found none"),
        ('["toy.Dense"]\nargs.units = { itype = "int" }', "toy.Dense to have the argument units; found none"),
    ],
    ids=["fits", "other-signature", "no-node", "no-match", "no-argument"],
)
def test_a_revision_that_no_longer_fits_is_listed(root: Path, text: str, message: str) -> None:
    revise(root, text)
    found = [problem.message for problem in stale("toy", root)]
    assert len(found) == bool(message)
    assert all(message in one for one in found)


POLICY = """
symbolic = ["toy.Conv*"]
[[always]]
pattern = "toy.*"
reason = "computes"
[[local]]
pattern = "toy.Conv*"
reason = "reads"
[[always]]
pattern = "toy.Conv1D"
reason = "does not"
[[never]]
pattern = "toy.Conv2D"
reason = "runs code"
"""


def test_the_most_specific_entry_of_the_policy_decides(root: Path) -> None:
    (root / "policy.toml").write_text(POLICY)
    save(replace(TOY, nodes=(*TOY.nodes, NodeDescriptor(name="f", package="toy.Conv3D"))), "toy", root)
    found = {node.package: (node.runs, node.symbolic) for node in load(root=root).nodes}
    assert found == {
        "toy.Conv1D": ("always", True),
        "toy.Conv2D": ("never", False),
        "toy.Conv3D": ("local", False),
        "toy.Dense": ("always", False),
    }


def test_what_no_entry_names_is_local_and_not_symbolic(root: Path) -> None:
    assert {(node.runs, node.symbolic) for node in load(root=root).nodes} == {("local", False)}


def test_a_server_has_only_what_always_runs(root: Path) -> None:
    (root / "policy.toml").write_text(POLICY)
    assert list(load(hosted=True, root=root).by_type) == ["toy.Conv1D", "toy.Dense"]


def test_a_file_that_changes_is_read_again_and_one_that_does_not_is_not(root: Path) -> None:
    before = load(root=root)
    assert load(root=root) is before
    changed = revise(root, '["toy.Dense"]\ndoc = "New."')
    assert changed.by_type["toy.Dense"].doc == "New."
    time.sleep(0.01)
    os.utime(root / "toy.json")
    assert load(root=root) is not changed


@pytest.mark.parametrize(
    ("name", "text", "reason"),
    [
        ("toy.json", "{", "Input data was truncated"),
        ("toy.json", '{"nodes": [{"name": 1}]}', "$.nodes[0].name"),
        ("toy.json", '{"nodes": [], "extra": 1}', "extra"),
        ("revisions/toy.toml", "[", "Invalid"),
        ("revisions/toy.toml", '["toy.Dense"]\nargs.filters = { itpe = "int" }', "itpe"),
        ("policy.toml", '[[always]]\npattern = "x"', "reason"),
    ],
)
def test_a_broken_file_is_named_with_the_reason(root: Path, name: str, text: str, reason: str) -> None:
    (root / name).write_text(text)
    with pytest.raises(FlowError) as raised:
        load(root=root)
    (problem,) = raised.value.problems
    assert problem.code == "bad-descriptors"
    assert Path(name).name in problem.message
    assert reason in problem.message


def test_a_package_that_is_not_listed_is_described_in_full(root: Path) -> None:
    assert source("anything", root) == Source()
    assert source("keras").methods == tuple(
        f"keras.Model.{name}" for name in ("compile", "fit", "evaluate", "predict")
    )


def test_nodes_of_a_package_that_is_not_installed_are_there_and_not_offered(root: Path) -> None:
    origin = Origin("nothing-of-the-kind", "1")
    save(
        Catalog({"absent_here": "1"}, (replace(TOY.nodes[0], package="absent_here.f", origin=origin),)),
        "absent_here",
        root,
    )
    assert [node.available for node in load(root=root).nodes if node.package == "absent_here.f"] == [False]


def test_our_own_functions_are_offered_wherever_the_server_runs(tmp_path: Path) -> None:
    code = (
        "from flowcore.store.descriptors import load; "
        "print(load().by_type['fallback.prepare.scale'].available)"
    )
    assert subprocess.check_output([sys.executable, "-c", code], cwd=tmp_path, text=True) == "True\n"


# What is shipped.

FORMS = {"bool", "int", "float", "string", "shape", "ints", "dtype", "list", "tuple", "dict"}
COMMON = {
    "keras": ("Input", "Model"),
    "keras.Model": ("compile", "fit", "evaluate", "predict"),
    "keras.layers": (
        "Conv1D",
        "Conv2D",
        "Conv3D",
        "MaxPooling2D",
        "Flatten",
        "Dense",
        "Dropout",
        "BatchNormalization",
        "LSTM",
        "GRU",
        "Embedding",
        "Add",
        "Concatenate",
        "Reshape",
        "GlobalAveragePooling2D",
        "Activation",
    ),
    "keras.optimizers": ("Adam", "SGD", "RMSprop"),
    "keras.callbacks": ("EarlyStopping", "ReduceLROnPlateau"),
    "keras.losses": ("SparseCategoricalCrossentropy", "MeanSquaredError"),
}
LISTED = [f"{module}.{name}" for module, names in COMMON.items() for name in names]


@pytest.fixture(scope="module")
def shipped() -> Catalog:
    return load()


@pytest.mark.parametrize("type_", LISTED)
def test_every_argument_of_a_common_node_can_be_filled_in(shipped: Catalog, type_: str) -> None:
    node = shipped.by_type[type_]
    assert node.summary
    for argument in (*node.args, *node.inputs):
        if argument.arg != "quantization_config":  # an object that no node makes
            assert argument.supported, argument.arg
        assert argument.widget != "form" or set(argument.types) <= FORMS | {
            "schedule",
            "tree[float]",
            "nosupport",
        }
        assert argument.required == (argument.default is UNSET) or argument.evidence == "revision"


def typed(itype: str, **more: object) -> Argument:
    return Argument(arg="", itype=itype, **more)


@pytest.mark.parametrize(
    ("type_", "argument", "expected"),
    [
        ("keras.layers.Dense", "units", typed("int", required=True, range=Range(1))),
        ("keras.layers.Conv2D", "kernel_size", typed("ints", required=True, range=Range(1))),
        ("keras.layers.Conv2D", "strides", typed("ints", default={"$tuple": [1, 1]}, range=Range(1))),
        (
            "keras.layers.Conv1D",
            "padding",
            typed("string", default="valid", choices=("valid", "same", "causal")),
        ),
        ("keras.layers.Dropout", "rate", typed("float", required=True, range=Range(0, 1))),
        ("keras.layers.Reshape", "target_shape", typed("shape", required=True)),
        ("keras.layers.BatchNormalization", "axis", typed("int", default=-1)),
        ("keras.layers.Bidirectional", "layer", typed("layer", required=True, widget="registry")),
        (
            "keras.layers.LSTM",
            "use_cudnn",
            typed("string", itypes=("string", "bool"), default="auto", choices=("auto", True, False)),
        ),
        ("keras.Input", "shape", typed("shape", default=None, nullable=True)),
        ("keras.Model", "name", typed("string", nullable=True)),
        (
            "keras.Model.fit",
            "x",
            typed("array", itypes=("array", "dict", "list"), required=True, widget="port"),
        ),
        ("keras.Model.fit", "validation_data", typed("tuple", default=None, nullable=True, widget="port")),
        ("keras.Model.fit", "self", typed("model", required=True, widget="port")),
        (
            "keras.optimizers.Adam",
            "learning_rate",
            typed("float", itypes=("float", "schedule"), default=0.001, range=Range(0)),
        ),
        (
            "keras.callbacks.EarlyStopping",
            "mode",
            typed("string", default="auto", choices=("auto", "min", "max")),
        ),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_an_argument_of_keras_is_what_it_is(
    shipped: Catalog, type_: str, argument: str, expected: Argument
) -> None:
    told = {"arg": "", "help": "", "evidence": "", "confidence": 1.0}
    found = shipped.by_type[type_].arguments[argument]
    assert replace(found, **told) == replace(expected, **told)


def test_families_are_offered_by_name_with_the_common_ones_first(shipped: Catalog) -> None:
    compile_ = shipped.by_type["keras.Model.compile"].arguments
    activation = shipped.by_type["keras.layers.Activation"].arguments["activation"]
    assert activation.choices[:2] == ("relu", "softmax")
    assert compile_["optimizer"].choices[0] == "adam"
    assert compile_["loss"].choices[0] == "sparse_categorical_crossentropy"
    assert (compile_["metrics"].itype, compile_["metrics"].choices[0]) == ("list[metric]", "accuracy")


def test_methods_of_a_model_hand_the_model_on(shipped: Catalog) -> None:
    found = {
        name: (node.returns, node.mutates, tuple((one.name, one.otype) for one in node.outputs))
        for name in ("compile", "fit", "evaluate", "predict")
        for node in [shipped.by_type[f"keras.Model.{name}"]]
    }
    assert found == {
        "compile": ("self", True, (("model", "model"),)),
        "fit": ("self", True, (("model", "model"), ("history", "history"))),
        "evaluate": ("self", False, (("model", "model"), ("metrics", "metrics"))),
        "predict": ("self", False, (("model", "model"), ("predictions", "array"))),
    }


def test_layers_have_the_ports_of_their_call(shipped: Catalog) -> None:
    ports = {
        name: [
            (port.arg, port.itype, port.conns)
            for port in shipped.by_type[f"keras.layers.{name}"].inputs
            if port.widget == "port" and port.required
        ]
        for name in ("Dense", "Add", "MultiHeadAttention", "LSTM", "Attention")
    }
    assert ports == {
        "Dense": [("inputs", "tensor", 1)],
        "Add": [("inputs", "tensors", None)],
        "MultiHeadAttention": [("query", "tensor", 1), ("value", "tensor", 1)],
        "LSTM": [("sequences", "tensor", 1)],
        "Attention": [("inputs", "tensors", None)],
    }


def test_what_runs_code_of_a_document_never_runs_and_paths_stay_at_home(shipped: Catalog) -> None:
    runs = {node.package: node.runs for node in shipped.nodes}
    for name in ("Lambda", "TFSMLayer", "TorchModuleWrapper", "JaxLayer", "FlaxLayer"):
        assert runs[f"keras.layers.{name}"] == "never"
    for name in ("ModelCheckpoint", "TensorBoard", "CSVLogger", "BackupAndRestore", "RemoteMonitor"):
        assert runs[f"keras.callbacks.{name}"] == "local"
    assert all(runs[type_] == "always" for type_ in LISTED)
    assert "keras.layers.Lambda" not in load(hosted=True).by_type


def test_the_call_of_a_shared_layer_is_built_in(shipped: Catalog) -> None:
    call = shipped.by_type["flowcore.call"]
    assert (call.instance, call.apply, call.otype) == (False, True, "tensor")
    assert call.arguments["layer"].types == ("layer", "model")


def test_no_shipped_revision_is_stale() -> None:
    assert [problem for package in ("keras", "fallback") for problem in stale(package)] == []


def test_the_shipped_catalogue_loads_in_the_time_of_a_page(shipped: Catalog) -> None:
    from flowcore.store.descriptors import _load

    _load.cache_clear()
    start = time.process_time()
    load()
    assert time.process_time() - start < 0.25  # 0.01 s by itself
    assert len(shipped.nodes) > 300


def test_the_names_of_families_are_kept_and_come_together(tmp_path: Path) -> None:
    one = replace(TOY, names={"loss": ("mse", "mae")})
    save(one, "toy", tmp_path)
    save(Catalog(names={"loss": ("mae", "own")}), "other", tmp_path)
    assert generated(tmp_path / "toy.json") == one
    assert load(root=tmp_path).names == {"loss": ("mae", "own", "mse")}
    assert load(root=tmp_path).only(set()).names == load(root=tmp_path).names
