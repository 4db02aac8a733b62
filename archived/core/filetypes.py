"""Globs on the names of files, and finding a file's type by them quickly.

`*` is any text without a slash, `?` one character, `[...]` one of some, and `#` a number of any length (`[#]` is the
character itself). A glob without a slash is about the file's name, one with a slash about the end of its path. Upper
and lower case do not matter.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from archived.core.dataclass import dataclass

UNKNOWN = "unknown"
"""The type of a file that nothing describes; it is archived like any other."""

_WILD = re.compile(r"[*?\[#]")
_TOKEN = re.compile(r"\[!?\]?[^]]*\]|.", re.DOTALL)
_FLAGS = re.ASCII | re.DOTALL | re.IGNORECASE


@dataclass(frozen=True, slots=True)
class FileType:
    """Files that fit `glob` are of the type `name`."""

    glob: str
    name: str


def glob_pattern(glob: str) -> str:
    """The regular expression of a glob, to be matched against a whole name or path.

    What stands between two stars is looked for once, at the first place where it fits: that is enough, and a hostile
    name cannot make it try every combination of places.
    """
    first, *rest = _between_stars(_TOKEN.findall(glob))
    if not rest:
        return first
    middle = "".join(f"(?>[^/]*?{piece})" for piece in rest[:-1] if piece)
    return f"{first}{middle}[^/]*{rest[-1]}"


def _between_stars(tokens: Iterable[str]) -> list[str]:
    pieces = [""]
    for token in tokens:
        if token == "*":
            pieces.append("")
        else:
            pieces[-1] += _token_pattern(token)
    return pieces


def _token_pattern(token: str) -> str:
    if token == "?":
        return "[^/]"
    if token == "#":
        return r"\d+?"
    if token.startswith("[") and len(token) > 2:
        negated, inside = token[1] == "!", token[1:-1].removeprefix("!")
        special = r"([\\^\[\]&~|-])" if "--" in inside else r"([\\^\[\]&~|])"
        escaped = re.sub(special, r"\\\1", inside)
        pattern = f"[^/{escaped}]" if negated else f"[{escaped}]"
        try:
            re.compile(pattern)
        except re.error:  # a range that runs backwards, such as [z-a]: taken as it stands
            return re.escape(token)
        return pattern
    return re.escape(token)


class Globs:
    """Some globs, asked whether any of them fits a path."""

    def __init__(self, globs: Iterable[str]) -> None:
        globs = tuple(globs)
        self._names = _any_of(glob_pattern(glob) for glob in globs if "/" not in glob)
        self._paths = _any_of("(?:.*/)?" + glob_pattern(glob) for glob in globs if "/" in glob)

    def fit(self, path: str) -> bool:
        """Whether any of them fits."""
        name = path.rpartition("/")[2]
        return bool(
            (self._names and self._names.fullmatch(name))
            or (self._paths and self._paths.fullmatch(path))
        )


def _any_of(patterns: Iterable[str]) -> re.Pattern[str] | None:
    joined = "|".join(f"(?:{pattern})" for pattern in patterns)
    return re.compile(joined, _FLAGS) if joined else None


class _Entry(NamedTuple):
    rank: int
    name: str
    path: re.Pattern[str] | None = None
    """What the whole path must fit, where the glob says something about folders."""


_NOTHING = _Entry(2**31, UNKNOWN)


class TypeTable:
    """A list of types in which the first that fits wins, arranged for a million look-ups.

    Plain names are found in a dictionary. Names with wildcards are sorted by their extension, so that only the
    few of a file's own extension are tried, at once.
    """

    def __init__(self, types: Sequence[FileType]) -> None:
        self._exact: dict[str, list[_Entry]] = {}
        self._in_folders: list[_Entry] = []
        by_extension: dict[str, list[tuple[str, int]]] = {}
        for rank, (glob, type_name) in enumerate((one.glob, one.name) for one in types):
            folder, slash, name = glob.rpartition("/")
            path = re.compile("(?:.*/)?" + glob_pattern(glob), _FLAGS) if slash else None
            entry = _Entry(rank, type_name, path)
            if not _WILD.search(name):
                self._exact.setdefault(name.lower(), []).append(entry)
            elif folder:
                self._in_folders.append(entry)
            else:
                by_extension.setdefault(_extension(name).lower(), []).append((name, rank))
        self._entries = [_Entry(rank, one.name) for rank, one in enumerate(types)]
        anywhere = by_extension.pop("", [])
        self._otherwise = _combined(anywhere)
        self._wild = {key: _combined([*own, *anywhere]) for key, own in by_extension.items()}

    def find(self, path: str) -> str:
        """The type of a file, `UNKNOWN` where nothing fits. Only the path is looked at."""
        name = path.rpartition("/")[2].lower()
        best = _NOTHING
        for entry in self._exact.get(name, ()):
            if entry.path is None or entry.path.fullmatch(path):
                best = entry
                break
        wild = self._wild.get(name.rpartition(".")[2], self._otherwise)
        if wild is not None and (found := wild.fullmatch(name)) and found.lastgroup:
            best = min(best, self._entries[int(found.lastgroup[1:])], key=_rank)
        for entry in self._in_folders:
            if entry.rank < best.rank and entry.path and entry.path.fullmatch(path):
                return entry.name
        return best.name


def _rank(entry: _Entry) -> int:
    return entry.rank


def _extension(glob: str) -> str:
    """The last extension of a glob where it has no wildcard, else "": it may fit any."""
    _, dot, extension = glob.rpartition(".")
    # A `]` may end brackets that the dot stands in, as in `*[._]bin`.
    return extension if dot and not _WILD.search(extension) and "]" not in extension else ""


def _combined(globs: Sequence[tuple[str, int]]) -> re.Pattern[str] | None:
    """One expression, in which the name of the group that matched tells the rank."""
    ordered = sorted(globs, key=lambda pair: pair[1])
    joined = "|".join(f"(?P<r{rank}>{glob_pattern(glob)})" for glob, rank in ordered)
    return re.compile(joined, _FLAGS) if joined else None
