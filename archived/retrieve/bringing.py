"""Bring back what a plan says: noted in the store, carried, proved; whatever stops it, it can be gone on with."""

from __future__ import annotations

import os
import random
import threading
import uuid
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from datetime import datetime

from archived import clock
from archived.carry import Log
from archived.config import Configuration
from archived.core.paths import printable
from archived.core.retrieving import BringState
from archived.core.units import format_size
from archived.retrieve.places import insist_on_writable
from archived.retrieve.running import Run
from archived.retrieve.telling import Telling
from archived.retrieve.values import (
    Movers,
    NoRoomError,
    Outcome,
    Plan,
    Remark,
    Tell,
    untold,
)
from archived.store import Store


def bring(
    configuration: Configuration,
    store: Store,
    movers: Movers,
    plan: Plan,
    *,
    asked_for: str = "",
    asked_by: str = "",
    stop: threading.Event | None = None,
    tell: Tell = untold,
    log: Log | None = None,
    now: Callable[[], datetime] = clock.now,
    jitter: Callable[[], float] = random.random,
) -> Outcome:
    """Bring the files of a plan, wait until all are there or have failed, and say what became of each.

    What was asked for in the words of `asked_for` before, and was stopped, is gone on with. `stop` ends the waiting:
    transfers that Globus has begun go on there, and the outcome names what is left. `tell` hears of progress, and
    `log` of trouble that passes.

    Raises `AnotherRetrievalError` while somebody else retrieves for this rig, `NoRoomError`, `LoginRequiredError`
    where the login has ended (what was begun is gone on with after the next one), and what stores raise.
    """
    insist_on_writable(configuration)
    insist_on_room(plan)
    ending = stop or threading.Event()
    store.join()
    with store.claim_retrieval(os.getpid(), asked_by or "somebody", now()):
        noted = _note(store, plan, asked_for, asked_by, now())
        run = Run(configuration, store, movers, noted, ending, tell, Telling(store, log), now)
        if noted:
            run.until_done(jitter)
    return _outcome(store, plan, noted)


def cancel(
    configuration: Configuration,
    store: Store,
    movers: Movers,
    *,
    asked_by: str = "",
    stop: threading.Event | None = None,
    log: Log | None = None,
    now: Callable[[], datetime] = clock.now,
    jitter: Callable[[], float] = random.random,
) -> int:
    """Give up every retrieval that has not ended, stop its transfers, and wait until they have; how many there were.

    What has arrived stays. Raises as `bring` does.
    """
    with store.claim_retrieval(os.getpid(), asked_by or "somebody", now()):
        noted = [each.id for each in store.retrievals()]
        run = Run(
            configuration,
            store,
            movers,
            noted,
            stop or threading.Event(),
            untold,
            Telling(store, log),
            now,
        )
        run.until_cancelled(jitter)
    return len(noted)


def insist_on_room(plan: Plan) -> None:
    """Raise `NoRoomError` unless what is to be brought fits on the disks that it goes to."""
    for room in plan.room:
        if room.needed > room.free:
            raise NoRoomError(
                f"there is no room at {printable(room.folder)}: {format_size(room.needed)} are needed and "
                f"{format_size(room.free)} are free; nothing was begun",
                what_to_do="make room there, ask for less, or name another folder: --to DIR",
            )


def _note(store: Store, plan: Plan, asked_for: str, asked_by: str, now: datetime) -> Sequence[str]:
    """The retrievals of a plan; those that have just been noted, and those that are gone on with."""
    if plan.resuming:
        return plan.resumed
    for portion in plan.portions:
        store.begin_retrieval(
            str(uuid.uuid4()),
            portion.location.name,
            portion.location.root,
            {file.file_id: file.leftover for file in (*portion.files, *portion.under_way)},
            asked_by=asked_by,
            asked_for=asked_for,
            now=now,
        )
    return [each.id for each in store.retrievals() if each.asked_for == asked_for]


def _outcome(store: Store, plan: Plan, retrievals: Iterable[str]) -> Outcome:
    """What became of the files of a plan, by what the store says now."""
    asked = {
        (each.location.name, each.location.root, file.file_id)
        for each in plan.portions
        for file in (*each.files, *each.under_way)
    }
    by_state: dict[BringState, list[Remark]] = {state: [] for state in BringState}
    for number in retrievals:
        retrieval = store.retrieval(number)
        assert retrieval is not None
        for file in store.retrieval_files(number):
            # The same words may have been said of another folder before, and that is gone on with besides.
            if (retrieval.location, retrieval.destination, file.file_id) in asked:
                remark = Remark(file.dataset, file.path, file.size, file.reason)
                by_state[file.state].append(remark)
    arrived = [replace(each, reason="") for each in by_state[BringState.ARRIVED]]
    return Outcome(
        brought=tuple(arrived),
        there=(*plan.there, *by_state[BringState.THERE]),
        differing=(*plan.differing, *by_state[BringState.DIFFERS]),
        missing=plan.missing,
        failed=(*plan.refused, *by_state[BringState.FAILED]),
        left=(*by_state[BringState.WANTED], *by_state[BringState.TRAVELLING]),
    )
