"""alerting: people who are elsewhere are told of alarms, and of recordings that need a person, by a thread of its own."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from archived.alerts.ledgers import SETTING, Ledgers, read, written
from archived.alerts.posting import Round
from archived.core.alerting import OWN, PAUSES, Failure, Ledger, Situation, is_due, news
from archived.core.lifecycle import State
from archived.core.retrying import next_try
from archived.daemon.surroundings import AlertSending, Surroundings, error_of
from archived.errands import Finished
from archived.errors import ArchivedError

KIND = "alerts"
PACE = timedelta(seconds=15)
"""How often it is looked whether anybody is to be told anything."""
GATHER = timedelta(seconds=30)
"""How long the first of some news waits for the others, so that they are one message."""
SETTLES = timedelta(minutes=10)
"""How long after a start nothing counts as over: some alarms are forgotten with it, and found out about anew."""
MOST_FAILURES = 200
"""How many datasets that need a person are kept in mind one by one; the others are only counted."""
LASTS = 2
"""After so many failures in a row it is an alarm that an address takes nothing; one may have been a hiccup."""
NOBODY = f"{OWN}addresses"
"""The key of the alarm that there is no address at all that could be tried."""


class Alerting:
    """Begins a round when there are news for somebody, and notes what came of it. No failure there is one of the turn."""

    kinds = frozenset({KIND})

    def __init__(self, around: Surroundings) -> None:
        self._around = around
        self._begun: datetime | None = None
        self._look: datetime | None = None
        self._ledgers: Ledgers | None = None
        self._new_addresses = True
        """Whether there may be addresses without a ledger: the file is read with each round."""
        self._gathering: datetime | None = None
        self._rounds = Ledger()
        """How rounds go as such: they cannot even begin where the addresses cannot be read."""
        self._failures: tuple[int, Sequence[Failure]] | None = None
        """As of an event: without a new one they are the same."""

    def __call__(self, now: datetime, finished: Sequence[Finished]) -> None:
        """Take what came of a round, then begin one when there is something to tell."""
        sending = self._around.alerts
        self._begun = self._begun or now
        for outcome in finished:
            self._take(outcome, now)
        if self._look is not None and self._look - PACE <= now < self._look:
            return
        self._look = now + PACE
        if sending is None:
            self._forget(now)
        elif not self._around.errands.busy(KIND, ""):
            self._tell(sending, now)

    def _tell(self, sending: AlertSending, now: datetime) -> None:
        situation = self._situation(now)
        if self._ledgers is None:
            self._ledgers = read(self._around.store.get_setting(SETTING))
        ledgers = self._ledgers
        told = [
            news(ledger, situation, label, sending.policy, now) and is_due(ledger, now)
            for label, ledger in ledgers.items()
        ]
        if self._new_addresses:
            told.append(bool(situation.alarms or situation.failures))
        if not any(told) or not is_due(self._rounds, now):
            self._gathering = None
        elif self._gathering is None:
            self._gathering = now
        elif not self._gathering <= now < self._gathering + GATHER:
            self._gathering = None
            self._around.errands.start(KIND, "", lambda: sending.post(ledgers, situation, now))

    def _situation(self, now: datetime) -> Situation:
        store = self._around.store
        last = store.last_event()
        if self._failures is None or self._failures[0] != last:
            found = [
                Failure(f"{each.id}@{each.state_since.isoformat()}", each.name, each.reason)
                for each in store.newest_failed(MOST_FAILURES)
            ]
            self._failures = last, found
        assert self._begun is not None
        return Situation(
            store.alarms(),
            self._failures[1],
            store.counts()[State.FAILED],
            settled=not self._begun <= now < self._begun + SETTLES,
        )

    def _take(self, outcome: Finished, now: datetime) -> None:
        error = error_of(self._around, outcome)
        if error is not None:
            self._no_round(error, now)
            return
        came: Round = outcome.result
        self._rounds, self._new_addresses = Ledger(), False
        before, self._ledgers = self._ledgers or {}, came.ledgers
        self._around.store.put_setting(SETTING, written(came.ledgers))
        for each in came.sent:
            self._around.log.info(
                "alert sent",
                address=each.label,
                alarms=len(each.news.raised),
                datasets=len(each.news.failures),
            )
        for label, ledger in came.ledgers.items():
            if ledger.trouble and not before.get(label, Ledger()).trouble:
                self._around.log.warning("alert not sent", address=label, error=ledger.trouble)
        self._raise({f"{OWN}{label}": each for label, each in came.ledgers.items()}, now)

    def _no_round(self, error: ArchivedError, now: datetime) -> None:
        attempts = self._rounds.attempts + 1
        due = next_try(attempts, PAUSES, now, jitter=self._around.jitter())
        self._rounds = Ledger(attempts=attempts, due=due)
        self._around.store.raise_alarm(
            NOBODY, f"nobody is told of alarms: {error}", error.what_to_do, now
        )

    def _raise(self, troubles: dict[str, Ledger], now: datetime) -> None:
        """Keep the alarms about addresses in step; one that went away has none."""
        store = self._around.store
        for key, ledger in troubles.items():
            if ledger.attempts >= LASTS:
                store.raise_alarm(
                    key,
                    f"address {key.removeprefix(OWN)} takes no messages: {ledger.trouble}",
                    "see whether the address is right (`archivedctl alerts test` tries it); it is tried again by itself",
                    now,
                )
        lasting = {key for key, ledger in troubles.items() if ledger.attempts}
        for alarm in store.alarms():
            if alarm.key.startswith(OWN) and alarm.key not in lasting:
                store.clear_alarm(alarm.key)

    def _forget(self, now: datetime) -> None:
        """Nobody is told any more, so that nothing is wrong with that."""
        if self._new_addresses:
            self._new_addresses = False
            self._raise({}, now)
