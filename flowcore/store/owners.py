"""Whose browser is whose: a second browser of the same person joins by a code that works once."""

import secrets
import time
from typing import Final

from sqlalchemy import delete, insert, select

from flowcore.model.problem import FlowError, error
from flowcore.store import database as db

LASTS: Final = 600.0


def invite(owner: str) -> str:
    """A code by which one other browser becomes this owner's too, within LASTS seconds."""
    code = secrets.token_urlsafe(16)
    with db.writing() as connection:
        connection.execute(delete(db.invitations).where(db.invitations.c.until < time.time()))
        row = {"code": db.owner_key(code), "owner": owner, "until": time.time() + LASTS}
        connection.execute(insert(db.invitations).values(**row))
    return code


def join(code: str, browser: str) -> str:
    """Make a browser its inviter's; the owner comes back. Raises FlowError("no-invitation")."""
    table = db.invitations
    with db.writing() as connection:
        query = select(table.c.owner).where(table.c.code == db.owner_key(code), table.c.until >= time.time())
        owner = connection.execute(query).scalar()
        if owner is None:
            raise _used()
        taken = connection.execute(delete(table).where(table.c.code == db.owner_key(code)))
        if not taken.rowcount:
            raise _used()
        connection.execute(delete(db.browsers).where(db.browsers.c.browser == browser))
        if owner != browser:
            connection.execute(insert(db.browsers).values(browser=browser, owner=owner))
    return str(owner)


def leave(browser: str) -> None:
    """Make a browser its own again."""
    with db.writing() as connection:
        connection.execute(delete(db.browsers).where(db.browsers.c.browser == browser))


def of(browser: str) -> str:
    """The owner that a browser belongs to: itself, unless it has joined another."""
    with db.reading() as connection:
        found = connection.execute(
            select(db.browsers.c.owner).where(db.browsers.c.browser == browser)
        ).scalar()
    return found or browser


def _used() -> FlowError:
    return error(
        "no-invitation",
        "This link was used already, or it is older than ten minutes.",
        "Make a new one in the browser that owns the graph, under Share.",
    )
