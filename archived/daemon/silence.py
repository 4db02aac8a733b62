"""silence: now and then it is asked what is missing: progress, half of a session, a login in a month, room in three days."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from archived.core.dataclass import dataclass
from archived.core.filling import Look, is_filling, kept, time_left
from archived.core.half_sessions import half_sessions
from archived.core.lifecycle import State
from archived.core.login_age import ends_soon
from archived.core.paths import printable
from archived.core.silence import silences, silent_since
from archived.core.units import format_duration, format_size
from archived.daemon.surroundings import Surroundings, Watch, error_of
from archived.errands import Finished

KIND = "silence"
EVERY = timedelta(hours=1)
GRACE = timedelta(hours=2)
"""How long after a start, or after a pause, nothing is called silent: what waited has its turn first."""
MOVES = 2_000
RECORDED = 300
"""In each state."""
WAITING = 20
"""In each state."""
SILENCE, SESSION, LOGIN, DISK = "silence", "session", "login-age", "disk-full"
LOOKS = "disk looks:"
"""The setting with the looks at a root begins so."""
EXPLAIN = frozenset({"login", "mover", "full", "suspended", "restored", "root", "look", "proof"})
"""Alarms that say why nothing is archived."""


@dataclass(frozen=True)
class Seen:
    """What was found there. Roots whose disks do not tell are left out."""

    login_used: datetime | None
    spaces: Mapping[str, tuple[int, int]]


class Silence:
    """Raises and ends the alarms about what is missing."""

    kinds = frozenset({KIND})

    def __init__(self, around: Surroundings) -> None:
        self._around = around
        self._due: datetime | None = None
        self._quiet_from: datetime | None = None
        """Since when the daemon runs and is not paused, as far as was looked."""

    def __call__(self, now: datetime, finished: Sequence[Finished]) -> None:
        """Take what was seen outside, then look when it is time."""
        for outcome in finished:
            if error_of(self._around, outcome) is None:
                seen: Seen = outcome.result
                self._judge_login(seen.login_used, now)
                for root, (size, free) in seen.spaces.items():
                    self._judge_disk(root, size, free, now)
        watch = self._around.watch
        if watch is None or (self._due is not None and self._due - EVERY <= now < self._due):
            return
        self._due = now + EVERY
        roots = [each.root.path for each in self._around.roots]
        self._around.errands.start(KIND, "", lambda: _see(watch, roots))
        self._judge_silence(watch, now)
        self._judge_sessions(watch, now)

    def _judge_silence(self, watch: Watch, now: datetime) -> None:
        store = self._around.store
        if self._quiet_from is None or now < self._quiet_from:
            self._quiet_from = now
        alarms = {each.key.partition(":")[0] for each in store.alarms()}
        if store.paused(now) is not None or not watch.habits:
            self._quiet_from = now
            store.clear_alarm(SILENCE)
            return
        moves = store.recent_moves(MOVES)
        archived = [each.at for each in moves if each.after is State.ARCHIVED and each.proved]
        waiting = store.longest_waiting(WAITING)
        since = silent_since(
            silences(moves),
            max(archived, default=None),
            None if waiting is None else waiting.since,
            now,
        )
        if since is None or alarms & EXPLAIN:
            store.clear_alarm(SILENCE)
        elif now >= self._quiet_from + GRACE and waiting is not None:
            name = printable(waiting.name)
            store.raise_alarm(
                SILENCE,
                f"nothing was archived since {since:%Y-%m-%d %H:%M} UTC although recordings wait, which is unusual for "
                f"this rig; {name} waits for longest",
                f"archivedctl status; archivedctl why '{name}'",
                now,
            )

    def _judge_sessions(self, watch: Watch, now: datetime) -> None:
        store = self._around.store
        recorded = store.recently_recorded(RECORDED) if watch.habits else []
        half = {f"{SESSION}:{each.h2o} {each.day}": each for each in half_sessions(recorded, now)}
        for key, each in half.items():
            store.raise_alarm(
                key,
                f"the session of {printable(each.h2o)} on {each.day} has {' and '.join(each.has)} but no "
                f"{' and no '.join(each.lacks)}, which sessions of this rig usually have",
                "see whether it was recorded, and where it is, before a disk is cleared",
                now,
            )
        for alarm in store.alarms():
            if alarm.key.startswith(f"{SESSION}:") and alarm.key not in half:
                store.clear_alarm(alarm.key)

    def _judge_login(self, used: datetime | None, now: datetime) -> None:
        ends = ends_soon(used, now)
        if ends is None:
            self._around.store.clear_alarm(LOGIN)
            return
        self._around.store.raise_alarm(
            LOGIN,
            f"the login to Globus was not used for months, and ends on {ends:%Y-%m-%d} unless it is",
            "archivedctl whoami uses it, which is good for six more months; archivedctl login makes a new one",
            now,
        )

    def _judge_disk(self, root: str, size: int, free: int, now: datetime) -> None:
        store, key, setting = self._around.store, f"{DISK}:{root}", f"{LOOKS}{root}"
        looks = kept(_read(store.get_setting(setting)), Look(now, free))
        store.put_setting(setting, json.dumps([[each.at.isoformat(), each.free] for each in looks]))
        already = any(each.key == key for each in store.alarms())
        if not is_filling(looks, size, already=already):
            store.clear_alarm(key)
            return
        left = time_left(looks)
        rate = "" if left is None else f"; as it fills now it is full in {_days(left)}"
        store.raise_alarm(
            key,
            f"the disk with {printable(root)} has {format_size(free)} left of {format_size(size)}{rate}",
            "remove what is archived and not needed there any more: archivedctl list --state archived; "
            "archivedctl verify looks whether the archive still has it",
            now,
        )


def _see(watch: Watch, roots: Sequence[str]) -> Seen:
    spaces = {}
    for root in roots:
        try:
            spaces[root] = watch.space(root)
        except OSError:
            # A root that is away has an alarm of its own.
            continue
    return Seen(watch.login_used(), spaces)


def _read(text: str | None) -> list[Look]:
    """What was noted; a note that this release cannot read is begun anew."""
    try:
        looks = [
            Look(datetime.fromisoformat(at), int(free)) for at, free in json.loads(text or "[]")
        ]
    except (ValueError, TypeError):
        return []
    return looks if all(each.at.tzinfo for each in looks) else []


def _days(left: timedelta) -> str:
    return format_duration(timedelta(hours=round(left / timedelta(hours=1))))
