"""Who is still to be told what: the difference between what is wrong now and what an address was told of.

There is no queue: what an address was told is remembered, and what differs from it is the next message. So nothing is told
twice, many things at once are one message, and what came and went while an address was out of reach is not told at all.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import field, replace
from datetime import datetime, timedelta

from archived.core.alarm_kinds import Severity, kind_of
from archived.core.dataclass import dataclass
from archived.core.model import Alarm
from archived.core.retrying import RetryPolicy, next_try

PAUSES = RetryPolicy(first=timedelta(minutes=1), longest=timedelta(hours=1))
"""How long an address that did not take a message is left in peace."""

OWN = "alerts:"
"""The key of the alarm about an address begins so; the address itself is not told of it."""


@dataclass(frozen=True, slots=True)
class Failure:
    """A dataset that needs a person. `key` is another one when it needs one again."""

    key: str
    dataset: str
    reason: str


@dataclass(frozen=True, slots=True)
class Situation:
    """What is wrong with a rig."""

    alarms: Sequence[Alarm] = ()
    failures: Sequence[Failure] = ()
    """The newest ones, newest first."""
    failed: int = 0
    """How many datasets need a person, also those that are not among `failures`."""
    settled: bool = True
    """Whether what is no alarm is over: a daemon that has just begun finds out about some of them anew."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ledger:
    """What one address was told, and how that goes."""

    alarms: Mapping[str, str] = field(default_factory=dict)
    """By key, in the words in which they were told."""
    failures: frozenset[str] = frozenset()
    sent_at: datetime | None = None
    attempts: int = 0
    """How often in a row it took no message."""
    due: datetime | None = None
    trouble: str = ""
    """Why it took none the last time; "" where it did."""


@dataclass(frozen=True, slots=True)
class News:
    """What an address is to be told at once."""

    raised: Sequence[Alarm] = ()
    over: Mapping[str, str] = field(default_factory=dict)
    failures: Sequence[Failure] = ()
    none_failed: bool = False
    """No dataset needs a person any more."""
    failed: int = 0
    repeated: bool = False
    """Nothing is new; it is told again because it lasts."""

    def __bool__(self) -> bool:
        return bool(self.raised or self.over or self.failures or self.none_failed)

    @property
    def urgent(self) -> bool:
        """Whether something in it should not wait."""
        return bool(self.failures) or any(
            kind_of(each.key).severity is Severity.URGENT for each in self.raised
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertPolicy:
    """What is told at all, and whether what lasts is told again."""

    least: Severity = Severity.WARNING
    repeat: timedelta | None = None


def news(
    ledger: Ledger, situation: Situation, label: str, policy: AlertPolicy, now: datetime
) -> News:
    """What the address with this label is to be told; false where there is nothing."""
    alarms = [each for each in situation.alarms if _wanted(each, label, policy)]
    keys = {each.key for each in alarms}
    found = News(
        raised=[each for each in alarms if each.key not in ledger.alarms],
        over={
            key: words
            for key, words in ledger.alarms.items()
            if key not in keys and situation.settled
        },
        failures=[each for each in situation.failures if each.key not in ledger.failures],
        none_failed=bool(ledger.failures) and not situation.failed,
        failed=situation.failed,
    )
    if found or policy.repeat is None or ledger.sent_at is None:
        return found
    if ledger.sent_at <= now < ledger.sent_at + policy.repeat:
        return found
    return replace(found, raised=alarms, failures=situation.failures, repeated=True)


def taken(
    ledger: Ledger, situation: Situation, label: str, policy: AlertPolicy, now: datetime
) -> Ledger:
    """The ledger after an address took the news of a situation, or was told nothing of it because there were none."""
    told = {each.key: each.message for each in situation.alarms if _wanted(each, label, policy)}
    return Ledger(
        alarms=told if situation.settled else {**ledger.alarms, **told},
        failures=frozenset(each.key for each in situation.failures),
        sent_at=now,
    )


def refused(ledger: Ledger, why: str, now: datetime, *, jitter: float) -> Ledger:
    """The ledger after an address took no message: it is tried again after longer and longer pauses."""
    attempts = ledger.attempts + 1
    due = next_try(attempts, PAUSES, now, jitter=jitter)
    return replace(ledger, attempts=attempts, due=due, trouble=why)


def is_due(ledger: Ledger, now: datetime) -> bool:
    """Whether the address may be tried. A clock that was set back does not make it wait longer than it ever would."""
    return ledger.due is None or not now < ledger.due <= now + 2 * PAUSES.longest


def _wanted(alarm: Alarm, label: str, policy: AlertPolicy) -> bool:
    urgent = kind_of(alarm.key).severity is Severity.URGENT
    return alarm.key != f"{OWN}{label}" and (urgent or policy.least is Severity.WARNING)
