"""A look that believes listings has the effect of one that compares everything, and costs next to nothing."""

from __future__ import annotations

import contextlib
import os
import random
import threading
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from archived.core.conventions import built_in
from archived.core.conventions.base import templates
from archived.core.lifecycle import State
from archived.core.recognition import Recogniser
from archived.daemon.looking import PORTIONS_AHEAD, Look, Portion, listing_key
from archived.daemon.roots import noted_identity
from archived.daemon.sight import Sighting
from archived.store import Store
from tests.builders import NOON
from tests.daemon.world import RUN, InlineErrands, World
from tests.effort import EFFORT, examples
from tests.store.upgrades.loading import everything

pytestmark = pytest.mark.timeout(300 * EFFORT)

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)


def deep_look(world: World, store: Store, recogniser: Recogniser | None = None) -> None:
    """One deep look with that store, and nothing else."""
    around = world.daemon._around
    watched = replace(around.roots[0], recogniser=recogniser or around.roots[0].recogniser)
    sighting = Sighting(
        replace(around, store=store, errands=InlineErrands(), roots=(watched,)), None
    )
    errands = sighting._around.errands
    sighting(world.now, [])
    while not sighting.seen_everything():
        sighting(world.now, errands.finished())


def rows(path: Path) -> dict[str, Any]:
    """Every row of a store, without the listings and what only counts writes."""
    found = everything(str(path))
    for each in found["folder"]:
        del each["listing"]
    found["folder"].sort(key=lambda each: each["path"])
    return {name: each for name, each in found.items() if name != "rig"}


def same_effect(world: World) -> None:
    """A look that believes what is known, and one that knows nothing, leave the same behind."""
    left = []
    for name, forget in (("believing.db", False), ("comparing.db", True)):
        path = world.base / name
        path.unlink(missing_ok=True)
        world.store._door.rows(f"VACUUM INTO '{path}'")
        with closing(Store.open(str(path), rig="test-rig", now=world.now)) as store:
            if forget:
                store._door.change("UPDATE folder SET listing = NULL")
            deep_look(world, store)
        left.append(rows(path))
    assert left[0] == left[1]


def change_in_place(path: Path) -> None:
    before = path.stat()
    path.write_bytes(b"x" * before.st_size)
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))


def aside(path: Path) -> None:
    """Away, or back."""
    other = path.parent / f"{path.name}.aside"
    (path if path.exists() else other).rename(other if path.exists() else path)


RUN_FOLDER = Path("SC011") / RUN
META = RUN_FOLDER / f"{RUN}_imec0" / f"{RUN}_t0.imec0.ap.meta"
VIDEO_FOLDER = Path("SC011/02232019/video")

HAPPENINGS: dict[str, Callable[[World], object]] = {
    "a file is rewritten in place": lambda world: change_in_place(world.root / META),
    "a file is touched": lambda world: os.utime(world.root / META, (1, 1)),
    "a file comes": lambda world: (world.root / RUN_FOLDER / "trials.mat").write_bytes(b"map"),
    "a file goes": lambda world: (world.root / RUN_FOLDER / "trials.mat").unlink(),
    "a folder goes, or is back": lambda world: aside(world.root / VIDEO_FOLDER),
    "a link comes": lambda world: (world.root / VIDEO_FOLDER / "l").symlink_to("nowhere"),
    "a stranger comes": lambda world: (world.root / "SC011" / "SC011_022319_g").mkdir(),
    "notes are taken": lambda world: (world.root / "notes").write_text(str(world.now)),
    "an hour goes by": lambda world: world.pass_time(HOUR, step=timedelta(minutes=5)),
    "a day goes by": lambda world: world.pass_time(DAY + HOUR, step=timedelta(minutes=30)),
    "the daemon starts anew": World.restart,
    "a location is taken out": lambda world: _without(world, "raw-video"),
    "a location comes back": lambda world: _without(world),
    "somebody accepts": lambda world: _asked(world, "accept"),
    "somebody tries again": lambda world: _asked(world, "retry"),
    "somebody holds": lambda world: _asked(world, "hold"),
    "somebody releases": lambda world: _asked(world, "release"),
}


def _without(world: World, *locations: str) -> None:
    world.without = set(locations)
    world.restart()


def _asked(world: World, verb: str) -> None:
    names = [
        name
        for name, state in world.states().items()
        if (state is State.HELD) == (verb == "release")
        and (verb in ("hold", "release") or state is State.FAILED)
        and (verb != "hold" or state in (State.SETTLING, State.READY, State.WAITING, State.FAILED))
    ]
    if names:
        getattr(world.store, verb)(names, world.now, user="somebody")


def archived(world: World) -> None:
    """Everything on the rig is archived, and was looked at since."""
    world.record_run()
    world.record_video()
    world.until(lambda: world.all_archived(2), step=timedelta(minutes=5))
    world.pass_time(DAY + HOUR, step=timedelta(hours=1))


def listings(world: World) -> dict[str, str | None]:
    """The digests of the folders that are known."""
    known = world.store.known_folders(str(world.root))
    return {folder: each.listing for folder, each in known.items()}


@pytest.mark.parametrize("seed", range(examples(4)))
def test_whatever_happens_a_look_that_believes_listings_finds_what_one_that_compares_finds(
    world: World, seed: int
) -> None:
    chance = random.Random(seed)
    archived(world)
    for _ in range(12):
        happening = HAPPENINGS[chance.choice(sorted(HAPPENINGS))]
        # A file cannot go that is not there, and so on.
        with contextlib.suppress(FileNotFoundError, FileExistsError):
            happening(world)
        same_effect(world)


def test_every_folder_of_a_rig_that_rests_is_known_by_its_listing(world: World) -> None:
    archived(world)
    assert all(listings(world).values())
    assert len(listings(world)) == 6


def test_a_root_is_noted_again_by_a_look_that_finds_its_recordings_as_they_were(
    world: World,
) -> None:
    archived(world)
    root = world.daemon._around.roots[0].root
    world.store._door.change("DELETE FROM setting WHERE name = ?", f"root:{root.path}")
    assert noted_identity(world.store, root) is None

    deep_look(world, world.store)

    assert noted_identity(world.store, root) == root.identify()


def test_a_look_at_a_rig_that_rests_writes_nothing_and_asks_the_same_of_any_number_of_folders(
    world: World,
) -> None:
    archived(world)
    few = statements(world)
    for number in range(50):
        folder = world.root / "notes" / str(number)
        folder.mkdir(parents=True)
        (folder / "page").touch()
    world.pass_time(2 * DAY + HOUR, step=timedelta(hours=1))
    assert len(listings(world)) == 57

    many = statements(world)

    assert many == few
    assert not [each for each in many if not each.startswith("SELECT")]


def statements(world: World) -> list[str]:
    """What a deep look asks of the store."""
    asked: list[str] = []
    door = world.store._door
    real = door._execute

    def noted(sql: str, values: Any) -> Any:
        asked.append(sql)
        return real(sql, values)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(door, "_execute", noted)
        deep_look(world, world.store)
    return asked


@pytest.mark.parametrize("what", ["a link", "scratch"])
def test_what_has_to_be_told_of_is_told_of_by_every_deep_look(world: World, what: str) -> None:
    if what == "a link":
        (world.record_video() / "link").symlink_to("nowhere")
    else:
        (world.record_run() / "temp_wh.dat").write_bytes(b"scratch")
    world.until(world.all_archived, step=timedelta(minutes=5))
    for _ in range(3):
        world.pass_time(DAY + HOUR, step=timedelta(hours=1))
        assert len(world.store.unrecognised()) == 1


def test_other_ways_of_reading_names_make_other_keys() -> None:
    conventions = built_in()
    video, run = conventions["tracking-video"], conventions["spikeglx"]
    keys = [
        listing_key(Recogniser(each))
        for each in (
            [("raw", (run,))],
            [("other", (run,))],
            [("raw", (video,))],
            [("raw", (run, video))],
            [("raw", (video, run))],
            [("raw", (replace(run, exclude=("*.tmp",)),))],
            [("raw", (replace(run, templates=run.templates[:-1]),))],
            [("raw", (replace(run, templates=templates("[a-z]+", "{h2o}/x")),))],
            [("raw", (replace(run, templates=templates("[A-Z]+", "{h2o}/x")),))],
        )
    ]
    assert len(set(keys)) == len(keys)
    assert listing_key(Recogniser([("raw", (run,))])) == keys[0]


def test_a_walk_is_never_far_ahead_of_the_store() -> None:
    handed: list[int] = []
    look = Look(None, deep=True, first=True, begun=NOON)

    def walk() -> None:
        for number in range(3 * PORTIONS_AHEAD):
            look.hand_over(Portion())
            handed.append(number)

    walker = threading.Thread(target=walk)
    walker.start()
    taken = 0
    while taken < 3 * PORTIONS_AHEAD:
        assert len(handed) <= taken + PORTIONS_AHEAD
        taken += look.take() is not None
    walker.join(60)
    assert len(handed) == 3 * PORTIONS_AHEAD
    assert not look.more()


def test_a_look_that_ends_early_does_not_wait_for_the_store() -> None:
    look = Look(None, deep=True, first=True, begun=NOON)

    def walk() -> None:
        while not look.stop.is_set():
            look.hand_over(Portion())
        look.hand_over(Portion())

    walker = threading.Thread(target=walk, daemon=True)
    walker.start()
    look.end_early()
    walker.join(10)
    assert not walker.is_alive()


def test_what_was_seen_wakes_whoever_takes_it() -> None:
    woken = threading.Event()
    look = Look(None, deep=True, first=True, begun=NOON, wake=woken.set)
    look.hand_over(Portion())
    assert woken.is_set()
    assert look.more()
