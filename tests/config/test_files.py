"""Files that a person asked for are written whole or not at all, and over nothing."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest

from archived.config.files import PRIVATE, write_file
from archived.errors import ConfigurationError


def no_links(_source: object, _target: object) -> None:
    raise OSError(errno.EOPNOTSUPP, "no hard links here")


@pytest.fixture(params=[True, False], ids=["links", "no links"])
def file(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A path in an empty folder, on file systems with and without hard links."""
    if not request.param:
        monkeypatch.setattr(os, "link", no_links)
    return tmp_path / "file"


def test_a_file_is_written_with_its_mode(file: Path) -> None:
    write_file(file, "text\n", mode=PRIVATE)

    assert file.read_text() == "text\n"
    assert file.stat().st_mode & 0o777 == PRIVATE
    assert os.listdir(file.parent) == ["file"]


def test_what_is_there_stays_unless_it_shall_be_replaced(file: Path) -> None:
    file.write_text("precious")

    with pytest.raises(ConfigurationError, match="there already"):
        write_file(file, "text")
    assert file.read_text() == "precious"
    assert os.listdir(file.parent) == ["file"]

    write_file(file, "text", replace=True)
    assert file.read_text() == "text"


def test_a_full_disk_leaves_nothing_behind(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_descriptor: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)

    with pytest.raises(ConfigurationError, match="No space left"):
        write_file(file, "text")
    assert os.listdir(file.parent) == []
