"""One worker process and its three pipes: frames to it, events from it, whatever it prints."""

import contextlib
import os
import select
import subprocess
import sys
from collections import deque
from collections.abc import Callable
from pathlib import Path
from typing import Any, BinaryIO, Final, Protocol

import msgspec
import psutil

from flowcore.store import database, fallback, scratch
from flowcore.store.processes import end_group, end_tree
from flowcore.store.runs import WorkerTrace

BLOCK: Final = 1 << 16
BEAT: Final = 0.5  # seconds until it is noticed that a worker is gone whose pipe others hold open
COMPILED: Final = 256 << 20  # bytes that are kept of what JAX has compiled
UNSEEN: Final = 1 << 16  # an exit code that nobody was there to see
_KEPT: Final = {
    "PATH",
    "HOME",
    "USER",
    "LANG",
    "TZ",
    "VIRTUAL_ENV",
    "LD_LIBRARY_PATH",
    "NO_PROXY",
    "no_proxy",
}
_KEPT_BY_START: Final = ("LC_", "PYTHON", "KERAS_", "TF_", "XLA_", "JAX_", "CUDA_", "NVIDIA_", "OMP_", "MKL_")
_encoder = msgspec.json.Encoder()


class Child(Protocol):
    """A process, whoever is its parent."""

    pid: int

    def wait(self, timeout: float | None = None) -> int | None:
        """The exit code, negative for a signal; None if it still runs after timeout seconds.

        Whatever it started is ended by then.
        """

    def kill(self) -> None:
        """End it and whatever it started; nobody, if it is gone: its number may mean others by now."""


class Pipes:
    """Our ends of the three pipes, and the worker's, which are closed here once it has them."""

    def __init__(self, keep_output: bool = True) -> None:
        self.frames, to = os.pipe()
        told, self.events = os.pipe()
        printed, self.output = os.pipe() if keep_output else (None, os.open(os.devnull, os.O_WRONLY))
        self.to = os.fdopen(to, "wb")
        self.told = os.fdopen(told, "rb")
        self.printed = os.fdopen(printed, "rb") if printed is not None else None

    def hand_over(self) -> None:
        for end in (self.frames, self.events, self.output):
            os.close(end)

    def close(self) -> None:
        for ours in (self.to, self.told, self.printed):
            with contextlib.suppress(BrokenPipeError):
                if ours is not None:
                    ours.close()


Source = Callable[[str, Pipes, dict[str, str]], Child]


class Spawned:
    """A worker that was started by itself: ``python -m flowcore.worker MODE``."""

    def __init__(self, mode: str, pipes: Pipes, environment: dict[str, str]) -> None:
        self._process = subprocess.Popen(
            # -P: what lies in the current folder is never imported in place of a package.
            [sys.executable, "-P", "-m", "flowcore.worker", mode, str(pipes.events)],
            stdin=pipes.frames,
            stdout=pipes.output,
            stderr=pipes.output,
            pass_fds=(pipes.events,),
            start_new_session=True,
            env=environment,
        )
        self.pid = self._process.pid

    def wait(self, timeout: float | None = None) -> int | None:
        if self._process.returncode is None:
            try:
                self._process.wait(timeout)
            except subprocess.TimeoutExpired:
                return None
            end_group(self.pid)
        return self._process.returncode

    def kill(self) -> None:
        if self._process.returncode is None:
            end_tree(self.pid)


class WorkerProcess:
    """A worker in a process group and with a temporary folder of its own.

    events: lines of JSON, for `read_line` or for one who polls. output, if it is kept, yields what the
    worker and its children print, C code included; who reads it closes it.
    """

    def __init__(
        self, mode: str, *, keep_output: bool = True, backend: str = "tensorflow", source: Source = Spawned
    ) -> None:
        self.backend = backend
        self.temporary = scratch.make()
        self._pipes = Pipes(keep_output)
        try:
            self._process = source(mode, self._pipes, environment(backend, self.temporary))
        except BaseException:
            self._pipes.close()
            scratch.remove(self.temporary)
            raise
        finally:
            self._pipes.hand_over()
        self.events: BinaryIO = self._pipes.told
        self._lines: deque[bytes] = deque()
        self._rest = b""

    @property
    def output(self) -> BinaryIO:
        assert self._pipes.printed is not None
        return self._pipes.printed

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def trace(self) -> WorkerTrace:
        """Raises psutil.NoSuchProcess for one that is gone already."""
        return WorkerTrace(self.pid, psutil.Process(self.pid).create_time())

    def send(self, frame: Any) -> bool:
        """Write a frame; False if the worker is gone."""
        try:
            self._pipes.to.write(_encoder.encode(frame) + b"\n")
            self._pipes.to.flush()
        except (BrokenPipeError, ValueError):
            return False
        return True

    def read_line(self) -> bytes:
        """The next line of events, torn where the worker was killed; b"" once it is gone and all is read."""
        while not self._lines:
            block = self._block()
            if not block:
                line, self._rest = self._rest, b""
                return line
            *lines, self._rest = (self._rest + block).split(b"\n")
            self._lines.extend(lines)
        return self._lines.popleft() + b"\n"

    def _block(self) -> bytes:
        """What has come; b"" at the end. A child that the worker left behind may never close the pipe."""
        pipe = select.poll()
        pipe.register(self.events, select.POLLIN)
        while not pipe.poll(1000 * BEAT):
            if self.wait(0) is not None and not pipe.poll(0):
                return b""
        return os.read(self.events.fileno(), BLOCK)

    def kill(self) -> None:
        """End the worker and whatever it started, now."""
        self._process.kill()

    def wait(self, timeout: float | None = None) -> int | None:
        """The exit code, negative for a signal, UNSEEN if nobody saw it; None if it still runs then."""
        return self._process.wait(timeout)

    def close(self) -> None:
        """Give back the pipes, output's apart, and the temporary folder. The worker must be gone."""
        for pipe in (self._pipes.to, self.events):
            with contextlib.suppress(BrokenPipeError):
                pipe.close()
        scratch.remove(self.temporary)


def kill_leftover(worker: WorkerTrace) -> None:
    """End a worker whose supervisor died, unless its pid means another process by now."""
    try:
        process = psutil.Process(worker.pid)
        if abs(process.create_time() - worker.created) < 1:
            end_tree(worker.pid)
    except psutil.Error:
        return


def _compiled() -> dict[str, str]:
    """What JAX has compiled is kept for the next worker: compiling takes longer than a small training."""
    return {
        "JAX_COMPILATION_CACHE_DIR": str(database.home() / "compiled"),
        "JAX_COMPILATION_CACHE_MAX_SIZE": str(COMPILED),
        "JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS": "0.05",
    }


def environment(backend: str, temporary: Path | None = None) -> dict[str, str]:
    """What a worker may know of ours: what libraries read, and nothing that may be a secret.

    FLOWCORE_WORKER_ENV names further variables to pass on, separated by commas.
    """
    asked = {name.strip() for name in os.environ.get("FLOWCORE_WORKER_ENV", "").split(",")}
    kept = {
        name: value
        for name, value in os.environ.items()
        if name in _KEPT | asked or name.startswith(_KEPT_BY_START)
    }
    return {
        **(_compiled() if backend == "jax" else {}),
        **kept,
        "PYTHONUNBUFFERED": "1",
        "PYTHONHASHSEED": "0",
        "TF_CPP_MIN_LOG_LEVEL": "3",
        "KERAS_BACKEND": backend,
        "FLOWCORE_FALLBACK": os.pathsep.join(map(str, fallback.folders())),
        **({"TMPDIR": str(temporary)} if temporary else {}),
    }
