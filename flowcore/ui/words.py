"""Texts of graphs and libraries made safe for Markdown."""

from typing import Final

_SIGNS: Final = frozenset("\\`*_{}[]()<>#+-.!|~$:&")


def plain(words: str) -> str:
    """A text of which Markdown takes no sign for its own."""
    return "".join(f"\\{letter}" if letter in _SIGNS else letter for letter in words)
