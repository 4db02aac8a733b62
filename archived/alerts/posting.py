"""One round: every address is told what is new for it. It takes as long as networks do, so it is an errand."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import NamedTuple

from archived.alerts.addresses import Address
from archived.alerts.ledgers import Ledgers
from archived.core.alert_words import Message, message
from archived.core.alerting import (
    AlertPolicy,
    Ledger,
    News,
    Situation,
    is_due,
    news,
    refused,
    taken,
)

Send = Callable[[Address, Message], str]
"""Sends a message; "" where it was taken, else why not. `archived.alerts.sending.send`."""


class Sent(NamedTuple):
    """A message that an address took."""

    label: str
    news: News


class Round(NamedTuple):
    """What came of it."""

    ledgers: Ledgers
    """Of every address that there is."""
    sent: Sequence[Sent] = ()


def post(
    rig: str,
    to: Sequence[Address],
    ledgers: Ledgers,
    situation: Situation,
    policy: AlertPolicy,
    now: datetime,
    *,
    send: Send,
    jitter: Callable[[], float],
) -> Round:
    """Tell each address what is new for it, if it is due. One that takes nothing keeps no other from being told."""
    after: dict[str, Ledger] = {}
    sent: list[Sent] = []
    for address in to:
        ledger = ledgers.get(address.label, Ledger())
        found = news(ledger, situation, address.label, policy, now)
        after[address.label] = ledger
        if not found or not is_due(ledger, now):
            continue
        if why := send(address, message(rig, found, now)):
            after[address.label] = refused(ledger, why, now, jitter=jitter())
        else:
            after[address.label] = taken(ledger, situation, address.label, policy, now)
            sent.append(Sent(address.label, found))
    return Round(after, sent)
