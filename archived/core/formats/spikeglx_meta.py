"""The `.meta` that SpikeGLX and CatGT write beside each `.bin`: sorted `key=value` lines, re-written in place.

One that was cut is known by its missing line break, or by the keys that all of them end with. Where it was cut exactly
between two lines of its end, that cannot always be known, as versions differ in these lines:
* a `nidq` or `obx` without a line behind its map of channels, a probe with one map of geometry (of two), are taken for whole;
* a probe of before `GEOMETRY_SINCE` without any, a survey without its table of banks, are left to quiet time;
* so is what another tool re-wrote in an order of its own, wherever it ends.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping

from archived.core.dataclass import dataclass
from archived.core.formats.reading import ObjectionError, Readable
from archived.core.formats.wording import grouped
from archived.core.model import Answer, Checksum

LONGEST = 4 << 20
"""Bytes. Real ones have some 75 kB for a quad probe."""
CLOSING = ("fileSHA1", "fileSizeBytes", "fileTimeSecs")
"""The keys that are written only when the file is closed."""
GEOMETRY_SINCE = 20180525
"""The oldest `appVersion` of which it is certain that a probe's `.meta` ends with its geometry, or that of its shanks."""

_WANTED = frozenset(
    [
        *CLOSING,
        *("appVersion", "nSavedChans", "imSampRate", "niSampRate", "obSampRate", "imIsSvyRun"),
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
    in_order: bool
    """Whether its keys are sorted as SpikeGLX and CatGT write them."""

    @property
    def missing(self) -> list[str]:
        """The closing keys that it lacks."""
        return [key for key in CLOSING if key not in self.values]

    @property
    def cut_short(self) -> bool:
        """Whether this is certainly the beginning of a longer one.

        Only what SpikeGLX or CatGT wrote is held to this: every line has its end, every one has the map of channels.
        """
        if not self.in_order or "appVersion" not in self.values:
            return False
        if not self.ends_with_newline or "~snsChanMap" not in self.values:
            return True
        since = self.number("appVersion") or 0
        return (
            self.values.get("typeThis") == "imec"
            and since >= GEOMETRY_SINCE
            and not self._has_geometry
        )

    @property
    def _has_geometry(self) -> bool:
        return "~snsGeomMap" in self.values or "~snsShankMap" in self.values

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
            return self._has_geometry
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
    last_key, from_catgt, in_order = "", False, True
    for line in text.split("\n"):
        key, equals, value = line.strip().partition("=")
        if not key:
            continue
        in_order = in_order and _follows(last_key, key, whole=bool(equals))
        last_key = key
        from_catgt = from_catgt or key.startswith("catGTCmdline")
        if equals and key in _WANTED:
            values[key] = value
    return Meta(values, text.endswith("\n"), last_key, from_catgt, in_order)


def _follows(before: str, key: str, *, whole: bool) -> bool:
    """Whether a key comes after another; of one that is not whole, only how it begins is known."""
    return key > before if whole else key >= before[: len(key)]
