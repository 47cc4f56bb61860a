"""Build, draw, run and train deep-learning models as dataflow graphs."""
