"""The lab's DataJoint tables are kept in step by the way; whether that works never matters to the archiving."""

from __future__ import annotations

from datetime import timedelta

import pytest

from archived.core.mirror import Change
from archived.core.model import Alarm
from archived.daemon.mirror import ALARM
from archived.errors import LabDatabaseError, LabTablesError, StoreError
from archived.store.lab import Mirrored, Outcome, Refused
from tests.daemon.world import World

MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)
AWAY = LabDatabaseError("the lab's database is away", what_to_do="start it")
CHANGE = Change(
    location="raw-ephys", name="a", dataset="raw-ephys/a", dataset_type="ephys-raw", insert=True
)


class Lab:
    """A lab's database that only counts, and fails when it is told to."""

    def __init__(self) -> None:
        self.calls = 0
        self.fault: Exception | None = None
        self.outcome = Outcome()

    def __call__(self) -> Outcome:
        self.calls += 1
        if self.fault is not None:
            raise self.fault
        return self.outcome


@pytest.fixture
def lab(world: World) -> Lab:
    """Of a rig whose configuration wants the mirror."""
    made = Lab()
    world.mirror = made
    world.restart()
    world.pass_time(MINUTE)
    return made


def alarms(world: World) -> list[Alarm]:
    """Those about the lab's database; that nothing was recorded yet is another."""
    return [each for each in world.store.alarms() if each.key == ALARM]


def logged(world: World, event: str) -> int:
    """How often an event was logged."""
    return sum(1 for each, _ in world.log.entries if each == event)


def test_the_tables_are_told_at_the_start_and_then_of_what_happens(world: World, lab: Lab) -> None:
    assert lab.calls == 1
    world.pass_time(30 * MINUTE)
    assert lab.calls == 1

    world.record_run()
    world.until(world.all_archived)
    world.pass_time(12 * MINUTE)
    told = lab.calls
    world.pass_time(30 * MINUTE)

    assert told > 1
    assert lab.calls == told


def test_they_are_compared_now_and_then_though_nothing_happens(world: World, lab: Lab) -> None:
    world.pass_time(5 * HOUR)

    assert 4 <= lab.calls <= 6


def test_a_rig_without_a_mirror_tells_where_its_locations_are_and_nothing_else(
    world: World,
) -> None:
    world.pass_time(20 * MINUTE)

    assert world.store.archives() == {
        ("test-rig", name): "archive:/" for name in ("raw-ephys", "raw-video")
    }
    assert not [event for event, _ in world.log.entries if "lab" in event]


def test_an_outage_is_waited_for_and_told_of_when_it_is_long(world: World, lab: Lab) -> None:
    lab.fault = AWAY
    world.record_run()
    world.until(world.all_archived)
    world.pass_time(15 * MINUTE)
    tried = lab.calls
    world.pass_time(10 * MINUTE)

    assert lab.calls - tried >= 4
    assert alarms(world) == []
    assert logged(world, "lab database cannot be used") == 1

    world.pass_time(HOUR)
    (alarm,) = alarms(world)
    assert alarm.what_to_do == "start it"
    assert "recordings are archived as before" in alarm.message

    lab.fault = None
    world.pass_time(4 * MINUTE)
    assert alarms(world) == []
    assert logged(world, "lab database is back") == 1


def test_tables_that_will_not_do_are_told_of_at_once(world: World, lab: Lab) -> None:
    lab.fault = LabTablesError("data_set has no column dataset_type")

    world.pass_time(2 * HOUR)

    assert len(alarms(world)) == 1


@pytest.mark.parametrize("fault", [RuntimeError("a mistake of ours"), StoreError("busy"), AWAY])
def test_whatever_goes_wrong_with_it_recordings_are_archived(
    world: World, lab: Lab, fault: Exception
) -> None:
    lab.fault = fault
    world.record_run()

    world.until(world.all_archived)

    assert lab.calls


def test_what_was_mirrored_and_what_was_refused_is_in_the_log(world: World, lab: Lab) -> None:
    lab.outcome = Outcome(
        mirrored=[Mirrored(CHANGE)], refused=[Refused("raw-ephys/b", "others refer to it")]
    )

    world.pass_time(HOUR + 20 * MINUTE)

    assert (
        "refused by the lab database",
        {"dataset": "raw-ephys/b", "why": "others refer to it"},
    ) in (world.log.entries)
    assert logged(world, "mirrored in the lab database") == 1


def test_an_alarm_of_an_earlier_run_ends_with_the_mirror(world: World, lab: Lab) -> None:
    lab.fault = LabTablesError("data_set has no column dataset_type")
    world.pass_time(2 * HOUR)
    assert alarms(world)

    world.mirror = None
    world.restart()
    world.pass_time(MINUTE)

    assert alarms(world) == []
