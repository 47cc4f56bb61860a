"""The command ``flowcore describe``, run on a copy of flowcore: its catalogue files are the test's own."""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

import flowcore
from flowcore.dataflow.modules import inside, renewed
from flowcore.model.descriptor import Catalog, NodeDescriptor
from flowcore.store.descriptors import generated

Describe = Callable[..., "subprocess.CompletedProcess[str]"]
A = NodeDescriptor(name="f", package="p.a.f")
B = NodeDescriptor(name="g", package="p.b.g")
SHARED = NodeDescriptor(name="h", package="p.h", aliases=("p.b.h",))


@pytest.fixture
def command(tmp_path: Path) -> Describe:
    """Runs ``flowcore describe`` in a folder that holds a copy of flowcore and the test's packages."""
    shutil.copytree(Path(flowcore.__file__).parent, tmp_path / "flowcore")
    (tmp_path / "descriptors").mkdir()

    def run(*arguments: str) -> "subprocess.CompletedProcess[str]":
        return subprocess.run(
            [sys.executable, "-m", "flowcore.cli", "describe", *arguments],
            cwd=tmp_path,
            env={**os.environ, "PYTHONPATH": str(tmp_path), "FLOWCORE_HOME": str(tmp_path / "home")},
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )

    return run


def write(folder: Path, **modules: str) -> None:
    (folder / "sample").mkdir(exist_ok=True)
    for name, text in {"__init__": "", **modules}.items():
        (folder / "sample" / f"{name}.py").write_text(text)


def described(folder: Path) -> list[str]:
    return [node.package for node in generated(folder / "descriptors" / "sample.json").nodes]


@pytest.mark.parametrize("mode", [(), ("--static",)], ids=["imported", "static"])
def test_only_renews_the_nodes_of_one_module(
    command: Describe, tmp_path: Path, mode: tuple[str, ...]
) -> None:
    write(tmp_path, a="def f(): ...", b="def g(): ...")
    assert command("sample", *mode).returncode == 0
    assert described(tmp_path) == ["sample.a.f", "sample.b.g"]
    write(tmp_path, a="def f2(): ...", b="def g2(): ...")
    assert command("sample", *mode, "--only", "sample.b").returncode == 0
    assert described(tmp_path) == ["sample.a.f", "sample.b.g2"]


def test_only_of_a_module_without_functions_leaves_the_file_as_it_is(
    command: Describe, tmp_path: Path
) -> None:
    write(tmp_path, a="def f(): ...")
    command("sample", "--static")
    failed = command("sample", "--static", "--only", "sample.c")
    assert (failed.returncode, described(tmp_path)) == (1, ["sample.a.f"])
    assert "Expected public functions or classes in sample.c; found none." in failed.stderr


def test_static_runs_nothing_of_a_package(command: Describe, tmp_path: Path) -> None:
    write(tmp_path, a="open('ran', 'w')\nimport os\nos._exit(3)\ndef f(size: int = 1): ...")
    assert command("sample").returncode == 1
    assert (tmp_path / "ran").exists()
    (tmp_path / "ran").unlink()
    done = command("sample", "--static")
    assert (done.returncode, described(tmp_path)) == (0, ["sample.a.f"])
    assert not (tmp_path / "ran").exists()


def test_static_of_a_package_that_is_not_installed_names_it(command: Describe) -> None:
    failed = command("not_installed_anywhere", "--static")
    assert failed.returncode == 1
    assert "Expected the package not_installed_anywhere to be installed" in failed.stderr


@pytest.mark.parametrize(
    ("modules", "found"),
    [(("p.b",), [B, SHARED]), (("p",), [A, B, SHARED]), (("p.a", "p.h"), [A, SHARED]), (("p.bb",), [])],
)
def test_a_node_lies_in_a_module_by_its_path_or_by_an_alias(
    modules: tuple[str, ...], found: list[NodeDescriptor]
) -> None:
    assert list(inside(Catalog({}, (A, B, SHARED)), modules).nodes) == found


def test_what_a_module_no_longer_has_is_gone_and_the_rest_is_kept() -> None:
    old, new = Catalog({"p": "1"}, (A, B, SHARED)), Catalog({"p": "2"}, (SHARED,))
    assert renewed(old, new, ("p.b",)) == Catalog({"p": "2"}, (A, SHARED))
