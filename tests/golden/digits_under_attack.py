"""Digits under attack

A network learns digits; Foolbox then changes them a little, so that it takes them for others. Of 94 % or more of those held out that come out right, epsilon 0.1 leaves 40 to 70 %, epsilon 0.2 hardly a tenth. Foolbox needs TensorFlow as back end.

Made by flowcore for fallback 0.1.0, foolbox 3.3.4, keras 3.15.1.
"""

from typing import Any, NamedTuple

import foolbox as fb
import keras
import numpy as np
import numpy.typing as npt
import pandas as pd
from sklearn import datasets
from sklearn.model_selection import train_test_split


Array = npt.NDArray[Any]


class Tensors(NamedTuple):
    """Samples and labels as Foolbox takes them."""

    x: Any
    labels: Any


# fallback.compare.to_tensors
def to_tensors(x: Array, labels: Array) -> Tensors:
    """Samples and labels as Foolbox takes them: tensors, labels of 64 bits.

    Args:
        x: Samples, shape (samples, ...), inside the bounds of the attacked model.
        labels: Class numbers, shape (samples,).

    Returns:
        x: tensor, float32. labels: tensor, int64.
    """
    import keras

    given = keras.ops.convert_to_tensor(np.asarray(x, np.float32))
    return Tensors(given, keras.ops.convert_to_tensor(np.asarray(labels, np.int64)))


# fallback.compare.accuracy_under_attack
def accuracy_under_attack(success: Array) -> npt.NDArray[np.float64]:
    """What share of the samples is still classified right, for each strength of an attack.

    Args:
        success: Whether each sample was turned, shape (strengths, samples). Comes in through a link.

    Returns:
        float64, shape (strengths,).
    """
    turned = np.asarray(success)
    if turned.ndim != 2:
        raise ValueError(
            f"Expected shape (strengths, samples); found {turned.shape}. Give the attack a list of epsilons."
        )
    return np.asarray(1 - turned.mean(axis=1), np.float64)


# fallback.compare.strengths
def strengths(epsilons: list[float], success: Array) -> pd.DataFrame:
    """A table of an attack: how strong it was, and what share of the samples is still classified right.

    Args:
        epsilons: List of floats, the strengths that the attack was given.
        success: Whether each sample was turned, shape (strengths, samples). Comes in through a link.

    Returns:
        A table with the columns epsilon and accuracy.
    """
    accuracy = accuracy_under_attack(success)
    if len(epsilons) != len(accuracy):
        raise ValueError(
            f"Expected as many epsilons as the attack had; found {len(epsilons)} and {len(accuracy)}. "
            "Write the list of the attack."
        )
    return pd.DataFrame({"epsilon": epsilons, "accuracy": accuracy})


# fallback.pictures.attacked_rows
def attacked_rows(original: Array, attacked: Array, count: int = 8) -> npt.NDArray[np.float32]:
    """Samples in the first row, and in each further row what an attack of one strength made of them.

    Args:
        original: Pictures, shape (samples, height, width, colours), values from 0 to 1.
        attacked: The same pictures attacked, shape (strengths, samples, height, width, colours).
        count: Positive integer, how many samples are shown.

    Returns:
        float32, shape ((strengths + 1) * height, count * width, colours).
    """
    rows = [np.concatenate(list(np.asarray(one)[:count]), axis=1) for one in (original, *attacked)]
    return np.asarray(np.clip(np.concatenate(rows), 0, 1), np.float32)


class Split(NamedTuple):
    """Rows to train on and rows to test with."""

    x_train: Array
    x_test: Array
    y_train: Array
    y_test: Array


# fallback.prepare.split
def split(
    x: Array, y: Array, test_share: float = 0.2, stratify: bool = True, seed: int = 0
) -> Split:
    """Divides samples at random into a part for training and a part for testing.

    Args:
        x: Samples, shape (samples, ...).
        y: Labels or targets, shape (samples, ...).
        test_share: Float between 0 and 1, exclusive. The share of the samples kept for testing.
        stratify: Whether each class keeps its share in both parts. For classification only:
            switch it off where y is a measured quantity.
        seed: Non-negative integer. The same seed gives the same parts.

    Returns:
        x_train, x_test, y_train, y_test, in the order drawn.
    """
    x, y = np.asarray(x), np.asarray(y)
    if len(x) != len(y):
        raise ValueError(
            f"Expected as many rows in x as in y; found {len(x)} and {len(y)} "
            f"(shapes {x.shape} and {y.shape}). Link both to outputs of the same data."
        )
    if not 0 < test_share < 1:
        raise ValueError(f"Expected a test_share between 0 and 1; found {test_share}. Try 0.2.")
    classes = _classes(y) if stratify else None
    parts = train_test_split(x, y, test_size=test_share, stratify=classes, random_state=seed)
    return Split(*parts)


# fallback.prepare.scale
def scale(x: Array, divisor: float = 255.0) -> npt.NDArray[np.float32]:
    """Divides every value, so that grey levels or colours lie between 0 and 1.

    Args:
        x: Numbers, shape (samples, ...).
        divisor: Float, the largest value that can occur: 255 for pictures, 16 for the digits.

    Returns:
        float32, the shape of x.
    """
    if divisor == 0:
        raise ValueError("Expected a divisor other than 0; found 0. Set the largest value of x.")
    scaled: npt.NDArray[np.float32] = (np.asarray(x) / divisor).astype(np.float32)
    return scaled


def _classes(y: Array) -> Array:
    """Labels to stratify by, shape (samples,); one-hot rows become class numbers."""
    labels = y.argmax(axis=-1) if y.ndim == 2 and y.shape[1] > 1 else y.reshape(len(y), -1)[:, 0]
    if np.unique(labels, return_counts=True)[1].min(initial=2) < 2:
        raise ValueError(
            f"Expected y to hold classes with at least 2 samples each; found {y.dtype} of shape "
            f"{y.shape} with {len(np.unique(labels))} different values. Set stratify to false."
        )
    return labels


class Labelled(NamedTuple):
    """Samples and what is to be predicted for each of them; axis 0 of both counts the samples."""

    x: npt.NDArray[Any]
    y: npt.NDArray[Any]


# fallback.samples.load_digits
def load_digits() -> Labelled:
    """Handwritten digits, small pictures of 0 to 9.

    Returns:
        x: float32, shape (1797, 8, 8, 1), grey levels from 0 (white) to 16 (black).
        y: int64, shape (1797,), the digit.
    """
    found = datasets.load_digits()
    x = found.images.astype(np.float32)[..., np.newaxis]
    return Labelled(x, found.target.astype(np.int64))


SEED = 0
keras.utils.set_random_seed(SEED)
x, y = load_digits()  # n1: digits
scaled = scale(x, divisor=16.0)  # n2: scale
x_train, x_test, y_train, y_test = split(scaled, y)  # n3: split

# Whatever the data have drawn, the weights begin the same.
keras.utils.set_random_seed(SEED)
image = keras.Input(shape=(8, 8, 1))  # n4
conv2d = keras.layers.Conv2D(32, (3, 3), padding="same", activation="relu")(image)  # n5
max_pooling2d = keras.layers.MaxPooling2D(pool_size=(2, 2))(conv2d)  # n6
conv2d_2 = keras.layers.Conv2D(64, (3, 3), activation="relu")(max_pooling2d)  # n7
flatten = keras.layers.Flatten()(conv2d_2)  # n8
digit = keras.layers.Dense(10, activation="softmax")(flatten)  # n9
model = keras.Model(image, digit)  # n10
model.summary()

model.compile(optimizer="adam", loss="sparse_categorical_crossentropy", metrics=["accuracy"])  # n11
history = model.fit(x_train, y_train, batch_size=32, epochs=10)  # n12
metrics = model.evaluate(x_test, y_test, return_dict=True)  # n13 {"aside":true}
x_2, labels = to_tensors(x_test, y_test)  # n14: held out

# Foolbox looks at the network from outside. Values stay between 0 and 1.
victim = fb.TensorFlowModel(model=model, bounds=(0, 1))  # n15

# Changes each pixel by epsilon, in the direction that raises the loss.
one_step = fb.attacks.LinfFastGradientAttack()  # n16
raw, clipped, success = one_step(
    victim, x_2, labels, epsilons=[0.0, 0.05, 0.1, 0.15, 0.2, 0.3]
)  # n17: attack in one step
accuracy_one_step = accuracy_under_attack(success)  # n18: accuracy, one step
table_one_step = strengths(
    epsilons=[0.0, 0.05, 0.1, 0.15, 0.2, 0.3], success=success
)  # n19: table, one step

# Twenty small steps, never further than epsilon from the original.
many_steps = fb.attacks.LinfProjectedGradientDescentAttack(
    rel_stepsize=0.1, steps=20, random_start=False
)  # n20
raw_2, clipped_2, success_2 = many_steps(
    victim, x_2, labels, epsilons=[0.0, 0.05, 0.1, 0.15, 0.2, 0.3]
)  # n21: attack in many steps
accuracy_many_steps = accuracy_under_attack(success_2)  # n22: accuracy, many steps
table_many_steps = strengths(
    epsilons=[0.0, 0.05, 0.1, 0.15, 0.2, 0.3], success=success_2
)  # n23: table, many steps

# The originals, and below them what one step of each strength makes of them.
attacked_digits = attacked_rows(x_test, clipped, count=12)  # n24

print("evaluate", metrics)
print("accuracy, one step", accuracy_one_step)
print("table, one step", table_one_step)
print("accuracy, many steps", accuracy_many_steps)
print("table, many steps", table_many_steps)
print("attacked digits", attacked_digits)

# flowcore {"group":{"id":"g1","label":"Data","nodes":["n1","n2","n3"]}}
# flowcore {"group":{"id":"g2","label":"Network","nodes":["n4","n5","n6","n7","n8","n9"]}}
# flowcore {"group":{"id":"g3","label":"Training","nodes":["n10","n11","n12","n13"]}}
# flowcore {"group":{"id":"g4","label":"Attack","nodes":["n14","n15","n16","n17","n18","n19","n20","n21","n22","n23","n24"]}}
