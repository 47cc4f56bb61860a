"""A spare worker does a tiny fit before it has anything to do."""

from flowcore.worker import tune


def warm_up() -> None:
    """In the way of a run, so that all that Keras makes at its first use is there."""
    import keras
    import numpy as np

    x, y = np.zeros((8, 8, 8, 1), "float32"), np.zeros(8)
    inputs = keras.Input((8, 8, 1))
    h = keras.layers.Conv2D(2, 3, activation="relu")(inputs)
    h = keras.layers.Flatten()(keras.layers.MaxPooling2D()(h))
    model = keras.Model(inputs, keras.layers.Dense(2, activation="softmax")(h))
    model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"], steps_per_execution=2)
    tune.build(model, x, y)
    with tune.quick_input(lambda _: None):
        model.fit(x, y, batch_size=2, verbose=0, validation_split=0.5)
    keras.backend.clear_session()
