"""Adding a package: choose one that is installed, have it scanned, see what came of it."""

from functools import partial

import streamlit as st

from flowcore.dataflow.coverage import coverage, package
from flowcore.model.descriptor import Catalog
from flowcore.runs.scans import FUNCTIONS, Scan
from flowcore.store import installed, overlay
from flowcore.ui import catalogue, frame, session
from flowcore.ui.words import plain


@st.cache_data(ttl=20, show_spinner=False)
def _installed() -> dict[str, str]:
    return installed.packages()


def draw(catalog: Catalog) -> None:
    """The choice, the scans, and the packages that were added."""
    st.markdown(
        "Every public function and class of an installed package can become a node. "
        "Its nodes run on this machine only. **To import a package is to run its code**, here in a process "
        "of its own. If you do not trust it, have its files read instead: less will be known."
    )
    _choice(catalog)
    _progress()
    _added(catalog)


def _choice(catalog: Catalog) -> None:
    there = {package(node) for node in catalog.nodes}
    left, right = st.columns([3, 1], vertical_alignment="bottom")
    with st.container(horizontal=True, gap="large"):
        again = st.checkbox("Show those already there", key="scan again")
        static = st.checkbox("Read without importing", key="static")
    options = {name: dist for name, dist in _installed().items() if again or name not in there}
    name = left.selectbox(
        "Package",
        list(options),
        index=None,
        key="package",
        placeholder=f"Type to search {len(options)} installed packages",
        format_func=lambda name: name if name == options[name] else f"{name} (from {options[name]})",
    )
    right.button(
        "Add",
        icon=":material/add:",
        type="primary",
        key="scan",
        width="stretch",
        disabled=not name,
        on_click=lambda: session.scans().start(str(name), static),
    )
    st.caption("Not in the list? Install it where flowcore runs, for instance with pip, and reload the page.")


def _progress() -> None:
    """Scans that go on or have ended; drawn each half second while one goes on."""
    scans = [scan for scan in session.scans().known() if scan.package != FUNCTIONS]
    busy = [scan.package for scan in scans if not scan.over]
    st.fragment(_scans, run_every=0.5 if busy else None)(busy)


def _scans(busy: list[str]) -> None:
    found = {scan.package: scan for scan in session.scans().known() if scan.package != FUNCTIONS}
    if any(found[name].over for name in busy if name in found):
        session.refresh()
    for scan in found.values():
        with st.container(border=True, key=f"scan {scan.package}"):
            draw = _ended if scan.over else _going
            draw(scan)


def _going(scan: Scan) -> None:
    left, right = st.columns([5, 1], vertical_alignment="center")
    words = (
        f"{scan.package}: {scan.done} of {scan.total} described" if scan.total else f"Reading {scan.package}…"
    )
    left.progress(scan.done / scan.total if scan.total else 0.0, text=plain(words))
    right.button(
        "Cancel",
        key=f"cancel {scan.package}",
        on_click=session.scans().stop,
        args=(scan.package,),
        width="stretch",
    )


def _ended(scan: Scan) -> None:
    for problem in scan.problems:
        frame.complain(problem)
    left, middle, right = st.columns([4, 1, 1], vertical_alignment="center")
    measured = [one for one in coverage(session.catalog()) if one.package == scan.package]
    if measured and not scan.problems:
        one = measured[0]
        left.markdown(
            f":green[:material/check_circle:] **{plain(scan.package)}** has {one.nodes:,} nodes. "
            f"Of their {one.arguments:,} arguments {one.share:.0%} are typed, {one.review:,} wait for review."
        )
        if middle.button(
            "See them", key=f"see {scan.package}", on_click=_see, args=(scan.package,), width="stretch"
        ):
            session.redraw()  # of the page, not of this fragment alone
    right.button(
        "Close",
        key=f"close {scan.package}",
        on_click=session.scans().forget,
        args=(scan.package,),
        width="stretch",
    )


def _see(name: str) -> None:
    session.remember("filter Package", name)
    session.remember("view", catalogue.BROWSE)


def _added(catalog: Catalog) -> None:
    own = overlay.own_packages()
    if not own:
        return
    st.markdown("**Added by you**")
    for one in coverage(catalog):
        if one.package in own:
            left, right = st.columns([5, 1], vertical_alignment="center")
            left.markdown(plain(f"{one.package} {one.version}: {one.nodes:,} nodes"))
            right.button(
                "Remove",
                key=f"remove {one.package}",
                on_click=session.attempt,
                args=(partial(overlay.remove, one.package),),
                width="stretch",
            )
