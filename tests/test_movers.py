"""Which mover serves which location, and what is asked of its place before the first verb."""

from __future__ import annotations

import threading
from datetime import UTC, datetime
from pathlib import Path

import pytest

from archived import config
from archived.core.model import Direction
from archived.errors import ArchiveMissingError
from archived.movers import Movers
from archived.ports import TransferItem, TransferOrder
from archived.transfer import mount_point

NOON = datetime(2026, 5, 4, 12, tzinfo=UTC)


def test_an_archive_that_is_unmounted_between_the_start_and_the_first_file_gets_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rig, archive = tmp_path / "rig", tmp_path / "archive"
    rig.mkdir()
    archive.mkdir()
    (rig / "a.bin").write_bytes(b"content")
    settings = tmp_path / "archived.ini"
    settings.write_text(
        f"[archived]\nrig = rig-1\nstore = {tmp_path}/state/archived.db\n"
        f"[globus]\nlocal_endpoint_local_path = {rig}\n"
        f"[location:raw]\narchive = {archive}\nconventions = spikeglx\n"
    )
    configuration = config.load(settings, {})
    [location] = [each.location for each in configuration.locations]
    movers = Movers(configuration)
    looked = threading.Event()

    def mounted(path: str) -> str:
        looked.set()
        return path

    with monkeypatch.context() as patch:
        patch.setattr(mount_point, "mount_of", mounted)
        mover = movers.of(location)
        assert looked.wait(10)
    with pytest.raises(ArchiveMissingError, match="not mounted any more"):
        mover.submit(
            TransferOrder("s-1", "label", Direction.ARCHIVE, [TransferItem("a.bin", 7)], NOON)
        )
    movers.close()
    assert list(archive.iterdir()) == []
