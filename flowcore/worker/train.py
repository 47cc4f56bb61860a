"""Watching Keras while it trains: one callback that reports, keeps checkpoints and obeys."""

import contextlib
import math
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from flowcore.model.event import (
    Batch,
    Checkpoint,
    Chosen,
    DataSeen,
    Epoch,
    Event,
    TrainingBegan,
)
from flowcore.worker import preview, tune
from flowcore.worker.channel import BEAT
from flowcore.worker.checkpoint import Checkpoints, Kept
from flowcore.worker.control import Control
from flowcore.worker.earlier import Earlier
from flowcore.worker.fingerprint import of_data

Emit = Callable[[Event], None]
USUAL_BATCH = 32  # of fit, where nobody says another (keras.Model.fit)


class Watch:
    """How one node calls methods: the training of Keras models is reported as events of this node.

    folder: where its checkpoints go. earlier: the run that training goes on from. steps: batches in one
    execution, None to choose.
    """

    def __init__(
        self,
        node: str,
        emit: Emit,
        control: Control,
        folder: Path | None = None,
        earlier: Earlier | None = None,
        steps: int | None = None,
    ) -> None:
        self._node, self._emit, self._control, self._steps = node, emit, control, steps
        self._kept = Checkpoints(folder, node) if folder else None
        self._earlier = earlier

    def __call__(self, target: Any, name: str, args: dict[str, Any]) -> Any:
        keras = sys.modules.get("keras")
        if keras is None or not isinstance(target, keras.Model):
            if name.startswith("fit"):
                self._fingerprint(args)
            return getattr(target, name)(**args)
        if name in ("fit", "evaluate"):
            self._fingerprint(args)
        if name == "fit":
            return self._fit(keras, target, args)
        if name in ("evaluate", "predict"):
            args = {"verbose": 0, **args, "callbacks": self._callbacks(keras, args)}
        if name == "evaluate":
            args["return_dict"] = True
        return getattr(target, name)(**args)

    def _fit(self, keras: Any, model: Any, args: dict[str, Any]) -> Any:
        """fit, in steps that were chosen, from the last checkpoint where there is one to go on from."""
        tune.build(model, args.get("x"), args.get("y"))
        if self._kept is not None:
            self._kept.begin(model, _given(args))
        found, over = self._resumed(model, args)
        done = found.history if found else ()
        if over:
            return self._handed_on(keras, model, args, done)
        args = {"verbose": 2, **args, **({"initial_epoch": done[-1].epoch} if done else {})}
        batch, rows = args.get("batch_size") or USUAL_BATCH, _rows(args)
        steps = args.get("steps_per_epoch") or math.ceil(rows / batch)
        compiled = model.steps_per_execution
        chosen, why = tune.steps_per_execution(model, batch, steps, self._steps, args.get("x"))
        quick = self._steps != 1 and rows > 0

        def tell(input: str) -> None:
            choices = {"steps_per_execution": why, "input": input, "xla": tune.xla(model)}
            self._emit(Chosen(node=self._node, choices=choices))

        tell(tune.AS_KERAS)
        _set_steps(model, chosen)
        watch = _watch(
            keras, self._node, self._emit, self._control, self._kept, list(done), self._recalled(found, args)
        )
        try:
            with tune.quick_input(tell, len(done)) if quick else contextlib.nullcontext():
                return _whole(done, model.fit(**args | {"callbacks": [*_given(args), watch]}))
        except BaseException:
            watch.rescue()
            raise
        finally:
            _set_steps(model, compiled)

    def _resumed(self, model: Any, args: dict[str, Any]) -> tuple[Kept | None, bool]:
        """What is done already, and whether that is all; the model is in the state after it."""
        if self._earlier is None:
            return None, False
        found, over = self._earlier.load(self._node, model, args.get("epochs", 1))
        if found is not None and self._kept is not None:
            self._kept.take(self._earlier.of(self._node))
            self._emit(Checkpoint(node=self._node, epoch=found.epoch))
        return found, over

    def _recalled(self, found: Kept | None, args: dict[str, Any]) -> Callable[[], None]:
        """What lets callbacks and shuffling go on from what is done already, once Keras has begun."""
        earlier = self._earlier
        if found is None or earlier is None:
            return lambda: None

        def recall() -> None:
            earlier.of(self._node).recall(found, _given(args))
            if args.get("shuffle", True) is True:
                tune.pass_over(len(found.history), _rows(args))

        return recall

    def _handed_on(self, keras: Any, model: Any, args: dict[str, Any], done: tuple[Epoch, ...]) -> Any:
        """What a fit that is over came to."""
        self._emit(TrainingBegan(node=self._node, epochs=args.get("epochs", 1), steps=0))
        for epoch in done:
            self._emit(epoch)
        model.history = keras.callbacks.History()
        model.history.set_model(model)
        model.history.on_train_begin()
        return _whole(done, model.history)

    def _fingerprint(self, args: dict[str, Any]) -> None:
        found = {name: mark for name in ("x", "y", "X") if (mark := of_data(args.get(name)))}
        if found:
            self._emit(DataSeen(node=self._node, fingerprints=found))

    def _callbacks(self, keras: Any, args: dict[str, Any]) -> list[Any]:
        return [*_given(args), _watch(keras, self._node, self._emit, self._control, None, [], lambda: None)]


def _watch(
    keras: Any,
    node: str,
    emit: Emit,
    control: Control,
    kept: Checkpoints | None,
    history: list[Epoch],
    recall: Callable[[], None],
) -> Any:
    """Made here, since only a process that runs a graph has Keras (keras.callbacks.Callback)."""

    class Watching(keras.callbacks.Callback):  # type: ignore[misc]
        def __init__(self) -> None:
            super().__init__()
            self.epoch = self.first = history[-1].epoch if history else 0
            self.began = 0.0
            self.sent = 0.0

        def on_train_begin(self, logs: Any = None) -> None:
            epochs, steps = self.params.get("epochs") or 0, self.params.get("steps") or 0
            emit(TrainingBegan(node=node, epochs=epochs, steps=steps))
            for epoch in history:
                emit(epoch)
            recall()  # the others have forgotten all by now

        def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
            self.epoch, self.began = epoch + 1, time.monotonic()

        def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
            control.obey(emit)
            now = time.monotonic()
            if now - self.sent >= BEAT:
                self.sent = now
                emit(Batch(node=node, epoch=self.epoch, step=batch + 1, metrics=preview.numbers(logs or {})))

        def on_test_batch_end(self, batch: int, logs: Any = None) -> None:
            control.obey(emit)

        def on_predict_batch_end(self, batch: int, logs: Any = None) -> None:
            control.obey(emit)

        def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
            seconds, metrics = time.monotonic() - self.began, preview.numbers(logs or {})
            history.append(Epoch(node=node, epoch=epoch + 1, seconds=seconds, metrics=metrics))
            emit(history[-1])
            last = self.model.stop_training or self.epoch == self.params.get("epochs")
            if last or kept is None:
                return
            if kept.due() or control.stopping:
                self.keep()
            else:
                kept.hold(self.model, self.epoch)

        def on_train_end(self, logs: Any = None) -> None:
            if self.first < self.epoch:
                self.keep(self.params.get("epochs") or 0)

        def keep(self, ended: int = 0) -> None:
            if kept is not None:
                kept.save(self.model, self.epoch, history, ended)
                emit(Checkpoint(node=node, epoch=self.epoch))

        def rescue(self) -> None:
            if kept is not None and (saved := kept.rescue(self.model, history, control.stopping)):
                emit(Checkpoint(node=node, epoch=saved))

    return Watching()


def _whole(done: tuple[Epoch, ...], found: Any) -> Any:
    """The history of a fit (keras.callbacks.History), with the epochs before those that it has seen."""
    for name in dict.fromkeys(name for epoch in done for name in epoch.metrics):
        values = [epoch.metrics[name] for epoch in done if name in epoch.metrics]
        before = [math.nan if value is None else value for value in values]
        found.history[name] = before + found.history.get(name, [])
    found.epoch = [epoch.epoch - 1 for epoch in done] + found.epoch
    return found


def _given(args: dict[str, Any]) -> list[Any]:
    given = args.get("callbacks") or []
    return list(given) if isinstance(given, list | tuple) else [given]


def _rows(args: dict[str, Any]) -> int:
    """Rows to train on, 0 where that cannot be told beforehand (array_slicing.train_validation_split)."""
    rows = len(args["x"]) if hasattr(args.get("x"), "shape") else 0
    return math.floor(rows * (1.0 - (args.get("validation_split") or 0.0)))


def _set_steps(model: Any, steps: int) -> None:
    if model.steps_per_execution != steps:
        model.steps_per_execution = steps
        model.train_function = model.test_function = model.predict_function = None
