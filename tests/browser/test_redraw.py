"""A click on a link to another page is not lost to a part of the page that is being drawn again."""

from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.benchmarks import serving

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
