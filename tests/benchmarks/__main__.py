"""Print every figure that the README quotes."""

from tests.benchmarks import catalogues, checking, engine, pages, running, sessions, static, training

for benchmark in (pages, catalogues, static, checking, sessions, running, training, engine):
    benchmark.main()
