"""Folders for what workers leave lying about: one for each, gone when the worker is.

They lie in a root of this process, whose lock tells others that it lives: what a killed server left
behind is swept by the next one. The root is there until the last who shares it has closed it.
"""

import os
import shutil
import tempfile
from functools import lru_cache
from pathlib import Path
from typing import Final
from weakref import WeakSet

from filelock import FileLock, Timeout

PREFIX: Final = "flowcore-"
_locks: dict[Path, FileLock] = {}
_sharers: WeakSet[object] = WeakSet()


def share(sharer: object) -> None:
    """Keep the root until `close`."""
    _sharers.add(sharer)


def make() -> Path:
    """A new, empty folder that only this user may read."""
    return Path(tempfile.mkdtemp(dir=_root(os.getpid())))


def remove(folder: Path) -> None:
    """Delete a folder with all that is in it."""
    shutil.rmtree(folder, ignore_errors=True)


def size(*folders: Path) -> int:
    """Bytes of all files in some folders; what vanishes meanwhile counts nothing."""
    found = 0
    for folder in folders:
        for place, _, names in os.walk(folder):
            for name in names:
                try:
                    found += os.lstat(os.path.join(place, name)).st_blocks * 512
                except OSError:
                    continue
    return found


def close(sharer: object) -> None:
    """Delete the root of this process, if nobody else shares it."""
    _sharers.discard(sharer)
    if _sharers or not _root.cache_info().currsize:
        return
    root = _root(os.getpid())
    _root.cache_clear()
    _locks.pop(root).release()
    remove(root)


def sweep() -> None:
    """Delete the roots of processes that are gone."""
    for root in Path(tempfile.gettempdir()).glob(f"{PREFIX}*"):
        lock = FileLock(root / "owner")
        try:
            if not (root / "owner").exists():
                continue  # it is being made just now, or belongs to somebody else
            lock.acquire(timeout=0)
        except (Timeout, OSError):
            continue
        lock.release()
        remove(root)


@lru_cache(maxsize=1)
def _root(pid: int) -> Path:
    """By process: a fork has its own."""
    root = Path(tempfile.mkdtemp(prefix=PREFIX))
    lock = FileLock(root / "owner", thread_local=False)
    lock.acquire()
    _locks[root] = lock
    return root
