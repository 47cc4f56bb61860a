"""Metrics for Keras besides its own: functions of what is true and what was predicted."""

from typing import Any


def psnr(y_true: Any, y_pred: Any) -> Any:
    """Peak signal-to-noise ratio of pictures with values from 0 to 1, in decibels; more is better.

    Args:
        y_true: Pictures as they should be, shape (batch, height, width, colours).
        y_pred: Pictures as they came out, of the same shape; cut off at 0 and 1.

    Returns:
        One number for each picture, shape (batch,).
    """
    import keras

    wrong = keras.ops.square(y_true - keras.ops.clip(y_pred, 0.0, 1.0))
    return -10.0 * keras.ops.log10(keras.ops.mean(wrong, axis=(1, 2, 3)) + 1e-10)
