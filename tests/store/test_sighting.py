"""What looks saw becomes datasets and files, and moves what it must."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from archived.core.lifecycle import State
from archived.core.model import Checksum, Dataset, FileStat, FileState, Recording
from archived.core.sighting import KnownFolder
from archived.store import FolderSighting, KnownBefore, Store
from tests.builders import NOON
from tests.store.bench import FILE_TYPE, G0, G1, LOCATION, ROOT, Bench, file_stat, recording


def sighting(*stats: FileStat, path: str = G0, **changes: object) -> FolderSighting:
    files = tuple((each, FILE_TYPE) for each in stats)
    made = FolderSighting(ROOT, LOCATION, recording(path), path, 7, ("imec0",), files)
    return replace(made, **changes)  # type: ignore[arg-type]


def test_a_new_recording_is_a_dataset_that_settles(bench: Bench) -> None:
    bench.write("a.bin", 12)
    bench.write("imec0/b.bin", 30)
    result = bench.sight()
    assert (result.datasets_new, result.files_new, result.moved) == (1, 2, [])
    dataset = bench.dataset()
    assert dataset.name == f"{LOCATION}/{G0}"
    assert (dataset.state, dataset.convention, dataset.h2o) == (State.SETTLING, "catgt", "SC011")
    assert (dataset.date, dataset.fields) == (date(2019, 2, 23), {"run": "0"})
    assert (dataset.files, dataset.bytes, dataset.first_seen) == (2, 42, bench.now)
    file = bench.files()["imec0/b.bin"]
    assert file.stat == bench.disk[f"{G0}/imec0/b.bin"]
    assert (file.file_type, file.state) == (FILE_TYPE, FileState.PENDING)


def test_a_folder_without_files_makes_no_dataset(store: Store) -> None:
    result = store.sight([sighting()], NOON)
    assert result.datasets_new == 0
    assert sum(store.counts().values()) == 0
    assert G0 not in store.known_folders(ROOT)


def test_a_look_that_finds_nothing_new_writes_nothing(bench: Bench) -> None:
    bench.write("a.bin")
    bench.sight()
    before = bench.dataset()
    bench.later(hours=1)
    result = bench.sight()
    assert (result.files_new, result.files_changed) == (0, 0)
    assert bench.dataset() == before


def test_quiet_time_starts_anew_with_every_change(bench: Bench) -> None:
    bench.write("a.bin")
    bench.sight()
    dataset = bench.dataset()
    bench.store.note(dataset.id, State.SETTLING, "not finished", bench.now.replace(year=2027))
    bench.later(minutes=9)
    bench.write("a.bin", 11)
    assert bench.sight().files_changed == 1
    dataset = bench.dataset()
    assert (dataset.changed_at, dataset.due, dataset.bytes) == (bench.now, None, 11)


def test_a_ready_dataset_that_changes_settles_again(bench: Bench) -> None:
    bench.ready("a.bin")
    bench.write("b.bin")
    result = bench.sight()
    assert result.moved == [(f"{LOCATION}/{G0}", State.READY, State.SETTLING)]
    assert bench.store.events()[-1].why == f"{G0}/b.bin is new"


def test_only_folders_that_were_seen_are_compared(bench: Bench) -> None:
    bench.write("a.bin")
    bench.write("imec0/b.bin")
    bench.sight()
    bench.remove(f"{G0}/imec0/b.bin")
    bench.later(minutes=1)
    # The folder imec0 is empty now and belongs to no sighting: nothing is known about it.
    bench.sight()
    assert bench.dataset().changed_at == NOON


def test_a_file_missing_from_a_folder_restarts_quiet_time_once(bench: Bench) -> None:
    bench.write("a.bin")
    bench.write("b.bin")
    bench.sight()
    bench.remove(f"{G0}/b.bin")
    bench.later(minutes=1)
    bench.sight()
    assert bench.dataset().changed_at == bench.now
    first = bench.now
    bench.later(minutes=1)
    bench.sight()
    assert bench.dataset().changed_at == first


def test_a_failed_dataset_that_changes_settles_without_its_past(bench: Bench) -> None:
    bench.ready("a.bin")
    batch = bench.plan()
    bench.submit(batch)
    bench.fail(batch, needs_person="quota exceeded")
    assert bench.dataset().attempts == 1
    bench.write("a.bin", 11)
    bench.sight()
    dataset = bench.dataset()
    assert (dataset.state, dataset.attempts, dataset.accepted) == (State.SETTLING, 0, False)


def test_a_held_dataset_takes_note_and_settles_when_released(bench: Bench) -> None:
    bench.ready("a.bin")
    bench.store.hold([f"{LOCATION}/{G0}"], bench.now, user="anna")
    bench.write("a.bin", 11)
    bench.sight()
    dataset = bench.dataset()
    assert (dataset.state, dataset.held_from) == (State.HELD, State.SETTLING)
    assert bench.files()["a.bin"].size == 11


def test_an_archived_file_that_changes_needs_a_person(bench: Bench) -> None:
    bench.ready("a.bin")
    bench.archive()
    bench.write("a.bin", 12)
    bench.sight()
    dataset = bench.dataset()
    assert dataset.state is State.FAILED
    assert dataset.reason == (
        f"{G0}/a.bin changed after it was archived: 12 bytes, was 10; "
        "accept archives it as a new revision"
    )
    file = bench.files()["a.bin"]
    assert (file.state, file.size, file.archived_size) == (FileState.CHANGED, 12, 10)


def test_an_archived_file_that_is_restored_is_archived_again(bench: Bench) -> None:
    path = bench.write("a.bin")
    kept = bench.disk[path]
    bench.sight()
    bench.settle()
    bench.archive()
    bench.write("a.bin", 12)
    bench.sight()
    bench.disk[path] = kept._replace(inode=99, ctime_ns=99)
    bench.sight()
    assert bench.file_states() == {"a.bin": FileState.ARCHIVED}
    assert bench.state() is State.SETTLING


def test_a_change_makes_what_the_program_noted_of_the_content_worthless(bench: Bench) -> None:
    path = bench.write("a.bin")
    bench.sight()
    bench.store.set_external_checksums(
        bench.dataset().id, {path: Checksum("SHA1", "0" * 40), "unknown": Checksum("SHA1", "1")}
    )
    assert bench.files()["a.bin"].external_checksum == Checksum("SHA1", "0" * 40)
    bench.write("a.bin", 11)
    bench.sight()
    assert bench.files()["a.bin"].external_checksum is None


def refresh(bench: Bench, before: Dataset, known: KnownBefore, *paths: str) -> tuple[bool, str]:
    """What a fresh look that saw these paths brings; `before` and `known` are from before it began."""
    seen = {path: bench.disk[path] for path in paths}
    return bench.store.refresh(before, seen, lambda _path: FILE_TYPE, known.newest, bench.now)


def before(bench: Bench) -> tuple[Dataset, KnownBefore]:
    dataset = bench.dataset()
    return dataset, bench.store.known_before(dataset)


def test_a_refresh_that_sees_the_same_does_not_differ(bench: Bench) -> None:
    path = bench.write("a.bin")
    bench.sight()
    dataset, known = before(bench)
    bench.later(minutes=1)
    assert refresh(bench, dataset, known, path) == (False, "")
    assert bench.dataset() == dataset


@pytest.mark.parametrize("name", ["a\udcff.bin", "back\\slash", "ü.bin", "sub/a.bin"])
def test_a_refresh_knows_every_file_again_by_whatever_name(bench: Bench, name: str) -> None:
    paths = [bench.write(name), bench.write("b.bin")]
    bench.sight()
    dataset, known = before(bench)
    bench.later(minutes=1)
    assert refresh(bench, dataset, known, *paths) == (False, "")
    assert bench.dataset() == dataset


@pytest.mark.parametrize("change", [{"mtime_ns": 8}, {"ctime_ns": 8}, {"inode": 8}, {"size": 8}])
def test_a_refresh_sees_every_difference(bench: Bench, change: dict[str, int]) -> None:
    path = bench.write("a.bin")
    bench.sight()
    dataset, known = before(bench)
    bench.later(minutes=1)
    bench.disk[path] = bench.disk[path]._replace(**change)
    assert refresh(bench, dataset, known, path) == (True, "")
    assert bench.dataset().changed_at == bench.now


def test_a_refresh_stores_what_differs(bench: Bench) -> None:
    path = bench.write("a.bin")
    bench.sight()
    dataset, known = before(bench)
    bench.later(minutes=1)
    bench.write("a.bin", 11)
    new = bench.write("b.bin")
    assert refresh(bench, dataset, known, path, new) == (True, "")
    assert bench.dataset().changed_at == bench.now
    assert {name: (file.size, file.file_type) for name, file in bench.files().items()} == {
        "a.bin": (11, FILE_TYPE),
        "b.bin": (bench.disk[new].size, FILE_TYPE),
    }


def test_a_refresh_tells_of_a_missing_file_as_a_difference_once(bench: Bench) -> None:
    path = bench.write("a.bin")
    bench.sight()
    assert refresh(bench, *before(bench)) == (True, path)
    assert refresh(bench, *before(bench)) == (False, path)


def test_a_refresh_sees_that_a_file_is_there_again(bench: Bench) -> None:
    path = bench.write("a.bin")
    bench.sight()
    refresh(bench, *before(bench))
    bench.later(minutes=1)
    assert refresh(bench, *before(bench), path) == (True, "")
    assert refresh(bench, *before(bench), path) == (False, "")


def test_a_refresh_of_what_another_look_changed_meanwhile_differs(bench: Bench) -> None:
    path = bench.write("a.bin")
    bench.sight()
    dataset, known = before(bench)
    bench.later(minutes=1)
    bench.write("a.bin", 11)
    bench.sight()
    assert refresh(bench, dataset, known, path) == (True, "")
    assert refresh(bench, *before(bench), path) == (False, "")


def test_a_refresh_does_not_overlook_what_became_known_meanwhile(bench: Bench) -> None:
    path = bench.write("a.bin")
    bench.sight()
    dataset, known = before(bench)
    new = bench.write("b.bin")
    bench.sight()
    assert refresh(bench, dataset, known, path) == (True, "")
    assert refresh(bench, *before(bench), path) == (True, new)


def test_a_refresh_takes_what_a_look_found_first_for_known(bench: Bench) -> None:
    path = bench.write("a.bin")
    bench.sight()
    _, known = before(bench)
    new = bench.write("b.bin")
    bench.sight()
    assert refresh(bench, bench.dataset(), known, path, new) == (False, "")


def test_a_judgement_knows_what_is_archived_of_a_dataset(bench: Bench) -> None:
    path = bench.write("a.bin")
    bench.sight()
    assert bench.store.known_before(bench.dataset()).archived == frozenset()
    bench.settle()
    bench.archive()
    bench.write("b.bin")
    bench.sight()
    assert bench.store.known_before(bench.dataset()).archived == {path}


def test_only_folders_of_archived_datasets_are_passed_over(bench: Bench) -> None:
    bench.ready("a.bin")
    assert G0 not in bench.store.known_folders(ROOT)
    bench.archive()
    assert bench.store.known_folders(ROOT)[G0] == KnownFolder(1, (), recording=True)
    bench.write("b.bin")
    bench.sight()
    assert G0 not in bench.store.known_folders(ROOT)


def test_folders_of_no_interest_are_passed_over_once_they_are_written(store: Store) -> None:
    store.sight_plain(ROOT, "lost", 5, ("a", "b\n\udce9"))
    store.sight([], NOON)
    assert store.known_folders(ROOT)["lost"] == KnownFolder(5, ("a", "b\n\udce9"))
    assert not store.known_folders("/other")
    store.sight_plain(ROOT, "lost", 6, ())
    store.sight([sighting()], NOON)
    assert store.known_folders(ROOT)["lost"] == KnownFolder(6, ())


def test_many_folders_of_no_interest_do_not_pile_up(store: Store) -> None:
    for number in range(1_000):
        store.sight_plain(ROOT, f"f{number}", 1, ())
    assert store.known_folders(ROOT)["f999"] == KnownFolder(1, ())


def test_a_plain_folder_that_becomes_a_recording_is_looked_at(store: Store) -> None:
    store.sight_plain(ROOT, G0, 7, ())
    store.sight([], NOON)
    store.sight([sighting(file_stat(f"{G0}/a.bin"))], NOON)
    assert G0 not in store.known_folders(ROOT)


@pytest.mark.parametrize(
    "name",
    [
        "with\nnewline.bin",
        "latin-\udce9.bin",
        "back\\slash\\xe9.bin",
        "\x1b[31mred.bin",
        "\u202egpj.exe",
        "é",
        "e\u0301",
        " ",
        "%s ? :1 {0}",
        "'; DROP TABLE file; --",
        "x" * 255,
    ],
)
def test_hostile_names_are_kept_as_they_are(bench: Bench, name: str) -> None:
    bench.write(name)
    bench.sight()
    bench.settle()
    bench.archive()
    assert list(bench.files()) == [name]
    assert bench.file_states() == {name: FileState.ARCHIVED}
    assert bench.sight().files_new == 0


def test_names_that_only_look_alike_are_different_files(bench: Bench) -> None:
    names = ["dl4", "DL4", "DL004", "é", "e\u0301", "\udcc3\udca9", "a ", "a"]
    for name in names:
        bench.write(name)
    bench.sight()
    assert set(bench.files()) == set(names)


def test_a_recording_in_the_root_itself_is_a_dataset(store: Store) -> None:
    stats = [file_stat("a.bin"), file_stat("/etc".strip("/"))]
    store.sight([sighting(*stats, path="", folder="")], NOON)
    dataset = store.dataset(f"{LOCATION}/")
    assert {each.path for each in store.files(dataset.id)} == {"a.bin", "etc"}


def test_a_file_outside_of_its_recordings_folder_keeps_its_path(store: Store) -> None:
    store.sight([sighting(file_stat("SC011/elsewhere.bin"))], NOON)
    assert [each.path for each in store.files(store.dataset(f"{LOCATION}/{G0}").id)] == [
        "SC011/elsewhere.bin"
    ]


def test_numbers_as_large_as_file_systems_have_them(store: Store) -> None:
    odd = FileStat(f"{G0}/a.bin", 2**62, 2**70, -(2**70), 2**64 - 1)
    store.sight([sighting(odd)], NOON)
    file = store.files(store.dataset(f"{LOCATION}/{G0}").id)[0]
    assert (file.size, file.mtime_ns, file.inode) == (2**62, 2**63 - 1, 2**64 - 1)
    assert store.sight([sighting(odd)], NOON).files_changed == 0


def test_a_path_beyond_every_limit_is_stored_or_reported(store: Store) -> None:
    long = f"{G0}/" + "/".join(["d" * 200] * 20)
    short = f"{G0}/a.bin"
    result = store.sight([sighting(file_stat(long), file_stat(short))], NOON)
    stored = {each.path for each in store.files(store.dataset(f"{LOCATION}/{G0}").id)}
    assert stored | {each.path for each in result.too_long} == {long, short}
    assert short in stored


def test_another_reading_of_a_name_is_followed(store: Store) -> None:
    stat = file_stat(f"{G0}/a.bin")
    store.sight([sighting(stat)], NOON)
    other = Recording("spikeglx", G0, "SC012", date(2019, 2, 24), "late", {})
    store.sight([sighting(stat, recording=other)], NOON)
    dataset = store.dataset(f"{LOCATION}/{G0}")
    assert (dataset.convention, dataset.h2o, dataset.ident) == ("spikeglx", "SC012", "late")
    assert dataset.changed_at == NOON


def test_datasets_of_one_look_do_not_mix(bench: Bench) -> None:
    bench.write("a.bin")
    bench.write("a.bin", dataset=G1)
    result = bench.sight()
    assert result.datasets_new == 2
    assert bench.dataset(G0).files == bench.dataset(G1).files == 1
