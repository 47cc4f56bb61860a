"""Packages that the rules were not made with: a draw, a sheet to judge, and the figure.

    python -m tests.benchmarks.unseen draw COMMIT FOLDER   draws by the hash of the commit of the rules;
                                                           installs, scans, writes sheet.md and drawn.json
    python -m tests.benchmarks.unseen judge FOLDER         joins verdicts.json to it, as a table to commit
    python -m tests.benchmarks.unseen                      prints every draw that was judged

The draw: three packages out of packages.txt, and twenty arguments of each, by a seed made from the
commit's hash. A package that cannot be installed here is replaced by the next of the draw, and said so.
The judge sees sheet.md alone: signature, documentation and answer. verdicts.json: number -> right, wrong
or undecided, with a reason. Packages of a draw that was judged are taken off the list.
"""

import json
import math
import random
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import msgspec

from flowcore.model.descriptor import Argument, NodeDescriptor

HERE = Path(__file__).parent
PACKAGES, ARGUMENTS = 3, 20
_SCAN = """
import inspect, json, sys
from flowcore.worker.discover import describe
from flowcore.worker.discover.walk import resolve
import msgspec
found = describe(sys.argv[1])
def signature(path):
    try:
        return str(inspect.signature(resolve(path)))
    except (TypeError, ValueError, LookupError):
        return "(no signature)"
def documentation(path):
    value = resolve(path)
    made = getattr(value, "__init__", None) if inspect.isclass(value) else None
    return [inspect.getdoc(value) or "", inspect.getdoc(made) or ""]
texts = {n.package: [signature(n.package), *documentation(n.package)] for n in found.nodes if n.available}
open(sys.argv[2], "wb").write(msgspec.json.encode([found.nodes, texts]))
"""


def draw(commit: str, folder: Path) -> None:
    """Draws, installs, scans, and writes the sheet."""
    choice = random.Random(int(commit, 16))
    lines = [line.split() for line in (HERE / "packages.txt").read_text().splitlines() if line[:1] != "#"]
    choice.shuffle(lines)
    drawn: list[dict[str, Any]] = []
    taken: list[str] = []
    for dist, name in lines:
        if len(taken) == PACKAGES:
            break
        found = _scanned(dist, name)
        if found is None:
            print(f"{dist}: cannot be installed or scanned here; the next one is taken")
            continue
        taken.append(dist)
        nodes, texts = found
        pairs = [(node, one) for node in nodes for one in node.args if node.package in texts]
        for node, one in choice.sample(pairs, ARGUMENTS):
            drawn.append(_entry(len(drawn) + 1, dist, node, one, texts[node.package]))
    (folder / "drawn.json").write_text(json.dumps({"commit": commit, "arguments": drawn}, indent=1))
    (folder / "sheet.md").write_text("\n".join(map(_page, drawn)))
    print(f"{', '.join(taken)}: {len(drawn)} arguments in {folder / 'sheet.md'}")


def judge(folder: Path) -> None:
    """Keeps the answers and the verdicts; the documentation is the packages' own."""
    drawn = json.loads((folder / "drawn.json").read_text())
    verdicts = json.loads((folder / "verdicts.json").read_text())
    kept = ("number", "dist", "callable", "argument", "types", "choices", "evidence")
    rows = [{key: one[key] for key in kept} | verdicts[str(one["number"])] for one in drawn["arguments"]]
    lines = ",\n".join(json.dumps(row) for row in rows)
    path = HERE / f"{drawn['commit'][:12]}.json"
    path.write_text(f'{{"commit": "{drawn["commit"]}", "arguments": [\n{lines}\n]}}\n')
    print(path)


def score() -> None:
    """The share that was judged right in each draw, with a 95 % interval after Wilson."""
    for path in sorted(HERE.glob("*.json"), key=lambda path: path.stat().st_mtime):
        print(path.stem)
        rows: dict[str, list[str]] = {}
        for one in json.loads(path.read_text())["arguments"]:
            rows.setdefault(one["dist"], []).append(one["verdict"])
        everything = [verdict for found in rows.values() for verdict in found]
        for dist, found in (*rows.items(), ("all", everything)):
            low, high = _wilson(found.count("right"), len(found))
            counts = ", ".join(f"{found.count(word)} {word}" for word in ("right", "wrong", "undecided"))
            print(
                f"  {dist:<26} {found.count('right') / len(found):.3f}  ({low:.3f} to {high:.3f})  {counts}"
            )


def _scanned(dist: str, name: str) -> tuple[list[NodeDescriptor], dict[str, list[str]]] | None:
    with tempfile.TemporaryDirectory() as folder:
        answer = Path(folder) / "answer.json"
        path = f"{folder}/site"
        install = [sys.executable, "-m", "pip", "install", "--quiet", "--target", path, dist]
        if subprocess.run(install, check=False).returncode:
            return None
        scan = [sys.executable, "-c", _SCAN, name, str(answer)]
        environment = {"PYTHONPATH": f"{path}:{Path.cwd()}", "PATH": "/usr/bin:/bin", "HOME": folder}
        subprocess.run(scan, check=False, env=environment, capture_output=True, timeout=400)
        if not answer.exists():
            return None
        nodes, texts = msgspec.json.decode(
            answer.read_bytes(), type=tuple[list[NodeDescriptor], dict[str, list[str]]]
        )
        return nodes, texts


def _entry(number: int, dist: str, node: NodeDescriptor, one: Argument, texts: list[str]) -> dict[str, Any]:
    return {
        "number": number,
        "dist": dist,
        "callable": node.package,
        "argument": one.arg,
        "signature": texts[0],
        "documentation": "\n\n".join(filter(None, dict.fromkeys(texts[1:]))),
        "types": list(one.types),
        "choices": list(one.choices),
        "none": one.nullable,
        "evidence": one.evidence,
    }


def _page(one: dict[str, Any]) -> str:
    choices = f", one of {one['choices']}" if one["choices"] else ""
    none = ", or None" if one["none"] else ""
    return (
        f"## {one['number']}. `{one['argument']}` of `{one['callable']}`\n\n"
        f"Answer: {' or '.join(one['types'])}{choices}{none}\n\n"
        f"Signature: `{one['signature'][:3000]}`\n\nDocumentation:\n\n"
        f"````\n{one['documentation'][:9000]}\n````\n"
    )


def _wilson(right: int, total: int, z: float = 1.96) -> tuple[float, float]:
    share = right / total
    middle = share + z * z / (2 * total)
    spread = z * math.sqrt(share * (1 - share) / total + z * z / (4 * total * total))
    return (middle - spread) / (1 + z * z / total), (middle + spread) / (1 + z * z / total)


if __name__ == "__main__":
    if sys.argv[1:2] == ["draw"]:
        draw(sys.argv[2], Path(sys.argv[3]))
    elif sys.argv[1:2] == ["judge"]:
        judge(Path(sys.argv[2]))
    elif not sys.argv[1:]:
        score()
    else:
        sys.exit(__doc__)
