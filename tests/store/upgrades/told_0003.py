"""What a rig of the third schema had besides: looks at the archive's copies, and comparisons that are under way."""

from __future__ import annotations

import sys
from datetime import timedelta

from archived.core.model import Checksum
from archived.core.verifying import MINE, OF_THE_DAEMON, Content, How, Look
from archived.store import Store
from tests.store.upgrades.told_0001 import EPHYS, NOON, Story, small, tell
from tests.store.upgrades.told_0002 import ODD, tell_more


def tell_most(story: Story) -> None:
    """What releases with the third schema do."""
    store = story.store
    story.now += timedelta(hours=1)
    now = story.now
    files = [each.id for each in store.files(story.id(f"{EPHYS}/SC002/once"))]
    mine = store.begin_audit(EPHYS, ["SC002/once", "SC006/\udce9"], now, audit=MINE)
    wanted = store.to_compare(files)
    contents = [*Content, None]
    looks = [
        Look(
            wanted=each,
            how=list(How)[number % len(How)],
            content=contents[number % len(contents)],
            found=Checksum("SHA256", f"{number:064x}"),
            reason=ODD,
        )
        for number, each in enumerate(wanted)
    ]
    assert len(looks) > len(contents)
    store.note_contents(mine, looks, now, believed=True)
    store.end_discovery(mine.id, now)
    story.now += timedelta(minutes=1)
    theirs = store.begin_audit(EPHYS, ["SC002/parts"], story.now, audit=OF_THE_DAEMON, drawn=2)
    parts = store.to_compare([each.id for each in store.files(story.id(f"{EPHYS}/SC002/parts"))])
    store.note_contents(
        theirs,
        [
            Look(wanted=each, how=How.READ, content=Content.SAME, found=None, reason="")
            for each in parts
        ],
        story.now,
        believed=False,
    )
    under_way(story)


def under_way(story: Story) -> None:
    """A comparison by a transfer, of which one copy is there already."""
    store, now = story.store, story.now
    files = store.files(story.id(f"{EPHYS}/SC002/grown"))[:2]
    wanted = store.to_compare([each.id for each in files])
    assert len(wanted) == 2
    store.plan_comparison("rig-1-compare", EPHYS, wanted, now, now + timedelta(days=3), audit=MINE)
    store.note_copied("rig-1-compare", [files[0].id])


def main(address: str) -> None:
    """Tell it into an empty database."""
    with Store.open(address, rig="rig-1", create=True, now=NOON) as store:
        story = Story(store, "rig-1")
        tell(story)
        tell_more(story)
        tell_most(story)
    with Store.open(address, rig="r\udcefg '2'", create=True, now=NOON) as store:
        small(Story(store, "rig-2"))


if __name__ == "__main__":
    main(sys.argv[1])
