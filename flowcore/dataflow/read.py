"""A graph out of a file, whatever kind of file it is: told by what is in it, never by what it claims."""

from flowcore.dataflow import document
from flowcore.dataflow.read_script import read_script
from flowcore.model.descriptor import Catalog
from flowcore.model.graph import Graph
from flowcore.model.problem import error

KINDS = ("json", "py", "keras")
"""Endings of the files that can be read."""


def read(content: bytes, name: str, catalog: Catalog) -> Graph:
    """The graph of a document, a script, or a saved Keras model. name: of the file.

    Nothing that the file names is imported or run. Raises FlowError with the reason.
    """
    if name.endswith(".py"):
        try:
            source = content.decode("utf-8")
        except UnicodeDecodeError:
            raise error("not-python", f"{name} is no text in UTF-8.", "Save it as UTF-8.") from None
        return read_script(source, catalog)
    return document.read(content, catalog)
