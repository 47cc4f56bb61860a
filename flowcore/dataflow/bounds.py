"""What may be limited, by which variable, and what to do where a limit is reached."""

from typing import Final

VARIABLES: Final = {
    "seconds": "FLOWCORE_LIMIT_SECONDS",
    "memory": "FLOWCORE_LIMIT_MEMORY",
    "output": "FLOWCORE_LIMIT_OUTPUT",
    "disk": "FLOWCORE_LIMIT_DISK",
    "parameters": "FLOWCORE_LIMIT_PARAMETERS",
    "pause": "FLOWCORE_LIMIT_PAUSE",
}
_HINTS: Final = {
    "seconds": "Train fewer epochs or on less data",
    "memory": "Use a smaller batch, model or data set",
    "output": "Print less",
    "disk": "Write less; weights and checkpoints count too, so a smaller network helps",
    "parameters": "Use fewer or smaller layers",
    "pause": "Continue goes on from the last checkpoint; run it again if it has none",
}


def hint(name: str) -> str:
    """What somebody can do whose run has reached a limit, by the name of its field in `Limits`."""
    return f"{_HINTS[name]}, or raise {VARIABLES[name]} where flowcore is started."
