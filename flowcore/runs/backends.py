"""What Keras can compute with here."""

from functools import lru_cache
from importlib.util import find_spec
from typing import Final

NAMES: Final = {"tensorflow": "TensorFlow", "jax": "JAX", "torch": "PyTorch"}


@lru_cache(maxsize=1)
def installed() -> tuple[str, ...]:
    """Back ends whose packages are there, looked for without importing them."""
    return tuple(name for name in NAMES if find_spec(name))
