"""Watching Keras while it trains: one callback that reports and can be told to stop."""

import math
import sys
import threading
import time
from collections.abc import Callable
from typing import Any

from flowcore.model.event import Batch, Epoch, Event, TrainingBegan
from flowcore.worker.channel import BEAT
from flowcore.worker.evaluate import Method


class StopRun(BaseException):
    """The run was asked to stop. Not an Exception: nothing on the way up may swallow it."""


def watched(node: str, emit: Callable[[Event], None], stop: threading.Event) -> Method:
    """A way to call methods that reports the training of Keras models as events of this node."""

    def method(target: Any, name: str, args: dict[str, Any]) -> Any:
        keras = sys.modules.get("keras")
        if keras is None or not isinstance(target, keras.Model):
            return getattr(target, name)(**args)
        if name in ("fit", "evaluate", "predict"):
            given = args.get("callbacks") or []
            callbacks = [*(given if isinstance(given, list) else [given]), _callback(keras, node, emit, stop)]
            args = {"verbose": 2 if name == "fit" else 0, **args, "callbacks": callbacks}
        if name == "evaluate":
            args["return_dict"] = True
        return getattr(target, name)(**args)

    return method


def _callback(keras: Any, node: str, emit: Callable[[Event], None], stop: threading.Event) -> Any:
    """Made here, since only a process that runs a graph has Keras (keras.callbacks.Callback)."""

    class Watch(keras.callbacks.Callback):  # type: ignore[misc]
        def __init__(self) -> None:
            super().__init__()
            self.epoch = 0
            self.began = 0.0
            self.sent = 0.0

        def on_train_begin(self, logs: Any = None) -> None:
            epochs, steps = self.params.get("epochs") or 0, self.params.get("steps") or 0
            emit(TrainingBegan(node=node, epochs=epochs, steps=steps))

        def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
            self.epoch, self.began = epoch + 1, time.monotonic()

        def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
            _leave_if(stop)
            now = time.monotonic()
            if now - self.sent >= BEAT:
                self.sent = now
                emit(Batch(node=node, epoch=self.epoch, step=batch + 1, metrics=_numbers(logs)))

        def on_test_batch_end(self, batch: int, logs: Any = None) -> None:
            _leave_if(stop)

        def on_predict_batch_end(self, batch: int, logs: Any = None) -> None:
            _leave_if(stop)

        def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
            seconds = time.monotonic() - self.began
            emit(Epoch(node=node, epoch=epoch + 1, seconds=seconds, metrics=_numbers(logs)))

    return Watch()


def _leave_if(stop: threading.Event) -> None:
    if stop.is_set():
        raise StopRun


def _numbers(logs: Any) -> dict[str, float | None]:
    """A diverged loss is NaN, which JSON does not have."""
    found = {name: float(value) for name, value in (logs or {}).items()}
    return {name: value if math.isfinite(value) else None for name, value in found.items()}
