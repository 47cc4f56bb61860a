"""Amounts as people write them."""


def size(count: int) -> str:
    """Bytes for people: 1.2 MB."""
    amount = float(count)
    for unit in ("B", "kB", "MB", "GB"):
        if amount < 1000:
            return f"{amount:.0f} {unit}" if unit == "B" or amount >= 100 else f"{amount:.1f} {unit}"
        amount /= 1000
    return f"{amount:.1f} TB"


def amount(count: int) -> str:
    """Large counts for people: 1.2 million."""
    for words, one in (("trillion", 10**12), ("billion", 10**9), ("million", 10**6)):
        if count >= one:
            return f"{count / one:.3g} {words}"
    return f"{count:,}"


def duration(seconds: float) -> str:
    """Seconds for people: 8 s, 3 min 20 s, 2 h 5 min."""
    whole = max(0, round(seconds))
    if whole < 60:
        return f"{whole} s"
    minutes, rest = divmod(whole, 60)
    if minutes < 60:
        return f"{minutes} min {rest} s" if rest else f"{minutes} min"
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes} min" if minutes else f"{hours} h"
