"""Files of the user's become nodes, in real workers; one that is broken takes nothing else with it."""

import os
import shutil
import time
from pathlib import Path

import pytest

from flowcore import api
from flowcore.model.graph import Graph, Link, Node
from flowcore.runs import scans
from flowcore.store import descriptors, fallback, overlay
from tests.test_cli import flowcore

TWO = '''
"""Sums."""
from collections import OrderedDict
from math import floor
from fallback.prepare import scale
from typing import NamedTuple

class Pair(NamedTuple):
    whole: int
    rest: float

def parted(x: float = 2.5) -> Pair:
    """Parts a number.

    Args:
        x: Float, any number.
    """
    return Pair(floor(x), x - floor(x))

def added(a: float, b: float) -> float:
    """Adds two numbers."""
    return a + b

def _private() -> int:
    return 1
'''


@pytest.fixture
def mine(home: Path) -> Path:
    folder = home / "fallback"
    folder.mkdir(parents=True)
    return folder


def own_types() -> set[str]:
    shipped = {node.package for node in descriptors.load().nodes}
    return {node.package for node in api.catalog().nodes if node.package.startswith("fallback.")} - shipped


def test_two_functions_become_two_nodes_that_run(mine: Path) -> None:
    (mine / "sums.py").write_text(TWO)
    assert own_types() == {"fallback.sums.parted", "fallback.sums.added"}
    parted = api.catalog().by_type["fallback.sums.parted"]
    assert [output.name for output in parted.outputs] == ["whole", "rest"]
    assert (parted.runs, parted.arguments["x"].itype) == ("local", "float")
    assert overlay.load(hosted=True).find("fallback.sums.parted") is None
    graph = Graph(
        nodes=(
            Node(id="n1", type="fallback.sums.parted", args={"x": 4.25}),
            Node(id="n2", type="fallback.sums.added"),
        ),
        links=(Link("n1", "whole", "n2", "a"), Link("n1", "rest", "n2", "b")),
    )
    run = api.run(graph)
    assert run.problem is None
    assert run.results["n2"] == {"value": 4.25}


def test_a_file_that_changes_is_read_again_and_one_that_is_gone_is_forgotten(mine: Path) -> None:
    path = mine / "one.py"
    path.write_text("def first() -> int:\n    return 1\n")
    assert own_types() == {"fallback.one.first"}
    assert fallback.waiting() == {}
    path.write_text("def second() -> int:\n    return 2\n")
    assert fallback.waiting() == {"one": path}
    assert own_types() == {"fallback.one.second"}
    path.unlink()
    assert own_types() == set()


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("x = 1\ndef f(:\n", "broken.py, line 2, cannot be imported. SyntaxError"),
        ("x = 1\ny = x / 0\n", "broken.py, line 2, cannot be imported. ZeroDivisionError"),
        ("import os\n\nimport nowhere\n", "broken.py, line 3, cannot be imported. ModuleNotFoundError"),
        ("raise SystemExit(3)\n", "broken.py, line 1, cannot be imported. SystemExit: 3"),
        ("import os\nos._exit(3)\n", "ended its process"),
    ],
    ids=["syntax", "error", "missing package", "exit", "death"],
)
def test_a_broken_file_is_named_with_its_line_and_the_others_are_used(
    mine: Path, content: str, said: str
) -> None:
    (mine / "broken.py").write_text(content)
    (mine / "good.py").write_text("def first() -> int:\n    return 1\n")
    assert own_types() == {"fallback.good.first"}
    (problem,) = overlay.overlay().problems
    assert said in problem.message
    assert problem.hint
    assert fallback.waiting() == {}
    (mine / "broken.py").write_text("def mended() -> int:\n    return 1\n")
    assert own_types() == {"fallback.good.first", "fallback.broken.mended"}
    assert overlay.overlay().problems == ()


def test_folders_are_named_by_a_variable_and_two_files_of_one_name_are_told(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    one, two, none = tmp_path / "one", tmp_path / "two", tmp_path / "none"
    for folder in (one, two):
        folder.mkdir()
        (folder / "same.py").write_text(f"def of_{folder.name}() -> int:\n    return 1\n")
    (two / "other.py").write_text("def more() -> int:\n    return 1\n")
    (two / "prepare.py").write_text("def split() -> int:\n    return 1\n")
    (two / "my-file.py").write_text("")
    monkeypatch.setenv("FLOWCORE_FALLBACK", os.pathsep.join(map(str, (one, two, none))))
    assert own_types() == {"fallback.same.of_one", "fallback.other.more"}
    told = [problem.message for problem in overlay.overlay().problems]
    assert [message.partition(" ")[0] for message in told] == [
        "Expected",
        str(two / "my-file.py"),
        str(two / "prepare.py"),
        str(two / "same.py"),
    ]
    assert str(none) in told[0]


def test_names_that_a_file_lists_itself_count(mine: Path) -> None:
    (mine / "listed.py").write_text(
        "from fallback.prepare import scale\n__all__ = ['scale']\ndef hidden() -> int:\n    return 1\n"
    )
    assert own_types() == {"fallback.listed.scale"}


def test_a_file_without_functions_is_no_problem(mine: Path) -> None:
    (mine / "empty.py").write_text("from math import floor\nLIMIT = 3\n")
    assert own_types() == set()
    assert overlay.overlay().problems == ()


def test_the_template_becomes_nodes(mine: Path) -> None:
    shutil.copy(fallback.TEMPLATE, mine / "template.py")
    assert own_types() == {"fallback.template.halves", "fallback.template.ramp"}
    graph = Graph(
        nodes=(
            Node(id="n1", type="fallback.template.ramp", args={"length": 5}),
            Node(id="n2", type="fallback.template.halves"),
        ),
        links=(Link("n1", "", "n2", "x"),),
    )
    run = api.run(graph)
    assert run.problem is None
    assert (run.shapes["n2"]["low"], run.shapes["n2"]["high"]) == ("(2,)", "(3,)")


def test_the_command_line_reads_the_user_s_functions(home: Path, mine: Path, tmp_path: Path) -> None:
    (mine / "sums.py").write_text(TWO)
    (mine / "broken.py").write_text("x = 1 / 0\n")
    path = tmp_path / "graph.json"
    api.save(Graph(nodes=(Node(id="n1", type="fallback.sums.added", args={"a": 1.0, "b": 2.0}),)), path)
    done = flowcore(home, "run", str(path))
    assert (done.returncode, done.stdout) == (0, "added value 3\n")
    assert "broken.py, line 1, cannot be imported" in done.stderr


def test_the_server_reads_functions_in_the_background(mine: Path) -> None:
    (mine / "sums.py").write_text(TWO)
    found = scans.Scans()
    found.refresh()
    scan = found.look(scans.FUNCTIONS)
    assert scan
    assert not scan.over
    assert overlay.load().find("fallback.sums.added") is None
    _wait(found, scans.FUNCTIONS)
    assert overlay.load().find("fallback.sums.added")


def test_a_package_is_scanned_in_the_background_and_can_be_stopped(home: Path) -> None:
    found = scans.Scans()
    found.start("fallback")
    found.stop("fallback")
    stopped = _wait(found, "fallback")
    assert [problem.code for problem in stopped.problems] == ["describe-stopped"]
    found.start("fallback")
    done = _wait(found, "fallback")
    assert done.problems == ()
    assert done.done == done.total > 6
    assert overlay.own_packages() == ("fallback",)
    found.start("nowhere_at_all")
    (problem,) = _wait(found, "nowhere_at_all").problems
    assert problem.message.startswith("nowhere_at_all cannot be imported. ModuleNotFoundError")
    found.forget("nowhere_at_all")
    assert found.look("nowhere_at_all") is None


def _wait(found: scans.Scans, package: str) -> scans.Scan:
    end = time.monotonic() + 60
    while time.monotonic() < end:
        scan = found.look(package)
        if scan and scan.over:
            return scan
        time.sleep(0.05)
    raise AssertionError("the scan did not end")
