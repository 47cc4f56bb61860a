"""What is foreseen does fail: a rule that is too strict would keep a good graph from being checked."""

import os
import subprocess
import sys
from collections import Counter
from pathlib import Path

SCRIPT = Path(__file__).parent / "scripts" / "foreseen.py"


def test_what_is_foreseen_to_fail_fails_in_keras_too() -> None:
    root = str(SCRIPT.parents[2])
    environment = {
        **os.environ,
        "PYTHONPATH": root,
        "KERAS_BACKEND": "tensorflow",
        "TF_CPP_MIN_LOG_LEVEL": "3",
    }
    script = [sys.executable, str(SCRIPT), "1", "2500"]
    done = subprocess.run(script, env=environment, capture_output=True, text=True, timeout=500)
    assert done.returncode == 0, done.stderr[-2000:]
    counts = Counter(done.stdout.splitlines())
    assert [line for line in counts if line.startswith("wrong")] == []
    assert counts["foreseen"] > 300
    assert counts["fine"] > 300
