"""Files of all kinds, told apart by what is in them."""

import json
from pathlib import Path

import pytest

from flowcore import api
from flowcore.dataflow import document
from flowcore.dataflow.read import read
from flowcore.model.graph import Graph, Node
from flowcore.model.problem import FlowError
from flowcore.store import descriptors

CATALOG = descriptors.load()
DENSE = {
    "class_name": "Sequential",
    "config": {
        "name": "line",
        "layers": [
            {"class_name": "InputLayer", "config": {"batch_shape": [None, 3], "name": "row"}},
            {"class_name": "Dense", "config": {"units": 2, "name": "two"}},
        ],
    },
}

MASKING = {"class_name": "Masking", "config": {"mask_value": float("nan"), "name": "masking"}}
_, TWO = DENSE["config"]["layers"]
ROWS = {"class_name": "InputLayer", "config": {"batch_shape": [None, 5, 3]}}
MASKED = {"class_name": "Sequential", "config": {"name": "line", "layers": [ROWS, MASKING, TWO]}}


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("graph.json", document.write(Graph(nodes=(Node(id="n1", type="keras.layers.Dense"),)))),
        ("script.py", b"import keras\nx = keras.layers.Dense(2)\n"),
        ("model.json", json.dumps(DENSE).encode()),
        ("masked.json", json.dumps(MASKED).encode()),
        ("model.txt", json.dumps(DENSE["config"]).encode()),
    ],
)
def test_the_kind_of_a_file_is_told_by_its_content(name: str, content: bytes) -> None:
    assert "keras.layers.Dense" in {node.type for node in read(content, name, CATALOG).nodes}


@pytest.mark.parametrize(
    ("name", "content", "code"),
    [
        ("a.py", b"\xff\xfe", "not-python"),
        ("a.keras", b"nothing", "not-json"),
        ("a.json", b"[" * 100_000, "not-json"),
        ("a.json", b"PK\x03\x04 broken", "bad-archive"),
        ("a.json", b"{}", "not-a-graph"),
    ],
)
def test_a_file_of_no_kind_is_refused(name: str, content: bytes, code: str) -> None:
    with pytest.raises(FlowError) as caught:
        read(content, name, CATALOG)
    assert caught.value.problems[0].code == code


def test_the_library_loads_them_too(tmp_path: Path) -> None:
    path = tmp_path / "model.json"
    path.write_text(json.dumps(DENSE))
    assert api.check(api.load(path)) == ()
