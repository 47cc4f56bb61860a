"""What the source of a function or a class does with its arguments."""

import sys
import textwrap
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from flowcore.worker.discover.source import definition
from flowcore.worker.discover.usage import uses


@pytest.fixture
def written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], Any]:
    """Imports a module with this source."""

    def write(text: str) -> Any:
        monkeypatch.syspath_prepend(str(tmp_path))
        (tmp_path / "used_by_a_test.py").write_text(textwrap.dedent(text))
        monkeypatch.delitem(sys.modules, "used_by_a_test", raising=False)
        return __import__("used_by_a_test")

    return write


@pytest.mark.parametrize(
    ("body", "types"),
    [
        ("return x.lower()", ("string",)),
        ("return x.items()", ("dict",)),
        ("x.append(1)", ("list",)),
        ("return x.shape", ("array",)),
        ("return x.iloc[0]", ("table",)),
        ("return x.read()", ("file",)),
        ("return x(1)", ("callable",)),
        ("return [y for y in x]", ("list",)),
        ("for y in x: print(y)", ("list",)),
        ("return list(map(x, [1]))", ("callable",)),
        ("return list(filter(None, x))", ("list",)),
        ("return range(x)", ("int",)),
        ("return open(x)", ("string",)),
        ("return x == 'up'", ("string",)),
        ("return x > 0.5", ("float",)),
        ("return isinstance(x, (str, int))", ("string", "int")),
        ("return isinstance(x, Path)", ("string",)),
        ("return isinstance(x, Tree)", ("Tree",)),
        ("return x or []", ("list",)),
        ("return x or Tree()", ("Tree",)),
        ("if x is None:\n        x = {}", ("dict",)),
        ("return Tree() if x is None else x", ("Tree",)),
        ("return x if x is not None else 'up'", ("string",)),
        ("return x.lower() + x.shape", ()),
        ("return x", ()),
        ("return undefined.lower()", ()),
    ],
)
def test_what_is_done_with_an_argument_tells_its_type(written, body: str, types: tuple[str, ...]) -> None:
    module = written(f"from pathlib import Path\nclass Tree: ...\n\ndef f(x):\n    {body}\n")
    found = uses(module.f).get("x")
    assert (found.types if found else ()) == types


def test_a_bound_on_a_count_means_an_int(written) -> None:
    assert uses(written("def f(n, share):\n    return n < 1 or share < 0").f)["n"].types == ("int",)


def test_what_a_constructor_keeps_is_followed_through_the_methods(written) -> None:
    module = written(
        """
        class Bag:
            def __init__(self, words, key=None):
                self.words = words
                self.by = key

            def sorted(self):
                return [self.by(word) for word in self.words]
        """
    )
    found = uses(module.Bag)
    assert {name: guess.types for name, guess in found.items()} == {"words": ("list",), "key": ("callable",)}


@pytest.mark.parametrize(
    "value", [len, int, lambda x: x, 3, None], ids=["builtin", "C class", "lambda", "number", "None"]
)
def test_what_has_no_source_has_no_uses(value: object) -> None:
    assert uses(value) == {}
    assert definition(value) is None


def test_the_definition_below_decorators_and_conditions_is_found(written) -> None:
    module = written(
        """
        import functools

        def noted(function):
            return functools.wraps(function)(lambda *args: function(*args))

        if True:
            @noted
            @functools.lru_cache
            def f(x):
                return x

        class A:
            class B:
                def g(self): ...
        """
    )
    names = [getattr(definition(one), "name", None) for one in (module.f, module.A.B, module.A.B.g)]
    assert names == ["f", "B", "g"]
