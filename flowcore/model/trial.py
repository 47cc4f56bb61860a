"""What came of trying a catalogue out on the package that it describes."""

import msgspec


class Share(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """So many of so many."""

    count: int = 0
    total: int = 0

    @property
    def rate(self) -> float:
        return self.count / self.total if self.total else 1.0

    def __str__(self) -> str:
        return f"{self.rate:.3f} ({self.count} of {self.total})"


class Trial(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A catalogue against the package itself.

    Classes of the families to probe, made from their descriptors alone: built; accepted: optional
    arguments set to a value of their type; control: to one of another type, drawn at random; choices:
    words to choose from, each handed over; by_default and accepted_by_default: arguments typed by their
    default alone (paper, 5.3), and those of them that are accepted. Arguments that the package checks
    when it runs, with these checks hidden from the scan: checked, listed (lists of words that are equal),
    checked_by_default. failures: what was refused, and why.
    """

    built: Share = Share()
    accepted: Share = Share()
    control: Share = Share()
    choices: Share = Share()
    by_default: Share = Share()
    accepted_by_default: Share = Share()
    checked: Share = Share()
    unknown: Share = Share()
    listed: Share = Share()
    checked_by_default: Share = Share()
    failures: tuple[str, ...] = ()
