"""Which recording a path belongs to, and why something that looks like a recording is none."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache

from archived.core.conventions.base import Convention
from archived.core.dataclass import dataclass
from archived.core.filetypes import UNKNOWN
from archived.core.model import Recording, Unrecognised, parent
from archived.core.paths import shown
from archived.core.records import is_own
from archived.core.template import NearMiss, Template

_CACHED_FOLDERS = 65536

_RECORDED_FILE = re.compile(
    r".+(?:\.(?:ap|lf|obx|nidq)\.(?:bin|meta|cbin|ch)|_g\d+_t(?:\d+|cat)\..+"
    r"|\.(?:avi|mp4|mov|mkv|seq|meta))",
    re.ASCII | re.IGNORECASE | re.DOTALL,
)
_RECORDED_FOLDER = re.compile(
    r"(?:super)?cat(?:gt)?_.*\d.*"  # CatGT's own prefixes
    r"|.*_g\d+(?:_imec\d*)?|.*_imec\d*"  # a run or a probe of SpikeGLX
    r"|(?:.*\D)?(?:\d{8}|\d{6}|\d{4}[-_]\d{2}[-_]\d{2})(?:\D.*)?"  # a date
    r"|[A-Za-z]{2,10}[_-]?\d{1,5}(?=\D)(?:\D*\d){4}.*",  # an animal, and numbers after it
    re.ASCII | re.IGNORECASE | re.DOTALL,
)
_ORDINARY_FILE = re.compile(r".*\.[A-Za-z][A-Za-z0-9]{0,4}", re.ASCII | re.DOTALL)


@dataclass(frozen=True)
class Found:
    """A recording, the storage location that it belongs to, and the convention that knows it."""

    location: str
    recording: Recording
    convention: Convention


class Recogniser:
    """Recognises what lies below one root, which several storage locations may share.

    A path belongs to the first location, in the order given, one of whose conventions fits. Answers depend on
    names alone and are remembered.
    """

    def __init__(self, locations: Sequence[tuple[str, Sequence[Convention]]]) -> None:
        self._locations = [(name, tuple(conventions)) for name, conventions in locations]
        self._conventions = [one for _, conventions in self._locations for one in conventions]
        depths = [template.depth for one in self._conventions for template in one.templates]
        self._deepest = max(depths, default=0)
        self._folder = lru_cache(_CACHED_FOLDERS)(self._look_up)
        self._nearest = lru_cache(_CACHED_FOLDERS)(self._compare)
        self._below = lru_cache(_CACHED_FOLDERS)(self._lead_on)

    @property
    def described(self) -> str:
        """All that decides what is made of a name: recognisers of one release that have the same text read all alike."""
        return repr(
            [
                (
                    location,
                    one.name,
                    [(each.text, each.h2o) for each in one.templates],
                    one.file_types,
                    one.exclude,
                )
                for location, conventions in self._locations
                for one in conventions
            ]
        )

    def folder(self, folder: str) -> Found | None:
        """The recording whose folder this very one is, by its path from the root."""
        return self._folder(folder)

    def find(self, path: str) -> Found | None:
        """The recording that a file or folder is, or lies in. Of several folders above it the first counts."""
        return next(
            (found for above in self._ancestors(path) if (found := self._folder(above))), None
        )

    def covers(self, location: str, folder: str) -> bool:
        """Whether the folder is that of a recording which goes to this location."""
        found = self.find(folder)
        return found is not None and (found.location, found.recording.path) == (location, folder)

    def leads_to(self, folder: str) -> bool:
        """Whether recordings may lie below a folder that is none itself: an animal's, a day's, a camera's."""
        return bool(self._below(folder))

    def near_miss(self, path: str) -> Unrecognised | None:
        """Why a path that looks like a recording is none, and which template it almost fits.

        None for what is recognised and for what does not look like a recording. The answer is about the folder at
        fault, so that all the files in it have the same one.
        """
        if is_own(path) or self.find(path) is not None:
            return None
        name = path.rpartition("/")[2]
        if _RECORDED_FILE.fullmatch(name):
            return self._of_file(path)
        if _ORDINARY_FILE.fullmatch(name) or not _RECORDED_FOLDER.fullmatch(name):
            return None
        if self.leads_to(path):
            return None
        return self._unrecognised(path, "looks like a recording")

    def _of_file(self, path: str) -> Unrecognised:
        """About the folder of a file that only recordings have."""
        folder = parent(path)
        if not folder:
            why = "it looks like a part of a recording, but lies in the root and not in a recording's folder"
            return Unrecognised(path, why)
        for convention, template in self._below(folder):
            if convention.file_type(path) != UNKNOWN:
                below = "/".join(template.text.split("/")[folder.count("/") + 1 :])
                why = f"files of a recording lie in {shown(folder)} itself; a folder '{below}' was expected"
                return Unrecognised(folder, why, template.text)
        return self._unrecognised(folder, "holds files of a recording")

    def _unrecognised(self, folder: str, what: str) -> Unrecognised:
        miss = self._nearest(folder)
        if miss is not None:
            return Unrecognised(miss.path, miss.why, miss.template)
        return Unrecognised(
            folder, f"{shown(folder)} {what}, but no convention describes such a name"
        )

    def _ancestors(self, path: str) -> list[str]:
        """The path's folders and itself, from the root down, as deep as any template goes."""
        names = path.split("/", self._deepest)[: self._deepest]
        return ["/".join(names[:count]) for count in range(1, len(names) + 1)]

    def _look_up(self, folder: str) -> Found | None:
        if is_own(folder):
            return None
        for location, conventions in self._locations:
            for convention in conventions:
                recording = convention.recognise(folder)
                if recording is not None:
                    return Found(location, recording, convention)
        return None

    def _lead_on(self, folder: str) -> tuple[tuple[Convention, Template], ...]:
        """The conventions whose recordings may lie below a folder, each with its first such template."""
        if is_own(folder):
            return ()
        below = ((one, one.template_below(folder)) for one in self._conventions)
        return tuple((one, template) for one, template in below if template is not None)

    def _compare(self, folder: str) -> NearMiss | None:
        """The best of all near misses of a folder and of those above it; of equals the first."""
        best: NearMiss | None = None
        # One that lies a little too deep is told so: two levels more than any template has.
        names = folder.split("/", self._deepest + 2)[: self._deepest + 2]
        for count in range(1, len(names) + 1):
            above = "/".join(names[:count])
            for convention in self._conventions:
                miss = convention.nearest(above)
                if miss is not None and (best is None or miss.score > best.score):
                    best = miss
        return best
