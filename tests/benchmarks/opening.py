"""A model of a thousand layers: saved by Keras, opened in the editor, until its drawing is there.

``python -m tests.benchmarks.opening [NAME]``: EfficientNetV2L, which has 1,028 layers, unless another
constructor of keras.applications is named.
"""

import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median

from playwright.sync_api import Page

from tests.benchmarks import serving

ROUNDS = 5
NAME = "EfficientNetV2L"
SAVED = "import keras, sys; print(getattr(keras.applications, sys.argv[1])(weights=None).to_json())"
# Pixels that are not empty, in the drawing.
INK = """() => {
  const frame = [...document.querySelectorAll("iframe")].find(one => one.title.includes("agraph"));
  const canvas = frame?.contentDocument?.querySelector("canvas");
  if (!canvas || !canvas.width) return 0;
  const dots = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height).data;
  let ink = 0;
  for (let at = 3; at < dots.length; at += 4) ink += dots[at] > 0;
  return ink;
}"""


def main(name: str = NAME) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "model.json"
        done = subprocess.run([sys.executable, "-c", SAVED, name], capture_output=True, check=True, text=True)
        path.write_text(done.stdout.splitlines()[-1])
        layers = len(json.loads(path.read_text())["config"]["layers"])
        os.environ["FLOWCORE_HOME"] = folder
        port = serving.free_port()
        with serving.server(serving.app(port), port), serving.browser() as browser:
            page = browser.new_context(viewport={"width": 1280, "height": 860}).new_page()
            address = f"http://127.0.0.1:{port}"
            opened = [_opened(page, address, path) for _ in range(ROUNDS + 1)]
            again = [_again(page) for _ in range(ROUNDS)]
    print(f"\n## {name}, {layers:,} layers, until it is drawn (medians of {ROUNDS})")
    print(
        f"  model file uploaded: {opened[0]:.1f} s at first, then {median(opened[1:]):.1f} s   to reach 5.0"
    )
    print(f"  page loaded again: {median(again):.1f} s")


def _opened(page: Page, address: str, path: Path) -> float:
    page.goto(address)
    page.locator(".st-key-empty button:enabled:visible").wait_for()
    page.wait_for_timeout(1500)
    began = time.perf_counter()
    page.locator('input[type="file"]').set_input_files(path)
    page.wait_for_url("**/build?g=*")
    return _drawn(page, began)


def _again(page: Page) -> float:
    page.wait_for_timeout(1500)
    began = time.perf_counter()
    page.reload(wait_until="commit")
    return _drawn(page, began)


def _drawn(page: Page, began: float) -> float:
    page.wait_for_function(f"() => ({INK})() > 10000", timeout=90_000)
    return time.perf_counter() - began


if __name__ == "__main__":
    main(*sys.argv[1:2])
