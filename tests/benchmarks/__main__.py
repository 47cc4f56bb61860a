"""Print every figure that the README quotes."""

from tests.benchmarks import catalogues, pages, static

pages.main()
catalogues.main()
static.main()
