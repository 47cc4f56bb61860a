"""What the system says of the memory of a process (proc(5)), and the end of a group of them."""

import contextlib
import os
import signal


def status(pid: int | str = "self") -> dict[str, int]:
    """Bytes by field, such as VmData and RssAnon; {} of a process that is gone, and where nobody tells."""
    return _fields(pid, "status")


def shares(pid: int) -> dict[str, int]:
    """Bytes by field, such as Pss_Anon: of a page that several processes have, each has its part.

    Takes the system milliseconds for each gigabyte.
    """
    return _fields(pid, "smaps_rollup")


def end_group(pid: int) -> None:
    """End the processes of a group, those that are left."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(pid, signal.SIGKILL)


def _fields(pid: int | str, name: str) -> dict[str, int]:
    try:
        with open(f"/proc/{pid}/{name}", encoding="ascii", errors="replace") as file:
            lines = [line.split() for line in file if line.rstrip().endswith(" kB")]
    except OSError:
        return {}
    return {name.rstrip(":"): int(amount) * 1024 for name, amount, _ in lines}
