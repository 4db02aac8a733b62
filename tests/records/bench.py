"""Archives with records in them: a directory, or a fake collection that a spool can be filled from."""

from __future__ import annotations

import hashlib
import threading
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from archived.core.model import CollectionArchive, DirectoryArchive, StorageLocation
from archived.core.record_json import to_json
from archived.core.records import Record, RecordedFile, record_path
from archived.records.reading import RecordProblem, read_records
from archived.transfer.local import LocalTransfers
from tests.builders import NOON
from tests.fakes import FakeTransfers


def record(path: str = "SC011/r0", **changes: Any) -> Record:
    """A record of one file."""
    whole = Record(
        location="raw-ephys",
        path=path,
        convention="catgt",
        revision=1,
        rig="rig-1",
        first_seen=NOON,
        archived_at=NOON,
        files=(
            RecordedFile(
                path=f"{path}/a.bin",
                size=1,
                mtime_ns=1,
                file_type="unknown",
                sha256=hashlib.sha256(b"a").hexdigest(),
            ),
        ),
    )
    return replace(whole, **changes)


@dataclass
class Shelf:
    """A fake archive in a collection, whose collection on this machine exports `base`."""

    base: Path
    archive: dict[str, bytes] = field(default_factory=dict)
    movers: dict[str, FakeTransfers] = field(default_factory=dict)
    stop: threading.Event = field(default_factory=threading.Event)

    @property
    def spool(self) -> str:
        """A spool that the collection exports."""
        return str(self.base / "spool")

    @property
    def location(self) -> StorageLocation:
        """Its location."""
        return StorageLocation(
            name="raw-ephys",
            archive=CollectionArchive("archive", "/"),
            conventions=("catgt",),
            root=str(self.base / "rig"),
            collection="rig",
            collection_path="/data/rig",
        )

    def mover_of(self, location: StorageLocation) -> FakeTransfers:
        """A mover between the archive and the root of a location."""
        if location.root not in self.movers:
            mover = FakeTransfers(Path(location.root))
            mover.archive = self.archive
            self.movers[location.root] = mover
        return self.movers[location.root]

    def put(self, *records: Record) -> None:
        """Put records into the archive."""
        for each in records:
            self.archive[record_path(each.path)] = to_json(each)

    def read(self, **options: Any) -> list[Record | RecordProblem]:
        """All records and problems."""
        options = {"spool": self.spool, "now": lambda: NOON, "stop": self.stop, **options}
        return list(read_records(self.location, self.mover_of, **options))


def read_directory(
    archive: Path, *, below: str = "", stop: threading.Event | None = None
) -> list[Record | RecordProblem]:
    """All records and problems of an archive that is a directory."""
    location = StorageLocation(
        name="raw-ephys",
        archive=DirectoryArchive(str(archive)),
        conventions=("catgt",),
        root=str(archive.parent / "rig"),
    )
    mover = LocalTransfers(location)
    try:
        return list(
            read_records(
                location,
                lambda _location: mover,
                str(archive.parent / "spool"),
                below=below,
                now=lambda: NOON,
                stop=stop or threading.Event(),
            )
        )
    finally:
        mover.close()
