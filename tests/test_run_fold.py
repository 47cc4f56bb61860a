"""A run is the fold of its events."""

from functools import reduce

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flowcore.model import event as e
from flowcore.model.event import Event, LayerRow
from flowcore.model.problem import Problem
from flowcore.model.run import HEAD, TAIL, Output, Run, after

PROBLEM = Problem("node-failed", "b failed.", "", ("b",))
BEGIN: tuple[Event, ...] = (
    e.Started(at=10, pid=1, seed=7, order=("a", "b"), versions={}),
    e.NodeState(at=11, node="a", state="running"),
    e.NodeState(at=12, node="a", state="done", shapes={"": "(3,)"}),
    e.NodeState(at=13, node="b", state="running"),
)


def run(*events: Event) -> Run:
    return reduce(after, events, Run())


def test_a_run_that_has_not_begun_waits() -> None:
    assert run() == Run()
    assert (Run().state, Run().over, Run().progress, Run().seconds_left) == ("waiting", False, 0, None)


def test_a_run_that_goes_on() -> None:
    assert run(*BEGIN) == Run(
        state="running",
        started=10,
        seen=13,
        seed=7,
        order=("a", "b"),
        nodes={"a": "done", "b": "running"},
        shapes={"a": {"": "(3,)"}},
    )


@pytest.mark.parametrize(
    ("end", "state", "nodes"),
    [
        (e.Done(at=20), "done", {"a": "done"}),
        (e.Stopped(at=20), "stopped", {"a": "done"}),
        (e.Failed(at=20, problem=PROBLEM), "failed", {"a": "done", "b": "failed"}),
    ],
)
def test_a_run_that_is_over_stays_as_it_is(end: Event, state: str, nodes: dict[str, str]) -> None:
    found = run(*BEGIN, end)
    assert (found.state, found.nodes, found.ended, found.over) == (state, nodes, 20, True)
    assert found.problem == (PROBLEM if state == "failed" else None)
    for late in (*BEGIN, e.Done(at=30), e.Failed(at=30, problem=PROBLEM), e.Text(at=30, text="late")):
        assert after(found, late) == found


def test_a_stop_that_was_asked_for_shows_until_the_end() -> None:
    assert run(*BEGIN, e.Stopping(at=14)).state == "stopping"
    assert run(*BEGIN, e.Stopping(at=14), e.Done(at=15)).state == "done"


def test_summaries_results_and_epochs_are_kept() -> None:
    row = LayerRow("a", "dense", "Dense", "(None, 1)", 2, 2, 8)
    epochs = tuple(
        e.Epoch(at=20 + n, node="b", epoch=n, seconds=1.0, metrics={"loss": 1 / n}) for n in (1, 2)
    )
    found = run(
        *BEGIN,
        e.Summary(at=14, node="a", rows=(row,)),
        *epochs,
        e.Result(at=30, node="b", metrics={"loss": None}),
    )
    assert found.summaries == {"a": (row,)}
    assert found.epochs == epochs
    assert found.results == {"b": {"loss": None}}


def _training(*, epoch: int, step: int, at: float) -> Run:
    done = [e.Epoch(at=110.0, node="b", epoch=n, seconds=1.0, metrics={}) for n in range(1, epoch)]
    batch = e.Batch(at=at, node="b", epoch=epoch, step=step, metrics={})
    return run(*BEGIN, e.TrainingBegan(at=100.0, node="b", epochs=4, steps=10), *done, batch)


@pytest.mark.parametrize(
    ("epoch", "step", "at", "progress", "left"),
    [(1, 5, 105, 0.125, 35), (2, 0, 110, 0.25, 30), (3, 5, 120, 0.625, 12), (5, 0, 140, 1.0, 0)],
)
def test_progress_and_the_time_that_is_left(
    epoch: int, step: int, at: float, progress: float, left: float
) -> None:
    found = _training(epoch=epoch, step=step, at=at)
    assert found.progress == pytest.approx(progress)
    assert found.seconds_left == pytest.approx(left)
    assert after(found, e.Done(at=200)).progress == 1
    assert after(found, e.Done(at=200)).seconds_left is None


def test_progress_counts_the_training_that_goes_on_and_not_one_before() -> None:
    first = _training(epoch=5, step=0, at=140)
    second = after(first, e.TrainingBegan(at=150, node="c", epochs=2, steps=1))
    assert (second.progress, second.batch, second.seconds_left) == (0, None, None)


def test_progress_of_an_unknown_number_of_steps_counts_epochs() -> None:
    found = run(*BEGIN, e.TrainingBegan(at=100, node="b", epochs=2, steps=0),
                e.Batch(at=101, node="b", epoch=1, step=99, metrics={}))  # fmt: skip
    assert found.progress == 0


def test_short_output_is_kept_whole() -> None:
    assert Output().plus("one\n").plus("two\n").text == "one\ntwo\n"
    assert Output().plus("one\n").plus("two\nthree\n").last(2) == "two\nthree"


def test_long_output_is_cut_in_its_middle() -> None:
    letters = "".join(chr(97 + index % 26) for index in range(300_000))
    found = reduce(lambda output, at: output.plus(letters[at : at + 7000]), range(0, 300_000, 7000), Output())
    assert found == Output(letters[:HEAD], letters[-TAIL:], 300_000 - HEAD - TAIL)
    assert f"… {300_000 - HEAD - TAIL:,} bytes left out …" in found.text


def test_what_comes_after_a_loss_is_no_beginning() -> None:
    found = Output().plus("begin").plus("later", lost=100).plus("end")
    assert found == Output("begin", "laterend", 100)
    assert found.text == "begin\n… 100 bytes left out …\nlaterend"


@given(st.lists(st.tuples(st.text(max_size=30_000), st.integers(0, 5)), max_size=12))
def test_output_never_grows_and_counts_all_that_is_gone(pieces: list[tuple[str, int]]) -> None:
    found = reduce(lambda output, piece: output.plus(*piece), pieces, Output())
    whole = "".join(text for text, _ in pieces)
    assert len(found.head) <= HEAD
    assert len(found.tail) <= TAIL
    assert len(found.head) + len(found.tail) + found.lost == len(whole) + sum(lost for _, lost in pieces)
    assert whole.startswith(found.head)
    assert whole.endswith(found.tail)


def test_the_clock_of_a_run_never_goes_back() -> None:
    assert run(*BEGIN, e.Text(at=5, text="x")).seen == 13
