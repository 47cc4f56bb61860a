"""Subprocesses: workers are started, watched and ended here. Never imports what they import."""
