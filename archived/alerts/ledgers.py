"""What each address was told, as the store keeps it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime

from archived.core.alerting import Ledger

SETTING = "alerts"
"""The setting of the store that has them."""

Ledgers = Mapping[str, Ledger]
"""By the label of the address."""


def written(ledgers: Ledgers) -> str:
    """The ledgers as a text."""
    return json.dumps(
        {
            label: {
                "alarms": dict(each.alarms),
                "failures": sorted(each.failures),
                "sent_at": _iso(each.sent_at),
                "attempts": each.attempts,
                "due": _iso(each.due),
                "trouble": each.trouble,
            }
            for label, each in ledgers.items()
        },
        sort_keys=True,
    )


def read(text: str | None) -> Ledgers:
    """The ledgers that were written; none where there is nothing that can be read: then all is told once more."""
    try:
        return {label: _ledger(each) for label, each in json.loads(text or "{}").items()}
    except (ValueError, TypeError, KeyError, AttributeError):
        return {}


def _ledger(noted: Mapping[str, object]) -> Ledger:
    alarms, failures, attempts = noted["alarms"], noted["failures"], noted["attempts"]
    if not (isinstance(alarms, dict) and isinstance(failures, list) and isinstance(attempts, int)):
        raise TypeError("not a ledger")
    return Ledger(
        alarms={str(key): str(words) for key, words in alarms.items()},
        failures=frozenset(map(str, failures)),
        sent_at=_time(noted["sent_at"]),
        attempts=attempts,
        due=_time(noted["due"]),
        trouble=str(noted["trouble"]),
    )


def _iso(at: datetime | None) -> str | None:
    return None if at is None else at.isoformat()


def _time(text: object) -> datetime | None:
    if text is None:
        return None
    found = datetime.fromisoformat(str(text))
    if found.tzinfo is None:
        raise ValueError("a time without a zone")
    return found
