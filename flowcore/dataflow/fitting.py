"""Constants against arguments, each pair looked at once: a graph says the same in many of its nodes."""

from flowcore.dataflow import fits
from flowcore.model import value
from flowcore.model.descriptor import Argument, Catalog
from flowcore.model.value import Value


class Fitting:
    """The flaws of constants, for as long as a catalogue stays as it is: one check, say."""

    def __init__(self, catalog: Catalog) -> None:
        self.catalog = catalog
        self._known: dict[tuple[int, type, Value], tuple[str, ...]] = {}

    def flaws(self, item: Value, argument: Argument) -> tuple[str, ...]:
        """Every reason why a constant does not fit; () for one that breaks the rules of documents."""
        if isinstance(item, (list, dict)):
            return self._look(item, argument)
        key = (id(argument), item.__class__, item)  # True, 1 and 1.0 are equal
        found = self._known.get(key)
        if found is None:
            found = self._known[key] = self._look(item, argument)
        return found

    def _look(self, item: Value, argument: Argument) -> tuple[str, ...]:
        return () if any(value.flaws(item)) else tuple(fits.flaws(item, argument, self.catalog))
