"""The rigs that share a store: what each of them is, and a look at the part of another one."""

from __future__ import annotations

from collections import defaultdict
from typing import Any, Self

from archived.core.lifecycle import State
from archived.core.model import FileState
from archived.core.paths import printable
from archived.errors import NameNotFoundError, StoreError, StoreMissingError
from archived.store.answers import RigInfo
from archived.store.base import Verbs
from archived.store.connection import Door
from archived.store.fields import from_text, from_time, to_text
from archived.store.locks import daemon_lock
from archived.store.opening import exclusively
from archived.store.portions import marks
from archived.store.rows import state_of

BACKLOG = [State.SETTLING, State.READY, State.TRANSFERRING, State.VERIFYING, State.WAITING]
"""What is not archived yet and needs nobody for it."""

UNSENT = [FileState.PENDING, FileState.TRAVELLING]

NOT_YET = 0
"""Instead of the id of a rig that the store does not know: there are no rows of it."""


class FleetVerbs(Verbs):
    """Reading across rigs. Nothing of another rig is ever written."""

    def rigs(self) -> list[RigInfo]:
        """Every rig of this store, by name."""
        return self._infos("", [])

    def this_rig(self) -> RigInfo | None:
        """The rig whose part of the store this is; None where the store does not know it."""
        return next(iter(self._infos(" AND g.id = ?", [self._rig_id])), None)

    def _infos(self, which: str, values: list[Any]) -> list[RigInfo]:
        rows = self._door.rows(
            "SELECT g.id, g.name, g.pid, g.since, g.last_tick, g.host, g.version, "
            "(SELECT COUNT(*) FROM alarm a WHERE a.rig_id = g.id) FROM rig g WHERE 1 = 1" + which,
            *values,
        )
        counts, unsent = self._counts(which, values), self._unsent(which, values)
        found = []
        for rig_id, name, pid, since, last_tick, host, version, alarms in rows:
            held = daemon_lock(self._door, rig_id).held()
            running = pid is not None if held is None else held
            found.append(
                RigInfo(
                    name=from_text(name),
                    host=None if host is None else from_text(host),
                    version=version,
                    running=running,
                    since=from_time(since) if running else None,
                    last_tick=from_time(last_tick),
                    counts=counts[rig_id],
                    backlog_datasets=sum(counts[rig_id][state] for state in BACKLOG),
                    backlog_bytes=unsent.get(rig_id, 0),
                    attention=counts[rig_id][State.FAILED],
                    alarms=int(alarms),
                )
            )
        return sorted(found, key=lambda each: each.name)

    def _counts(self, which: str, values: list[Any]) -> defaultdict[int, dict[State, int]]:
        counts: defaultdict[int, dict[State, int]] = defaultdict(lambda: dict.fromkeys(State, 0))
        rows = self._door.rows(
            "SELECT t.rig_id, t.state, t.datasets FROM tally t JOIN rig g ON g.id = t.rig_id WHERE 1 = 1"
            + which,
            *values,
        )
        for rig_id, state, number in rows:
            counts[rig_id][state_of(state)] += number
        return counts

    def _unsent(self, which: str, values: list[Any]) -> dict[int, int]:
        """By rig, the bytes of what is in the backlog and has no receipt yet."""
        rows = self._door.rows(
            "SELECT d.rig_id, SUM(f.size) FROM rig g CROSS JOIN dataset d "
            "JOIN file f ON f.dataset_id = d.id "
            f"WHERE d.rig_id = g.id AND d.state IN ({marks(BACKLOG)}) AND f.state IN ({marks(UNSENT)}){which} GROUP BY d.rig_id",
            *BACKLOG,
            *UNSENT,
            *values,
        )
        return {rig_id: int(size or 0) for rig_id, size in rows}

    @property
    def rig(self) -> str:
        """The name of the rig whose part of the store this is."""
        return self._rig

    def rig_names(self) -> list[str]:
        """The names of all rigs of this store, sorted."""
        return sorted(known_rigs(self._door))

    def location_names(self) -> list[str]:
        """The locations that this rig has or had datasets of, sorted."""
        rows = self._door.rows("SELECT location FROM tally WHERE rig_id = ?", self._rig_id)
        return sorted({from_text(row[0]) for row in rows})

    def require_rig(self) -> None:
        """Raise `StoreMissingError` where the store does not know this rig, so that nothing can be changed."""
        if self._door.refusal is not None:
            raise self._door.refusal()

    def is_shared(self) -> bool:
        """Whether the store is a server's, which other rigs may use too."""
        return not self._door.is_sqlite

    def is_known(self) -> bool:
        """Whether the store knows this rig. Where it does not, there is nothing of it, and nothing can be written."""
        return self._rig_id != NOT_YET

    def archives_here(self) -> bool:
        """Whether this rig ever had a daemon; an analyst's machine has none, and reads what others archived."""
        row = self._door.row("SELECT since FROM rig WHERE id = ?", self._rig_id)
        return row is not None and row[0] is not None

    def of_rig(self, name: str) -> Self:
        """The same store as another rig sees it, to read only. It shares the connections of this one.

        Raises `NameNotFoundError`, naming the rigs there are.
        """
        known = known_rigs(self._door)
        if known.get(name) == self._rig_id:
            return self
        if name not in known:
            raise NameNotFoundError(
                f"the store {self._door.address.shown} has no rig {printable(name)}",
                what_to_do=f"it has {_listed(known)}",
            )
        door = self._door.glance(lambda: _not_ours(name))
        return type(self)(door, known[name], name, daemon_lock(door, known[name]))

    def owners(self, name: str) -> list[str]:
        """The rigs that have a dataset of this name, sorted; several may have one of the same name."""
        location, _, path = name.partition("/")
        rows = self._door.rows(
            # Rig by rig, as an index of datasets begins with theirs.
            "SELECT g.name FROM rig g CROSS JOIN dataset d "
            "WHERE d.rig_id = g.id AND d.location = ? AND d.path = ?",
            to_text(location),
            to_text(path),
        )
        return sorted(from_text(row[0]) for row in rows)

    def join(self) -> None:
        """Make this rig known to the store where it is not, so that something of it can be written."""
        if self.is_known():
            return
        self._rig_id = begin_rig(self._door, self._rig)
        self._lock = daemon_lock(self._door, self._rig_id)


def rig_id_of(door: Door, rig: str, *, create: bool) -> int:
    """The id of a rig, made where it may be; `NOT_YET` where the store does not know it, and then writes nothing.

    A SQLite store belongs to one machine: a new name in the configuration is a new name for the same rig, never
    the beginning of an empty catalogue. On a server other rigs have rows of their own, and whoever only reads
    needs none.
    """
    known = known_rigs(door)
    found = next(iter(known.values()), None) if door.is_sqlite else known.get(rig)
    if found is not None:
        door.rig_id = found
        return found
    if create or door.is_sqlite:
        return begin_rig(door, rig)
    door.refusal = lambda: _unknown(door, rig)
    return NOT_YET


def begin_rig(door: Door, rig: str) -> int:
    """The id of a rig that the store did not know a moment ago."""
    with door.translated(), exclusively(door):
        # Another process may have made it while this one waited.
        known = known_rigs(door)
        found = next(iter(known.values()), None) if door.is_sqlite else known.get(rig)
        door.rig_id = found or door.insert("INSERT INTO rig (name) VALUES (?)", to_text(rig))
    door.refusal = None
    return door.rig_id


def known_rigs(door: Door) -> dict[str, int]:
    """Every rig of the store, the oldest first, and its id."""
    rows: list[Any] = door.rows("SELECT name, id FROM rig ORDER BY id")
    return {from_text(name): int(rig_id) for name, rig_id in rows}


def _unknown(door: Door, rig: str) -> StoreError:
    return StoreMissingError(
        f"the store {door.address.shown} has no rig {rig}; it has {_listed(known_rigs(door))}; nothing was changed",
        what_to_do="see `rig` in the configuration, or start the daemon of this rig",
    )


def _not_ours(name: str) -> StoreError:
    return StoreError(f"what belongs to rig {name} is only read here; nothing was changed")


def _listed(rigs: dict[str, int]) -> str:
    return ", ".join(printable(each) for each in sorted(rigs)) or "none yet"
