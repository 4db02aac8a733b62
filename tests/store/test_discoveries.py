"""What a walk over the archive means for the catalogue."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from datetime import timedelta
from pathlib import Path

import pytest

from archived.core.discovery import Finding, Kind, Listed
from archived.core.lifecycle import Reason, State
from archived.core.model import FileState
from archived.errors import MoveRefusedError, WalkGoneError
from archived.store import Discovery, ListedFile, ListedFolder, Store
from tests.builders import NOON
from tests.store.bench import FILE_TYPE, G0, G1, LOCATION, ROOT, Bench, recording

NAME = f"{LOCATION}/{G0}"
SECOND = 10**9


class Walker(Bench):
    """A bench with an archive whose listings a test makes up."""

    def __init__(self, store: Store) -> None:
        super().__init__(store)
        self.walk = self.begin()

    def begin(self, *, below: str = "", dry_run: bool = False, restart: bool = False) -> Discovery:
        self.walk = self.store.begin_discovery(
            LOCATION, below, self.now, dry_run=dry_run, restart=restart
        )
        return self.walk

    def again(self, **options: bool) -> None:
        """The walk ends, and another begins later."""
        self.store.end_discovery(self.walk.id, self.now)
        self.store.tell_of_missing(LOCATION, self.now)
        self.later(minutes=1)
        self.begin(**options)

    def meet(self, folder: str, *, subfolders: Sequence[str] = ()) -> None:
        """List a folder that is above every recording."""
        self.store.take_listing(
            self.walk,
            ListedFolder(
                folder=folder, listed_at=self.now, root_key=ROOT, subfolders=tuple(subfolders)
            ),
            self.now,
        )

    def list(
        self,
        sizes: dict[str, int],
        folder: str = G0,
        *,
        seconds: int | None = 7,
        dataset: str | None = None,
        why_not: str = "",
        believed: bool = True,
        recognised: bool = True,
    ) -> bool:
        """List a folder, and once more where that was wanted; return whether it was."""
        twice = False
        for again in (False, True):
            self.store._add_folders(self.walk.id, [folder], "to do")
            seen = ListedFolder(
                folder=folder,
                listed_at=self.now,
                root_key=ROOT,
                recording=recording(dataset or folder) if recognised else None,
                files=[
                    ListedFile(
                        Listed(
                            f"{folder}/{name}", size, None if seconds is None else seconds * SECOND
                        ),
                        FILE_TYPE,
                        why_not,
                    )
                    for name, size in sizes.items()
                ],
                again=again,
                believed=believed,
            )
            if not self.store.take_listing(self.walk, seen, self.now):
                return twice
            twice = (folder, True) in self.store.folders_to_list(self.walk.id, 100, again=True)
            if not twice:
                return again
        return twice

    def told(self, kind: Kind) -> list[str]:
        """The names of what was found out."""
        return [
            each.path.removeprefix(G0 + "/")
            for each in self.store.findings(self.walk.id, kind, 100)
        ]

    def in_both(self) -> int:
        return self.store.discovery(self.walk.id).in_both


@pytest.fixture
def walker(store: Store) -> Walker:
    walker = Walker(store)
    walker.meet("", subfolders=["SC011"])
    return walker


def archived(walker: Walker, *names: str) -> None:
    """A dataset of files of ten bytes, archived a minute ago."""
    walker.ready(*names)
    walker.archive()
    walker.later(minutes=1)


class TestAnEmptyCatalogue:
    def test_gets_the_dataset_archived_from_its_beginning(self, walker: Walker) -> None:
        walker.list({"a.bin": 10, "b.bin": 20})
        dataset = walker.dataset()
        assert (dataset.state, dataset.files, dataset.bytes, dataset.revision) == (
            State.ARCHIVED,
            2,
            30,
            1,
        )
        assert (dataset.h2o, dataset.convention, dataset.archived_at) == ("SC011", "catgt", NOON)
        assert dataset.date == recording().date

    def test_gets_files_with_sizes_types_and_a_receipt(self, walker: Walker) -> None:
        walker.list({"a.bin": 10})
        file = walker.files()["a.bin"]
        assert (file.state, file.size, file.archived_size, file.file_type, file.proof) == (
            FileState.ARCHIVED,
            10,
            10,
            FILE_TYPE,
            "listing",
        )
        assert (file.mtime_ns, file.archived_mtime_ns, file.archived_at) == (7 * SECOND, None, NOON)

    def test_says_so_in_an_event_and_in_every_count(self, walker: Walker) -> None:
        walker.list({"a.bin": 10, "b.bin": 20})
        [event] = walker.store.events(name=NAME)
        assert (event.before, event.after, event.move) == (None, State.ARCHIVED, Reason.DISCOVERED)
        assert walker.store.counts()[State.ARCHIVED] == 1
        assert walker.store.archived_totals() == {LOCATION: (2, 30)}
        assert walker.told(Kind.ARCHIVE) == ["a.bin", "b.bin"]

    def test_gets_one_dataset_of_several_folders(self, walker: Walker) -> None:
        walker.list({"a.bin": 10})
        walker.list({"b.bin": 20}, f"{G0}/imec0", dataset=G0)
        assert set(walker.files()) == {"a.bin", "imec0/b.bin"}
        assert walker.dataset().bytes == 30
        assert len(walker.store.events(name=NAME)) == 1

    def test_gets_nothing_in_a_dry_run(self, walker: Walker) -> None:
        walker.again(dry_run=True)
        walker.list({"a.bin": 10})
        assert walker.told(Kind.ARCHIVE) == ["a.bin"]
        assert walker.store.names() == []
        assert walker.store.archived_totals() == {}

    def test_gets_nothing_that_no_convention_knows(self, walker: Walker) -> None:
        walker.list({"a.bin": 10}, why_not="it is scratch")
        [found] = walker.store.findings(walker.walk.id, Kind.UNRECOGNISED, 10)
        assert found == Finding(Kind.UNRECOGNISED, f"{G0}/a.bin", reason="it is scratch")
        assert walker.store.discovery(walker.walk.id).unrecognised == 1
        assert walker.store.names() == []

    def test_gets_a_copy_of_unknown_age(self, walker: Walker) -> None:
        walker.list({"a.bin": 10}, seconds=None)
        assert walker.files()["a.bin"].mtime_ns == 0


class TestAfterwardsTheRig:
    """The store was lost, the archive was discovered, and the disk still holds the recordings."""

    @pytest.fixture(autouse=True)
    def discovered(self, walker: Walker) -> None:
        walker.list({"a.bin": 10, "b.bin": 10}, seconds=1)

    def test_has_nothing_to_send_where_sizes_agree_and_no_file_is_newer(
        self, walker: Walker
    ) -> None:
        walker.write("a.bin")
        walker.write("b.bin")
        walker.look()
        assert walker.state() is State.ARCHIVED
        file, disk = walker.files()["a.bin"], walker.disk[f"{G0}/a.bin"]
        assert (file.stat, file.archived_mtime_ns) == (disk, disk.mtime_ns)

    def test_is_held_to_the_very_time_from_then_on(self, walker: Walker) -> None:
        walker.write("a.bin")
        walker.look()
        walker.write("a.bin")
        walker.look()
        assert walker.state() is State.FAILED
        assert walker.file_states()["a.bin"] is FileState.CHANGED

    def test_needs_a_person_where_a_file_is_newer_than_the_copy(self, walker: Walker) -> None:
        path = walker.write("a.bin")
        later = walker.disk[path].mtime_ns + 2 * SECOND
        walker.disk[path] = type(walker.disk[path])(path, 10, later, 1, 1)
        walker.look()
        assert walker.state() is State.FAILED
        assert "the archive's copy 1970-01-01 00:00:01" in walker.dataset().reason

    def test_needs_a_person_where_sizes_differ(self, walker: Walker) -> None:
        walker.write("a.bin", 11)
        walker.look()
        assert walker.file_states()["a.bin"] is FileState.CHANGED

    def test_sends_what_is_new(self, walker: Walker) -> None:
        for name in ("a.bin", "b.bin", "c.bin"):
            walker.write(name)
        walker.look()
        assert walker.state() is State.SETTLING
        walker.settle()
        batch = walker.plan()
        assert [each.path for each in walker.store.batch_files(batch.id)] == [f"{G0}/c.bin"]
        walker.send(batch)
        walker.prove(batch)
        walker.end(batch)
        assert walker.state() is State.ARCHIVED
        assert walker.store.archived_totals() == {LOCATION: (3, 30)}

    def test_need_not_have_the_files_at_all(self, walker: Walker) -> None:
        for _ in range(3):
            walker.look()
        assert walker.state() is State.ARCHIVED
        assert set(walker.file_states().values()) == {FileState.ARCHIVED}


class TestAFilledCatalogue:
    def test_agrees(self, walker: Walker) -> None:
        archived(walker, "a.bin", "b.bin")
        assert walker.list({"a.bin": 10, "b.bin": 10}) is False
        assert walker.in_both() == 2
        assert sum(walker.store.finding_counts(walker.walk.id).values()) == 0

    def test_gets_what_it_did_not_know_of(self, walker: Walker) -> None:
        archived(walker, "a.bin")
        walker.list({"a.bin": 10, "z.bin": 5})
        assert walker.state() is State.ARCHIVED
        assert walker.dataset().bytes == 15
        assert walker.store.archived_totals() == {LOCATION: (2, 15)}

    def test_calls_a_file_missing_after_a_second_look(self, walker: Walker) -> None:
        archived(walker, "a.bin", "b.bin")
        assert walker.list({"a.bin": 10}) is True
        assert walker.file_states() == {"a.bin": FileState.ARCHIVED, "b.bin": FileState.MISSING}
        assert walker.state() is State.FAILED
        assert walker.dataset().reason == (
            f"{G0}/b.bin is not in the archive any more, where it was proved with 10 bytes"
        )
        assert (walker.told(Kind.CATALOGUE), walker.in_both()) == (["b.bin"], 1)
        assert walker.store.archived_totals() == {LOCATION: (1, 10)}

    def test_changes_nothing_after_one_look(self, walker: Walker) -> None:
        archived(walker, "a.bin")
        walker.meet("SC011", subfolders=[G0])
        folder = ListedFolder(folder=G0, listed_at=walker.now, root_key=ROOT, recording=recording())
        assert walker.store.take_listing(walker.walk, folder, walker.now)
        assert walker.file_states() == {"a.bin": FileState.ARCHIVED}
        assert walker.store.folders_to_list(walker.walk.id, 9, again=True) == [(G0, True)]
        assert walker.store.folders_to_list(walker.walk.id, 9, again=False) == []

    def test_says_that_a_file_is_different(self, walker: Walker) -> None:
        archived(walker, "a.bin")
        walker.list({"a.bin": 9})
        assert walker.file_states() == {"a.bin": FileState.DIFFERENT}
        assert walker.state() is State.FAILED
        [found] = walker.store.findings(walker.walk.id, Kind.DIFFERENT, 10)
        assert (found.size, found.known_size) == (9, 10)

    def test_is_not_archived_by_who_judged_it_before_the_file_was_missing(
        self, walker: Walker
    ) -> None:
        archived(walker, "a.bin")
        added = walker.write("b.bin")
        walker.look()
        walker.remove(added)
        walker.look()
        walker.look()
        assert walker.state() is State.SETTLING
        walker.list({})
        assert walker.file_states() == {"a.bin": FileState.MISSING, "b.bin": FileState.GONE}
        move = (State.SETTLING, State.ARCHIVED, Reason.PROVED, "everything in it has a receipt")
        assert not walker.store.move(walker.dataset().id, *move, walker.now)
        assert walker.state() is State.SETTLING

    def test_is_in_order_again_when_the_file_is_back(self, walker: Walker) -> None:
        archived(walker, "a.bin", "b.bin")
        walker.list({"a.bin": 9})
        walker.again()
        assert [each.key for each in walker.store.alarms()] == [f"missing:{LOCATION}"]
        walker.list({"a.bin": 10, "b.bin": 10})
        walker.again()
        assert walker.state() is State.ARCHIVED
        assert set(walker.file_states().values()) == {FileState.ARCHIVED}
        assert walker.store.alarms() == []
        assert walker.store.archived_totals() == {LOCATION: (2, 20)}
        assert walker.files()["a.bin"].checksum is not None, "the first proof still counts"

    def test_waits_for_the_last_file_to_be_back(self, walker: Walker) -> None:
        archived(walker, "a.bin", "b.bin")
        walker.list({})
        walker.again()
        walker.list({"a.bin": 10})
        assert walker.state() is State.FAILED
        assert walker.dataset().reason.startswith(f"{G0}/b.bin is not in the archive")

    def test_never_calls_missing_what_travels_or_was_just_proved(self, walker: Walker) -> None:
        walker.ready("a.bin")
        batch = walker.plan()
        walker.send(batch)
        walker.list({})
        assert walker.file_states() == {"a.bin": FileState.TRAVELLING}
        asked = walker.now
        walker.again()
        walker.prove(batch)
        walker.end(batch)
        walker.meet("SC011", subfolders=[G0])
        for again in (False, True):
            seen = ListedFolder(
                folder=G0, listed_at=asked, root_key=ROOT, recording=recording(), again=again
            )
            walker.store.take_listing(walker.walk, seen, walker.now)
        assert walker.file_states() == {"a.bin": FileState.ARCHIVED}
        assert walker.store.finding_counts(walker.walk.id)[Kind.CATALOGUE] == 0

    def test_is_left_alone_by_an_archive_that_is_not_believed(self, walker: Walker) -> None:
        archived(walker, "a.bin")
        walker.list({}, believed=False)
        assert walker.told(Kind.CATALOGUE) == ["a.bin"]
        assert (walker.state(), walker.file_states()["a.bin"]) == (
            State.ARCHIVED,
            FileState.ARCHIVED,
        )

    def test_is_left_alone_by_a_dry_run(self, walker: Walker) -> None:
        archived(walker, "a.bin", "b.bin")
        walker.again(dry_run=True)
        walker.list({"a.bin": 9})
        assert (walker.told(Kind.DIFFERENT), walker.told(Kind.CATALOGUE)) == (["a.bin"], ["b.bin"])
        assert walker.state() is State.ARCHIVED

    def test_keeps_what_a_convention_no_longer_knows(self, walker: Walker) -> None:
        archived(walker, "a.bin")
        walker.list({"a.bin": 10, "new.bin": 1}, recognised=False, why_not="not known")
        assert (walker.in_both(), walker.told(Kind.UNRECOGNISED)) == (1, ["new.bin"])

    def test_hears_of_folders_that_are_gone_as_a_whole(self, walker: Walker) -> None:
        walker.ready("imec0/a.bin", "b.bin")
        walker.archive()
        walker.later(minutes=1)
        walker.meet("SC011")
        assert walker.store.note_absent_folders(walker.walk) == 2
        assert walker.store.note_absent_folders(walker.walk) == 0
        assert sorted(walker.store.folders_to_list(walker.walk.id, 9, again=True)) == [
            (G0, True),
            (f"{G0}/imec0", True),
        ]

    def test_knows_nothing_of_what_lies_in_folders_that_are_refused(self, walker: Walker) -> None:
        archived(walker, "a.bin")
        walker.store.refuse_folder(walker.walk.id, "SC011", "not permitted")
        assert walker.store.note_absent_folders(walker.walk) == 0
        assert walker.store.refused_folders(walker.walk.id, 9) == [("SC011", "not permitted")]

    def test_is_asked_only_about_what_lies_below(self, walker: Walker) -> None:
        walker.ready("a.bin")
        walker.ready("b.bin", dataset=G1)
        walker.archive(G0, G1)
        walker.again()
        walker.begin(below=G1)
        walker.meet(G1)
        assert walker.store.note_absent_folders(walker.walk) == 0
        walker.begin(below="SC011")
        walker.meet("SC011")
        assert walker.store.note_absent_folders(walker.walk) == 2


class TestWhatIsStillToBeSent:
    def test_is_archived_where_the_archive_has_it(self, walker: Walker) -> None:
        walker.ready("a.bin", "b.bin")
        walker.list({"a.bin": 10, "b.bin": 10})
        assert walker.state() is State.ARCHIVED
        assert walker.told(Kind.ADOPTED) == ["a.bin", "b.bin"]
        file = walker.files()["a.bin"]
        assert (file.proof, file.archived_mtime_ns) == ("listing", file.mtime_ns)
        assert walker.store.archived_totals() == {LOCATION: (2, 20)}
        walker.look()
        assert walker.state() is State.ARCHIVED

    def test_goes_on_where_the_archive_has_a_part(self, walker: Walker) -> None:
        walker.ready("a.bin", "b.bin")
        walker.list({"a.bin": 10})
        assert walker.state() is State.READY
        batch = walker.plan()
        assert [each.path for each in walker.store.batch_files(batch.id)] == [f"{G0}/b.bin"]

    def test_is_archived_out_of_a_conflict(self, walker: Walker) -> None:
        walker.ready("a.bin")
        walker.store.set_apart(
            [walker.files()["a.bin"].id], "the archive has it", walker.now, fault="conflict"
        )
        assert walker.state() is State.FAILED
        walker.list({"a.bin": 10})
        assert walker.state() is State.ARCHIVED
        assert walker.store.events(name=NAME)[-1].move is Reason.DISCOVERED

    def test_stays_in_conflict_with_something_else(self, walker: Walker) -> None:
        walker.ready("a.bin")
        walker.store.set_apart(
            [walker.files()["a.bin"].id], "the archive has it", walker.now, fault="conflict"
        )
        walker.list({"a.bin": 11})
        assert walker.state() is State.FAILED
        assert walker.told(Kind.DIFFERENT) == ["a.bin"]

    def test_stays_held(self, walker: Walker) -> None:
        walker.ready("a.bin")
        walker.store.hold([NAME], walker.now, user="anna")
        walker.list({"a.bin": 10})
        assert walker.state() is State.HELD
        walker.store.release([NAME], walker.now, user="anna")
        assert walker.state() is State.SETTLING

    def test_is_sent_all_the_same_where_a_person_wants_that(self, walker: Walker) -> None:
        walker.ready("a.bin")
        batch = walker.plan()
        [file] = walker.store.batch_files(batch.id)
        walker.store.release_files(
            batch.id, [file.file_id], walker.now, fault="conflict", reason="it is there"
        )
        walker.end(batch)
        walker.store.accept([NAME], walker.now, user="anna")
        walker.list({"a.bin": 10})
        assert (walker.state(), walker.file_states()) == (
            State.READY,
            {"a.bin": FileState.PENDING},
        )

    def test_is_archived_where_all_of_it_left_the_rig_before(self, walker: Walker) -> None:
        walker.ready("a.bin")
        walker.remove(f"{G0}/a.bin")
        walker.look()
        walker.look()
        assert walker.state() is State.FAILED
        walker.list({"a.bin": 10})
        assert (walker.state(), walker.dataset().files) == (State.ARCHIVED, 1)

    def test_is_registered_where_it_left_the_rig_before(self, walker: Walker) -> None:
        walker.ready("a.bin", "b.bin")
        walker.remove(f"{G0}/a.bin")
        walker.look()
        walker.look()
        assert walker.file_states()["a.bin"] is FileState.GONE
        walker.list({"a.bin": 12})
        file = walker.files()["a.bin"]
        assert (file.state, file.size, file.proof) == (FileState.ARCHIVED, 12, "listing")


class TestAWalk:
    def test_is_gone_on_with(self, walker: Walker) -> None:
        assert walker.begin() == walker.store.discovery(walker.walk.id)
        assert walker.store.folders_to_list(walker.walk.id, 9, again=False) == [("SC011", False)]

    def test_begins_anew_where_that_is_wanted(self, walker: Walker) -> None:
        walker.list({"a.bin": 10})
        walker.begin(restart=True)
        assert walker.told(Kind.ARCHIVE) == []
        assert walker.store.folders_to_list(walker.walk.id, 9, again=False) == [("", False)]

    def test_is_another_one_with_another_purpose(self, walker: Walker) -> None:
        numbers = {
            walker.begin().id,
            walker.begin(dry_run=True).id,
            walker.begin(below="SC011").id,
        }
        assert len(numbers) == 3

    def test_that_has_ended_is_forgotten_by_the_next(self, walker: Walker) -> None:
        walker.list({"a.bin": 10})
        walker.again()
        assert walker.told(Kind.ARCHIVE) == []
        assert walker.state() is State.ARCHIVED, "the catalogue is not"

    def test_takes_no_folder_twice(self, walker: Walker) -> None:
        archived(walker, "a.bin")
        walker.list({"a.bin": 10})
        walker.list({"a.bin": 10})
        assert walker.in_both() == 1

    def test_counts_its_folders(self, walker: Walker) -> None:
        walker.meet("SC011", subfolders=[G0, G1])
        walker.store.refuse_folder(walker.walk.id, G1, "no")
        counts = walker.store.folder_counts(walker.walk.id)
        assert (counts.done, counts.refused, counts.left) == (2, 1, 1)

    def test_knows_what_leads_to_a_dataset(self, walker: Walker) -> None:
        walker.ready("a.bin")
        known = walker.store.knows_below
        assert known(LOCATION, "SC011")
        assert known(LOCATION, G0)
        assert not known(LOCATION, "SC01")
        assert not known(LOCATION, G0 + "/imec0")
        assert not known("raw-video", "SC011")


@pytest.fixture
def other_rig(server_address: str) -> Iterator[tuple[Walker, Walker]]:
    """Two rigs that share a store."""
    with (
        Store.open(server_address, rig="rig-1", create=True, now=NOON) as first,
        Store.open(server_address, rig="rig-2", create=True, now=NOON) as second,
    ):
        yield Walker(first), Walker(second)


def test_what_another_rig_has_is_not_doubled(other_rig: tuple[Walker, Walker]) -> None:
    first, second = other_rig
    first.ready("a.bin")
    first.archive()
    second.now = first.now + timedelta(minutes=1)
    for folder, subfolders in (("", ["SC011"]), ("SC011", [G0])):
        second.meet(folder, subfolders=subfolders)
    second.list({"a.bin": 10, "b.bin": 7})
    assert (second.in_both(), second.told(Kind.ARCHIVE)) == (1, ["b.bin"])
    assert second.store.names() == []
    assert set(first.files()) == {"a.bin"}


def test_what_another_rig_archived_is_not_called_missing(
    other_rig: tuple[Walker, Walker],
) -> None:
    first, second = other_rig
    first.ready("a.bin")
    first.archive()
    second.now = first.now + timedelta(minutes=1)
    second.meet("", subfolders=["SC011"])
    assert second.list({}) is False
    assert second.store.note_absent_folders(second.walk) == 0
    assert second.store.finding_counts(second.walk.id)[Kind.CATALOGUE] == 0
    assert first.file_states() == {"a.bin": FileState.ARCHIVED}


class TestWhatWasLost:
    """Persons decide about it."""

    @pytest.fixture(autouse=True)
    def lost(self, walker: Walker) -> None:
        archived(walker, "a.bin", "b.bin", "c.bin")
        walker.list({"a.bin": 10, "c.bin": 4})
        walker.again()

    def leave_rig(self, walker: Walker, *names: str) -> None:
        walker.remove(*(f"{G0}/{name}" for name in names))
        walker.look()

    def retry(self, walker: Walker) -> None:
        walker.store.retry([NAME], walker.now, user="anna")

    def accept(self, walker: Walker) -> None:
        walker.store.accept([NAME], walker.now, user="anna")

    def test_is_sent_again_from_the_rig(self, walker: Walker) -> None:
        self.retry(walker)
        assert walker.state() is State.SETTLING
        assert walker.file_states() == {
            "a.bin": FileState.ARCHIVED,
            "b.bin": FileState.PENDING,
            "c.bin": FileState.DIFFERENT,
        }
        walker.look()
        assert walker.file_states()["b.bin"] is FileState.PENDING, "a look must not archive it"
        walker.settle()
        batch = walker.plan()
        [file] = walker.store.batch_files(batch.id)
        assert (file.path, file.overwrite, file.submitted) == (f"{G0}/b.bin", False, 0)
        walker.send(batch)
        walker.prove(batch)
        walker.end(batch)
        assert walker.state() is State.FAILED, "one file is different still"
        assert walker.dataset().reason.startswith(f"{G0}/c.bin has 4 bytes in the archive")
        assert walker.store.archived_totals() == {LOCATION: (2, 20)}

    def test_cannot_be_sent_where_the_rig_does_not_have_it(self, walker: Walker) -> None:
        self.leave_rig(walker, "b.bin", "c.bin")
        with pytest.raises(MoveRefusedError, match="can be sent again"):
            self.retry(walker)
        assert walker.file_states()["b.bin"] is FileState.MISSING

    def test_is_replaced_by_what_is_on_the_rig_once_accepted(self, walker: Walker) -> None:
        self.accept(walker)
        assert (walker.state(), walker.dataset().revision) == (State.READY, 2)
        batch = walker.plan()
        travels = {each.path: each.overwrite for each in walker.store.batch_files(batch.id)}
        assert travels == {f"{G0}/b.bin": False, f"{G0}/c.bin": True}
        walker.send(batch)
        walker.prove(batch)
        walker.end(batch)
        assert walker.state() is State.ARCHIVED
        assert walker.store.archived_totals() == {LOCATION: (3, 30)}
        assert walker.store.alarms() == []

    def test_is_given_up_once_accepted_where_nobody_has_it(self, walker: Walker) -> None:
        self.leave_rig(walker, "b.bin", "c.bin")
        self.accept(walker)
        assert walker.state() is State.ARCHIVED
        assert walker.file_states() == {
            "a.bin": FileState.ARCHIVED,
            "b.bin": FileState.GONE,
            "c.bin": FileState.ARCHIVED,
        }
        assert (walker.dataset().bytes, walker.store.archived_totals()) == (
            14,
            {LOCATION: (2, 14)},
        )
        assert walker.store.alarms() == []
        for _ in range(2):
            walker.look()
        assert walker.state() is State.ARCHIVED
        assert walker.list({"a.bin": 10, "c.bin": 4}) is False

    def test_is_not_written_over_where_it_comes_back_at_both_ends(self, walker: Walker) -> None:
        self.leave_rig(walker, "b.bin")
        self.accept(walker)
        assert walker.file_states()["b.bin"] is FileState.GONE
        walker.write("b.bin", 3)
        walker.look()
        walker.settle()
        batch = walker.plan()
        travels = [
            (each.path, each.overwrite, each.submitted)
            for each in walker.store.batch_files(batch.id)
        ]
        assert (f"{G0}/b.bin", False, 0) in travels, "the archive is not asked what it has by now"

    def test_is_not_called_archived_where_all_of_it_was_given_up(self, walker: Walker) -> None:
        walker.list({})
        self.leave_rig(walker, "a.bin", "b.bin", "c.bin")
        self.accept(walker)
        assert walker.state() is State.HELD
        assert set(walker.file_states().values()) == {FileState.GONE}
        assert walker.store.archived_totals() == {LOCATION: (0, 0)}

    def test_stays_what_it_is_whatever_a_look_sees(self, walker: Walker) -> None:
        walker.write("b.bin", 12)
        walker.write("c.bin", 10)
        walker.look()
        assert walker.file_states() == {
            "a.bin": FileState.ARCHIVED,
            "b.bin": FileState.MISSING,
            "c.bin": FileState.DIFFERENT,
        }
        assert walker.files()["b.bin"].size == 12, "what is on the rig is noted"
        assert walker.files()["b.bin"].reason.startswith("is not in the archive")

    def test_is_an_alarm_until_the_last_file_is_in_order(self, walker: Walker) -> None:
        [alarm] = walker.store.alarms()
        assert alarm.key == f"missing:{LOCATION}"
        assert alarm.message == (
            f"2 files of 1 dataset that were archived at {LOCATION} are missing there or not as "
            f"they were; the first is {G0}/b.bin"
        )

    def test_does_not_stop_what_is_new(self, walker: Walker) -> None:
        walker.write("d.bin")
        walker.look()
        assert walker.state() is State.SETTLING
        walker.settle()
        walker.archive()
        assert walker.state() is State.FAILED
        assert walker.file_states()["d.bin"] is FileState.ARCHIVED


def test_two_rigs_that_discover_at_once_do_not_both_register(
    other_rig: tuple[Walker, Walker],
) -> None:
    names = [f"SC011/catgt_SC011_022319_g{number}" for number in range(20)]
    together = threading.Barrier(2)
    failures: list[BaseException] = []

    def discover(walker: Walker) -> None:
        try:
            for name in names:
                together.wait(20)
                walker.list({"a.bin": 10}, name)
        except BaseException as error:
            failures.append(error)
            raise

    threads = [threading.Thread(target=discover, args=(each,)) for each in other_rig]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(50)

    assert failures == []
    found = [name for walker in other_rig for name in walker.store.names()]
    assert sorted(found) == sorted(f"{LOCATION}/{name}" for name in names)


def test_a_folder_costs_what_is_in_it_however_large_its_dataset_is(tmp_path: Path) -> None:
    with Store.open(str(tmp_path / "a.db"), rig="rig-1", create=True, now=NOON) as store:
        walker = Walker(store)
        connection = store._door.database.connection()

        def steps(folder: str) -> int:
            """How many instructions SQLite runs for one more folder of the dataset, in hundreds."""
            taken = [0]

            def count() -> bool:
                taken[0] += 1
                return False

            connection.set_progress_handler(count, 100)
            walker.list({"x.bin": 1}, f"{G0}/{folder}", dataset=G0)
            connection.set_progress_handler(None, 0)
            return taken[0]

        steps("first")
        small = steps("small")
        walker.list({f"{number}.bin": 1 for number in range(3_000)}, f"{G0}/many", dataset=G0)
        assert 0 < steps("later") < 2 * small + 10
        assert (walker.dataset().files, walker.dataset().bytes) == (3_003, 3_003)


def test_a_walk_that_others_ended_and_removed_is_gone_for_who_still_takes_part_in_it(
    store: Store,
) -> None:
    """Its number may be another walk's by now, to which what is still said of this one does not belong."""
    mine = store.begin_discovery("raw-ephys", "", NOON, dry_run=False, restart=False)
    store.end_discovery(mine.id, NOON)
    later = NOON + timedelta(hours=1)
    store.begin_discovery("raw-ephys", "", later, dry_run=False, restart=False)

    for say in (
        lambda: store.insist_on_walk(mine),
        lambda: store.take_listing(
            mine, ListedFolder(folder="", listed_at=NOON, root_key="/"), NOON
        ),
    ):
        with pytest.raises(WalkGoneError):
            say()
