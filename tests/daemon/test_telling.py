"""The log says what changed, once each, whoever changed it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from archived.store import Store
from tests.daemon.world import World

MINUTE = timedelta(minutes=1)


def told(world: World, *events: str) -> list[tuple[str, dict[str, Any]]]:
    return [entry for entry in world.log.entries if entry[0] in events]


def test_an_alarm_is_told_when_it_comes_and_when_it_goes_and_never_meanwhile(world: World) -> None:
    world.pass_time(MINUTE)
    world.store.raise_alarm("disk", "the disk is full", "make room", world.now)
    world.pass_time(MINUTE)
    for _ in range(5):
        world.pass_time(MINUTE)
        world.store.raise_alarm("disk", f"full since {world.now}", "make room", world.now)
    world.store.clear_alarm("disk")
    world.pass_time(5 * MINUTE)

    assert [
        entry for entry in told(world, "alarm raised", "alarm over") if entry[1]["alarm"] == "disk"
    ] == [
        (
            "alarm raised",
            {"alarm": "disk", "message": "the disk is full", "what_to_do": "make room"},
        ),
        ("alarm over", {"alarm": "disk"}),
    ]


def test_a_move_that_a_command_made_is_told_as_well(world: World) -> None:
    world.record_video()
    world.until(lambda: bool(world.states()))
    [name] = world.states()
    with Store.open(str(world.base / "archived.db"), rig="test-rig") as ctl:
        ctl.hold([name], world.now, user="ada", why="not yet")
    world.pass_time(MINUTE)

    assert any(
        fields["dataset"] == name and fields["after"] == "held"
        for _, fields in told(world, "dataset moved")
    )
