"""A graph out of a file, whatever kind of file it is: told by what is in it, never by what it claims."""

import json
from collections.abc import Callable, Mapping
from typing import Final

from flowcore.dataflow import document
from flowcore.dataflow.read_model import read_model
from flowcore.dataflow.read_script import read_script
from flowcore.model.descriptor import Catalog
from flowcore.model.graph import Graph
from flowcore.model.problem import Problem, error

KINDS: Final = ("json", "py", "keras")
"""Endings of the files that can be read."""
ARCHIVE: Final = b"PK"


def read(
    content: bytes,
    name: str,
    catalog: Catalog,
    sources: Mapping[str, str] | None = None,
    tell: Callable[[Problem], object] | None = None,
) -> Graph:
    """The graph of a document, a script, or a saved Keras model. name: of the file.

    sources: modules of functions of ours and their texts. tell: hears what of the file is not taken over.
    Nothing that the file names is imported or run. Raises FlowError with the reason.
    """
    if name.endswith(".py"):
        try:
            source = content.decode("utf-8-sig")
        except UnicodeDecodeError:
            raise error("not-python", f"{name} is no text in UTF-8.", "Save it as UTF-8.") from None
        return read_script(source, catalog, sources, tell)
    if content.startswith(ARCHIVE) or name.endswith(".keras") or _is_model(content):
        return read_model(content, catalog)
    return document.read(content, catalog)


def _is_model(content: bytes) -> bool:
    if len(content) > document.LIMIT or document.items(content) > document.ITEMS:
        return False  # the document's own limits say so
    try:
        found = json.loads(content)  # NaN and Infinity are none of JSON, and Keras writes them
    except (ValueError, RecursionError):
        return False
    return (
        isinstance(found, dict) and "flowcore" not in found and bool({"class_name", "layers"} & found.keys())
    )
