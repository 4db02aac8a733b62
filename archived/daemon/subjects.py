"""subjects: what the lab's list, or its database, says of animals. Neither ever stops the archiving."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path

from archived.core.dataclass import dataclass
from archived.core.subjects import BadLine, SubjectList, read_rows
from archived.daemon.surroundings import Surroundings, error_of
from archived.errands import Finished
from archived.errors import ArchivedError
from archived.store import SubjectChanges
from archived.subjects import (
    LAB_ALARM,
    ListRead,
    forget_lab,
    forget_list,
    list_unavailable,
    read_list,
    take_lab,
    take_list,
    tell_conflicts,
    version_of,
)

FILE_EVERY = timedelta(seconds=5)
"""How often is looked whether the file is another one."""

LAB_EVERY = timedelta(minutes=10)
LAB_AGAIN = timedelta(minutes=1)
"""How soon a database is asked again that could not be asked."""

CONFLICTS_EVERY = timedelta(minutes=1)
"""Another rig, or a person, may have contradicted a source or ended a contradiction."""


@dataclass(frozen=True)
class FileLook:
    """The file as a look at it found it; `found` is None where it need not be read."""

    version: str
    found: ListRead | None


class Subjects:
    """Reads the sources of subjects in errands, and notes what they say."""

    kinds = frozenset({"subject list", "lab subjects"})

    def __init__(self, around: Surroundings) -> None:
        self._around = around
        self._begun = False
        self._taken: str | None = None
        """The version that the store has; None before the first look, "" where the file could not be read."""
        self._seen = ""
        """The version that the last look saw. What is not the same twice is being written."""
        self._due: dict[str, datetime] = {}
        self._told: dict[str, Sequence[BadLine]] = {}
        """The bad lines of each source that the log has; a database is read again and again."""

    def __call__(self, now: datetime, finished: Sequence[Finished]) -> None:
        """Take what was read, then have read what is due."""
        if not self._begun:
            self._forget_others(now)
            self._begun = True
        for outcome in finished:
            if outcome.kind == "subject list":
                self._take_look(outcome, now)
            else:
                self._take_lab(outcome, now)
        self._begin(now)

    def _forget_others(self, now: datetime) -> None:
        """Sources that the configuration no longer has say nothing any more."""
        sources = self._around.subjects
        if sources.file is None:
            forget_list(self._around.store, now)
        if sources.lab is None:
            forget_lab(self._around.store, now)

    def _begin(self, now: datetime) -> None:
        sources, errands = self._around.subjects, self._around.errands
        if sources.file is not None and self._is_due("subject list", FILE_EVERY, now):
            look = partial(look_at, sources.file, sources.h2o, self._taken, self._seen)
            errands.start("subject list", "", look)
        if sources.lab is not None and self._is_due("lab subjects", LAB_EVERY, now):
            errands.start("lab subjects", "", lambda: _read_lab(self._around))
        if self._is_due("conflicts", CONFLICTS_EVERY, now):
            tell_conflicts(self._around.store, now)

    def _is_due(self, what: str, every: timedelta, now: datetime) -> bool:
        """Whether its time has come, or lies further ahead than it can since the clock was set back."""
        due = self._due.get(what)
        if due is not None and due - every <= now < due:
            return False
        self._due[what] = now + every
        return True

    def _take_look(self, outcome: Finished, now: datetime) -> None:
        store, path = self._around.store, self._around.subjects.file
        assert path is not None
        error = error_of(self._around, outcome)
        if error is not None:
            list_unavailable(store, error, now)
            if self._taken != "":
                self._around.log.warning("list of subjects cannot be read", error=str(error))
            self._taken = ""
            return
        look: FileLook = outcome.result
        if look.found is not None:
            changes = take_list(store, path, look.found, now)
            tell_conflicts(store, now)
            self._taken = look.version
            self._tell(str(path), changes, look.found.read)
        self._seen = look.version

    def _take_lab(self, outcome: Finished, now: datetime) -> None:
        store = self._around.store
        error = error_of(self._around, outcome)
        if error is not None:
            self._lab_unavailable(error, now)
            return
        read: SubjectList = outcome.result
        changes = take_lab(store, read, now)
        tell_conflicts(store, now)
        self._tell("lab.WaterRestriction", changes, read)

    def _lab_unavailable(self, error: ArchivedError, now: datetime) -> None:
        said = f"{error}; what is known of animals stays, and recordings are archived as before"
        self._around.store.raise_alarm(LAB_ALARM, said, error.what_to_do, now)
        self._around.log.warning("lab database cannot be read", error=str(error))
        self._due["lab subjects"] = now + LAB_AGAIN

    def _tell(self, source: str, changes: SubjectChanges, read: SubjectList) -> None:
        log = self._around.log
        if self._told.get(source, ()) != read.bad:
            for each in read.bad:
                log.warning("bad line among subjects", source=source, line=each.line, why=each.why)
            self._told[source] = read.bad
        if changes.added or changes.changed or changes.removed:
            log.info(
                "subjects read",
                source=source,
                added=len(changes.added),
                changed=len(changes.changed),
                removed=len(changes.removed),
            )


def look_at(path: Path, h2o: str, taken: str | None, seen: str) -> FileLook:
    """Look whether the file is another one than was taken, and read it once it has stopped to change.

    At the start (`taken` is None) it is read as it is. Raises `ListUnavailableError`.
    """
    version = version_of(path, h2o)
    if version == taken or (taken is not None and version != seen):
        return FileLook(version, None)
    found = read_list(path, h2o)
    return FileLook(found.version, found)


def _read_lab(around: Surroundings) -> SubjectList:
    assert around.subjects.lab is not None
    return read_rows(around.subjects.lab(), h2o=around.subjects.h2o)
