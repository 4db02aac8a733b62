"""audit: the archive is looked into, a little each time, the least recently verified first. Nothing waits for it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from archived.core.discovery import Kind
from archived.core.model import BatchState, Direction
from archived.daemon.surroundings import Surroundings, error_of, raise_login_alarm
from archived.errands import Finished
from archived.errors import ArchivedError, StoreError
from archived.store import Store
from archived.store.fields import moment, to_time

if TYPE_CHECKING:
    from archived.verify.values import Outcome

LAST = "verified in the background"
"""The setting that tells when a round was last begun that came to its end."""

AGAIN = timedelta(minutes=10)
"""How soon it is tried again where it could not be done."""


class Auditing:
    """Has samples verified, in errands of their own."""

    kinds = frozenset({"audit"})

    def __init__(self, around: Surroundings) -> None:
        self._around = around
        self._due: datetime | None = None
        self._begun: datetime | None = None

    def __call__(self, now: datetime, finished: Sequence[Finished]) -> None:
        """Take what came of it, then begin anew when it is time."""
        for outcome in finished:
            error = error_of(self._around, outcome)
            if error is None:
                self._ended(outcome.result, now)
            elif isinstance(error, StoreError) and error.permanent:
                raise error
            else:
                self._failed(error, now)
        audit = self._around.audit
        if audit is None or not self._is_due(audit.every, now) or not is_idle(self._around.store):
            return
        if self._around.store.paused(now):
            return
        if self._around.errands.start("audit", "", audit.run):
            self._begun = now

    def _is_due(self, every: timedelta, now: datetime) -> bool:
        """Whether the last round is that long ago; one that lies ahead was noted by a wrong clock."""
        if self._begun is not None:
            return False
        if self._due is None:
            noted = self._around.store.get_setting(LAST)
            self._due = now if noted is None else moment(int(noted)) + every
        longest = max(every, AGAIN)
        return not self._due - longest <= now < self._due

    def _ended(self, outcomes: Sequence[Outcome], now: datetime) -> None:
        audit, begun = self._around.audit, self._begun
        self._begun = None
        if audit is None or begun is None:
            return
        for each in outcomes:
            self._tell_of(each, now)
        if all(each.complete for each in outcomes):
            self._around.store.put_setting(LAST, str(to_time(begun)))
            self._due = begun + audit.every
        else:
            self._due = now + AGAIN

    def _tell_of(self, outcome: Outcome, now: datetime) -> None:
        location = outcome.discovery.location
        self._around.log.info(
            "verified in the background",
            location=location,
            files=len(outcome.part.files),
            compared=outcome.compared,
            complete=outcome.complete,
        )
        error, key = outcome.error, f"unverified:{location}"
        if error is None:
            self._tell_of_passed_over(outcome, key, now)
            return
        self._around.log.warning("not verified", location=location, error=str(error))
        if raise_login_alarm(self._around, location, error, now) or not error.permanent:
            return
        self._around.store.raise_alarm(
            key,
            f"the archive of {location} cannot be verified in the background: {error}",
            error.what_to_do or "see [verify] in the configuration",
            now,
        )

    def _tell_of_passed_over(self, outcome: Outcome, key: str, now: datetime) -> None:
        """What could not be looked at is the least recently verified of the next round as well, until it can be."""
        store, location = self._around.store, outcome.discovery.location
        number = outcome.discovery.id
        folders = store.folder_counts(number).refused
        files = store.finding_counts(number)[Kind.UNREAD]
        if folders or files:
            store.raise_alarm(
                key,
                f"in the archive of {location} nothing is known of what could not be looked at in the "
                f"background: folders that could not be listed: {folders}, files that could not be compared: {files}",
                f"archivedctl verify -l {location}{' --deep' if files else ''} tells which, and why",
                now,
            )
        elif outcome.complete:
            store.clear_alarm(key)

    def _failed(self, error: ArchivedError, now: datetime) -> None:
        self._begun = None
        self._due = now + AGAIN
        self._around.log.warning("not verified in the background", error=str(error))


def is_idle(store: Store) -> bool:
    """Whether nothing of the data waits to be submitted: that always goes first."""
    waits = (BatchState.PLANNED, BatchState.RESERVED)
    return not store.batches(*waits, direction=Direction.ARCHIVE)
