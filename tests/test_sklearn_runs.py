"""scikit-learn out of generated nodes alone: the same numbers as plain scikit-learn gives."""

import json
from typing import Any

import numpy as np
import pytest
from sklearn.datasets import load_breast_cancer
from sklearn.decomposition import PCA
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import accuracy_score
from sklearn.model_selection import cross_val_score, train_test_split
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import flowcore
from flowcore.dataflow import document
from flowcore.model.graph import Graph
from flowcore.store import descriptors


def graph(nodes: dict[str, tuple[str, dict[str, Any]]], links: str) -> Graph:
    """links: ``"data.x>scale.X data.y>fit.y"``; an output is left out where it is the whole value."""
    found = []
    for link in links.split():
        source, target = link.split(">")
        (start, _, output), (end, port) = source.partition("."), target.rsplit(".", 1)
        found.append({"from": start, "output": output, "to": end, "port": port})
    text = {
        "flowcore": 1,
        "id": "g1",
        "name": "scikit-learn",
        "nodes": [{"id": id, "type": type_, "args": args} for id, (type_, args) in nodes.items()],
        "links": found,
    }
    return document.read(json.dumps(text).encode(), descriptors.load())


DATA = {"data": ("fallback.samples.load_breast_cancer", {})}
CHAIN = {
    "scaler": ("sklearn.preprocessing.StandardScaler", {}),
    "pca": ("sklearn.decomposition.PCA", {"n_components": 5, "random_state": 0}),
    "model": ("sklearn.linear_model.LogisticRegression", {"C": 0.5, "max_iter": 500}),
}


@pytest.fixture(scope="module")
def data() -> tuple[np.ndarray, np.ndarray]:
    x, y = load_breast_cancer(return_X_y=True)
    return x.astype("float32"), y


def chain() -> tuple[StandardScaler, PCA, LogisticRegression]:
    return StandardScaler(), PCA(5, random_state=0), LogisticRegression(C=0.5, max_iter=500)


def test_scale_pca_and_a_cross_validated_classifier(data: tuple[np.ndarray, np.ndarray]) -> None:
    workflow = graph(
        {
            **DATA,
            **CHAIN,
            "scaled": ("sklearn.preprocessing.StandardScaler.fit_transform", {}),
            "reduced": ("sklearn.decomposition.PCA.fit_transform", {}),
            "scores": ("sklearn.model_selection.cross_val_score", {"cv": 4, "scoring": "accuracy"}),
            "mean": ("numpy.mean", {}),
        },
        "scaler>scaled.self data.x>scaled.X pca>reduced.self scaled.transformed>reduced.X "
        "model>scores.estimator reduced.transformed>scores.X data.y>scores.y scores>mean.a",
    )
    assert flowcore.check(workflow) == ()
    run = flowcore.run(workflow)
    assert run.problem is None
    x, y = data
    scaler, pca, model = chain()
    expected = cross_val_score(model, pca.fit_transform(scaler.fit_transform(x)), y, cv=4, scoring="accuracy")
    assert run.results["mean"]["value"] == pytest.approx(expected.mean(), abs=1e-12)


def test_a_pipeline_of_any_number_of_steps_passed_by_place(data: tuple[np.ndarray, np.ndarray]) -> None:
    workflow = graph(
        {
            **DATA,
            **CHAIN,
            "pipeline": ("sklearn.pipeline.make_pipeline", {}),
            "scores": ("sklearn.model_selection.cross_val_score", {"cv": 3}),
        },
        "scaler>pipeline.steps pca>pipeline.steps model>pipeline.steps pipeline>scores.estimator "
        "data.x>scores.X data.y>scores.y",
    )
    assert flowcore.check(workflow) == ()
    run = flowcore.run(workflow)
    assert run.problem is None
    expected = cross_val_score(make_pipeline(*chain()), *data, cv=3)
    assert list(run.results["scores"].values()) == pytest.approx(expected.tolist(), abs=1e-12)


def test_one_estimator_fitted_by_two_nodes_is_two_estimators(data: tuple[np.ndarray, np.ndarray]) -> None:
    workflow = graph(
        {
            **DATA,
            "split": ("fallback.prepare.split", {"seed": 3}),
            "model": ("sklearn.tree.DecisionTreeClassifier", {"max_depth": 3, "random_state": 0}),
            "on_train": ("sklearn.tree.DecisionTreeClassifier.fit", {}),
            "on_test": ("sklearn.tree.DecisionTreeClassifier.fit", {}),
            "one": ("sklearn.tree.DecisionTreeClassifier.score", {}),
            "other": ("sklearn.tree.DecisionTreeClassifier.score", {}),
        },
        "data.x>split.x data.y>split.y model>on_train.self model>on_test.self "
        "split.x_train>on_train.X split.y_train>on_train.y split.x_test>on_test.X split.y_test>on_test.y "
        "on_train.estimator>one.self split.x_test>one.X split.y_test>one.y "
        "on_test.estimator>other.self split.x_test>other.X split.y_test>other.y",
    )
    assert flowcore.check(workflow) == ()
    run = flowcore.run(workflow)
    assert run.problem is None
    x, y = data
    x_train, x_test, y_train, y_test = train_test_split(x, y, test_size=0.2, stratify=y, random_state=3)
    from sklearn.tree import DecisionTreeClassifier

    def score(*rows: np.ndarray) -> float:
        tree = DecisionTreeClassifier(max_depth=3, random_state=0).fit(*rows)
        return float(accuracy_score(y_test, tree.predict(x_test)))

    assert run.results["one"]["value"] == pytest.approx(score(x_train, y_train))
    assert run.results["other"]["value"] == pytest.approx(score(x_test, y_test))
    assert run.results["one"] != run.results["other"]
