"""A page that draws itself again gives way to the page that a person has asked for."""

from pathlib import Path

from playwright.sync_api import Page, expect

from tests.benchmarks import serving

START = """
import time
import streamlit as st
from flowcore.ui import session

st.page_link("pages/other.py", label="Go")
st.text("the first page")

@st.fragment(run_every=0.2)
def wait(drawn):
    if time.time() > drawn + 0.1:
        st.text("about to draw again")
        time.sleep(1)
        session.redraw()

wait(time.time())
"""


def test_a_click_just_before_a_redraw_is_not_lost(page: Page, tmp_path: Path) -> None:
    port = serving.free_port()
    command = serving.empty(port, tmp_path)
    (tmp_path / "empty.py").write_text(START)
    (tmp_path / "pages").mkdir()
    (tmp_path / "pages" / "other.py").write_text("import streamlit as st\nst.text('the other page')\n")
    with serving.server(command, port):
        page.goto(f"http://127.0.0.1:{port}")
        page.get_by_text("about to draw again").wait_for()
        page.wait_for_timeout(300)
        page.get_by_role("link", name="Go").click()
        expect(page.get_by_text("the other page")).to_be_visible(timeout=10_000)
