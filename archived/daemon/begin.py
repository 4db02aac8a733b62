"""What a daemon puts right before its first step: the configuration and the clock may be others than they were."""

from __future__ import annotations

from datetime import datetime, timedelta

from archived.core.lifecycle import Reason, State
from archived.core.model import BatchState, Direction
from archived.daemon.surroundings import Surroundings
from archived.store import Selector

LONGEST_JITTER = 1.25
"""By how much a wait for the next try may be longer than the policy says (see `core.retrying`)."""

SUBMITTED = (BatchState.RESERVED, BatchState.ACTIVE, BatchState.CANCELLING, BatchState.SENT)
"""Batches that may exist at the mover already, so that only the mover can end them."""


AS_TIME_GOES_BY = ("alerts", "silence", "session", "login-age", "disk-full")
"""Kinds of alarms that are only judged by a daemon that runs for long."""

OF_THEIR_STEPS = ("alerts", "silence", "session", "login-age")
"""Kinds of alarms that are about neither a location nor a root, and that the step ends which raised them."""


def begin(around: Surroundings, now: datetime) -> None:
    """Take leave of what the configuration no longer has, and of times that are not yet."""
    policies = around.policies
    longest = max(policies.retry.longest * LONGEST_JITTER, policies.give_up, policies.rescan)
    around.store.forget_future(now, max(longest, policies.poll))
    _end_planned(around, now)
    _try_at_once(around)
    _set_aside(around, now)
    _forget_alarms(around)
    _tell_of_batches(around, now)


def clock_was_set_back(around: Surroundings, now: datetime) -> None:
    """Nothing may wait for a time to come again that was here before."""
    around.log.warning("the clock was set back", now=now)
    around.store.forget_future(now, timedelta(0))


def clock_was_set_forward(around: Surroundings, before: datetime, now: datetime) -> None:
    """Time that has not passed is no quiet time. What was quiet before counts as quiet; all else begins anew.

    A machine that slept is no different: what records slept with it.
    """
    around.log.warning("the clock was set forward, or the machine slept", before=before, now=now)
    own = [each.quiet_time for each in around.conventions.values() if each.quiet_time]
    longest = max([around.policies.quiet_time, *own])
    around.store.begin_quiet_anew(before - longest, now)


def _end_planned(around: Surroundings, now: datetime) -> None:
    """Of batches that were only planned nobody else knows yet, so they end here."""
    for batch in around.store.batches(BatchState.PLANNED, direction=Direction.ARCHIVE):
        if batch.location not in around.locations:
            around.store.end_batch(
                batch.id,
                BatchState.FAILED,
                now,
                reason=_gone(batch.location),
                retry_at=now,
                needs_person=None,
            )


def _try_at_once(around: Surroundings) -> None:
    """What a call failed for may be over: a daemon is started, or reloaded, by people who mended something."""
    for batch in around.store.batches(
        BatchState.PLANNED, BatchState.RESERVED, direction=Direction.ARCHIVE
    ):
        if batch.due is not None:
            around.store.postpone_batch(batch.id, None, batch.attempts, batch.reason)


def _set_aside(around: Surroundings, now: datetime) -> None:
    """Datasets that could travel, and do not know where to, wait where `settle` explains it."""
    waiting = Selector(states=(State.READY, State.WAITING))
    for dataset in list(around.store.select(waiting)):
        if dataset.location not in around.locations:
            around.store.move(
                dataset.id,
                dataset.state,
                State.SETTLING,
                Reason.CHANGED,
                _gone(dataset.location),
                now,
            )


def _forget_alarms(around: Surroundings) -> None:
    """Alarms about a location or a root that is not looked at any more would never end."""
    batches = {batch.id for batch in around.batches(BatchState.ACTIVE, BatchState.CANCELLING)}
    looked_at = {*(each.key for each in around.roots), *around.locations, *batches}
    for alarm in around.store.alarms():
        kind, _, subject = alarm.key.partition(":")
        if kind in OF_THEIR_STEPS:
            continue
        # Whether a location is missing, or a disk cannot be read, is told anew after every start.
        if kind in ("location", "disk") or subject not in looked_at:
            around.store.clear_alarm(alarm.key)


def _tell_of_batches(around: Surroundings, now: datetime) -> None:
    locations = {
        batch.location for batch in around.store.batches(*SUBMITTED, direction=Direction.ARCHIVE)
    }
    for location in sorted(locations.difference(around.locations)):
        around.store.raise_alarm(
            f"location:{location}",
            f"transfers of location {location} are under way, and the configuration has no such location; "
            "what becomes of them is not known until it is back, and their datasets stay as they are",
            f"put [location:{location}] back into the configuration until they have ended",
            now,
        )


def _gone(location: str) -> str:
    return f"the configuration no longer has location {location}"
