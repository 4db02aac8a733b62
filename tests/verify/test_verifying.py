"""What verifying finds out: sizes by listing, contents by reading or by a transfer, and nothing is ever changed."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from archived.core.discovery import Kind
from archived.core.lifecycle import State
from archived.core.model import FileState
from archived.core.verifying import Content, How, Verdict
from archived.store import Selector
from tests.verify.world import EPHYS, G0, G1, World, put

FILES = {"a.ap.bin": b"a" * 5000, "a.ap.meta": b"meta", "b.ap.bin": b"b" * 7000}


def test_what_is_as_catalogued_is_found_so_and_remembered(rig: World) -> None:
    rig.archived(G0, FILES)

    outcome = rig.verify()

    assert outcome.complete
    assert outcome.discovery.in_both == 3
    assert rig.found(outcome) == {}
    with rig.store() as store:
        known = store.verifications(store.dataset(f"{EPHYS}/{G0}").id)
    assert {each.how for each in known.values()} == {How.LISTING}
    assert {each.verdict for each in known.values()} == {Verdict.SAME}
    assert {each.content for each in known.values()} == {None}


def test_missing_and_truncated_files_are_drift(rig: World) -> None:
    rig.archived(G0, FILES)
    (rig.ephys / G0 / "a.ap.bin").unlink()
    put(rig.ephys / G0 / "b.ap.bin", b"b" * 6999)

    outcome = rig.verify()

    assert rig.found(outcome) == {Kind.CATALOGUE: ["a.ap.bin"], Kind.DIFFERENT: ["b.ap.bin"]}
    assert rig.states() == {
        "a.ap.bin": FileState.MISSING,
        "a.ap.meta": FileState.ARCHIVED,
        "b.ap.bin": FileState.DIFFERENT,
    }
    assert rig.dataset() is State.FAILED
    assert f"missing:{EPHYS}" in rig.alarms()


def test_what_is_put_back_is_in_order_again(rig: World) -> None:
    rig.archived(G0, FILES)
    (rig.ephys / G0 / "a.ap.bin").rename(rig.base / "aside")
    rig.verify()
    (rig.base / "aside").rename(rig.ephys / G0 / "a.ap.bin")

    outcome = rig.verify()

    assert rig.found(outcome) == {Kind.FOUND: ["a.ap.bin"]}
    assert rig.dataset() is State.ARCHIVED
    assert rig.alarms() == []


def test_a_listing_cannot_tell_other_content_of_the_same_size(rig: World) -> None:
    rig.archived(G0, FILES)
    rig.damage(f"{G0}/a.ap.bin")

    assert rig.found(rig.verify()) == {}


def test_deep_finds_a_damaged_file_of_the_same_size_and_time(rig: World) -> None:
    rig.archived(G0, FILES)
    rig.damage(f"{G0}/a.ap.bin")

    outcome = rig.verify(deep=True)

    assert rig.found(outcome) == {Kind.CONTENT: ["a.ap.bin"]}
    assert outcome.compared == 3
    assert outcome.discovery.in_both == 2
    assert rig.states()["a.ap.bin"] is FileState.DIFFERENT
    assert rig.dataset() is State.FAILED
    assert f"missing:{EPHYS}" in rig.alarms()
    assert not rig.scratch.exists()


def test_deep_finds_two_files_that_changed_places(rig: World) -> None:
    rig.archived(G0, {"a.ap.bin": b"a" * 900, "b.ap.bin": b"b" * 900})
    a, b = rig.ephys / G0 / "a.ap.bin", rig.ephys / G0 / "b.ap.bin"
    a.rename(rig.base / "aside")
    b.rename(a)
    (rig.base / "aside").rename(b)

    assert rig.found(rig.verify(deep=True)) == {Kind.CONTENT: ["a.ap.bin", "b.ap.bin"]}


def test_deep_compares_what_left_the_rig_with_its_checksum(rig: World) -> None:
    rig.archived(G0, FILES, on_rig=False)
    rig.damage(f"{G0}/b.ap.bin")

    outcome = rig.verify(deep=True)

    assert rig.found(outcome) == {Kind.CONTENT: ["b.ap.bin"]}
    assert outcome.compared == 3
    assert not rig.scratch.exists()


@pytest.mark.parametrize("algorithm", ["MD5", "SHA1", "SHA512"])
def test_contents_are_compared_in_the_algorithm_of_the_proof(
    directory: World, algorithm: str
) -> None:
    directory.archived(G0, FILES, algorithm=algorithm, on_rig=False)
    directory.damage(f"{G0}/b.ap.bin")

    outcome = directory.verify(deep=True)

    assert directory.found(outcome) == {Kind.CONTENT: ["b.ap.bin"]}
    assert algorithm in directory.reasons(outcome, Kind.CONTENT)[0]


def test_without_a_checksum_the_rigs_own_copy_decides(rig: World) -> None:
    rig.archived(G0, FILES, algorithm=None)
    rig.damage(f"{G0}/a.ap.bin")

    outcome = rig.verify(deep=True)

    assert rig.found(outcome) == {Kind.CONTENT: ["a.ap.bin"]}
    assert outcome.compared == 3


def test_a_copy_on_the_rig_that_changed_decides_nothing(rig: World) -> None:
    rig.archived(G0, {"a.ap.bin": b"a" * 900}, algorithm=None)
    (rig.root / G0 / "a.ap.bin").write_bytes(b"z" * 900)

    outcome = rig.verify(deep=True)

    assert rig.found(outcome) == {Kind.UNKNOWN: ["a.ap.bin"]}
    assert rig.dataset() is State.ARCHIVED


def test_what_nothing_is_known_of_is_noted_and_compared_the_next_time(directory: World) -> None:
    directory.archived(G0, {"a.ap.bin": b"a" * 900}, algorithm=None, on_rig=False)
    assert directory.found(directory.verify(deep=True)) == {Kind.UNKNOWN: ["a.ap.bin"]}
    assert directory.found(directory.verify(deep=True)) == {}
    directory.damage(f"{G0}/a.ap.bin")

    outcome = directory.verify(deep=True)

    assert directory.found(outcome) == {Kind.CONTENT: ["a.ap.bin"]}
    assert "when it was first looked at" in directory.reasons(outcome, Kind.CONTENT)[0]
    directory.damage(f"{G0}/a.ap.bin")  # mended: the same byte again
    assert directory.found(directory.verify(deep=True)) == {Kind.FOUND: ["a.ap.bin"]}


def test_what_nothing_is_known_of_is_not_brought(globus: World) -> None:
    globus.archived(G0, {"a.ap.bin": b"a" * 900}, algorithm=None, on_rig=False)

    outcome = globus.verify(deep=True)

    assert globus.found(outcome) == {Kind.UNKNOWN: ["a.ap.bin"]}
    assert globus.moved() == 0


def test_nothing_moves_where_contents_are_the_same(globus: World) -> None:
    globus.archived(G0, FILES)

    outcome = globus.verify(deep=True)

    assert outcome.compared == 3
    assert globus.moved() == 0
    with globus.store() as store:
        known = store.verifications(store.dataset(f"{EPHYS}/{G0}").id)
    assert {each.how for each in known.values()} == {How.TRANSFER}
    assert {each.content for each in known.values()} == {Content.SAME}


def test_the_archive_is_never_where_a_transfer_writes(globus: World) -> None:
    globus.archived(G0, FILES)
    globus.damage(f"{G0}/a.ap.bin")
    globus.verify(deep=True)
    assert globus.globus is not None

    assert {task["source_endpoint_id"] for task in globus.globus.tasks()} == {
        "5b875fda-4185-11e8-bb52-0ac6873fc732"
    }
    assert globus.moved() == 1


def test_a_rotten_copy_on_the_rig_does_not_make_the_archive_wrong(globus: World) -> None:
    globus.archived(G0, FILES)
    put(globus.root / G0 / "a.ap.bin", b"z" * 5000)  # same size, same time

    outcome = globus.verify(deep=True)

    assert globus.found(outcome) == {}
    assert globus.moved() == 1


def test_a_damaged_file_is_not_called_in_order_by_a_listing(rig: World) -> None:
    rig.archived(G0, FILES)
    rig.damage(f"{G0}/a.ap.bin")
    rig.verify(deep=True)

    outcome = rig.verify()

    assert rig.found(outcome) == {Kind.CONTENT: ["a.ap.bin"]}
    assert rig.states()["a.ap.bin"] is FileState.DIFFERENT


def test_a_damaged_file_that_vanished_and_came_back_is_still_damaged(rig: World) -> None:
    rig.archived(G0, FILES)
    rig.damage(f"{G0}/a.ap.bin")
    rig.verify(deep=True)
    file = rig.ephys / G0 / "a.ap.bin"
    file.rename(rig.base / "aside")
    rig.verify()
    assert rig.states()["a.ap.bin"] is FileState.MISSING
    (rig.base / "aside").rename(file)

    rig.verify()

    assert rig.states()["a.ap.bin"] is FileState.DIFFERENT


def test_a_mended_file_is_in_order_once_its_content_was_looked_at(rig: World) -> None:
    rig.archived(G0, FILES)
    rig.damage(f"{G0}/a.ap.bin")
    rig.verify(deep=True)
    rig.damage(f"{G0}/a.ap.bin")  # the same byte again

    outcome = rig.verify(deep=True)

    assert rig.found(outcome) == {Kind.FOUND: ["a.ap.bin"]}
    assert rig.dataset() is State.ARCHIVED
    assert rig.alarms() == []


def test_an_accepted_file_is_what_the_archive_has(rig: World) -> None:
    rig.archived(G0, FILES, on_rig=False)
    rig.damage(f"{G0}/a.ap.bin")
    rig.verify(deep=True)
    with rig.store() as store:
        store._door.change("UPDATE file SET missing = 1")
        store.accept(Selector(names=(f"{EPHYS}/{G0}",)), rig.now(), user="ada")

    rig.later += timedelta(seconds=2)

    assert rig.dataset() is State.ARCHIVED
    assert rig.found(rig.verify(deep=True)) == {}


def test_an_empty_archive_is_not_believed(rig: World) -> None:
    rig.archived(G0, FILES)
    (rig.ephys / "README").unlink()
    (rig.ephys / "SC011").rename(rig.base / "aside")

    outcome = rig.verify()

    assert outcome.empty
    assert set(rig.states().values()) == {FileState.ARCHIVED}
    assert f"verify:{EPHYS}" in rig.alarms()
    (rig.base / "aside").rename(rig.ephys / "SC011")
    rig.verify()
    assert rig.alarms() == []


def test_a_large_loss_at_once_is_not_believed_until_somebody_says_so(rig: World) -> None:
    rig.archived(G0, {f"{number}.ap.bin": b"x" * 9 for number in range(30)})
    for number in range(25):
        (rig.ephys / G0 / f"{number}.ap.bin").unlink()

    outcome = rig.verify()

    assert outcome.too_many
    assert set(rig.states().values()) == {FileState.ARCHIVED}
    rig.verify(believe=True)
    assert list(rig.states().values()).count(FileState.MISSING) == 25


def test_many_contents_that_differ_at_once_are_not_believed(rig: World) -> None:
    names = [f"{number:02}.ap.bin" for number in range(40)]
    rig.archived(G0, dict.fromkeys(names, b"x" * 9))
    for name in names:
        rig.damage(f"{G0}/{name}")

    outcome = rig.verify(deep=True)

    assert outcome.too_many
    assert len(rig.found(outcome)[Kind.CONTENT]) == 40
    assert FileState.DIFFERENT not in rig.states().values()
    assert f"verify:{EPHYS}" in rig.alarms()
    rig.verify(deep=True, believe=True)
    assert set(rig.states().values()) == {FileState.DIFFERENT}


def test_a_sample_is_held_against_itself(rig: World) -> None:
    """Of very many files a sample would never be a large part, however much of it is lost."""
    rig.archived(G1, {f"{number}.ap.bin": b"x" for number in range(300)})
    rig.archived(G0, {f"{number}.ap.bin": b"x" for number in range(30)})
    (rig.ephys / G0).rename(rig.base / "aside")
    everything = rig.verify()
    assert not everything.too_many
    with rig.store() as store:
        store._door.change("UPDATE file SET state = 'archived'")
        store._door.change("DELETE FROM verification")
        store._door.change(
            "INSERT INTO verification (file_id, rig_id, at, how, verdict, content) "
            "SELECT f.id, 1, 1, 'listing', 'as archived', '' FROM file f WHERE f.dataset_id = 1"
        )

    assert rig.verify(sample=30).too_many


def test_a_sample_takes_the_least_recently_verified_first(rig: World) -> None:
    rig.archived(G0, {"a.ap.bin": b"a"})
    rig.archived(G1, {"b.ap.bin": b"b"})

    seen = [rig.verify(sample=1).part.files[0].path for _ in range(4)]

    assert len(set(seen[:2])) == 2
    assert seen[2:] == seen[:2]


def test_a_sample_is_of_what_can_be_looked_at(rig: World) -> None:
    """Files of a location that is gone are never verified, and would be the first of every sample."""
    rig.archived(G0, {f"{number}.ap.bin": b"a" for number in range(5)})
    with rig.store() as store:
        store._door.change("UPDATE dataset SET location = 'gone'")
    rig.archived(G1, {"b.ap.bin": b"b"})

    for _ in range(3):
        assert [each.path for each in rig.verify(sample=1).part.files] == [f"{G1}/b.ap.bin"]


def test_files_that_can_be_compared_with_nothing_have_a_turn_and_not_every_turn(
    globus: World,
) -> None:
    globus.archived(G0, {"a.ap.bin": b"a"}, algorithm=None, on_rig=False)
    globus.archived(G1, {"b.ap.bin": b"b"})

    seen = [globus.verify(sample=1, deep=True).part.files[0].path for _ in range(4)]

    assert len(set(seen[:2])) == 2
    assert seen[2:] == seen[:2]
    with globus.store() as store:
        (looked,) = store.verifications(store.dataset(f"{EPHYS}/{G0}").id).values()
    assert looked.content_at is None


def test_what_was_verified_recently_is_passed_over(rig: World) -> None:
    rig.archived(G0, {"a.ap.bin": b"a"})
    rig.verify()
    rig.archived(G1, {"b.ap.bin": b"b"})

    outcome = rig.verify(not_since=rig.now() - timedelta(hours=1))

    assert [each.path for each in outcome.part.files] == [f"{G1}/b.ap.bin"]
    assert rig.verify_all(not_since=rig.now() - timedelta(hours=1)) == []
    assert rig.verify_all(not_since=rig.now() + timedelta(hours=1)) != []


def test_only_what_is_selected_is_listed(globus: World) -> None:
    globus.archived(G0, FILES)
    globus.archived(G1, {"b.ap.bin": b"b"})
    assert globus.globus is not None
    globus.verify(selector=Selector(h2o="SC012"))

    asked = [each for each in globus.globus.requests() if each.path.endswith("/ls")]

    assert len(asked) == 1


def test_only_types_of_files_that_are_selected_are_compared(rig: World) -> None:
    rig.archived(G0, FILES)
    rig.damage(f"{G0}/a.ap.bin")

    outcome = rig.verify(selector=Selector(file_type="*-meta"), deep=True)

    assert rig.found(outcome) == {}
    assert outcome.compared == 1


def test_nothing_new_is_registered_and_nothing_extra_told(rig: World) -> None:
    rig.archived(G0, FILES)
    put(rig.ephys / G0 / "new.ap.bin", b"new")
    put(rig.ephys / "SC013/catgt_SC013_022319_g0/x.bin", b"new")

    assert rig.found(rig.verify(deep=True)) == {}
    with rig.store() as store:
        assert [each.path for each in store.select(Selector())] == [G0]


def test_a_folder_that_cannot_be_listed_is_told_of_and_passed_over(globus: World) -> None:
    globus.archived(G0, {"a.ap.bin": b"a"})
    globus.archived(G1, {"b.ap.bin": b"b"})
    assert globus.globus is not None
    globus.globus.order("operation_denied", path=f"/ephys/{G0}")

    outcome = globus.verify()

    with globus.store() as store:
        refused = [path for path, _ in store.refused_folders(outcome.discovery.id, 10)]
    assert refused == [G0]
    assert outcome.discovery.in_both == 1
    assert set(globus.states().values()) == {FileState.ARCHIVED}


def test_a_file_in_the_place_of_a_folder_is_the_loss_of_what_was_in_it(rig: World) -> None:
    rig.archived(G0, {"a.ap.bin": b"a"})
    rig.archived(G1, {"b.ap.bin": b"b"})
    (rig.ephys / G0).rename(rig.base / "aside")
    put(rig.ephys / G0, b"no folder")

    assert rig.found(rig.verify()) == {Kind.CATALOGUE: ["a.ap.bin"]}
    assert rig.dataset() is State.FAILED
    assert f"missing:{EPHYS}" in rig.alarms()


def test_a_folder_behind_a_link_is_not_called_lost(directory: World) -> None:
    """Somebody moved it to another disk, it seems: it is not looked into, and nothing is said of it."""
    directory.archived(G0, {"a.ap.bin": b"a"})
    directory.archived(G1, {"b.ap.bin": b"b"})
    folder = directory.ephys / G0
    folder.rename(directory.base / "aside")
    folder.symlink_to(directory.base / "aside")

    outcome = directory.verify()

    with directory.store() as store:
        refused = [path for path, _ in store.refused_folders(outcome.discovery.id, 10)]
    assert refused == [G0]
    assert directory.found(outcome) == {}


def test_the_archives_own_manifest_is_held_against_it(directory: World) -> None:
    directory.archived(G0, {"a.ap.bin": b"a" * 10, "b.ap.bin": b"b"})
    place = directory.ephys / ".archived/v1" / G0
    put(place / "manifest-sha256.txt", b"0" * 64 + f"  {G0}/a.ap.bin\n".encode())

    outcome = directory.verify(deep=True)

    assert directory.found(outcome) == {Kind.MANIFEST: ["a.ap.bin"]}
    assert directory.dataset() is State.ARCHIVED


def test_a_manifest_that_cannot_be_read_is_told_of(directory: World) -> None:
    directory.archived(G0, {"a.ap.bin": b"a" * 10})
    put(directory.ephys / ".archived/v1" / G0 / "manifest-sha256.txt", b"\0" * 70)

    assert directory.found(directory.verify(deep=True)) == {Kind.MANIFEST: ["a.ap.bin"]}
    assert directory.dataset() is State.ARCHIVED


def test_a_manifest_is_enough_to_compare_with(directory: World, tmp_path: Path) -> None:
    directory.archived(G0, {"a.ap.bin": b"a" * 10}, algorithm=None, on_rig=False)
    place = directory.ephys / ".archived/v1" / G0
    put(place / "manifest-sha256.txt", b"0" * 64 + f"  {G0}/a.ap.bin\n".encode())

    assert directory.found(directory.verify(deep=True)) == {Kind.CONTENT: ["a.ap.bin"]}


def test_no_link_in_the_archive_is_followed(directory: World) -> None:
    directory.archived(G0, {"a.ap.bin": b"secret"})
    file = directory.ephys / G0 / "a.ap.bin"
    file.rename(directory.base / "elsewhere")
    file.symlink_to(directory.base / "elsewhere")

    assert directory.found(directory.verify(deep=True)) == {Kind.CATALOGUE: ["a.ap.bin"]}


def test_a_file_that_cannot_be_read_is_told_of_and_nothing_is_said_of_it(
    directory: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    from archived.core.formats import UnreadableError
    from archived.verify import reading

    real = reading.read_content

    def read(root: str, path: str, *rest: object, **options: object) -> object:
        if path.endswith("a.ap.bin") and root == str(directory.ephys):
            raise UnreadableError("Input/output error")
        return real(root, path, *rest, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(reading, "read_content", read)
    directory.archived(G0, FILES)

    outcome = directory.verify(deep=True)

    assert directory.found(outcome) == {Kind.UNREAD: ["a.ap.bin"]}
    assert outcome.compared == 2
    assert directory.dataset() is State.ARCHIVED
