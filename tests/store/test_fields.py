"""Whatever is stored comes back as it was, and equal means equal."""

from __future__ import annotations

import os
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archived.store.fields import (
    below,
    from_fields,
    from_names,
    from_text,
    from_time,
    joined,
    names_below,
    signed,
    to_fields,
    to_names,
    to_text,
    to_time,
    unsigned,
)

ANY_TEXT = st.text(st.characters(codec=None, categories=None)) | st.binary().map(os.fsdecode)
NAMES = ANY_TEXT.filter(lambda text: text and "/" not in text)
PATHS = st.lists(NAMES, min_size=1, max_size=4).map("/".join)


@given(ANY_TEXT)
def test_text_comes_back_and_every_database_can_hold_it(text: str) -> None:
    stored = to_text(text)
    assert from_text(stored) == text
    stored.encode()
    assert "\x00" not in stored


@given(ANY_TEXT, ANY_TEXT)
def test_only_equal_texts_look_equal(one: str, other: str) -> None:
    assert (to_text(one) == to_text(other)) == (one == other)


def test_stored_names_are_readable() -> None:
    assert to_text("SC011/ünï") == "SC011/ünï"
    assert to_text("latin-\udce9") == r"latin-\xe9"
    assert to_text(r"C:\data") == r"C:\\data"
    assert to_text("half \ud83d") == r"half \ud83d"
    assert to_text("\x00") == r"\x00"


@given(st.one_of(PATHS, st.just("")), st.lists(PATHS), st.booleans())
def test_many_names_are_stored_as_each_would_be(
    folder: str, paths: list[str], below_it: bool
) -> None:
    if below_it and folder:
        paths = [f"{folder}/{path}" for path in paths]
    assert names_below(folder, paths) == [to_text(below(folder, path)) for path in paths]


@given(st.datetimes(timezones=st.just(UTC)))
def test_times_come_back(moment: datetime) -> None:
    assert from_time(to_time(moment)) == moment


def test_a_time_is_the_same_in_every_zone() -> None:
    there = datetime(2026, 3, 14, 12, tzinfo=timezone(timedelta(hours=2)))
    assert from_time(to_time(there)) == there.astimezone(UTC)


def test_a_time_without_a_zone_is_a_bug() -> None:
    with pytest.raises(ValueError, match="aware"):
        to_time(datetime(2026, 3, 14))  # noqa: DTZ001 - that is the point


@given(st.integers(0, 2**64 - 1))
def test_inodes_come_back(inode: int) -> None:
    assert -(2**63) <= signed(inode) < 2**63
    assert unsigned(signed(inode)) == inode


@given(st.dictionaries(ANY_TEXT, ANY_TEXT))
def test_fields_come_back(fields: dict[str, str]) -> None:
    stored = to_fields(fields)
    assert stored.isascii()
    assert from_fields(stored) == fields


@given(st.lists(NAMES))
def test_names_of_folders_come_back(names: list[str]) -> None:
    assert from_names(to_names(names)) == tuple(names)


@given(PATHS | st.just(""), PATHS)
def test_paths_come_back_from_below_their_folder(folder: str, path: str) -> None:
    assert joined(folder, below(folder, path)) == path
    inside = f"{folder}/{path}" if folder else path
    assert joined(folder, below(folder, inside)) == inside


@given(PATHS, PATHS, PATHS)
def test_different_paths_stay_different_below_a_folder(folder: str, one: str, other: str) -> None:
    assert (below(folder, one) == below(folder, other)) == (one == other)
