"""Durations and sizes are read as people write them."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from archived.core.units import format_duration, format_size, parse_duration, parse_size


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("30s", 30),
        ("5m", 300),
        ("5 min", 300),
        ("1h", 3600),
        ("3d", 259_200),
        ("2w", 1_209_600),
        ("1h30m", 5400),
        ("1h 30m 5s", 5405),
        ("1.5h", 5400),
        ("0.25s", 0.25),
        ("500ms", 0.5),
        ("1s 500ms", 1.5),
        ("10M", 600),
        (" 30s ", 30),
        ("0", 0),
        ("0s", 0),
    ],
)
def test_a_duration_is_read_with_its_unit(text: str, seconds: float) -> None:
    assert parse_duration(text) == timedelta(seconds=seconds)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "30",
        "s",
        "-5m",
        "1h1h",
        "30m1h",
        "5 minutes ago",
        "1,5h",
        "1e3s",
        "½h",
        "٣s",
        "m5",
        "5m;",
    ],
)
def test_what_is_no_duration_is_refused_with_an_example(text: str) -> None:
    with pytest.raises(ValueError, match="a duration with a unit, such as 30s"):
        parse_duration(text)


def test_a_duration_longer_than_history_is_refused() -> None:
    with pytest.raises(ValueError, match="longer than history"):
        parse_duration("999999999999999w")


def test_a_duration_is_shown_in_its_largest_units() -> None:
    shown = [format_duration(timedelta(seconds=s)) for s in (0, 30, 300, 5400, 86_400, 90_061.5)]
    assert shown == ["0s", "30s", "5m", "1h30m", "1d", "1d1h1m1.5s"]
    assert format_duration(timedelta(seconds=-90)) == "-1m30s"


@given(st.timedeltas(min_value=timedelta(0), max_value=timedelta(days=100_000)))
def test_every_duration_is_read_back_as_it_was_shown(duration: timedelta) -> None:
    assert parse_duration(format_duration(duration)) == duration


@pytest.mark.parametrize(
    ("text", "size"),
    [
        ("0", 0),
        ("5000", 5000),
        ("17 B", 17),
        ("2T", 2 * 10**12),
        ("2 TB", 2 * 10**12),
        ("2TiB", 2 * 2**40),
        ("500 GB", 500 * 10**9),
        ("10GiB", 10 * 2**30),
        ("1.5k", 1500),
        ("1 kB", 1000),
        ("1 KiB", 1024),
        ("3Mi", 3 * 2**20),
    ],
)
def test_a_size_is_decimal_unless_it_says_binary(text: str, size: int) -> None:
    assert parse_size(text) == size


@pytest.mark.parametrize(
    "text", ["", "T", "-1G", "2 TT", "1.5", "0.5 B", "2 bits", "1e9", "2,5G", "٣G"]
)
def test_what_is_no_size_is_refused_with_an_example(text: str) -> None:
    with pytest.raises(ValueError, match="a size, such as 500 MB"):
        parse_size(text)


@pytest.mark.parametrize(
    ("size", "shown"),
    [
        (0, "0 B"),
        (999, "999 B"),
        (1000, "1.00 kB"),
        (1_484_800, "1.48 MB"),
        (999_999, "1.00 MB"),
        (123_456_789, "123 MB"),
        (2 * 10**12, "2.00 TB"),
        (5 * 10**21, "5000 EB"),
        (-1500, "-1.50 kB"),
    ],
)
def test_a_size_is_shown_in_three_digits(size: int, shown: str) -> None:
    assert format_size(size) == shown


@given(st.integers(min_value=0, max_value=10**20))
def test_a_shown_size_is_near_the_real_one(size: int) -> None:
    assert abs(parse_size(format_size(size)) - size) <= size * 0.006


@settings(max_examples=200)
@given(st.text(max_size=40))
def test_no_text_breaks_the_readers(text: str) -> None:
    for read in (parse_duration, parse_size):
        try:
            read(text)
        except ValueError:
            continue
