"""A rig whose archive is told about its datasets: a fake collection, or a real directory with the local mover."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from archived.core.lifecycle import State
from archived.core.manifest import parse_manifest
from archived.core.model import (
    LIVE_BATCHES,
    BatchState,
    Direction,
    DirectoryArchive,
    StorageLocation,
)
from archived.core.record_json import from_json
from archived.core.records import Record, RecordState, is_own, manifest_path, record_path
from archived.daemon.surroundings import RecordKeeping
from archived.ports import Transfers
from archived.store import Digest, OwedRecord
from archived.transfer.local import LocalTransfers
from tests.daemon.world import World
from tests.fakes import FakeTransfers

RUN = "SC011/SC011_022319_g0"
VIDEO = "SC011/02232019/video"


class RecordWorld(World):
    """As `World`, with a spool that the collection exports."""

    def __init__(self, base: Path) -> None:
        super().__init__(base)
        self.record_mover = self._spool_mover("raw-ephys")
        self.keep()

    def keep(self, **changes: Any) -> None:
        """Tell the archive about datasets; the changes are those of `RecordKeeping`."""
        values = {
            "spool": self.spool,
            "mover_of": self.spool_mover_of,
            "host": "rig-host",
            "programs": {"archived": "9.9"},
        }
        self.records = RecordKeeping(**{**values, **changes})
        self.daemon = self._build()

    def save(self) -> Callable[[], None]:
        """Keep the store and the archive as they are; what is returned brings them back, without a spool."""
        self.store.close()
        kept = {each: each.read_bytes() for each in self.base.glob("archived.db*")}
        archive, now = dict(self.mover.archive), self.now

        def restore() -> None:
            self.store.close()
            for each in self.base.glob("archived.db*"):
                each.unlink()
            for each, data in kept.items():
                each.write_bytes(data)
            shutil.rmtree(self.spool, ignore_errors=True)
            self.mover.archive.clear()
            self.mover.archive.update(archive)
            self.record_mover = self._spool_mover("raw-ephys")
            self.now = now
            self.store = self._open()
            self.keep()

        return restore

    @property
    def spool(self) -> str:
        """Where manifests and records wait."""
        return str(self.base / "spool")

    def spool_mover_of(self, location: StorageLocation) -> Transfers:
        """The mover between a folder of the spool and the archive."""
        self.record_mover.files = Path(location.root)
        return self.record_mover

    def _spool_mover(self, location: str) -> FakeTransfers:
        mover = FakeTransfers(Path(self.spool) / "outgoing" / location)
        mover.archive = self.mover.archive
        return mover

    def note(self, name: str) -> OwedRecord:
        """How far the archive was told about a dataset."""
        found = self.store.record_note(self.store.dataset(name).id)
        assert found is not None
        return found

    def note_state(self, name: str) -> RecordState | None:
        """How far it is; None before the dataset was archived."""
        if name not in self.states():
            return None
        found = self.store.record_note(self.store.dataset(name).id)
        return None if found is None else found.state

    def written(self, name: str) -> None:
        """Let time go by until the record of a dataset lies in the spool, and hold it there by a pause."""
        self.until(lambda: self.states().get(name) is State.ARCHIVED)
        self.store.pause("for a test", self.now)
        self.until(lambda: self.note_state(name) is RecordState.WRITTEN)

    def digests(self, name: str) -> Mapping[int, Digest]:
        """What was computed for a dataset."""
        return self.store.digests(self.store.dataset(name).id) if name in self.states() else {}

    def live(self) -> tuple[BatchState, ...]:
        """The states of batches under way."""
        return tuple(LIVE_BATCHES)

    def record_video_to(self, folder: Path) -> Path:
        """Videos in another folder than the usual one."""
        usual = self.root / VIDEO
        kept = self.base / "kept"
        if usual.exists():
            usual.rename(kept)
        made = self.record_video(trials=1)
        folder.parent.mkdir(parents=True, exist_ok=True)
        if made != folder:
            made.rename(folder)
        if kept.exists():
            usual.parent.mkdir(parents=True, exist_ok=True)
            kept.rename(usual)
        self._stamp(folder)
        return folder

    def told(self, *names: str) -> bool:
        """Whether the archive was told about all of these datasets."""
        states = self.states()
        return all(name in states for name in names) and all(
            (found := self.store.record_note(self.store.dataset(name).id)) is not None
            and found.state is RecordState.PROVED
            for name in names
        )

    def archived(self, path: str) -> bytes | None:
        """What the archive holds under a path."""
        return self.mover.archive.get(path)

    def record(self, path: str) -> Record:
        """What the archive says of a dataset, by its path."""
        data = self.archived(record_path(path))
        assert data is not None
        return from_json(data)

    def manifest(self, path: str) -> dict[str, str]:
        """The manifest of a dataset, by its path."""
        data = self.archived(manifest_path(path))
        assert data is not None
        return dict(parse_manifest(data))

    def sums(self) -> dict[str, str]:
        """The SHA-256 of every file on the rig."""
        return {path: hashlib.sha256(data).hexdigest() for path, data in self.on_rig().items()}

    def in_spool(self) -> list[str]:
        """What lies in the spool."""
        top = Path(self.spool)
        return sorted(str(each.relative_to(top)) for each in top.rglob("*") if each.is_file())

    def data(self) -> dict[str, bytes]:
        """What the archive holds of recordings."""
        return {path: each for path, each in self.mover.archive.items() if not is_own(path)}

    def record_orders(self) -> list[list[str]]:
        """The paths of every order of records that was ever given."""
        return [
            sorted(item.path for item in task.order.items)
            for task in self.record_mover.tasks.values()
            if task.order.direction is Direction.RECORD
        ]

    def dataset_names(self) -> list[str]:
        """All datasets."""
        return list(self.states())


class LocalWorld(RecordWorld):
    """With a real directory as archive, and the real local mover."""

    def __init__(self, base: Path) -> None:
        self.directory = base / "archive"
        self.directory.mkdir()
        self._movers: dict[StorageLocation, LocalTransfers] = {}
        super().__init__(base)

    def keep(self, **changes: Any) -> None:
        """See `RecordWorld.keep`."""
        self.archive = DirectoryArchive(str(self.directory))
        super().keep(**changes)

    def mover_of(self, location: StorageLocation) -> Transfers:
        """See `World.mover_of`."""
        if not isinstance(location.archive, DirectoryArchive):
            return super().mover_of(location)
        if location not in self._movers:
            self._movers[location] = LocalTransfers(location)
        return self._movers[location]

    def spool_mover_of(self, location: StorageLocation) -> Transfers:
        """See `RecordWorld.spool_mover_of`."""
        return self.mover_of(location)

    def archived(self, path: str) -> bytes | None:
        """See `RecordWorld.archived`."""
        file = self.directory / path
        return file.read_bytes() if file.is_file() else None

    def check_sums(self, path: str) -> subprocess.CompletedProcess[bytes]:
        """What `sha256sum` says of the manifest of a dataset."""
        return subprocess.run(
            ["sha256sum", "--check", "--strict", manifest_path(path)],
            cwd=self.directory,
            capture_output=True,
        )

    def lose_store(self) -> None:
        """The catalogue is lost, and begun anew."""
        self.store.close()
        for each in self.base.glob("archived.db*"):
            each.unlink()
        self.store = self._open()
        self.daemon = self._build()

    def sums_as_they_are(self) -> dict[str, str]:
        """The SHA-256 of every file on the rig, by names that may be no UTF-8."""
        found = {}
        for here, _, names in os.walk(self.root):
            for name in names:
                path = os.path.join(here, name)
                with open(path, "rb") as file:
                    found[os.path.relpath(path, self.root)] = hashlib.sha256(
                        file.read()
                    ).hexdigest()
        return found

    def close(self) -> None:
        """End the movers."""
        for mover in self._movers.values():
            mover.close()
        self.store.close()
