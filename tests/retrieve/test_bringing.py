"""Recordings come back as they were archived, and nothing that lies where they go is touched."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

import pytest

from archived import config
from archived.core.model import FileState
from archived.core.paths import PathError
from archived.errors import AnotherRetrievalError
from archived.movers import Movers
from archived.retrieve import NoRoomError, NotWritableError, Room, StoppedError, bring, resume
from archived.retrieve.destination import Destination
from archived.rig.root import Root
from archived.store import Digest
from tests.builders import NOON
from tests.retrieve.world import (
    DAY,
    EPHYS,
    G0,
    G1,
    VIDEO,
    Machine,
    OneMover,
    contents,
    fake,
    names,
    some_bytes,
)

TWO = {"a.ap.bin": some_bytes(1), "a.ap.meta": b"fileSizeBytes=5000\n"}


@pytest.fixture
def full(machine: Machine) -> Machine:
    """Two animals' ephys, and one's video."""
    machine.archived(G0, TWO)
    machine.archived(G1, {"b.ap.bin": some_bytes(2), "b.ap.meta": b"b"})
    machine.archived(DAY, {"SC011_side_1-0000.avi": some_bytes(3)}, location=VIDEO)
    return machine


def test_everything_comes_back_byte_for_byte(full: Machine, movers: Movers) -> None:
    before = contents(full.archive)

    outcome = full.retrieve(movers)

    expected = contents(full.folder(EPHYS)) | contents(full.folder(VIDEO))
    assert full.arrived() == expected
    assert names(outcome.brought) == sorted(expected)
    assert outcome.complete
    assert contents(full.archive) == before
    assert full.store.retrievals() == []


def test_only_what_is_selected_comes_back(full: Machine, movers: Movers) -> None:
    full.retrieve(movers, h2o="SC011", location=EPHYS, file_type="*-meta")

    assert full.arrived() == {f"{G0}/a.ap.meta": TWO["a.ap.meta"]}


def test_what_came_back_keeps_its_time(full: Machine, movers: Movers) -> None:
    os.utime(full.folder() / G0 / "a.ap.bin", ns=(10**18, 10**18 + 7))

    full.retrieve(movers, h2o="SC011", location=EPHYS)

    assert (full.here / G0 / "a.ap.bin").stat().st_mtime_ns == 10**18 + 7


def test_what_is_there_already_is_passed_over(full: Machine, movers: Movers) -> None:
    full.retrieve(movers, h2o="SC012")
    inode = (full.here / G1 / "b.ap.bin").stat().st_ino

    outcome = full.retrieve(movers)

    assert names(outcome.there) == [f"{G1}/b.ap.bin", f"{G1}/b.ap.meta"]
    assert len(outcome.brought) == 3
    assert (full.here / G1 / "b.ap.bin").stat().st_ino == inode


def test_a_file_that_differs_in_size_is_listed_and_left_alone(
    full: Machine, movers: Movers
) -> None:
    full.put(full.here / G0 / "a.ap.bin", b"mine")

    outcome = full.retrieve(movers, h2o="SC011", location=EPHYS)

    assert full.arrived() == {**{f"{G0}/{name}": data for name, data in TWO.items()}} | {
        f"{G0}/a.ap.bin": b"mine"
    }
    assert names(outcome.differing) == [f"{G0}/a.ap.bin"]
    assert "4 bytes, 5000 were archived" in outcome.differing[0].reason
    assert not outcome.complete


def test_a_file_of_the_same_size_is_told_apart_by_its_checksum(
    full: Machine, movers: Movers
) -> None:
    mine = some_bytes(99)
    full.put(full.here / G0 / "a.ap.bin", mine)

    outcome = full.retrieve(movers, h2o="SC011", location=EPHYS)

    assert (full.here / G0 / "a.ap.bin").read_bytes() == mine
    assert names(outcome.differing) == [f"{G0}/a.ap.bin"]
    assert "of the same size" in outcome.differing[0].reason


def test_without_a_checksum_the_size_is_all_there_is_to_compare(
    machine: Machine, movers: Movers
) -> None:
    machine.archived(G0, TWO, algorithm=None)
    machine.put(machine.here / G0 / "a.ap.bin", some_bytes(99))

    outcome = machine.retrieve(movers)

    assert names(outcome.there) == [f"{G0}/a.ap.bin"]


def test_a_digest_that_was_noted_of_a_file_counts_as_its_checksum(
    machine: Machine, movers: Movers
) -> None:
    machine.archived(G0, TWO, algorithm=None)
    mine = some_bytes(99)
    machine.put(machine.here / G0 / "a.ap.bin", mine)
    [file] = [
        each
        for each in machine.store.files(machine.store.dataset(f"{EPHYS}/{G0}").id)
        if each.path.endswith(".bin")
    ]
    assert file.archived_size is not None
    assert file.archived_mtime_ns is not None
    sha256 = hashlib.sha256(TWO["a.ap.bin"]).hexdigest()
    machine.store.note_digests(
        {file.id: Digest(file.archived_size, file.archived_mtime_ns, sha256)}
    )

    outcome = machine.retrieve(movers)

    assert names(outcome.differing) == [f"{G0}/a.ap.bin"]
    assert (machine.here / G0 / "a.ap.bin").read_bytes() == mine


@pytest.mark.parametrize("kind", ["link", "folder", "pipe"])
def test_whatever_else_is_in_the_place_of_a_file_stays(
    full: Machine, movers: Movers, kind: str
) -> None:
    place = full.here / G0 / "a.ap.bin"
    place.parent.mkdir(parents=True)
    outside = full.base / "outside"
    outside.write_bytes(b"not to be touched")
    if kind == "link":
        place.symlink_to(outside)
    elif kind == "folder":
        place.mkdir()
    else:
        os.mkfifo(place)

    outcome = full.retrieve(movers, h2o="SC011", location=EPHYS)

    assert names(outcome.differing) == [f"{G0}/a.ap.bin"]
    assert outside.read_bytes() == b"not to be touched"
    assert names(outcome.brought) == [f"{G0}/a.ap.meta"]


def test_a_link_in_place_of_a_folder_is_not_followed(full: Machine, movers: Movers) -> None:
    outside = full.base / "outside"
    outside.mkdir()
    (full.here / "SC011").symlink_to(outside)

    outcome = full.retrieve(movers)

    assert contents(outside) == {}
    assert len(outcome.differing) == 3
    assert "links are not followed" in outcome.differing[0].reason
    assert names(outcome.brought) == [f"{G1}/b.ap.bin", f"{G1}/b.ap.meta"]


def test_what_the_archive_lost_is_told_and_the_rest_comes(full: Machine, movers: Movers) -> None:
    (full.folder() / G0 / "a.ap.bin").unlink()
    (full.folder() / G1 / "b.ap.bin").write_bytes(b"cut short")

    outcome = full.retrieve(movers)

    assert names(outcome.missing) == [f"{G0}/a.ap.bin", f"{G1}/b.ap.bin"]
    reasons = {each.path: each.reason for each in outcome.missing}
    assert reasons[f"{G0}/a.ap.bin"] == "the archive does not hold it any more"
    assert reasons[f"{G1}/b.ap.bin"] == "the archive holds 9 bytes of it, 5000 were archived"
    assert len(outcome.brought) == 3


def test_what_the_archive_loses_between_the_look_and_the_transfer_fails_alone(
    full: Machine, movers: Movers
) -> None:
    plan = full.prepare(movers)
    (full.folder() / G0 / "a.ap.bin").unlink()

    outcome = full.bring(movers, plan)

    assert names(outcome.failed) == [f"{G0}/a.ap.bin"]
    assert "the archive does not hold it any more" in outcome.failed[0].reason
    assert len(outcome.brought) == 4


def test_damage_in_the_archive_is_noticed_by_the_checksum(full: Machine, movers: Movers) -> None:
    (full.folder() / G0 / "a.ap.bin").write_bytes(some_bytes(77))

    outcome = full.retrieve(movers)

    assert names(outcome.failed) == [f"{G0}/a.ap.bin"]
    assert "what arrived is not what was archived" in outcome.failed[0].reason
    assert len(outcome.brought) == 4


def test_what_was_damaged_is_told_again_and_comes_once_it_is_well(
    full: Machine, movers: Movers
) -> None:
    mine, theirs = full.here / G0 / "a.ap.bin", full.folder() / G0 / "a.ap.bin"
    full.put(theirs, some_bytes(98))
    outcome = full.retrieve(movers, h2o="SC011", location=EPHYS)
    assert "do not use it but move it away" in outcome.failed[0].reason
    assert [each.key for each in full.store.alarms()] == [f"missing:{EPHYS}"]
    row = full.store.dataset(f"{EPHYS}/{G0}")
    states = {each.path: each.state for each in full.store.files(row.id)}
    assert states[f"{G0}/a.ap.bin"] is FileState.DIFFERENT

    again = full.retrieve(movers, h2o="SC011", location=EPHYS)

    assert names(again.differing) == [f"{G0}/a.ap.bin"]
    assert (
        hashlib.sha256(TWO["a.ap.bin"]).hexdigest() + " was archived" in again.differing[0].reason
    )
    full.put(theirs, TWO["a.ap.bin"])
    mine.unlink()
    assert full.retrieve(movers, h2o="SC011", location=EPHYS).complete
    assert mine.read_bytes() == TWO["a.ap.bin"]


def test_what_is_not_archived_yet_is_told(full: Machine, movers: Movers) -> None:
    full.archived(f"{G0}x", {"c.bin": b"c"}, on_disk=False)
    bad = full.store.dataset(f"{EPHYS}/{G0}x")
    assert full.store.files(bad.id)[0].state is FileState.ARCHIVED

    outcome = full.retrieve(movers, names=(f"{EPHYS}/{G0}x",))

    assert names(outcome.missing) == [f"{G0}x/c.bin"]


def test_another_folder_gets_the_same_tree(full: Machine, movers: Movers) -> None:
    elsewhere = full.base / "elsewhere"
    elsewhere.mkdir()

    full.retrieve(movers, to=elsewhere, location=EPHYS)

    assert contents(elsewhere) == contents(full.folder())
    assert full.arrived() == {}


def test_a_folder_that_is_not_there_is_refused(full: Machine, movers: Movers) -> None:
    with pytest.raises(PathError, match="is not a folder") as raised:
        full.prepare(movers, to=full.base / "nowhere")
    assert "mkdir" in raised.value.what_to_do


def test_a_machine_that_only_sends_is_not_written_to(full: Machine, movers: Movers) -> None:
    plan = full.prepare(movers)
    full.configure(writable="no")
    elsewhere = full.base / "elsewhere"
    elsewhere.mkdir()

    for to in (None, elsewhere):
        with pytest.raises(NotWritableError, match="writable = no") as raised:
            full.prepare(movers, to=to)
        assert "writable = yes" in raised.value.what_to_do
    with pytest.raises(NotWritableError):
        full.bring(movers, plan)
    with pytest.raises(NotWritableError):
        resume(full.configuration, full.store)
    assert full.arrived() == {}
    assert contents(elsewhere) == {}


def test_a_folder_that_the_daemon_watches_needs_another_destination(
    full: Machine, movers: Movers
) -> None:
    watch(full, full.here)
    inside = full.here / "inside"
    inside.mkdir()
    link = full.base / "link"
    link.symlink_to(inside)

    for to in (None, full.here, inside, link):
        with pytest.raises(PathError, match="a folder that this rig's daemon watches") as raised:
            full.prepare(movers, to=to)
        assert "--to DIR" in raised.value.what_to_do
    assert full.arrived() == {}


def test_what_a_running_daemon_watches_is_refused_before_it_has_looked(
    full: Machine, movers: Movers
) -> None:
    with (
        full.open() as daemon,
        daemon.claim_daemon(1, NOON),
        pytest.raises(PathError, match="watches"),
    ):
        full.prepare(movers)


def test_the_daemon_of_another_configuration_keeps_only_its_own_folders(
    full: Machine, movers: Movers
) -> None:
    """An analyst has a configuration with folders of their own, for the same store."""
    theirs = full.base / "theirs"
    theirs.mkdir()

    with full.open() as daemon, daemon.claim_daemon(1, NOON, folders=[str(theirs)]):
        with pytest.raises(PathError, match="a folder that this rig's daemon watches"):
            full.prepare(movers, to=theirs)
        outcome = full.retrieve(movers)

    assert len(outcome.brought) == 5
    assert contents(theirs) == {}


def test_a_daemon_that_began_to_watch_meanwhile_keeps_the_files_out(
    full: Machine, movers: Movers
) -> None:
    plan = full.prepare(movers)
    watch(full, full.here)

    outcome = full.bring(movers, plan)

    assert full.arrived() == {}
    assert len(outcome.failed) == 5
    assert "watches" in outcome.failed[0].reason


def test_a_folder_above_the_archive_is_a_destination_as_any_other(
    full: Machine, movers: Movers
) -> None:
    before = contents(full.archive)

    assert full.retrieve(movers, to=full.base).complete

    assert contents(full.base / "SC012") == contents(full.folder() / "SC012")
    assert contents(full.archive) == before


def test_nothing_is_brought_into_an_archive(full: Machine, movers: Movers) -> None:
    before = contents(full.archive)
    for to in (full.folder(), full.folder(VIDEO) / "SC011"):
        with pytest.raises(PathError, match="an archive"):
            full.prepare(movers, to=to)
    assert contents(full.archive) == before


def test_paths_that_lead_from_above_into_a_watched_folder_are_refused(
    machine: Machine, movers: Movers
) -> None:
    machine.archived("here/SC011/x", {"a": b"a"})
    machine.archived(G0, TWO)
    watch(machine, machine.here)

    plan = machine.prepare(movers, to=machine.base, location=EPHYS)

    assert names(plan.refused) == ["here/SC011/x/a"]
    assert "watches" in plan.refused[0].reason


def test_names_that_some_disks_take_for_the_same_are_told(machine: Machine, movers: Movers) -> None:
    machine.archived(G0, {"A.bin": b"one", "a.bin": b"two"})

    outcome = machine.retrieve(movers)

    assert machine.arrived() == {f"{G0}/A.bin": b"one"}
    assert names(outcome.failed) == [f"{G0}/a.bin"]
    assert f"{G0}/A.bin" in outcome.failed[0].reason


def test_a_location_that_is_not_configured_is_the_trouble_of_its_own_files(
    full: Machine, movers: Movers
) -> None:
    full.archived("other", {"x": b"x"}, location="raw-widefield", on_disk=False)

    outcome = full.retrieve(movers)

    assert names(outcome.failed) == ["other/x"]
    assert "raw-widefield" in outcome.failed[0].reason
    assert len(outcome.brought) == 5


def test_too_little_room_is_noticed_before_anything_begins(full: Machine, movers: Movers) -> None:
    plan = full.prepare(movers)
    assert [room.needed for room in plan.room] == [plan.bytes]
    small = type(plan)(portions=plan.portions, room=(Room(str(full.here), 100, 99),))

    with pytest.raises(NoRoomError, match="100 B are needed and 99 B are free"):
        full.bring(movers, small)
    assert full.arrived() == {}
    assert full.store.retrievals() == []


def test_only_one_at_a_time_brings_files_back(full: Machine, movers: Movers) -> None:
    plan = full.prepare(movers)
    with (
        full.open() as other,
        other.claim_retrieval(4711, "bob", NOON),
        pytest.raises(AnotherRetrievalError, match=r"bob \(pid 4711, since 2026-03-14 12:00:00"),
    ):
        full.bring(movers, plan)
    assert full.bring(movers, plan).complete


def test_what_is_stopped_is_gone_on_with(full: Machine, movers: Movers) -> None:
    plan = full.prepare(movers)
    full.stop.set()
    stopped = full.bring(movers, plan)
    assert len(stopped.left) == 5
    assert not stopped.complete
    full.stop.clear()

    again = resume(full.configuration, full.store)
    outcome = full.bring(movers, again)

    assert again.files == 5
    assert outcome.complete
    assert len(outcome.brought) == 5
    assert resume(full.configuration, full.store).files == 0


def test_the_same_command_again_goes_on_and_another_one_is_apart(
    full: Machine, movers: Movers
) -> None:
    plan = full.prepare(movers, location=EPHYS)
    full.stop.set()
    full.bring(movers, plan, asked_for="ephys")
    full.bring(movers, plan, asked_for="ephys")
    assert len(full.store.retrievals()) == 1
    full.bring(movers, plan, asked_for="something else")
    assert len(full.store.retrievals()) == 2
    full.stop.clear()

    assert full.bring(movers, full.prepare(movers, location=EPHYS), asked_for="ephys").complete
    assert [each.asked_for for each in full.store.retrievals()] == ["something else"]
    assert full.bring(movers, resume(full.configuration, full.store)).complete
    assert full.store.retrievals() == []


def test_portions_are_as_large_as_the_configuration_allows(full: Machine, movers: Movers) -> None:
    full.configure(transfer="max_files = 2\nmax_active = 1")

    outcome = full.retrieve(movers)

    assert outcome.complete
    batches = [each for each in full.store.batches() if each.retrieval is not None]
    assert [each.files for each in batches] == [2, 2, 1]
    assert {str(each.state) for each in batches} == {"proved"}
    assert {str(each.direction) for each in batches} == {"retrieve"}


def test_progress_is_told(full: Machine, movers: Movers) -> None:
    heard = []
    plan = full.prepare(movers)

    bring(full.configuration, full.store, movers, plan, stop=full.stop, tell=heard.append)

    assert heard[-1].files_done == heard[-1].files == 5
    assert heard[-1].bytes_done == heard[-1].bytes == plan.bytes


def test_what_was_proved_before_is_not_read_again(
    full: Machine, movers: Movers, monkeypatch: pytest.MonkeyPatch
) -> None:
    full.retrieve(movers)
    read: list[str] = []
    checksum = Destination.checksum

    def noted(self: Destination, path: str, algorithm: str) -> str:
        read.append(path)
        return checksum(self, path, algorithm)

    monkeypatch.setattr(Destination, "checksum", noted)
    assert len(full.retrieve(movers).there) == 5
    assert read == []
    (full.here / G0 / "a.ap.meta").touch()
    assert len(full.retrieve(movers).there) == 5
    assert read == [f"{G0}/a.ap.meta"]


def test_a_stop_ends_the_reading(full: Machine, movers: Movers) -> None:
    full.stop.set()
    with pytest.raises(StoppedError):
        full.prepare(movers)


def test_a_folder_that_the_collection_does_not_export_is_refused(desk: Machine) -> None:
    desk.archived(G0, TWO)
    mover = OneMover(fake(desk))
    inside = desk.base / "scratch"
    inside.mkdir()
    link = desk.base / "here" / "link"
    link.symlink_to(inside)

    with pytest.raises(PathError, match="the collection does not export '/tmp'"):
        desk.prepare(mover, to=Path("/tmp"))

    plan = desk.prepare(mover, to=inside)
    assert plan.portions[0].location.collection_path == "/scratch"
    assert plan.files == 2
    assert desk.prepare(mover, to=link).portions[0].location.root == str(link)


def test_nothing_is_brought_into_the_archive_of_the_same_collection(desk: Machine) -> None:
    ini = desk.base / "archived.ini"
    same = "c40e971d-0075-4a82-b12f-8f9717762e7b:/kept"
    ini.write_text(ini.read_text().replace("5b875fda-4185-11e8-bb52-0ac6873fc732:/ephys", same))
    desk.configuration = config.load(ini, {})
    desk.archived(G0, TWO)
    kept = desk.base / "kept"
    (kept / "deep").mkdir(parents=True)

    for to in (kept, kept / "deep"):
        with pytest.raises(PathError, match="inside of the archive"):
            desk.prepare(OneMover(fake(desk)), to=to)


def watch(machine: Machine, folder: Path) -> None:
    """As if a daemon of this rig had seen the folder whole."""
    identity = Root(str(folder)).identify()
    machine.store.put_setting(f"root:{folder}", str(identity))
