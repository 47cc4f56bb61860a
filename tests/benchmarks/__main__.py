"""Print every figure that the README quotes."""

from tests.benchmarks import pages, static

pages.main()
static.main()
