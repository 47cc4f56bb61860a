"""What a person should look at: doubtful arguments, and revisions that no longer fit."""

from collections.abc import Sequence
from functools import partial
from textwrap import shorten
from typing import Final

import streamlit as st

from flowcore.dataflow import coverage, fits
from flowcore.dataflow.coverage import Doubt
from flowcore.model.descriptor import Catalog
from flowcore.store import corrections, overlay
from flowcore.ui import catalogue, session
from flowcore.ui.words import plain

_PAGE: Final = 30


def draw(catalog: Catalog) -> None:
    """Stale revisions, then the queue, what settles most first."""
    if not session.hosted():
        _stale()
    queue = coverage.review_queue(catalog)
    if not queue:
        st.success("Every argument is known well enough.", icon=":material/check_circle:")
        return
    packages = sorted({coverage.package(doubt.node) for doubt in queue})
    chosen = st.segmented_control(
        "Package", packages, key="review package", label_visibility="collapsed", width="content"
    )
    queue = tuple(doubt for doubt in queue if not chosen or coverage.package(doubt.node) == chosen)
    st.caption(
        f"{len(queue):,} arguments whose type is unknown, or less than {coverage.UNSURE:.0%} sure. "
        "First the names that occur most often: one answer can settle all of a name."
    )
    groups: dict[tuple[str, str], list[Doubt]] = {}
    for doubt in queue:
        groups.setdefault((coverage.package(doubt.node), doubt.argument.arg), []).append(doubt)
    _rows(list(groups.values()))


def _rows(groups: Sequence[Sequence[Doubt]]) -> None:
    shown = min(len(groups), session.chosen("shown doubts") or _PAGE)
    for group in groups[:shown]:
        _row(group)
    if shown < len(groups):
        st.button(
            f"Show {min(_PAGE, len(groups) - shown)} more",
            key="more doubts",
            on_click=session.remember,
            args=("shown doubts", shown + _PAGE),
        )


def _row(group: Sequence[Doubt]) -> None:
    """All doubts of one name in a package; the button opens the first."""
    node, one = group[0].node, group[0].argument
    words, known, button = st.columns([4, 2, 1], vertical_alignment="center")
    homes = shorten(", ".join(dict.fromkeys(doubt.node.name for doubt in group)), 110, placeholder=" …")
    words.markdown(f"**{plain(one.arg)}** :gray[of {plain(homes)} ({plain(coverage.package(node))})]")
    if one.supported:
        known.caption(plain(f"{fits.described(one)}, {one.confidence:.0%} sure, from {one.evidence}"))
    else:
        known.caption("type not known")
    button.button(
        "Review" if len(group) == 1 else f"Review {len(group)}",
        key=f"review {coverage.package(node)} {one.arg}",
        width="stretch",
        on_click=catalogue.choose,
        args=(node.package, one.arg if one.arg in node.arguments else f"{one.arg} (call)"),
    )


def _stale() -> None:
    found = overlay.stale()
    if found:
        st.markdown("**Your corrections that no longer fit**")
    for index, stale in enumerate(found):
        left, right = st.columns([5, 1], vertical_alignment="center")
        left.warning(plain(f"{stale.problem.message} {stale.problem.hint}"))
        right.button(
            "Remove it",
            key=f"drop {index} {stale.package} {stale.pattern}",
            width="stretch",
            on_click=session.attempt,
            args=(partial(corrections.drop, stale.package, stale.pattern),),
        )
