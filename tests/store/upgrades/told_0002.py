"""What a rig of the second schema had besides: animals, walks over archives, retrievals, and records."""

from __future__ import annotations

import sys
from datetime import date, timedelta

from archived.core.discovery import Listed
from archived.core.model import BatchState, Direction, FileState, Recording
from archived.core.records import RecordState
from archived.core.retrieving import BringOutcome, BringState, Copy
from archived.core.subjects import Subject
from archived.store import Digest, ListedFile, ListedFolder, Store
from tests.store.upgrades.told_0001 import EPHYS, NOON, ROOTS, UGLY, VIDEO, Story, small, tell

FOUND = "SC006/found \udce9"
ODD = "an \udce9 'odd' \u6f22\n note"


def tell_more(story: Story) -> None:
    """What releases with the second schema do."""
    claimed(story)
    animals(story)
    records(story)
    walks(story)
    retrievals(story)


def claimed(story: Story) -> None:
    """What a daemon says of itself."""
    store = story.store
    store.note_archives({EPHYS: "c40e971d:/4Electrode \udce9", VIDEO: "/mnt/nas/vid\u00e9o"})
    with store.claim_daemon(
        815, story.now, host="rig-pc \u6f22", version="0.2", folders=list(ROOTS.values())
    ):
        store.put_setting(f"root:{ROOTS[EPHYS]}", '{"device": 1}')
        store.heartbeat(story.now + timedelta(seconds=7))


def animals(story: Story) -> None:
    """Numbers from everybody who says some, and not the same ones."""
    store, now = story.store, story.now
    store.add_subject(Subject("407513", "SC001", {"sex \u2642": ODD}), now)
    listed = [Subject("407514", "SC001"), Subject("1", "SC002"), Subject("x\u6f22'", "D\u00c9 4")]
    store.replace_subjects("file", listed, now)
    store.replace_subjects("datajoint", [Subject("407515", "SC001"), Subject("1", "SC003")], now)


def records(story: Story) -> None:
    """What the archive was told: a record in each state, some of them in a batch."""
    store, now = story.store, story.now
    ids = {each: story.id(f"{EPHYS}/SC002/{each}") for each in ("once", "parts", "grown")}
    for name, state in (("parts", RecordState.WRITTEN), ("once", RecordState.WRITTEN)):
        owed = store.record_note(ids[name])
        assert owed is not None
        assert store.set_record(owed, state, reason=ODD, attempts=2)
    with store.together():
        store.begin_batch(
            "rig-1-records",
            EPHYS,
            Direction.RECORD,
            files=2,
            size=4_711,
            now=now,
            deadline=now + timedelta(days=3),
        )
        assert store.load_records("rig-1-records", [ids["parts"]]) == 1
        store.records_are_ours([ids["parts"]])
    kept = store.record_note(ids["grown"])
    assert kept is not None
    store.set_record(kept, RecordState.KEPT, reason=ODD)
    revised = store.record_note(story.id(f"{VIDEO}/SC002/revised"))
    assert revised is not None
    store.set_record(revised, RecordState.PROVED)
    files = store.files(ids["once"])
    store.note_digests(
        {
            files[0].id: Digest(files[0].size, -5, "a" * 64),
            files[1].id: Digest(files[1].size, 5, None, ODD),
        }
    )


def walks(story: Story) -> None:
    """A walk that has ended, and one in the middle; what only the archive has, and what it lost."""
    store, now = story.store, story.now
    name = story.ready("SC006/lost", "missing.bin", "different.bin", "there.bin")
    story.archive("lost", name)
    story.now += timedelta(hours=1)
    now = story.now
    walk = store.begin_discovery(EPHYS, "", now, dry_run=False, restart=False)
    recording = Recording("catgt", FOUND, "SC006", date(2019, 2, 23), None, {"run": ODD})
    listed = [
        ListedFile(Listed(f"{FOUND}/{each}", 11 + number, 1_551_000_000_000_000_000), "ephys-raw")
        for number, each in enumerate(UGLY[:-1])
    ]
    folders = [
        ListedFolder(
            folder="",
            listed_at=now,
            root_key=ROOTS[EPHYS],
            subfolders=[FOUND, "SC006/lost", "SC007/ref\udceased"],
            strange=[(f"odd/{each}", ODD) for each in UGLY[:4]],
        ),
        ListedFolder(
            folder=FOUND, listed_at=now, root_key=ROOTS[EPHYS], recording=recording, files=listed
        ),
    ]
    for each in folders:
        assert store.take_listing(walk, each, now)
    sizes = {each.path: each.size for each in store.files(story.id(name))}
    left = [
        ListedFile(Listed("SC006/lost/different.bin", 3, None), "ephys-raw"),
        ListedFile(
            Listed("SC006/lost/there.bin", sizes["SC006/lost/there.bin"], None), "ephys-raw"
        ),
    ]
    lost = Recording("catgt", "SC006/lost", "SC006", date(2019, 2, 23))
    for again in (False, True):
        assert store.take_listing(
            walk,
            ListedFolder(
                folder="SC006/lost",
                listed_at=now,
                root_key=ROOTS[EPHYS],
                recording=lost,
                files=left,
                again=again,
            ),
            now,
        )
    store.refuse_folder(walk.id, "SC007/ref\udceased", ODD)
    store.tell_of_missing(EPHYS, now)
    store.doubts(walk.id, EPHYS)
    store.end_discovery(walk.id, now)
    middle = store.begin_discovery(VIDEO, "SC002", now, dry_run=True, restart=False)
    store.take_listing(
        middle,
        ListedFolder(
            folder="SC002",
            listed_at=now,
            root_key=ROOTS[VIDEO],
            subfolders=["SC002/revised", "SC002/\udce9"],
        ),
        now,
    )


def retrievals(story: Story) -> None:
    """One that goes on, with a file in each state, and one that has ended."""
    store, now = story.store, story.now
    files = [
        each
        for each in store.files(story.id(f"{EPHYS}/SC002/once"))
        if each.state is FileState.ARCHIVED
    ]
    wanted = {each.id: Copy(3, -7) if number == 0 else None for number, each in enumerate(files)}
    store.begin_retrieval(
        "retrieval-1",
        EPHYS,
        "/data/\udce9 b\u00e4ck",
        wanted,
        asked_by="anna",
        asked_for=f"retrieve 'SC002*' {ODD}",
        now=now,
    )
    deadline = now + timedelta(days=3)
    travelling = [each.id for each in files[:2]]
    assert store.plan_retrieval("rig-1-back", "retrieval-1", travelling, now, deadline)
    assert store.reserve_batch("rig-1-back", "submission-back", now)
    assert store.start_batch("rig-1-back", "task-back", now)
    states = [BringState.ARRIVED, BringState.THERE, BringState.DIFFERS, BringState.FAILED]
    store.note_brought(
        "retrieval-1",
        [
            BringOutcome(
                file_id=each.id,
                state=state,
                reason=ODD,
                copy=Copy(each.size, 2**62),
                due=now + timedelta(hours=1),
                counts=True,
            )
            for each, state in zip(files[2:6], states, strict=True)
        ],
    )
    store.begin_retrieval(
        "retrieval-2", VIDEO, "/data", {}, asked_by="ben", asked_for="all", now=now
    )
    store.end_retrieval("retrieval-2", now)
    batch = store.batch("rig-1-records")
    assert batch is not None
    assert batch.state is BatchState.PLANNED


def main(address: str) -> None:
    """Tell it into an empty database."""
    with Store.open(address, rig="rig-1", create=True, now=NOON) as store:
        story = Story(store, "rig-1")
        tell(story)
        tell_more(story)
    with Store.open(address, rig="r\udcefg '2'", create=True, now=NOON) as store:
        small(Story(store, "rig-2"))


if __name__ == "__main__":
    main(sys.argv[1])
