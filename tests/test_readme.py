"""The README is true: its snippets run, and what it names is there."""

import doctest
import re
import subprocess
import sys
from pathlib import Path

import pytest

import flowcore
from flowcore import api
from flowcore.cli import main

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text()


def blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", README, re.DOTALL)


def test_the_python_of_the_readme_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    script = tmp_path / "readme.py"
    script.write_text("\n".join(blocks("python")))
    monkeypatch.delenv("FLOWCORE_ENGINE")  # as for whoever copies it
    done = subprocess.run([sys.executable, script], capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    first, last = done.stdout.splitlines()
    assert first == "(None, 16)"
    assert last.startswith("done ")


def test_every_picture_and_file_that_the_readme_links_is_there() -> None:
    links = re.findall(r"\]\(([^)#]+)\)", README)
    assert links
    assert [link for link in links if not link.startswith("http") and not (ROOT / link).exists()] == []


def test_every_make_target_that_the_readme_names_exists() -> None:
    targets = re.findall(r"^(\w+):", (ROOT / "Makefile").read_text(), re.MULTILINE)
    named = set(re.findall(r"make (\w+)", README))
    assert {"app", "test"} <= named <= set(targets)


@pytest.mark.parametrize(
    "command", sorted(set(re.findall(r"flowcore (app|run|script|read|check|describe|examples)\b", README)))
)
def test_every_command_that_the_readme_names_exists(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="0"):
        main([command, "--help"])
    assert command in capsys.readouterr().out


def test_every_variable_that_the_readme_names_is_read_somewhere() -> None:
    code = "\n".join(path.read_text() for path in (ROOT / "flowcore").rglob("*.py"))
    named = set(re.findall(r"`(FLOWCORE_\w+)`", README))
    assert named
    assert [name for name in named if f'"{name}"' not in code] == []


def test_the_examples_in_the_documentation_of_the_library_run() -> None:
    found = doctest.testmod(api)
    assert found.attempted >= 6
    assert found.failed == 0


def test_everything_that_the_library_hands_on_is_documented() -> None:
    assert [name for name in api.__all__ if not getattr(flowcore, name).__doc__] == []
