"""Commands of people that take the whole archive, or the whole store, in hand while the daemon runs."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Mapping
from pathlib import PurePosixPath
from typing import Any

import apsw

from archived.core.lifecycle import State
from archived.core.model import FileState
from archived.discover import discovering
from archived.discover.discovering import Discovering
from archived.errors import ArchivedError
from archived.retrieve.telling import Telling
from archived.store import Store
from archived.store.backup import copy_of
from archived.store.fields import to_time
from archived.transfer.pace import Manners
from archived.verify import planning, verifying
from archived.verify.values import Outcome, Wish
from tests.simulation import wiring
from tests.simulation.world import SilentLog, World

AT_ONCE = Manners(requests_a_second=None)


def _looking(world: World, look: Callable[[Any, Store, wiring.SimEvent], object]) -> None:
    """A command that lists the archive; its waits are the passing of time. It waits for a transaction of the daemon."""
    if world.in_transaction() or world.depth:
        return
    configuration = wiring.configuration(world.setting, world.folder, without=world.without)

    def wait(seconds: float) -> None:
        world.time += seconds

    with world.people() as store:
        try:
            look(configuration, store, wiring.SimEvent(wait))
        except (ArchivedError, ValueError) as error:
            world.note(f"  it ended: {type(error).__name__}")
    world.oracle.check()


def discover(world: World, words: Mapping[str, Any]) -> None:
    """A person has the archive looked through."""

    def look(configuration: Any, store: Store, stop: Any) -> None:
        if not configuration.locations:
            return
        wanted = configuration.locations[words["pick"] % len(configuration.locations)]
        found = Discovering(configuration, store, world.mover, stop=stop, now=world.wall)
        discovery = found.begin(wanted, discovering.Wish())
        found.run(wanted, discovery, AT_ONCE)

    _looking(world, look)


def verify(world: World, words: Mapping[str, Any]) -> None:
    """A person has the archive compared with the catalogue. Nothing is ever sent for it, and nothing forgotten."""

    def look(configuration: Any, store: Store, stop: Any) -> None:
        wish = Wish(sample=words["sample"], believe=words["believe"])
        plan = planning.plan(configuration, store, wish)
        with store.claim_verification(2_000_000, "anna", world.wall()):
            outcomes = verifying.Verifying(
                configuration,
                store,
                wiring.SimMovers(world.mover),
                stop,
                SilentLog(),
                Telling(store, SilentLog()),
                now=world.wall,
                manners=AT_ONCE,
                jitter=world.chance("verify").random,
            ).run(plan)
        for each in outcomes:
            word = "all of it" if each.complete else f"a part: {type(each.error).__name__}"
            world.note(f"  looked at {word}")
            if each.complete and not (each.empty or each.too_many):
                refused = {folder for folder, _ in store.refused_folders(each.discovery.id, 10_000)}
                _has_seen(world, each, refused)

    before = len(world.service.tasks)
    _looking(world, look)
    if len(world.service.tasks) != before:
        world.oracle.complain("verify only looks", "a transfer was begun")


def _has_seen(world: World, outcome: Outcome, refused: set[str]) -> None:
    """A whole look that was believed leaves nothing archived of which the archive has lost the file.

    Folders that it may not list are told of, and are no part of it. What was proved since it began is not judged,
    nor is what seems so, as the clock was put back.
    """
    from tests.simulation.globus import destination

    oracle, location = world.oracle, outcome.part.settings.location
    paths = {each.path for each in outcome.part.files}
    oracle.check()
    proved = dict(oracle.ask("SELECT file_id, max(at) FROM receipt GROUP BY file_id"))
    for file in oracle.files.values():
        name, _ = oracle.names[file.dataset]
        if name != location.name or file.path not in paths:
            continue
        if not refused.isdisjoint(str(each) for each in PurePosixPath(file.path).parents):
            continue
        if proved.get(file.id, 0) >= to_time(outcome.discovery.started_at):
            continue
        where = destination(location, file.path)
        if file.state is FileState.ARCHIVED and where not in world.service.archive:
            oracle.complain("drift is seen", f"{where!r} is lost, and counts as archived")


def backup(world: World, _words: Mapping[str, Any]) -> None:
    """A person copies the store, also amid a transaction of the daemon; the copy is what was committed."""
    target = world.folder / "copy.db"
    copy_of(world.folder / "archived.db", target, world.wall())
    if not world.in_transaction():
        world.oracle.check()
        with contextlib.closing(apsw.Connection(str(target))) as copy:
            states = {
                number: State(state)
                for number, state in copy.execute("SELECT id, state FROM dataset")
            }
            events = list(copy.execute("SELECT count(*) FROM event"))
        if states != world.oracle.states or events != [(world.oracle.events,)]:
            world.oracle.complain("backups", "a copy is not what the store was")
    for each in world.folder.glob("copy.db*"):
        each.unlink()
