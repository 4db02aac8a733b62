"""Where a store may be, and with what."""

from __future__ import annotations

from pathlib import Path

import pytest

from archived.errors import ConfigurationError
from archived.store.address import journal_mode, parse, safe_for_wal, sqlite_version


def test_a_path_is_sqlite() -> None:
    address = parse("/var/lib/archived/archived.db")
    assert (address.kind, address.path) == ("sqlite", Path("/var/lib/archived/archived.db"))


def test_a_windows_path_is_a_path() -> None:
    assert parse(r"C:\ProgramData\archived\archived.db").kind == "sqlite"


@pytest.mark.parametrize(
    ("text", "scheme", "shown"),
    [
        (
            "postgresql://anna:s3cret@db.lab:5433/archive",
            "postgresql",
            "postgresql://anna@db.lab:5433/archive",
        ),
        ("postgres:///archive", "postgresql", "postgresql:///archive"),
        ("mysql://anna@db/archive?sslmode=require", "mysql", "mysql://anna@db/archive"),
    ],
)
def test_a_server_is_shown_without_its_password(text: str, scheme: str, shown: str) -> None:
    address = parse(text)
    assert (address.kind, address.shown, address.path) == (scheme, shown, None)


@pytest.mark.parametrize(
    "text",
    ["http://db/archive", "postgresql://db", "postgresql://db/", "postgresql://[db/x", "://x"],
)
def test_what_is_no_address_of_a_store_is_a_mistake(text: str) -> None:
    with pytest.raises(ConfigurationError):
        parse(text)


@pytest.mark.parametrize("version", [(3, 51, 3), (3, 52, 0), (3, 50, 7), (3, 44, 6), (4, 0, 0)])
def test_mended_releases_of_sqlite_may_use_wal(version: tuple[int, ...]) -> None:
    assert safe_for_wal(version)
    assert journal_mode(version) == "wal"


@pytest.mark.parametrize("version", [(3, 51, 2), (3, 50, 6), (3, 49, 9), (3, 40, 1), (3, 44, 5)])
def test_releases_that_can_corrupt_a_wal_do_not_use_it(version: tuple[int, ...]) -> None:
    assert not safe_for_wal(version)
    assert journal_mode(version) == "delete"


def test_the_sqlite_in_use_is_a_mended_one() -> None:
    assert safe_for_wal(sqlite_version())
