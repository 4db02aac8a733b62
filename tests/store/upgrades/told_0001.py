"""What a rig of the first schema had in its store: every state of everything, and names as nasty as disks have them.

It is run by the release whose store it fills (see `make.py`), so it uses nothing but what that release had.
"""

from __future__ import annotations

import inspect
import sys
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any

from archived.core.lifecycle import Reason, State
from archived.core.model import (
    BatchState,
    Checksum,
    Direction,
    FileStat,
    FileState,
    Receipt,
    Recording,
    Unrecognised,
)
from archived.store import FolderSighting, LookSummary, Selector, Store

NOON = datetime(2026, 3, 14, 12, 0, tzinfo=UTC)
EPHYS, VIDEO = "raw-ephys", "raw-video"
ROOTS = {EPHYS: "/globus/map/raw", VIDEO: "/globus/map/r\udce9w vid\u00e9o"}
MD5 = Checksum("MD5", "d41d8cd98f00b204e9800998ecf8427e")
SHA256 = Checksum("SHA256", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855")

UGLY = [
    "latin-\udce9t\udce9.bin",
    "broken-\udcff\udcfe.bin",
    "new\nline;\n.bin",
    "tab\tand\rreturn",
    "escape\x1b[31m.bin",
    "back\\slash\\xff.bin",
    'it\'s "quoted" -- ; DROP TABLE rig',
    "100%s ?.bin",
    "right-\u202eot-left.bin",
    "caf\u00e9 and cafe\u0301.bin",
    "\u6f22\u5b57 \U0001f400.bin",
    " blanks at both ends ",
    "x" * 255,
    "deep/er/still\udc80/f",
]


class Story:
    """One rig, its disk, and a clock."""

    def __init__(self, store: Store, rig: str) -> None:
        self.store = store
        self.rig = rig
        self.now = NOON
        self.disk: dict[str, FileStat] = {}
        self.owners: dict[str, tuple[str, Recording]] = {}
        self.ticks = 0

    # --- the disk ---------------------------------------------------------------------------------

    def write(self, path: str, *names: str, location: str = EPHYS, size: int = 10) -> str:
        """Write files of one dataset anew; return the name of the dataset."""
        h2o = path.partition("/")[0]
        fields = {"run": "0", "odd": "caf\u00e9 \udce9 '\\"}
        recording = Recording("catgt", path, h2o, date(2019, 2, 23), "it's", fields)
        self.owners[path] = (location, recording)
        for name in names:
            self.ticks += 1
            stat = FileStat(
                f"{path}/{name}",
                size + self.ticks,
                1_551_000_000_000_000_000 + self.ticks,
                -5 * self.ticks,
                2**64 - self.ticks,
            )
            self.disk[stat.path] = stat
        return f"{location}/{path}"

    def look(self, *paths: str, complete: bool = False) -> None:
        """Look at some datasets, or at all of a root."""
        self.now += timedelta(minutes=1)
        seen = []
        for path in paths or tuple(self.owners):
            location, recording = self.owners[path]
            folders: dict[str, list[FileStat]] = {path: []}
            for each in self.disk.values():
                if each.path.startswith(path + "/"):
                    folders.setdefault(each.path.rpartition("/")[0], []).append(each)
            seen += [
                FolderSighting(
                    ROOTS[location],
                    location,
                    recording,
                    folder,
                    7,
                    ("sub\udce9", "folder"),
                    tuple((stat, "ephys-raw") for stat in files),
                )
                for folder, files in folders.items()
            ]
        self.store.sight(seen, self.now)
        if complete:
            visited = {each.folder for each in seen}
            self.store.finish_look(ROOTS[EPHYS], LookSummary(visited, True), self.now)

    # --- the steps --------------------------------------------------------------------------------

    def id(self, name: str) -> int:
        """Of a dataset."""
        return self.store.dataset(name).id

    def pending(self, name: str) -> list[int]:
        """The files that are to be sent."""
        files = self.store.files(self.id(name))
        return [each.id for each in files if each.state is FileState.PENDING]

    def ready(self, path: str, *names: str, location: str = EPHYS, size: int = 10) -> str:
        """A dataset that is ready."""
        name = self.write(path, *names, location=location, size=size)
        self.look(path)
        self.settle(name)
        return name

    def settle(self, name: str) -> None:
        """SETTLING to READY."""
        self.now += timedelta(minutes=10)
        why = "finished by its .meta"
        assert self.store.move(
            self.id(name), State.SETTLING, State.READY, Reason.SETTLED, why, self.now
        )

    def plan(self, batch: str, name: str, files: Sequence[int] | None = None) -> str:
        """A batch of what is pending."""
        self.now += timedelta(minutes=1)
        plan: Any = self.store.plan_batch
        # The first releases had one verb for both directions.
        which = (Direction.ARCHIVE,) if "direction" in inspect.signature(plan).parameters else ()
        ids = self.pending(name) if files is None else files
        location = name.partition("/")[0]
        batch = f"{self.rig}-{batch}"
        assert plan(batch, location, *which, ids, self.now, self.now + timedelta(days=3))
        return batch

    def submit(self, batch: str) -> str:
        """PLANNED to ACTIVE."""
        assert self.store.reserve_batch(batch, f"submission-{batch}", self.now)
        assert self.store.start_batch(batch, f"task-{batch}", self.now)
        return batch

    def archive(self, batch: str, name: str, files: Sequence[int] | None = None) -> None:
        """READY to ARCHIVED, for all of its files or some."""
        batch = self.submit(self.plan(batch, name, files))
        self.store.sent_batch(batch, self.now)
        sources = ["successful transfers", "listing", "re-read"]
        receipts = [
            Receipt(each.path, each.size, [MD5, None, SHA256][number % 3], sources[number % 3])
            for number, each in enumerate(self.store.batch_files(batch))
        ]
        self.now += timedelta(minutes=1)
        self.store.prove(batch, receipts, self.now)
        self.store.end_batch(
            batch, BatchState.PROVED, self.now, reason="", retry_at=None, needs_person=None
        )

    def fail(self, batch: str, *, minutes: int = 30, needs_person: str | None = None) -> None:
        """A batch that came to nothing."""
        self.store.end_batch(
            batch,
            BatchState.FAILED,
            self.now,
            reason="it's no use: \u6f22\n\udce9",
            retry_at=self.now + timedelta(minutes=minutes),
            needs_person=needs_person,
        )

    def ask(self, verb: str, name: str) -> None:
        """What a person types."""
        getattr(self.store, verb)(
            Selector(names=[name]), self.now, user="anna", why="because; 'so' \U0001f400\n"
        )


def tell(story: Story) -> None:
    """Everything that happened."""
    settling(story)
    archived(story)
    failed(story)
    held(story)
    live(story)
    the_rig(story)


def settling(story: Story) -> None:
    """What is recorded, quiet, or given up."""
    story.write("SC001/settling", *UGLY)
    story.write("SC001/w\udce9ird \u6f22 'name'", "a.bin", "b.bin")
    story.look()
    story.store.note(
        story.id(f"{EPHYS}/SC001/settling"),
        State.SETTLING,
        "changed 5 s ago",
        story.now + timedelta(minutes=10),
    )
    del story.disk["SC001/settling/deep/er/still\udc80/f"]
    story.look("SC001/settling", complete=True)
    story.write("SC001/gone", "left.bin")
    story.look("SC001/gone")
    del story.disk["SC001/gone/left.bin"]
    story.look(complete=True)
    story.look(complete=True)


def archived(story: Story) -> None:
    """What is safe: once, in parts, as a second revision, and gone from the rig since."""
    name = story.ready("SC002/once", *UGLY)
    story.store.set_external_checksums(
        story.id(name), {f"SC002/once/{UGLY[0]}": Checksum("SHA1", "1" * 40)}
    )
    story.archive("once", name)
    del story.disk[f"SC002/once/{UGLY[1]}"]
    story.look("SC002/once")
    name = story.ready("SC002/parts", "a.bin", "b.bin", size=3 * 2**40)
    first, second = story.pending(name)
    story.archive("parts-1", name, [first])
    story.ask("retry", name)
    story.archive("parts-2", name, [second])
    name = story.ready("SC002/revised", "a.bin", "b.bin", location=VIDEO)
    story.archive("revised-1", name)
    story.write("SC002/revised", "a.bin", location=VIDEO, size=500)
    story.look("SC002/revised")
    story.ask("accept", name)
    story.archive("revised-2", name)
    name = story.ready("SC002/grown", "a.bin", "empty.bin", size=0)
    story.archive("grown", name)
    story.write("SC002/grown", "later.bin")
    story.look("SC002/grown")


def failed(story: Story) -> None:
    """What needs a person, or another try."""
    for fault in ("conflict", "checksum", "unreadable"):
        name = story.ready(f"SC003/{fault}", "a.bin", "b.bin")
        story.store.set_apart(
            story.pending(name)[:1], f"it's a {fault}: \udce9", story.now, fault=fault
        )
        story.archive(fault, name)
    name = story.ready("SC003/changed", "a.bin")
    story.archive("changed", name)
    story.write("SC003/changed", "a.bin", size=900)
    story.look("SC003/changed")
    name = story.ready("SC003/waiting", "a.bin", "b.bin")
    for number in range(3):
        story.fail(story.submit(story.plan(f"waiting-{number}", name)))
        if number < 2:
            story.ask("retry", name)
    name = story.ready("SC003/person", "a.bin")
    story.fail(story.submit(story.plan("person", name)), needs_person="the quota is used up")
    name = story.ready("SC003/accepted", "a.bin")
    story.store.set_apart(story.pending(name), "differs there", story.now, fault="conflict")
    story.ask("accept", name)


def held(story: Story) -> None:
    """What is left alone, from each state that can be."""
    story.write("SC004/from-settling", "a.bin")
    story.look("SC004/from-settling")
    story.ready("SC004/from-ready", "a.bin")
    name = story.ready("SC004/from-waiting", "a.bin")
    story.fail(story.submit(story.plan("held", name)))
    name = story.ready("SC004/from-failed", "a.bin")
    story.store.set_apart(story.pending(name), "unreadable", story.now, fault="unreadable")
    for each in ("settling", "ready", "waiting", "failed"):
        story.ask("hold", f"{EPHYS}/SC004/from-{each}")


def live(story: Story) -> None:
    """What travels: one batch in each state, with a file taken out of one of them."""
    story.plan("planned", story.ready("SC005/planned", "a.bin", "b.bin"))
    batch = story.plan("reserved", story.ready("SC005/reserved", "a.bin", UGLY[4]))
    assert story.store.reserve_batch(batch, f"submission-{batch}", story.now)
    name = story.ready("SC005/active", *UGLY[2:6], "out.bin")
    batch = story.submit(story.plan("active", name))
    story.store.update_batch(
        batch, files_done=1, bytes_done=11, rate=1.25e6, nice_status="OK \u2713", now=story.now
    )
    out = next(each for each in story.store.files(story.id(name)) if each.path.endswith("out.bin"))
    story.store.release_files(batch, [out.id], story.now, fault="unreadable", reason="no \udce9")
    batch = story.submit(story.plan("cancelling", story.ready("SC005/cancelling", "a.bin")))
    story.store.move_batch(
        batch, BatchState.ACTIVE, BatchState.CANCELLING, story.now, "it can't end"
    )
    batch = story.submit(story.plan("sent", story.ready("SC005/sent", "a.bin", "b.bin")))
    story.store.sent_batch(batch, story.now)
    due = story.now + timedelta(minutes=5)
    story.store.postpone_batch(batch, due, 2, "the service is away: 'why'\n")


def the_rig(story: Story) -> None:
    """What is true of the rig as a whole."""
    store, now = story.store, story.now
    store.sight_plain(ROOTS[EPHYS], "of no \udce9 interest", 5, tuple(UGLY[6:9]))
    store.set_unrecognised(
        ROOTS[EPHYS],
        [Unrecognised(f"odd/{each}", "it's no\nname", "{h2o}/\u6f22") for each in UGLY[:6]],
        now,
    )
    store.raise_alarm("root:/globus", "it's \udce9 gone", "mount it;\n", now)
    store.pause("lunch; it's \u6f22\n", now, now + timedelta(days=400))
    store.put_setting("watcher", "inotify\nwell \udce9")
    store.put_setting("marker 'odd'", "x" * 5_000)
    store.count("looks", 12_345_678_901)
    with store.claim_daemon(4711, now):
        store.heartbeat(now + timedelta(seconds=5))


def small(story: Story) -> None:
    """Another rig of the same store, with a dataset of the same name as the first one has."""
    story.archive("once", story.ready("SC002/once", "a.bin"))
    story.write("SC001/settling", "a.bin")
    story.look("SC001/settling")
    story.submit(story.plan("active", story.ready("SC005/active", "a.bin")))


def main(address: str) -> None:
    """Tell it into an empty database."""
    with Store.open(address, rig="rig-1", create=True, now=NOON) as store:
        tell(Story(store, "rig-1"))
    with Store.open(address, rig="r\udcefg '2'", create=True, now=NOON) as store:
        small(Story(store, "rig-2"))


if __name__ == "__main__":
    main(sys.argv[1])
