"""The digits network as one would write it by hand: what the engine's run is compared with.

Prints JSON: the metrics of every epoch, and those of the evaluation.
"""

import json
import sys

import keras
import numpy as np
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split

digits = load_digits()
x = (digits.images.astype("float32")[..., np.newaxis] / 16.0).astype("float32")
y = digits.target.astype("int64")
x_train, x_test, y_train, y_test = train_test_split(x, y, test_size=0.2, stratify=y, random_state=0)

epochs = int(sys.argv[2]) if len(sys.argv) > 2 else 15
keras.utils.set_random_seed(int(sys.argv[1]))
image = keras.Input((8, 8, 1))
hidden = keras.layers.Conv2D(32, (3, 3), padding="same", activation="relu")(image)
hidden = keras.layers.MaxPooling2D((2, 2))(hidden)
hidden = keras.layers.Conv2D(64, (3, 3), activation="relu")(hidden)
hidden = keras.layers.Flatten()(hidden)
digit = keras.layers.Dense(10, activation="softmax")(hidden)
model = keras.Model(image, digit)
model.compile(optimizer="adam", loss="sparse_categorical_crossentropy", metrics=["accuracy"])
history = model.fit(x_train, y_train, batch_size=32, epochs=epochs, validation_split=0.1, verbose=0)
metrics = model.evaluate(x_test, y_test, verbose=0, return_dict=True)
print(json.dumps({"history": history.history, "metrics": metrics}))
