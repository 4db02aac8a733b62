"""The alarm about files that were archived and that the archive does not hold any more, or not as they were."""

from __future__ import annotations

from datetime import datetime

from archived.core.lifecycle import State
from archived.core.model import FileState
from archived.core.paths import printable
from archived.store.fields import from_text, joined, to_text
from archived.store.rig import RigVerbs


class MissingVerbs(RigVerbs):
    """Keeping the alarm in step with the files."""

    def tell_of_missing(self, location: str, now: datetime) -> int:
        """Raise the alarm `missing:LOCATION`, or end it where all is in order; return how many files it is about."""
        key = f"missing:{location}"
        where = (
            "FROM dataset d JOIN file f ON f.dataset_id = d.id "
            "WHERE d.rig_id = ? AND d.location = ? AND d.state <> ? AND f.state IN (?, ?)"
        )
        values = (
            self._rig_id,
            to_text(location),
            State.ARCHIVED,
            FileState.MISSING,
            FileState.DIFFERENT,
        )
        counted = self._door.row(f"SELECT count(*), count(DISTINCT d.id) {where}", *values)
        assert counted is not None
        number, datasets = counted
        if not number:
            self.clear_alarm(key)
            return 0
        first = self._door.row(
            f"SELECT d.path, f.name {where} ORDER BY d.path, f.name LIMIT 1", *values
        )
        assert first is not None
        name = printable(joined(from_text(first[0]), from_text(first[1])))
        self.raise_alarm(
            key,
            f"{number} {'file' if number == 1 else 'files'} of {datasets} "
            f"{'dataset' if datasets == 1 else 'datasets'} that were archived at {location} are missing there "
            f"or not as they were; the first is {name}",
            f"archivedctl list -l {location} --state failed; archivedctl show tells what to do about each",
            now,
        )
        return int(number)
