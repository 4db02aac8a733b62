"""What is said of animals: by whom, who is believed, which recordings wait for it."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from archived.core.lifecycle import Reason, State
from archived.core.model import FileStat, Recording
from archived.core.subjects import Subject
from archived.store import FolderSighting, Selector, Store
from tests.builders import NOON
from tests.store.bench import LOCATION, ROOT

QUIET = timedelta(minutes=10)


def animals(**said: str) -> list[Subject]:
    return [Subject(subject, h2o) for h2o, subject in said.items()]


def known(store: Store) -> dict[str, str]:
    return {each.h2o: each.subject for each in store.subjects()}


def seen(store: Store, h2o: str | None, number: int = 0, file_type: str = "ephys-raw-meta") -> str:
    """One dataset of an animal, with a file of ten bytes; its name."""
    path = f"{h2o}/catgt_{h2o}_022319_g{number}"
    recording = Recording("catgt", path, h2o, date(2019, 2, 23))
    file = FileStat(f"{path}/a.meta", 10, 1, 1, 1)
    store.sight(
        [FolderSighting(ROOT, LOCATION, recording, path, 1, (), ((file, file_type),))], NOON
    )
    return f"{LOCATION}/{path}"


def chosen(store: Store, selector: Selector) -> list[str]:
    return [each.name for each in store.select(selector)]


def test_a_source_says_all_of_it_each_time(store: Store) -> None:
    first = store.replace_subjects("file", animals(SC001="1", SC002="2", SC003="3"), NOON)
    assert [each.h2o for each in first.added] == ["SC001", "SC002", "SC003"]

    second = store.replace_subjects("file", animals(SC001="1", SC002="22", SC004="4"), NOON)

    assert [each.h2o for each in second.added] == ["SC004"]
    assert second.changed == (("SC002", "2", "22"),)
    assert [each.h2o for each in second.removed] == ["SC003"]
    assert second.unchanged == 1
    assert known(store) == {"SC001": "1", "SC002": "22", "SC004": "4"}


def test_of_a_list_that_is_not_complete_nothing_goes(store: Store) -> None:
    store.replace_subjects("file", animals(SC001="1", SC002="2"), NOON)

    changes = store.replace_subjects("file", animals(SC002="22"), NOON, complete=False)

    assert not changes.removed
    assert known(store) == {"SC001": "1", "SC002": "22"}


def test_what_was_added_by_hand_stays(store: Store) -> None:
    store.add_subject(Subject("9", "SC009"), NOON)
    store.replace_subjects("file", animals(SC001="1"), NOON)

    store.replace_subjects("file", (), NOON)

    assert known(store) == {"SC009": "9"}


def test_by_hand_is_believed_first_then_the_file_then_the_database(store: Store) -> None:
    store.replace_subjects("datajoint", animals(SC001="3", SC002="3", SC003="3"), NOON)
    store.replace_subjects("file", animals(SC001="2", SC002="2"), NOON)
    changes = store.add_subject(Subject("1", "SC001"), NOON)

    assert known(store) == {"SC001": "1", "SC002": "2", "SC003": "3"}
    assert store.subject_of("SC001") == "1"
    by_hand, by_file = changes.conflicts
    assert [each.subject for each in by_hand.said] == ["1", "2", "3"]
    assert by_hand.decided
    assert [each.source for each in by_file.said] == ["file", "datajoint"]
    assert not by_file.decided

    store.replace_subjects("file", (), NOON)
    assert known(store)["SC002"] == "3"


def test_sources_that_agree_are_no_conflict(store: Store) -> None:
    store.replace_subjects("datajoint", animals(SC001="1"), NOON)

    assert not store.replace_subjects("file", animals(SC001="1"), NOON).conflicts
    [subject] = store.subjects()
    assert (subject.source, subject.others) == ("file", ())


def test_what_a_person_said_is_changed_only_where_that_is_asked_for(store: Store) -> None:
    store.add_subject(Subject("1", "SC001"), NOON)

    refused = store.import_subjects(animals(SC001="2", SC002="2"), NOON)
    assert refused.refused == (("SC001", "1", "2"),)
    assert known(store) == {"SC001": "1", "SC002": "2"}

    store.import_subjects(animals(SC001="2"), NOON, replace=True)
    assert known(store) == {"SC001": "2", "SC002": "2"}


def test_a_dry_run_of_an_import_changes_nothing(store: Store) -> None:
    changes = store.import_subjects(animals(SC001="1"), NOON, dry_run=True)

    assert [each.h2o for each in changes.added] == ["SC001"]
    assert known(store) == {}


def test_what_was_said_by_hand_can_be_taken_back(store: Store) -> None:
    store.replace_subjects("file", animals(SC001="2"), NOON)
    store.add_subject(Subject("1", "SC001"), NOON)

    assert store.remove_subject("SC001")
    assert not store.remove_subject("SC001")
    assert known(store) == {"SC001": "2"}


def test_animals_are_told_apart_by_letter_case_and_details_are_kept(store: Store) -> None:
    said = [Subject("1", "dl4", {"sex": "F", "note": "\N{MOUSE} 100%"}), Subject("2", "DL4")]
    store.replace_subjects("file", said, NOON)

    assert known(store) == {"dl4": "1", "DL4": "2"}
    assert dict(store.subjects(h2o="dl4")[0].details) == {"sex": "F", "note": "\N{MOUSE} 100%"}

    store.replace_subjects("file", [Subject("1", "dl4", {"sex": "M"}), Subject("2", "DL4")], NOON)
    assert dict(store.subjects(h2o="dl4")[0].details) == {"sex": "M"}


def test_only_sources_that_are_read_again_can_be_replaced(store: Store) -> None:
    with pytest.raises(ValueError, match="no source"):
        store.replace_subjects("hand", (), NOON)


def test_a_subject_has_its_datasets_and_their_bytes(store: Store) -> None:
    seen(store, "SC001", 0)
    seen(store, "SC001", 1)
    store.import_subjects(animals(SC001="1", SC002="2"), NOON)

    [one] = store.subjects(subject="1")
    [two] = store.subjects(h2o="SC002")

    assert (one.datasets, one.bytes) == (2, 20)
    assert (two.datasets, two.bytes) == (0, 0)


def test_unknown_animals_are_those_with_datasets_and_without_a_subject(store: Store) -> None:
    for h2o in ("SC003", "sc003", "SC001", "SC002", None):
        seen(store, h2o)
    seen(store, "SC001", 1)
    assert not store.knows_subjects()
    assert store.unknown_h2os() == ["SC001", "SC002", "SC003", "sc003"]

    store.add_subject(Subject("2", "SC002"), NOON)

    assert store.knows_subjects()
    assert store.unknown_h2os() == ["SC001", "SC003", "sc003"]
    assert store.unknown_h2os(limit=1) == ["SC001"]


def test_where_there_is_nothing_there_is_no_unknown_animal(store: Store) -> None:
    assert store.unknown_h2os() == []


def test_a_dataset_is_selected_by_the_subject_that_counts(store: Store) -> None:
    name = seen(store, "SC001")
    store.replace_subjects("datajoint", animals(SC001="3"), NOON)
    store.replace_subjects("file", animals(SC001="2"), NOON)

    assert chosen(store, Selector(subject="2")) == [name]
    assert chosen(store, Selector(subject="3")) == []
    assert store.dataset(name).subject == "2"


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        ("ephys-raw-meta", "0"),
        ("*-meta", "01"),
        ("ephys-*", "012"),
        ("ephys-ra?-m*", "01"),
        ("ephys-ra[uv]-meta", ""),
        ("ephys-ra[a-z]-meta*", "01"),
        ("ephys_raw_meta", ""),
        ("ephys?raw_meta", ""),
        ("*%*", ""),
    ],
)
def test_a_type_of_file_may_be_a_pattern(store: Store, wanted: str, expected: str) -> None:
    types = ("ephys-raw-meta", "ephys-raw-lf-meta", "ephys-raw-bin")
    if wanted == "ephys-ra?-m*":
        types = ("ephys-raw-meta", "ephys-raw-meta-2", "ephys-raw-bin")
    if wanted == "ephys-ra[a-z]-meta*":
        types = ("ephys-raw-meta", "ephys-raw-meta-2", "ephys-ra2-meta")
    names = [seen(store, "SC001", number, each) for number, each in enumerate(types)]

    found = chosen(store, Selector(file_type=wanted))

    assert found == [names[int(number)] for number in expected]


class TestWaitingForASubject:
    def settling(self, store: Store, *, only_known: bool = True) -> list[str]:
        later = NOON + QUIET
        found = store.settling(later, QUIET, 20, only_known=only_known)
        return [each.name for each in found]

    def test_only_known_animals_are_judged(self, store: Store) -> None:
        names = [seen(store, h2o) for h2o in ("SC001", "SC002", None)]
        store.add_subject(Subject("2", "SC002"), NOON)

        assert self.settling(store, only_known=False) == names
        assert self.settling(store) == [names[1]]

        store.add_subject(Subject("1", "SC001"), NOON)
        assert self.settling(store) == names[:2]

    def test_strangers_are_gone_through_one_after_the_other(self, store: Store) -> None:
        names = [seen(store, h2o) for h2o in ("SC001", "SC002", None, "SC004")]
        store.add_subject(Subject("2", "SC002"), NOON)
        store.hold([names[3]], NOON, user="ada")

        assert store.strangers((NOON, 0), NOON - timedelta(seconds=1), 20) == []
        first, second = store.strangers((NOON - QUIET, 7_000), NOON, 20)
        assert [first.name, second.name] == [names[0], names[2]]
        assert store.strangers((NOON, first.id), NOON, 20) == [second]
        assert store.strangers((NOON, second.id), NOON, 20) == []

    def test_what_left_settling_is_no_stranger(self, store: Store) -> None:
        dataset = store.dataset(seen(store, "SC001"))
        store.move(dataset.id, State.SETTLING, State.READY, Reason.SETTLED, "finished", NOON)

        assert store.strangers((NOON - QUIET, 0), NOON, 20) == []


class TestSharedByRigs:
    """Several rigs of one server."""

    def test_each_rig_says_its_own_and_reads_all(self, server_address: str) -> None:
        with (
            Store.open(server_address, rig="rig-1", create=True, now=NOON) as one,
            Store.open(server_address, rig="rig-2", create=True, now=NOON) as two,
        ):
            one.replace_subjects("file", animals(SC001="1"), NOON)
            two.replace_subjects("file", animals(SC002="2"), NOON)
            assert known(one) == known(two) == {"SC001": "1", "SC002": "2"}

            [conflict] = two.replace_subjects("file", animals(SC001="9"), NOON).conflicts
            assert [(each.subject, each.rig) for each in conflict.said] == [
                ("1", "rig-1"),
                ("9", "rig-2"),
            ]
            assert known(one) == {"SC001": "1"}

    def test_what_a_person_says_is_one_wherever_it_was_typed(self, server_address: str) -> None:
        with (
            Store.open(server_address, rig="rig-1", create=True, now=NOON) as one,
            Store.open(server_address, rig="rig-2", create=True, now=NOON) as two,
        ):
            one.add_subject(Subject("1", "SC001"), NOON)
            assert two.add_subject(Subject("2", "SC001"), NOON).refused
            two.add_subject(Subject("2", "SC001"), NOON, replace=True)
            assert known(one) == {"SC001": "2"}
            assert not one.subject_conflicts()
            assert one.remove_subject("SC001")
            assert known(two) == {}

    def test_unknown_animals_are_those_of_ones_own_rig(self, server_address: str) -> None:
        with (
            Store.open(server_address, rig="rig-1", create=True, now=NOON) as one,
            Store.open(server_address, rig="rig-2", create=True, now=NOON) as two,
        ):
            seen(one, "SC001")
            seen(two, "SC002")
            assert (one.unknown_h2os(), two.unknown_h2os()) == (["SC001"], ["SC002"])
