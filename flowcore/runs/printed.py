"""What a worker prints, one piece a beat: a flood must not drown the journal."""

import codecs
import os
import select
import time
from collections.abc import Callable
from typing import BinaryIO, Final

BEAT: Final = 0.1
BLOCK: Final = 64 * 1024


class Printed:
    """Reads a pipe to its end. total: bytes that have come so far."""

    def __init__(self, pipe: BinaryIO, tell: Callable[[str, int], None]) -> None:
        self.total = 0
        self._pipe = pipe
        self._tell = tell

    def read(self, begins: Callable[[], bool]) -> None:
        """tell(text, lost) hears each piece, lost being the bytes dropped before it.

        begins() says whether it is still the beginning, which is kept whole.
        """
        block, lost, due = b"", 0, 0.0
        letters = codecs.getincrementaldecoder("utf-8")("replace")
        with self._pipe as pipe:
            while (chunk := _read(pipe.fileno(), due if block else None)) != b"":
                block += chunk or b""
                self.total += len(chunk or b"")
                now = time.monotonic()
                if now >= due or (len(block) > BLOCK and begins()):
                    self._say(letters.decode(block), lost)
                    block, lost, due = b"", 0, now + BEAT
                elif len(block) > BLOCK:
                    lost += len(block) - BLOCK
                    block = block[-BLOCK:]
        self._say(letters.decode(block, final=True), lost)

    def _say(self, text: str, lost: int) -> None:
        if text or lost:
            self._tell(text, lost)


def _read(descriptor: int, due: float | None) -> bytes | None:
    """What has been printed, b"" at the end of the pipe; None if nothing comes until due."""
    pipe = select.poll()
    pipe.register(descriptor, select.POLLIN)
    if not pipe.poll(None if due is None else max(0.0, due - time.monotonic()) * 1000):
        return None
    try:
        return os.read(descriptor, BLOCK)
    except OSError:
        return b""
