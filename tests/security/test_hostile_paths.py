"""Paths that somebody else wrote lead nowhere: in records, in listings, in the configuration; and what is no file is not opened."""

from __future__ import annotations

import json
import os
import socket
from datetime import UTC, datetime
from pathlib import Path

import pytest

from archived.config.kinds import archive, collection_path
from archived.config.places import local_path
from archived.core.conventions import built_in
from archived.core.formats.reading import UnreadableError
from archived.core.model import CollectionArchive, DirectoryArchive, FileStat, StorageLocation
from archived.core.paths import PathError, archive_folder, source_path, to_archive
from archived.core.recognition import Recogniser
from archived.core.record_json import from_json, to_json
from archived.core.records import Record, RecordedFile, RecordError
from archived.discover.sorting import Sorter
from archived.errors import TransferRefusedError
from archived.ports import Entry, EntryType, TransferItem
from archived.rig.reader import open_readable
from archived.rig.root import Root
from archived.rig.scanner import FolderSeen, look, stat_files
from archived.transfer.copying import Copier, Piece
from archived.transfer.ends import End
from archived.transfer.local_listing import insist_on_soundness
from archived.transfer.trouble import Trouble

NOON = datetime(2026, 3, 14, 12, tzinfo=UTC)
COLLECTION = "5b875fda-4185-11e8-bb52-0ac6873fc732"
UNSOUND = [
    "..",
    ".",
    "",
    "../outside",
    "SC011/../../outside",
    "SC011/..",
    "/etc/shadow",
    "//server/share",
    "SC011//a.bin",
    "SC011/a.bin/",
    "SC011/./a.bin",
    "SC011/\0a.bin",
]
ON_WINDOWS = ["..\\outside", "C:\\Windows", "C:outside", "SC011/a.bin:stream", "\\\\server\\share"]
"""Plain names elsewhere; on a machine with Windows they would lead away."""


def location(place: CollectionArchive | DirectoryArchive, root: str = "/data") -> StorageLocation:
    return StorageLocation(name="raw-ephys", archive=place, conventions=("catgt",), root=root)


@pytest.mark.parametrize("path", UNSOUND)
def test_no_place_is_made_of_a_path_that_leads_away(path: str) -> None:
    end = End(COLLECTION, "/archive")
    for place in (DirectoryArchive("/mnt/nas"), CollectionArchive(COLLECTION, "/archive")):
        with pytest.raises(PathError):
            to_archive(location(place), path)
        with pytest.raises(PathError):
            source_path(location(place), path)
        if path:
            with pytest.raises(PathError):
                archive_folder(location(place), path)
    if path:
        with pytest.raises(TransferRefusedError):
            end.absolute(path)
    with pytest.raises(TransferRefusedError):
        insist_on_soundness(path)
    assert not isinstance(stat_files(Root("/"), [path])[path], FileStat)


@pytest.mark.parametrize("path", ON_WINDOWS)
def test_what_leads_away_on_windows_is_refused_where_windows_would_follow(path: str) -> None:
    for place in (DirectoryArchive("D:\\archive"), DirectoryArchive("\\\\nas\\archive")):
        with pytest.raises(PathError):
            to_archive(location(place, "C:\\globus"), path)
        with pytest.raises(PathError):
            source_path(location(place, "C:\\globus"), path)


def record(path: str = "SC011/run", file: str = "SC011/run/a.bin") -> bytes:
    """What an archive says of a dataset, whoever wrote it there."""
    whole = Record(
        location="raw-ephys",
        path="SC011/run",
        convention="catgt",
        revision=1,
        rig="rig-1",
        first_seen=NOON,
        archived_at=NOON,
        files=(RecordedFile(path="SC011/run/a.bin", size=1, mtime_ns=0, file_type="unknown"),),
    )
    document = json.loads(to_json(whole))
    changed = json.dumps(document).replace('"SC011/run/a.bin"', json.dumps(file))
    return changed.replace('"SC011/run"', json.dumps(path)).encode()


@pytest.mark.parametrize("path", UNSOUND)
def test_a_record_that_names_a_path_that_leads_away_is_refused(path: str) -> None:
    assert from_json(record()).path == "SC011/run"
    with pytest.raises(RecordError):
        from_json(record(file=path))
    if path:
        with pytest.raises(RecordError):
            from_json(record(path=path))


@pytest.mark.parametrize("name", ["..", ".", "", "a/b", "../x", "/etc", "a\0b"])
@pytest.mark.parametrize("kind", list(EntryType))
def test_a_name_that_no_listing_can_have_is_reported_and_led_to_by_nobody(
    name: str, kind: EntryType
) -> None:
    place = location(CollectionArchive(COLLECTION, "/archive"))
    recogniser = Recogniser([(place.name, [built_in()["catgt"]])])
    sorter = Sorter(place, recogniser, frozenset(), knows_below=lambda _path: True)
    entries = [Entry(name, kind, 1, NOON)]
    seen = sorter.sort("SC011", entries, listed_at=NOON, again=False, believed=True)
    assert (seen.files, seen.subfolders) == ((), ())
    assert [why for _, why in seen.strange] == ["its name cannot be one of a file"]


@pytest.mark.parametrize("text", ["/mnt/../etc", "/data/..", "C:\\data\\..\\x", "../x", "/a\nb"])
def test_no_way_up_stands_in_the_configuration(text: str) -> None:
    with pytest.raises(ValueError, match="absolute path"):
        local_path(text)
    with pytest.raises(ValueError, match="collection"):
        archive(text)


@pytest.mark.parametrize("text", ["/a/../b", "..", "a/..", "C:\\x", "\\x"])
def test_no_way_up_stands_in_the_place_of_a_collection(text: str) -> None:
    with pytest.raises(ValueError, match="inside the collection"):
        collection_path(text)
    with pytest.raises(ValueError, match="collection"):
        archive(f"{COLLECTION}:/{text}")


@pytest.fixture(params=["pipe", "socket", "device", "link to a device", "link to itself"])
def strange(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """A root in which something lies where a recording would be."""
    root = tmp_path / "root"
    root.mkdir()
    path = root / "a.bin"
    if request.param == "pipe":
        os.mkfifo(path)
    elif request.param == "socket":
        with socket.socket(socket.AF_UNIX) as listening:
            listening.bind(os.path.relpath(path))
    elif request.param == "device" and os.geteuid() == 0:
        os.mknod(path, 0o600 | 0o020000, os.makedev(1, 5))  # /dev/zero never ends
    else:
        path.symlink_to("a.bin" if request.param == "link to itself" else "/dev/zero")
    return root


@pytest.mark.timeout(20)
def test_what_is_no_file_is_told_and_not_opened_for_long(strange: Path, tmp_path: Path) -> None:
    (seen,) = look(Root(str(strange)))
    assert isinstance(seen, FolderSeen)
    assert (seen.files, seen.others) == ((), ("a.bin",))
    assert stat_files(Root(str(strange)), ["a.bin"]) == {"a.bin": None}
    with pytest.raises(UnreadableError), open_readable(Root(str(strange)), "a.bin"):
        pass
    (tmp_path / "archive").mkdir()
    copier = Copier(str(strange), str(tmp_path / "archive"))
    piece = Piece(TransferItem("a.bin", 0), ".part")
    [(_, outcome)] = copier.copy([piece], lambda _count: None)
    assert isinstance(outcome, Trouble)
    assert list((tmp_path / "archive").iterdir()) == []


def test_a_hard_link_is_a_file_like_any_other(tmp_path: Path) -> None:
    """Nothing tells one from the file itself, so it is archived where the daemon may read it (docs/THREATS.md)."""
    private = tmp_path / "private"
    private.write_bytes(b"x")
    root = tmp_path / "root"
    root.mkdir()
    os.link(private, root / "a.bin")
    (seen,) = look(Root(str(root)))
    assert isinstance(seen, FolderSeen)
    assert [each.path for each in seen.files] == ["a.bin"]
