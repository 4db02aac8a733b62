"""The lab's list of subjects as a file: when it is read, and what is told of it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from archived import subjects
from archived.core.subjects import Subject
from archived.core.template import DEFAULT_H2O
from archived.store import Store
from archived.subjects import ListUnavailableError, read_list, refresh, tell_conflicts
from tests.builders import NOON

LIST = "subject_id,h2o\n407513,SC011\n"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    found = tmp_path / "subjects.csv"
    found.write_text(LIST)
    return found


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with Store.open(str(tmp_path / "archived.db"), rig="rig-1", create=True, now=NOON) as opened:
        yield opened


def known(store: Store) -> dict[str, str]:
    return {each.h2o: each.subject for each in store.subjects()}


def alarms(store: Store) -> dict[str, str]:
    return {each.key: each.message for each in store.alarms()}


def test_a_file_that_changes_while_it_is_read_is_not_believed(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    parse = subjects.version_of
    calls = []

    def growing(path: Path, h2o: str) -> str:
        version = parse(path, h2o)
        calls.append(version)
        if len(calls) == 1:
            path.write_text(LIST + "1,SC0")
        return version

    monkeypatch.setattr("archived.subjects.version_of", growing)

    with pytest.raises(ListUnavailableError, match="being written"):
        read_list(file, DEFAULT_H2O)


def test_a_file_that_cannot_be_a_list_is_not_read_whole(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("archived.subjects.LARGEST", 10)

    with pytest.raises(ListUnavailableError, match="too large"):
        read_list(file, DEFAULT_H2O)


def test_what_cannot_be_read_says_what_it_means_and_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(ListUnavailableError, match="archived as before") as caught:
        read_list(tmp_path / "none\n.csv", DEFAULT_H2O)

    assert "none\\n.csv" in str(caught.value)
    assert caught.value.what_to_do
    assert not caught.value.permanent


def test_it_is_read_once_for_each_change(
    store: Store, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    refresh(store, file, DEFAULT_H2O, NOON)
    assert known(store) == {"SC011": "407513"}

    with monkeypatch.context() as patched:
        patched.setattr("archived.subjects.read_list", lambda *_: pytest.fail("read again"))
        refresh(store, file, DEFAULT_H2O, NOON)

    file.write_text(LIST + "1,SC012\n")
    refresh(store, file, DEFAULT_H2O, NOON)
    assert known(store) == {"SC011": "407513", "SC012": "1"}


def test_another_pattern_of_animals_is_a_reason_to_read_it_again(store: Store, file: Path) -> None:
    file.write_text(LIST + "1,mouse_one\n")
    refresh(store, file, DEFAULT_H2O, NOON)
    assert "line 3" in alarms(store)["subjects"]

    refresh(store, file, DEFAULT_H2O + "|mouse_[a-z]+", NOON)

    assert known(store) == {"SC011": "407513", "mouse_one": "1"}
    assert alarms(store) == {}


def test_many_bad_lines_are_counted_and_not_all_told(store: Store, file: Path) -> None:
    file.write_text("subject_id,h2o\n" + ",SC011\n" * 10)

    refresh(store, file, DEFAULT_H2O, NOON)

    assert "line 4" in alarms(store)["subjects"]
    assert "line 5" not in alarms(store)["subjects"]
    assert "and 7 more" in alarms(store)["subjects"]


def test_a_list_that_was_empty_from_the_beginning_is_no_fault(store: Store, file: Path) -> None:
    file.write_text("subject_id,h2o\n")

    refresh(store, file, DEFAULT_H2O, NOON)

    assert alarms(store) == {}


def test_without_a_file_in_the_configuration_what_it_said_goes(store: Store, file: Path) -> None:
    store.add_subject(Subject("9", "SC009"), NOON)
    refresh(store, file, DEFAULT_H2O, NOON)
    file.unlink()
    refresh(store, file, DEFAULT_H2O, NOON)
    assert set(alarms(store)) == {"subjects"}

    refresh(store, None, DEFAULT_H2O, NOON)

    assert known(store) == {"SC009": "9"}
    assert alarms(store) == {}


def test_contradictions_are_told_until_a_person_decides(store: Store) -> None:
    for number, (source, subject) in enumerate((("file", "1"), ("datajoint", "2"))):
        said = [Subject(f"{subject}{each}", f"SC01{each}") for each in range(3 - number)]
        store.replace_subjects(source, said, NOON)

    tell_conflicts(store, NOON)
    assert (
        "SC010 has several subjects: 10 in file (rig-1) and 20 in datajoint (rig-1)"
        in (alarms(store)["subjects:conflict"])
    )
    assert "the same goes for 1 more" in alarms(store)["subjects:conflict"]

    store.import_subjects([Subject("10", "SC010"), Subject("21", "SC011")], NOON)
    tell_conflicts(store, NOON)
    assert alarms(store) == {}
