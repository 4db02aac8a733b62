"""The lab's list of subjects as a file: read again when it changed, noted in the store, and told where it is wrong.

Shared by the daemon's step and by the commands, which see subjects where no daemon runs too.
"""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

from archived.core.dataclass import dataclass
from archived.core.paths import printable
from archived.core.subjects import BadLine, SubjectList, read_csv
from archived.errors import ArchivedError
from archived.store import Store, SubjectChanges
from archived.store.subjects import DATAJOINT, FILE

ALARM = "subjects"
LAB_ALARM = "subjects:datajoint"
CONFLICT_ALARM = "subjects:conflict"

LARGEST = 4 * 2**20
"""Bytes; far more than all animals of a lab, and little enough to be read at once."""

TOLD = 3
"""How many bad lines an alarm tells; `archivedctl subjects import FILE --dry-run` tells them all."""

_NOTED = "subjects:file"


class ListUnavailableError(ArchivedError):
    """The list of subjects cannot be read just now; what is known of animals stays."""

    permanent = False


@dataclass(frozen=True, slots=True)
class ListRead:
    """A list, and the file as it was: two equal `version`s mean that nothing changed in between."""

    version: str
    read: SubjectList


def version_of(path: Path, h2o: str) -> str:
    """Which file it is, as of when, and by which pattern its animals are read. Raises `ListUnavailableError`."""
    try:
        stat = path.stat()
    except (OSError, ValueError) as error:
        raise _unavailable(path, error) from error
    seen = (stat.st_size, stat.st_mtime_ns, stat.st_ctime_ns, stat.st_ino, path, h2o)
    return " ".join(str(each) for each in seen)


def read_list(path: Path, h2o: str) -> ListRead:
    """Read the file. Raises `ListUnavailableError`, also while somebody writes it."""
    version = version_of(path, h2o)
    try:
        with path.open("rb") as file:
            content = file.read(LARGEST + 1)
    except OSError as error:
        raise _unavailable(path, error) from error
    if len(content) > LARGEST:
        raise _unavailable(path, ValueError("it is far too large for a list of subjects"))
    if version_of(path, h2o) != version:
        raise _unavailable(path, ValueError("it is being written at this moment"))
    return ListRead(version, read_csv(content, h2o=h2o))


def take_list(store: Store, path: Path, found: ListRead, now: datetime) -> SubjectChanges:
    """Note what the file says, and raise or end its alarm. Raises `StoreError`.

    Where a part of it cannot be used, nothing is taken for gone.
    """
    name = printable(str(path))
    changes = _take(
        store,
        FILE,
        found.read,
        now,
        alarm=ALARM,
        name=name,
        what_to_do="mend it; it is read again when it changes. "
        f"`archivedctl subjects import {shlex.quote(name)} --dry-run` tells every line",
    )
    store.put_setting(_NOTED, found.version)
    return changes


def list_unavailable(store: Store, error: ArchivedError, now: datetime) -> None:
    """Raise the alarm about a file that cannot be read; what is known of animals stays."""
    store.raise_alarm(ALARM, str(error), error.what_to_do, now)
    store.put_setting(_NOTED, "")


def take_lab(store: Store, found: SubjectList, now: datetime) -> SubjectChanges:
    """Note what the lab's database says, and raise or end its alarm. Raises `StoreError`."""
    return _take(
        store,
        DATAJOINT,
        found,
        now,
        alarm=LAB_ALARM,
        name="lab.WaterRestriction",
        what_to_do="correct it there; or say by hand which it is: "
        "`archivedctl subjects add SUBJECT_ID H2O`",
    )


def forget_list(store: Store, now: datetime) -> None:
    """Let go of what a file said, as the configuration names none any more."""
    if store.says_anything(FILE):
        store.replace_subjects(FILE, (), now)
    store.clear_alarm(ALARM)
    if store.get_setting(_NOTED):
        store.put_setting(_NOTED, "")


def forget_lab(store: Store, now: datetime) -> None:
    """Let go of what a database said, as the configuration does not ask for it any more."""
    if store.says_anything(DATAJOINT):
        store.replace_subjects(DATAJOINT, (), now)
    store.clear_alarm(LAB_ALARM)


def refresh(store: Store, path: Path | None, h2o: str, now: datetime) -> None:
    """Read the file of the configuration where it is another one than was read last. Raises `StoreError`.

    `h2o` is the pattern of animals' names on disk. What is wrong with the file becomes an alarm. A daemon that
    runs does it all by itself, and may read files that others may not.
    """
    if store.daemon().running:
        return
    if path is None:
        forget_list(store, now)
    else:
        try:
            if version_of(path, h2o) == store.get_setting(_NOTED):
                return
            found = read_list(path, h2o)
        except ListUnavailableError as error:
            list_unavailable(store, error, now)
            return
        take_list(store, path, found, now)
    tell_conflicts(store, now)


def tell_conflicts(store: Store, now: datetime) -> None:
    """Raise or end the alarm about animals that have several numbers, of which no person said which it is."""
    conflicts = [each for each in store.subject_conflicts() if not each.decided]
    if not conflicts:
        store.clear_alarm(CONFLICT_ALARM)
        return
    first = conflicts[0]
    said = " and ".join(f"{each.subject} in {each.source} ({each.rig})" for each in first.said)
    more = f"; the same goes for {len(conflicts) - 1} more" if len(conflicts) > 1 else ""
    store.raise_alarm(
        CONFLICT_ALARM,
        f"{printable(first.h2o)} has several subjects: {printable(said)}; the first of them counts{more}",
        f"correct one of them, or say which it is: `archivedctl subjects add SUBJECT_ID {first.h2o}`",
        now,
    )


def _take(
    store: Store,
    source: str,
    found: SubjectList,
    now: datetime,
    *,
    alarm: str,
    name: str,
    what_to_do: str,
) -> SubjectChanges:
    bad = list(found.bad)
    if not found.subjects and not bad and store.says_anything(source):
        bad = [BadLine(1, "it holds no subject any more")]
    changes = store.replace_subjects(source, found.subjects, now, complete=not bad)
    if bad:
        word = "line" if source == FILE else "row"
        store.raise_alarm(alarm, _complaint(name, word, bad), what_to_do, now)
    else:
        store.clear_alarm(alarm)
    return changes


def _complaint(name: str, word: str, bad: Sequence[BadLine]) -> str:
    told = "; ".join(f"{word} {each.line}: {each.why}" for each in bad[:TOLD])
    more = f"; and {len(bad) - TOLD} more" if len(bad) > TOLD else ""
    return (
        f"{name} cannot be used whole: {told}{more}. What is right in it is used, and what was known of "
        "animals before stays"
    )


def _unavailable(path: Path, error: Exception) -> ListUnavailableError:
    why = getattr(error, "strerror", None) or str(error)
    name = printable(str(path))
    return ListUnavailableError(
        f"the list of subjects {name} cannot be read: {why}; what is known of animals stays, and "
        "recordings are archived as before",
        what_to_do=f"put {name} back, or correct `file` in [subjects]",
    )
