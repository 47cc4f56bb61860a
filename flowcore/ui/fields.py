"""What fields show and what is typed into them, where server and browser are never quite at the same point.

Streamlit tells a browser once that a field has another value. A page that is soon drawn again takes that word
back, and what a browser says may be from before it: the value that a field had, or that it is empty, then
looks as if it had been typed. So a value is told at every drawing until the browser says that it has it.
"""

from collections.abc import Callable, Collection
from typing import Any, Final, NamedTuple

import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx

_NEVER: Final = object()
_MARKS: Final = 64  # keys of Streamlit are for ever, so marks are used again


class _Shown(NamedTuple):
    """What a field shows, and whether the browser has still to say so.

    since, told: the first and the last drawing of the page that tell it.
    before: what the browser may have instead until it has the first.
    """

    value: Any = _NEVER
    since: int = 0
    told: int = 0
    underway: bool = False
    before: tuple[Any, ...] = ()


class _News:
    """Equal to nothing: Streamlit takes it for a change whenever a browser tells it."""

    def __eq__(self, other: object) -> bool:
        return False

    __hash__ = object.__hash__


def begin() -> None:
    """Begin to draw the page."""
    st.session_state["drawing"] = _drawing() + 1
    st.session_state["tells"] = False


def drawn() -> None:
    """The page is drawn to its end. A hidden mark comes back if it tells something."""
    if st.session_state.get("tells"):
        with st.container(key="mark"):
            st.radio("mark", [_News()], key=f"mark {_drawing() % _MARKS}", on_change=_hear)


def _hear() -> None:
    """Find the fields that the browser has as they are shown."""
    said = _said()
    for key in said:
        shown = _shown(key)
        if shown.underway and _has(said, shown.told) and st.session_state.get(key, _NEVER) == shown.value:
            st.session_state[f"shown {key}"] = _Shown(shown.value)


def _said() -> set[str]:
    """The keys of the widgets that the browser speaks of. Streamlit keeps this to itself."""
    context = get_script_run_ctx()
    said = context and context.session_state._state._current_interaction_widget_states
    return {one.id.split("-", 2)[-1] for one in (said.widgets if said else ())}


def _has(said: set[str], drawing: int) -> bool:
    """Whether the browser that speaks has a drawing, or a later one."""
    return any(f"mark {number % _MARKS}" in said for number in range(drawing, _drawing() + 1))


def _drawing() -> int:
    number: int = st.session_state.get("drawing", 0)
    return number


def show(key: str, value: Any, *, draft: bool = False) -> str:
    """Make a widget show a value that changed elsewhere (undo, another tab); its key comes back.

    What is typed but refused stays as it is, for as long as the widget is there.
    draft: in a form, of which a browser says nothing before it is sent.
    """
    shown = _shown(key)
    if key not in st.session_state:
        refuse(key, "")
        _tell(key, _Shown(value, _drawing(), underway=not draft))
    elif not refusal(key) and shown.value != value:
        before = (*shown.before, shown.value) if shown.underway else (shown.value,)
        _tell(key, _Shown(value, _drawing(), underway=not draft, before=before))
    elif shown.underway:
        _tell(key, shown)
    return key


def _tell(key: str, shown: _Shown) -> None:
    st.session_state["tells"] = True
    if key in st.session_state:
        del st.session_state[key]  # what was set for a widget that was then not drawn would stay for ever
    st.session_state[key] = shown.value
    st.session_state[f"shown {key}"] = shown._replace(told=_drawing())


def changed(
    key: str, take: Callable[[Any], object], options: Collection[Any] | None = None
) -> Callable[[], None]:
    """What a field does when Streamlit finds it changed: what was typed is taken, and nothing else is.

    options: of a choice. Streamlit knows them by their labels, so that an option that gets another name looks
    like another choice; what is right is shown anew.
    """

    def act() -> None:
        found, shown, said = st.session_state.get(key), _shown(key), _said()
        chosen = found if isinstance(found, list) else [] if found is None else [found]
        old = shown.underway and not _has(said, shown.since) and found in shown.before
        late = shown.underway and not _has(said, shown.told)  # the browser will yet show what it was told
        if options is not None and not all(one in options for one in chosen):
            st.session_state[f"shown {key}"] = shown._replace(value=_NEVER)
        elif found != shown.value and not old:
            next = _drawing() + 1
            again = _Shown(found, next, next, underway=True, before=(*shown.before, shown.value))
            st.session_state[f"shown {key}"] = again if late else _Shown(found)
            take(found)

    return act


def _shown(key: str) -> _Shown:
    found: _Shown = st.session_state.get(f"shown {key}", _Shown())
    return found


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
