"""One worker process and its three pipes: frames to it, events from it, whatever it prints."""

import os
import signal
import subprocess
import sys
from typing import IO, Any, BinaryIO

import msgspec
import psutil

from flowcore.store import fallback
from flowcore.store.runs import WorkerTrace

_encoder = msgspec.json.Encoder()


class WorkerProcess:
    """``python -m flowcore.worker MODE`` in a process group of its own.

    events yields lines of JSON until the worker is gone. output, if it is kept, yields what the
    worker and its children print, C code included; who reads it closes it.
    """

    def __init__(self, mode: str, *, keep_output: bool = True) -> None:
        reader, writer = os.pipe()
        try:
            self._process = subprocess.Popen(
                # -P: what lies in the current folder is never imported in place of a package.
                [sys.executable, "-P", "-m", "flowcore.worker", mode, str(writer)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE if keep_output else subprocess.DEVNULL,
                stderr=subprocess.STDOUT if keep_output else subprocess.DEVNULL,
                pass_fds=(writer,),
                start_new_session=True,
                env=_environment(),
            )
        finally:
            os.close(writer)
        self.events: BinaryIO = os.fdopen(reader, "rb")

    @property
    def output(self) -> IO[bytes]:
        assert self._process.stdout is not None
        return self._process.stdout

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def trace(self) -> WorkerTrace:
        return WorkerTrace(self.pid, psutil.Process(self.pid).create_time())

    def send(self, frame: Any) -> bool:
        """Write a frame; False if the worker is gone."""
        assert self._process.stdin is not None
        try:
            self._process.stdin.write(_encoder.encode(frame) + b"\n")
            self._process.stdin.flush()
        except (BrokenPipeError, ValueError):
            return False
        return True

    def kill(self) -> None:
        """End the worker and whatever it started, now."""
        try:
            os.killpg(self.pid, signal.SIGKILL)
        except (ProcessLookupError, PermissionError):
            self._process.kill()

    def wait(self, timeout: float | None = None) -> int | None:
        """The exit code, negative for a signal; None if it still runs after timeout seconds."""
        try:
            return self._process.wait(timeout)
        except subprocess.TimeoutExpired:
            return None

    def close(self) -> None:
        """Give the pipes back, output's apart. The worker must be gone."""
        for pipe in (self._process.stdin, self.events):
            if pipe is not None:
                try:
                    pipe.close()
                except BrokenPipeError:
                    continue


def kill_leftover(worker: WorkerTrace) -> None:
    """End a worker whose supervisor died, unless its pid means another process by now."""
    try:
        process = psutil.Process(worker.pid)
        if abs(process.create_time() - worker.created) < 1:
            os.killpg(worker.pid, signal.SIGKILL)
    except (psutil.Error, ProcessLookupError, PermissionError):
        return


def _environment() -> dict[str, str]:
    """Prints come at once, TensorFlow keeps its notes to itself, the user's functions are found."""
    own = os.pathsep.join(map(str, fallback.folders()))
    return {**os.environ, "PYTHONUNBUFFERED": "1", "TF_CPP_MIN_LOG_LEVEL": "3", "FLOWCORE_FALLBACK": own}
