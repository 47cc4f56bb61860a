"""Engines that run graphs, each in a process of its own, on the same graphs of the same trivial functions."""

from typing import Final

PASSES: Final = 3
"""One figure is the smallest of so many: the first, after the others' turns, finds nothing in a cache."""
