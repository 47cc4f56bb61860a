"""What tells that code and files have changed, with real files and modules."""

import importlib
import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import fallback
from flowcore.model.graph import Graph, Node
from flowcore.worker.locate import locate
from flowcore.worker.stamps import stamps

MODULES = {
    "stamped_least": "NUMBER = 1\n",
    "stamped_helper": "from fallback.stamped_least import NUMBER\n",
    "stamped_one": "from fallback import stamped_helper\ndef f():\n    return stamped_helper.NUMBER\n",
    "stamped_two": "def f():\n    from .stamped_helper import NUMBER\n    return NUMBER\n",
}
ONE, TWO = "fallback.stamped_one.f", "fallback.stamped_two.f"


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    """Functions of a user that import each other."""
    for name, content in MODULES.items():
        (tmp_path / f"{name}.py").write_text(content)
    fallback.__path__.append(str(tmp_path))
    importlib.invalidate_caches()
    yield tmp_path
    fallback.__path__.remove(str(tmp_path))
    for name in MODULES:
        sys.modules.pop(f"fallback.{name}", None)
        vars(fallback).pop(name, None)
    locate.cache_clear()


def called(*types: str) -> tuple[dict[str, str], list[int]]:
    found = stamps(Graph(nodes=tuple(Node(id=type_, type=type_) for type_ in types)))
    return found, [locate(type_)() for type_ in types]


def test_what_a_module_of_the_user_imports_counts_and_is_loaded_again(folder: Path) -> None:
    called(ONE, TWO)
    before, numbers = called(ONE, TWO)
    assert numbers == [1, 1]
    assert called(ONE, TWO)[0] == before
    (folder / "stamped_least.py").write_text("NUMBER = 22\n")
    after, numbers = called(ONE, TWO)
    assert numbers == [22, 22]
    assert {type_ for type_ in before if before[type_] != after[type_]} == {ONE, TWO}


def test_a_helper_that_cannot_be_read_is_told_when_it_is_called(folder: Path) -> None:
    called(ONE)
    (folder / "stamped_helper.py").write_text("def f(:\n")
    stamps(Graph(nodes=(Node(id="n", type=ONE),)))
    with pytest.raises((SyntaxError, AttributeError, ImportError)):
        locate(ONE)()
    (folder / "stamped_helper.py").write_text("NUMBER = 333\n")
    assert called(ONE)[1] == [333]


def of_path(path: str) -> str:
    return stamps(Graph(nodes=(Node(id="n", type="pandas.read_csv", args={"path": path}),))).get(path, "")


def test_whatever_is_below_a_folder_counts(tmp_path: Path) -> None:
    inner = tmp_path / "a" / "b"
    inner.mkdir(parents=True)
    (inner / "1.txt").write_text("x")
    (inner / "nowhere").symlink_to(tmp_path / "gone")
    seen = [of_path(str(tmp_path))]
    assert of_path(str(tmp_path)) == seen[0] != ""
    (inner / "1.txt").write_text("xy")
    seen.append(of_path(str(tmp_path)))
    (inner / "2.txt").write_text("x")
    seen.append(of_path(str(tmp_path)))
    (inner / "1.txt").unlink()
    seen.append(of_path(str(tmp_path)))
    assert len(set(seen)) == 4


def test_a_path_may_begin_at_home_and_a_sign_is_no_path(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    (tmp_path / "data.csv").write_text("x")
    assert of_path("~/data.csv") == of_path(os.path.join(tmp_path, "data.csv")) != ""
    assert [of_path(sign) for sign in (".", "/", "~", "")] == [""] * 4
