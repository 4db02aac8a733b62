"""What is true of the rig as a whole: alarms, a pause, settings, counters and the counts that `status` shows."""

from __future__ import annotations

import json
from datetime import datetime

from archived.core.lifecycle import State
from archived.core.model import Alarm
from archived.store.answers import Pause
from archived.store.base import Verbs
from archived.store.connection import Row
from archived.store.fields import from_text, from_time, moment, to_text, to_time
from archived.store.rows import sound, state_of

PAUSE = "pause"


class RigVerbs(Verbs):
    """The rig as a whole."""

    def raise_alarm(self, key: str, message: str, what_to_do: str, now: datetime) -> None:
        """Note a fault of the rig. Raising it again renews its words, not its time."""
        words = (to_text(message), to_text(what_to_do))
        row = self._door.row(
            "SELECT message, what_to_do, since FROM alarm WHERE rig_id = ? AND name = ?",
            self._rig_id,
            to_text(key),
        )
        if row is not None and row[:2] == words:
            return
        with self._door.write():
            self._upsert(
                "alarm",
                {"rig_id": self._rig_id, "name": to_text(key)},
                {
                    "message": words[0],
                    "what_to_do": words[1],
                    "since": to_time(now) if row is None else row[2],
                },
            )

    def clear_alarm(self, key: str) -> None:
        """The fault is over, or there was none."""
        where = "alarm WHERE rig_id = ? AND name = ?"
        if self._door.row(f"SELECT 1 FROM {where}", self._rig_id, to_text(key)) is not None:
            self._door.change(f"DELETE FROM {where}", self._rig_id, to_text(key))

    def alarms(self) -> list[Alarm]:
        """Every fault there is, oldest first."""
        rows = self._door.rows(
            "SELECT name, message, what_to_do, since FROM alarm WHERE rig_id = ? ORDER BY since, name",
            self._rig_id,
        )
        return [_alarm_of(row) for row in rows]

    def pause(self, why: str, now: datetime, until: datetime | None = None) -> None:
        """Begin no transfer until `until`, or until `resume`. What travels already travels on."""
        self.put_setting(
            PAUSE, json.dumps({"why": why, "since": to_time(now), "until": to_time(until)})
        )

    def resume(self) -> None:
        """End a pause."""
        self._door.change("DELETE FROM setting WHERE rig_id = ? AND name = ?", self._rig_id, PAUSE)

    def paused(self, now: datetime) -> Pause | None:
        """The pause that is on at this moment."""
        text = self.get_setting(PAUSE)
        if text is None:
            return None
        pause = _pause_of(text)
        return None if pause.until is not None and pause.until <= now else pause

    def get_setting(self, key: str) -> str | None:
        """A small text that was put here, or None."""
        row = self._door.row(
            "SELECT text FROM setting WHERE rig_id = ? AND name = ?", self._rig_id, to_text(key)
        )
        return None if row is None else from_text(row[0])

    def put_setting(self, key: str, text: str) -> None:
        """Keep a small text under a key."""
        if self.get_setting(key) == text:
            return
        with self._door.write():
            self._upsert(
                "setting",
                {"rig_id": self._rig_id, "name": to_text(key)},
                {"text": to_text(text)},
            )

    def count(self, key: str, increment: int = 1) -> None:
        """Add to a counter."""
        if not increment:
            return
        with self._door.write():
            found = self._door.change(
                "UPDATE counter SET number = number + ? WHERE rig_id = ? AND name = ?",
                increment,
                self._rig_id,
                to_text(key),
            )
            if not found:
                self._door.change(
                    "INSERT INTO counter (rig_id, name, number) VALUES (?, ?, ?)",
                    self._rig_id,
                    to_text(key),
                    increment,
                )

    def counters(self) -> dict[str, int]:
        """All counters."""
        rows = self._door.rows(
            "SELECT name, number FROM counter WHERE rig_id = ? ORDER BY name", self._rig_id
        )
        return {from_text(row[0]): row[1] for row in rows}

    def counts(self, location: str | None = None) -> dict[State, int]:
        """How many datasets are in each state, every state given; of one location or of all."""
        found = dict.fromkeys(State, 0)
        rows = self._door.rows(
            "SELECT location, state, datasets FROM tally WHERE rig_id = ?", self._rig_id
        )
        for where, state, number in rows:
            if location is None or from_text(where) == location:
                found[state_of(state)] += number
        return found

    def archived_totals(self) -> dict[str, tuple[int, int]]:
        """By location, how many files have a receipt, and their bytes."""
        rows = self._door.rows(
            "SELECT location, files, bytes FROM total WHERE rig_id = ? ORDER BY location",
            self._rig_id,
        )
        return {from_text(row[0]): (int(row[1]), int(row[2])) for row in rows}


@sound
def _pause_of(text: str) -> Pause:
    noted = json.loads(text)
    return Pause(noted["why"], moment(noted["since"]), from_time(noted["until"]))


@sound
def _alarm_of(row: Row) -> Alarm:
    return Alarm(from_text(row[0]), from_text(row[1]), from_text(row[2]), moment(row[3]))
