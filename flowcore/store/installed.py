"""The packages that are installed, read from what their distributions say: nothing is imported."""

import sys
from importlib.metadata import packages_distributions
from typing import Final

from flowcore.store import descriptors
from flowcore.store.policy import refused

_OURS: Final = frozenset({"flowcore", "fallback"})


def packages() -> dict[str, str]:
    """Import names that may be scanned, each with the distribution that it comes from."""
    policy = descriptors.policy()
    return {
        name: ", ".join(sorted(set(dists)))
        for name, dists in sorted(packages_distributions().items(), key=lambda item: item[0].lower())
        if name.isidentifier() and not name.startswith("_") and not refused(name, policy) and _foreign(name)
    }


def _foreign(name: str) -> bool:
    return name not in _OURS and name not in sys.stdlib_module_names
