"""JSON lines to and from the process that started this worker."""

import json
import os
import signal
import threading
import time
from collections import deque
from queue import SimpleQueue
from typing import Any, BinaryIO, Final

import msgspec

from flowcore.model.event import Batch
from flowcore.model.frame import Frame, Pause, Resume, Stop
from flowcore.model.problem import FlowError, error
from flowcore.worker.control import Control

BEAT: Final = 0.1
_decoder = msgspec.json.Decoder(Frame)
_encoder = msgspec.json.Encoder()


class Channel:
    """Frames in; events out through a thread of their own, so that a slow reader never slows training.

    Of the batch metrics only the latest goes out, ten times a second; everything else is never dropped.
    """

    def __init__(self, reader: BinaryIO, writer: BinaryIO) -> None:
        self._reader = reader
        self._writer = writer
        self.control = Control()
        self._frames: SimpleQueue[Frame | FlowError] = SimpleQueue()
        threading.Thread(target=self._read, name="frames", daemon=True).start()
        self._queue: deque[Any] = deque()
        self._latest: Batch | None = None
        self._wake = threading.Condition()
        self._writing = False
        self._closing = False
        self._thread = threading.Thread(target=self._write, name="events", daemon=True)
        self._thread.start()

    def receive(self) -> Frame:
        """The next frame other than Stop, Pause and Resume, which ``control`` obeys.

        Raises FlowError("bad-frame") for one that cannot be understood.
        """
        found = self._frames.get()
        if isinstance(found, FlowError):
            raise found
        return found

    def send(self, message: Any) -> None:
        """Queue an event, stamped with the time."""
        if hasattr(message, "at"):
            message = msgspec.structs.replace(message, at=time.time())
        with self._wake:
            if isinstance(message, Batch):
                first, self._latest = self._latest is None, message
                if first:
                    self._wake.notify_all()
                return
            self._take_latest()
            self._queue.append(message)
            self._wake.notify_all()

    def flush(self, timeout: float = 1.0) -> None:
        """Wait until all is written: what comes next may take the process down, or never let go of it."""
        with self._wake:
            self._wake.wait_for(lambda: not self._queue and not self._writing, timeout)

    def close(self) -> None:
        """Write what is queued, then end: whoever reads may stand still, and ends this one where it dies."""
        with self._wake:
            self._closing = True
            self._wake.notify_all()
        self._thread.join()

    def _read(self) -> None:
        """Hear what is said; die with the process that started this one, children included."""
        for line in self._reader:
            try:
                frame = _decoder.decode(line)
            except msgspec.MsgspecError as reason:
                self._frames.put(error("bad-frame", f"The graph is none: {reason}.", "Change that in it."))
                continue
            match frame:
                case Stop():
                    self.control.stop()
                case Pause():
                    self.control.pause()
                case Resume():
                    self.control.resume()
                case _:
                    self.control.begin()  # whoever stopped what came before this was too late
                    self._frames.put(frame)
        if os.getpgrp() == os.getpid():
            os.killpg(os.getpid(), signal.SIGKILL)
        os._exit(1)

    def _take_latest(self) -> None:
        if self._latest is not None:
            self._queue.append(self._latest)
            self._latest = None

    def _write(self) -> None:
        while True:
            with self._wake:
                self._wake.wait_for(lambda: self._queue or self._latest or self._closing)
                if not self._queue:
                    self._wake.wait_for(lambda: self._queue or self._closing, BEAT)
                self._take_latest()
                lines = b"".join(_encode(item) + b"\n" for item in self._queue)
                self._queue.clear()
                self._writing, closing = bool(lines), self._closing
            if lines:
                self._writer.write(lines)
                self._writer.flush()
                with self._wake:
                    self._writing = False
                    self._wake.notify_all()
            if closing:
                return


def _encode(item: Any) -> bytes:
    try:
        return _encoder.encode(item)
    except UnicodeEncodeError:  # a lone surrogate, as in the name of an odd file
        return json.dumps(msgspec.to_builtins(item), ensure_ascii=False).encode(errors="replace")
