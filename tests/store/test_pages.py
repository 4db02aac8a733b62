"""Reading a part of what may be long, on every database."""

from __future__ import annotations

from datetime import date, timedelta

from archived.core.model import FileState
from archived.store import Selector
from tests.builders import NOON
from tests.store.bench import G0, G1, Bench

DAY = date(2019, 2, 23)


def test_files_come_by_pages_in_the_order_of_their_paths(bench: Bench) -> None:
    bench.ready(*(f"{number:03}.bin" for number in range(25)))
    bench.archive()
    dataset = bench.dataset()
    whole = bench.store.files(dataset.id)

    pages = [bench.store.file_page(dataset, first=first, most=10) for first in (0, 10, 20, 30)]

    assert [len(each) for each in pages] == [10, 10, 5, 0]
    assert [file for page in pages for file in page] == whole


def test_the_states_of_files_are_counted(bench: Bench) -> None:
    bench.ready("a.bin", "b.bin")
    bench.archive()
    bench.write("c.bin")
    bench.sight()

    found = bench.store.states_of_files(bench.dataset().id)

    assert found == {FileState.ARCHIVED: 2, FileState.PENDING: 1}
    assert bench.store.verified_since(bench.dataset().id) is None
    assert bench.store.verifications_of([each.id for each in bench.files().values()]) == {}


def test_datasets_go_on_after_one_of_them_in_both_directions(bench: Bench) -> None:
    names = [f"SC011/r{number}" for number in range(5)]
    for each in names:
        bench.ready("a.bin", dataset=each)
    ids = [bench.dataset(each).id for each in names]
    select, everything = bench.store.select, Selector()

    assert [each.id for each in select(everything, 2)] == ids[:2]
    assert [each.id for each in select(everything, 2, after=ids[1])] == ids[2:4]
    assert [each.id for each in select(everything, 2, newest=True)] == ids[:2:-1]
    assert [each.id for each in select(everything, after=ids[3], newest=True)] == ids[2::-1]


def test_what_was_recorded_on_some_days_is_found(bench: Bench) -> None:
    bench.ready("a.bin")
    bench.ready("b.bin", dataset=G1)

    def found(first: date, last: date, most: int = 10) -> list[str]:
        store, hour = bench.store, timedelta(hours=1)
        datasets = store.recorded(first, last, since=NOON - hour, until=NOON + hour, most=most)
        return [each.path for each in datasets]

    assert found(DAY, DAY) == [G0, G1]
    assert found(DAY, DAY, most=1) == [G0]
    assert found(DAY + timedelta(days=1), date(2026, 12, 31)) == []
    assert found(date(2019, 1, 1), DAY - timedelta(days=1)) == []
