"""A random token that this browser keeps: it owns what was made with it, and nobody else sees its list."""

from typing import Final

import streamlit as st

NAME: Final = "flowcore_browser"
# 128 random bits. The cookie comes with the next page load; until then the token is handed over here.
_SCRIPT: Final = f"""
export default function({{ setStateValue }}) {{
  const name = "{NAME}";
  const found = document.cookie.split("; ").find((item) => item.startsWith(name + "="));
  let token = found ? found.slice(name.length + 1) : window.localStorage.getItem(name);
  if (!/^[0-9a-f]{{32}}$/.test(token || "")) {{
    const bytes = window.crypto.getRandomValues(new Uint8Array(16));
    token = Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
  }}
  window.localStorage.setItem(name, token);
  const secure = window.location.protocol === "https:" ? "; Secure" : "";
  document.cookie = `${{name}}=${{token}}; path=/; max-age=31536000; SameSite=Strict${{secure}}`;
  setStateValue("token", token);
}}
"""


def token() -> str:
    """The token of the browser that looks, "" where it has not told it yet."""
    kept = st.session_state.get("browser")
    found = kept or _checked(st.context.cookies.get(NAME, "")) or _checked(_told())
    if found and not kept:
        st.session_state["browser"] = found
    return found


def ask() -> None:
    """Have the browser make its token and tell it: once in a session, where no cookie came."""
    if not token():
        _component()(key="identity", on_token_change=lambda: None)


def _told() -> str:
    return str(getattr(st.session_state.get("identity"), "token", None) or "")


def _checked(text: str) -> str:
    return text if len(text) == 32 and all(letter in "0123456789abcdef" for letter in text) else ""


@st.cache_resource(show_spinner=False)
def _component():  # type: ignore[no-untyped-def]  # Streamlit does not export the type of a mount
    return st.components.v2.component("flowcore_identity", js=_SCRIPT)
