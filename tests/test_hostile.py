"""What a hostile script or model file does when it is read: nothing, and it is told why.

Each is read in a process of its own kind, `tests.hostile`, which hears of everything that runs.
"""

import base64
import io
import json
import marshal
import os
import pickle
import struct
import subprocess
import sys
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec
import pytest

from tests import keras2
from tests.hostile import Outcome

CANARY = "canary"
SHELL = f"touch {CANARY}"
IMPORTED = "import os\nimport keras\n"
NETWORK = "import os\nimport keras\na = keras.Input(shape=(4,))\n"
LAMBDA = base64.b64encode(marshal.dumps(compile(f"__import__('os').system({SHELL!r})", "x", "eval"))).decode()


class Reduced:
    """Runs a command where it is unpickled."""

    def __reduce__(self) -> tuple[Any, ...]:
        return os.system, (SHELL,)


def layer(class_: str, module: str | None = "keras.layers", **config: Any) -> bytes:
    """A model file of Keras 3 with one layer between input and output."""
    tensor = {"class_name": "__keras_tensor__", "config": {"shape": [None, 4], "keras_history": ["in", 0, 0]}}
    image = {"module": "keras.layers", "class_name": "InputLayer", "config": {"batch_shape": [None, 4]}}
    one = {
        "module": module,
        "class_name": class_,
        "config": {"name": "evil", **config},
        "registered_name": class_,
    }
    config = {
        "name": "model",
        "layers": [
            {**image, "name": "in", "inbound_nodes": []},
            {**one, "name": "evil", "inbound_nodes": [{"args": [tensor], "kwargs": {}}]},
        ],
        "input_layers": [["in", 0, 0]],
        "output_layers": [["evil", 0, 0]],
    }
    return json.dumps({"module": "keras", "class_name": "Functional", "config": config}).encode()


def dense(**config: Any) -> bytes:
    return layer("Dense", units=2, **config)


def archive(files: Mapping[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as found:
        for name, content in files.items():
            found.writestr(name, content)
    return buffer.getvalue()


def bomb() -> bytes:
    """1 GB of zeros in a MB."""
    buffer = io.BytesIO()
    with (
        zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as found,
        found.open("config.json", "w") as file,
    ):
        for _ in range(64):
            file.write(bytes(2**24))
    return buffer.getvalue()


def hidden(compression: int) -> bytes:
    """400 MB of zeros in less than 0.1 MB, that say they are ten bytes."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", compression) as found, found.open("config.json", "w") as file:
        for _ in range(24):
            file.write(bytes(2**24))
    return lying(buffer.getvalue())


def listed(count: int) -> bytes:
    """An archive whose table of contents has many entries, of 46 bytes each."""
    whole = archive({"config.json": dense()})
    start = whole.rindex(b"PK\x01\x02")
    one = whole[start : start + 46 + len("config.json")]
    name = struct.pack("<HHH", 1, 0, 0)
    table = one + (one[:28] + name + one[34:46] + b"x") * count
    end = struct.pack("<4sHHHHIIH", b"PK\x05\x06", 0, 0, 0xFFFE, 0xFFFE, len(table), start, 0)
    return whole[:start] + table + end


def full(item: bytes) -> bytes:
    """19 MB of small items."""
    return b'{"class_name": "Sequential", "config": [' + item * (19 * 2**20 // len(item)) + b"0]}"


def lying(content: bytes) -> bytes:
    """An archive that says of its files that they have 10 bytes."""
    place = content.rindex(b"PK\x01\x02") + 24
    return content[:place] + struct.pack("<I", 10) + content[place + 4 :]


def nested(levels: int) -> bytes:
    """Models inside of models."""
    found = keras2.SEQUENTIAL
    for _ in range(levels):
        config = {"name": "outer", "layers": [found], "build_input_shape": [None, 4]}
        found = {"class_name": "Sequential", "config": config}
    return json.dumps(found).encode()


def circular() -> bytes:
    found = json.loads(json.dumps(keras2.CNN))
    found["config"]["layers"][1]["inbound_nodes"] = keras2.on("bn")
    return json.dumps(found).encode()


def crowded() -> bytes:
    found = json.loads(json.dumps(keras2.CNN))
    found["config"]["layers"][6]["inbound_nodes"] = keras2.on(*["conv2d"] * 10**6)
    return json.dumps(found).encode()


RUN = f"os.system({SHELL!r})"

LAYER = f"{NETWORK}d = keras.layers.Dense(4)\n"
LINE, CALLS = "\n", "d(a)," * 5_000

SCRIPTS = {
    "a module that is imported": (f"{IMPORTED}{RUN}\n", "unreadable-script"),
    "everything of a module": (f"from os import *\nimport keras\nsystem({SHELL!r})\n", "unreadable-script"),
    "an import as a call": (f"__import__('os').system({SHELL!r})\n", "unreadable-script"),
    "exec": (f"exec({f'import os; {RUN}'!r})\n", "unreadable-script"),
    "eval in an argument": (f"{NETWORK}keras.layers.Dense(eval({RUN!r}))(a)\n", "unreadable-script"),
    "a decorator": (f"import os\n@{RUN}\ndef f():\n    pass\n", "no-network"),
    "a call in a text": (f'{NETWORK}keras.layers.Dense(2, name=f"{{{RUN}}}")(a)\n', "unreadable-script"),
    "a comprehension": (f"{IMPORTED}a = keras.Input(shape=[{RUN} for _ in '1'])\n", "unreadable-script"),
    "a walk along attributes": ("().__class__.__base__.__subclasses__()[0]('x')\n", "unreadable-script"),
    "getattr": (f"import os\ngetattr(os, 'sys' + 'tem')({SHELL!r})\n", "unreadable-script"),
    "an assignment in an argument": (f"{NETWORK}keras.layers.Dense((n := {RUN}))(a)\n", "unreadable-script"),
    "a lambda": (f"{NETWORK}keras.layers.Activation(lambda x: {RUN})(a)\n", "unreadable-script"),
    "a power without an end": (f"{NETWORK}keras.layers.Dense(9**9**9)(a)\n", "unreadable-script"),
    "a number of a million digits": (f"{NETWORK}keras.layers.Dense({'9' * 10**6})(a)\n", "not-python"),
    "brackets without an end": (f"a = {'(' * 50_000}\n", "not-python"),
    "a chain of signs": (f"a = {'-' * 50_000}1\n", "not-python"),
    "a loop": (f"{IMPORTED}while True:\n    {RUN}\n", "unreadable-script"),
    "sums in sums": (f"{NETWORK}c = {'a + ' * 20_000}a\n", "not-python"),
    "calls on calls": (f"{LAYER}keras.Model(a, d(a)){'.compile()' * 80}.none()\n", "unreadable-script"),
    "comments above many statements": (f"{('#' + LINE) * 100_000}{'b=1;' * 10_000}\n", "no-network"),
    "lists of lists": (
        "b0 = [1]\n" + "".join(f"b{one + 1} = [b{one}, b{one}]\n" for one in range(40)),
        "unreadable-script",
    ),
    "a million words": (f"{LAYER}{'a=d(a);' * 170_000}", "too-large"),
    "a call in a list": (f"{NETWORK}keras.layers.Reshape([{RUN}])(a)\n", "unreadable-script"),
}

OWN = {"module": "os", "class_name": "system", "config": {"command": SHELL}}

FILES = {
    "a pickle": (pickle.dumps(Reduced()), "not-json"),
    "a pickle in an archive": (archive({"config.json": pickle.dumps(Reduced())}), "not-json"),
    "a function as a layer": (layer("get_file", "keras.utils", origin="http://localhost/x"), "not-a-layer"),
    "a loader as an initializer": (
        dense(kernel_initializer={"module": "keras.saving", "class_name": "load_model", "config": {}}),
        "not-an-object",
    ),
    "a loader as an activation": (
        dense(activation={"module": "keras.saving", "class_name": "function", "config": "load_model"}),
        "not-a-function",
    ),
    "a file above the archive": (archive({"config.json": dense(), "../../evil.py": b"x"}), "bad-archive"),
    "a file at the root": (archive({"config.json": dense(), "/etc/evil": b"x"}), "bad-archive"),
    "a GB of zeros": (bomb, "too-large"),
    "a GB of zeros that says it has ten": (lambda: lying(bomb()), "bad-archive"),
    "400 MB of zeros by bzip2": (lambda: hidden(zipfile.ZIP_BZIP2), "bad-archive"),
    "400 MB of zeros by LZMA": (lambda: hidden(zipfile.ZIP_LZMA), "bad-archive"),
    "a million files in the archive": (lambda: listed(10**6), "bad-archive"),
    "millions of lists": (lambda: full(b"[],"), "too-large"),
    "millions of objects": (lambda: full(b'{"":0},'), "too-large"),
    "millions of numbers": (lambda: full(b"0.5,"), "too-large"),
    "millions of texts": (lambda: full(b'"ab",'), "too-large"),
    "millions of texts, in UTF-16": (
        lambda: full(b'"ab",')[: 9 * 2**20].decode().encode("utf-16"),
        "too-large",
    ),
    "a number of a million digits in JSON": (b'{"class_name": ' + b"1" * 10**6 + b"}", "not-json"),
    "half of a character": (dense(kernel_initializer="\ud800"), "bad-model"),
    "half of a character as a name": (dense(name="\udfff"), "bad-model"),
    "lists in lists": (b"[" * 10**6 + b"]" * 10**6, "too-deep"),
    "models in models": (nested(18), "too-deep"),
    "a circle": (circular(), "cycle"),
    "a million inputs": (crowded(), "too-large"),
    "HDF5": (b"\x89HDF\r\n\x1a\n" + bytes(100), "not-a-model"),
    "a class of one's own": (json.dumps(OWN).encode(), "not-a-model"),
}

LONG = {
    "a long line of layers": (f"{NETWORK}{'a=keras.layers.Dense(2)(a);' * 9_999}", ""),
    "a layer that is called again and again": (f"{LAYER}{'a=d(a);' * 9_999}", ""),
    "methods one after the other": (f"{LAYER}m = keras.Model(a, d(a))\n{'m.compile();' * 9_999}", ""),
    "sums one after the other": (f"{LAYER}{'a += d(a);' * 9_999}", ""),
    "more statements than are read": (f"{NETWORK}{'b=1;' * 21_000}", "too-large"),
    "more nodes than are read": (f"{LAYER}{f'b = [{CALLS}]{LINE}' * 5}", "too-large"),
    "more links than are read": (
        f"{LAYER}b = [{'a,' * 20_000}]\n{'keras.layers.Add()(b);' * 999}",
        "too-large",
    ),
}
"""Nothing is wrong with these but how much there is of it. Read in squares, each would take minutes."""

KEPT = {
    "a lambda of Keras 3": (
        layer("Lambda", function={"class_name": "__lambda__", "config": {"code": LAMBDA, "defaults": None}}),
        "keras.layers.Lambda not-allowed",
    ),
    "a lambda of Keras 2": (
        layer("Lambda", None, function=[LAMBDA, None, None], function_type="lambda"),
        "keras.layers.Lambda not-allowed",
    ),
    "a lambda as an activation": (
        dense(activation={"class_name": "__lambda__", "config": {"code": LAMBDA}}),
        "keras.layers.Dense not-allowed",
    ),
    "os.system as a layer": (layer("system", "os", command=SHELL), "os.system not-allowed"),
    "os.system as an activation": (
        dense(activation={"module": "os", "class_name": "function", "config": "system"}),
        "keras.layers.Dense not-allowed",
    ),
    "os.system as a regularizer": (
        dense(kernel_regularizer=OWN),
        "keras.layers.Dense not-allowed",
    ),
    "os.system under a registered name": (
        dense(activation={"class_name": "function", "config": "y", "registered_name": "os>system"}),
        "keras.layers.Dense not-allowed",
    ),
    "os.system as a function of TensorFlow": (
        layer("TFOpLambda", None, function="os.system"),
        "tf.os.system not-allowed",
    ),
    "a form of ours": (layer("Own", "own", x={"$new": "os.system", "args": {}}), "own.Own not-allowed"),
}

NAMES = [*SCRIPTS, *LONG, *FILES, *KEPT]


@pytest.fixture(scope="module")
def outcomes(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Outcome]:
    """What came of every case, by name; the folder that the process ran in is still empty then."""
    folder, empty = tmp_path_factory.mktemp("files"), tmp_path_factory.mktemp("empty")
    (folder / "harmless.py").write_text(f"{NETWORK}b = keras.layers.Dense(2)(a)\nm = keras.Model(a, b)\n")
    (folder / "harmless.keras").write_bytes(archive({"config.json": dense()}))
    endings = {**dict.fromkeys([*SCRIPTS, *LONG], ".py"), **dict.fromkeys([*FILES, *KEPT], ".keras")}
    for index, (name, (content, _)) in enumerate({**SCRIPTS, **LONG, **FILES, **KEPT}.items()):
        made = content() if callable(content) else content
        path = folder / f"{index:02}{endings[name]}"
        path.write_bytes(made.encode() if isinstance(made, str) else made)
    root = str(Path(__file__).parents[1])
    done = subprocess.run(
        [sys.executable, "-m", "tests.hostile", str(folder)],
        cwd=empty,
        env={**os.environ, "PYTHONPATH": root, "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr.decode()
    assert list(empty.iterdir()) == []
    found = msgspec.json.decode(done.stdout, type=dict[str, Outcome])
    named = {name: found[f"{index:02}{endings[name]}"] for index, name in enumerate(NAMES)}
    return {**named, "control": found["control"]}


def test_what_runs_is_heard(outcomes: dict[str, Outcome]) -> None:
    assert [event.split()[0] for event in outcomes["control"].ran] == ["exec"]


@pytest.mark.parametrize("name", NAMES)
def test_nothing_runs(name: str, outcomes: dict[str, Outcome]) -> None:
    assert outcomes[name].ran == []
    assert outcomes[name].seconds < (40 if name in LONG else 5)
    assert outcomes[name].memory < 300


@pytest.mark.parametrize("name", [*SCRIPTS, *FILES])
def test_it_is_refused_with_a_reason(name: str, outcomes: dict[str, Outcome]) -> None:
    expected = {**SCRIPTS, **FILES}[name][1]
    assert (outcomes[name].codes, outcomes[name].types) == ([expected], [])
    assert len(outcomes[name].message) < 500


@pytest.mark.parametrize("name", LONG)
def test_a_long_script_is_read_or_refused_for_its_length(name: str, outcomes: dict[str, Outcome]) -> None:
    expected = LONG[name][1]
    assert outcomes[name].codes == [expected] * bool(expected)
    assert len(outcomes[name].types) >= 9_999 * (not expected)


@pytest.mark.parametrize("name", KEPT)
def test_what_stays_is_listed_and_never_evaluated(name: str, outcomes: dict[str, Outcome]) -> None:
    found = outcomes[name]
    assert found.codes == []
    assert {"unknown-type", "not-allowed"} & set(found.errors)
    assert "script: not-allowed" in found.errors
    assert KEPT[name][1] in found.stopped
    assert LAMBDA not in found.document
