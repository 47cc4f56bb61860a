"""The callables of the nodes: as little work as there is, and a value that tells when an input was wrong."""

PRIME = 1_000_003


def add(a: int = 0, b: int = 0) -> int:
    return (a + 2 * b + 1) % PRIME


def total(xs: list[int]) -> int:
    return sum(xs) % PRIME
