"""mtscomp (`.cbin` and `.ch`): the compressed data must end where the header says that its last chunk does."""

from __future__ import annotations

import json
from typing import Any

from archived.core.formats.reading import (
    DiskTroubleError,
    Judgement,
    ObjectionError,
    Opinion,
    Readable,
    Scene,
    UnreadableError,
    examine,
)
from archived.core.formats.spikeglx import Pair, pairs_of
from archived.core.formats.spikeglx_meta import read_meta
from archived.core.formats.wording import grouped, named
from archived.core.model import Answer, FileStat, Verdict

RULE = "mtscomp"
LONGEST = 16 << 20
"""Bytes of a `.ch`; a day of recording, with a chunk a second, has some 2 MB."""
_BYTES_PER_SAMPLE = 2


def check(scene: Scene) -> Judgement:
    """Judge every `.cbin`, `.ch` and `.cbin_tmp`."""
    verdicts = [
        _verdict(stat, Answer.UNFINISHED, "is being compressed, or its compression was killed")
        for stat in scene.ending(".cbin_tmp")
    ]
    for pair in pairs_of(scene).values():
        concerned = [stat for extension, stat in pair.files.items() if extension != "bin"]
        if _is_ours(pair) and not scene.all_skipped(concerned):
            verdicts.append(_judge(scene, pair))
    return Judgement(tuple(verdicts))


def _is_ours(pair: Pair) -> bool:
    """Whether mtscomp was here; other programs may have files that end in `.ch`."""
    return "cbin" in pair.files or ("ch" in pair.files and pair.name is not None)


def _verdict(stat: FileStat, answer: Answer, why: str) -> Verdict:
    return Verdict(stat.path, RULE, answer, f"{named(stat.path)} {why}")


def _judge(scene: Scene, pair: Pair) -> Verdict:
    header, data = pair.files.get("ch"), pair.files.get("cbin")
    if header is None:
        why = "has no .ch yet, which mtscomp writes last: it is being compressed, or was given up"
        return _verdict(pair.files["cbin"], Answer.UNFINISHED, why)
    if data is None:
        why = "has no .cbin yet, which is given its name last: it is being compressed or copied"
        return _verdict(header, Answer.UNFINISHED, why)
    size = data.size
    return examine(scene, header, RULE, lambda readable: _opinion(scene, pair, readable, size))


def _opinion(scene: Scene, pair: Pair, readable: Readable, size: int) -> Opinion:
    content = _read_header(readable)
    offsets = content.get("chunk_offsets")
    if not isinstance(offsets, list) or not offsets or not _is_count(offsets[-1]):
        return Answer.CONTRADICTION, "does not say where its chunks of data end"
    if offsets[-1] != size:
        return (
            Answer.CONTRADICTION,
            f"says that its .cbin has {grouped(offsets[-1])} bytes, but it has {grouped(size)}",
        )
    announced, uncompressed = _announced(scene, pair), _uncompressed(content)
    if announced is not None and uncompressed is not None and announced != uncompressed:
        return (
            Answer.CONTRADICTION,
            f"holds {grouped(uncompressed)} bytes compressed, but the .meta announces "
            f"{grouped(announced)}",
        )
    return Answer.FINISHED, f"describes all {grouped(size)} bytes of its .cbin"


def _read_header(readable: Readable) -> dict[str, Any]:
    """The JSON object in a `.ch`. Raises `ObjectionError` where it is none."""
    if readable.size > LONGEST:
        raise ObjectionError(
            Answer.CONTRADICTION, f"is no header of mtscomp: it has {grouped(readable.size)} bytes"
        )
    try:
        content = json.loads(readable.read(0, LONGEST))
    except (ValueError, RecursionError):
        raise ObjectionError(
            Answer.UNFINISHED, "is not whole: it is being written, or was cut short"
        ) from None
    if not isinstance(content, dict):
        raise ObjectionError(Answer.CONTRADICTION, "is no header of mtscomp")
    return content


def _is_count(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 1 << 63


def _uncompressed(content: dict[str, Any]) -> int | None:
    """How many bytes the data had before."""
    shape = content.get("shape")
    if not isinstance(shape, list) or len(shape) != 2 or not all(map(_is_count, shape)):
        return None
    return int(shape[0]) * int(shape[1]) * _BYTES_PER_SAMPLE


def _announced(scene: Scene, pair: Pair) -> int | None:
    """What the `.meta` says of the data before; its own trouble is the business of its own rule."""
    stat = pair.files.get("meta")
    if stat is None:
        return None
    try:
        with scene.opener(stat.path) as readable:
            return read_meta(readable).number("fileSizeBytes")
    except DiskTroubleError:
        raise
    except (ObjectionError, UnreadableError):
        return None
