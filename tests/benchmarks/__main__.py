"""Print every figure that the README quotes."""

from tests.benchmarks import catalogues, checking, engine, pages, static

pages.main()
catalogues.main()
static.main()
engine.main()
checking.main()
