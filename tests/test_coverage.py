"""A catalogue in figures, and what a person should look at first."""

from flowcore.dataflow.coverage import Coverage, coverage, review_queue
from flowcore.model.descriptor import Argument, Catalog, NodeDescriptor


def node(type_: str, *args: Argument, kind: str = "class", otype: str = "any") -> NodeDescriptor:
    return NodeDescriptor(
        name=type_.rpartition(".")[2],
        package=type_,
        kind=kind,  # type: ignore[arg-type]
        otype=otype,
        args=args,
    )


def argument(arg: str, itype: str, evidence: str = "annotation", confidence: float = 0.9) -> Argument:
    return Argument(arg=arg, itype=itype, evidence=evidence, confidence=confidence)


SURE, GUESSED = argument("n", "int"), argument("alpha", "float", "prose", 0.5)
UNKNOWN = argument("odd", "nosupport", "", 0.0)
ANY, MAYBE = argument("x", "any"), argument("x", "any", "guess", 0.3)
CATALOG = Catalog(
    {"one": "1.0"},
    (
        node("one.A", SURE, GUESSED),
        node("one.B", UNKNOWN, ANY),
        node("one.f", GUESSED, kind="function", otype="array"),
        node("one.g", kind="function"),
        node("two.A", MAYBE),
    ),
)


def test_each_package_is_measured() -> None:
    assert coverage(CATALOG) == (
        Coverage("one", "1.0", 4, 5, 3, 3, 2, 1, {"annotation": 2, "prose": 2, "unknown": 1}),
        Coverage("two", "", 1, 1, 0, 1, 0, 0, {"guess": 1}),
    )


def test_shares_of_nothing_are_those_of_a_package_in_order() -> None:
    (empty,) = coverage(Catalog({}, (node("none.A"),)))
    assert (empty.share, empty.doubtful, empty.told) == (1.0, 0.0, 1.0)


def test_what_is_unknown_or_unsure_is_reviewed_the_most_frequent_name_first() -> None:
    assert [(doubt.node.package, doubt.argument.arg, doubt.gain) for doubt in review_queue(CATALOG)] == [
        ("one.A", "alpha", 2),
        ("one.f", "alpha", 2),
        ("one.B", "odd", 1),
        ("two.A", "x", 1),
    ]


def test_inputs_of_a_call_count_as_arguments(catalog: Catalog) -> None:
    (keras,) = (found for found in coverage(catalog) if found.package == "keras")
    assert keras.arguments == sum(
        len(node.args) + len(node.inputs) for node in catalog.nodes if node.package.startswith("keras.")
    )
