"""Nothing is lost where a page is drawn again before it was drawn to its end: no click, no value, no word."""

import asyncio
import contextlib
import sqlite3
import threading
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from flowcore.dataflow import document
from tests.benchmarks import serving
from tests.browser import steps
from tests.browser.conftest import App
from tests.browser.test_editing import downloaded
from tests.watch import until

START = """
import gc
import time
import streamlit as st
from flowcore.ui import session

st.page_link("pages/other.py", label="Go")

def slowly(phase, info):
    if info["generation"] == 2:
        gc.callbacks.remove(slowly)
        time.sleep(1)

@st.fragment(run_every=0.2)
def part(drawn):
    if time.time() > drawn + 0.1:
        st.text("being drawn")
        {end}

st.text("the first page")
with st.columns(2)[1]:
    part(time.time())
"""
OTHER = """
import streamlit as st
from flowcore.ui import frame

frame.from_the_top()
st.text("the other page")
st.text("its second line")
"""


BEFORE_A_REDRAW = "time.sleep(1); session.redraw()"
CLEANING_UP = "gc.callbacks.append(slowly)"  # Streamlit collects garbage after each run


@pytest.mark.parametrize("end", [BEFORE_A_REDRAW, CLEANING_UP])
def test_a_click_while_a_part_is_drawn_leads_to_the_other_page(page: Page, tmp_path: Path, end: str) -> None:
    port = serving.free_port()
    command = serving.bare(port, tmp_path, START.format(end=end))
    (tmp_path / "pages").mkdir()
    (tmp_path / "pages" / "other.py").write_text(OTHER)
    with serving.server(command, port):
        page.goto(f"http://127.0.0.1:{port}")
        page.get_by_text("being drawn").wait_for()
        page.wait_for_timeout(300)
        page.get_by_role("link", name="Go").click()
        expect(page.get_by_text("its second line")).to_be_visible(timeout=10_000)
        expect(page.get_by_text("the first page")).to_have_count(0)


FIELDS = """
import streamlit as st
from flowcore.model.problem import Problem
from flowcore.ui import fields, session

fields.begin()
session.begin()
settled = st.session_state.setdefault("settled", [])
drawings = st.session_state.setdefault("drawings", 0)
for problem in session.said():
    st.error(problem.message)

def open():
    st.session_state["drawings"] = 1
    session.say(Problem("no-node", "Something is wrong."))

@st.fragment(run_every=0.2)
def part(drawing):
    if drawing == 1 and st.session_state["drawings"] == 2:
        session.{again}()

st.button("Open", on_click=open)
st.button("Next")
if drawings:
    if drawings == 2:
        st.text("drawn again")
    part(drawings)
    for number in range(40):
        key = fields.show(f"field {{number}}", f"as {{number}} is")
        st.text_input(f"Field {{number}}", key=key, on_change=fields.changed(key, settled.append))
    st.session_state["drawings"] += 1
st.text(f"typed: {{settled}}")
fields.drawn()
"""


@pytest.mark.parametrize("again", ["redraw", "refresh"])
def test_a_page_that_is_soon_drawn_again_loses_no_value_and_no_word(
    page: Page, tmp_path: Path, again: str
) -> None:
    port = serving.free_port()
    with serving.server(serving.bare(port, tmp_path, FIELDS.format(again=again)), port):
        page.goto(f"http://127.0.0.1:{port}")
        page.get_by_role("button", name="Open").click()
        page.get_by_text("drawn again").wait_for()
        for number in range(40):
            expect(page.get_by_label(f"Field {number}", exact=True)).to_have_value(f"as {number} is")
        if again == "refresh":
            expect(page.get_by_text("Something is wrong.")).to_have_count(1)
        page.wait_for_timeout(1000)
        page.get_by_role("button", name="Next").click()
        expect(page.get_by_text("Something is wrong.")).to_have_count(0)
        expect(page.get_by_text("typed: []")).to_be_visible()
        page.get_by_label("Field 7", exact=True).fill("another")
        page.get_by_label("Field 7", exact=True).press("Enter")
        expect(page.get_by_text("typed: ['another']")).to_be_visible()


@contextlib.contextmanager
def far_away(port: int, seconds: float) -> Iterator[str]:
    """The address of a server whose every byte takes its time, each way."""

    async def passed_on(source: asyncio.StreamReader, target: asyncio.StreamWriter) -> None:
        while data := await source.read(1 << 16):
            asyncio.get_running_loop().call_later(seconds, target.write, data)
        await asyncio.sleep(seconds)
        target.close()

    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there, back = await asyncio.open_connection("127.0.0.1", port)
        await asyncio.gather(passed_on(reader, back), passed_on(there, writer), return_exceptions=True)

    async def ended() -> None:
        server.close()
        tasks = asyncio.all_tasks() - {asyncio.current_task()}
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    loop = asyncio.new_event_loop()
    threading.Thread(target=loop.run_forever, daemon=True).start()
    starting = asyncio.start_server(connected, "127.0.0.1", 0)
    server = asyncio.run_coroutine_threadsafe(starting, loop).result()
    try:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    finally:
        asyncio.run_coroutine_threadsafe(ended(), loop).result()
        loop.call_soon_threadsafe(loop.stop)


def test_an_undo_and_what_follows_it_stand_where_the_server_is_far_away(
    page: Page, app: App, tmp_path: Path
) -> None:
    with far_away(app.port, 0.2) as address:
        page.goto(f"{address}/")
        steps.at(page, f"example {steps.EXAMPLE}").locator("button:enabled:visible").click()
        steps.at(page, "search").wait_for()
        steps.select(page, "Conv2D (n5)")
        original = downloaded(page, tmp_path)
        id = steps.graph_id(page)
        filters = steps.at(page, "n5 args filters").locator("input").first
        undo = steps.at(page, "undo").locator("button:visible")

        def typed(number: int) -> bool:
            """Whether it was taken: what is on its way may be drawn over what is typed before it is sent."""
            filters.fill(str(number))
            filters.press("Enter")
            end = time.monotonic() + 3
            while time.monotonic() < end:
                if filters_of(app, id) == number:
                    return True
                page.wait_for_timeout(20)
            return False

        for number in (48, 48, 64, 64):
            until(partial(typed, number))
            undo.click()
            expect(undo).to_be_disabled()
            page.wait_for_timeout(2000)
            expect(undo).to_be_disabled()
            expect(filters).to_have_value("32")
        assert downloaded(page, tmp_path) == original

        def typed_before_the_undo_is_seen() -> bool:
            until(lambda: typed(48))
            undo.click()
            until(lambda: filters_of(app, id) == 32)
            return typed(40)

        until(typed_before_the_undo_is_seen)
        page.wait_for_timeout(2000)
        expect(filters).to_have_value("40")
        assert filters_of(app, id) == 40


def filters_of(app: App, graph_id: str) -> object:
    """What the server has kept."""
    with contextlib.closing(sqlite3.connect(f"file:{app.home / 'flowcore.db'}?mode=ro", uri=True)) as store:
        ((found,),) = store.execute("select document from graphs where id = ?", [graph_id])
    return document.read(found).by_id["n5"].args["filters"]
