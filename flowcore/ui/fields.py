"""What fields show and what is typed into them, where server and browser are never quite at the same point.

Streamlit tells a browser once that a field has another value. A page that is soon drawn again takes that word
back, and what a browser says may be from before it: the value that a field had, or that it is empty, then
looks as if it had been typed. So the value is told at every drawing until the browser says that it has one.
"""

from collections.abc import Callable, Collection
from typing import Any, Final, NamedTuple

import streamlit as st

_ARRIVED: Final = "arrived"
_NEVER: Final = object()


class _Shown(NamedTuple):
    """What a field shows, what a browser may still have instead, and the drawing that brings it there."""

    value: Any = _NEVER
    before: tuple[Any, ...] = ()
    drawing: int = 0


def begin() -> None:
    """Begin to draw the page."""
    st.session_state["drawing"] = _drawing() + 1
    st.session_state["underway"] = False


def drawn() -> None:
    """The page is drawn to its end. A hidden choice has the browser say that it has the news."""
    number = _drawing()
    if st.session_state.get("underway"):
        with st.container(key=_ARRIVED):
            mark = _Mark(number)
            st.radio(_ARRIVED, [mark], key=f"drawing {number}", on_change=_arrive, args=(number,))


class _Mark(int):
    """The number of a drawing, equal to none: Streamlit takes it for a change whenever a browser tells it."""

    __hash__ = int.__hash__

    def __eq__(self, other: object) -> bool:
        return False

    def __ne__(self, other: object) -> bool:
        return True


def _arrive(drawing: int) -> None:
    st.session_state[_ARRIVED] = max(drawing, st.session_state.get(_ARRIVED, 0))


def _drawing() -> int:
    number: int = st.session_state.get("drawing", 0)
    return number


def show(key: str, value: Any) -> str:
    """Make a widget show a value that changed elsewhere (undo, another tab); its key comes back.

    What is typed but refused stays as it is, for as long as the widget is there.
    """
    shown = _shown(key)
    if key not in st.session_state:
        refuse(key, "")
        _tell(key, value, shown._replace(value=value))
    elif not refusal(key) and shown.value != value:
        before = (*shown.before, shown.value) if _underway(shown) else (shown.value,)
        _tell(key, value, _Shown(value, before))
    elif _underway(shown):
        found = st.session_state[key]
        _tell(key, shown.value if found in shown.before else found, shown)
    return key


def _tell(key: str, value: Any, shown: _Shown) -> None:
    st.session_state["underway"] = True
    st.session_state[key] = value
    st.session_state[f"shown {key}"] = shown._replace(drawing=_drawing())


def changed(
    key: str, take: Callable[[Any], object], options: Collection[Any] | None = None
) -> Callable[[], None]:
    """What a field does when Streamlit finds it changed: what was typed is taken, and nothing else is.

    options: of a choice. Streamlit knows them by their labels, so that an option that gets another name looks
    like another choice; what is right is shown anew.
    """

    def act() -> None:
        found, shown = st.session_state.get(key), _shown(key)
        chosen = found if isinstance(found, list) else [] if found is None else [found]
        if options is not None and not all(one in options for one in chosen):
            st.session_state[f"shown {key}"] = _Shown()
        elif found != shown.value and not (_underway(shown) and found in shown.before):
            st.session_state[f"shown {key}"] = shown._replace(value=found)
            take(found)

    return act


def _shown(key: str) -> _Shown:
    found: _Shown = st.session_state.get(f"shown {key}", _Shown())
    return found


def _underway(shown: _Shown) -> bool:
    return shown.drawing > int(st.session_state.get(_ARRIVED, 0))


def refuse(key: str, reason: str) -> None:
    """Remember why what was typed cannot be used; "" when it can."""
    st.session_state[f"refused {key}"] = reason


def refusal(key: str) -> str:
    reason: str = st.session_state.get(f"refused {key}", "")
    return reason


def forget() -> None:
    """What was refused in another graph says nothing about this one's."""
    for key in [str(key) for key in st.session_state if str(key).startswith("refused ")]:
        del st.session_state[key]
