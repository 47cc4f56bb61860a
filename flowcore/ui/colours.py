"""Colours of the drawing, for a light and a dark page."""

from typing import Final, NamedTuple

import streamlit as st


class Palette(NamedTuple):
    """Colours of one theme. Of a category: (header, text on it)."""

    page: str
    card: str
    line: str
    text: str
    faint: str
    edge: str
    accent: str
    good: str
    busy: str
    bad: str


LIGHT: Final = Palette(
    page="#ffffff",
    card="#ffffff",
    line="#cfd6e4",
    text="#1b2130",
    faint="#667085",
    edge="#98a2b8",
    accent="#3b5bdb",
    good="#2b8a3e",
    busy="#e67700",
    bad="#d6336c",
)
DARK: Final = Palette(
    page="#12151c",
    card="#1e2430",
    line="#3a4356",
    text="#e6e9f0",
    faint="#9aa4b8",
    edge="#66718a",
    accent="#91a7ff",
    good="#69db7c",
    busy="#ffc078",
    bad="#ff8787",
)
# Hues that differ for most eyes, of one lightness so that white text reads on each.
_HUES: Final = (
    "#3b5bdb",
    "#0b7285",
    "#5f3dc4",
    "#a61e4d",
    "#2b8a3e",
    "#b35c00",
    "#495057",
    "#1864ab",
    "#087f5b",
    "#862e9c",
    "#4f6b0e",
)
_KNOWN: Final = {
    "convolutional": 0,
    "samples": 1,
    "prepare": 1,
    "core": 2,
    "regularization": 3,
    "normalization": 3,
    "pooling": 4,
    "training": 5,
    "models": 5,
    "merging": 6,
    "reshaping": 7,
    "rnn": 8,
    "attention": 9,
    "preprocessing": 10,
    "activations": 9,
}


def palette() -> Palette:
    """The colours that go with the page as this browser shows it."""
    return DARK if st.context.theme.type == "dark" else LIGHT


def hue(category: str) -> str:
    """A colour for a category of nodes, the same at every start."""
    return _HUES[_KNOWN.get(category, sum(map(ord, category)) % len(_HUES))]
