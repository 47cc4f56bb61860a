"""Functions of ours to put into a graph. Only a worker imports them."""

__version__ = "0.1.0"
