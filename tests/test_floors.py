import subprocess
import sys
from pathlib import Path


def test_no_module_imports_from_a_floor_above_it() -> None:
    found = subprocess.run(
        [Path(sys.executable).with_name("lint-imports"), "--no-cache"],
        capture_output=True,
        text=True,
        check=False,
        cwd=Path(__file__).parent.parent,
    )
    assert found.returncode == 0, found.stdout + found.stderr
