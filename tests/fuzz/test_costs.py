"""Inputs made to cost as much as they can, of the largest size that is taken: work must not grow with their square."""

from __future__ import annotations

import struct
from collections.abc import Callable

import pytest

from archived.config.ini import MOST_LINES, MOST_MISTAKES, MOST_SECTIONS
from archived.core.catalogue import About, QueryError
from archived.core.manifest import parse_manifest
from archived.core.model import Answer
from archived.core.subjects import MOST_COLUMNS, read_csv
from archived.core.subjects import MOST_LINES as MOST_CSV_LINES
from archived.interface.sql import LONGEST, parse
from tests import media
from tests.fuzz.reader import Cost, CountedDisk
from tests.fuzz.running import attempt
from tests.fuzz.table import TARGETS
from tests.fuzz.target import Target

pytestmark = pytest.mark.timeout(
    240
)  # on a busy machine; work is counted, or the processor's time is

BY_NAME = {target.name: target for target in TARGETS}
LINES = MOST_LINES - 20


def lines(each: str, number: int = LINES) -> str:
    """So many lines, with their numbers in the place of `#`."""
    return "".join(each.replace("#", str(at)) + "\n" for at in range(number))


CONFIGURATIONS = {
    "one key again and again": "[archived]\n" + lines("a = 1", MOST_MISTAKES),
    "one key far too often": "[archived]\n" + lines("a = 1"),
    "one section again and again": lines("[archived]"),
    "lines without form": "[archived]\n" + lines("abc"),
    "blanks without end": "[archived]\na" + " " * 200_000 + "b\n",
    "blanks just short of that": "[archived]\n" + lines("a#" + " " * 99 + "b", 2000),
    "unknown keys": "[archived]\n" + lines("key# = 1"),
    "unknown sections": lines("[k#]\na = 1", MOST_SECTIONS - 10),
    "locations": lines(
        "[location:k#]\narchive = /a#\nconventions = catgt\nlocal_endpoint_local_path = /r#", 120
    ),
    "conventions": lines("[convention:k#]\npath = {h2o}/x#", 100),
    "names without end": "[location:x]\narchive = /a\nconventions = " + "k" * 2 + ",k" * 120_000,
    "different names": "[location:x]\narchive = /a\nconventions = " + lines(" k#", 900),
    "templates": "[convention:x]\npath =\n" + lines("  {h2o}/" + "x" * 20, 2000),
    "a long template": "[convention:x]\npath = {h2o}/" + "x/" * 120_000 + "y\n",
    "many fields": "[convention:x]\npath = {h2o}/" + "{a:int}" * 30_000 + "\n",
}


@pytest.mark.parametrize("text", CONFIGURATIONS.values(), ids=CONFIGURATIONS)
def test_no_configuration_takes_long_to_refuse(text: str) -> None:
    ini = BY_NAME["ini"]

    assert attempt(ini, text.encode()) is None


LISTS = {
    "all the same but the last": b"1,SC011\n" * (MOST_CSV_LINES - 9) + b"2,SC011\n",
    "nothing but bad lines": b",x\n" * (MOST_CSV_LINES - 9),
    "quotation marks": b'"a"b\n' * (MOST_CSV_LINES - 9),
    "one cell of quotation marks": b'"a' * 1_000_000,
}


@pytest.mark.parametrize("rows", LISTS.values(), ids=LISTS)
def test_no_list_of_subjects_takes_long(rows: bytes) -> None:
    assert attempt(BY_NAME["subjects-csv"], b"subject_id,h2o\n" + rows) is None


def test_what_is_too_large_for_a_list_of_subjects_is_not_taken_for_half_a_list() -> None:
    too_long = read_csv(b"subject_id,h2o\n" + b"1,SC011\n" * MOST_CSV_LINES)
    too_wide = read_csv(b"subject_id,h2o" + b",x" * MOST_COLUMNS + b"\n1,SC011\n")

    assert [each.subjects for each in (too_long, too_wide)] == [(), ()]
    assert "no list of subjects" in too_long.bad[0].why
    assert "no list of subjects" in too_wide.bad[0].why


NESTED = {
    "parentheses": ("(", "files = 1", ")"), "negations": ("NOT ", "files = 1", ""), "cases": ("CASE WHEN ", "1", ""),
    "functions": ("f(", "files = 1", ")"), "brackets": ("[", "1", "]"), "braces": ("{a ", "1", "}"),
    "lists": ("files IN (", "1", ")"), "selects": ("(SELECT ", "1", ")"), "signs": ("files = ", "- " * 50, "1"),
    "casts": ("CAST(", "1", ""), "intervals": ("INTERVAL ", "1", ""), "comments": ("/*", "", ""), "quotes": ("'", "", ""),
}  # fmt: skip


@pytest.mark.parametrize("depth", [30, 2000])
@pytest.mark.parametrize("parts", NESTED.values(), ids=NESTED)
def test_no_nesting_of_a_condition_ends_in_anything_but_an_answer(
    parts: tuple[str, str, str], depth: int
) -> None:
    before, middle, after = parts
    text = (before * depth + middle + after * depth)[:LONGEST]

    assert attempt(BY_NAME["condition"], text.encode()) is None


def test_long_conditions_are_read_or_refused() -> None:
    parse(About.DATASETS, " OR ".join(["files = 1 AND bytes = 2"] * 1000))
    with pytest.raises(QueryError, match="too long"):
        parse(About.DATASETS, "files = 1" + " " * LONGEST)


def test_a_manifest_of_many_lines_takes_one_look_at_each() -> None:
    line = b"a" * 64 + b"  x%d\n"

    assert len(parse_manifest(b"".join(line % at for at in range(50_000)))) == 50_000


def chunk(kind: bytes, content: bytes, size: int | None = None) -> bytes:
    """A RIFF chunk, whose size may lie."""
    return kind + struct.pack("<I", len(content) if size is None else size) + content


def box(kind: bytes, content: bytes) -> bytes:
    """An MP4 box."""
    return struct.pack(">I", 8 + len(content)) + kind + content


EMPTY_INDEX = chunk(b"indx", struct.pack("<HBBI16x", 4, 0, 0, 0xFFFFFFFF) + bytes(16 * 4000))

VIDEOS: dict[str, Callable[[], tuple[str, bytes]]] = {
    "empty chunks": lambda: ("v.avi", chunk(b"RIFF", b"AVI " + chunk(b"JUNK", b"") * 60_000)),
    "parts without end": lambda: ("v.avi", chunk(b"RIFF", b"AVI " + chunk(b"LIST", b"movi" + bytes(8))) * 60_000),
    "long indexes": lambda: (
        "v.avi",
        chunk(b"RIFF", b"AVI " + chunk(b"LIST", b"hdrl" + EMPTY_INDEX * 60) + chunk(b"LIST", b"movi1234")),
    ),
    "empty boxes": lambda: ("v.mp4", box(b"ftyp", b"isom") + box(b"free", b"") * 60_000),
    "tracks without end": lambda: (
        "v.mp4", box(b"ftyp", b"isom") + box(b"moov", box(b"trak", b"") * 60_000) + box(b"mdat", b"x")
    ),
    "voids without end": lambda: ("v.mkv", media.video("mkv")[:60] + b"\xec\x80" * 400_000),
    "zeros": lambda: ("v.avi", media.video("avi") + bytes(1 << 20)),
}  # fmt: skip


@pytest.mark.parametrize("made", VIDEOS.values(), ids=VIDEOS)
def test_no_video_costs_more_than_a_bounded_number_of_reads(
    made: Callable[[], tuple[str, bytes]],
) -> None:
    name, content = made()
    small, huge = Cost(), Cost()
    [verdict] = CountedDisk({name: content}, cost=small).judge("video")
    [sparse] = CountedDisk({name: content}, {name: 10**12}, cost=huge).judge("video")

    assert sparse.answer is not Answer.FINISHED
    assert verdict.answer in Answer
    # Of a terabyte no more is looked at than of what is there, but for the few places that might be zeros.
    assert huge.reads <= small.reads + 200
    assert huge.bytes <= small.bytes + (65 << 20)


def test_every_target_has_a_name_of_its_own() -> None:
    names: list[str] = [target.name for target in TARGETS]

    assert len(set(names)) == len(names)
    assert all(isinstance(target, Target) for target in TARGETS)
