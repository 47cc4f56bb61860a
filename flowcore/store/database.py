"""Where things are kept: a folder for files, and a database beside it that indexes them.

FLOWCORE_HOME names the folder (default: the user's data folder), FLOWCORE_DATABASE_URL another
database than the SQLite file in it.
"""

import os
import secrets
from functools import lru_cache
from hashlib import sha256
from pathlib import Path
from typing import Any

from filelock import FileLock
from platformdirs import user_data_path
from sqlalchemy import (
    Column,
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
    folder = Path(os.environ.get("FLOWCORE_HOME") or user_data_path("flowcore", appauthor=False))
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def database() -> Engine:
    """The database of today's settings, with its tables."""
    return _engine(os.environ.get("FLOWCORE_DATABASE_URL") or f"sqlite:///{home() / 'flowcore.db'}")


def new_id() -> str:
    """128 random bits in 22 letters, digits, - and _: whoever has an id was given it."""
    return secrets.token_urlsafe(16)


def owner_key(token: str) -> str:
    """What stands in the database for a browser's token: its SHA-256, so that a copy opens nothing."""
    return sha256(token.encode()).hexdigest()


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
