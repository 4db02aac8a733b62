"""The `.meta` that SpikeGLX and CatGT write beside each `.bin`: sorted `key=value` lines, re-written in place."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass

from archived.core.formats.reading import ObjectionError, Readable
from archived.core.formats.wording import grouped
from archived.core.model import Answer, Checksum

LONGEST = 4 << 20
"""Bytes. Real ones have some 75 kB for a quad probe."""
CLOSING = ("fileSHA1", "fileSizeBytes", "fileTimeSecs")
"""The keys that are written only when the file is closed."""

_WANTED = frozenset(
    [
        *CLOSING,
        *("nSavedChans", "imSampRate", "niSampRate", "obSampRate", "imIsSvyRun"),
        *("typeThis", "typeEnabled", "typeImEnabled", "typeNiEnabled", "typeObEnabled"),
        *("~snsChanMap", "~snsShankMap", "~snsGeomMap", "~svySBTT"),
    ]
)
_WHOLE_NUMBER = re.compile(r"[0-9]{1,18}")
_SHA1 = re.compile(r"[0-9a-fA-F]{40}")


@dataclass(frozen=True, slots=True)
class Meta:
    """What a `.meta` says, as far as it matters here."""

    values: Mapping[str, str]
    ends_with_newline: bool
    last_key: str
    from_catgt: bool

    @property
    def missing(self) -> list[str]:
        """The closing keys that it lacks."""
        return [key for key in CLOSING if key not in self.values]

    @property
    def seems_whole(self) -> bool:
        """Whether it ends as SpikeGLX leaves it; tools that re-write it may sort its keys differently.

        Keys are sorted, and those with `~` come last: the map of channels, for probes the one of their
        geometry (of their shank, before 2023), for surveys the table of banks.
        """
        if not self.ends_with_newline or not self.last_key.startswith("~"):
            return False
        if self.values.get("imIsSvyRun") == "true" and "~svySBTT" not in self.values:
            return False
        if self.values.get("typeThis") == "imec":
            return "~snsGeomMap" in self.values or "~snsShankMap" in self.values
        return "~snsChanMap" in self.values

    def number(self, key: str) -> int | None:
        """The value as a whole number, or None where it is none."""
        value = self.values.get(key, "")
        return int(value) if _WHOLE_NUMBER.fullmatch(value) else None

    @property
    def checksum(self) -> Checksum | None:
        """The SHA1 of the `.bin`, where it is one: CatGT and repairs by hand write 0."""
        value = self.values.get("fileSHA1", "")
        return Checksum("SHA1", value.lower()) if _SHA1.fullmatch(value) else None

    @property
    def sample_rate(self) -> float | None:
        """Samples per second of this file's stream."""
        key = {"imec": "imSampRate", "nidq": "niSampRate", "obx": "obSampRate"}
        return _decimal(self.values.get(key.get(self.values.get("typeThis", ""), ""), ""))

    @property
    def seconds(self) -> float | None:
        """How long the recording is, as it says itself."""
        return _decimal(self.values.get("fileTimeSecs", ""))


def _decimal(text: str) -> float | None:
    try:
        value = float(text)
    except ValueError:
        return None
    return value if math.isfinite(value) and value >= 0 else None


def read_meta(readable: Readable) -> Meta:
    """Read and parse a `.meta`.

    Raises `ObjectionError` where it is empty, too long or not text, and `UnreadableError`.
    """
    if readable.size > LONGEST:
        raise ObjectionError(
            Answer.CONTRADICTION,
            f"is not the .meta that its name says: it has {grouped(readable.size)} bytes",
        )
    content = readable.read(0, LONGEST)
    if not content.strip():
        raise ObjectionError(Answer.UNFINISHED, "is empty")
    if b"\0" in content:
        raise ObjectionError(
            Answer.CONTRADICTION,
            "holds binary zeros where text should be, as after a power failure",
        )
    return parse_meta(content)


def parse_meta(content: bytes) -> Meta:
    """Parse the text of a `.meta`; values may contain `=`, and lines may end as on Windows."""
    text = content.decode("utf-8-sig", errors="replace")
    values: dict[str, str] = {}
    last_key, from_catgt = "", False
    for line in text.split("\n"):
        key, equals, value = line.strip().partition("=")
        if not key:
            continue
        last_key = key
        from_catgt = from_catgt or key.startswith("catGTCmdline")
        if equals and key in _WANTED:
            values[key] = value
    return Meta(values, text.endswith("\n"), last_key, from_catgt)
