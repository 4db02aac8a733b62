"""mirror: the lab's DataJoint tables are told what was newly archived. Whether that works never holds up anything."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from archived.daemon.surroundings import Surroundings, error_of
from archived.errands import Finished
from archived.errors import ArchivedError

if TYPE_CHECKING:
    from archived.store.lab import Outcome

ALARM = "datajoint"

EVERY = timedelta(minutes=10)
"""How often is looked whether something was archived."""

AGAIN = timedelta(minutes=1)
"""How soon a database is asked again that could not be used."""

ANYWAY = timedelta(hours=1)
"""How often the tables are compared although nothing happened here: the lab may have entered a session."""

PATIENCE = timedelta(hours=1)
"""How long a database may be away before a person is told."""


class Mirroring:
    """Keeps the tables in step, in errands of their own."""

    kinds = frozenset({"mirror"})

    def __init__(self, around: Surroundings) -> None:
        self._around = around
        self._noted = False
        self._due: datetime | None = None
        self._begun_at_event = -1
        self._told_event = -1
        """The last event of which the tables know."""
        self._told_at: datetime | None = None
        self._failing_since: datetime | None = None
        self._failed_with = ""

    def __call__(self, now: datetime, finished: Sequence[Finished]) -> None:
        """Take what came of it, then begin anew when it is time."""
        if not self._noted:
            # Also without a mirror of its own: that of another rig has to know what a location means here.
            locations = self._around.locations.values()
            self._around.store.note_archives({each.name: str(each.archive) for each in locations})
            self._noted = True
        for outcome in finished:
            error = error_of(self._around, outcome)
            if error is None:
                self._succeeded(outcome.result, now)
            else:
                self._failed(error, now)
        if self._around.mirror is not None and self._is_due(now):
            event = self._around.store.last_event()
            if self._is_news(event, now) and self._around.errands.start(
                "mirror", "", self._around.mirror
            ):
                self._begun_at_event = event

    def _is_due(self, now: datetime) -> bool:
        """Whether its time has come, or lies further ahead than it can since the clock was set back."""
        if self._due is not None and self._due - EVERY <= now < self._due:
            return False
        self._due = now + EVERY
        return True

    def _is_news(self, event: int, now: datetime) -> bool:
        if self._told_at is None or event != self._told_event:
            return True
        return not self._told_at <= now < self._told_at + ANYWAY

    def _succeeded(self, outcome: Outcome, now: datetime) -> None:
        if self._failing_since is not None:
            self._around.log.info("lab database is back")
        self._failing_since, self._failed_with = None, ""
        self._told_event, self._told_at = self._begun_at_event, now
        self._around.store.clear_alarm(ALARM)
        if not outcome.in_step:
            self._around.log.info(
                "mirrored in the lab database",
                datasets=len(outcome.mirrored),
                files=outcome.files,
                left_out=len(outcome.left_out),
            )
        for each in outcome.refused:
            self._around.log.warning(
                "refused by the lab database", dataset=each.dataset, why=each.reason
            )

    def _failed(self, error: ArchivedError, now: datetime) -> None:
        self._due = now + AGAIN
        if self._failing_since is None or now < self._failing_since:
            self._failing_since = now
        if str(error) != self._failed_with:
            self._around.log.warning("lab database cannot be used", error=str(error))
            self._failed_with = str(error)
        if error.permanent or now >= self._failing_since + PATIENCE:
            said = f"{error}; recordings are archived as before, and its tables are brought in step later"
            self._around.store.raise_alarm(ALARM, said, error.what_to_do, now)
