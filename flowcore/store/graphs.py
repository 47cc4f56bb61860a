"""Graphs in the database: the newest document of each, and the versions before it."""

import time
from typing import Final

import msgspec
from sqlalchemy import delete, insert, select, update

from flowcore.model.graph import Graph
from flowcore.model.problem import error
from flowcore.store import database as db

KEPT: Final = 50


class Stored(msgspec.Struct, frozen=True):
    """A graph as it is kept. owner: the key of the browser that may edit it."""

    id: str
    owner: str
    name: str
    version: int
    updated: float
    nodes: int
    document: bytes = b""


def create(graph: Graph, owner: str) -> Stored:
    """Keep a graph under a new id that nobody can guess; the document carries it too."""
    graph = msgspec.structs.replace(graph, id=db.new_id())
    stored = Stored(graph.id, owner, graph.name, 1, time.time(), len(graph.nodes), msgspec.json.encode(graph))
    with db.writing() as connection:
        connection.execute(insert(db.graphs).values(**msgspec.structs.asdict(stored)))
    return stored


def load(id: str) -> Stored:
    """The newest version. Raises FlowError("no-graph")."""
    with db.reading() as connection:
        row = connection.execute(select(db.graphs).where(db.graphs.c.id == id)).mappings().first()
    if row is None:
        raise error("no-graph", f"There is no graph {id[:40]!r} here.", "Open one from the Start page.")
    return Stored(**row)


def version(id: str) -> int:
    """The number of the newest version, 0 where there is no such graph."""
    with db.reading() as connection:
        found = connection.execute(select(db.graphs.c.version).where(db.graphs.c.id == id)).scalar()
    return found or 0


def save(graph: Graph, base: int) -> int:
    """Write a version over version ``base``; its number comes back.

    Raises FlowError("changed-elsewhere") where another browser tab wrote in between: nothing is
    overwritten.
    """
    table, document = db.graphs, msgspec.json.encode(graph)
    with db.writing() as connection:
        old = connection.execute(
            select(table.c.document, table.c.updated).where(table.c.id == graph.id, table.c.version == base)
        ).first()
        written = connection.execute(
            update(table)
            .where(table.c.id == graph.id, table.c.version == base)
            .values(
                name=graph.name,
                version=base + 1,
                updated=time.time(),
                nodes=len(graph.nodes),
                document=document,
            )
        )
        if old is None or not written.rowcount:
            raise error(
                "changed-elsewhere",
                "The graph was changed in another tab, so this change was not saved.",
                "Go on from the version that is shown now.",
            )
        connection.execute(
            insert(db.versions).values(graph=graph.id, version=base, at=old.updated, document=old.document)
        )
        connection.execute(
            delete(db.versions).where(db.versions.c.graph == graph.id, db.versions.c.version <= base - KEPT)
        )
    return base + 1


def listing(owner: str, limit: int = 50) -> tuple[Stored, ...]:
    """The graphs of one browser, newest first, without their documents."""
    table = db.graphs
    columns = [column for column in table.c if column.name != "document"]
    query = select(*columns).where(table.c.owner == owner).order_by(table.c.updated.desc()).limit(limit)
    with db.reading() as connection:
        return tuple(Stored(**row) for row in connection.execute(query).mappings())


def remove(id: str, owner: str) -> bool:
    """Delete a graph and its versions, if it belongs to this owner."""
    with db.writing() as connection:
        gone = connection.execute(delete(db.graphs).where(db.graphs.c.id == id, db.graphs.c.owner == owner))
        if gone.rowcount:
            connection.execute(delete(db.versions).where(db.versions.c.graph == id))
    return bool(gone.rowcount)
