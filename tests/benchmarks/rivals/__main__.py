"""``python -m tests.benchmarks.rivals ENGINE``: reads lines "KIND COUNT", answers each with JSON."""

import gc
import json
import sys
import time
import zlib
from typing import Any, Final

from tests.benchmarks.rivals import PASSES
from tests.benchmarks.rivals.arms import ARMS
from tests.benchmarks.rivals.graphs import plan

ENOUGH: Final = 1.0  # seconds, after which one more pass is not worth its time


def measure(engine: str, kind: str, count: int) -> dict[str, Any]:
    """Processor seconds of order and dispatch, a checksum of all values; or why there are none."""
    made = plan(kind, count)
    passes: list[float] = []
    try:
        run = ARMS[engine](made)
        while len(passes) < PASSES and sum(passes) < ENOUGH:
            values = None
            gc.unfreeze()
            gc.collect()
            gc.freeze()  # what is there before is no garbage: each engine pays for its own
            start = time.process_time()
            values = run()
            passes.append(time.process_time() - start)
    except Exception as reason:  # an engine that fails is a figure too
        return {"failed": type(reason).__name__}
    told = ",".join(str(values.get(f"n{index}")) for index in range(count))
    return {"seconds": min(passes), "values": zlib.crc32(told.encode())}


for line in sys.stdin:
    asked, number = line.split()
    print(json.dumps(measure(sys.argv[1], asked, int(number))), flush=True)
