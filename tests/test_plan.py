"""The Train form's plan, read from the graph and written back."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from flowcore import api
from flowcore.dataflow import edit, plan
from flowcore.dataflow.check import check
from flowcore.dataflow.plan import COMPILE, EVALUATE, FIT, INPUT, MODEL, STOPPING, Plan
from flowcore.model.descriptor import Catalog
from flowcore.model.graph import Graph, Link, Node
from flowcore.model.problem import FlowError
from flowcore.model.value import Value, new
from flowcore.store import descriptors
from tests import strategies

SHIPPED = descriptors.load()
LOADED = {name: api.load(path) for name, path in api.examples().items()}
EXAMPLES = {
    name: graph for name, graph in LOADED.items() if any(node.type == "keras.Input" for node in graph.nodes)
}
LOAD, SPLIT, DENSE = "fallback.samples.load_digits", "fallback.prepare.split", "keras.layers.Dense"


def bare() -> Graph:
    """Data and layers, and nothing that trains."""
    return Graph(
        nodes=(
            Node(id="data", type=LOAD),
            Node(id="split", type=SPLIT),
            Node(id="in", type=INPUT, args={"shape": [8, 8, 1]}),
            Node(id="flat", type="keras.layers.Flatten"),
            Node(id="out", type=DENSE, args={"units": 10, "activation": "softmax"}),
        ),
        links=(
            Link("data", "x", "split", "x"),
            Link("data", "y", "split", "y"),
            Link("in", "", "flat", "inputs"),
            Link("flat", "", "out", "inputs"),
        ),
    )


@pytest.mark.parametrize("name", sorted(EXAMPLES))
def test_writing_what_was_read_changes_nothing_in_the_shipped_examples(name: str, catalog: Catalog) -> None:
    graph = EXAMPLES[name]
    assert plan.write(graph, plan.read(graph, catalog), catalog) == graph


def test_what_is_missing_is_added_and_connected(catalog: Catalog) -> None:
    graph = bare()
    found = plan.read(graph, catalog)
    assert found == Plan(
        optimizer="adam",
        loss="sparse_categorical_crossentropy",
        metrics=("accuracy",),
        x=("split", "x_train"),
        y=("split", "y_train"),
        test_x=("split", "x_test"),
        test_y=("split", "y_test"),
    )
    written = plan.write(graph, found, catalog)
    assert check(written, catalog) == ()
    assert written.nodes[:5] == graph.nodes
    assert written.links[:4] == graph.links
    assert [(node.id, node.type) for node in written.nodes[5:]] == [
        ("n1", MODEL),
        ("n2", COMPILE),
        ("n3", FIT),
        ("n4", EVALUATE),
    ]
    assert set(written.links[4:]) == {
        Link("in", "", "n1", "inputs"),
        Link("out", "", "n1", "outputs"),
        Link("n1", "", "n2", "self"),
        Link("n2", "model", "n3", "self"),
        Link("split", "x_train", "n3", "x"),
        Link("split", "y_train", "n3", "y"),
        Link("n3", "model", "n4", "self"),
        Link("split", "x_test", "n4", "x"),
        Link("split", "y_test", "n4", "y"),
    }
    assert plan.read(written, catalog) == found


PLANS = st.builds(
    Plan,
    optimizer=st.sampled_from(["adam", "sgd", new("keras.optimizers.Adam", learning_rate=0.1)]),
    loss=st.sampled_from(["mean_squared_error", None, new("keras.losses.Huber")]),
    metrics=st.lists(st.sampled_from(["accuracy", "mean_absolute_error"]), unique=True).map(tuple),
    epochs=st.integers(1, 50),
    batch_size=st.integers(1, 512),
    validation=st.sampled_from([0.0, 0.1, 0.5]),
    patience=st.one_of(st.none(), st.integers(0, 20)),
    x=st.sampled_from([None, ("split", "x_train")]),
    y=st.sampled_from([None, ("split", "y_train"), ("data", "y")]),
    test_x=st.sampled_from([None, ("split", "x_test")]),
    test_y=st.sampled_from([None, ("split", "y_test")]),
)


@given(PLANS, PLANS)
def test_a_plan_that_was_written_is_read_back_and_writing_it_twice_is_writing_it_once(
    first: Plan, second: Plan
) -> None:
    graph = plan.write(bare(), first, SHIPPED)
    for wanted in (first, second, first):
        graph = plan.write(graph, wanted, SHIPPED)
        assert plan.write(graph, wanted, SHIPPED) == graph
        found = plan.read(graph, SHIPPED)
        assert replace(found, test_x=None, test_y=None) == replace(wanted, test_x=None, test_y=None)
        if wanted.test_x:
            assert (found.test_x, found.test_y) == (wanted.test_x, wanted.test_y)


def test_early_stopping_comes_and_goes_and_leaves_other_callbacks_alone(catalog: Catalog) -> None:
    other: Value = new("keras.callbacks.TerminateOnNaN")
    graph = plan.write(bare(), plan.read(bare(), catalog), catalog)
    graph = edit.set_argument(graph, "n3", "callbacks", [other])
    patient = plan.write(graph, replace(plan.read(graph, catalog), patience=5), catalog)
    stopping = new(STOPPING, restore_best_weights=True, monitor="val_loss", patience=5)
    assert patient.by_id["n3"].args["callbacks"] == [other, stopping]
    assert plan.read(patient, catalog).patience == 5
    assert plan.write(patient, replace(plan.read(patient, catalog), patience=None), catalog) == graph


def test_settings_of_early_stopping_that_the_form_does_not_show_are_kept(catalog: Catalog) -> None:
    mine = new(STOPPING, patience=2, min_delta=0.5, monitor="loss")
    graph = plan.write(bare(), plan.read(bare(), catalog), catalog)
    graph = edit.set_argument(graph, "n3", "callbacks", [mine])
    written = plan.write(graph, replace(plan.read(graph, catalog), patience=9), catalog)
    assert written.by_id["n3"].args["callbacks"] == [new(STOPPING, patience=9, min_delta=0.5, monitor="loss")]


def test_without_validation_early_stopping_watches_the_training_itself(catalog: Catalog) -> None:
    wanted = replace(plan.read(bare(), catalog), patience=3, validation=0.0)
    (stopping,) = plan.write(bare(), wanted, catalog).by_id["n3"].args["callbacks"]
    assert stopping["args"]["monitor"] == "loss"


def test_an_early_stopping_without_settings_is_one_too(catalog: Catalog) -> None:
    graph = plan.write(bare(), plan.read(bare(), catalog), catalog)
    graph = edit.set_argument(graph, "n3", "callbacks", [{"$new": STOPPING}])
    found = plan.read(graph, catalog)
    assert found.patience == 0
    assert plan.write(graph, replace(found, patience=4), catalog).by_id["n3"].args["callbacks"] == [
        new(STOPPING, patience=4)
    ]


def test_without_test_data_there_is_no_evaluation(catalog: Catalog) -> None:
    graph = plan.write(bare(), plan.read(bare(), catalog), catalog)
    written = plan.write(graph, replace(plan.read(graph, catalog), test_x=None, test_y=None), catalog)
    assert EVALUATE not in [node.type for node in written.nodes]
    assert plan.write(written, plan.read(written, catalog), catalog) == written


def test_an_evaluation_that_something_uses_stays(catalog: Catalog) -> None:
    graph = plan.write(bare(), plan.read(bare(), catalog), catalog)
    graph, predict = edit.add(graph, "keras.Model.predict", catalog)
    graph = edit.connect(graph, "n4", "model", predict, "self", catalog)
    written = plan.write(graph, replace(plan.read(graph, catalog), test_x=None, test_y=None), catalog)
    assert EVALUATE in [node.type for node in written.nodes]


@pytest.mark.parametrize(
    ("graph", "trains"),
    [
        (Graph(), True),
        (bare(), True),
        (Graph(nodes=bare().nodes[:3]), True),
        (Graph(nodes=bare().nodes[:2]), False),
    ],
    ids=["nothing yet", "layers", "an input", "data alone"],
)
def test_a_graph_without_any_layer_is_run_as_it_is(catalog: Catalog, graph: Graph, trains: bool) -> None:
    assert plan.trains(graph, catalog) == trains
    if not trains:
        assert plan.program(graph, catalog) == graph


def test_the_program_of_a_network_has_its_training(catalog: Catalog) -> None:
    assert FIT in [node.type for node in plan.program(bare(), catalog).nodes]


@pytest.mark.parametrize("nodes", [(), bare().nodes[:3]], ids=["nothing", "no layers"])
def test_there_is_nothing_to_train_without_layers(catalog: Catalog, nodes: tuple[Node, ...]) -> None:
    with pytest.raises(FlowError) as caught:
        plan.write(Graph(nodes=nodes), Plan(), catalog)
    assert [problem.code for problem in caught.value.problems] == ["no-network"]


@pytest.mark.parametrize(
    ("activation", "loss", "metrics"),
    [
        ("softmax", "sparse_categorical_crossentropy", ("accuracy",)),
        ("sigmoid", "binary_crossentropy", ("accuracy",)),
        ("linear", "mean_squared_error", ()),
        (None, "mean_squared_error", ()),
    ],
)
def test_the_loss_goes_with_the_last_activation(
    catalog: Catalog, activation: str | None, loss: str, metrics: tuple[str, ...]
) -> None:
    graph = edit.set_argument(bare(), "out", "activation", activation)
    found = plan.read(graph, catalog)
    assert (found.loss, found.metrics) == (loss, metrics)


def test_outputs_that_carry_arrays_are_offered_as_data(catalog: Catalog) -> None:
    assert plan.sources(bare(), catalog) == (
        ("data", "x"), ("data", "y"),
        ("split", "x_train"), ("split", "x_test"), ("split", "y_train"), ("split", "y_test"),
    )  # fmt: skip


def test_a_layer_can_be_shown_what_the_fit_takes_though_it_is_no_single_array() -> None:
    found = plan.samples(LOADED["siamese"], SHIPPED)
    assert found[:2] == (("n4", "both"), ("n5", "both"))
    assert set(plan.sources(LOADED["siamese"], SHIPPED)) < set(found)
    assert len(set(found)) == len(found)


TRAINING = st.sampled_from([INPUT, DENSE, MODEL, COMPILE, FIT, EVALUATE, LOAD])
FIELDS = ("optimizer", "loss", "metrics", "epochs", "batch_size", "validation_split", "callbacks")
ARGUMENTS = st.fixed_dictionaries(
    {},
    optional=dict.fromkeys(FIELDS, strategies.values),
)


@given(st.lists(strategies.nodes(TRAINING, ARGUMENTS), max_size=6))
@settings(max_examples=100)
def test_a_plan_is_read_from_any_graph_whatever_its_values(nodes: list[Node]) -> None:
    graph = edit.renumber(Graph(nodes=tuple(nodes)))
    found = plan.read(graph, SHIPPED)
    assert isinstance(found.epochs, int)
    assert isinstance(found.batch_size, int)
    assert isinstance(found.validation, (int, float))
    assert found.patience is None or isinstance(found.patience, int)
    try:
        plan.write(graph, found, SHIPPED)
    except FlowError as reason:
        assert reason.problems  # noqa: PT017
