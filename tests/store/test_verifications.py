"""What looks at the archive are remembered, and what they mean for the catalogue; in every kind of store."""

from __future__ import annotations

from datetime import timedelta

from archived.core.discovery import Kind
from archived.core.model import BatchState, Checksum, Direction, FileState
from archived.core.verifying import MINE, OF_THE_DAEMON, Content, How, Look, Verdict
from archived.store import ListedFolder, Store
from tests.builders import NOON
from tests.store.bench import G0, LOCATION, ROOT, Bench

NAME = f"{LOCATION}/{G0}"
SHA = Checksum("SHA256", "0" * 64)


def archived(bench: Bench) -> list[int]:
    """Two files that the archive was proved to hold."""
    bench.ready("a.bin", "b.bin")
    bench.archive()
    bench.later(minutes=1)
    return [each.id for each in bench.store.files(bench.store.dataset(NAME).id)]


def compare(store: Store, bench: Bench, content: Content, number: int) -> None:
    """A look at the content of one file."""
    audit = store.begin_audit(LOCATION, [G0], bench.now, audit=MINE)
    (wanted,) = store.to_compare([number])
    look = Look(wanted, How.READ, content, SHA, "has other content" if content != "same" else "")
    store.note_contents(audit, [look], bench.now, believed=True)


def test_a_look_at_contents_is_remembered_and_moves_its_dataset(bench: Bench) -> None:
    store, (first, second) = bench.store, archived(bench)

    compare(store, bench, Content.DIFFERENT, first)

    row = store.dataset(NAME)
    known = store.verifications(row.id)
    assert known[first].verdict is Verdict.CONTENT
    assert second not in known
    assert {each.id: each.state for each in store.files(row.id)} == {
        first: FileState.DIFFERENT,
        second: FileState.ARCHIVED,
    }
    assert store.verified().files == 1
    bench.later(minutes=1)
    compare(store, bench, Content.SAME, first)
    assert store.dataset(NAME).state == "archived"


def test_a_listing_notes_every_file_of_its_folder(bench: Bench) -> None:
    store, ids = bench.store, archived(bench)
    audit = store.begin_audit(LOCATION, [G0], bench.now, audit=OF_THE_DAEMON, drawn=2)
    seen = ListedFolder(folder=G0, listed_at=bench.now, root_key=ROOT, again=True)
    assert store.take_listing(audit, seen, bench.now)

    assert store.finding_counts(audit.id)[Kind.CATALOGUE] == 2
    assert {each.verdict for each in store.verifications(store.dataset(NAME).id).values()} == {
        Verdict.MISSING
    }
    assert store.seen_in_place(ids, NOON) == []
    assert store.doubts(audit.id, LOCATION).archived == 2


def test_batches_that_compare_are_their_owners(bench: Bench) -> None:
    store, ids = bench.store, archived(bench)
    wanted = store.to_compare(ids)
    later = bench.now + timedelta(days=1)
    batch = store.plan_comparison("one", LOCATION, wanted, bench.now, later, audit=MINE)

    assert (batch.direction, batch.files) == (Direction.VERIFY, 2)
    assert [each.id for each in store.comparisons(MINE)] == ["one"]
    assert store.comparisons(OF_THE_DAEMON) == []
    store.note_copied("one", ids[:1])
    assert store.comparing("one") == {ids[0]: True, ids[1]: False}
    store.leave_comparison("one", ids[1:], wanted[1].size)
    assert store.comparing("one") == {ids[0]: True}
    with store.together():
        store.end_comparison("one")
        store.end_batch("one", BatchState.PROVED, bench.now, reason="")
    assert store.comparisons(MINE) == []
    assert store.dataset(NAME).state == "archived"


def test_files_that_were_looked_at_are_counted_as_they_are_and_never_anew(store: Store) -> None:
    bench = Bench(store)
    bench.ready("a.bin", "b.bin", "c.bin")
    bench.archive()
    first, second, _ = (each.id for each in store.files(bench.dataset().id))
    for looked in ([first], [first, second], [second]):
        with store._door.write():
            store._note_looks([(each, None) for each in looked], NOON)
        [counted] = store._door.rows("SELECT count(*) FROM verification")
        assert store.verified().files == counted[0]
    assert store.verified().files == 2

    store._door.change("DELETE FROM counter")
    with store._door.write():
        store._note_looks([(each.id, None) for each in store.files(bench.dataset().id)], NOON)
    assert store.verified().files == 3, "it is counted once where nobody has counted so far"
