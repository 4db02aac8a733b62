"""Any order of what rigs, movers, archives and people do, and what has to hold of a store after every step."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from datetime import timedelta
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
)

from archived.core.discovery import Listed
from archived.core.lifecycle import BEGINNINGS, Reason, State, allowed
from archived.core.model import (
    LIVE_BATCHES,
    Batch,
    BatchState,
    Checksum,
    Dataset,
    DatasetFile,
    Direction,
    FileStat,
    FileState,
    parent,
)
from archived.core.progress import ODD
from archived.core.records import RecordState
from archived.core.retrieving import BringOutcome, BringState
from archived.core.sighting import LOST, compare
from archived.core.subjects import Subject
from archived.errors import MoveRefusedError
from archived.store import Digest, ListedFile, ListedFolder, Selector
from tests.store.bench import FILE_TYPE, G0, G1, LOCATION, ROOT, Bench, listing_of, recording
from tests.store.machine_model import Model

DATASETS = st.sampled_from([G0, G1])
NAMES = st.sampled_from(["a.bin", "b.bin", "imec0/c.bin"])
MINUTES = st.integers(1, 30)
WORDS = st.sampled_from(["a", "A", "a ", "\udce9 \u6f22", "it's"])
H2OS = st.sampled_from(["SC011", "sc011", "dl4", "\u00c9 4"])
ANIMALS = st.dictionaries(H2OS, WORDS, max_size=3)

MOVES_BY_ITSELF = {
    State.SETTLING,
    State.READY,
    State.TRANSFERRING,
    State.VERIFYING,
    State.WAITING,
}

Fingerprint = tuple[int, int, int, int]
Draw = Callable[[Any], Any]


def some(*states: State | BatchState) -> Any:
    """A rule is for when there is a dataset or a batch in one of these states."""

    def there(machine: Any) -> bool:
        batches = machine.bench.store.batches(*states, direction=Direction.ARCHIVE)
        return bool(machine.in_state(*states) or batches)

    return precondition(there)


class StoreMachine(RuleBasedStateMachine):
    """A rig's disk, an archive, a mover that tells the truth, people, and a daemon that may be killed at any time.

    Whoever runs it says how its stores are opened: one for the daemon, and one for the commands that people type.
    """

    def open(self) -> Any:
        """A connection to the store."""
        raise AssertionError("say how")

    def __init__(self) -> None:
        super().__init__()
        self.bench = Bench(self.open())
        self.people = self.open()
        self.model = Model()
        self.archive: dict[str, int] = {}
        """What is really there, by path: the size."""
        self.removed: dict[str, FileStat] = {}
        self.settled: dict[str, Fingerprint] = {}
        """What a dataset was when it settled, or what a person accepted: nothing else may travel."""
        self.accepted: dict[str, Fingerprint] = {}
        self.ours: set[str] = set()
        """What arrived and was found to have changed: the archive holds a state of it that nobody relies on."""
        self.numbers = 0
        self.seen: list[tuple[Dataset, list[DatasetFile]]] | None = None

    def teardown(self) -> None:
        self.people.close()
        self.bench.store.close()

    @property
    def store_to_look_at(self) -> Any:
        """Where the rules are checked: they are the same for several stores that say the same."""
        return self.bench.store

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
            known = self.bench.store.known_before(dataset)
            seen = {
                path: stat
                for path, stat in self.bench.disk.items()
                if path.startswith(dataset.path + "/")
            }
            fresh = self.bench.store.refresh(
                dataset, seen, lambda _path: "unknown", known.newest, self.bench.now
            )
            if fresh.differs:
                continue
            files = self.bench.store.files(dataset.id)
            pending = [file for file in files if file.state is FileState.PENDING]
            if pending and all(file.path in self.bench.disk for file in pending):
                self.bench.settle(dataset.path)
                self.settled.update((file.path, file.stat.fingerprint) for file in pending)
            elif not pending:
                self.nothing_to_send(dataset, {file.state for file in files})

    def nothing_to_send(self, dataset: Dataset, states: set[FileState]) -> None:
        after, reason = State.FAILED, Reason.NEEDS_A_PERSON
        if FileState.ARCHIVED in states and not states & set(ODD):
            after, reason = State.ARCHIVED, Reason.PROVED
        assert self.bench.store.move(
            dataset.id, State.SETTLING, after, reason, "nothing is to be sent", self.bench.now
        )

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
            self.prove(batch, without)
            self.bench.end(batch, BatchState.FAILED if without else BatchState.PROVED)

    @rule()
    def everything_goes_well(self) -> None:
        self.look(complete=True)
        self.settle()
        if batch := self.bench.plan_files(
            file.id for each in self.in_state(State.READY) for file in self.files(each)
        ):
            self.bench.send(batch)
            self.prove(batch, [])
            self.bench.end(batch)

    def prove(self, batch: Batch, without: list[str]) -> None:
        files = self.bench.store.batch_files(batch.id)
        self.archive.update((each.path, each.size) for each in files if each.path not in without)
        self.ours.update(self.bench.prove(batch, without=without).changed)

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
        before = self.rows()
        try:
            getattr(self.people, verb)(which, self.bench.now, user="anna")
        except MoveRefusedError:
            assert self.rows() == before

    @some(State.FAILED)
    @rule(dataset=DATASETS)
    def accept(self, dataset: str) -> None:
        which = Selector(names=[f"{LOCATION}/{dataset}"])
        try:
            moved = self.people.accept(which, self.bench.now, user="anna")
        except MoveRefusedError:
            return
        for name, _, _ in moved:
            self.note_accepted(name)

    @rule(verb=st.sampled_from(["retry", "hold", "release", "accept"]), dataset=DATASETS)
    def ask_for_what_cannot_be(self, verb: str, dataset: str) -> None:
        """By its name a dataset moves, or the refusal leaves everything as it was."""
        name = f"{LOCATION}/{dataset}"
        if name not in {each.name for each in self.datasets()}:
            return
        before = self.rows()
        try:
            getattr(self.people, verb)([name], self.bench.now, user="ben")
        except MoveRefusedError:
            assert self.rows() == before
            return
        if verb == "accept":
            self.note_accepted(name)

    def note_accepted(self, name: str) -> None:
        for file in self.bench.store.files(self.bench.store.dataset(name).id):
            if file.state is FileState.PENDING:
                self.settled[file.path] = file.stat.fingerprint
                self.accepted[file.path] = file.stat.fingerprint

    @rule(
        before=st.sampled_from(State), after=st.sampled_from(State), reason=st.sampled_from(Reason)
    )
    def move_what_is_elsewhere(self, before: State, after: State, reason: Reason) -> None:
        """A compare-and-set that comes too late has no effect."""
        rows = self.rows()
        for dataset in self.datasets():
            if dataset.state is not before:
                assert not self.bench.store.move(
                    dataset.id, before, after, reason, "too late", self.bench.now
                )
        for batch in self.bench.store.batches():
            if batch.state not in LIVE_BATCHES:
                self.bench.store.end_batch(
                    batch.id, BatchState.FAILED, self.bench.now, reason="too late"
                )
                assert not self.bench.store.reserve_batch(batch.id, "too late", self.bench.now)
                assert not self.bench.store.start_batch(batch.id, "too late", self.bench.now)
                assert not self.bench.store.sent_batch(batch.id, self.bench.now)
        assert self.rows() == rows

    @rule(name=NAMES, dataset=DATASETS, fault=st.sampled_from(["conflict", "unreadable", "name"]))
    def set_apart(self, name: str, dataset: str, fault: str) -> None:
        found = [file for file in self.all_files() if file.path == f"{dataset}/{name}"]
        self.bench.store.set_apart(
            [each.id for each in found], f"it is a {fault}", self.bench.now, fault=fault
        )
        for each in self.datasets():
            told = {f"{each.path}/{name}": Checksum("SHA1", "1" * 40)}
            self.bench.store.set_external_checksums(each.id, told)

    @some(*LIVE_BATCHES)
    @rule(data=st.data(), done=st.integers(0, 9), minutes=MINUTES)
    def hear_of_progress(self, data: st.DataObject, done: int, minutes: int) -> None:
        if batch := self.a_batch(data, *LIVE_BATCHES):
            store, now = self.bench.store, self.bench.now
            store.update_batch(
                batch.id, files_done=done, bytes_done=done, rate=None, nice_status="OK", now=now
            )
            store.postpone_batch(batch.id, now + timedelta(minutes=minutes), done, "busy")

    @some(BatchState.ACTIVE)
    @rule(data=st.data(), after=st.sampled_from([BatchState.CANCELLING, BatchState.RESERVED]))
    def cancel_or_forget(self, data: st.DataObject, after: BatchState) -> None:
        if batch := self.a_batch(data, BatchState.ACTIVE):
            assert self.bench.store.move_batch(
                batch.id, BatchState.ACTIVE, after, self.bench.now, "why"
            )

    @some(BatchState.RESERVED)
    @rule(data=st.data())
    def submit_again(self, data: st.DataObject) -> None:
        if batch := self.a_batch(data, BatchState.RESERVED):
            assert self.bench.store.start_batch(batch.id, f"task of {batch.id}", self.bench.now)

    @rule(hours=st.integers(1, 48))
    def the_clock_was_wrong(self, hours: int) -> None:
        before = [(each.name, each.state) for each in self.datasets()]
        self.bench.store.forget_future(self.bench.now, timedelta(hours=hours))
        assert [(each.name, each.state) for each in self.datasets()] == before

    # --- the archive ------------------------------------------------------------------------------

    @precondition(lambda self: self.archive)
    @rule(data=st.data(), what=st.sampled_from(["lose", "damage", "mend"]), noticed=st.booleans())
    def something_happens_there(self, data: st.DataObject, what: str, noticed: bool) -> None:
        path = data.draw(st.sampled_from(sorted(self.archive)))
        if what == "lose":
            del self.archive[path]
        elif what == "damage":
            self.archive[path] += 1
        else:
            known = [each for each in self.all_files() if each.path == path]
            self.archive[path] = next(
                (each.archived_size for each in known if each.archived_size is not None),
                self.archive[path],
            )
        if noticed:
            self.walk(1_000, restart=True, dry_run=False)

    @rule(dataset=DATASETS, name=NAMES, size=st.integers(0, 3))
    def somebody_puts_a_file_there(self, dataset: str, name: str, size: int) -> None:
        self.archive.setdefault(f"{dataset}/{name}", size)

    @rule(
        folders=st.sampled_from([2, 1_000, 1_000]),
        restart=st.booleans(),
        dry_run=st.sampled_from([False, False, False, True]),
    )
    def discover(self, folders: int, restart: bool, dry_run: bool) -> None:
        self.walk(folders, restart=restart, dry_run=dry_run)

    def walk(self, folders: int, *, restart: bool, dry_run: bool) -> None:
        """Some folders of a walk, which is gone on with the next time."""
        self.bench.later(minutes=1)
        store, now = self.people, self.bench.now
        walk = store.begin_discovery(LOCATION, "", now, dry_run=dry_run, restart=restart)
        before = self.rows("file", "dataset")
        listed = 0
        for again in (False, True):
            if again:
                if store.folders_to_list(walk.id, 1_000, again=False):
                    return
                store.note_absent_folders(walk)
                store.doubts(walk.id, LOCATION)
            for folder, second in store.folders_to_list(walk.id, 1_000, again=again):
                if listed == folders:
                    return
                listed += 1
                assert store.take_listing(walk, self.listing(folder, again=second), now)
        if not store.folders_to_list(walk.id, 1_000, again=True):
            store.end_discovery(walk.id, now)
            store.tell_of_missing(LOCATION, now)
        if dry_run:
            assert self.rows("file", "dataset") == before

    def listing(self, folder: str, *, again: bool) -> ListedFolder:
        inside = f"{folder}/" if folder else ""
        below = [path for path in self.archive if path.startswith(inside)]
        subfolders = {
            inside + path[len(inside) :].partition("/")[0]
            for path in below
            if "/" in path[len(inside) :]
        }
        owner = next((each for each in (G0, G1) if f"{folder}/".startswith(f"{each}/")), None)
        return ListedFolder(
            folder=folder,
            listed_at=self.bench.now,
            root_key=ROOT,
            recording=None if owner is None else recording(owner),
            files=[
                ListedFile(Listed(path, self.archive[path], None), FILE_TYPE)
                for path in sorted(below)
                if parent(path) == folder
            ],
            subfolders=sorted(subfolders),
            again=again,
        )

    # --- what is told to the archive, and what comes back ------------------------------------------

    @rule(kept=st.booleans(), arrives=st.booleans())
    def describe(self, kept: bool, arrives: bool) -> None:
        """Records are written, sent, and proved or not."""
        store, now = self.bench.store, self.bench.now
        owed = store.records_due(RecordState.OWED, now, 10)
        for each in owed:
            assert store.set_record(each, RecordState.WRITTEN)
            assert not store.set_record(each, RecordState.KEPT), "it was read before that"
        written = [each.dataset_id for each in store.records_due(RecordState.WRITTEN, now, 10)]
        if not written:
            return
        batch = self.new_name("records")
        until = now + timedelta(days=3)
        with store.together():
            store.begin_batch(
                batch,
                LOCATION,
                Direction.RECORD,
                files=2 * len(written),
                size=9,
                now=now,
                deadline=until,
            )
            assert store.load_records(batch, written) == len(written)
        if kept:
            store.keep_records(batch, {written[0]: "it is another rig's"})
        store.records_are_ours(written)
        with store.together():
            proved = written if arrives else []
            store.unload_records(batch, proved, due=now, reason="lost", counts=True)
            store.end_batch(batch, BatchState.PROVED, now, reason="")

    @rule()
    def reopen(self) -> None:
        self.bench.store.reopen_records([LOCATION])

    @rule(data=st.data(), outcome=st.sampled_from(BringState), ends=st.booleans())
    def bring_back(self, data: st.DataObject, outcome: BringState, ends: bool) -> None:
        store, now = self.people, self.bench.now
        archived = [each.id for each in self.all_files() if each.state is FileState.ARCHIVED]
        if not archived:
            return
        wanted = data.draw(st.lists(st.sampled_from(archived), min_size=1, unique=True))
        retrieval = store.begin_retrieval(
            self.new_name("retrieval"),
            LOCATION,
            "/data/back",
            dict.fromkeys(wanted),
            asked_by="anna",
            asked_for="all of it",
            now=now,
        )
        batch = store.plan_retrieval(
            self.new_name("back"), retrieval.id, wanted, now, now + timedelta(days=3)
        )
        if batch is not None:
            assert store.plan_retrieval("twice", retrieval.id, wanted, now, now) is None
            on_the_way = store.files_on_the_way(batch.id)
            assert {each.file_id for each in on_the_way} <= set(wanted)
            if outcome is BringState.TRAVELLING:
                return
            with store.together():
                store.note_brought(
                    retrieval.id,
                    [BringOutcome(file_id=each.file_id, state=outcome) for each in on_the_way],
                )
                store.end_batch(batch.id, BatchState.PROVED, now, reason="")
        if ends and not store.retrieval_files(retrieval.id, BringState.TRAVELLING):
            store.end_retrieval(retrieval.id, now)

    @rule(data=st.data(), sha256=st.none() | st.just("a" * 64))
    def digest(self, data: st.DataObject, sha256: str | None) -> None:
        if files := self.all_files():
            file = data.draw(st.sampled_from(files))
            digest = Digest(file.size, file.mtime_ns, sha256, "" if sha256 else "it left the rig")
            self.bench.store.note_digests({file.id: digest})
            assert self.people.digests(file.dataset_id)[file.id] == digest

    # --- how it ends -------------------------------------------------------------------------------

    @rule()
    def all_ends_well(self) -> None:
        """With all faults gone everything is archived: first by itself, then with the help of a person."""
        for path in sorted(self.removed):
            self.bench.disk[path] = self.removed.pop(path)
        for file in self.all_files():
            if file.archived_size is not None:
                self.archive[file.path] = file.archived_size
        self.what_travels_arrives()
        self.walk(1_000, restart=True, dry_run=False)
        self.days_without_a_fault()
        assert not set(self.states()) & MOVES_BY_ITSELF, "it stays where nobody looks"
        for _ in range(3):
            self.people.release(Selector(), self.bench.now, user="anna")
            for dataset in self.in_state(State.FAILED):
                self.help(dataset)
            self.days_without_a_fault()
        left = {each.path for each in self.datasets() if each.state is not State.ARCHIVED}
        there = {
            path for path in left if any(each.startswith(path + "/") for each in self.bench.disk)
        }
        assert not there, "a person could not help"

    def what_travels_arrives(self) -> None:
        store, now = self.bench.store, self.bench.now
        for batch in store.batches(*LIVE_BATCHES, direction=Direction.ARCHIVE):
            store.reserve_batch(batch.id, f"submission of {batch.id}", now)
            store.start_batch(batch.id, f"task of {batch.id}", now)
            store.sent_batch(batch.id, now)
            self.prove(batch, [])
            self.bench.end(batch)

    def days_without_a_fault(self) -> None:
        for _ in range(3):
            self.bench.later(days=1)
            self.wake()
            self.everything_goes_well()
            self.look(complete=True)
        self.settle()

    def help(self, dataset: Dataset) -> None:
        """Whatever a person may do about it, one thing helps, or it is put aside."""
        which = Selector(names=[dataset.name])
        for verb in (self.people.accept, self.people.retry):
            try:
                verb(which, self.bench.now, user="anna")
            except MoveRefusedError:
                continue
            if verb is self.people.accept:
                self.note_accepted(dataset.name)
            return
        assert self.people.hold(which, self.bench.now, user="anna")

    def states(self) -> list[State]:
        return [each.state for each in self.datasets()]

    # --- the rig as a whole, held against dictionaries ----------------------------------------------

    @rule(data=st.data())
    def something_about_the_rig(self, data: st.DataObject) -> None:
        """One rule of many, so that it does not keep the others from their turns."""
        what = data.draw(
            st.sampled_from(
                [self.alarm, self.note, self.pause, self.read_subjects, self.say_a_subject]
            )
        )
        what(data.draw)

    def alarm(self, draw: Draw) -> None:
        key, text = draw(WORDS), draw(WORDS)
        if draw(st.booleans()):
            self.bench.store.raise_alarm(key, text, "mend it", self.bench.now)
            self.model.raise_alarm(key, text, self.bench.now)
        else:
            self.bench.store.clear_alarm(key)
            self.model.alarms.pop(key, None)

    def note(self, draw: Draw) -> None:
        key, text, number = draw(WORDS), draw(WORDS), draw(st.integers(-3, 3))
        self.bench.store.put_setting(f"test {key}", text)
        self.model.settings[f"test {key}"] = text
        self.bench.store.count(key, number)
        self.model.counters[key] += number

    def pause(self, draw: Draw) -> None:
        why, minutes = draw(WORDS), draw(st.none() | MINUTES)
        if draw(st.booleans()):
            self.people.resume()
            self.model.paused = None
            return
        until = None if minutes is None else self.bench.now + timedelta(minutes=minutes)
        self.people.pause(why, self.bench.now, until)
        self.model.paused = (why, until)

    def read_subjects(self, draw: Draw) -> None:
        source, complete = draw(st.sampled_from(["file", "datajoint"])), draw(st.booleans())
        subjects = [Subject(number, h2o) for h2o, number in draw(ANIMALS).items()]
        self.bench.store.replace_subjects(source, subjects, self.bench.now, complete=complete)
        self.model.replace(source, subjects, complete=complete)

    def say_a_subject(self, draw: Draw) -> None:
        h2o, number, replace = draw(H2OS), draw(WORDS), draw(st.booleans())
        if draw(st.booleans()):
            gone = self.people.remove_subject(h2o)
            assert gone == (self.model.said["hand"].pop(h2o, None) is not None)
            return
        self.people.add_subject(Subject(number, h2o), self.bench.now, replace=replace)
        self.model.note_by_hand(Subject(number, h2o), replace=replace)

    # --- what always holds ------------------------------------------------------------------------

    @invariant()
    def every_rule_of_the_store_holds(self) -> None:
        store = self.store_to_look_at
        self.seen = [(each, store.files(each.id)) for each in self.read_datasets()]
        try:
            self.events_tell_every_state()
            self.counts_are_those_of_the_rows()
            self.totals_are_those_of_the_receipts()
            self.archived_means_proved()
            self.what_travels_is_in_one_live_batch()
            self.states_of_files_fit_the_state_of_their_dataset()
            self.every_receipt_is_of_a_file_that_was_archived()
            self.what_is_archived_is_told_of()
            self.what_is_brought_travels_once_to_one_place()
            self.the_rig_is_as_dictionaries_say()
            self.what_is_known_by_its_listing_need_not_be_compared()
        finally:
            self.seen = None

    def what_is_known_by_its_listing_need_not_be_compared(self) -> None:
        """Whatever happened since its listing was noted: a comparison would find nothing."""
        store = self.store_to_look_at
        known = store.known_folders(ROOT)
        for (path, folder), files in self.bench.folders().items():
            noted = known.get(folder)
            if noted is None or noted.listing != listing_of(files):
                continue
            dataset = self.bench.dataset(path)
            rows = store._known_files(dataset)
            seen = {each.path: (each, FILE_TYPE) for each in files}
            found = store._without_brought(ROOT, LOCATION, path, seen, rows)
            there = [each for each in rows if parent(each.path) == folder]
            assert not compare(there, found)
            assert dataset.state is State.ARCHIVED

    def events_tell_every_state(self) -> None:
        at: dict[str, State] = {}
        for event in self.store_to_look_at.events(limit=100_000):
            assert event.before == at.get(event.dataset)
            if event.before is None:
                assert event.after in BEGINNINGS
            else:
                assert event.move is not None
                assert allowed(event.before, event.after, event.move)
            assert event.why
            at[event.dataset] = event.after
        assert at == {each.name: each.state for each in self.datasets()}

    def counts_are_those_of_the_rows(self) -> None:
        counted = Counter(each.state for each in self.datasets())
        assert self.store_to_look_at.counts() == {state: counted[state] for state in State}
        for dataset in self.datasets():
            there = [f for f in self.files(dataset) if f.state is not FileState.GONE]
            assert (dataset.files, dataset.bytes) == (len(there), sum(f.size for f in there))

    def totals_are_those_of_the_receipts(self) -> None:
        sizes = [
            file.archived_size
            for dataset in self.datasets()
            for file in self.files(dataset)
            if file.archived_size is not None and file.state not in LOST
        ]
        totals = self.store_to_look_at.archived_totals()
        assert totals.get(LOCATION, (0, 0)) == (len(sizes), sum(sizes))

    def archived_means_proved(self) -> None:
        for dataset in self.datasets():
            files = self.files(dataset)
            for file in files:
                if file.state is FileState.ARCHIVED:
                    assert file.proof
                    assert file.archived_at is not None
                    assert file.archived_size == file.size
                    assert file.archived_mtime_ns in (None, file.mtime_ns)
            if dataset.state is State.ARCHIVED:
                states = {file.state for file in files}
                assert FileState.ARCHIVED in states
                assert states <= {FileState.ARCHIVED, FileState.GONE}

    def what_travels_is_in_one_live_batch(self) -> None:
        store = self.store_to_look_at
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

    def every_receipt_is_of_a_file_that_was_archived(self) -> None:
        """And what is archived has one of the size that it was archived with."""
        rows = self.store_to_look_at._door.rows("SELECT file_id, size FROM receipt")
        for file in self.all_files():
            if file.state is FileState.ARCHIVED:
                assert (file.id, file.archived_size) in rows

    def what_is_archived_is_told_of(self) -> None:
        for dataset in self.datasets():
            record = self.store_to_look_at.record_note(dataset.id)
            if dataset.state is State.ARCHIVED and dataset.archived_at is not None:
                began_here = (
                    self.store_to_look_at.events(name=dataset.name)[0].after is State.SETTLING
                )
                assert record is not None or not began_here
            if record is not None and record.state is RecordState.TRAVELLING:
                assert record.batch is not None

    def what_is_brought_travels_once_to_one_place(self) -> None:
        rows = self.store_to_look_at._door.rows(
            "SELECT t.destination, w.file_id FROM retrieval_file w JOIN retrieval t "
            "ON t.id = w.retrieval_id WHERE w.state = ?",
            BringState.TRAVELLING,
        )
        assert len(rows) == len(set(rows))

    def the_rig_is_as_dictionaries_say(self) -> None:
        self.model.check(self.store_to_look_at, self.bench.now)

    def unsettled(self, dataset: Dataset) -> int:
        row = self.store_to_look_at._door.row(
            "SELECT count(*) FROM file WHERE dataset_id = ? AND state = ? AND settled = 0",
            dataset.id,
            FileState.PENDING,
        )
        assert row is not None
        return int(row[0])

    # --- helpers ----------------------------------------------------------------------------------

    def read_datasets(self) -> list[Dataset]:
        return list(self.store_to_look_at.select(Selector()))

    def datasets(self) -> list[Dataset]:
        """Read once for all that is looked at after a step."""
        return self.read_datasets() if self.seen is None else [each for each, _ in self.seen]

    def files(self, dataset: Dataset) -> list[DatasetFile]:
        if self.seen is None:
            found: list[DatasetFile] = self.store_to_look_at.files(dataset.id)
            return found
        return next(files for each, files in self.seen if each.id == dataset.id)

    def all_files(self) -> list[DatasetFile]:
        return [file for dataset in self.datasets() for file in self.files(dataset)]

    def new_name(self, what: str) -> str:
        self.numbers += 1
        return f"{what}-{self.numbers}"

    def rows(self, *tables: str) -> dict[str, list[Any]]:
        """Every row of some tables, or of all that verbs about datasets and batches write to."""
        door = self.store_to_look_at._door
        return {
            table: sorted(door.rows(f"SELECT * FROM {table}"), key=repr)
            for table in tables
            or ("dataset", "file", "batch", "batch_file", "receipt", "event", "tally", "total")
        }

    def in_state(self, *states: State | BatchState) -> Iterable[Dataset]:
        return [each for each in self.datasets() if each.state in states]

    def a_batch(self, data: st.DataObject, *states: BatchState) -> Batch | None:
        batches: list[Any] = self.store_to_look_at.batches(*states, direction=Direction.ARCHIVE)
        return data.draw(st.sampled_from(batches)) if batches else None
