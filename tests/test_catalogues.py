"""The shipped catalogues are what a scan of the packages gives, and nothing else."""

from pathlib import Path

import pytest

from flowcore.model.descriptor import Catalog, NodeDescriptor
from flowcore.runs.describe import describe
from flowcore.store import descriptors

PACKAGES = ("keras", "sklearn", "pandas", "numpy", "skimage", "foolbox", "fallback")


def told(node: NodeDescriptor) -> tuple[str, str]:
    """What a package says of a callable: its signature and its documentation."""
    return node.signature, node.doc


def differences(shipped: Catalog, found: Catalog) -> dict[str, str]:
    """Nodes that are not as a scan finds them, though the package says the same of them."""
    same_version = shipped.versions == found.versions
    changed = {}
    for type_ in {*shipped.by_type, *found.by_type}:
        old, new = shipped.by_type.get(type_), found.by_type.get(type_)
        if old is None or new is None:
            if same_version:
                changed[type_] = "new" if old is None else "gone"
        elif (same_version or told(old) == told(new)) and (old.args, old.inputs) != (new.args, new.inputs):
            pairs = zip((*old.args, *old.inputs), (*new.args, *new.inputs), strict=False)
            names = {one.arg for pair in pairs if pair[0] != pair[1] for one in pair}
            changed[type_] = ", ".join(sorted(names)) or "their order"
        elif same_version and old != new:
            changed[type_] = "the node"
    return changed


@pytest.mark.parametrize("package", PACKAGES)
def test_a_new_scan_differs_only_where_the_package_has_changed(package: str, tmp_path: Path) -> None:
    path = descriptors.DESCRIPTORS / f"{package}.json"
    shipped, found = descriptors.generated(path), describe(package, descriptors.source(package))
    assert differences(shipped, found) == {}
    if shipped.versions == found.versions:
        assert descriptors.save(found, package, tmp_path).read_bytes() == path.read_bytes()


def test_every_catalogue_that_is_shipped_is_scanned_anew_by_this_test() -> None:
    files = {path.stem for path in descriptors.DESCRIPTORS.glob("*.json")}
    assert files == {*PACKAGES, "flowcore"}


def test_every_catalogue_records_the_version_that_it_was_made_from() -> None:
    for package in PACKAGES:
        catalog = descriptors.generated(descriptors.DESCRIPTORS / f"{package}.json")
        assert set(catalog.versions) == {package}
        assert {node.origin.version for node in catalog.nodes if node.origin} == set(
            catalog.versions.values()
        )


def test_no_revision_is_stale() -> None:
    for package in PACKAGES:
        assert descriptors.stale(package) == ()


def test_no_node_of_numpy_needs_an_argument_that_no_form_can_give(catalog: Catalog) -> None:
    needed = {
        node.package: [item.arg for item in node.args if item.required and not item.supported]
        for node in catalog.nodes
        if node.package.startswith("numpy.")
    }
    assert {package: names for package, names in needed.items() if names} == {}
