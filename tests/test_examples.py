"""Every example checks clean, runs as its note says, and gives the same figures as a script by itself."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from flowcore import api
from flowcore.model.descriptor import Catalog
from flowcore.model.run import Settings
from flowcore.runs.checker import Checker
from flowcore.runs.supervisor import Supervisor
from flowcore.store import descriptors
from flowcore.store.examples import examples, offered
from tests.alone import Alone, expected, printed, write
from tests.headlines import HEADLINES, figure, shortened, written_to

LOADED = {name: api.load(path) for name, path in api.examples().items()}


@pytest.fixture(scope="module")
def scripts() -> Iterator[Alone]:
    found = Alone()
    yield found
    found.close()


def test_every_example_has_a_headline_and_a_note() -> None:
    assert set(HEADLINES) == set(examples())
    assert all(graph.name and graph.note for graph in LOADED.values())


@pytest.mark.parametrize("name", list(LOADED))
def test_an_example_checks_clean_and_has_the_parameters_that_were_published(
    name: str, checker: Checker
) -> None:
    graph = LOADED[name]
    assert api.check(graph) == ()
    report = checker.report(graph, api.catalog())
    assert report.problems == ()
    if (published := HEADLINES[name].parameters) is not None:
        (rows,) = report.summaries.values()
        assert sum(row.parameters for row in rows) == published


@pytest.mark.parametrize("name", list(LOADED))
def test_an_example_runs_and_its_script_gives_the_same_figures(
    name: str, supervisor: Supervisor, scripts: Alone, catalog: Catalog, tmp_path: Path
) -> None:
    headline = HEADLINES[name]
    graph = written_to(tmp_path, shortened(LOADED[name], headline))
    seed = 1 if headline.short else 0  # what is run in full is to come out as its note says
    run = supervisor.wait(supervisor.start(graph, settings=Settings(seed=seed)), 120)
    assert (run.state, run.problem) == ("done", None), run.output.text[-2000:]
    found = figure(graph, run, headline)
    if headline.short is None:
        assert headline.low <= found <= headline.high
    output = scripts.output(write(graph, catalog, tmp_path / "script.py", seed))
    numbers = expected(graph, run)
    assert numbers
    for title, values in numbers.items():
        assert printed(title, output) == pytest.approx(values, rel=1e-6, abs=1e-7), title


def test_on_a_hosted_server_enlarged_digits_stand_in_for_mnist_and_what_writes_files_is_left_out() -> None:
    hosted = descriptors.load(hosted=True)
    found = {name: offered(graph, hosted) for name, graph in LOADED.items()}
    assert [name for name, graph in found.items() if graph is None] == ["video_and_sound"]
    graph = found["mnist_figure_6"]
    assert graph is not None
    assert graph.by_id["n1"].type == "fallback.samples.load_enlarged_digits"
    assert graph.links == LOADED["mnist_figure_6"].links
