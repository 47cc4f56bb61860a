"""The user's own catalogue: packages, revisions, and what happens when a file of it is broken."""

import os
import time
from pathlib import Path

import msgspec
import pytest

from flowcore.model.descriptor import Argument, Catalog, NodeDescriptor, Range
from flowcore.model.problem import FlowError
from flowcore.store import corrections, descriptors, overlay
from flowcore.store.policy import Entry, Packages, Policy, refused, why
from flowcore.store.revisions import Change

DENSE = "keras.layers.Dense"


@pytest.fixture
def own(home: Path) -> Path:
    folder = home / "descriptors"
    folder.mkdir(parents=True)
    return folder


def package(name: str, *types: str) -> Catalog:
    nodes = (
        NodeDescriptor(
            name=type_.rpartition(".")[2],
            package=type_,
            kind="function",
            args=(Argument(arg="count", itype="nosupport"),),
            signature="aaaa",
        )
        for type_ in types
    )
    return Catalog({name: "1.0"}, tuple(nodes))


def argument(type_: str, name: str) -> Argument:
    node = overlay.load().find(type_)
    assert node
    return node.arguments[name]


def test_without_files_of_the_user_s_the_catalogue_is_the_shipped_one(home: Path) -> None:
    assert overlay.load().nodes == descriptors.load().nodes
    assert overlay.overlay().problems == ()


def test_a_package_of_the_user_s_is_local_and_unknown_to_a_hosted_server(own: Path) -> None:
    overlay.save(package("little", "little.count"), "little")
    node = overlay.load().find("little.count")
    assert node
    assert (node.runs, node.symbolic) == ("local", False)
    assert overlay.load(hosted=True).find("little.count") is None
    assert overlay.own_packages() == ("little",)


def test_a_scan_takes_the_place_of_the_shipped_file_until_it_is_removed(own: Path) -> None:
    overlay.save(package("keras", DENSE), "keras")
    names = {node.package for node in overlay.load().nodes if node.package.startswith("keras.")}
    assert names == {DENSE}
    assert overlay.load().by_type[DENSE].runs == "always"
    overlay.remove("keras")
    assert overlay.load().nodes == descriptors.load().nodes


def test_a_revision_holds_at_once_and_can_be_taken_back(own: Path) -> None:
    before = argument(DENSE, "units")
    node = overlay.load().by_type[DENSE]
    change = Change(itype="int", range=Range(low=1, high=512), help="How wide.")
    corrections.put(node, "args", "units", change)
    after = argument(DENSE, "units")
    assert (after.range, after.help, after.evidence) == (Range(low=1, high=512), "How wide.", "revision")
    assert f'signature = "{node.signature}"' in (own / "revisions" / "keras.toml").read_text()
    assert overlay.load(hosted=True).by_type[DENSE].arguments["units"] == before
    corrections.take_back(node, "args", "units")
    assert argument(DENSE, "units") == before
    assert (own / "revisions" / "keras.toml").read_text().strip() == ""


def test_one_revision_leaves_the_others_and_their_comments_as_they_are(own: Path) -> None:
    (own / "revisions").mkdir()
    path = own / "revisions" / "keras.toml"
    path.write_text('# mine\n["keras.layers.Conv*D"]\nargs.filters = { help = "How many." }  # kept\n')
    node = overlay.load().by_type[DENSE]
    corrections.put(node, "args", "units", Change(help="One."))
    corrections.put(node, "args", "use_bias", Change(help="Two."))
    corrections.take_back(node, "args", "units")
    text = path.read_text()
    assert "# mine" in text
    assert "# kept" in text
    assert argument("keras.layers.Conv2D", "filters").help == "How many."
    assert argument(DENSE, "use_bias").help == "Two."
    corrections.drop("keras", "keras.layers.Conv*D")
    assert argument("keras.layers.Conv2D", "filters").help != "How many."
    assert argument(DENSE, "use_bias").help == "Two."


def test_arguments_of_the_call_are_revised_too(own: Path) -> None:
    node = overlay.load().by_type[DENSE]
    corrections.put(node, "inputs", "training", Change(help="While it learns."))
    assert overlay.load().by_type[DENSE].call_arguments["training"].help == "While it learns."


def test_a_revision_made_for_another_signature_is_stale(own: Path) -> None:
    overlay.save(package("little", "little.count"), "little")
    corrections.put(overlay.load().by_type["little.count"], "args", "count", Change(itype="int"))
    assert overlay.stale() == ()
    (changed,) = package("little", "little.count").nodes
    overlay.save(Catalog({}, (msgspec.structs.replace(changed, signature="bbbb"),)), "little")
    (stale,) = overlay.stale()
    assert (stale.package, stale.pattern) == ("little", "little.count")
    assert "expected" not in stale.problem.message
    assert "the signature aaaa; found bbbb" in stale.problem.message
    assert argument("little.count", "count").itype == "int"
    overlay.remove("little")
    assert "to name a node; found none" in overlay.stale()[0].problem.message
    corrections.drop("little", "little.count")
    assert overlay.stale() == ()


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("broken.json", "{"),
        ("odd.json", '{"nodes": [{"name": "x"}]}'),
        ("revisions/keras.toml", "[broken"),
        ("revisions/keras.toml", '["keras.layers.Dense"]\nargs.units = { colour = "red" }\n'),
    ],
    ids=["not JSON", "no descriptor", "not TOML", "no revision"],
)
def test_a_broken_file_is_named_and_everything_else_loads(own: Path, name: str, content: str) -> None:
    overlay.save(package("little", "little.count"), "little")
    (own / "revisions").mkdir()
    (own / name).write_text(content)
    assert {DENSE, "little.count"} <= overlay.load().by_type.keys()
    (problem,) = overlay.overlay().problems
    assert Path(name).name in problem.message
    assert str((own / name).parent) in problem.message
    assert problem.hint
    (own / name).unlink()
    assert overlay.overlay().problems == ()


def test_a_broken_file_of_revisions_is_never_written_over(own: Path) -> None:
    (own / "revisions").mkdir()
    path = own / "revisions" / "keras.toml"
    path.write_text("[broken")
    with pytest.raises(FlowError, match=r"Expected revisions in .*keras\.toml"):
        corrections.put(overlay.load().by_type[DENSE], "args", "units", Change(help="One."))
    assert path.read_text() == "[broken"


def test_what_has_not_changed_is_not_read_again(own: Path) -> None:
    overlay.save(package("little", "little.count"), "little")
    first = overlay.load()
    assert overlay.load() is first
    start = time.process_time()
    for _ in range(100):
        overlay.load()
    assert (time.process_time() - start) / 100 < 0.01
    os.utime(own / "little.json")
    assert overlay.load() is not first


POLICY = Policy(
    always=(Entry("one.*", "all of one"), Entry("one.deep.*", "the deep part"), Entry("one.it", "itself")),
    never=(Entry("one.evil*", "runs code"),),
    packages=Packages(never=(Entry("pip*", "installs packages"),)),
)


@pytest.mark.parametrize(
    ("type_", "reason"),
    [
        ("one.x", "all of one"),
        ("one.deep.x", "the deep part"),
        ("one.it", "itself"),
        ("one.evil_twin", "runs code"),
        ("two.x", ""),
    ],
)
def test_policy_tells_why(type_: str, reason: str) -> None:
    assert why(type_, POLICY) == reason


def test_policy_tells_which_packages_are_not_offered() -> None:
    assert refused("pip", POLICY) == "installs packages"
    assert refused("humanize", POLICY) == ""
