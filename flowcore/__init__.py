"""Build, draw, run and train deep-learning models as dataflow graphs."""

from importlib import import_module
from typing import Any

__version__ = "0.1.0"
__all__ = [
    "FlowError",
    "Graph",
    "Link",
    "Node",
    "NodeDescriptor",
    "Plan",
    "Problem",
    "Run",
    "add",
    "catalog",
    "check",
    "connect",
    "examples",
    "load",
    "run",
    "save",
    "script",
    "search",
    "shapes",
    "train",
]


def __getattr__(name: str) -> Any:
    """The library's functions, imported when first used: a worker needs none of them."""
    if name in __all__:
        return getattr(import_module("flowcore.api"), name)
    raise AttributeError(f"module 'flowcore' has no attribute {name!r}")
