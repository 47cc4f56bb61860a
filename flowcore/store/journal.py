"""A run's journal: one event a line, appended by its supervisor alone, read by anyone.

What a training prints has no bounds, so a journal now and then writes itself anew with less of it. The
new file takes the place of the old one at once, and says in its first line that it is another: an
inode would not do, since the system gives the number of a deleted file to the next one.
"""

import contextlib
import os
from io import FileIO
from pathlib import Path
from threading import Lock
from typing import BinaryIO, Final

import msgspec

from flowcore.model.event import Event
from flowcore.model.run import Run, fold
from flowcore.store.compaction import compact, is_transient

NAME: Final = "events.jsonl"
NEXT: Final = "events.jsonl.next"
ROTATION: Final = 4_000_000
_MARK: Final = 64
_decoder = msgspec.json.Decoder(Event)
_encoder = msgspec.json.Encoder()


class _First(msgspec.Struct, frozen=True):
    """The first line of a file that was written anew: no event, so that readers pass over it."""

    compacted: int


_first = msgspec.json.Decoder(_First)


class Journal:
    """The writing end. Threads may share it.

    rotation: bytes of text and batches after which the file is written anew with less of them.
    """

    def __init__(self, folder: Path, rotation: int = ROTATION) -> None:
        self._path, self._next = folder / NAME, folder / NEXT
        self._rotation = rotation
        self._transient = 0
        self._lock = Lock()
        self._next.unlink(missing_ok=True)  # a crash in the middle of writing anew
        self._file = self._path.open("ab", buffering=0)
        if _torn(self._path):
            _write(self._file, b"\n")

    def append(self, event: Event) -> None:
        """Write one event; every reader sees it whole or not at all.

        Raises OSError where the disk takes no more; all that was written before is still there.
        """
        line = _encoder.encode(event) + b"\n"
        with self._lock:
            if self._file.closed:
                return
            _write(self._file, line)
            self._transient += len(line) if is_transient(event) else 0
            if self._transient > self._rotation:
                self._transient = 0
                self._write_anew()

    def close(self) -> None:
        with self._lock:
            self._file.close()

    def _write_anew(self) -> None:
        """Leave out what later events make up for."""
        content = self._path.read_bytes()
        lines = [_First(_count(content) + 1), *compact(_events(content))]
        try:
            file = _filled(self._next, b"".join(_encoder.encode(line) + b"\n" for line in lines))
            self._next.replace(self._path)
        except OSError:  # no room for a second file: the first one goes on as it is
            with contextlib.suppress(OSError):
                self._next.unlink()
            return
        self._file.close()
        self._file = file


class Follower:
    """The reading end: folds what is new since the last look."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / NAME
        self._mark = b""
        self._offset = 0
        self._lock = Lock()
        self.run = Run()

    def look(self) -> Run:
        """The run as it is now."""
        with self._lock:
            with contextlib.suppress(FileNotFoundError), self._path.open("rb") as file:
                mark = file.read(_MARK).partition(b"\n")[0]
                run, offset = (self.run, self._offset) if mark == self._mark else (Run(), 0)
                events, self._offset = _rest(file, offset)
                self._mark, self.run = mark, fold(run, events)
            return self.run


def read(path: Path, offset: int = 0) -> tuple[list[Event], int]:
    """Events from a byte offset on, and the offset after the last whole line.

    A half-written last line waits for its rest; a line that a crash cut off is passed over.
    """
    try:
        with path.open("rb") as file:
            return _rest(file, offset)
    except FileNotFoundError:
        return [], offset


def _rest(file: BinaryIO, offset: int) -> tuple[list[Event], int]:
    file.seek(offset)
    block = file.read()
    whole = block[: block.rfind(b"\n") + 1]
    return _events(whole), offset + len(whole)


def _events(content: bytes) -> list[Event]:
    found: list[Event] = []
    for line in content.splitlines():
        with contextlib.suppress(ValueError):  # torn, or damaged: bytes that are no text raise it too
            found.append(_decoder.decode(line))
    return found


def _count(content: bytes) -> int:
    """How often a journal was written anew before."""
    try:
        return _first.decode(content.partition(b"\n")[0]).compacted
    except ValueError:
        return 0


def _torn(path: Path) -> bool:
    """Whether the last line has no end."""
    with path.open("rb") as file:
        size = file.seek(0, os.SEEK_END)
        file.seek(max(0, size - 1))
        return file.read() not in (b"", b"\n")


def _filled(path: Path, content: bytes) -> FileIO:
    """A new file, open at its end, that has reached the disk."""
    file = path.open("wb", buffering=0)
    try:
        _write(file, content)
        os.fsync(file.fileno())
    except OSError:
        file.close()
        raise
    return file


def _write(file: FileIO, content: bytes) -> None:
    """All of it or nothing: of a line that finds no room no part stays behind."""
    before = file.seek(0, os.SEEK_END)
    rest = memoryview(content)
    try:
        while rest:
            rest = rest[file.write(rest) :]
    except OSError:
        file.truncate(before)
        raise
