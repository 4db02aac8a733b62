"""A message about what is wrong, for people who are elsewhere: what happened, what it means, what to do."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime
from typing import NamedTuple

from archived.core.alarm_kinds import NEEDS_A_PERSON, AlarmKind, kind_of
from archived.core.alerting import News
from archived.core.paths import printable

MOST_ALARMS = 20
"""How many alarms one message explains; the others are counted."""
MOST_DATASETS = 10
LONGEST_TITLE = 120
LONGEST_WORDS = 600
"""Characters of one sentence: whoever chose a name chose its length."""

_CALLS_EVERYBODY = re.compile(r"@(?=everyone|here|channel|all\b)", re.IGNORECASE)
"""What chat programs take for a call of all members."""

_AT = "\uff20"
"""Looks like an `@`, and calls nobody."""

_MARKUP = str.maketrans({"<": "\u2039", ">": "\u203a"})
"""Angle brackets of another kind, for those that begin a tag, a link or a mention."""


class Message(NamedTuple):
    """What is sent. `urgent` is None where only what is over is told."""

    title: str
    body: str
    urgent: bool | None


def message(rig: str, news: News, now: datetime) -> Message:
    """All news in one message."""
    lines = [f"Rig {_plain(rig)}, {now:%Y-%m-%d %H:%M} UTC", "", *_parts(news)]
    lines.append("`archivedctl status` on the rig says how everything is.")
    told = news.raised or news.failures
    return Message(_title(rig, news), "\n".join(lines), news.urgent if told else None)


def trial(rig: str, now: datetime) -> Message:
    """What `archivedctl alerts test` sends."""
    return Message(
        _headed(rig, "this is a trial"),
        f"Rig {_plain(rig)}, {now:%Y-%m-%d %H:%M} UTC\n\nSomebody tries whether alarms of this rig get here. "
        "They do; nothing is wrong.",
        None,
    )


def stopped(rig: str, unit: str, now: datetime) -> Message:
    """What is sent where systemd says that the service ended."""
    return Message(
        _headed(rig, "the daemon stopped"),
        "\n".join(
            (
                f"Rig {_plain(rig)}, {now:%Y-%m-%d %H:%M} UTC",
                "",
                *_block(
                    "ALARM",
                    f"the service {unit} failed",
                    "see `systemctl status` and `journalctl -u` of it on the rig, then start it again",
                    AlarmKind(
                        NEEDS_A_PERSON.severity,
                        "Nothing that is recorded is archived until it runs again. What is archived stays so.",
                        "archiveddaemonstopped",
                    ),
                ),
            )
        ),
        True,
    )


def _title(rig: str, news: News) -> str:
    parts = []
    if len(news.raised) == 1:
        parts.append(_plain(news.raised[0].message))
    elif news.raised:
        parts.append(f"{len(news.raised)} alarms")
    if news.failures:
        parts.append(_need_a_person(news.failed))
    if news.over or news.none_failed:
        parts.append(f"{len(news.over) + news.none_failed} over")
    still = "still " if news.repeated else ""
    return _headed(rig, still + "; ".join(parts))


def _headed(rig: str, words: str) -> str:
    title = f"archived on {_plain(rig)}: {words}"
    return title if len(title) <= LONGEST_TITLE else title[: LONGEST_TITLE - 1] + "…"


def _parts(news: News) -> Iterator[str]:
    for alarm in news.raised[:MOST_ALARMS]:
        what = f"{alarm.message} (since {alarm.since:%Y-%m-%d %H:%M} UTC)"
        yield from _block("ALARM", what, alarm.what_to_do, kind_of(alarm.key))
    if len(news.raised) > MOST_ALARMS:
        yield from (f"… and {len(news.raised) - MOST_ALARMS} more alarms", "")
    if news.failures:
        yield from _failures(news)
    for words in list(news.over.values())[:MOST_ALARMS]:
        yield from (f"OVER: {_plain(words)}", "")
    if len(news.over) > MOST_ALARMS:
        yield from (f"… and {len(news.over) - MOST_ALARMS} more are over", "")
    if news.none_failed:
        yield from ("OVER: no recording needs a person any more", "")


def _failures(news: News) -> Iterator[str]:
    named = "\n".join(
        f"  {_plain(each.dataset)}: {_plain(each.reason)}" for each in news.failures[:MOST_DATASETS]
    )
    more = len(news.failures) - MOST_DATASETS
    rest = f"\n  … and {more} more" if more > 0 else ""
    yield f"NEEDED: {_need_a_person(news.failed)}; {'these' if news.repeated else 'new among them'}:"
    yield named + rest
    yield from _advice("`archivedctl status` says what to do about each", NEEDS_A_PERSON)


def _block(label: str, what: str, what_to_do: str, kind: AlarmKind) -> Iterator[str]:
    yield f"{label}: {_plain(what)}"
    yield from _advice(_plain(what_to_do), kind)


def _advice(what_to_do: str, kind: AlarmKind) -> Iterator[str]:
    yield f"What it means: {kind.means}"
    if what_to_do:
        yield f"What to do: {what_to_do}"
    yield f"More: docs/RUNBOOK.md#{kind.page}"
    yield ""


def _need_a_person(number: int) -> str:
    return "1 recording needs a person" if number == 1 else f"{number} recordings need a person"


def _plain(text: str) -> str:
    """Words that may hold names from the disk: one line, no markup of chat programs or web pages, not too long."""
    cut = text if len(text) <= LONGEST_WORDS else text[: LONGEST_WORDS - 1] + "…"
    return _CALLS_EVERYBODY.sub(_AT, printable(cut).translate(_MARKUP))
