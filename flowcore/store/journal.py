"""A run's journal: one event a line, appended by its supervisor alone, read by anyone."""

from pathlib import Path
from threading import Lock
from typing import Final

import msgspec

from flowcore.model.event import Event
from flowcore.model.run import Run, fold

NAME: Final = "events.jsonl"
_decoder = msgspec.json.Decoder(Event)
_encoder = msgspec.json.Encoder()


class Journal:
    """The writing end. Threads may share it."""

    def __init__(self, folder: Path) -> None:
        path = folder / NAME
        torn = path.exists() and path.read_bytes()[-1:] not in (b"", b"\n")
        self._file = path.open("ab")
        self._lock = Lock()
        if torn:
            self._file.write(b"\n")

    def append(self, event: Event) -> None:
        """Write one event; every reader sees it whole or not at all."""
        with self._lock:
            if not self._file.closed:
                self._file.write(_encoder.encode(event) + b"\n")
                self._file.flush()

    def close(self) -> None:
        with self._lock:
            self._file.close()


class Follower:
    """The reading end: folds what is new since the last look."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / NAME
        self._offset = 0
        self._lock = Lock()
        self.run = Run()

    def look(self) -> Run:
        """The run as it is now."""
        with self._lock:
            events, self._offset = read(self._path, self._offset)
            self.run = fold(self.run, events)
            return self.run


def read(path: Path, offset: int = 0) -> tuple[list[Event], int]:
    """Events from a byte offset on, and the offset after the last whole line.

    A half-written last line waits for its rest; a line that a crash cut off is passed over.
    """
    if not path.exists():
        return [], offset
    with path.open("rb") as file:
        file.seek(offset)
        block = file.read()
    whole = block[: block.rfind(b"\n") + 1]
    events: list[Event] = []
    for line in whole.splitlines():
        try:
            events.append(_decoder.decode(line))
        except msgspec.MsgspecError:
            continue
    return events, offset + len(whole)
