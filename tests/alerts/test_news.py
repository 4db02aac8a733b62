"""What an address is told is what differs from what it was told: nothing twice, and nothing left out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from archived.alerts.addresses import Address
from archived.alerts.ledgers import read, written
from archived.alerts.posting import post
from archived.core.alarm_kinds import Severity
from archived.core.alert_words import Message
from archived.core.alerting import (
    PAUSES,
    AlertPolicy,
    Failure,
    Ledger,
    Situation,
    is_due,
    news,
    refused,
    taken,
)
from archived.core.model import Alarm
from archived.secrecy.hidden import Hidden
from tests.builders import NOON

LABEL = "1 (json)"
KEYS = ("login:raw-ephys", "backup", "root:/rig", "retrieve-full:raw-video", f"alerts:{LABEL}")
EVERYTHING = AlertPolicy()
HOUR = timedelta(hours=1)


def situation(keys: Sequence[str], failures: Sequence[str] = ()) -> Situation:
    return Situation(
        [Alarm(key, f"{key} is wrong", "mend it", NOON) for key in keys],
        [Failure(each, f"raw-ephys/{each}", "why") for each in failures],
        len(failures),
    )


situations = st.builds(
    situation,
    st.lists(st.sampled_from(KEYS), unique=True),
    st.lists(st.sampled_from("abcdef"), unique=True),
)
policies = st.builds(AlertPolicy, least=st.sampled_from(Severity))


@given(st.lists(st.tuples(situations, st.booleans())), policies)
def test_an_address_knows_what_is_wrong_after_each_message_that_it_took_and_is_told_nothing_twice(
    course: list[tuple[Situation, bool]], policy: AlertPolicy
) -> None:
    ledger, believed, now = Ledger(), set[str](), NOON
    for wrong, takes in course:
        now += 2 * HOUR
        ledger = read(written({LABEL: ledger}))[LABEL]  # as after a restart
        found = news(ledger, wrong, LABEL, policy, now)
        if not found:
            continue
        raised = {each.key for each in found.raised}
        assert not raised & believed
        assert set(found.over) <= believed
        if not takes:
            ledger = refused(ledger, "not now", now, jitter=0.5)
            continue
        believed = (believed | raised) - set(found.over)
        ledger = taken(ledger, wrong, LABEL, policy, now)
        assert not news(ledger, wrong, LABEL, policy, now)
        assert believed <= {each.key for each in wrong.alarms}
        assert f"alerts:{LABEL}" not in believed
        if policy.least is Severity.WARNING:
            assert believed == {each.key for each in wrong.alarms} - {f"alerts:{LABEL}"}
        else:
            assert "backup" not in believed


def test_what_a_daemon_that_just_began_does_not_know_of_yet_is_not_over() -> None:
    ledger = taken(Ledger(), situation(["backup"]), LABEL, EVERYTHING, NOON)
    begun = replace(situation(["root:/rig"]), settled=False)
    found = news(ledger, begun, LABEL, EVERYTHING, NOON)
    assert [each.key for each in found.raised] == ["root:/rig"]
    assert not found.over
    ledger = taken(ledger, begun, LABEL, EVERYTHING, NOON)
    assert set(news(ledger, situation(()), LABEL, EVERYTHING, NOON).over) == {"backup", "root:/rig"}


def test_only_failures_that_are_new_are_told_and_once_that_there_are_none() -> None:
    ledger = taken(Ledger(), situation((), "ab"), LABEL, EVERYTHING, NOON)
    found = news(ledger, situation((), "abc"), LABEL, EVERYTHING, NOON)
    assert [each.key for each in found.failures] == ["c"]
    assert not news(ledger, situation((), "a"), LABEL, EVERYTHING, NOON)
    none = situation(())
    assert news(ledger, none, LABEL, EVERYTHING, NOON).none_failed
    assert not news(taken(ledger, none, LABEL, EVERYTHING, NOON), none, LABEL, EVERYTHING, NOON)


def test_what_lasts_is_told_again_only_where_that_is_wanted() -> None:
    wrong = situation(["backup"], "a")
    ledger = taken(Ledger(), wrong, LABEL, EVERYTHING, NOON)
    daily = AlertPolicy(repeat=timedelta(days=1))
    assert not news(ledger, wrong, LABEL, EVERYTHING, NOON + 100 * HOUR)
    assert not news(ledger, wrong, LABEL, daily, NOON + 23 * HOUR)
    again = news(ledger, wrong, LABEL, daily, NOON + 24 * HOUR)
    assert again.repeated
    assert (again.raised, again.failures) == (wrong.alarms, wrong.failures)
    assert not news(ledger, situation(()), LABEL, daily, NOON).raised


@given(
    st.integers(1, 60),
    st.floats(0, 1, exclude_max=True),
    st.timedeltas(timedelta(0), timedelta(days=400)),
)
def test_pauses_grow_and_end_whatever_the_clock_does(
    attempts: int, jitter: float, away: timedelta
) -> None:
    ledger = Ledger()
    for _ in range(attempts):
        ledger = refused(ledger, "no", NOON, jitter=jitter)
    assert ledger.attempts == attempts
    assert ledger.due is not None
    assert not is_due(ledger, NOON)
    assert ledger.due - NOON <= 1.25 * PAUSES.longest
    assert is_due(ledger, ledger.due + away)
    # Set back by days: it is not waited for that long.
    assert is_due(ledger, NOON - timedelta(days=1) - away)


def test_an_address_that_takes_nothing_keeps_no_other_from_being_told() -> None:
    to = [Address(f"{place} (json)", Hidden(f"json://place-{place}")) for place in (1, 2)]
    came: list[str] = []

    def send(address: Address, _message: Message) -> str:
        came.append(address.label)
        return "no" if address is to[0] else ""

    def round_at(now: datetime) -> None:
        nonlocal ledgers
        ledgers = post(
            "rig", to, ledgers, situation(["backup"]), EVERYTHING, now, send=send, jitter=lambda: 0
        ).ledgers

    ledgers = read(None)
    round_at(NOON)
    round_at(NOON)
    assert came == ["1 (json)", "2 (json)"]
    round_at(NOON + HOUR)
    assert came == ["1 (json)", "2 (json)", "1 (json)"]


@given(st.text() | st.recursive(st.none() | st.text() | st.integers(), st.lists).map(str))
def test_what_is_no_ledger_is_as_if_nothing_had_been_told(text: str) -> None:
    assert read(text) == {}


def test_ledgers_are_read_as_they_were_written() -> None:
    ledger = Ledger(
        alarms={"a\n": "\udce9"},
        failures=frozenset({"1@x"}),
        sent_at=datetime(2026, 1, 1, tzinfo=UTC),
        attempts=3,
        due=NOON,
        trouble="no",
    )
    assert read(written({LABEL: ledger, "2 (x)": Ledger()})) == {LABEL: ledger, "2 (x)": Ledger()}
