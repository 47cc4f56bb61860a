"""Describing a package by its files: nothing of it runs, and what comes out is what a scan finds."""

import os
import sys
import textwrap
import time
from pathlib import Path

import pytest
from msgspec import UNSET
from msgspec.structs import replace

from flowcore.model.descriptor import Catalog, Registry, Source
from flowcore.model.problem import FlowError
from flowcore.worker.discover import describe
from flowcore.worker.discover.static import describe_static

HEAD = "from pathlib import Path\nPath('ran').write_text('')\n"


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Writes a package: module -> source, ``__`` for a dot; its modules are forgotten afterwards."""
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.chdir(tmp_path)
    names = []

    def write(name: str, **modules: str) -> str:
        names.append(name)
        for module, text in {"init": "", **modules}.items():
            path = tmp_path.joinpath(name, *module.split("__")).with_suffix(".py")
            path = path.parent / "__init__.py" if path.stem == "init" else path
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(textwrap.dedent(text))
        return name

    yield write
    for module in [m for m in sys.modules if m.partition(".")[0] in names]:
        del sys.modules[module]


def paths(catalog: Catalog) -> dict[str, tuple[str, ...]]:
    return {node.package: node.aliases for node in catalog.nodes}


TOY = """
    from __future__ import annotations
    import abc
    from dataclasses import dataclass, field, KW_ONLY, InitVar
    from typing import Annotated, ClassVar, Literal, NamedTuple, Optional, Sequence, TypeVar, Union
    from enum import Enum
    import numpy as np
    SIZE = 3
    Mode = Literal["same", "valid", None]
    T = TypeVar("T", bound=int)

    class Base:
        '''Anything that computes.

        Args:
            name: String name of the layer.
        '''
        def __init__(self, *, trainable=True, name=None, **kwargs): ...
        def call(self, *args): raise NotImplementedError

    class Sized(Base):
        def __init__(self, size, rank, mode="max", **kwargs):
            super().__init__(**kwargs)

    class Dense(Base):
        '''A layer.

        Args:
            units: Positive integer, how many.
            activation: Activation to use.
        '''
        def __init__(self, units, activation=None, use_bias=True, **kwargs):
            super().__init__(**kwargs)
        def call(self, inputs, mask=None, training=False): ...

    class Pool(Sized):
        def __init__(self, size=2, name=None, **kwargs):
            super().__init__(size, 2, mode="avg", name=name, **kwargs)
        def call(self, inputs): ...

    class Merge(Base):
        def call(self, inputs): ...

    class Add(Merge): ...

    class Wrong(ValueError): ...
    class Colour(Enum):
        RED = 1
    class Halves(NamedTuple):
        left: int
        right: np.ndarray
    class Open(abc.ABC):
        @abc.abstractmethod
        def fit(self): ...
    class Closed(Open):
        def fit(self): ...
    class Made:
        def __new__(cls, count: int = 1): ...

    @dataclass
    class Point:
        '''A place.'''
        x: int
        y: float = 0.5
        kind: ClassVar[str] = "point"
        tags: list[str] = field(default_factory=list)
        hidden: int = field(default=0, init=False)
        _: KW_ONLY
        label: str = field(default="none")
    @dataclass
    class Point3(Point):
        '''A place in space.'''
        z: float = 1.0

    def relu(x):
        '''Cuts off what is negative.'''

    def halve(values: np.ndarray, at: Annotated[int, "where"] = SIZE, mode: Mode = "same",
              shape: tuple[int, ...] = (2, 2), seed: Optional[int] = None, low: float = -float("inf"),
              rows: Sequence[int] | None = None, step: float = 2.0**15, how: Union[bool, str] = relu,
              gap: T = -1, *, last=np.nan) -> Halves:
        '''Parts values.'''
"""
TOY_SOURCE = Source(
    families={"toy.layers.Base": "layer"},
    functions={"toy.activations": "activation"},
    merging=("toy.layers.Merge",),
    methods=("toy.layers.Dense.call",),
)


def test_a_package_is_described_as_if_it_were_imported(package) -> None:
    package("toy", init="__version__ = '3.1'", layers=TOY, activations="from .layers import relu")
    read = describe_static("toy", TOY_SOURCE)
    assert "toy" not in sys.modules
    assert read == describe("toy", TOY_SOURCE)


def test_the_names_in_a_registry_are_not_known(package) -> None:
    package("toy", layers=textwrap.dedent(TOY) + "REGISTRY = {'relu': relu}", activations="")
    registries = {"activation": Registry(path="toy.layers.REGISTRY")}
    source = replace(TOY_SOURCE, registries=registries)
    activation = describe_static("toy", source).by_type["toy.layers.Dense"].arguments["activation"]
    assert (activation.itype, activation.widget, activation.choices) == ("activation", "registry", ())


def test_fields_of_data_classes_are_arguments_keywords_last(package) -> None:
    package("toy", layers=TOY)
    point = describe_static("toy").by_type["toy.layers.Point3"]
    assert [(one.arg, one.itype, one.required) for one in point.args] == [
        ("x", "int", True),
        ("y", "float", False),
        ("tags", "list", False),
        ("z", "float", False),
        ("label", "string", False),
    ]
    assert (point.arguments["y"].default, point.arguments["tags"].default) == (0.5, UNSET)


def test_a_default_that_cannot_be_read_makes_its_argument_optional(package) -> None:
    package("opaque", init="import os\ndef f(a=os.getcwd(), b=lambda: 1, c=object(), d=10**10**10): ...")
    (node,) = describe_static("opaque").nodes
    assert [(one.arg, one.required, one.default) for one in node.args] == [
        (name, False, UNSET) for name in "abcd"
    ]


def test_all_stars_and_renaming_are_followed(package) -> None:
    package(
        "starry",
        init="from .deep import *\nfrom .deep import hidden as shown\nfrom . import deep",
        deep="__all__ = ['f'] + ['g']\n__all__ += ['h']\ndef f(): ...\ndef g(): ...\nhidden = f\nh = g",
    )
    assert paths(describe_static("starry")) == paths(describe("starry"))


def test_a_stub_stands_for_a_compiled_module(package, tmp_path: Path) -> None:
    package("mixed", init="from .fast import f")
    (tmp_path / "mixed" / "fast.so").write_bytes(b"\x7fELF")
    (tmp_path / "mixed" / "fast.pyi").write_text("def f(count: int = ...) -> int: ...")
    (node,) = describe_static("mixed").nodes
    (count,) = node.args
    assert (node.package, node.otype, count.itype, count.required) == ("mixed.f", "int", "int", False)


@pytest.mark.parametrize(
    "text",
    [
        HEAD,
        HEAD + "import os\nos._exit(1)",
        HEAD + "while True: pass",
        HEAD + "raise SystemExit",
        "class M(type):\n    def __new__(*a): Path('ran').touch()\nclass X(metaclass=M): ...",
        "class X:\n    def __init_subclass__(cls): Path('ran').touch()\nclass Y(X): ...",
        "def __getattr__(name):\n    open('ran', 'w')\ndef __dir__(): open('ran', 'w')",
        "def g(x: open('ran', 'w') = open('ran', 'w')) -> open('ran', 'w'): ...",
        'def g(x: \'open("ran", "w")\', y: \'list[open("ran", "w")]\' = 1): ...',
        "from __future__ import annotations\nimport typing as t\n"
        'def g(x: t.Optional[\'open("ran", "w")\'], y: list[\'open("ran", "w")\']): ...',
        'import typing as t\nA = \'open("ran", "w")\'\nB = t.List[A]\n'
        "def g(x: A, y: t.Annotated[A, A], z: B, w: t.TypeVar('T', bound=A), v: t.Literal[A]): ...",
        "import dataclasses as d\n@d.dataclass\nclass P:\n    x: 'open(\"ran\", \"w\")' = open('ran', 'w')",
        'import typing as t\nclass N(t.NamedTuple):\n    x: \'open("ran", "w")\'\ndef g() -> N: ...',
        "__all__ = [open('ran', 'w')]\n__version__ = open('ran', 'w')",
        "# coding: no_such_codec\n",
    ],
    ids=range(15),
)
def test_nothing_of_a_package_is_run(package, tmp_path: Path, text: str) -> None:
    package("hostile", bad=text, fine="def f(size: int = 2): ...")
    found = describe_static("hostile")
    assert "hostile.fine.f" in found.by_type
    assert not (tmp_path / "ran").exists()
    assert not [name for name in sys.modules if name.startswith("hostile")]


@pytest.mark.parametrize(
    "text",
    [
        "def broken(:",
        "def g(a=0x" + "f" * 9_000 + ", b=9**9**9, c=" + "2000**2000*" * 9 + "1, d=-1e999): ...",
        "x = " + "1+" * 200_000 + "1",
        "x = " + "(" * 5_000 + ")" * 5_000,
        "x = " + "-" * 100_000 + "1",
        "x = " + "a." * 100_000 + "b",
        "def deep(x=" + "[" * 150 + "]" * 150 + "): ...",
        "\n".join(" " * depth + "class C:" for depth in range(99)) + "\n" + " " * 99 + "pass",
        "def g(x: " + "list[" * 90 + "int" + "]" * 90 + "): ...",
        "def g(x: " + " | ".join(f"C{n}" for n in range(5_000)) + "): ...",
        "class A(B): ...\nclass B(A): ...\nclass C(C): ...",
        "class A: ...\nclass B(A): ...\nclass C(A, B): ...",
        "class A(int, str, dict): ...",
        "from .bad import a as b, b as a\nfrom .bad import *\nx = y\ny = x",
        "A = 'B'\nB = 'A'\nC = list[C]\ndef g(x: A, y: B, z: C): ...",
        "from ....... import nothing\nfrom hostile import bad\nbad = bad",
        "\x00",
        "class __init__: ...\n__all__ = ['f', 'no', 3, None]\n__all__ += everything",
        "def g(" + ", ".join(f"a{n}=0" for n in range(3_000)) + "): ...",
    ],
    ids=range(19),
)
def test_what_is_readable_is_read_whatever_the_rest_is(package, text: str) -> None:
    package("hostile", bad=text, fine="def f(size: int = 2): ...")
    began = time.process_time()
    found = describe_static("hostile")
    assert [one.itype for one in found.by_type["hostile.fine.f"].args] == ["int"]
    assert time.process_time() - began < 20


def test_modules_that_star_import_each_other_keep_what_is_theirs(package) -> None:
    package("ring", one="from .two import *\ndef f(): ...", two="from .one import *\ndef g(): ...")
    assert {"ring.one.f", "ring.two.g"} <= {node.package for node in describe_static("ring").nodes}


def test_links_in_circles_pipes_and_huge_files_are_passed_by(package, tmp_path: Path) -> None:
    package("looped", fine="def f(): ...", part__init="")
    for name in ("a", "b", "c"):
        (tmp_path / "looped" / name).symlink_to(tmp_path / "looped")
        (tmp_path / "looped" / "part" / name).symlink_to("..")
    os.mkfifo(tmp_path / "looped" / "pipe.py")
    (tmp_path / "looped" / "zero.py").symlink_to("/dev/zero")
    (tmp_path / "looped" / "gone.py").symlink_to("nowhere.py")
    with (tmp_path / "looped" / "huge.py").open("wb") as file:
        file.truncate(1 << 33)
    assert paths(describe_static("looped")) == {"looped.fine.f": ()}


def test_a_folder_with_a_repository_is_not_shown_to_git(package, tmp_path: Path, monkeypatch) -> None:
    package("tracked", fine="def f(): ...")
    (tmp_path / "git").write_text(f"#!/bin/sh\ntouch {tmp_path}/ran\n")
    (tmp_path / "git").chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    assert list(paths(describe_static("tracked"))) == ["tracked.fine.f"]
    assert not (tmp_path / "ran").exists()


def test_what_was_imported_before_is_still_there_afterwards(package) -> None:
    package("loaded", init="def f(): return 1")
    import loaded

    depth = sys.getrecursionlimit()
    describe_static("loaded")
    assert sys.modules["loaded"] is loaded
    assert (loaded.f(), sys.getrecursionlimit()) == (1, depth)


@pytest.mark.parametrize(
    ("name", "code", "message"),
    [
        (
            "not_installed_anywhere",
            "not-installed",
            "Expected the package not_installed_anywhere to be installed; nothing of that name was found.",
        ),
        (
            "_struct",
            "no-source",
            "Expected Python files of _struct; found none: it is compiled, or named otherwise.",
        ),
    ],
)
def test_a_package_without_files_is_named(name: str, code: str, message: str) -> None:
    with pytest.raises(FlowError) as raised:
        describe_static(name)
    assert (raised.value.problems[0].code, raised.value.problems[0].message) == (code, message)
