"""Print every figure that the README quotes."""

from tests.benchmarks import pages

pages.main()
