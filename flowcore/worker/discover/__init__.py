"""From a package to its catalogue. Imports what it describes: for a process of its own."""

from flowcore.worker.discover.catalogue import describe

__all__ = ["describe"]
