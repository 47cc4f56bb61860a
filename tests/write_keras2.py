"""Writes models of Keras 2 as files, with how many parameters each has, beside this script.

pip install --no-deps --target /tmp/tf_keras tf_keras==2.21.0
PYTHONPATH=/tmp/tf_keras python tests/files/write_keras2.py
"""

import gzip
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf
import tf_keras
from tf_keras import layers

from tests import keras2

FOLDER = Path(__file__).parent / "files" / "keras2"
APPLICATIONS = (
    "ConvNeXtTiny",
    "DenseNet121",
    "EfficientNetB0",
    "EfficientNetV2B0",
    "InceptionV3",
    "MobileNetV2",
    "MobileNetV3Small",
    "NASNetMobile",
    "ResNet50",
    "VGG16",
    "Xception",
)


def image(*, size: int = 8, channels: int = 3) -> Any:
    return layers.Input((size, size, channels))


def attention() -> Any:
    x, y = layers.Input((5, 4)), layers.Input((3, 4))
    z, scores = layers.MultiHeadAttention(2, 3, name="cross")(y, x, return_attention_scores=True)
    z = layers.LayerNormalization(epsilon=1e-6)(y + z)
    z = layers.MultiHeadAttention(2, 3, value_dim=5, output_shape=4, dropout=0.1)(z, value=x, key=x)
    w = layers.Attention(use_scale=True)([z, x])
    return tf_keras.Model([x, y], [w, layers.AdditiveAttention()([z, x]), scores])


def convolutions() -> Any:
    x = image()
    y = layers.SeparableConv2D(4, 3, depth_multiplier=2, depthwise_initializer="he_normal")(x)
    y = layers.DepthwiseConv2D(3, padding="same", depthwise_regularizer="l2")(y)
    y = layers.Conv2DTranspose(6, 3, strides=2, padding="same", output_padding=1)(y)
    y = layers.Conv2D(4, 3, groups=2, activation="swish", kernel_regularizer=tf_keras.regularizers.L2(0.01))(
        y
    )
    y = layers.BatchNormalization(axis=3, momentum=0.9)(y, training=False)
    y = layers.LeakyReLU(0.2)(layers.PReLU(shared_axes=[1, 2])(y))
    y = layers.UpSampling2D(interpolation="bilinear")(layers.ZeroPadding2D(((0, 1), (1, 0)))(y))
    y = layers.Cropping2D(1)(layers.MaxPooling2D(2)(y))
    z = layers.Reshape((-1, 4))(layers.AveragePooling2D(2, padding="same")(y))
    z = layers.SeparableConv1D(3, 2, activation="relu")(layers.Conv1D(3, 2, padding="causal")(z))
    z = layers.Conv1DTranspose(2, 2)(layers.DepthwiseConv1D(2)(z))
    return tf_keras.Model(x, [layers.GlobalAveragePooling2D(keepdims=True)(y), z])


def volumes() -> Any:
    x = layers.Input((4, 6, 6, 2), batch_size=2)
    y = layers.Conv3DTranspose(2, 2)(layers.Conv3D(3, (1, 3, 3))(x))
    return tf_keras.Model(
        x, [layers.ConvLSTM2D(2, 3, recurrent_activation="sigmoid")(x), layers.GlobalMaxPooling3D()(y)]
    )


def recurrent() -> Any:
    w, x = layers.Input((5,), dtype="int32"), layers.Input((3,))
    y = layers.Embedding(20, 4, mask_zero=True, input_length=5)(w)
    y = layers.Bidirectional(layers.LSTM(3, return_sequences=True), merge_mode="sum")(y)
    y = layers.GRU(4, return_sequences=True, reset_after=False)(y)
    y = layers.TimeDistributed(layers.Dense(4, "elu"))(y)
    z, h, c = layers.LSTM(3, return_sequences=True, return_state=True)(layers.RepeatVector(5)(x))
    y = layers.Add()([y, layers.LSTM(4, return_sequences=True)(z)])
    z = layers.LSTM(3, return_sequences=True)(z, initial_state=[h, c])
    y = layers.SimpleRNN(2, return_sequences=True)(layers.Masking(0.5)(y))
    cells = layers.RNN([layers.LSTMCell(3), layers.GRUCell(2)])(y)
    b = layers.Bidirectional(layers.GRU(2, return_state=True))(y)
    return tf_keras.Model([w, x], [cells, z, b[0], b[2]])


def preprocessing() -> Any:
    x, y = image(), layers.Input((1,), dtype="int64")
    z = layers.Resizing(10, 10)(layers.Rescaling(1 / 127.5, offset=-1)(x))
    z = layers.RandomRotation(0.1)(layers.RandomFlip("horizontal", seed=3)(layers.RandomCrop(6, 6)(z)))
    z = layers.RandomZoom((-0.2, 0.2))(layers.RandomTranslation(0.1, (-0.1, 0.1))(z))
    z = layers.RandomContrast(0.2)(layers.RandomBrightness(0.2)(layers.CenterCrop(5, 5)(z)))
    z = layers.Normalization(mean=[1.0, 2.0, 3.0], variance=[1.0, 4.0, 9.0])(z)
    n = layers.CategoryEncoding(6, output_mode="one_hot")(y)
    d = layers.Discretization([0.0, 1.0])(x)
    s = layers.GaussianNoise(0.1)(layers.SpatialDropout2D(0.1)(layers.UnitNormalization()(z)))
    return tf_keras.Model([x, y], [layers.GroupNormalization(3)(s), n, d])


def functions() -> Any:
    x = layers.Input((8, 4))
    scores = tf.nn.softmax(tf.matmul(x, x, transpose_b=True) / 2.0, axis=-1)
    y = tf.matmul(scores, x) + x
    y = tf.transpose(y[:, 1:, ...], [0, 2, 1])
    y = tf.concat([y, -y], axis=-1)
    y = tf.squeeze(tf.expand_dims(y, 1), 1)
    y = tf.reshape(1.0 - y * 2.0, (-1, 56))
    y = tf.clip_by_value(tf.sqrt(tf.abs(y)) ** 2, 0.0, 1.0)
    y = tf.where(y > 0.5, tf.maximum(y, 0.1), tf.zeros_like(y))
    y = tf.stack([y, tf.nn.relu(y)], axis=1)
    y = tf_keras.backend.mean(y, axis=1, keepdims=True)
    y = tf.reduce_sum(tf.cast(y, "float32"), axis=[1])
    return tf_keras.Model(x, [tf_keras.layers.Dense(2)(y), y[..., :3], y[:, 0], tf.nn.l2_normalize(y, -1)])


def images() -> Any:
    x = image()
    y = tf.image.resize(x, (4, 4))
    y = tf.pad(y, [[0, 0], [1, 1], [1, 1], [0, 0]])
    a, b, c = tf.split(tf.concat([y[..., 0:1], y[..., 1][..., tf.newaxis], y[:, ..., 2:]], -1), 3, axis=-1)
    c, _ = tf.split(tf.gather(c, [0, 0, 0], axis=-1), [1, 2], axis=3)
    y = tf.tile(a + b, [1, 1, 1, 2]) - tf.reduce_max(c, axis=[1, 2], keepdims=True)
    return tf_keras.Model(x, layers.Conv2D(2, 3)(tf.nn.leaky_relu(tf.tanh(y), alpha=0.1)))


def merged() -> Any:
    a, b = layers.Input((4,), name="a"), layers.Input((4,), name="b")
    twin = layers.Dense(4, kernel_initializer=tf_keras.initializers.HeNormal(seed=3), name="tower/dense")
    x, y = twin(a), layers.Dropout(0.3, name="tower/drop")(twin(b))
    z = layers.Concatenate()([layers.Dot(1)([x, y]), layers.Dot(-1, normalize=True)([x, y])])
    ends = [layers.Subtract()([x, y]), layers.Average()([x, y]), layers.Maximum()([x, y])]
    return tf_keras.Model([a, b], [layers.Multiply()([x, layers.Activation("relu")(y)]), z, *ends])


def nested() -> Any:
    body = tf_keras.Sequential(
        [layers.Conv2D(4, 3, input_shape=(8, 8, 3)), layers.GlobalAveragePooling2D()], name="body"
    )
    x = image()
    two = tf_keras.Model(x, [layers.Flatten()(body(x)), layers.Dense(2)(body(x))], name="two")
    one, other = image(), image()
    first, second = two(layers.Rescaling(1 / 255)(one), training=False)
    third, _ = two(other)
    return tf_keras.Model({"one": one, "other": other}, {"sum": layers.Add()([first, third]), "end": second})


def line() -> Any:
    made = [layers.Dense(3, "relu", input_shape=(4,)), layers.Dropout(0.2), layers.Dense(2, "softmax")]
    return tf_keras.Sequential(made, name="line")


MODELS: tuple[Callable[[], Any], ...] = (
    attention,
    convolutions,
    volumes,
    recurrent,
    preprocessing,
    functions,
    images,
    merged,
    nested,
    line,
)


def write(model: Any, name: str, gives: bool) -> dict[str, Any]:
    """One file, the same bytes for the same model. gives: whether to say what it gives for an input."""
    packed = gzip.compress(model.to_json().encode(), mtime=0)
    (FOLDER / f"{name}.json.gz").write_bytes(packed)
    found = {"parameters": model.count_params()}
    if gives:
        model.set_weights([keras2.numbers(one.shape, index) for index, one in enumerate(model.get_weights())])
        given = [keras2.numbers(one.shape, 0, one.dtype.name) for one in model.inputs]
        made = model(
            dict(zip(model.input, given, strict=True)) if isinstance(model.input, dict) else given,
            training=False,
        )
        found["outputs"] = [keras2.told(np.asarray(one)) for one in tf.nest.flatten(made)]
    return found


def main() -> None:
    FOLDER.mkdir(parents=True, exist_ok=True)
    said: dict[str, Any] = {}
    for make in MODELS:
        tf_keras.backend.clear_session()
        said[make.__name__] = write(make(), make.__name__, gives=True)
    for name in APPLICATIONS:
        tf_keras.backend.clear_session()
        said[name] = write(getattr(tf_keras.applications, name)(weights=None), name, gives=False)
    (FOLDER / "said.json").write_text(json.dumps(said, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
