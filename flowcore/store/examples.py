"""The graphs that come with flowcore."""

from pathlib import Path
from typing import Final

import flowcore

FOLDER: Final = Path(flowcore.__file__).parent / "examples"


def examples() -> dict[str, Path]:
    """Files of the example graphs by name, in the order in which a newcomer should meet them."""
    found = {path.stem: path for path in sorted(FOLDER.glob("*.json"))}
    return {name: found[name] for name in sorted(found, key=lambda name: (name not in _FIRST, name))}


_FIRST: Final = ("digits_cnn", "digits_mlp")
