"""Whoever exchanges folders for links, while we look, read, copy or write, leads us nowhere."""

from __future__ import annotations

import contextlib
import hashlib
import itertools
import os
import threading
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path

import pytest

from archived.core.formats.reading import UnreadableError
from archived.core.records import Record, RecordedFile
from archived.errors import ArchivedError
from archived.ports import TransferItem
from archived.records.files import remove_small, write_small
from archived.records.spool import SpoolError, write_record
from archived.retrieve.destination import Destination
from archived.rig.reader import open_readable
from archived.rig.root import Root
from archived.rig.scanner import FolderSeen, look, stat_files
from archived.secrecy.files import NotPrivateError, read_private
from archived.transfer import local_listing
from archived.transfer.copying import Copied, Copier, Piece
from tests.security.swapping import attacked, swapping

INSIDE, OUTSIDE = b"i" * 64, b"o" * 64
LEAST = 200
"""How many attacks, against how many exchanges, each test is made of."""
PATH = "SC011/run/a.bin"


@pytest.fixture
def inside(tmp_path: Path) -> Path:
    """A root with one file in a folder `SC011/run`; `SC011/link` leads to a folder out of it, with the same names."""
    root, elsewhere = tmp_path / "root", tmp_path / "elsewhere"
    for folder, content in ((root / "SC011" / "run", INSIDE), (elsewhere, OUTSIDE)):
        folder.mkdir(parents=True)
        (folder / "a.bin").write_bytes(content)
    (elsewhere / "private.bin").write_bytes(OUTSIDE)
    (root / "SC011" / "link").symlink_to(elsewhere)
    return root


def names(folder: Path) -> set[str]:
    """Everything below a folder."""
    return {str(each.relative_to(folder)) for each in folder.rglob("*")}


def test_a_look_never_sees_what_lies_elsewhere(inside: Path) -> None:
    met: Counter[bool] = Counter()

    def attack() -> None:
        for sight in look(Root(str(inside)), below=("SC011/run",)):
            assert isinstance(sight, FolderSeen)
            assert [each.path for each in sight.files] == [PATH]
        whole = [each for each in look(Root(str(inside))) if isinstance(each, FolderSeen)]
        found = {file.path for each in whole for file in each.files}
        assert not any("private" in path for path in found)
        met[PATH in found] += 1

    with swapping(inside / "SC011" / "run", inside / "SC011" / "link") as other:
        attacked(other, attack, met, least=LEAST)


def test_no_byte_from_elsewhere_is_read_on_the_rig(inside: Path) -> None:
    root = Root(str(inside))
    elsewhere = (inside.parent / "elsewhere" / "a.bin").stat().st_ino
    met: Counter[bool] = Counter()

    def attack() -> None:
        found = stat_files(root, [PATH])[PATH]
        assert getattr(found, "inode", None) != elsewhere
        try:
            with open_readable(root, PATH) as file:
                assert file.read(0, 100) == INSIDE
            met[True] += 1
        except UnreadableError:
            met[False] += 1

    with swapping(inside / "SC011" / "run", inside / "SC011" / "link") as other:
        attacked(other, attack, met, least=LEAST)


def test_no_byte_from_elsewhere_is_copied_into_the_archive(inside: Path) -> None:
    archive = inside.parent / "archive"
    archive.mkdir()
    copier = Copier(str(inside), str(archive))
    numbers = itertools.count()
    met: Counter[bool] = Counter()

    def attack() -> None:
        piece = Piece(TransferItem(PATH, 64), f".x.{next(numbers)}")
        [(_, outcome)] = copier.copy([piece], lambda _count: None)
        met[isinstance(outcome, Copied)] += 1
        copied = archive / PATH
        if copied.exists():
            assert copied.read_bytes() == INSIDE
            copied.unlink()

    with swapping(inside / "SC011" / "run", inside / "SC011" / "link") as other:
        attacked(other, attack, met, least=LEAST)


@pytest.mark.parametrize("overwrite", [False, True])
def test_nothing_is_written_elsewhere_by_a_copy(inside: Path, overwrite: bool) -> None:
    """The same for both directions: into an archive that is a directory, and back to a folder of this machine."""
    source, elsewhere = inside.parent / "source", inside.parent / "elsewhere"
    (source / "SC011" / "run").mkdir(parents=True)
    before = names(elsewhere)
    copier = Copier(str(source), str(inside))
    numbers = itertools.count()
    met: Counter[bool] = Counter()

    def attack() -> None:
        number = next(numbers)
        path = "SC011/run/a.bin" if overwrite else f"SC011/run/{number}.bin"
        (source / path).write_bytes(bytes([number % 251]) * 64)
        item = TransferItem(path, 64, overwrite=overwrite)
        [(_, outcome)] = copier.copy([Piece(item, f".x.{number}")], lambda _count: None)
        met[isinstance(outcome, Copied)] += 1

    with swapping(inside / "SC011" / "run", inside / "SC011" / "link") as other:
        attacked(other, attack, met, least=LEAST)
    assert names(elsewhere) == before
    assert (elsewhere / "a.bin").read_bytes() == OUTSIDE


def test_a_directory_as_archive_lists_nothing_from_elsewhere(inside: Path) -> None:
    met: Counter[bool] = Counter()

    def attack() -> None:
        try:
            listed = [each.name for each in local_listing.entries(str(inside), "SC011/run")]
            found = local_listing.entry(str(inside), "SC011/run/private.bin")
        except ArchivedError:
            met[False] += 1
            return
        assert found is None
        assert listed in (["a.bin"], [])
        met[True] += 1

    with swapping(inside / "SC011" / "run", inside / "SC011" / "link") as other:
        attacked(other, attack, met, least=LEAST)


def test_where_recordings_are_brought_to_a_link_is_an_obstacle(inside: Path) -> None:
    destination = Destination(str(inside), threading.Event())
    met: Counter[bool] = Counter()

    def attack() -> None:
        found = destination.look(["SC011/run/private.bin"])["SC011/run/private.bin"]
        assert found is None or found.obstacle
        met[found is None] += 1
        with contextlib.suppress(UnreadableError):
            assert destination.checksum(PATH, "SHA256") == hashlib.sha256(INSIDE).hexdigest()

    with swapping(inside / "SC011" / "run", inside / "SC011" / "link") as other:
        attacked(other, attack, met, least=LEAST)


def record(number: int) -> Record:
    """What the archive is to be told of one dataset."""
    at = datetime(2026, 3, 14, tzinfo=UTC)
    path = f"SC011/run/catgt_SC011_022319_g{number}"
    return Record(
        location="raw-ephys",
        path=path,
        convention="catgt",
        revision=1,
        rig="rig-1",
        first_seen=at,
        archived_at=at,
        files=(RecordedFile(path=f"{path}/a.bin", size=64, mtime_ns=0, file_type="unknown"),),
    )


def test_nothing_is_written_made_or_opened_to_others_outside_of_the_spool(tmp_path: Path) -> None:
    spool, elsewhere = tmp_path / "spool", tmp_path / "elsewhere"
    own = spool / ".archived" / "v1" / "SC011"
    (own / "run").mkdir(parents=True)
    (elsewhere / "closed").mkdir(parents=True, mode=0o700)
    elsewhere.chmod(0o700)
    (own / "link").symlink_to(elsewhere)
    before = names(elsewhere)
    numbers = itertools.count()
    met: Counter[bool] = Counter()

    def attack() -> None:
        number = next(numbers)
        try:
            write_record(str(spool), record(number))
            met[True] += 1
        except SpoolError:
            met[False] += 1
        remove_small(str(spool), ".archived/v1/SC011/run/closed/record.json")

    with swapping(own / "run", own / "link") as other:
        attacked(other, attack, met, least=LEAST)
    assert names(elsewhere) == before
    assert (elsewhere.stat().st_mode & 0o777, (elsewhere / "closed").is_dir()) == (0o700, True)


def test_a_link_in_the_spool_is_refused_without_any_race(tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir(mode=0o700)
    (tmp_path / "spool").mkdir()
    (tmp_path / "spool" / "a").symlink_to(elsewhere)
    with pytest.raises(OSError, match=r"(?i)link|not a directory"):
        write_small(str(tmp_path / "spool"), "a/b/c.json", b"x")
    remove_small(str(tmp_path / "spool"), "a/b/c.json")
    assert names(elsewhere) == set()


def test_folders_that_a_killed_process_left_closed_are_opened_to_globus(tmp_path: Path) -> None:
    before = os.umask(0o077)
    try:
        (tmp_path / "a").mkdir()
        write_small(str(tmp_path), "a/b/c.json", b"x")
    finally:
        os.umask(before)
    modes = [(tmp_path / each).stat().st_mode & 0o777 for each in ("a", "a/b", "a/b/c.json")]
    assert modes == [0o755, 0o755, 0o644]


def test_a_secret_is_judged_by_what_was_read(tmp_path: Path) -> None:
    good, bad = tmp_path / "good", tmp_path / "bad"
    good.write_bytes(INSIDE)
    good.chmod(0o600)
    bad.write_bytes(OUTSIDE)
    bad.chmod(0o644)
    named = tmp_path / "secret"
    os.rename(good, named)
    met: Counter[bool] = Counter()

    def attack() -> None:
        try:
            assert read_private(named) == INSIDE
            met[True] += 1
        except NotPrivateError:
            met[False] += 1

    with swapping(named, bad) as other:
        attacked(other, attack, met, least=LEAST)
