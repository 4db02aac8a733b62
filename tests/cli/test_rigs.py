"""Several rigs at one store: what each of them, and an analyst who has none, is shown and may change."""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from referencing import Registry, Resource

from archived.store import Store
from tests.builders import NOON
from tests.cli.contract import SCHEMAS, fits
from tests.cli.rigs import G0, G1, CliRig, archived_and_ready, failed
from tests.store.bench import Bench
from tests.store.servers import SERVERS

_numbers = itertools.count(1)


@dataclass
class Fleet:
    """Two rigs and an analyst's machine, with one store."""

    north: CliRig
    south: CliRig
    analyst: CliRig
    address: str
    stack: ExitStack

    def bench(self, rig: str) -> Bench:
        """The part of the store that a rig has."""
        store = Store.open(self.address, rig=rig, create=True, now=NOON)
        bench = Bench(self.stack.enter_context(store))
        with store.claim_daemon(1, NOON - timedelta(days=1), host="old-machine", version="0.0.9"):
            pass
        # Batches are known by names that no two rigs share.
        bench._batches = itertools.count(1_000 * next(_numbers))
        return bench


@pytest.fixture(params=list(SERVERS))
def fleet(
    request: pytest.FixtureRequest, emptied: Callable[[str], str], tmp_path: Path
) -> Iterator[Fleet]:
    address = emptied(request.param)

    def at(rig: str) -> CliRig:
        (tmp_path / rig).mkdir()
        made = CliRig(tmp_path / rig)
        text = made.configuration.read_text().replace("rig = rig-1", f"rig = {rig}")
        made.configuration.write_text(
            text.replace(f"store = {made.base}/state/archived.db", f"store = {address}")
        )
        return made

    with ExitStack() as stack:
        yield Fleet(at("north"), at("south"), at("analysis"), address, stack)


def two_rigs(fleet: Fleet) -> None:
    """Both have a dataset of the same name; one of the south needs a person."""
    archived_and_ready(fleet.bench("north"))
    failed(fleet.bench("south"))


def test_the_rigs_are_listed_with_their_backlog(fleet: Fleet) -> None:
    two_rigs(fleet)
    with (
        Store.open(fleet.address, rig="north") as north,
        north.claim_daemon(17, NOON - timedelta(hours=3), host="ephys-1", version="0.1.0"),
    ):
        north.heartbeat(NOON - timedelta(seconds=4))
        north.raise_alarm("root", "the root is gone", "mount it", NOON)
        shown, views = fleet.south.said("rigs"), fleet.south.json("rigs")
    fits(views, "rigs")
    assert [each["name"] for each in views] == ["north", "south"]
    first, second = views
    assert first["running"]
    assert (first["host"], first["version"]) == ("ephys-1", "0.1.0")
    assert (first["since"], first["last_tick"]) == ("2026-03-14T09:00:00Z", "2026-03-14T11:59:56Z")
    assert first["backlog"] == {"datasets": 1, "bytes": 10}
    assert (first["attention"], first["alarms"]) == (0, 1)
    assert (second["running"], second["since"], second["attention"]) == (False, None, 1)
    assert second["last_tick"] == "2026-03-13T12:00:00Z"
    north_line, south_line = shown.splitlines()[1:]
    assert north_line.split() == [
        *("north", "4s", "ago", "0.1.0", "yes", "1", "1", "10", "B", "1", "alarm", "ephys-1")
    ]
    assert south_line.split() == [
        *("south", "1d", "ago", "0.0.9", "no", "0", "0", "0", "B", "1", "dataset", "old-machine")
    ]


def test_a_rig_alone_is_a_fleet_too(rig: CliRig, bench: Bench) -> None:
    archived_and_ready(bench)
    views = rig.json("rigs")
    fits(views, "rigs")
    assert [(each["name"], each["backlog"]["datasets"]) for each in views] == [("rig-1", 1)]


def test_the_status_of_all_rigs_tells_of_each_what_its_own_tells(fleet: Fleet) -> None:
    two_rigs(fleet)
    view = fleet.north.json("status", "--all-rigs")
    _fits_all_rigs(view)
    for each in view["rigs"]:
        fits(each, "status")
    north, south = view["rigs"]
    assert north == fleet.north.json("status")
    assert south["counts"]["failed"] == 1
    assert [each["dataset"] for each in south["attention"]] == [G0]
    # Where the other one archives, only that one knows.
    assert [(each["name"], each["archive"]) for each in south["locations"]] == [("raw-ephys", None)]
    assert fleet.north.json("status", "--rig", "south") == south
    shown = fleet.north.said("status", "--all-rigs")
    assert "south needs a person" in shown
    assert f"{G0}: " in shown
    assert "north needs a person" not in shown


def _fits_all_rigs(view: Any) -> None:
    named = {
        name: Resource.from_contents(json.loads((SCHEMAS / name).read_text()))
        for name in ("status.json", "status-all-rigs.json")
    }
    registry: Registry[Any] = Registry().with_resources(named.items())
    validator = jsonschema.Draft202012Validator({"$ref": "status-all-rigs.json"}, registry=registry)
    validator.validate(view)
    with pytest.raises(jsonschema.ValidationError):
        validator.validate({"rigs": [{"rig": "north"}]})


def test_the_status_of_all_rigs_exits_with_3_when_one_of_them_needs_a_person(fleet: Fleet) -> None:
    archived_and_ready(fleet.bench("north"))
    assert fleet.north.type("status", "--all-rigs", "--exit-code").exit_code == 0
    failed(fleet.bench("south"))
    assert fleet.north.type("status", "--exit-code").exit_code == 0
    assert fleet.north.type("status", "--all-rigs", "--exit-code").exit_code == 3
    assert fleet.north.type("status", "--rig", "south", "--exit-code").exit_code == 3


def test_the_fleet_can_be_watched(fleet: Fleet) -> None:
    two_rigs(fleet)
    fleet.north.stop.set()
    shown = fleet.north.said("status", "--all-rigs", "--watch")
    assert "0 of 2 rigs running; backlog 1 dataset, 10 B; needs a person: south" in shown
    [text] = fleet.north.said("status", "--all-rigs", "--watch", "--json").splitlines()
    _fits_all_rigs(json.loads(text))


def test_what_other_rigs_have_is_listed_when_asked_for(fleet: Fleet) -> None:
    two_rigs(fleet)
    assert [each["name"] for each in fleet.north.json("list")] == [G0, G1]
    theirs = fleet.north.json("list", "--rig", "south")
    fits(theirs, "list")
    assert [(each["rig"], each["name"]) for each in theirs] == [("south", G0)]
    everywhere = fleet.north.json("list", "--all-rigs", G0)
    assert [(each["rig"], each["state"]) for each in everywhere] == [
        ("north", "archived"),
        ("south", "failed"),
    ]
    shown = fleet.north.said("list", "--all-rigs")
    assert shown.splitlines()[0].startswith("RIG    DATASET")
    assert "RIG" not in fleet.north.said("list")


def test_a_rig_that_there_is_not_is_told_of_with_those_that_there_are(fleet: Fleet) -> None:
    two_rigs(fleet)
    refused = fleet.north.type("list", "--rig", "west")
    assert refused.exit_code == 1
    assert "has no rig west" in refused.stderr
    assert "it has north, south" in refused.stderr
    assert fleet.north.type("status", "--rig", "south", "--all-rigs").exit_code == 2
    assert fleet.north.type("list", "--rig", "south", "--all-rigs").exit_code == 2


def test_one_dataset_of_another_rig_is_shown_when_that_rig_is_named(fleet: Fleet) -> None:
    two_rigs(fleet)
    assert fleet.north.json("show", G0)["state"] == "archived"
    view = fleet.north.json("show", G0, "--rig", "south")
    fits(view, "show")
    assert (view["rig"], view["state"]) == ("south", "failed")
    assert [each["after"] for each in view["events"]][-1] == "failed"
    assert fleet.south.json("show", G1, "--all-rigs")["rig"] == "north"
    several = fleet.north.type("show", G0, "--all-rigs")
    assert several.exit_code == 1
    assert "several rigs have a dataset" in several.stderr
    assert "--rig NAME" in several.stderr


def test_events_of_all_rigs_are_told_in_order(fleet: Fleet) -> None:
    two_rigs(fleet)
    ours = fleet.north.json("events")
    everywhere = fleet.north.json("events", "--all-rigs")
    fits(everywhere, "events")
    assert {each["rig"] for each in ours} == {"north"}
    assert {each["rig"] for each in everywhere} == {"north", "south"}
    assert [each["at"] for each in everywhere] == sorted(each["at"] for each in everywhere)
    assert [each for each in everywhere if each["rig"] == "north"] == ours
    assert {each["rig"] for each in fleet.north.json("events", G1, "--all-rigs")} == {"north"}
    assert fleet.north.type("events", "raw-ephys/nothing", "--all-rigs").exit_code == 1


@pytest.mark.parametrize("command", ["hold", "retry", "accept"])
def test_what_belongs_to_another_rig_is_not_changed(fleet: Fleet, command: str) -> None:
    failed(fleet.bench("south"))
    archived_and_ready(fleet.bench("north"))
    refused = fleet.south.type(command, G1)
    assert refused.exit_code == 1
    assert f"{G1} belongs to rig north" in refused.stderr
    assert "typed on that rig" in refused.stderr
    assert fleet.north.json("show", G1)["state"] == "ready"
    assert fleet.south.type(command, G1, "--rig", "north").exit_code == 2


def test_a_change_of_everything_stays_on_its_own_rig(fleet: Fleet) -> None:
    two_rigs(fleet)
    fleet.north.said("hold", "--all")
    assert fleet.north.json("show", G1)["state"] == "held"
    assert fleet.south.json("show", G0)["state"] == "failed"


def test_an_analyst_reads_what_all_rigs_have(fleet: Fleet) -> None:
    two_rigs(fleet)
    listed = fleet.analyst.type("list", "--json")
    assert listed.exit_code == 0, listed.stderr
    assert {each["rig"] for each in json.loads(listed.stdout)} == {"north", "south"}
    assert "Rig analysis has no daemon; shown is what all rigs have: north, south." in listed.stderr
    assert fleet.analyst.json("show", G1)["rig"] == "north"
    assert len(fleet.analyst.json("events")) == len(fleet.north.json("events", "--all-rigs"))
    assert fleet.analyst.json("list", "--rig", "south")[0]["rig"] == "south"
    status = fleet.analyst.type("status", "--json")
    view = json.loads(status.stdout)
    fits(view, "status")
    assert (view["rig"], view["daemon"]["running"]) == ("analysis", False)
    assert sum(view["counts"].values()) == 0
    assert "north, south: `archivedctl status --all-rigs`" in status.stderr
    assert len(fleet.analyst.json("status", "--all-rigs")["rigs"]) == 2


def test_an_analyst_changes_nothing(fleet: Fleet) -> None:
    two_rigs(fleet)
    for words in (["hold", "--all"], ["hold", G1], ["pause", "--why", "lunch"], ["resume"]):
        refused = fleet.analyst.type(*words)
        assert refused.exit_code == 1, words
        assert "has no rig analysis; it has north, south" in refused.stderr
    assert [each["name"] for each in fleet.analyst.json("rigs")] == ["north", "south"]


def test_a_rig_without_a_daemon_goes_on_reading_all_after_it_wrote_something(fleet: Fleet) -> None:
    two_rigs(fleet)
    with Store.open(fleet.address, rig="analysis") as store:
        store.join()
    assert {each["rig"] for each in fleet.analyst.json("list")} == {"north", "south"}
    assert [each["name"] for each in fleet.analyst.json("rigs")] == ["analysis", "north", "south"]
    assert "never did" in fleet.north.said("rigs").splitlines()[1]


def test_what_an_analyst_has_under_a_name_is_meant_first(fleet: Fleet) -> None:
    two_rigs(fleet)
    with Store.open(fleet.address, rig="analysis", create=True) as store:
        Bench(store).ready("a.ap.bin")
    assert fleet.analyst.json("show", G0)["rig"] == "analysis"
    assert fleet.analyst.type("show", G0, "--all-rigs").exit_code == 1
