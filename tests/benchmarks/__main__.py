"""Print every figure that the README quotes."""

from tests.benchmarks import (
    applications,
    catalogues,
    checking,
    engine,
    examples,
    opening,
    pages,
    restoration,
    running,
    sessions,
    static,
    training,
)

for benchmark in (pages, opening, catalogues, static, checking, sessions, running, training, engine):
    benchmark.main()
examples.main()
applications.main([])
restoration.main()
