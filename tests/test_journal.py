"""Journals that are written anew, torn, full, and read by many while all that goes on."""

import json
import os
import signal
import subprocess
import sys
import textwrap
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from flowcore.model import event as e
from flowcore.model.event import Event
from flowcore.model.graph import Graph
from flowcore.model.problem import Problem
from flowcore.model.run import HEAD, TAIL, Run, Settings, fold
from flowcore.store import journal, runs
from flowcore.store.compaction import compact, is_transient

SMALL = 20_000
PROBLEM = Problem("node-failed", "b failed.", "", ("b",))
ROW = e.LayerRow("a", "dense", "Dense", "(None, 1)", 2, 2, 8)

names = st.sampled_from(["a", "b", "c"])
times = st.floats(0, 1e6)
metrics = st.dictionaries(names, st.one_of(st.none(), st.floats(-1e9, 1e9)), max_size=2)
printed = st.one_of(
    st.text(max_size=5),
    st.sampled_from(["x" * (HEAD - 1), "y" * HEAD, "z" * (TAIL + 3), "\0" * 50_000, "é\n\u2028" * 9_000]),
)
transient = st.one_of(
    st.builds(e.Text, at=times, text=printed, lost=st.sampled_from([0, 0, 0, 7])),
    st.builds(
        e.Batch, at=times, node=names, epoch=st.integers(1, 3), step=st.integers(1, 9), metrics=metrics
    ),
)
lasting = st.one_of(
    st.builds(e.Queued, at=times, place=st.integers(1, 9)),
    st.builds(e.Started, at=times, pid=st.integers(1, 9), seed=st.integers(0, 9),
              order=st.just(("a", "b")), versions=st.just({"keras": "3"}), backend=st.just("jax")),
    st.builds(e.NodeState, at=times, node=names, state=st.sampled_from(["running", "done", "failed"])),
    st.builds(e.Summary, at=times, node=names, rows=st.just((ROW,))),
    st.builds(e.TrainingBegan, at=times, node=names, epochs=st.integers(0, 5), steps=st.integers(0, 5)),
    st.builds(e.DataSeen, at=times, node=names, fingerprints=st.just({"x": "0af3"})),
    st.builds(e.Chosen, at=times, node=names, choices=st.just({"steps": "8, since a step takes 1 ms"})),
    st.builds(e.Epoch, at=times, node=names, epoch=st.integers(1, 5), seconds=times, metrics=metrics),
    st.builds(e.DataSeen, at=times, node=names, fingerprints=st.just({"x": "ab12"})),
    st.builds(e.Checkpoint, at=times, node=names, epoch=st.integers(1, 5)),
    st.builds(e.Result, at=times, node=names, metrics=metrics),
    st.builds(e.Pausing, at=times),
    st.builds(e.Paused, at=times),
    st.builds(e.Resumed, at=times),
    st.builds(e.Stopping, at=times),
)  # fmt: skip
ends = st.one_of(
    st.builds(e.Done, at=times),
    st.builds(e.Stopped, at=times),
    st.builds(e.Failed, at=times, problem=st.just(PROBLEM)),
)
sequences = st.one_of(
    st.lists(st.one_of(transient, lasting), max_size=25),
    st.lists(st.one_of(transient, lasting, ends), max_size=25),
)


def test_the_events_of_these_tests_are_all_that_there_are() -> None:
    drawn = {kind for part in (transient, lasting, ends) for kind in _kinds(part)}
    assert drawn == set(e.Event.__args__)


def _kinds(strategy: Any) -> set[type]:
    return {branch.wrapped_strategy.target for branch in strategy.branches}


# Fewer events, the same run


@given(sequences)
@example(
    [e.Batch(at=9, node="a", epoch=1, step=1, metrics={}), e.TrainingBegan(at=1, node="b", epochs=1, steps=1)]
)
@example([e.Text(at=5, text=""), e.Done(at=1), e.Text(at=9, text="late")])
def test_fewer_events_tell_of_the_same_run(events: list[Event]) -> None:
    fewer = compact(events)
    assert fold(Run(), fewer) == fold(Run(), events)
    assert compact(fewer) == fewer


@given(sequences)
def test_of_what_does_not_last_little_is_kept_and_of_all_else_everything(events: list[Event]) -> None:
    fewer = compact(events)
    assert [event for event in fewer if not is_transient(event)] == [
        event for event in events if not is_transient(event)
    ]
    texts = [event for event in fewer if isinstance(event, e.Text)]
    assert len(texts) <= 2
    assert sum(len(event.text) for event in texts) <= HEAD + TAIL
    assert sum(isinstance(event, e.Batch) for event in fewer) <= 1


@given(sequences, st.integers(0, 25))
def test_a_run_goes_on_from_fewer_events_as_from_all(events: list[Event], cut: int) -> None:
    assert fold(Run(), [*compact(events[:cut]), *events[cut:]]) == fold(Run(), events)


# Files


def story(count: int) -> Iterator[Event]:
    """A training that prints: one lasting event in ten."""
    yield e.Started(at=1.0, pid=1, seed=0, order=("a",), versions={})
    yield e.TrainingBegan(at=1.0, node="a", epochs=count, steps=10)
    for index in range(count):
        at = 2.0 + index
        if index % 10 == 9:
            yield e.Epoch(at=at, node="a", epoch=index // 10 + 1, seconds=1.0, metrics={"loss": 1 / index})
        elif index % 3:
            yield e.Text(at=at, text=f"line {index} {'-' * 300}\n")
        else:
            yield e.Batch(at=at, node="a", epoch=index // 10 + 1, step=index % 10, metrics={"loss": at})
    yield e.Done(at=2.0 + count)


def written(folder: Path, events: Iterator[Event] | list[Event], rotation: int = SMALL) -> list[Event]:
    log, found = journal.Journal(folder, rotation), []
    for event in events:
        log.append(event)
        found.append(event)
    log.close()
    return found


def lines(folder: Path) -> list[bytes]:
    return (folder / journal.NAME).read_bytes().splitlines()


def test_a_journal_that_is_written_anew_tells_of_the_same_run_and_stays_small(tmp_path: Path) -> None:
    events = written(tmp_path, story(5000))
    found, _ = journal.read(tmp_path / journal.NAME)
    assert journal.Follower(tmp_path).look() == fold(Run(), found) == fold(Run(), events)
    kept = sum(len(line) + 1 for line in lines(tmp_path) if b'"text"' not in line and b'"batch"' not in line)
    assert (tmp_path / journal.NAME).stat().st_size < kept + HEAD + TAIL + 2 * SMALL
    assert json.loads(lines(tmp_path)[0])["compacted"] > 10
    assert sorted(path.name for path in tmp_path.iterdir()) == [journal.NAME]


def test_a_journal_of_lasting_events_is_never_written_anew(tmp_path: Path) -> None:
    events = [e.Epoch(at=n, node="a", epoch=n, seconds=1.0, metrics={"loss": 1.0}) for n in range(1, 1000)]
    written(tmp_path, events, rotation=1000)
    assert journal.read(tmp_path / journal.NAME)[0] == events
    assert len(lines(tmp_path)) == len(events)


@pytest.mark.parametrize("every", [1, 7, 97, 641], ids="a look every {} events".format)
def test_a_follower_sees_the_same_run_however_often_the_file_changed(tmp_path: Path, every: int) -> None:
    """641 events are several new files: inodes of the first ones are given to later ones."""
    log, follower, run = journal.Journal(tmp_path, SMALL), journal.Follower(tmp_path), Run()
    for index, event in enumerate(story(2000)):
        log.append(event)
        run = fold(run, [event])
        if index % every == 0:
            assert follower.look() == run
    log.close()
    assert follower.look() == run
    assert run.over


def test_what_was_written_anew_goes_on_where_another_process_takes_over(tmp_path: Path) -> None:
    events = [*story(600)][:-1]
    log = journal.Journal(tmp_path, SMALL)
    follower = journal.Follower(tmp_path)
    for event in events:
        log.append(event)
    before = follower.look()
    rest = [e.Text(at=700.0 + n, text="x" * 1000) for n in range(30)]
    written(tmp_path, rest)  # the first one was never closed
    assert follower.look() == fold(before, rest) == fold(Run(), [*events, *rest])
    count = json.loads(lines(tmp_path)[0])["compacted"]
    written(tmp_path, rest)
    assert json.loads(lines(tmp_path)[0])["compacted"] == count + 1
    assert follower.look() == fold(Run(), [*events, *rest, *rest])


@pytest.mark.parametrize(
    "left", [b"", b'{"compacted":1}\n{"event":"sta', b"\0" * 5000], ids=["empty", "half", "zeros"]
)
def test_what_a_crash_left_of_a_new_file_is_removed_and_the_old_one_stays(
    tmp_path: Path, left: bytes
) -> None:
    events = written(tmp_path, [*story(20)][:-1])
    (tmp_path / journal.NEXT).write_bytes(left)
    more = written(tmp_path, [e.Done(at=100.0)])
    assert journal.Follower(tmp_path).look() == fold(Run(), [*events, *more])
    assert [path.name for path in tmp_path.iterdir()] == [journal.NAME]


def test_where_no_second_file_can_be_made_the_first_goes_on(tmp_path: Path) -> None:
    log, events = journal.Journal(tmp_path, SMALL), [*story(300)]
    (tmp_path / journal.NEXT).mkdir()
    for event in events:
        log.append(event)
    log.close()
    assert journal.read(tmp_path / journal.NAME)[0] == events


def test_a_damaged_line_hides_none_of_the_others(tmp_path: Path) -> None:
    lines = [b'{"event":"queued","at":1,"place":1}', b'{"event":"text","at":2,"text":"\xff"}']
    lines += [b'{"event":"stopping","at":3}', b""]
    (tmp_path / journal.NAME).write_bytes(b"\n".join(lines))
    assert journal.Follower(tmp_path).look().state == "stopping"


def test_a_torn_line_is_passed_over_when_a_journal_is_written_anew(tmp_path: Path) -> None:
    events = written(tmp_path, [*story(20)][:-1])
    with (tmp_path / journal.NAME).open("ab") as file:
        file.write(b'{"event":"done","at":')
    follower = journal.Follower(tmp_path)
    assert follower.look() == fold(Run(), events)
    more = written(tmp_path, [e.Text(at=50.0, text="y" * SMALL), e.Text(at=51.0, text="end")])
    assert lines(tmp_path)[0] == b'{"compacted":1}'
    assert follower.look() == fold(Run(), [*events, *more])


# Processes that die, that write at once, that only read

PROLOGUE = """
import sys
from pathlib import Path
from flowcore.model import event as e
from flowcore.model.problem import Problem
from flowcore.store import journal, runs
from tests.test_journal import SMALL, story
"""


READER = """
import time, msgspec
PATIENCE = time.monotonic() + 60
follower, looks = journal.Follower(Path(sys.argv[1])), 0
while not follower.look().over and time.monotonic() < PATIENCE:
    looks += 1
print(looks, msgspec.json.encode(follower.look()).hex())
"""


def python(code: str, *args: str, **more: Any) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", PROLOGUE + textwrap.dedent(code), *args],
        stdout=subprocess.PIPE,
        text=True,
        **more,
    )


@pytest.mark.parametrize("after", [0.0, 0.02, 0.05, 0.1, 0.2], ids="killed after {} s".format)
def test_nothing_is_lost_when_the_writer_is_killed_at_any_time(tmp_path: Path, after: float) -> None:
    writer = python(
        """
        log = journal.Journal(Path(sys.argv[1]), 3000)  # written anew all the time
        for count, event in enumerate(story(200_000), start=1):
            log.append(event)
            print(count, flush=True)
        """,
        str(tmp_path),
    )
    assert writer.stdout is not None
    writer.stdout.readline()
    time.sleep(after)
    writer.send_signal(signal.SIGKILL)
    said = [line for line in writer.stdout.read().splitlines(keepends=True) if line.endswith("\n")]
    writer.wait()
    count = int(said[-1]) if said else 1
    found = journal.Follower(tmp_path).look()
    events = [event for event, _ in zip(story(200_000), range(count + 1), strict=False)]
    assert found in (fold(Run(), events[:count]), fold(Run(), events))
    written(tmp_path, [e.Done(at=1e9)])
    assert journal.Follower(tmp_path).look().state == "done"
    assert not (tmp_path / journal.NEXT).exists()


def test_twenty_threads_and_three_processes_that_follow_a_journal_all_end_with_its_run(
    tmp_path: Path,
) -> None:
    events = [*story(8000)]
    readers = [python(READER, str(tmp_path)) for _ in range(3)]
    found: list[Run] = []
    shared = journal.Follower(tmp_path)

    def follow(follower: journal.Follower, pause: float) -> None:
        seen, patience = 0.0, time.monotonic() + 60
        while not (run := follower.look()).over and time.monotonic() < patience:
            assert run.seen >= seen
            seen = run.seen
            time.sleep(pause)
        found.append(run)

    threads = [
        threading.Thread(target=follow, args=(shared if n % 2 else journal.Follower(tmp_path), n / 200))
        for n in range(20)
    ]
    for thread in threads:
        thread.start()
    written(tmp_path, iter(events))
    for thread in threads:
        thread.join()
    expected = fold(Run(), events)
    assert found == [expected] * 20
    for reader in readers:
        looks, told = reader.communicate()[0].split()
        assert int(looks) > 0
        assert bytes.fromhex(told) == msgspec.json.encode(expected)


def test_processes_that_share_a_home_keep_journals_of_their_own(home: Path) -> None:
    writer = """
        from flowcore.model.graph import Graph
        from flowcore.model.run import Settings
        for number in range(5):
            id = runs.create(Graph(), "me", Settings(seed=number))
            log = journal.Journal(runs.folder(id), SMALL)
            for event in story(400):
                log.append(event)
            log.close()
            runs.note(id, "done")
            print(id, flush=True)
        """
    mine = runs.create(Graph(), "me", Settings())
    log = journal.Journal(runs.folder(mine), SMALL)
    processes = [python(writer) for _ in range(3)]
    events = [*story(2000)]
    for event in events:
        log.append(event)
    log.close()
    ids = [id for process in processes for id in process.communicate()[0].split()]
    assert len(set(ids)) == 15
    expected = fold(Run(), story(400))
    assert all(journal.Follower(runs.folder(id)).look() == expected for id in ids)
    assert journal.Follower(runs.folder(mine)).look() == fold(Run(), events)


def test_a_full_disk_is_told_and_takes_nothing_that_was_written(tmp_path: Path) -> None:
    writer = python(
        """
        import resource
        resource.setrlimit(resource.RLIMIT_FSIZE, (50_000, resource.RLIM_INFINITY))
        log = journal.Journal(Path(sys.argv[1]))
        for count, event in enumerate(story(1000)):
            try:
                log.append(event)
            except OSError as reason:
                number = reason.errno
                break
        refused = 0
        for _ in range(3):  # what comes next finds no room either, and leaves no half of itself behind
            try:
                log.append(e.Text(text="-" * 5000))
            except OSError:
                refused += 1
        resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY,) * 2)
        log.append(e.Failed(at=9.0, problem=Problem("disk-full", "full")))
        log.close()
        print(count, number, refused)
        """,
        str(tmp_path),
    )
    count, errno, refused = map(int, writer.communicate()[0].split())
    assert (os.strerror(errno), refused) == ("File too large", 3)
    events = [event for event, _ in zip(story(1000), range(count), strict=False)]
    found, size = journal.read(tmp_path / journal.NAME)
    assert found[:-1] == events
    assert found[-1] == e.Failed(at=9.0, problem=Problem("disk-full", "full"))
    assert size == (tmp_path / journal.NAME).stat().st_size


def test_a_hundred_megabytes_of_output_leave_a_small_journal(tmp_path: Path) -> None:
    lasting = [*story(100)][:-1]
    block = ("x" * 99 + "\n") * 655
    texts = (e.Text(at=200.0 + n, text=block) for n in range(100_000_000 // len(block) + 1))
    log = journal.Journal(tmp_path)
    largest = 0
    for event in (*lasting, *texts):
        log.append(event)
        largest = max(largest, (tmp_path / journal.NAME).stat().st_size)
    log.close()
    rest = sum(len(line) for line in lines(tmp_path) if b'"text"' not in line)
    assert largest < 2 * journal.ROTATION + rest
    output = journal.Follower(tmp_path).look().output
    assert len(output.head) + len(output.tail) + output.lost > 100_000_000
    assert output.tail == (block * 2)[-TAIL:]
