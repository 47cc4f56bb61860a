"""A zygote seen from the process that owns it: it forks workers, and says how they ended."""

import contextlib
import math
import os
import select
import socket
import subprocess
import sys
import threading
import time
from typing import Final

import msgspec

from flowcore.model.frame import Exited, Fork, Forked, FromZygote, ZygoteReady
from flowcore.model.problem import error
from flowcore.runs.process import UNSEEN, Pipes, environment
from flowcore.store.processes import end_group

MESSAGE: Final = 1 << 16
START: Final = 60.0
ANSWER: Final = 10.0
_decoder = msgspec.json.Decoder(FromZygote)
_encoder = msgspec.json.Encoder()


class Zygote:
    """One process that has imported Keras with a back end. Threads may share it.

    It is started at once and owned by a thread that lives as long as it does: it ends with that thread.
    ready: it has imported all, or never will. gone: it forks no more. pid: 0 until it is started. ended: when
    its process did.
    """

    def __init__(self, backend: str) -> None:
        self.backend = backend
        self.pid = 0
        self.imported = False
        self.ended = math.inf
        self.ready = threading.Event()
        self.gone = threading.Event()
        self._begun = time.monotonic()
        self._changed = threading.Condition()
        self._turn = threading.Lock()
        self._forked: int | None = None
        self._codes: dict[int, int] = {}
        self._process: subprocess.Popen[bytes] | None = None
        self._control, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        threading.Thread(target=self._own, args=(theirs,), name=f"zygote {backend}", daemon=True).start()

    def fork(self, mode: str, pipes: Pipes, environment: dict[str, str], warm: bool = False) -> "ForkedChild":
        """A worker with these pipes; waits until the zygote has imported all.

        Raises FlowError("no-zygote") where there is none any more.
        """
        if not self.ready.wait(max(0.0, self._begun + START - time.monotonic())):
            self._drop()
        with self._turn:
            if self.gone.is_set():
                raise _lost()
            request = _encoder.encode(Fork(mode, environment, warm))
            try:
                socket.send_fds(self._control, [request], [pipes.frames, pipes.events, pipes.output])
            except OSError:
                raise _lost() from None
            with self._changed:
                self._changed.wait_for(lambda: self._forked is not None or self.gone.is_set(), ANSWER)
                pid, self._forked = self._forked, None
                if pid is None:
                    self._drop()  # what it may answer yet would be taken for the next worker
                    raise _lost()
        return ForkedChild(pid, self)

    def code(self, pid: int) -> int:
        """How a worker that is gone has ended; UNSEEN where the zygote died before it."""
        with self._changed:
            self._changed.wait_for(lambda: pid in self._codes or self.gone.is_set(), ANSWER)
            return self._codes.pop(pid, UNSEEN)

    def close(self) -> None:
        """End the zygote, and with it every worker that it has forked."""
        self.gone.set()
        with contextlib.suppress(OSError):
            self._control.shutdown(socket.SHUT_RDWR)

    def _drop(self) -> None:
        """End one that does not answer, by force; its workers go on."""
        with self._changed:
            self.gone.set()
            self._changed.notify_all()
        if self._process is not None:
            self._process.kill()

    def _own(self, theirs: socket.socket) -> None:
        try:
            with theirs:
                self._process = _started(theirs.fileno(), self.backend)
            self.pid = self._process.pid
            while message := self._control.recv(MESSAGE):
                self._hear(_decoder.decode(message))
        except OSError:
            pass  # there is no room for it, or it was killed
        finally:
            with self._changed:
                self.gone.set()
                self.ready.set()  # who waits for it waits in vain
                self._changed.notify_all()
            self._control.close()
            self._bury()
            self.ended = time.monotonic()

    def _bury(self) -> None:
        if self._process is None:
            return
        try:
            self._process.wait(ANSWER)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def _hear(self, message: FromZygote) -> None:
        with self._changed:
            match message:
                case ZygoteReady():
                    self.imported = True
                    self.ready.set()
                case Forked(pid):
                    self._forked = pid
                case Exited(pid, code):
                    self._codes[pid] = code
            self._changed.notify_all()


class ForkedChild:
    """A worker whose parent is a zygote; it may outlive that."""

    def __init__(self, pid: int, zygote: Zygote) -> None:
        self.pid = pid
        self._zygote = zygote
        self._lock = threading.Lock()
        self._code: int | None = None
        self._handle: int | None = None
        with contextlib.suppress(ProcessLookupError):
            self._handle = os.pidfd_open(pid)

    def __del__(self) -> None:
        if self._handle is not None:  # not before: a thread may wait on it
            os.close(self._handle)

    def wait(self, timeout: float | None = None) -> int | None:
        if self._code is None and not self._ended(timeout):
            return None
        with self._lock:
            if self._code is None:
                self._code = self._zygote.code(self.pid)
                if self._code == UNSEEN:  # what it started has not been ended by the zygote
                    end_group(self.pid)
        return self._code

    def kill(self) -> None:
        if not self._ended(0):
            end_group(self.pid)

    def _ended(self, timeout: float | None) -> bool:
        """A process's descriptor can be read from its end on (pidfd_open(2))."""
        if self._handle is None:
            return True
        events = select.poll()
        events.register(self._handle, select.POLLIN)
        return bool(events.poll(None if timeout is None else timeout * 1000))


def _started(socket: int, backend: str) -> "subprocess.Popen[bytes]":
    return subprocess.Popen(
        [sys.executable, "-P", "-m", "flowcore.worker", "zygote", str(socket), str(os.getpid())],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        pass_fds=(socket,),
        start_new_session=True,
        env=environment(backend),
    )


def _lost() -> Exception:
    return error("no-zygote", "The process that starts workers is gone.", "Try again: a new one is started.")
