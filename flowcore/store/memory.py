"""What the system says of the memory of a process (proc(5))."""


def status(pid: int | str = "self") -> dict[str, int]:
    """Bytes by field, such as VmData and RssAnon; {} of a process that is gone, and where nobody tells."""
    try:
        with open(f"/proc/{pid}/status", encoding="ascii", errors="replace") as file:
            lines = [line.split() for line in file if line.rstrip().endswith(" kB")]
    except OSError:
        return {}
    return {name.rstrip(":"): int(amount) * 1024 for name, amount, _ in lines}
