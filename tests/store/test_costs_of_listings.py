"""What a listing of the archive costs grows with its files by the rows that it writes, and by nothing else."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from archived.core.discovery import Kind, Listed
from archived.store import Discovery, ListedFile, ListedFolder, Store
from tests.builders import NOON
from tests.store.bench import FILE_TYPE, G0, LOCATION, ROOT, recording

FILES = 2_000


class Counted:
    """How many statements a store runs, and how many rows it hands over one by one."""

    def __init__(self, store: Store) -> None:
        self.statements = self.rows = 0
        door: Any = store._door
        execute, many = door.database.execute_sql, door.many

        def one(sql: str, params: Any = None) -> Any:
            self.statements += 1
            return execute(sql, params)

        def all_of(sql: str, values: Iterable[Sequence[Any]]) -> None:
            listed = list(values)
            self.rows += len(listed)
            many(sql, listed)

        door.database.execute_sql, door.many = one, all_of


@pytest.fixture
def sqlite_store(tmp_path: Path) -> Iterator[Store]:
    with Store.open(str(tmp_path / "archived.db"), rig="rig-1", create=True, now=NOON) as opened:
        yield opened


def walk(store: Store) -> Discovery:
    found = store.begin_discovery(LOCATION, "", NOON, dry_run=False, restart=True)
    store._add_folders(found.id, [G0], "to do")
    return found


def listing(files: int, *, minutes: int = 0) -> ListedFolder:
    return ListedFolder(
        folder=G0,
        listed_at=NOON + timedelta(minutes=minutes),
        root_key=ROOT,
        recording=recording(),
        files=[
            ListedFile(Listed(f"{G0}/{number:05}.bin", 10, 1_000_000_000), FILE_TYPE)
            for number in range(files)
        ],
    )


def test_what_is_new_costs_two_rows_and_few_statements(sqlite_store: Store) -> None:
    found = walk(sqlite_store)
    counted = Counted(sqlite_store)
    assert sqlite_store.take_listing(found, listing(FILES), NOON)
    assert counted.rows <= 2 * FILES + 10
    assert counted.statements < 50
    assert sqlite_store.finding_counts(found.id)[Kind.ARCHIVE] == FILES
    assert sqlite_store.archived_totals()[LOCATION] == (FILES, 10 * FILES)


def test_what_is_known_costs_one_row_and_few_statements(sqlite_store: Store) -> None:
    sqlite_store.take_listing(walk(sqlite_store), listing(FILES), NOON)
    found = walk(sqlite_store)
    counted = Counted(sqlite_store)
    assert sqlite_store.take_listing(found, listing(FILES, minutes=1), NOON)
    assert counted.rows <= FILES + 10
    assert counted.statements < 50
    assert sqlite_store.discovery(found.id).in_both == FILES


def test_folders_that_a_walk_did_not_meet_are_looked_for_without_the_names_of_files(
    sqlite_store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    sqlite_store.take_listing(walk(sqlite_store), listing(FILES), NOON)
    found = sqlite_store.begin_discovery(LOCATION, "", NOON, dry_run=False, restart=True)
    read: list[int] = []
    door: Any = sqlite_store._door
    rows = door.rows

    def noting(sql: str, *values: Any) -> list[Any]:
        answer: list[Any] = rows(sql, *values)
        read.append(len(answer))
        return answer

    monkeypatch.setattr(door, "rows", noting)
    assert sqlite_store.note_absent_folders(found) == 1
    assert sum(read) < 20
    assert sqlite_store.doubts(found.id, LOCATION).files == FILES
