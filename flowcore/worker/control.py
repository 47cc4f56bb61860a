"""What somebody outside can ask of a worker at work: to hold, to go on, to end."""

import threading
from collections.abc import Callable

from flowcore.model.event import Event, Paused, Resumed


class StopRun(BaseException):
    """The run was asked to stop. Not an Exception: nothing on the way up may swallow it."""


class Control:
    """Set by the thread that hears frames, obeyed by the one that works."""

    def __init__(self) -> None:
        self._stop = threading.Event()
        self._go = threading.Event()
        self._go.set()

    def begin(self) -> None:
        """Forget what was asked of the work before this."""
        self._stop.clear()
        self._go.set()

    @property
    def stopping(self) -> bool:
        return self._stop.is_set()

    def stop(self) -> None:
        """Ask the work to end, also where it holds."""
        self._stop.set()
        self._go.set()

    def pause(self) -> None:
        if not self.stopping:
            self._go.clear()

    def resume(self) -> None:
        self._go.set()

    def obey(self, emit: Callable[[Event], None]) -> None:
        """Hold for as long as that is asked. Raises StopRun where the end is asked for."""
        if not self._go.is_set():
            emit(Paused())
            self._go.wait()
            if not self.stopping:
                emit(Resumed())
        if self.stopping:
            raise StopRun
