"""Any order of what rigs, movers and people do: the rules of the store hold after every step."""

from __future__ import annotations

import shutil
import tempfile
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
)

from archived.core.lifecycle import Reason, State, allowed
from archived.core.model import (
    LIVE_BATCHES,
    Batch,
    BatchState,
    Dataset,
    DatasetFile,
    FileStat,
    FileState,
)
from archived.errors import MoveRefusedError
from archived.store import Selector, Store
from tests.builders import NOON
from tests.store.bench import G0, G1, LOCATION, Bench

DATASETS = st.sampled_from([G0, G1])
NAMES = st.sampled_from(["a.bin", "b.bin", "imec0/c.bin"])
MINUTES = st.integers(1, 30)

Fingerprint = tuple[int, int, int, int]


def some(*states: State | BatchState) -> Any:
    """A rule is for when there is a dataset or a batch in one of these states."""

    def there(machine: Any) -> bool:
        return bool(machine.in_state(*states) or machine.bench.store.batches(*states))

    return precondition(there)


class StoreMachine(RuleBasedStateMachine):
    """A rig's disk, a mover that tells the truth, people, and a daemon that may be killed at any time."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp(prefix="archived-machine-"))
        self.bench = Bench(self.open())
        self.removed: dict[str, FileStat] = {}
        self.settled: dict[str, Fingerprint] = {}
        """What a dataset was when it settled, or what a person accepted: nothing else may travel."""
        self.accepted: dict[str, Fingerprint] = {}
        self.ours: set[str] = set()
        """What arrived and was found to have changed: the archive holds a state of it that nobody relies on."""

    def open(self) -> Store:
        return Store.open(str(self.folder / "archived.db"), rig="rig-1", create=True, now=NOON)

    def teardown(self) -> None:
        self.bench.store.close()
        shutil.rmtree(self.folder)

    @initialize(names=st.lists(NAMES, min_size=1, unique=True))
    def begin(self, names: list[str]) -> None:
        for name in names:
            self.bench.write(name)
        self.look(complete=True)
        self.settle()

    # --- the world --------------------------------------------------------------------------------

    @rule(dataset=DATASETS, name=NAMES, size=st.integers(0, 3))
    def write(self, dataset: str, name: str, size: int) -> None:
        path = self.bench.write(name, size, dataset=dataset)
        self.removed.pop(path, None)

    @precondition(lambda self: self.bench.disk)
    @rule(data=st.data())
    def remove(self, data: st.DataObject) -> None:
        path = data.draw(st.sampled_from(sorted(self.bench.disk)))
        self.removed[path] = self.bench.disk.pop(path)

    @precondition(lambda self: self.removed)
    @rule(data=st.data())
    def put_back(self, data: st.DataObject) -> None:
        path = data.draw(st.sampled_from(sorted(self.removed)))
        self.bench.disk[path] = self.removed.pop(path)

    @rule(minutes=MINUTES)
    def wait(self, minutes: int) -> None:
        self.bench.later(minutes=minutes)

    @rule()
    def kill_the_daemon(self) -> None:
        self.bench.store.close()
        self.bench.store = self.open()

    # --- the daemon -------------------------------------------------------------------------------

    @rule(complete=st.booleans())
    def look(self, complete: bool) -> None:
        self.bench.sight()
        self.bench.finish(complete=complete)

    @some(State.SETTLING)
    @rule()
    def settle(self) -> None:
        for dataset in self.in_state(State.SETTLING):
            files = self.bench.store.files(dataset.id)
            stats = {file.path: self.bench.disk.get(file.path) for file in files}
            new = [
                (stat, "unknown")
                for path, stat in self.bench.disk.items()
                if path.startswith(dataset.path + "/") and path not in stats
            ]
            if self.bench.store.refresh(dataset.id, stats, new, self.bench.now):
                continue
            pending = [file for file in files if file.state is FileState.PENDING]
            if pending and all(file.path in self.bench.disk for file in pending):
                self.bench.settle(dataset.path)
                self.settled.update((file.path, file.stat.fingerprint) for file in pending)

    @some(State.READY, State.TRANSFERRING)
    @rule(data=st.data(), everything=st.booleans())
    def plan(self, data: st.DataObject, everything: bool) -> None:
        files = [
            file
            for dataset in self.in_state(State.READY, State.TRANSFERRING)
            for file in self.bench.store.files(dataset.id)
        ]
        if not files:
            return
        chosen = files
        if not everything:
            chosen = data.draw(st.lists(st.sampled_from(files), unique_by=lambda each: each.id))
        batch = self.bench.plan_files(file.id for file in chosen)
        for file in self.bench.store.batch_files(batch.id) if batch else ():
            assert self.settled[file.path] == file.stat.fingerprint, "an unsettled file travels"
            known = next(each for each in files if each.id == file.file_id)
            if known.archived_size is not None:
                assert file.overwrite
            if file.overwrite and (known.archived_size is not None or file.path not in self.ours):
                assert self.accepted[file.path] == file.stat.fingerprint, "nobody accepted it"

    @some(BatchState.PLANNED)
    @rule(data=st.data())
    def submit(self, data: st.DataObject) -> None:
        if batch := self.a_batch(data, BatchState.PLANNED):
            self.bench.submit(batch)

    @some(BatchState.ACTIVE)
    @rule(data=st.data())
    def succeed(self, data: st.DataObject) -> None:
        if batch := self.a_batch(data, BatchState.ACTIVE):
            self.bench.store.sent_batch(batch.id, self.bench.now)

    @some(*LIVE_BATCHES)
    @rule(data=st.data(), needs_person=st.none() | st.just("no permission"))
    def fail(self, data: st.DataObject, needs_person: str | None) -> None:
        if batch := self.a_batch(data, *LIVE_BATCHES):
            self.bench.fail(batch, needs_person=needs_person)

    @some(*LIVE_BATCHES)
    @rule(
        data=st.data(),
        fault=st.sampled_from([None, None, "conflict", "checksum", "unreadable"]),
    )
    def release(self, data: st.DataObject, fault: str | None) -> None:
        if batch := self.a_batch(data, *LIVE_BATCHES):
            files = self.bench.store.batch_files(batch.id)
            if files:
                file = data.draw(st.sampled_from(files))
                self.bench.store.release_files(
                    batch.id, [file.file_id], self.bench.now, fault=fault, reason=fault
                )

    @some(BatchState.SENT)
    @rule(data=st.data(), all_of_it=st.booleans())
    def verify(self, data: st.DataObject, all_of_it: bool) -> None:
        if batch := self.a_batch(data, BatchState.SENT):
            files = self.bench.store.batch_files(batch.id)
            without = () if all_of_it or not files else [files[0].path]
            self.ours.update(self.bench.prove(batch, without=without).changed)
            self.bench.end(batch, BatchState.FAILED if without else BatchState.PROVED)

    @some(State.READY)
    @rule()
    def everything_goes_well(self) -> None:
        if batch := self.bench.plan_files(
            file.id for each in self.in_state(State.READY) for file in self.files(each)
        ):
            self.bench.send(batch)
            self.ours.update(self.bench.prove(batch).changed)
            self.bench.end(batch)

    @some(State.WAITING)
    @rule()
    def wake(self) -> None:
        for dataset in self.bench.store.waiting_due(self.bench.now, 10):
            self.bench.store.move(
                dataset.id, State.WAITING, State.READY, Reason.DUE, "due", self.bench.now
            )

    # --- people -----------------------------------------------------------------------------------

    @some(State.WAITING, State.FAILED, State.HELD, State.READY)
    @rule(verb=st.sampled_from(["retry", "hold", "release"]), dataset=DATASETS)
    def ask(self, verb: str, dataset: str) -> None:
        which = Selector(names=[f"{LOCATION}/{dataset}"])
        getattr(self.bench.store, verb)(which, self.bench.now, user="anna")

    @some(State.FAILED)
    @rule(dataset=DATASETS)
    def accept(self, dataset: str) -> None:
        which = Selector(names=[f"{LOCATION}/{dataset}"])
        try:
            moved = self.bench.store.accept(which, self.bench.now, user="anna")
        except MoveRefusedError:
            return
        for name, _, _ in moved:
            for file in self.bench.store.files(self.bench.store.dataset(name).id):
                if file.state is FileState.PENDING:
                    self.settled[file.path] = file.stat.fingerprint
                    self.accepted[file.path] = file.stat.fingerprint

    # --- what always holds ------------------------------------------------------------------------

    @invariant()
    def events_tell_every_state(self) -> None:
        at: dict[str, State] = {}
        for event in self.bench.store.events(limit=100_000):
            assert event.before == at.get(event.dataset)
            if event.before is not None:
                assert event.move is not None
                assert allowed(event.before, event.after, event.move)
            assert event.why
            at[event.dataset] = event.after
        assert at == {each.name: each.state for each in self.datasets()}

    @invariant()
    def counts_are_those_of_the_rows(self) -> None:
        counted = Counter(each.state for each in self.datasets())
        assert self.bench.store.counts() == {state: counted[state] for state in State}
        for dataset in self.datasets():
            there = [f for f in self.files(dataset) if f.state is not FileState.GONE]
            assert (dataset.files, dataset.bytes) == (len(there), sum(f.size for f in there))

    @invariant()
    def totals_are_those_of_the_receipts(self) -> None:
        sizes = [
            file.archived_size
            for dataset in self.datasets()
            for file in self.files(dataset)
            if file.archived_size is not None
        ]
        totals = self.bench.store.archived_totals()
        assert totals.get(LOCATION, (0, 0)) == (len(sizes), sum(sizes))

    @invariant()
    def archived_means_proved(self) -> None:
        for dataset in self.datasets():
            files = self.files(dataset)
            for file in files:
                if file.state is FileState.ARCHIVED:
                    assert file.proof
                    assert file.archived_at is not None
                    assert file.archived_size == file.size
                    assert file.archived_mtime_ns == file.mtime_ns
            if dataset.state is State.ARCHIVED:
                states = {file.state for file in files}
                assert FileState.ARCHIVED in states
                assert states <= {FileState.ARCHIVED, FileState.GONE}

    @invariant()
    def what_travels_is_in_one_live_batch(self) -> None:
        store = self.bench.store
        held = [
            file.file_id
            for batch in store.batches(*LIVE_BATCHES)
            for file in store.batch_files(batch.id)
        ]
        travelling = [
            file.id
            for dataset in self.datasets()
            for file in self.files(dataset)
            if file.state is FileState.TRAVELLING
        ]
        assert set(travelling) <= set(held)
        assert len(travelling) == len(set(travelling))
        live = store._door.rows(
            "SELECT p.live_file_id, b.state FROM batch_file p JOIN batch b ON b.id = p.batch_id "
            "WHERE p.live_file_id IS NOT NULL"
        )
        assert sorted(row[0] for row in live) == sorted(travelling)
        assert all(row[1] in LIVE_BATCHES for row in live)

    @invariant()
    def states_of_files_fit_the_state_of_their_dataset(self) -> None:
        for dataset in self.datasets():
            under_way = dataset.state in (State.TRANSFERRING, State.VERIFYING)
            states = {file.state for file in self.files(dataset)}
            if FileState.TRAVELLING in states:
                assert under_way
            if dataset.state is State.READY:
                assert self.unsettled(dataset) == 0
            if dataset.state is State.HELD:
                assert dataset.held_from is not None

    def unsettled(self, dataset: Dataset) -> int:
        row = self.bench.store._door.row(
            "SELECT count(*) FROM file WHERE dataset_id = ? AND state = ? AND settled = 0",
            dataset.id,
            FileState.PENDING,
        )
        assert row is not None
        return int(row[0])

    # --- helpers ----------------------------------------------------------------------------------

    def datasets(self) -> list[Dataset]:
        return list(self.bench.store.select(Selector()))

    def files(self, dataset: Dataset) -> list[DatasetFile]:
        return self.bench.store.files(dataset.id)

    def in_state(self, *states: State | BatchState) -> Iterable[Dataset]:
        return [each for each in self.datasets() if each.state in states]

    def a_batch(self, data: st.DataObject, *states: BatchState) -> Batch | None:
        batches: list[Any] = self.bench.store.batches(*states)
        return data.draw(st.sampled_from(batches)) if batches else None


TestStore = StoreMachine.TestCase
TestStore.settings = settings(
    max_examples=25,
    stateful_step_count=30,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
)
