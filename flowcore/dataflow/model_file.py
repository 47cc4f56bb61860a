"""What a model file says of a network, as plain JSON: never unpacked, imported or run.

A ``.keras`` archive holds the same JSON under ``config.json``; its weights are not looked at.
"""

import io
import json
import struct
import zipfile
import zlib
from typing import Any, Final, NoReturn

from flowcore.dataflow import document
from flowcore.model.problem import FlowError, error

LIMIT: Final = 20 * 2**20
ITEMS: Final = 1_500_000
ENTRIES: Final = 10_000
AT_ONCE: Final = 2 * 2**20
DEPTH: Final = 100
MOST: Final = 20_000
"""How many calls of layers a model has at most; the largest of keras.applications has 1,042."""
CONFIG: Final = "config.json"
PACKED: Final = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
"""What Python unpacks no further than it is asked to; of bzip2 and LZMA it unpacks all."""
HINT: Final = "Read what model.to_json() gives, or a .keras file that model.save() has written."
_BROKEN: Final = (zipfile.BadZipFile, zlib.error, struct.error, EOFError, OSError, ValueError)


class _Bytes(io.BytesIO):
    """Gives a little at once: the table of contents is read in one piece, of whatever length it says."""

    def read(self, size: int | None = -1, /) -> bytes:
        return super().read(size if size is None or size < 0 else min(size, AT_ONCE))


def load(content: bytes) -> dict[str, Any]:
    """The JSON object of a model file: of model.to_json(), of get_config(), or of a .keras archive.

    Raises FlowError: "too-large", "bad-archive", "not-json", "too-deep", "not-a-model".
    """
    if content.startswith(b"PK"):
        content = _unpacked(content)
    if content.startswith(b"\x89HDF"):
        raise error("not-a-model", "Expected JSON or a .keras archive; found HDF5.", HINT)
    if len(content) > LIMIT:
        raise _large(len(content))
    if document.items(content) > ITEMS:
        raise error(
            "too-large",
            f"Expected a configuration of at most {ITEMS:,} items; found more.",
            "Read a smaller model, or keep constants out of it.",
        )
    try:
        found = json.loads(content)
    except RecursionError:
        raise _deep() from None
    except ValueError as reason:
        raise error("not-json", f"Expected JSON; found something else: {reason}.", HINT) from None
    if _depth(found) > DEPTH:
        raise _deep()
    return obj(found, "$")


def obj(item: Any, where: str) -> dict[str, Any]:
    """An object. Raises FlowError("bad-model")."""
    return item if isinstance(item, dict) else wrong(where, "an object", item)


def items(item: Any, where: str) -> list[Any]:
    """A list. Raises FlowError("bad-model")."""
    return item if isinstance(item, list) else wrong(where, "a list", item)


def few(count: int) -> None:
    """Raises FlowError("too-large") where a model has more calls than a graph should have nodes."""
    if count > MOST:
        raise error(
            "too-large",
            f"Expected at most {MOST:,} calls of layers, ten inputs to each; found more.",
            "Read a smaller model.",
        )


def text(item: Any, where: str) -> str:
    """Text of at most 200 characters, not empty. Raises FlowError("bad-model")."""
    if isinstance(item, str) and 0 < len(item) <= 200 and item.isprintable():
        return item
    return wrong(where, "a name of at most 200 characters", item)


def wrong(where: str, expected: str, item: Any) -> NoReturn:
    """Raises what says where something else was expected."""
    shown = json.dumps(item, default=str)
    raise error(
        "bad-model",
        f"{where}: expected {expected}; found {shown if len(shown) <= 60 else f'{shown[:57]}…'}.",
        "Write the file anew with Keras.",
    )


def _unpacked(content: bytes) -> bytes:
    """config.json of an archive; a size that is declared wrongly is cut off where it shows."""
    try:
        with zipfile.ZipFile(_Bytes(content)) as archive:
            _look(archive)
            with archive.open(CONFIG) as file:
                found = file.read(LIMIT + 1)
    except FlowError:
        raise
    except (*_BROKEN, NotImplementedError, RuntimeError) as reason:
        raise error("bad-archive", f"Expected a .keras archive; found: {reason}.", HINT) from None
    if len(found) > LIMIT:
        raise _large(len(found))
    return found


def _look(archive: zipfile.ZipFile) -> None:
    """What an archive of Keras never has."""
    entries = archive.infolist()
    if len(entries) > ENTRIES:
        raise error(
            "bad-archive", f"Expected at most {ENTRIES} files in the archive; found {len(entries)}.", HINT
        )
    for entry in entries:
        parts = entry.filename.replace("\\", "/").split("/")
        if ".." in parts or not parts[0] or ":" in parts[0]:
            raise error(
                "bad-archive", f"Expected files inside of the archive; found {entry.filename[:80]!r}.", HINT
            )
    configs = [entry for entry in entries if entry.filename == CONFIG]
    if len(configs) != 1:
        names = ", ".join(entry.filename[:40] for entry in entries[:5]) or "nothing"
        raise error("bad-archive", f"Expected one {CONFIG} in the archive; found {names}.", HINT)
    if configs[0].file_size > LIMIT:
        raise _large(configs[0].file_size)
    if configs[0].compress_type not in PACKED:
        way = {zipfile.ZIP_BZIP2: "bzip2", zipfile.ZIP_LZMA: "LZMA"}.get(
            configs[0].compress_type, "another way"
        )
        raise error("bad-archive", f"Expected {CONFIG} stored or deflated, as Keras does; found {way}.", HINT)


def _depth(found: Any) -> int:
    """How many levels deep lists and objects are, counted no further than one beyond the limit."""
    level, count = [found], 0
    while level and count <= DEPTH:
        parts = [part.values() if isinstance(part, dict) else part for part in level]
        level = [
            one for inner in parts if not isinstance(inner, (str, int, float, type(None))) for one in inner
        ]
        count += bool(level)
    return count


def _large(size: int) -> FlowError:
    found = f"{size / 2**20:,.1f} MB"
    return error(
        "too-large",
        f"Expected a configuration of at most {LIMIT // 2**20} MB; found {found}.",
        "Read a smaller model, or keep constants out of it.",
    )


def _deep() -> FlowError:
    return error("too-deep", f"Expected JSON of at most {DEPTH} levels; found more.", HINT)
