"""What the archive of these tests holds: datasets of two animals, sighted and archived through the store's own verbs."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import date

from archived.core.lifecycle import Reason, State
from archived.core.model import BatchState, Checksum, FileStat, Receipt, Recording
from archived.core.subjects import Subject
from archived.store import FolderSighting, Store
from tests.builders import NOON

ROOT = "/globus/map/raw"


def see(
    store: Store,
    path: str,
    files: Sequence[tuple[str, int]],
    *,
    location: str = "raw-ephys",
    convention: str = "catgt",
    h2o: str | None = "SC011",
    day: date | None = date(2019, 2, 23),
    ident: str | None = None,
    file_type: str = "ephys-raw-neuropixels-ap-bin",
) -> int:
    """Sight a dataset with files of these names and sizes; returns its number."""
    stats = [
        (FileStat(f"{path}/{name}", size, 1, 1, place), file_type)
        for place, (name, size) in enumerate(files)
    ]
    recording = Recording(convention, path, h2o, day, ident)
    sighting = FolderSighting(ROOT, location, recording, path, 1, (), stats)
    store.sight([sighting], NOON)
    return store.dataset(f"{location}/{path}").id


def content(size: int) -> bytes:
    """What is in every file of that size."""
    return b"x" * size


def archive(store: Store, *names: str) -> None:
    """Settle and archive datasets, with a receipt for each of their files."""
    for name in names:
        dataset = store.dataset(name)
        store.move(dataset.id, State.SETTLING, State.READY, Reason.SETTLED, "finished", NOON)
        files = store.files(dataset.id)
        batch = store.plan_batch(
            f"batch of {name}"[-60:],
            dataset.location,
            [each.id for each in files],
            NOON,
            NOON,
        )
        assert batch is not None
        assert store.reserve_batch(batch.id, f"s {batch.id}", NOON)
        assert store.start_batch(batch.id, f"t {batch.id}", NOON)
        store.sent_batch(batch.id, NOON)
        receipts = [
            Receipt(
                each.path,
                each.size,
                Checksum("MD5", hashlib.md5(content(each.size)).hexdigest()),
                "listing",
            )
            for each in files
        ]
        store.prove(batch.id, receipts, NOON)
        store.end_batch(
            batch.id, BatchState.PROVED, NOON, reason="", retry_at=NOON, needs_person=None
        )


def fill(store: Store) -> None:
    """Four recordings and a day of videos of SC011 (407513), one recording of dl7, which nobody knows."""
    bins = [("a.ap.bin", 1000), ("a.ap.meta", 10)]
    see(store, "SC011/catgt_SC011_022319_g0", bins)
    see(store, "SC011/catgt_SC011_030219_g0", bins, day=date(2019, 3, 2))
    see(store, "SC011/catgt_SC011_030219_2_g0", bins, day=date(2019, 3, 2), ident="2")
    see(store, "SC011/catgt_SC011_030519_g0", bins, day=date(2019, 3, 5))
    see(
        store,
        "SC011/2019-03-02",
        [(f"SC011_side_{trial}.avi", 500) for trial in range(3)],
        location="raw-video",
        convention="tracking-video",
        day=date(2019, 3, 2),
        file_type="tracking-video-trial",
    )
    see(
        store,
        "dl7/dl7_090118_g0",
        [("b.ap.bin", 7)],
        h2o="dl7",
        day=date(2018, 9, 1),
        convention="spikeglx",
    )
    archive(
        store,
        "raw-ephys/SC011/catgt_SC011_022319_g0",
        "raw-ephys/SC011/catgt_SC011_030219_g0",
        "raw-ephys/SC011/catgt_SC011_030219_2_g0",
        "raw-video/SC011/2019-03-02",
    )
    store.import_subjects([Subject("407513", "SC011")], NOON)
