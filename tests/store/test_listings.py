"""A listing is believed only where a comparison would find nothing: what is noted when, and what makes it forgotten."""

from __future__ import annotations

from dataclasses import replace

import pytest

from archived.core.lifecycle import Reason, State
from archived.core.model import FileState
from archived.store import FolderSighting, LookSummary, Store
from tests.store.bench import FILE_TYPE, G0, LOCATION, ROOT, Bench, listing_of, recording
from tests.store.test_discoveries import Walker
from tests.store.test_recorded import record, recorded_file, take


def listing(bench: Bench, folder: str = G0, root: str = ROOT) -> str | None:
    """The digest by which a folder is known, if it is."""
    known = bench.store.known_folders(root).get(folder)
    return None if known is None else known.listing


def archived(bench: Bench, *names: str) -> str | None:
    """A dataset of these files that is archived and was looked at since; the listing of its folder."""
    bench.ready(*names)
    bench.archive()
    bench.sight()
    return listing(bench)


def test_the_listing_of_an_archived_folder_is_noted_by_the_first_look_that_finds_nothing_new(
    bench: Bench,
) -> None:
    bench.ready("a.bin")
    bench.sight()
    bench.archive()
    assert listing(bench) is None

    bench.sight()

    assert listing(bench) == listing_of(bench.disk.values())


def test_the_listing_of_a_folder_in_which_something_differed_is_not_noted(bench: Bench) -> None:
    archived(bench, "a.bin", "b.bin")

    bench.remove(f"{G0}/b.bin")
    bench.sight()

    assert bench.state() is State.ARCHIVED
    assert listing(bench) is None
    bench.sight()
    assert listing(bench) == listing_of(bench.disk.values())


def test_a_dataset_that_is_archived_no_more_is_compared_when_it_is_again(bench: Bench) -> None:
    archived(bench, "a.bin")
    dataset = bench.dataset()

    bench.store.move(
        dataset.id, State.ARCHIVED, State.FAILED, Reason.NEEDS_A_PERSON, "odd", bench.now
    )
    bench.store.retry([dataset.name], bench.now, user="somebody")
    bench.store.move(
        dataset.id, State.SETTLING, State.ARCHIVED, Reason.PROVED, "all of it", bench.now
    )

    assert bench.store.known_folders(ROOT)[G0].mtime_ns == 1
    assert listing(bench) is None


def test_every_folder_of_a_dataset_is_compared_when_one_of_them_brought_news(bench: Bench) -> None:
    archived(bench, "a.bin", "imec0/b.bin")
    assert listing(bench, f"{G0}/imec0") is not None

    bench.write("imec0/c.bin")
    bench.sight()
    bench.settle()
    bench.archive()

    assert listing(bench) is None
    assert listing(bench, f"{G0}/imec0") is None


def test_what_a_look_at_one_dataset_finds_makes_its_listings_forgotten(bench: Bench) -> None:
    archived(bench, "a.bin", "b.bin")
    dataset = bench.dataset()
    gone = bench.disk.pop(f"{G0}/b.bin")

    # As where the dataset was archived while it was looked at.
    bench.store.refresh(
        dataset,
        bench.disk,
        lambda _path: FILE_TYPE,
        bench.store.known_before(dataset).newest,
        bench.now,
    )

    assert bench.state() is State.ARCHIVED
    assert listing(bench) is None
    bench.disk[gone.path] = gone
    bench.sight()
    assert not any(each.missing for each in bench.store._known_files(bench.dataset()))


def test_a_record_that_tells_of_another_time_has_the_folder_compared(store: Store) -> None:
    walker = Walker(store)
    walker.meet("", subfolders=["SC011"])
    walker.meet("SC011", subfolders=[G0])
    walker.list({"a.bin": 10})
    walker.write("a.bin")
    walker.sight()
    walker.sight()
    assert listing(walker) is not None

    take(walker, record(recorded_file()))

    assert walker.state() is State.ARCHIVED
    assert listing(walker) is None
    walker.sight()
    assert walker.file_states() == {"a.bin": FileState.CHANGED}


def test_files_that_the_archive_lost_have_their_folders_compared(store: Store) -> None:
    walker = Walker(store)
    archived(walker, "a.bin", "b.bin")
    walker.later(minutes=1)

    walker.meet("", subfolders=["SC011"])
    walker.meet("SC011", subfolders=[G0])
    walker.list({"a.bin": 10})

    assert walker.state() is State.FAILED
    assert listing(walker) is None


def test_files_that_are_found_in_the_archive_alone_change_nothing_that_a_look_compares(
    store: Store,
) -> None:
    walker = Walker(store)
    before = archived(walker, "a.bin")

    walker.meet("", subfolders=["SC011"])
    walker.meet("SC011", subfolders=[G0])
    walker.list({"a.bin": 10, "b.bin": 10})

    assert walker.files().keys() == {"a.bin", "b.bin"}
    assert listing(walker) == before is not None


def elsewhere(bench: Bench, root: str) -> None:
    """A look at the same files below another root."""
    seen = tuple((each, FILE_TYPE) for each in bench.disk.values())
    sighting = FolderSighting(
        root, LOCATION, recording(), G0, 1, (), seen, listing=listing_of(bench.disk.values())
    )
    bench.store.sight([sighting], bench.now)


def test_a_dataset_that_lies_below_another_root_is_compared_below_the_first_one_again(
    bench: Bench,
) -> None:
    archived(bench, "a.bin")

    elsewhere(bench, "/elsewhere")

    assert listing(bench) is None
    assert listing(bench, root="/elsewhere") is not None
    bench.sight()
    assert listing(bench, root="/elsewhere") is None


def test_a_dataset_that_is_described_otherwise_is_compared_in_all_its_folders(bench: Bench) -> None:
    archived(bench, "a.bin", "imec0/b.bin")
    seen = tuple((bench.disk[each], FILE_TYPE) for each in [f"{G0}/a.bin"])

    other = replace(recording(), fields={"run": "7"})
    bench.store.sight([FolderSighting(ROOT, LOCATION, other, G0, 1, (), seen)], bench.now)

    assert bench.dataset().fields == {"run": "7"}
    assert listing(bench, f"{G0}/imec0") is None


def test_a_folder_of_which_not_everything_was_given_has_no_listing(bench: Bench) -> None:
    archived(bench, "a.bin")
    seen = tuple((each, FILE_TYPE) for each in bench.disk.values())

    bench.store.sight([FolderSighting(ROOT, LOCATION, recording(), G0, 1, (), seen)], bench.now)

    assert G0 in bench.store.known_folders(ROOT)
    assert listing(bench) is None


def test_a_name_that_the_store_cannot_hold_is_told_of_by_every_look(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    archived(bench, "a.bin")
    door = bench.store._door
    monkeypatch.setattr(door, "kind", door.kind._replace(longest_name=100))
    bench.write("b" * 101)

    told = [bench.sight().too_long for _ in range(2)]

    assert [len(each) for each in told] == [1, 1]
    assert listing(bench) is None


def test_plain_folders_are_known_by_their_listings_and_forgotten_with_them(store: Store) -> None:
    store.sight_plain(ROOT, "notes", 5, ("old",), "f" * 32)
    store.sight([], store_now := Bench(store).now)
    assert store.known_folders(ROOT)["notes"].listing == "f" * 32
    store.sight_plain(ROOT, "notes", 5, ("old",))
    store.finish_look(ROOT, LookSummary({"notes"}, True), store_now)
    assert store.known_folders(ROOT)["notes"].listing is None
