"""Figures of the README: ``make bench``. Ratios are measured side by side in one run."""
