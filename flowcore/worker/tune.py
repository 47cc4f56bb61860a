"""How a fit is run where that was left open: what is faster and gives the very same figures."""

import contextlib
import sys
from collections.abc import Callable, Iterator, Sequence
from typing import Any, Final

import numpy as np

from flowcore.dataflow.units import size
from flowcore.worker import cost
from flowcore.worker.calls import innermost, innermost_on
from flowcore.worker.sizes import activations, total

LONGEST: Final = 0.1  # seconds of one execution: stop, pause and figures come at its end
WORTH: Final = 0.002  # a step that takes longer gains nothing
MOST: Final = 32
SPEED: Final = 1e10  # multiply-adds a second of a small step on one core, measured
FLOW: Final = 2e9  # bytes a second that layers hand on
TURN: Final = 1.5e-4  # seconds of one turn of a recurrent layer, there and back
OVERHEAD: Final = 2e-4
AS_KERAS: Final = "as Keras does it"
BY_EPOCH: Final = "rows of a whole epoch gathered at once, in the order of Keras"
ROOM: Final = 1 << 28  # bytes of input that may be copied once an epoch


def steps_per_execution(model: Any, batch: int, steps: int, asked: int | None, x: Any) -> tuple[int, str]:
    """Batches in one call of the compiled function (keras.Model.compile), and why as many.

    steps: batches in an epoch, 0 where that is not known. asked: what somebody has set. x: what is trained
    on, which tells the sizes that a network leaves open.
    """
    if sys.modules["keras"].backend.backend() == "torch":
        return 1, "1: PyTorch takes one batch after the other"
    if asked is not None:
        return asked, f"{asked}, as set"
    if model.steps_per_execution != 1:
        return model.steps_per_execution, f"{model.steps_per_execution}, as compiled"
    seconds = step_seconds(model, batch, x)
    if seconds is None:
        return 1, "1: how long a step takes cannot be told beforehand"
    if seconds > WORTH:
        return 1, f"1: a step takes about {1000 * seconds:.0f} ms, and gains nothing from more"
    most = min(MOST, int(LONGEST / seconds), steps or MOST)
    found = 1 << max(0, most.bit_length() - 1)
    return found, f"{found}: a step takes about {1000 * seconds:.1f} ms"


def xla(model: Any) -> str:
    """What Keras has made of jit_compile (keras.Model.compile), and why."""
    backend = sys.modules["keras"].backend.backend()
    if model.jit_compile:
        return "on"
    if backend != "tensorflow":
        return f"off, as Keras has it for this network on {backend}"
    gpu = sys.modules["tensorflow"].config.list_physical_devices("GPU")
    why = "as compiled, or a layer cannot" if gpu else "without a GPU it makes training slower"
    return f"off: {why}; jit_compile of compile overrules it"


def build(model: Any, x: Any, y: Any) -> None:
    """Make what the first batch of a fit would make: variables that appear while a step is traced have it
    traced twice (tf.function; keras.src.trainers.trainer.Trainer._symbolic_build).

    x, y: arrays, or lists or dicts of them, samples on axis 0. What cannot be built is left to fit.
    """
    tree = sys.modules["keras"].tree
    parts = [part for part in tree.flatten((x, y)) if part is not None]
    if all(hasattr(part, "shape") for part in parts):
        with contextlib.suppress(Exception):  # fit says what is wrong
            model._symbolic_build(data_batch=tree.map_structure(lambda part: part[:2], (x, y)))


def step_seconds(model: Any, batch: int, x: Any) -> float | None:
    """An estimate from what the layers cost; None where a size is open, and x does not tell it.

    x: arrays, samples on axis 0.
    """
    found = _seconds(innermost(model), batch)
    inputs, arrays = getattr(model, "inputs", None) or [], sys.modules["keras"].tree.flatten(x)
    if found is None and inputs and len(inputs) == len(arrays):
        with contextlib.suppress(Exception):  # what does not fit is for fit to say
            given = [
                sys.modules["keras"].KerasTensor((batch, *array.shape[1:]), dtype=tensor.dtype)
                for tensor, array in zip(inputs, arrays, strict=True)
            ]
            found = _seconds(innermost_on(model, given), batch)
    return found


def _seconds(calls: Sequence[Any], batch: int) -> float | None:
    """Multiply-adds, the bytes that are handed on, and the turns of loops, which cost more than what they
    do; forward and twice that backward.
    """
    adds = total(cost.of_call(call) for call in calls)
    moved = total(activations(call.output_tensors) for call in calls)
    turns = total(cost.turns(call) for call in calls)
    if not calls or adds is None or moved is None or turns is None:
        return None
    return OVERHEAD + 3 * batch * (adds / SPEED + moved / FLOW) + turns * TURN


@contextlib.contextmanager
def quick_input(tell: Callable[[str], None], skip: int = 0) -> Iterator[None]:
    """Feed arrays of moderate size by the epoch and not by the batch, in the very order of Keras.

    Keras gathers the rows of each batch by themselves (ArrayDataAdapter.get_tf_dataset); here those of a
    whole epoch are gathered at once and then cut. tell: hears what is done. skip: epochs whose shuffling is
    passed over.
    """
    adapter = sys.modules.get("keras.src.trainers.data_adapters.array_data_adapter")
    if adapter is None or sys.modules["keras"].backend.backend() != "tensorflow":
        yield
        return
    kept = adapter.ArrayDataAdapter.get_tf_dataset

    def get_tf_dataset(self: Any) -> Any:
        plain = _is_plain(self)
        tell(BY_EPOCH if plain else f"{AS_KERAS}: more than {size(ROOM)}, or no dense arrays")
        found = _by_epoch(self) if plain else kept(self)
        for _ in range(skip if self._shuffle else 0):
            next(iter(found))
        return found

    adapter.ArrayDataAdapter.get_tf_dataset = get_tf_dataset
    try:
        with _one_iterator():
            yield
    finally:
        adapter.ArrayDataAdapter.get_tf_dataset = kept


def pass_over(epochs: int, rows: int) -> None:
    """Draw what JAX has drawn to shuffle so many epochs (ArrayDataAdapter._get_iterator)."""
    if sys.modules["keras"].backend.backend() == "jax":
        for _ in range(epochs):
            np.random.permutation(rows)


@contextlib.contextmanager
def _one_iterator() -> Iterator[None]:
    """Begin an epoch with the iterator that Keras makes at the end of the one before, and then makes anew
    (keras.src.trainers.epoch_iterator.EpochIterator._enumerate_iterator), in each validation twice.
    """
    from keras.src.backend.tensorflow.trainer import TFEpochIterator

    def unused(epochs: Any) -> Any:
        """What Keras takes an iterator of; that of an iterator is itself."""
        made = epochs._current_iterator
        return made if made is not None and epochs._steps_seen == 0 else epochs._distributed_dataset

    def reset(epochs: Any) -> None:
        """An iterator of arrays in order that nobody has begun is as good as a new one."""
        again = epochs._steps_seen == 0 and getattr(epochs.data_adapter, "_shuffle", True) is False
        made = epochs._current_iterator if again else None
        forget(epochs)
        epochs._current_iterator = made

    kept, forget = TFEpochIterator._get_iterator, TFEpochIterator.reset
    TFEpochIterator._get_iterator, TFEpochIterator.reset = unused, reset
    try:
        yield
    finally:
        TFEpochIterator._get_iterator, TFEpochIterator.reset = kept, forget


def _is_plain(adapter: Any) -> bool:
    """Whether all inputs are dense arrays that fit into memory twice."""
    import keras

    inputs = keras.tree.flatten(adapter._inputs)
    arrays = [getattr(item, "array", item) for item in inputs if item is not None]
    sizes = [getattr(item, "nbytes", ROOM + 1) for item in arrays]
    return adapter._shuffle in (True, False) and sum(sizes) <= ROOM


def _by_epoch(adapter: Any) -> Any:
    import keras
    import tensorflow as tf
    from keras.src.trainers.data_adapters import array_slicing

    rows, batch, shuffle = adapter._num_samples, adapter._batch_size, adapter._shuffle
    sliced = array_slicing.convert_to_sliceable(adapter._inputs, target_backend="tensorflow")
    inputs = keras.tree.lists_to_tuples(sliced)

    def gathered(indices: Any, whole: Any) -> Any:
        def pick(item: Any) -> Any:
            return tf.gather(item, indices, axis=0) if tf.is_tensor(item) else item

        return keras.tree.map_structure(pick, whole)

    if not shuffle:
        found = tf.data.Dataset.from_tensor_slices(_one(inputs)).batch(batch)
    else:
        order = tf.data.Dataset.range(1).map(lambda _: tf.random.shuffle(tf.range(rows, dtype=tf.int64)))
        whole = tf.data.Dataset.zip((order, tf.data.Dataset.from_tensors(inputs).repeat())).map(gathered)
        found = whole.flat_map(lambda *parts: tf.data.Dataset.from_tensor_slices(_one(parts)).batch(batch))
    options = tf.data.Options()
    options.experimental_optimization.apply_default_optimizations = False
    options.experimental_external_state_policy = tf.data.experimental.ExternalStatePolicy.IGNORE
    options.experimental_distribute.auto_shard_policy = tf.data.experimental.AutoShardPolicy.DATA
    return found.with_options(options).prefetch(tf.data.AUTOTUNE)


def _one(parts: tuple[Any, ...]) -> Any:
    return parts if len(parts) > 1 else parts[0]
