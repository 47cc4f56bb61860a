"""Runs scripts, each in a process of its own that knows packages but not flowcore: python -I alone.py

What takes seconds to import is imported once, before the processes part. A path comes in on each line of
stdin; what x.py prints goes to x.out, and its exit code to stdout.
"""

import contextlib
import importlib
import os
import runpy
import sys
import traceback
from pathlib import Path

ABSENT = ("flowcore", "fallback")


class _Absent:
    """Keeps what a script must do without from being imported, wherever it is installed."""

    def find_spec(self, name: str, *_: object) -> None:
        if name.partition(".")[0] in ABSENT:
            raise ImportError(f"{name} is not for a script")


def run(path: Path) -> int:
    """The exit code of one script."""
    child = os.fork()
    if child:
        return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    code = 1
    with path.with_suffix(".out").open("w") as out:
        os.dup2(out.fileno(), 1)
        os.dup2(out.fileno(), 2)
        os.chdir(path.parent)
        with contextlib.suppress(SystemExit):
            try:
                runpy.run_path(str(path), run_name="__main__")
                code = 0
            except Exception:
                traceback.print_exc()
        sys.stdout.flush()
    os._exit(code)


if __name__ == "__main__":
    sys.meta_path.insert(0, _Absent())  # type: ignore[arg-type]
    for module in ("keras", "sklearn.ensemble", "sklearn.datasets", "pandas", "foolbox"):
        importlib.import_module(module)
    for line in sys.stdin:
        print(run(Path(line.strip())), flush=True)
