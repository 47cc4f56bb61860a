"""Graphs that train twice, a head first and the whole then: what goes on, and what is shown of them."""

from pathlib import Path

import pytest
from msgspec.structs import replace

from flowcore.dataflow import edit, resume
from flowcore.model import event as e
from flowcore.model.descriptor import Catalog
from flowcore.model.graph import Graph, Link, Node
from flowcore.model.run import CHECKPOINTS, Run, Settings
from flowcore.runs.supervisor import Supervisor
from flowcore.runs.trained import trained
from flowcore.store import database, journal, runs
from tests.test_pages import TOKEN, opened, stored
from tests.test_training import EVALUATE, FIT, USUAL, digits, done, end, metrics
from tests.watch import until

AGAIN = "n14"
STOPPING = {"$new": "keras.callbacks.EarlyStopping", "args": {"monitor": "loss", "min_delta": 10.0}}


def twice(first: int, second: int, **fit: object) -> Graph:
    """The digits, then the same network compiled anew, slower and on what the other fit left."""
    graph = digits(first, batch_size=256, **fit)
    links = {link.argument: link for link in graph.into(FIT) if link.argument in ("x", "y")}
    nodes = (
        Node(
            id="n13",
            type="keras.Model.compile",
            args={"optimizer": "sgd", "loss": "sparse_categorical_crossentropy", "metrics": ["accuracy"]},
        ),
        Node(id=AGAIN, type="keras.Model.fit", args={"epochs": second, "batch_size": 256}),
    )
    others = (link for link in graph.links if (link.target, link.argument) != (EVALUATE, "self"))
    more = (
        Link(FIT, "model", "n13", "self"),
        Link("n13", "", AGAIN, "self"),
        Link(AGAIN, "model", EVALUATE, "self"),
        *(replace(link, target=AGAIN) for link in links.values()),
    )
    return replace(graph, id="twice", nodes=(*graph.nodes, *nodes), links=(*others, *more))


def interrupted(supervisor: Supervisor, graph: Graph, fit: str, killed: bool = False) -> str:
    """A run that was ended once it had kept an epoch of a fit."""
    id = supervisor.start(graph, settings=USUAL)
    until(lambda: supervisor.look(id).checkpoints.get(fit) or supervisor.look(id).over, 90)
    assert not supervisor.look(id).over, supervisor.look(id).problem
    end(supervisor, id, killed)
    return id


def on(supervisor: Supervisor, graph: Graph, id: str) -> Run:
    return done(supervisor, graph, Settings(seed=USUAL.seed, resume=id))


@pytest.mark.parametrize("killed", [False, True], ids=["stopped", "killed"])
def test_a_training_that_ended_in_its_second_fit_goes_on_there(
    supervisor: Supervisor, catalog: Catalog, killed: bool
) -> None:
    id = interrupted(supervisor, twice(3, 100_000), AGAIN, killed)
    ended = supervisor.look(id)
    last = ended.checkpoints[AGAIN] + 3
    graph = twice(3, last)
    assert resume.left(graph, graph, ended, catalog) == (AGAIN, ended.checkpoints[AGAIN], last)

    went_on = on(supervisor, graph, id)
    whole = done(supervisor, graph)
    assert metrics(went_on) == metrics(whole)
    assert [(epoch.node, epoch.epoch) for epoch in went_on.epochs] == [
        *((FIT, number) for number in range(1, 4)),
        *((AGAIN, number) for number in range(1, last + 1)),
    ]
    assert went_on.results == whole.results
    assert went_on.checkpoints == {FIT: 3, AGAIN: last}


def test_a_training_goes_on_from_one_that_had_gone_on_itself(supervisor: Supervisor) -> None:
    first = interrupted(supervisor, twice(3, 100_000), AGAIN)
    epochs = supervisor.look(first).checkpoints[AGAIN]
    on(supervisor, twice(3, epochs + 1), first)
    second = runs.latest("twice")
    assert metrics(on(supervisor, twice(3, epochs + 2), second)) == metrics(
        done(supervisor, twice(3, epochs + 2))
    )


def test_a_fit_that_stopped_early_is_over_for_the_fit_behind_it(supervisor: Supervisor) -> None:
    early = {"callbacks": [STOPPING]}
    id = interrupted(supervisor, twice(50, 100_000, **early), AGAIN)
    assert supervisor.look(id).checkpoints[FIT] == 2
    last = supervisor.look(id).checkpoints[AGAIN] + 1
    graph = twice(50, last, **early)
    assert metrics(on(supervisor, graph, id)) == metrics(done(supervisor, graph))


def test_what_is_trained_further_is_trained_anew_by_the_fit_behind_it(supervisor: Supervisor) -> None:
    done(supervisor, twice(2, 2))
    longer = twice(4, 2)
    assert metrics(on(supervisor, longer, runs.latest("twice"))) == metrics(done(supervisor, longer))


def test_there_is_nothing_to_train_where_no_fit_has_anything_left(
    supervisor: Supervisor, catalog: Catalog
) -> None:
    graph = twice(2, 2)
    run = done(supervisor, graph)
    assert resume.left(graph, graph, run, catalog) is None
    id = supervisor.start(graph, settings=Settings(seed=USUAL.seed, resume=runs.latest("twice")))
    found = supervisor.wait(id, 60)
    assert found.problem is not None
    assert (found.problem.code, found.problem.nodes) == ("nothing-to-train", (AGAIN,))


def test_the_last_fit_of_a_run_is_what_it_has_trained(supervisor: Supervisor, catalog: Catalog) -> None:
    graph = twice(1, 1)
    done(supervisor, graph)
    found = trained(graph, catalog)
    assert (found.fit, Path(found.weights).name) == (AGAIN, f"{AGAIN}.weights.h5")
    renamed = edit.set_argument(graph, AGAIN, "epochs", 2)
    assert trained(renamed, catalog) == found


def test_the_page_goes_on_with_the_second_fit_and_offers_the_weights_of_both(home: Path) -> None:
    graph = replace(twice(3, 9), id=stored(twice(3, 9)))
    id = runs.create(graph, database.owner_key(TOKEN), USUAL)
    book = journal.Journal(runs.folder(id))
    for event in (
        e.Started(at=1.0, pid=0, seed=3, order=(FIT, AGAIN), versions={}),
        e.Checkpoint(at=2.0, node=FIT, epoch=3),
        e.NodeState(at=2.0, node=FIT, state="done"),
        e.Checkpoint(at=3.0, node=AGAIN, epoch=4),
        e.Stopped(at=4.0),
    ):
        book.append(event)
    book.close()
    runs.note(id, "stopped")
    for node, epoch in ((FIT, 3), (AGAIN, 4)):
        (runs.folder(id) / f"{node}.weights.h5").write_bytes(b"")
        (runs.folder(id) / CHECKPOINTS / node).mkdir(parents=True)
        (runs.folder(id) / CHECKPOINTS / node / f"{epoch}.weights").write_bytes(b"")
    page = opened("pages/train.py", graph.id, id)
    button = page.button(key="continue")
    assert (button.label.replace("\\", ""), button.disabled) == ("Continue from epoch 4 of fit (n14)", False)
    assert {one.proto.label.replace("\\", "") for one in page.get("download_button")} >= {
        "Download weights of fit (n11)",
        "Download weights of fit (n14)",
    }
    barely = runs.create(graph, database.owner_key(TOKEN), replace(USUAL, resume=id))
    book = journal.Journal(runs.folder(barely))
    book.append(e.Stopped(at=5.0))
    book.close()
    assert opened("pages/train.py", graph.id, barely).button(key="continue").label == button.label
