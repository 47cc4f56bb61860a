"""A small network on a table as one would write it by hand: 2,000 rows, 30 columns, 20 epochs.

python tabular.py SEED ORDER, which is "in order", "shuffled" or "validated": shuffled, on four fifths.
"""

import json
import sys

import keras
from sklearn.datasets import make_classification

seed, order = int(sys.argv[1]), sys.argv[2]
x, y = make_classification(n_samples=2000, n_features=30, n_informative=12, random_state=0)

keras.utils.set_random_seed(seed)
row = keras.Input((30,))
hidden = keras.layers.Dense(64, activation="relu")(row)
hidden = keras.layers.Dense(32, activation="relu")(hidden)
answer = keras.layers.Dense(1, activation="sigmoid")(hidden)
model = keras.Model(row, answer)
model.compile(optimizer="adam", loss="binary_crossentropy", metrics=["accuracy"])
split = 0.2 if order == "validated" else 0.0
shuffle = order != "in order"
history = model.fit(x, y, batch_size=32, epochs=20, validation_split=split, shuffle=shuffle, verbose=0)
print(json.dumps({"history": history.history}))
