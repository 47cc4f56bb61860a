"""Constants against arguments, each pair looked at once: a graph says the same in many of its nodes."""

from typing import Final

from flowcore.dataflow import fits
from flowcore.model import value
from flowcore.model.descriptor import Argument, Catalog, NodeDescriptor
from flowcore.model.value import Value

SCALARS: Final = frozenset({bool, int, float, str, type(None)})


class Fitting:
    """Which constants fit, for as long as a catalogue stays as it is: one check, say."""

    def __init__(self, catalog: Catalog) -> None:
        self.catalog = catalog
        self._fine: dict[str, set[tuple[str, type, Value]]] = {}

    def doubtful(self, args: dict[str, Value], descriptor: NodeDescriptor) -> dict[str, Value]:
        """The constants among args that are wrong or more than a scalar.

        Of scalars that are alike one is looked at. True, 1 and 1.0 are equal, but not alike.
        """
        fine = self._fine.setdefault(descriptor.package, set())
        found = {}
        for name, item in args.items():
            kind = item.__class__
            if kind not in SCALARS:
                found[name] = item
            elif (name, kind, item) not in fine:
                if self._fits(item, descriptor.arguments.get(name)):
                    fine.add((name, kind, item))
                else:
                    found[name] = item
        return found

    def _fits(self, item: Value, argument: Argument | None) -> bool:
        if argument is None or not argument.supported:
            return False
        return not any(value.flaws(item)) and not any(fits.flaws(item, argument, self.catalog))
