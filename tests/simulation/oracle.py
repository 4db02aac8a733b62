"""Who knows everything: the true bytes at both ends, every order, and every committed state; and says what is broken.

It reads the store's file by a connection of its own, so that it sees what is committed and nothing else.
"""

from __future__ import annotations

import hashlib
from collections import Counter, deque
from dataclasses import dataclass
from functools import lru_cache
from math import inf
from typing import TYPE_CHECKING, Any, NoReturn

import apsw

from archived.core.lifecycle import BEGINNINGS, MOVES, Reason, State
from archived.core.model import LIVE_BATCHES, BatchState, FileState
from archived.store.fields import from_text, joined
from tests.simulation.disk import Disk, Fingerprint, Node
from tests.simulation.globus import Copy, Task, destination

if TYPE_CHECKING:
    from tests.simulation.world import World

STATES = frozenset(State)
ON_THE_WAY = frozenset({State.READY, State.TRANSFERRING, State.VERIFYING, State.WAITING})
NOT_THERE = frozenset({FileState.MISSING, FileState.DIFFERENT, FileState.GONE})
"""Files that do not count as archived, whatever receipts they have."""


class BrokenRuleError(BaseException):
    """A rule was broken. `rule` is its name. Nobody on the way up may take it for an error of his own."""

    def __init__(self, rule: str, what: str, trace: list[str]) -> None:
        super().__init__(f"{rule}: {what}")
        self.rule, self.what, self.trace = rule, what, trace


@dataclass(frozen=True)
class Known:
    """One file as the store has it."""

    id: int
    dataset: int
    path: str
    size: int
    state: FileState
    reason: str
    missing: int
    archived_size: int | None
    overwrite: int
    fingerprint: Fingerprint


@dataclass(frozen=True)
class Order:
    """One batch as the store has it."""

    id: int
    name: str
    location: str
    state: BatchState
    submission: str | None
    created: float
    reason: str
    direction: str


@lru_cache(maxsize=10_000)
def _known(row: tuple[Any, ...]) -> Known:
    """Most rows are what they were when they were last looked at."""
    return Known(
        row[0],
        row[1],
        joined(from_text(row[2]), from_text(row[3])),
        row[4],
        FileState(row[8]),
        row[9],
        row[10],
        row[11],
        row[12],
        (row[4], row[5], row[6], row[7]),
    )


@lru_cache(maxsize=10_000)
def _order(row: tuple[Any, ...]) -> Order:
    return Order(
        row[0],
        row[1],
        from_text(row[2]),
        BatchState(row[3]),
        row[4],
        row[5] / 1e6,
        row[6],
        row[7],
    )


class Oracle:
    """See the module. Every `check` and every hook may raise `BrokenRuleError`."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.connection = apsw.Connection(
            str(world.folder / "archived.db"), flags=apsw.SQLITE_OPEN_READONLY
        )
        self.version = -1
        self.events = 0
        self.last_event = 0
        self.last_receipt = 0
        self.states: dict[int, State] = {}
        self.names: dict[int, tuple[str, str]] = {}
        self.submissions: dict[str, str] = {}
        self.held: dict[str, list[tuple[bytes, float]]] = {}
        """By place in the archive, what was ever put there whole, and when."""
        self.proved: dict[str, set[bytes]] = {}
        """By place in the archive, the contents that the store has receipts for."""
        self.consents: dict[str, set[Fingerprint]] = {}
        self.squatted: dict[str, float] = {}
        self.spoilt_in_archive: set[str] = set()
        self.judged: dict[int, tuple[float, float]] = {}
        """When the last judgement of each dataset was begun, and what was wrong with the clock then."""
        self.jumped: float = 0.0
        self.accepted: set[int] = set()
        self.files: dict[int, Known] = {}
        self.gone: set[int] = set()
        self.batches: dict[int, Order] = {}
        self.calls: deque[float] = deque()
        self.quiet_since: float | None = None
        self._due: float | None = None
        """When the next thing that settles may be settled, by the rig's clock."""

    def complain(self, rule: str, what: str) -> NoReturn:
        """A rule was broken."""
        self.world.note(f"BROKEN {rule}: {what}")
        raise BrokenRuleError(rule, what, self.world.trace)

    def ask(self, sql: str, *values: Any) -> list[tuple[Any, ...]]:
        """What the store says."""
        return list(self.connection.execute(sql, values))

    # -- what the world tells ---------------------------------------------------------------------------------------

    def errand(self, key: tuple[str, str]) -> None:
        """An errand begins."""
        if key[0] == "judge":
            self.judged[int(key[1])] = (self.world.time, self.world.offset)

    def called(self, verb: str) -> None:
        """The program calls the service: never more often than it has reason to."""
        now, setting = self.world.time, self.world.setting
        self.calls.append(now)
        while self.calls[0] < now - 3600:
            self.calls.popleft()
        most = 3600 / setting.poll * 8 + 600 + 40 * len(self.files)
        if len(self.calls) > most:
            self.complain("no storm", f"{len(self.calls)} calls in an hour, the last {verb}")

    def submitted(self, task: Task) -> None:
        """The service is about to begin a task."""
        if self.world.is_record(task):
            return
        sid = task.order.submission_id
        rows = self.ask("SELECT state FROM batch WHERE submission_id = ?", sid)
        if len(rows) != 1:
            self.complain("intent first", f"submission {sid} is not in the store")
        mine = set(task.paths)
        for other in self.world.service.tasks.values():
            if other.under_way and mine.intersection(other.paths):
                both = sorted(mine.intersection(other.paths))[0]
                self.complain("exactly once", f"{both!r} travels in {other.id} already")

    def put(self, task: Task, item: Any, before: Copy | None, content: bytes | None) -> None:
        """The service is about to put a file (None: only the beginning of one) into the archive."""
        if self.world.is_record(task):
            return
        where = destination(task.location, item.path)
        if before is not None and before.whole:
            self._may_replace(task, item, where, before)
        if content is None:
            return
        self.held.setdefault(where, []).append((content, self.world.time))

    def _may_replace(self, task: Task, item: Any, where: str, before: Copy) -> None:
        if where in self.spoilt_in_archive and before.by != "somebody":
            return
        if before.by != "somebody" and before.content not in self.proved.get(where, set()):
            # Ours, and never told of as safe.
            return
        planned = self._planned(task.order.submission_id, item.path)
        if planned is not None and planned in self.consents.get(where, set()):
            return
        since = self.squatted.get(where)
        if before.by == "somebody" and since is not None and since >= self._begun(task):
            # Put there after the program had looked.
            return
        self.complain(
            "never by less",
            f"{where!r} held {len(before.content)} bytes by {before.by}, and is replaced by {task.id}",
        )

    def _planned(self, submission: str, path: str) -> Fingerprint | None:
        rows = self.ask(
            "SELECT d.path, f.name, p.size, p.mtime_ns, p.ctime_ns, p.inode FROM batch b "
            "JOIN batch_file p ON p.batch_id = b.id JOIN file f ON f.id = p.file_id "
            "JOIN dataset d ON d.id = f.dataset_id WHERE b.submission_id = ?",
            submission,
        )
        for folder, name, *fingerprint in rows:
            if joined(from_text(folder), from_text(name)) == path:
                size, mtime, ctime, inode = fingerprint
                return (size, mtime, ctime, inode)
        return None

    def _begun(self, task: Task) -> float:
        rows = self.ask(
            "SELECT created_at FROM batch WHERE submission_id = ?", task.order.submission_id
        )
        return float(rows[0][0]) / 1e6 - self.world.offset if rows else 0.0

    def consent(self, location: Any, known: Known) -> None:
        """A person said that what is on the rig now replaces what the archive holds."""
        where = destination(location, known.path)
        self.consents.setdefault(where, set()).add(known.fingerprint)

    # -- what the store says -----------------------------------------------------------------------------------------

    def check(self) -> None:
        """See whether all rules hold, wherever the store has changed since the last time."""
        version = self.connection.pragma("data_version")
        if version == self.version:
            return
        self.version = version
        with self.connection:
            self._check_events()
            self._read()
            self._check_counts()
            self._check_batches()
            self._check_files()
            self._check_receipts()
        self.world.figures["checks"] += 1

    def _check_events(self) -> None:
        rows = self.ask(
            "SELECT id, dataset_id, state_before, state_after, move, why FROM event WHERE id > ? ORDER BY id",
            self.last_event,
        )
        for number, dataset, before, after, move, why in rows:
            self._check_event(dataset, before, after, move, why)
            self.last_event, self.events = number, self.events + 1
            self.world.note(f"dataset {dataset}: {before} to {after}, {move}: {why}")
        if self.ask("SELECT count(*) FROM event") != [(self.events,)]:
            self.complain("events", "an event that was there is not there any more")
        for dataset, location, path, state, reason in self.ask(
            "SELECT id, location, path, state, reason FROM dataset"
        ):
            self.names[dataset] = (from_text(location), from_text(path))
            if self.states.get(dataset) != state:
                self.complain("events", f"dataset {dataset} is {state}, its events say otherwise")
            if not reason:
                self.complain("reasons", f"dataset {dataset} is {state} without a reason")

    def _check_event(self, dataset: int, before: Any, after: Any, move: Any, why: str) -> None:
        if self.states.get(dataset) != before:
            self.complain("events", f"dataset {dataset} moved from {before}, and was elsewhere")
        if before is None:
            if State(after) not in BEGINNINGS:
                self.complain("lifecycle", f"dataset {dataset} began as {after}")
        elif Reason(move) not in MOVES.get((State(before), State(after)), frozenset()):
            self.complain("lifecycle", f"dataset {dataset} moved from {before} to {after}: {move}")
        if not why:
            self.complain("reasons", f"dataset {dataset} moved to {after} without a word")
        self.states[dataset] = State(after)
        self.world.figures[f"moves to {after}"] += 1
        if move == Reason.SETTLED:
            self._check_settled(dataset)

    def _check_settled(self, dataset: int) -> None:
        """Quiet for the quiet time, and not being written to, at the time when it was judged."""
        begun, offset = self.judged.get(dataset, (0.0, 0.0))
        world = self.world
        (location, path, accepted) = self.ask(
            "SELECT location, path, accepted FROM dataset WHERE id = ?", dataset
        )[0]
        location, path = from_text(location), from_text(path)
        disk = self._disk_of(location)
        quiet = min(world.setting.quiet, world.changes.get("quiet", world.setting.quiet))
        if self.jumped < begun - quiet - 60 and offset == world.offset:
            # What is archived already does not travel, and need not be quiet.
            arrived = {
                each.path
                for each in self.files.values()
                if each.dataset == dataset and each.state is FileState.ARCHIVED
            }
            for name, node in disk.files(path):
                if name not in arrived and world.time - quiet < node.touched < begun:
                    self.complain(
                        "finished", f"{name!r} was written to {begun - node.touched:.0f} s before"
                    )
        for recording in world.recordings:
            same = (recording.location, recording.folder) == (location, path)
            if not same or accepted or recording.tampered:
                continue
            for stem, writing in recording.open.items():
                nodes = [node for name, node in disk.files(path) if name.startswith(stem)]
                if writing and nodes and all(node.touched < begun for node in nodes):
                    self.complain("finished", f"{stem!r} is being written")

    def _disk_of(self, location: str) -> Disk:
        return self.world.disks["/rig/b" if location == "photon" else "/rig/a"].disk

    def _read(self) -> None:
        self.files = {
            row[0]: _known(row)
            for row in self.ask(
                "SELECT f.id, f.dataset_id, d.path, f.name, f.size, f.mtime_ns, f.ctime_ns, f.inode, f.state, "
                "f.reason, f.missing, f.archived_size, f.overwrite FROM file f "
                "JOIN dataset d ON d.id = f.dataset_id"
            )
        }
        self.batches = {
            row[0]: _order(row)
            for row in self.ask(
                "SELECT id, name, location, state, submission_id, created_at, reason, direction FROM batch"
            )
        }
        ((self._due,),) = self.ask(
            "SELECT min(max(coalesce(due, 0), changed_at + ?)) / 1e6 FROM dataset WHERE state = ?",
            int(self.world.changes.get("quiet", self.world.setting.quiet) * 1e6),
            State.SETTLING,
        )

    def _check_counts(self) -> None:
        counted = Counter(
            (self.names[dataset][0], str(state)) for dataset, state in self.states.items()
        )
        tally = {
            (from_text(location), state): number
            for location, state, number in self.ask("SELECT location, state, datasets FROM tally")
            if number
        }
        if dict(counted) != tally:
            self.complain("counts", f"the tally is {tally}, counted {dict(counted)}")
        totals: dict[str, list[int]] = {}
        for file in self.files.values():
            if file.archived_size is not None and file.state not in NOT_THERE:
                sums = totals.setdefault(self.names[file.dataset][0], [0, 0])
                sums[0] += 1
                sums[1] += file.archived_size
        told = {
            from_text(location): [files, size]
            for location, files, size in self.ask("SELECT location, files, bytes FROM total")
            if files
        }
        expected = {location: sums for location, sums in totals.items() if sums[0]}
        if told != expected:
            self.complain("totals", f"the totals are {told}, counted {expected}")
        sizes: dict[int, list[int]] = {each: [0, 0] for each in self.states}
        for file in self.files.values():
            if file.state is not FileState.GONE:
                sizes[file.dataset][0] += 1
                sizes[file.dataset][1] += file.size
        for dataset, files, size in self.ask("SELECT id, files, bytes FROM dataset"):
            if [files, size] != sizes[dataset]:
                self.complain("counts", f"dataset {dataset} says {files, size}: {sizes[dataset]}")

    def _check_batches(self) -> None:
        for batch in self.batches.values():
            if batch.submission is not None:
                before = self.submissions.setdefault(batch.name, batch.submission)
                if before != batch.submission:
                    self.complain(
                        "exactly once", f"batch {batch.name} has another submission id now"
                    )
            elif batch.state in LIVE_BATCHES and batch.state is not BatchState.PLANNED:
                self.complain("intent first", f"batch {batch.name} is {batch.state} without an id")
        live: dict[int, int] = dict(
            self.ask("SELECT live_file_id, batch_id FROM batch_file WHERE live_file_id IS NOT NULL")  # type: ignore[arg-type]
        )
        for file_id, number in live.items():
            if self.batches[number].state not in LIVE_BATCHES:
                self.complain("batches", f"file {file_id} is under way in a batch that has ended")
        travelling = {each.id for each in self.files.values() if each.state is FileState.TRAVELLING}
        if travelling != set(live):
            odd = sorted(travelling.symmetric_difference(live))
            self.complain("batches", f"files {odd} travel without a batch, or the other way round")
        carried = set(live.values())
        for number, batch in self.batches.items():
            if batch.state in LIVE_BATCHES and batch.direction == "archive":
                empty = number not in carried
                if empty and batch.state is BatchState.PLANNED:
                    continue
        carrying = {self.files[each].dataset for each in live}
        for dataset, state in self.states.items():
            if (state in (State.TRANSFERRING, State.VERIFYING)) != (dataset in carrying):
                # Between taking its last file out of a batch and ending it.
                if state in (State.TRANSFERRING, State.VERIFYING) and self._in_live_batch(dataset):
                    continue
                self.complain("batches", f"dataset {dataset} is {state}, its files say otherwise")

    def _in_live_batch(self, dataset: int) -> bool:
        live = [each for each, batch in self.batches.items() if batch.state in LIVE_BATCHES]
        rows = self.ask(
            "SELECT DISTINCT p.batch_id FROM batch_file p JOIN file f ON f.id = p.file_id "
            "WHERE f.dataset_id = ?",
            dataset,
        )
        return any(row[0] in live for row in rows)

    def _check_files(self) -> None:
        world = self.world
        slack = 3600 + 2 * world.setting.rescan + 2 * world.setting.stride
        for file in self.files.values():
            state = self.states[file.dataset]
            if state is State.ARCHIVED and file.state not in (FileState.ARCHIVED, FileState.GONE):
                self.complain("archived means proved", f"{file.path!r} is {file.state}")
            if file.state is not FileState.GONE:
                self.gone.discard(file.id)
            elif file.id not in self.gone:
                # When it is said; it may come back while nobody looks.
                self.gone.add(file.id)
                if not self._ever_absent(file, slack):
                    self.complain("absence", f"{file.path!r} is on the rig, and counts as gone")

    def _ever_absent(self, file: Known, slack: float) -> bool:
        """Whether a file was away at some time not long ago; what a person gave up need not have been."""
        if "a person accepted" in file.reason:
            return True
        disk = self._disk_of(self.names[file.dataset][0])
        node = disk.find(file.path)
        if node is None or node.content is None:
            return True
        return self.world.time - node.born < slack

    def _check_receipts(self) -> None:
        rows = self.ask(
            "SELECT r.id, r.file_id, r.batch_id, r.size, r.source, p.size, p.mtime_ns, p.ctime_ns, p.inode "
            "FROM receipt r LEFT JOIN batch_file p ON p.batch_id = r.batch_id AND p.file_id = r.file_id "
            "WHERE r.id > ? ORDER BY r.id",
            self.last_receipt,
        )
        for number, file_id, batch, size, _source, *planned in rows:
            self.last_receipt = number
            self.world.figures["receipts"] += 1
            if batch is not None:
                self._check_receipt(self.files[file_id], size, (*planned,))  # type: ignore[arg-type]

    def _check_receipt(self, file: Known, size: int, planned: Fingerprint) -> None:
        """What lies in the archive is what was on the rig under the fingerprint that the receipt is for."""
        location = self.names[file.dataset][0]
        mount = self.world.disks[self.world.location(location).root]
        disk = mount.disk
        where = destination(self.world.location(location), file.path)
        version = disk.versions.get(file.path, {}).get(planned)
        if version is None and mount.other is not None:
            # Another disk was there first, and nobody could know.
            version = mount.other.versions.get(file.path, {}).get(planned)
        held = self.held.get(where, [])
        if version is None:
            self.complain("proved", f"{file.path!r} never was as its receipt says")
        if size != len(version.content):
            self.complain("proved", f"{file.path!r} has a receipt of another size")
        contents = {content for content, _ in held}
        squatter = self.world.service.archive.get(where)
        if squatter is not None and squatter.by == "somebody":
            contents.add(squatter.content)
        if version.content in contents:
            self.proved.setdefault(where, set()).add(version.content)
            return
        left = disk.find(file.path) is None
        if left and held:
            # It changed on its way and left: what arrived is the last that there was of it.
            self.proved.setdefault(where, set()).add(held[-1][0])
            return
        self.complain("proved", f"{file.path!r} has a receipt, and what it was never arrived")

    # -- the end -------------------------------------------------------------------------------------------------------

    def due(self) -> float | None:
        """When the program has something to do at the earliest that it knows of; None for something on its way."""
        if any(state in ON_THE_WAY for state in self.states.values()):
            return None
        return inf if self._due is None else self._due - self.world.offset

    def calm(self) -> bool:
        """Whether nothing is known that is not where it stays."""
        return not any(
            state in ON_THE_WAY or state is State.SETTLING for state in self.states.values()
        )

    def quiet(self) -> bool:
        """Whether nothing is on its way any more, for long enough."""
        self.check()
        world, setting = self.world, self.world.setting
        busy = (
            any(state in ON_THE_WAY for state in self.states.values())
            or any(
                each.state in LIVE_BATCHES and each.direction == "archive"
                for each in self.batches.values()
            )
            or any(self._may_go_on(each) for each in self.states)
        )
        if busy:
            self.quiet_since = None
            return False
        if self.quiet_since is None:
            self.quiet_since = world.time
        return world.time - self.quiet_since > 3 * setting.rescan + setting.quiet + 7200

    def _may_go_on(self, dataset: int) -> bool:
        """Whether a dataset settles, and it is not over with that."""
        if self.states[dataset] is not State.SETTLING:
            return False
        return self._whole(*self.names[dataset]) or any(
            each.state is FileState.PENDING
            for each in self.files.values()
            if each.dataset == dataset and self._disk_of(self.names[dataset][0]).find(each.path)
        )

    def _whole(self, location: str, path: str) -> bool:
        """Whether a recording is finished, and nothing is wrong with it."""
        return any(
            (each.location, each.folder) == (location, path)
            and each.finished
            and not each.spoilt
            and not each.tampered
            for each in self.world.recordings
        )

    def what_is_left(self) -> str:
        """What is not at its end."""
        return "; ".join(
            f"{self.names[each]} is {state}"
            for each, state in self.states.items()
            if state not in (State.ARCHIVED, State.FAILED, State.HELD)
        ) + "".join(
            f"; batch {each.name} is {each.state}: {each.reason}"
            for each in self.batches.values()
            if each.state in LIVE_BATCHES
        )

    def check_the_end(self) -> None:
        """Everything archivable is archived; everything else is in a state with a reason."""
        by_name = {name: dataset for dataset, name in self.names.items()}
        for recording in self.world.recordings:
            name = (recording.location, recording.folder)
            if not recording.finished or recording.spoilt or recording.tampered:
                continue
            if name not in by_name:
                self.complain("nothing forgotten", f"{name} has no dataset")
            dataset = by_name[name]
            if self.states[dataset] is not State.ARCHIVED:
                (reason,) = self.ask("SELECT reason FROM dataset WHERE id = ?", dataset)[0]
                self.complain("progress", f"{name} is {self.states[dataset]}: {reason}")
            self._check_whole(recording.location, recording.folder)
        self.world.figures["datasets"] += len(self.states)

    def _check_whole(self, location: str, folder: str) -> None:
        known = {each.path for each in self.files.values() if each.state is FileState.ARCHIVED}
        nodes: list[tuple[str, Node]] = list(self._disk_of(location).files(folder))
        for path, node in nodes:
            where = destination(self.world.location(location), path)
            copy = self.world.service.archive.get(where)
            if path not in known:
                self.complain("progress", f"{path!r} is not among what was archived")
            if where in self.spoilt_in_archive:
                continue
            if copy is None or copy.content != node.content:
                self.complain("proved", f"the archive does not hold {path!r} as it is")

    def digest(self) -> bytes:
        """What the store and the archive hold in the end, for comparing two runs."""
        digest = hashlib.sha256()
        for table in ("dataset", "file", "batch", "event", "receipt", "tally", "total"):
            for row in self.ask(f"SELECT * FROM {table}"):
                digest.update(repr(row).encode())
        for where in sorted(self.world.service.archive):
            digest.update(repr((where, self.world.service.archive[where].content)).encode())
        return digest.digest()

    def close(self) -> None:
        """Let go of the store."""
        self.connection.close()
