"""Where things are kept: a folder for files, and a database beside it that indexes them.

FLOWCORE_HOME names the folder (default: the user's data folder), FLOWCORE_DATABASE_URL another
database than the SQLite file in it.
"""

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from hashlib import sha256
from pathlib import Path
from typing import Any, Final

from filelock import FileLock
from platformdirs import user_data_path
from sqlalchemy import (
    Column,
    Connection,
    Engine,
    Float,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    create_engine,
    event,
)
from sqlalchemy.exc import OperationalError

from flowcore.model.problem import error

NOT_SAVED: Final = "not-saved"
metadata = MetaData()
graphs = Table(
    "graphs",
    metadata,
    Column("id", String(22), primary_key=True),
    Column("owner", String(64), nullable=False, index=True),
    Column("name", Text, nullable=False),
    Column("version", Integer, nullable=False),
    Column("updated", Float, nullable=False),
    Column("nodes", Integer, nullable=False),
    Column("document", LargeBinary, nullable=False),
)
versions = Table(
    "graph_versions",
    metadata,
    Column("graph", String(22), primary_key=True),
    Column("version", Integer, primary_key=True),
    Column("at", Float, nullable=False),
    Column("document", LargeBinary, nullable=False),
)
runs = Table(
    "runs",
    metadata,
    Column("id", String(22), primary_key=True),
    Column("graph", String(22), nullable=False, index=True),
    Column("owner", String(64), nullable=False),
    Column("created", Float, nullable=False),
    Column("state", String(16), nullable=False, index=True),
    Column("seed", Integer, nullable=False),
    Column("metrics", Text, nullable=False),
)

invitations = Table(
    "invitations",
    metadata,
    Column("code", String(64), primary_key=True),
    Column("owner", String(64), nullable=False),
    Column("until", Float, nullable=False),
)
browsers = Table(
    "browsers",
    metadata,
    Column("browser", String(64), primary_key=True),
    Column("owner", String(64), nullable=False),
)


def home() -> Path:
    """The folder of this installation's files, made where it is missing."""
    with kept():
        _home().mkdir(parents=True, exist_ok=True)
    return _home()


def database() -> Engine:
    """The database of today's settings, with its tables."""
    return _engine(os.environ.get("FLOWCORE_DATABASE_URL") or f"sqlite:///{home() / 'flowcore.db'}")


@contextmanager
def kept() -> Iterator[None]:
    """Whatever is kept for a person goes through here: what the disk or the database refuses is a FlowError.

    Its code is NOT_SAVED.
    """
    try:
        yield
    except (OSError, OperationalError) as reason:
        said = reason.orig if isinstance(reason, OperationalError) else reason.strerror or reason
        raise error(
            NOT_SAVED,
            f"Expected to read and write in FLOWCORE_HOME, which is {_home()}; found: {said}.",
            "Free space there, and see that flowcore may write there; then try again.",
        ) from reason


@contextmanager
def reading() -> Iterator[Connection]:
    """A connection. Raises FlowError(NOT_SAVED): on a full disk SQLite may not even read."""
    with kept(), database().connect() as connection:
        yield connection


@contextmanager
def writing() -> Iterator[Connection]:
    """A connection whose changes are kept together or not at all. Raises FlowError(NOT_SAVED)."""
    with kept(), database().begin() as connection:
        yield connection


def new_id() -> str:
    """128 random bits in 22 letters, digits, - and _: whoever has an id was given it."""
    return secrets.token_urlsafe(16)


def owner_key(token: str) -> str:
    """What stands in the database for a browser's token: its SHA-256, so that a copy opens nothing."""
    return sha256(token.encode()).hexdigest()


def _home() -> Path:
    return Path(os.environ.get("FLOWCORE_HOME") or user_data_path("flowcore", appauthor=False))


@lru_cache(maxsize=8)
def _engine(url: str) -> Engine:
    engine = create_engine(url)
    if engine.dialect.name == "sqlite":
        event.listen(engine, "connect", _write_ahead)
    with FileLock(home() / "setup.lock"):  # one process makes the tables while others wait
        metadata.create_all(engine)
    return engine


def _write_ahead(connection: Any, _record: Any) -> None:
    """Readers never wait for a writer, and several processes share the file."""
    connection.execute("PRAGMA busy_timeout=10000")
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA synchronous=NORMAL")
