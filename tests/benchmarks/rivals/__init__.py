"""Engines that run graphs, each in a process of its own, on the same graphs of the same trivial functions."""
