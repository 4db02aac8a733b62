"""Every message says what happened, what it means for the data and what to do, whatever names are in it."""

from __future__ import annotations

import re
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from archived.core.alarm_kinds import KINDS, NEEDS_A_PERSON, OTHER, Severity, kind_of
from archived.core.alert_words import LONGEST_TITLE, Message, message, stopped, trial
from archived.core.alerting import Failure, News
from archived.core.model import Alarm
from tests.builders import NOON

ROOT = Path(__file__).parents[2]
HOSTILE = st.text(max_size=2000) | st.sampled_from(
    ["<script>", "<!channel>", "a\nOVER: all is well", "@everyone", "\x1b[2J", "\udce9", "\u202e"]
)


def one(key: str, words: str = "it is wrong", what_to_do: str = "mend it") -> News:
    return News(raised=[Alarm(key, words, what_to_do, NOON)])


def test_a_message_says_what_happened_what_it_means_and_what_to_do() -> None:
    found = message("rig-1", one("login:raw-ephys", "nobody is logged in"), NOON)
    assert found.title == "archived on rig-1: nobody is logged in"
    assert found.urgent is True
    assert found.body.splitlines()[2:6] == [
        f"ALARM: nobody is logged in (since {NOON:%Y-%m-%d %H:%M} UTC)",
        f"What it means: {KINDS['login'].means}",
        "What to do: mend it",
        "More: docs/RUNBOOK.md#archivedalarm",
    ]


def test_many_things_are_one_message() -> None:
    alarms = [Alarm(f"root:/{n}", f"root {n} is gone", "mount it", NOON) for n in range(50)]
    failures = [Failure(str(n), f"raw-ephys/{n}", "cut short") for n in range(30)]
    found = message(
        "rig-1",
        News(raised=alarms, failures=failures, failed=31, over={"backup": "no backup"}),
        NOON,
    )
    assert found.title == "archived on rig-1: 50 alarms; 31 recordings need a person; 1 over"
    assert "… and 30 more alarms" in found.body
    assert "  raw-ephys/9: cut short\n  … and 20 more" in found.body
    assert "OVER: no backup" in found.body


def test_what_is_over_is_no_alarm() -> None:
    found = message("rig-1", News(over={"backup": "no backup"}, none_failed=True), NOON)
    assert found.urgent is None
    assert found.title == "archived on rig-1: 2 over"
    assert "no recording needs a person any more" in found.body


def several_of(name: str, why: str) -> News:
    return News(
        raised=[Alarm("root", name, why or "-", NOON)],
        failures=[Failure("1", name, why)],
        failed=1,
        over={"a": name},
    )


@given(HOSTILE, HOSTILE, HOSTILE)
def test_whatever_is_called_however_a_message_is_plain_words(rig: str, name: str, why: str) -> None:
    several = several_of(name, why)
    made: list[Message] = [message(rig, several, NOON), stopped(rig, name, NOON), trial(rig, NOON)]
    for each in made:
        text = each.title + each.body
        assert "\n" not in each.title
        assert text.replace("\n", "").isprintable()
        assert "<" not in text
        assert not re.search("@(everyone|here|channel|all\\b)", text, re.IGNORECASE)
        assert len(each.title) <= LONGEST_TITLE
    plain = message("rig", several_of("x", "y"), NOON)
    assert made[0].body.count("\n") == plain.body.count("\n")


def headings(page: str) -> set[str]:
    """The anchors of a page, as web sites make them."""
    found = re.findall(r"^#+ (.+)$", (ROOT / "docs" / page).read_text(), re.MULTILINE)
    return {re.sub(r"[^a-z0-9 -]", "", each.lower()).replace(" ", "-") for each in found}


def test_every_message_leads_to_a_part_of_the_runbook() -> None:
    pages = {each.page for each in (*KINDS.values(), NEEDS_A_PERSON, OTHER)}
    pages |= set(re.findall(r"RUNBOOK\.md#([a-z-]+)", stopped("rig", "unit", NOON).body))
    assert pages <= headings("RUNBOOK.md")


def test_every_kind_of_alarm_that_is_raised_is_known() -> None:
    """What the code gives as a key: a text, or the beginning of one."""
    code = "\n".join(path.read_text() for path in sorted((ROOT / "archived").rglob("*.py")))
    raised = re.findall(r'raise_alarm\(\s*(?:key := )?f?"([a-z-]+)', code)
    named = re.findall(r'ALARM = "([a-z-]+)', code)
    assert len(raised) > 8
    assert {each for each in (*raised, *named) if kind_of(each) is OTHER} <= {
        key for key, kind in KINDS.items() if kind is OTHER
    }


def test_an_alarm_of_another_direction_is_of_the_same_kind() -> None:
    assert kind_of("retrieve-full:raw-ephys") is KINDS["full"]
    assert kind_of("login-age") is KINDS["login-age"]
    assert kind_of("disk-full:/rig") is KINDS["disk-full"]
    assert kind_of("who knows") is OTHER
    assert KINDS["root"].severity is Severity.URGENT
