"""Build, draw, run and train deep-learning models as dataflow graphs."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

if TYPE_CHECKING:
    from flowcore.api import *  # noqa: F403


def __getattr__(name: str) -> Any:
    """The library's functions, imported when first used: a worker needs none of them."""
    api = import_module("flowcore.api") if not name.startswith("_") else None
    if api is None or name not in api.__all__:
        raise AttributeError(f"module 'flowcore' has no attribute {name!r}")
    return getattr(api, name)
