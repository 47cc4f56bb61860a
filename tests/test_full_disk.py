"""A disk that takes no more, for real: pages say so, and nothing that is seen is lost."""

import os
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from flowcore.dataflow import document, edit
from flowcore.model.descriptor import Catalog
from flowcore.model.graph import Graph
from flowcore.model.problem import FlowError
from flowcore.model.run import Settings
from flowcore.runs.scans import FUNCTIONS, Scan, Scans
from flowcore.runs.supervisor import Supervisor
from flowcore.store import corrections, database, graphs, overlay, owners, runs
from flowcore.store.examples import examples
from flowcore.store.revisions import Change
from flowcore.ui import session
from tests import test_pages
from tests.test_pages import ROOT, opened, stored
from tests.watch import until

FULL = "found: database or disk is full"  # SQLite's words; those of a file are the system's


class Disk:
    """A home of one megabyte."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self._filler = home / "filler"

    def fill(self) -> None:
        with self._filler.open("wb", buffering=0) as file:
            for size in (4096, 1):
                try:
                    while file.write(bytes(size)):
                        pass
                except OSError:
                    continue

    def free(self) -> None:
        self._filler.unlink()


@pytest.fixture
def disk(small: Path, monkeypatch: pytest.MonkeyPatch) -> Disk:
    monkeypatch.setenv("FLOWCORE_HOME", str(small))
    monkeypatch.delenv("FLOWCORE_DATABASE_URL", raising=False)
    return Disk(small)


@pytest.fixture
def example(disk: Disk) -> str:
    return stored(document.read(examples()["digits_cnn"].read_bytes()))


def shown(at: AppTest) -> str:
    """What is said on a page, without what keeps it from being markup."""
    return test_pages.shown(at).replace("\\", "")


def filters(id: str) -> object:
    return document.read(graphs.load(id).document).by_id["n5"].args["filters"]


def build(id: str) -> AppTest:
    at = opened("pages/build.py", id)
    at.selectbox(key="node").select("n5").run()
    return at


def buttons(at: AppTest) -> list[str]:
    return [str(button.key) for button in at.button]


def scanned(scans: Scans) -> Scan:
    def over() -> Scan | None:
        scan = scans.look(FUNCTIONS)
        return scan if scan and scan.over else None

    found: Scan = until(over)
    return found


def test_functions_that_a_full_disk_does_not_take_are_told_and_not_read_over_and_over(
    disk: Disk, example: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "sums.py").write_text(
        'def twice(x: int) -> int:\n    """Twice."""\n    return 2 * x\n'
    )
    monkeypatch.setenv("FLOWCORE_FALLBACK", str(tmp_path / "mine"))
    session.scans.clear()
    scans = session.scans()
    disk.fill()
    scans.refresh()
    first = scanned(scans)
    assert [problem.code for problem in first.problems] == ["not-saved"]
    at = opened("pages/build.py", example)
    assert first.problems[0].message in shown(at)
    assert scans.look(FUNCTIONS) is first
    disk.free()
    opened("pages/build.py", example)
    assert scans.look(FUNCTIONS) is first
    monkeypatch.setattr(scans, "_again", 0.0)  # as if a while had passed
    opened("pages/build.py", example)
    assert scanned(scans).problems == ()
    assert overlay.load().find("fallback.sums.twice")
    session.scans.clear()


def test_what_is_edited_on_a_full_disk_is_shown_and_saved_with_the_next_edit(
    disk: Disk, example: str
) -> None:
    at = build(example)
    disk.fill()
    at.number_input(key="n5 args filters").set_value(48).run()
    assert not at.exception
    assert FULL in shown(at)
    assert str(disk.home) in shown(at)
    assert "Not saved" in shown(at)
    assert at.number_input(key="n5 args filters").value == 48
    assert filters(example) == 32
    at.text_input(key="name").set_value("later").run()
    assert not at.exception
    assert at.button(key="undo").click().run().text_input(key="name").value != "later"
    assert at.button(key="redo").click().run().text_input(key="name").value == "later"
    disk.free()
    at.selectbox(key="n5 args padding").select("valid").run()
    assert not at.exception
    assert "ot saved" not in shown(at)
    assert "save" not in buttons(at)
    assert filters(example) == 48
    assert graphs.load(example).name == "later"
    assert graphs.version(example) == 2


def test_what_was_not_saved_waits_for_its_tab_to_come_back_and_is_saved_by_a_button(
    disk: Disk, example: str
) -> None:
    other = stored(Graph(name="other"))
    at = build(example)
    disk.fill()
    at.number_input(key="n5 args filters").set_value(48).run()
    at.button(key="save").click().run()
    assert FULL in shown(at)
    assert filters(example) == 32
    for id in (other, example):
        at.query_params["g"] = id
        at.run()
        assert not at.exception
        assert ("save" in buttons(at)) == (id == example)
    disk.free()
    at.button(key="save").click().run()
    assert "ot saved" not in shown(at)
    assert filters(example) == 48


def test_another_tab_that_saved_first_is_not_overwritten_and_undo_has_what_was_not_saved(
    disk: Disk, example: str
) -> None:
    at = build(example)
    disk.fill()
    at.number_input(key="n5 args filters").set_value(48).run()
    disk.free()
    graphs.save(edit.set_argument(document.read(graphs.load(example).document), "n5", "filters", 64), 1)
    assert "changed in another tab before yours" in shown(at.run())
    assert at.number_input(key="n5 args filters").value == 64
    at.button(key="undo").click().run()
    assert filters(example) == 48


def test_a_graph_that_is_opened_on_a_full_disk_is_opened_once_there_is_room(disk: Disk) -> None:
    stored(Graph(name="first"))
    at = opened("app.py")
    disk.fill()
    at.file_uploader(key="upload").set_value(
        ("net.json", examples()["digits_cnn"].read_bytes(), "application/json")
    ).run()
    assert not at.exception
    assert FULL in shown(at)
    at.button(key="empty").click().run()
    assert not at.exception
    assert FULL in shown(at)
    disk.free()
    at.run()
    assert not at.exception
    assert len(graphs.listing(database.owner_key("0123456789abcdef" * 2))) == 2
    assert at.text_input(key="name").value == "Digits, convolutional"


def test_a_graph_that_cannot_be_deleted_is_still_there(disk: Disk, example: str) -> None:
    at = opened("app.py")
    disk.fill()
    at.button(key=f"delete {example}").click().run()
    assert not at.exception
    assert FULL in shown(at)
    disk.free()
    at.button(key=f"delete {example}").click().run()
    assert graphs.version(example) == 0


def test_a_run_that_cannot_be_kept_does_not_start_and_starts_once_there_is_room(
    disk: Disk, example: str
) -> None:
    at = opened("pages/train.py", example)
    disk.fill()
    at.button(key="train").click().run()
    assert not at.exception
    assert "found: No space left on device" in shown(at) or FULL in shown(at)
    assert runs.latest(example) == ""
    assert not list((disk.home / "runs").glob("*/*"))
    disk.free()
    at.button(key="train").click().run()
    assert not at.exception
    assert runs.latest(example)
    at.button(key="stop").click().run()
    assert not at.exception


ORPHAN = """
import os, sys
from flowcore.model import event as e
from flowcore.dataflow.document import read
from flowcore.model.run import Settings
from flowcore.store import graphs, runs
from flowcore.store.journal import Journal
id = runs.create(read(graphs.load(sys.argv[1]).document), "", Settings())
lock = runs.own(id)
Journal(runs.folder(id)).append(e.Started(at=1.0, pid=1, seed=0, order=(), versions={}))
print(id, flush=True)
os._exit(0)
"""


def test_a_run_whose_server_is_gone_is_shown_as_failed_on_a_full_disk_too(disk: Disk, example: str) -> None:
    at = opened("pages/train.py", example)
    code = [sys.executable, "-c", ORPHAN, example]
    id = subprocess.check_output(code, text=True, env={**os.environ, "PYTHONPATH": str(ROOT)}).strip()
    disk.fill()
    at.query_params["run"] = id
    at.run()
    assert not at.exception
    assert "ended while it was running" in shown(at)
    assert id in runs.unfinished()
    disk.free()
    Supervisor(Catalog)
    assert runs.unfinished() == ()


VISIT = """
import sys
from tests.test_full_disk import opened, shown
for page in ("app.py", "pages/build.py", "pages/train.py", "pages/nodes.py"):
    at = opened(page, sys.argv[1])
    assert not at.exception, at.exception
    print(shown(at))
"""


def test_a_server_that_starts_on_a_full_disk_says_so_on_every_page(disk: Disk, example: str) -> None:
    database.database().dispose()  # with its last connection SQLite's files beside the database go
    disk.fill()
    code = [sys.executable, "-c", VISIT, example]
    said = subprocess.check_output(code, text=True, env={**os.environ, "PYTHONPATH": str(ROOT)})
    assert said.count("Expected to read and write in FLOWCORE_HOME") == 4


def refused(act: Callable[[], object]) -> str:
    with pytest.raises(FlowError) as caught:
        act()
    (problem,) = caught.value.problems
    assert problem.code == database.NOT_SAVED
    return problem.message


def test_whatever_is_kept_says_that_the_disk_is_full_and_where(disk: Disk, catalog: Catalog) -> None:
    graph = document.read(graphs.load(stored(Graph(name="one"))).document)
    node = catalog.by_type["keras.layers.Dense"]
    run = runs.create(graph, "", Settings())
    acts: tuple[Callable[[], object], ...] = (
        lambda: graphs.create(graph, "me"),
        lambda: graphs.save(graph, 1),
        lambda: runs.create(graph, "me", Settings()),
        lambda: runs.remove(run),
        lambda: owners.invite("me"),
        lambda: corrections.put(node, "args", "units", Change(help="How many.")),
        lambda: overlay.save(Catalog(), "mine"),
    )
    disk.fill()
    for act in acts:
        assert str(disk.home) in refused(act)
    disk.free()
    for act in acts:
        act()


def test_a_database_that_others_keep_locked_is_no_traceback(home: Path) -> None:
    graphs.create(Graph(), "me")
    with database.reading() as connection:  # the pool hands the same one out again
        connection.exec_driver_sql("PRAGMA busy_timeout=50")
    locked = sqlite3.connect(home / "flowcore.db")
    locked.execute("BEGIN IMMEDIATE")
    assert "found: database is locked." in refused(lambda: graphs.create(Graph(), "me"))
    locked.close()
    graphs.create(Graph(), "me")
