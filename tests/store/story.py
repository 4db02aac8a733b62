"""A story of every write verb, and a process that is killed somewhere in it.

Run as a program it tells the story many times, each time in a child that kills itself before the n-th statement
(or commit), and notes in a file how many verbs had returned until then.
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

from archived.core.model import Batch, Checksum, FileState, Receipt, Unrecognised
from archived.store import Selector, Store
from archived.store.connection import Door
from tests.builders import NOON
from tests.store.bench import G0, G1, LOCATION, ROOT, Bench

NAMES = [f"{LOCATION}/{G0}", f"{LOCATION}/{G1}"]


class Story(Bench):
    """A bench whose verbs are told one by one."""

    def __init__(self, store: Store) -> None:
        super().__init__(store)
        for name in ("a.bin", "b.bin", "c.bin"):
            self.write(name, dataset=G0)
        self.write("d.bin", dataset=G1)
        self.rig = store._rig

    def planned(self, number: int) -> Batch:
        """A batch by its number in the story."""
        batch = self.store.batch(f"{self.rig}-batch-{number}")
        assert batch is not None
        return batch

    def plan_number(self, number: int) -> None:
        """Plan everything that is pending."""
        ids = [
            file.id
            for dataset in self.store.select(Selector())
            for file in self.store.files(dataset.id)
            if file.state is FileState.PENDING
        ]
        until = self.now + timedelta(days=3)
        self.store.plan_batch(f"{self.rig}-batch-{number}", LOCATION, ids, self.now, until)

    def verbs(self) -> list[Callable[[], Any]]:
        """Every verb of the story; each is one call of the store that writes."""
        store = self.store
        return [
            self.sight,
            self.finish,
            lambda: store.set_external_checksums(
                self.dataset().id, {f"{G0}/a.bin": Checksum("SHA1", "1" * 40)}
            ),
            self.settle,
            lambda: self.settle(G1),
            lambda: store.set_apart(
                [self.files()["c.bin"].id], "unreadable", self.now, fault="unreadable"
            ),
            lambda: self.plan_number(1),
            lambda: store.reserve_batch(self.planned(1).id, "submission", self.now),
            lambda: store.start_batch(self.planned(1).id, "task", self.now),
            lambda: store.release_files(self.planned(1).id, [self.files(G1)["d.bin"].id], self.now),
            lambda: store.sent_batch(self.planned(1).id, self.now),
            lambda: store.prove(
                self.planned(1).id, [Receipt(f"{G0}/a.bin", 10, None, "listing")], self.now
            ),
            lambda: self.fail(self.planned(1)),
            lambda: store.retry([NAMES[0]], self.now, user="anna"),
            lambda: store.hold([NAMES[1]], self.now, user="anna"),
            lambda: store.release(Selector(), self.now, user="anna"),
            lambda: store.raise_alarm("root", "gone", "mount it", self.now),
            lambda: store.set_unrecognised(ROOT, [Unrecognised("x", "y")], self.now),
            lambda: store.pause("lunch", self.now),
            lambda: store.count("looks"),
            lambda: self.plan_number(2),
            lambda: self.fail(self.planned(2), needs_person="quota"),
            lambda: store.clear_alarm("root"),
            lambda: store.accept(
                Selector(location=LOCATION, names=[NAMES[0]]), self.now, user="ben"
            ),
        ]


def dump(store: Store) -> list[object]:
    """Everything that the store knows, without ids that databases deal out, and the rig."""
    datasets = list(store.select(Selector()))
    return [
        [replace(each, id=0, rig="") for each in datasets],
        [[replace(file, id=0, dataset_id=0) for file in store.files(each.id)] for each in datasets],
        [
            [replace(file, file_id=0, dataset_id=0) for file in store.batch_files(batch.id)]
            for batch in store.batches()
        ],
        store.batches(),
        store.events(),
        store.counts(),
        store.archived_totals(),
        store.alarms(),
        store.unrecognised(10),
        store.counters(),
        store.paused(NOON),
    ]


def kill_before(number: int, store: Store) -> None:
    """Kill this process right before the statement of that number, commits included."""
    left = number

    def counted(wrapped: Callable[..., Any]) -> Callable[..., Any]:
        def run(*arguments: Any, **options: Any) -> Any:
            nonlocal left
            left -= 1
            if left == 0:
                os.kill(os.getpid(), signal.SIGKILL)
            return wrapped(*arguments, **options)

        return run

    door: Any = Door
    door._execute = counted(Door._execute)
    door.many = counted(Door.many)
    store._door.database.commit = counted(store._door.database.commit)


def tell(address: str, rig: str, kill_at: int, notes: str) -> None:
    """Tell the story, noting every verb that returned."""
    with (
        Store.open(address, rig=rig, create=True, now=NOON) as store,
        open(notes, "wb", buffering=0) as file,
    ):
        story = Story(store)
        kill_before(kill_at, store)
        for verb in story.verbs():
            verb()
            file.write(b".")


def main(address: str, notes: str, first: str, step: str) -> None:
    """Tell it again and again, until one was told to its end. `{n}` in the arguments is the point of the kill."""
    number = int(first)
    while True:
        child = os.fork()
        if child == 0:
            rig = f"rig-{number}"
            tell(address.format(n=number), rig, number, notes.format(n=number))
            os._exit(0)
        _, status = os.waitpid(child, 0)
        if os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL:
            number += int(step)
            continue
        sys.stdout.write(f"{number}\n")
        sys.stdout.flush()
        sys.exit(os.waitstatus_to_exitcode(status))


if __name__ == "__main__":
    main(*sys.argv[1:])
