"""Graphs, runs and journals on a real SQLite file, shared by threads and processes."""

import os
import re
import subprocess
import sys
import threading
from functools import reduce
from pathlib import Path

import msgspec
import pytest
from msgspec.structs import replace
from sqlalchemy import select

from flowcore.dataflow.document import read
from flowcore.model import event as e
from flowcore.model.event import Event
from flowcore.model.graph import Graph
from flowcore.model.problem import FlowError, Problem
from flowcore.model.run import Run, Settings, after
from flowcore.store import database, graphs, journal, runs
from tests.toy import NETWORK

pytestmark = pytest.mark.usefixtures("home")
ENVIRONMENT = {"PYTHONPATH": str(Path(__file__).parent.parent)}


def codes(caught: "pytest.ExceptionInfo[FlowError]") -> list[str]:
    return [problem.code for problem in caught.value.problems]


def test_a_graph_is_kept_under_an_id_of_its_own_that_its_document_carries() -> None:
    stored = graphs.create(replace(NETWORK, id="mine", name="net"), "me")
    assert stored.id != "mine"
    assert graphs.load(stored.id) == stored
    assert (stored.owner, stored.name, stored.version, stored.nodes) == ("me", "net", 1, 6)
    assert read(stored.document) == replace(NETWORK, id=stored.id, name="net")


def test_ids_cannot_be_guessed() -> None:
    ids = {database.new_id() for _ in range(2000)}
    assert len(ids) == 2000
    assert all(re.fullmatch(r"[A-Za-z0-9_-]{22}", id) for id in ids)
    letters = "".join(ids)
    # Uniform over 64 letters, but for the last of the 22, which carries 2 bits.
    assert len(set(letters)) == 64
    assert max(letters.count(letter) for letter in set(letters)) < 2.5 * len(letters) / 64


def test_a_token_is_never_kept_as_it_is() -> None:
    key = database.owner_key("secret")
    assert key == database.owner_key("secret") != database.owner_key("secret ")
    assert re.fullmatch(r"[0-9a-f]{64}", key)


def test_saving_writes_the_next_version_and_keeps_those_before(home: Path) -> None:
    stored = graphs.create(Graph(name="one"), "me")
    assert graphs.save(Graph(id=stored.id, name="two"), 1) == 2
    assert graphs.save(Graph(id=stored.id, name="three"), 2) == 3
    newest = graphs.load(stored.id)
    assert (newest.version, newest.name, newest.owner) == (3, "three", "me")
    assert graphs.version(stored.id) == 3
    with database.database().connect() as connection:
        kept = connection.execute(select(database.versions.c.version, database.versions.c.document)).all()
    assert [(number, read(document).name) for number, document in kept] == [(1, "one"), (2, "two")]
    assert (home / "flowcore.db").exists()


def test_a_save_over_a_version_that_is_no_longer_the_newest_overwrites_nothing() -> None:
    stored = graphs.create(Graph(name="one"), "me")
    graphs.save(Graph(id=stored.id, name="theirs"), 1)
    with pytest.raises(FlowError) as caught:
        graphs.save(Graph(id=stored.id, name="mine"), 1)
    assert caught.value.problems == (
        Problem(
            "changed-elsewhere",
            "The graph was changed in another tab, so this change was not saved.",
            "Go on from the version that is shown now.",
        ),
    )
    assert graphs.load(stored.id).name == "theirs"


@pytest.mark.parametrize("base", [0, 2, -1])
def test_a_save_over_a_version_that_never_was_is_refused(base: int) -> None:
    stored = graphs.create(Graph(), "me")
    with pytest.raises(FlowError) as caught:
        graphs.save(Graph(id=stored.id), base)
    assert codes(caught) == ["changed-elsewhere"]
    with pytest.raises(FlowError):
        graphs.save(Graph(id="nobody"), 1)


def test_of_the_versions_the_last_are_kept() -> None:
    stored = graphs.create(Graph(), "me")
    for base in range(1, graphs.KEPT + 20):
        graphs.save(Graph(id=stored.id, name=str(base)), base)
    with database.database().connect() as connection:
        numbers = connection.execute(select(database.versions.c.version)).scalars().all()
    assert len(numbers) == graphs.KEPT
    assert max(numbers) == graphs.KEPT + 19


def test_each_owner_lists_their_own_graphs_newest_first_without_documents() -> None:
    first, second = (graphs.create(Graph(name=name), "me") for name in ("a", "b"))
    graphs.create(Graph(name="other"), "you")
    graphs.save(Graph(id=first.id, name="a2"), 1)
    listed = graphs.listing("me")
    assert [(item.id, item.name, item.document) for item in listed] == [
        (first.id, "a2", b""),
        (second.id, "b", b""),
    ]
    assert len(graphs.listing("me", limit=1)) == 1
    assert graphs.listing("nobody") == ()


def test_only_the_owner_deletes_a_graph() -> None:
    stored = graphs.create(Graph(), "me")
    graphs.save(Graph(id=stored.id, name="x"), 1)
    assert not graphs.remove(stored.id, "you")
    assert graphs.version(stored.id) == 2
    assert graphs.remove(stored.id, "me")
    assert not graphs.remove(stored.id, "me")
    assert graphs.version(stored.id) == 0
    with database.database().connect() as connection:
        assert connection.execute(select(database.versions)).all() == []


@pytest.mark.parametrize("id", ["", "nobody", "'; DROP TABLE graphs; --", "x" * 10_000])
def test_there_is_no_graph_by_that_id(id: str) -> None:
    with pytest.raises(FlowError) as caught:
        graphs.load(id)
    assert codes(caught) == ["no-graph"]
    assert len(str(caught.value)) < 200


def test_of_many_who_save_at_once_over_one_version_one_succeeds() -> None:
    stored = graphs.create(Graph(), "me")
    saved: list[int] = []
    barrier = threading.Barrier(8)

    def save(number: int) -> None:
        barrier.wait()
        try:
            graphs.save(Graph(id=stored.id, name=str(number)), 1)
        except FlowError:
            return
        saved.append(number)

    threads = [threading.Thread(target=save, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(saved) == 1
    assert graphs.load(stored.id).name == str(saved[0])


WRITER = """
import sys
from flowcore.model.graph import Graph
from flowcore.model.run import Settings
from flowcore.store import graphs, runs
print("ready", flush=True)
sys.stdin.read()
for number in range(15):
    stored = graphs.create(Graph(name=f"{sys.argv[1]} {number}"), "me")
    graphs.save(Graph(id=stored.id, name=f"{sys.argv[1]} {number} again"), 1)
    runs.note(runs.create(Graph(id=stored.id), "me", Settings()), "done", {"loss": 0.5})
"""


def test_several_processes_start_at_once_on_an_empty_home_and_write_without_an_error(home: Path) -> None:
    writers = [
        subprocess.Popen(
            [sys.executable, "-c", WRITER, str(number)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env={**os.environ, **ENVIRONMENT},
        )
        for number in range(5)
    ]
    for writer in writers:
        assert writer.stdout is not None
        assert writer.stdout.readline() == "ready\n"
    for writer in writers:
        assert writer.stdin is not None
        writer.stdin.close()
        writer.stdin = None
    for writer in writers:
        _, errors = writer.communicate(timeout=60)
        assert writer.returncode == 0, errors
    listed = graphs.listing("me", limit=1000)
    assert len({item.name for item in listed}) == len(listed) == 5 * 15
    assert all(item.version == 2 and len(runs.listing(item.id)) == 1 for item in listed)


# Runs


def test_a_run_keeps_the_graph_as_it_was() -> None:
    id = runs.create(NETWORK, "me", Settings(seed=7))
    assert re.fullmatch(r"[A-Za-z0-9_-]{22}", id)
    assert read(runs.document(id)) == NETWORK
    row = runs.load(id)
    assert row is not None
    assert (row.graph, row.owner, row.state, row.seed, row.metrics) == ("", "me", "waiting", 7, {})
    assert runs.load("x" * 22) is None


def test_runs_of_a_graph_are_listed_newest_first_with_their_state_and_metrics() -> None:
    first, second = (runs.create(Graph(id="g"), "me", Settings(seed=seed)) for seed in (1, 2))
    runs.create(Graph(id="other"), "me", Settings(seed=3))
    runs.note(first, "done", {"loss": 0.25, "accuracy": None})
    assert [(row.id, row.state, row.metrics) for row in runs.listing("g")] == [
        (second, "waiting", {}),
        (first, "done", {"loss": 0.25, "accuracy": None}),
    ]
    assert set(runs.unfinished()) >= {second}
    assert first not in runs.unfinished()


@pytest.mark.parametrize(
    "id",
    [
        "../../../../etc/passwd",
        "..",
        "",
        "/etc",
        "a" * 21,
        "a" * 23,
        "a" * 21 + "/",
        "a" * 21 + "\n",
        "a" * 22 + "\n",
        "é" * 22,
        "a" * 20 + "..",
    ],
)
def test_nothing_but_an_id_names_a_folder(id: str) -> None:
    with pytest.raises(FlowError) as caught:
        runs.folder(id)
    assert codes(caught) == ["no-run"]
    assert not runs.exists(id)
    with pytest.raises(FlowError):
        runs.document(id)


def test_a_run_has_one_owner_at_a_time() -> None:
    id = runs.create(Graph(), "me", Settings())
    lock = runs.own(id)
    assert lock is not None
    assert runs.own(id) is None
    lock.release()
    again = runs.own(id)
    assert again is not None
    again.release()


def test_an_owner_waits_for_somebody_who_only_looks() -> None:
    id = runs.create(Graph(), "me", Settings())
    looker = runs.own(id)
    assert looker is not None
    threading.Timer(0.2, looker.release).start()
    lock = runs.own(id, patience=5)
    assert lock is not None
    lock.release()


# Journals

EVENTS: tuple[Event, ...] = (
    e.Started(at=1.0, pid=1, seed=0, order=("a",), versions={}),
    e.NodeState(at=2.0, node="a", state="running"),
    e.Text(at=3.0, text="Grüße\n\u2028\r🙂"),
    e.Epoch(at=4.0, node="a", epoch=1, seconds=1.0, metrics={"loss": 0.5, "bad": None}),
    e.NodeState(at=5.0, node="a", state="done", shapes={"": "(1,)"}),
    e.Done(at=6.0),
)


def written(folder: Path, events: tuple[Event, ...]) -> Path:
    log = journal.Journal(folder)
    for event in events:
        log.append(event)
    log.close()
    return folder / journal.NAME


def test_a_journal_gives_back_what_was_appended_one_line_each(tmp_path: Path) -> None:
    path = written(tmp_path, EVENTS)
    assert journal.read(path) == (list(EVENTS), path.stat().st_size)
    assert path.read_bytes().count(b"\n") == len(EVENTS)
    assert journal.Follower(tmp_path).look() == reduce(after, EVENTS, Run())


def test_a_journal_that_is_not_there_yet_is_empty(tmp_path: Path) -> None:
    assert journal.read(tmp_path / journal.NAME) == ([], 0)
    assert journal.Follower(tmp_path).look() == Run()


@pytest.mark.parametrize("cut", range(1, 12))
def test_a_half_written_last_line_waits_for_its_rest(tmp_path: Path, cut: int) -> None:
    whole = written(tmp_path, EVENTS).read_bytes()
    path = tmp_path / journal.NAME
    path.write_bytes(whole[:-cut])
    follower = journal.Follower(tmp_path)
    assert follower.look() == reduce(after, EVENTS[:-1], Run())
    path.write_bytes(whole)
    assert follower.look() == reduce(after, EVENTS, Run())


def test_a_line_that_a_crash_cut_off_is_passed_over_once_the_journal_goes_on(tmp_path: Path) -> None:
    whole = written(tmp_path, EVENTS[:-1]).read_bytes()
    path = tmp_path / journal.NAME
    path.write_bytes(whole[:-9])
    follower = journal.Follower(tmp_path)
    follower.look()
    written(tmp_path, EVENTS[-1:])
    expected = [*EVENTS[:-2], EVENTS[-1]]
    assert journal.read(path)[0] == expected
    assert follower.look() == reduce(after, expected, Run())
    assert follower.look().state == "done"


@pytest.mark.parametrize(
    "noise", [b"garbage\n", b'{"event":"unknown"}\n', b"\n", b"\xff\xfe\n", b"[" * 5000 + b"\n"]
)
def test_a_line_that_is_no_event_is_passed_over(tmp_path: Path, noise: bytes) -> None:
    path = written(tmp_path, EVENTS[:2])
    path.write_bytes(path.read_bytes() + noise)
    written(tmp_path, EVENTS[2:])
    assert journal.read(path)[0] == list(EVENTS)


def test_a_follower_reads_only_what_is_new(tmp_path: Path) -> None:
    log, follower = journal.Journal(tmp_path), journal.Follower(tmp_path)
    other = journal.Follower(tmp_path)
    for count, event in enumerate(EVENTS, start=1):
        log.append(event)
        assert follower.look() == reduce(after, EVENTS[:count], Run())
        if count % 2:
            assert other.look() == follower.look()
    log.close()
    size = (tmp_path / journal.NAME).stat().st_size
    assert journal.read(tmp_path / journal.NAME, size) == ([], size)
    assert other.look() == follower.look()


def test_events_that_threads_append_at_once_are_all_whole(tmp_path: Path) -> None:
    log = journal.Journal(tmp_path)
    seen: list[int] = []

    def append(number: int) -> None:
        for index in range(200):
            log.append(e.Text(text=f"{number} {index} {'x' * 500}"))

    def follow() -> None:
        follower = journal.Follower(tmp_path)
        for _ in range(50):
            seen.append(len(follower.look().output.text))

    threads = [threading.Thread(target=append, args=(number,)) for number in range(5)]
    threads += [threading.Thread(target=follow) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    log.close()
    texts = [event.text for event in journal.read(tmp_path / journal.NAME)[0] if isinstance(event, e.Text)]
    assert len(texts) == 1000
    for number in range(5):
        mine = [text for text in texts if text.startswith(f"{number} ")]
        assert [int(text.split()[1]) for text in mine] == list(range(200))


def test_what_is_appended_to_a_closed_journal_is_lost_quietly(tmp_path: Path) -> None:
    log = journal.Journal(tmp_path)
    log.close()
    log.append(EVENTS[0])
    assert journal.read(tmp_path / journal.NAME)[0] == []


def test_events_are_lines_of_json_that_name_their_kind() -> None:
    for event in EVENTS:
        line = msgspec.json.encode(event)
        assert b"\n" not in line
        assert msgspec.json.decode(line)["event"]
        assert msgspec.json.decode(line, type=e.Event) == event
