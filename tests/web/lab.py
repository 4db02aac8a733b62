"""A lab in the middle of an afternoon: a fortnight of sessions, most of them safe, some on their way, some in trouble."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from hashlib import md5

from archived.core.lifecycle import Reason, State
from archived.core.model import (
    BatchState,
    Checksum,
    Dataset,
    FileStat,
    FileState,
    Receipt,
    Recording,
    Unrecognised,
)
from archived.core.subjects import Subject
from archived.store import FolderSighting, Selector, Store

NOW = datetime(2026, 3, 12, 16, 40, tzinfo=UTC)
TODAY = NOW.date()
ROOT = "/globus/map/raw"
EPHYS, VIDEO = "raw-ephys", "raw-video"
ANIMALS = {
    "DL017": "469111",
    "DL019": "471203",
    "SC038": "455219",
    "SC041": "456772",
    "SC044": "456773",
}
G = 10**9


class Lab:
    """A store, and what happens in it."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.now = NOW
        self._number = 0

    def ephys(self, animal: str, day: date, *, files: int = 6) -> str:
        """An electrophysiology session that was seen; its name."""
        path = f"{animal}/catgt_{animal}_{day:%m%d%y}_g0"
        names = [
            (f"{animal}_{day:%m%d%y}_g0_tcat.imec{number // 3}.ap{end}", kind, size)
            for number, (end, kind, size) in enumerate(
                [
                    (".bin", "ephys-raw-neuropixels-ap-bin", 61 * G + 40_320),
                    (".meta", "ephys-raw-neuropixels-ap-meta", 21_880),
                    (".cuts.txt", "ephys-raw-cuts", 912),
                ]
                * (files // 3)
            )
        ]
        return self.seen(EPHYS, Recording("catgt", path, animal, day), names)

    def video(self, animal: str, day: date, *, trials: int = 8) -> str:
        """A session of tracking videos that was seen; its name."""
        path = f"{animal}/{day:%m%d%Y}/video"
        names = [
            (f"{animal}_side_{trial:03}.avi", "tracking-video-trial", 340_000_000 + trial)
            for trial in range(trials)
        ]
        return self.seen(VIDEO, Recording("tracking-video", path, animal, day), names)

    def seen(
        self, location: str, recording: Recording, files: Iterable[tuple[str, str, int]]
    ) -> str:
        """A dataset with these files (name, type, size) that a look found."""
        stats = tuple(
            (FileStat(f"{recording.path}/{name}", size, self._next(), 1, 1), kind)
            for name, kind, size in files
        )
        sighting = FolderSighting(
            ROOT, location, recording, recording.path, len(stats), (), stats, listing="x"
        )
        self.store.sight([sighting], self.now)
        return f"{location}/{recording.path}"

    def settle(self, *names: str) -> None:
        """SETTLING to READY."""
        for name in names:
            moved = self.store.move(
                self.dataset(name).id,
                State.SETTLING,
                State.READY,
                Reason.SETTLED,
                "every header says finished, and nothing changed for 10m",
                self.now,
            )
            assert moved

    def send(self, *names: str, location: str = EPHYS) -> str:
        """READY to TRANSFERRING; the batch."""
        self.settle(*names)
        ids = [
            each.id
            for name in names
            for each in self.store.files(self.dataset(name).id)
            if each.state is FileState.PENDING
        ]
        batch = f"9c1b1e5a-{self._next():04}-4f6e-8a53-2d7c4f0b9e11"
        assert self.store.plan_batch(batch, location, ids, self.now, self.now + timedelta(days=3))
        assert self.store.reserve_batch(batch, f"submission-{batch}", self.now)
        assert self.store.start_batch(batch, f"5e0d{batch[4:]}", self.now)
        return batch

    def arrive(self, batch: str) -> None:
        """TRANSFERRING to VERIFYING."""
        self.store.sent_batch(batch, self.now)

    def archive(self, *names: str, location: str = EPHYS) -> None:
        """SETTLING to ARCHIVED."""
        batch = self.send(*names, location=location)
        self.arrive(batch)
        receipts = [
            Receipt(
                each.path,
                each.size,
                Checksum("MD5", md5(each.path.encode()).hexdigest()),
                "successful transfers",
            )
            for each in self.store.batch_files(batch)
        ]
        self.store.prove(batch, receipts, self.now)
        self.store.end_batch(batch, BatchState.PROVED, self.now, reason="", retry_at=self.now)

    def fail(self, why: str, *names: str, person: bool, location: str = EPHYS) -> None:
        """SETTLING to WAITING, or to FAILED where a person has to look."""
        batch = self.send(*names, location=location)
        self.store.end_batch(
            batch,
            BatchState.FAILED,
            self.now,
            reason=why,
            retry_at=self.now + timedelta(minutes=12),
            needs_person=why if person else None,
        )

    def dataset(self, name: str) -> Dataset:
        """A dataset as it is now."""
        return self.store.dataset(name)

    def _next(self) -> int:
        self._number += 1
        return self._number


@contextmanager
def afternoon(store: Store) -> Iterator[Lab]:
    """The lab, with its daemon running."""
    lab = Lab(store)
    for animal, number in ANIMALS.items():
        if animal != "SC044":
            store.add_subject(Subject(number, animal), NOW)
    with store.claim_daemon(4711, NOW - timedelta(days=4, hours=3)):
        fortnight(lab)
        today(lab)
        store.heartbeat(NOW - timedelta(seconds=8))
        yield lab


def fortnight(lab: Lab) -> None:
    """The days before: all is safe but for one session that a person has to look at, and one that is held."""
    animals = list(ANIMALS)
    for back in range(10, 0, -1):
        day = TODAY - timedelta(days=back)
        if day.weekday() > 4:
            continue
        lab.now = NOW - timedelta(days=back)
        here = [each for number, each in enumerate(animals) if (number + day.day) % 4]
        lab.archive(*(lab.ephys(each, day) for each in here))
        lab.archive(*(lab.video(each, day) for each in here[1:]), location=VIDEO)
    lab.now = NOW - timedelta(days=3, hours=2)
    damaged = lab.ephys("SC041", date(2026, 3, 7))
    lab.fail(
        "SC041_030726_g0_tcat.imec0.ap.bin has 1.2 GB less than its .meta says",
        damaged,
        person=True,
    )
    held = lab.video("DL019", date(2026, 3, 8))
    lab.store.hold(Selector(names=(held,)), lab.now, user="ada", why="the camera was out of focus")


def today(lab: Lab) -> None:
    """Today: three sessions are safe, others in every other state."""
    lab.now = NOW - timedelta(hours=5)
    lab.archive(lab.ephys("DL017", TODAY), lab.ephys("DL019", TODAY))
    lab.archive(lab.video("DL017", TODAY), location=VIDEO)
    lab.now = NOW - timedelta(minutes=47)
    way = lab.send(lab.ephys("SC038", TODAY), lab.ephys("SC041", TODAY))
    lab.store.update_batch(
        way, files_done=4, bytes_done=151 * G, rate=212e6, nice_status="", now=lab.now
    )
    lab.arrive(lab.send(lab.video("SC038", TODAY), location=VIDEO))
    lab.fail(
        "the endpoint of the archive was offline",
        lab.video("SC041", TODAY),
        person=False,
        location=VIDEO,
    )
    lab.settle(lab.video("DL019", TODAY))
    lab.now = NOW - timedelta(minutes=3)
    lab.ephys("SC044", TODAY)
    lab.store.set_unrecognised(
        ROOT,
        [
            Unrecognised(
                "sc044/catgt_sc044_031226_g0",
                "'sc044' is written small",
                "{h2o}/catgt_{h2o}_{date}_g{run}",
            )
        ],
        lab.now,
    )
