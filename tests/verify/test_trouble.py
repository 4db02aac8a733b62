"""What goes wrong while contents are compared by transfers, and what is said of it."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from archived.core.discovery import Kind
from archived.core.model import FileState
from archived.verify import scratch as scratches
from archived.verify.scratch import Scratch
from tests.verify.world import G0, G1, World, world

FILES = {"a.ap.bin": b"a" * 5000, "b.ap.bin": b"b" * 7000}


def test_a_collection_that_does_not_take_the_copies_is_named(globus: World) -> None:
    globus.archived(G0, FILES, on_rig=False)
    assert globus.globus is not None
    globus.globus.order("permission_denied", collection="c40e971d-0075-4a82-b12f-8f9717762e7b")

    outcome = globus.verify(deep=True)

    assert outcome.error is not None
    assert "contents cannot be compared" in str(outcome.error)
    assert str(globus.scratch) in outcome.error.what_to_do
    assert len(globus.found(outcome)[Kind.UNREAD]) == 2
    assert set(globus.states().values()) == {FileState.ARCHIVED}


def test_a_spool_that_the_collection_does_not_export_is_named(globus: World) -> None:
    globus.archived(G0, FILES)
    ini = globus.base / "archived.ini"
    ini.write_text(ini.read_text().replace("exported/spool", "elsewhere"))

    outcome = globus.verify(deep=True)

    assert "does not export" in str(outcome.error)
    assert outcome.discovery.in_both == 2


def test_a_collection_that_exports_another_folder_is_not_believed(globus: World) -> None:
    """Its path inside the collection is wrong, so that what moves goes to where nobody looks."""
    globus.archived(G0, FILES)
    (globus.base / "exported" / "other").mkdir()
    ini = globus.base / "archived.ini"
    ini.write_text(
        ini.read_text().replace(
            "local_endpoint_subdir = /rig", "local_endpoint_subdir = /other/rig"
        )
    )

    outcome = globus.verify(deep=True)

    assert len(globus.found(outcome)[Kind.UNREAD]) == 2
    assert "does not export the spool as" in globus.reasons(outcome, Kind.UNREAD)[0]
    assert outcome.compared == 0


def test_a_file_that_the_archive_refuses_keeps_no_other_from_being_compared(globus: World) -> None:
    globus.archived(G0, FILES)
    assert globus.globus is not None
    globus.globus.order("source_vanished", path=f"/ephys/{G0}/a.ap.bin")

    outcome = globus.verify(deep=True)

    assert globus.found(outcome) == {Kind.UNREAD: ["a.ap.bin"]}
    assert outcome.compared == 1
    assert globus.states()["a.ap.bin"] is FileState.ARCHIVED


def test_bytes_that_change_on_the_way_are_sent_again(globus: World) -> None:
    globus.archived(G0, FILES, on_rig=False)
    assert globus.globus is not None
    globus.globus.order("checksum_mismatch", path="*a.ap.bin", times=1)

    assert globus.found(globus.verify(deep=True)) == {}


def test_a_task_that_fails_says_nothing_of_copies_that_it_left_alone(globus: World) -> None:
    globus.archived(G0, FILES)
    globus.damage(f"{G0}/a.ap.bin")
    assert globus.globus is not None
    globus.globus.order("expires", times=1)

    outcome = globus.verify(deep=True)

    assert globus.found(outcome) == {Kind.CONTENT: ["a.ap.bin"]}
    assert len(globus.globus.tasks()) == 2


def test_what_there_is_no_room_for_is_told_of(
    globus: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    globus.archived(G0, FILES)
    monkeypatch.setattr(Scratch, "room", lambda _self: 6000)

    outcome = globus.verify(deep=True)

    assert globus.found(outcome) == {Kind.UNREAD: ["b.ap.bin"]}
    assert "room for 6000 bytes" in globus.reasons(outcome, Kind.UNREAD)[0]


def test_the_scratch_folder_never_holds_more_than_is_allowed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with world(tmp_path, "globus", monkeypatch, verify="scratch = 6000") as rig:
        rig.archived(G0, {f"{number}.ap.bin": b"x" * 2500 for number in range(6)})

        outcome = rig.verify(deep=True)

        assert outcome.compared == 6
        assert rig.globus is not None
        assert [task["files"] for task in rig.globus.tasks()] == [2, 2, 2]


def test_leftovers_of_a_killed_run_are_swept_by_the_next(globus: World) -> None:
    globus.archived(G0, FILES)
    left = globus.scratch / "some-batch" / "SC011"
    left.mkdir(parents=True)
    (left / "a.bin").write_bytes(b"left")

    globus.verify()

    assert not globus.scratch.exists()


def test_no_link_in_the_scratch_folder_is_followed(globus: World, tmp_path: Path) -> None:
    precious = tmp_path / "precious"
    precious.mkdir()
    (precious / "file").write_bytes(b"precious")
    globus.scratch.mkdir(parents=True)
    (globus.scratch / "some-batch").symlink_to(precious)
    globus.archived(G0, FILES)

    globus.verify(deep=True)

    assert (precious / "file").read_bytes() == b"precious"


def test_a_copy_is_no_link_to_the_rigs_file(globus: World, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[tuple[int, int]] = []
    real = Scratch.copy

    def copy(self: Scratch, root: str, wanted: object, batch_id: str, going_on: object) -> None:
        real(self, root, wanted, batch_id, going_on)  # type: ignore[arg-type]
        path = wanted.path  # type: ignore[attr-defined]
        ours, theirs = os.stat(Path(root) / path), os.stat(globus.scratch / batch_id / path)
        seen.append((ours.st_ino, theirs.st_ino))
        assert theirs.st_mtime_ns != ours.st_mtime_ns

    monkeypatch.setattr(scratches.Scratch, "copy", copy)
    globus.archived(G0, FILES)
    globus.verify(deep=True)

    assert len(seen) == 2
    assert all(ours != theirs for ours, theirs in seen)


def test_an_archive_that_went_away_while_it_was_read_loses_nothing(
    directory: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    directory.archived(G0, FILES)
    directory.archived(G1, FILES)
    away = directory.base / "away"

    def rest(_count: int) -> None:
        if directory.ephys.exists():
            directory.ephys.rename(away)

    real = World.verifying

    def verifying(self: World, store: object, movers: object) -> object:
        made = real(self, store, movers)
        made.rests = rest
        return made

    monkeypatch.setattr(World, "verifying", verifying)
    monkeypatch.setattr(World, "snapshot", lambda _self: {})

    outcome = directory.verify(deep=True)

    assert outcome.error is not None
    assert Kind.CONTENT not in directory.found(outcome)
    assert set(directory.states().values()) == {FileState.ARCHIVED}
