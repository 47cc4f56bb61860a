"""Layers that packages other than Keras register: nodes where a package is described, else placeholders."""

import json
import os
import sys
import textwrap
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import keras
import numpy as np

from flowcore.dataflow.check import check
from flowcore.dataflow.read_model import read_model
from flowcore.model.graph import equal
from flowcore.store import overlay
from flowcore.worker.discover import describe
from tests import models

LAYERS = """
    import keras

    @keras.saving.register_keras_serializable("little")
    class Scale(keras.layers.Layer):
        '''Multiplies by a number.

        Args:
            factor: Float. By what.
        '''

        def __init__(self, factor=2.0, **kwargs):
            super().__init__(**kwargs)
            self.factor = factor

        def call(self, inputs):
            return inputs * self.factor

        def get_config(self):
            return {**super().get_config(), "factor": self.factor}
"""


@pytest.fixture
def little(home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """A package with one layer, which a model file names."""
    folder = tmp_path / "installed" / "little"
    folder.mkdir(parents=True)
    (folder / "__init__.py").write_text("from little.layers import Scale\n")
    (folder / "layers.py").write_text(textwrap.dedent(LAYERS))
    monkeypatch.syspath_prepend(str(folder.parent))
    import little

    yield little
    for name in ("little", "little.layers"):
        sys.modules.pop(name)
    keras.saving.get_custom_objects().pop("little>Scale")


def written(little: Any) -> dict[str, Any]:
    x = keras.Input((3,), name="x")
    found: dict[str, Any] = json.loads(keras.Model(x, little.Scale(3.0, name="scale")(x)).to_json())
    return found


def without_module(entry: dict[str, Any]) -> dict[str, Any]:
    """As Keras 2 writes it."""
    image, scale = entry["config"]["layers"]
    scale = {**scale, "module": None, "class_name": "little>Scale", "registered_name": None}
    return {**entry, "config": {**entry["config"], "layers": [image, scale]}}


def test_a_registered_layer_of_a_described_package_is_a_node(little: Any) -> None:
    entry = written(little)
    overlay.save(describe("little"), "little")
    catalog = overlay.load()
    graph, older = (read_model(json.dumps(one).encode(), catalog) for one in (entry, without_module(entry)))
    assert equal(older, graph)
    scale = graph.nodes[1]
    assert (scale.type, scale.args) == ("little.Scale", {"factor": 3.0, "name": "scale"})
    assert check(graph, catalog) == ()
    model = models.build(graph, catalog)
    assert type(model.layers[1]) is little.Scale
    np.testing.assert_array_equal(model(np.ones((1, 3), "float32")), [[3, 3, 3]])


def test_one_of_a_package_that_is_not_described_or_not_allowed_is_a_placeholder(little: Any) -> None:
    content = json.dumps(written(little)).encode()
    before = overlay.load()
    overlay.save(describe("little"), "little")
    for catalog in (before, overlay.load(hosted=True)):
        graph = read_model(content, catalog)
        assert graph.nodes[1].type == "little.layers.Scale"
        assert {problem.code for problem in check(graph, catalog)} == {"unknown-type"}
