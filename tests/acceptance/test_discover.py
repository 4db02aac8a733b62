"""The store is lost and found in the archive, by the installed programs: nothing travels twice, nothing lost is missed."""

from __future__ import annotations

import json
import os
import shutil
import threading
from typing import Any

import pytest

from demo import rig as programs
from tests.acceptance.conftest import TestRig
from tests.acceptance.nursery import Nursery

pytestmark = pytest.mark.timeout(240)

RUN = "SC011_022319_g0"
EPHYS = f"raw-ephys/SC011/{RUN}"
VIDEO = "raw-video/SC011/02232019/video"


def record(rig: TestRig) -> None:
    """A run and some videos, finished."""
    animal = rig.root / "SC011"
    for _ in programs.spikeglx(animal / RUN, RUN, probes=2, blocks=2, seed=1):
        pass
    for _ in programs.tracking_video(animal / "02232019" / "video", "SC011", "side", trials=3):
        pass


def archive_everything(rig: TestRig) -> None:
    """Run the daemon until nothing is left to do."""
    assert rig.start("--until-idle").wait(120) == 0, rig.log()


def lose_the_store(rig: TestRig) -> None:
    shutil.rmtree(rig.base / "state")
    (rig.base / "state").mkdir()


def catalogue(rig: TestRig, *, exactly: bool) -> dict[str, Any]:
    """What the catalogue says of every dataset; without records of its own an archive does not tell all of it."""
    found: dict[str, Any] = {}
    for dataset in rig.json("list"):
        shown = rig.json("show", dataset["name"])
        found[dataset["name"]] = {
            key: shown[key]
            for key in ("state", "location", "convention", "h2o", "date", "ident", "bytes")
        }
        keys = ["path", "size", "file_type", "state"]
        if exactly:
            found[dataset["name"]] |= {
                key: shown[key] for key in ("revision", "first_seen", "archived_at")
            }
            keys += ["mtime", "checksum", "checksum_algorithm", "archived_at"]
        files = ({key: file[key] for key in keys} for file in shown["files"])
        found[dataset["name"]]["files"] = sorted(files, key=lambda each: str(each["path"]))
    return found


def sent(rig: TestRig) -> list[str]:
    """What Globus was ever asked to move from the rig, or what changed in the directory."""
    if rig.globus is not None:
        return [item["source_path"] for task in rig.globus.tasks() for item in task["items"]]
    return [
        f"{path} {path.stat().st_ino}" for path in sorted(rig.archive.rglob("*")) if path.is_file()
    ]


def test_a_lost_store_is_rebuilt_and_nothing_travels_again(rig: TestRig) -> None:
    record(rig)
    archive_everything(rig)
    exactly = rig.globus is None  # the rig's collection does not export the spool for records
    before, moved = catalogue(rig, exactly=exactly), sent(rig)
    lose_the_store(rig)

    rig.control("discover")

    assert catalogue(rig, exactly=exactly) == before
    archive_everything(rig)
    assert catalogue(rig, exactly=exactly) == before
    assert sent(rig) == moved
    assert rig.json("events", "--limit", "1000")[-1]["before"] is None, "nothing moved"


def test_what_is_new_travels_and_what_changed_waits_for_a_person(rig: TestRig) -> None:
    record(rig)
    archive_everything(rig)
    lose_the_store(rig)
    rig.control("discover")
    changed = next((rig.root / "SC011" / "02232019" / "video").glob("*.txt"))
    changed.write_bytes(changed.read_bytes()[::-1])
    later = changed.stat().st_mtime + 5
    os.utime(changed, (later, later))
    more = rig.root / "SC011" / "SC011_022419_g0"
    for _ in programs.spikeglx(more, "SC011_022419_g0", probes=1, blocks=1, seed=7):
        pass

    assert rig.start("--until-idle").wait(120) == 3, rig.log()

    states = {each["name"]: each["state"] for each in rig.json("list")}
    assert states == {
        EPHYS: "archived",
        VIDEO: "failed",
        "raw-ephys/SC011/SC011_022419_g0": "archived",
    }
    files = {each["path"]: each["state"] for each in rig.json("show", VIDEO)["files"]}
    assert sorted(files.values()) == ["archived"] * 3 + ["changed"]


def test_what_the_archive_loses_is_told_of_and_sent_again(rig: TestRig) -> None:
    record(rig)
    archive_everything(rig)
    lost = next((rig.archive / "ephys").glob("SC011/**/*.ap.bin"))
    content = lost.read_bytes()
    lost.unlink()

    told = json.loads(rig.control("discover", "--json", expect=3))

    [ephys, video] = told["discoveries"]
    assert [each["path"].rpartition("/")[2] for each in ephys["only_in_catalogue"]] == [lost.name]
    assert (ephys["counts"]["only_in_catalogue"], video["counts"]["only_in_catalogue"]) == (1, 0)
    status = rig.status()
    assert [each["dataset"] for each in status["attention"]] == [EPHYS]
    assert "archivedctl retry" in status["attention"][0]["what_to_do"]
    assert [each["key"] for each in status["alarms"]] == ["missing:raw-ephys"]

    rig.control("retry", EPHYS)
    archive_everything(rig)

    assert lost.read_bytes() == content
    rig.control("discover")
    assert rig.status()["alarms"] == []


def test_a_discovery_that_is_killed_goes_on(rig: TestRig) -> None:
    for number in range(30):
        folder = rig.archive / "ephys" / f"SC{number:03}" / f"SC{number:03}_022319_g0"
        folder.mkdir(parents=True)
        (folder / f"SC{number:03}_022319_g0_t0.nidq.bin").write_bytes(b"x" * number)
    if rig.globus is not None:
        rig.globus.settings.latency = 0.02
    pause = threading.Event()

    seen: list[int] = []
    with Nursery(rig) as nursery:
        for _ in range(50):
            child = nursery.start("archivedctl", "discover", "-l", "raw-ephys")
            pause.wait(0.3 + 0.1 * len(seen))
            if child.kill() == 0:
                break
            listed = rig.json("list")
            seen.append(len(listed) if isinstance(listed, list) else 0)
            if seen[-1] == 30:
                break

    told = json.loads(rig.control("discover", "-l", "raw-ephys", "--json"))
    assert told["discoveries"][0]["complete"]
    datasets = rig.json("list")
    assert len(datasets) == 30
    assert {each["state"] for each in datasets} == {"archived"}
    assert sum(each["bytes"] for each in datasets) == sum(range(30))
    assert seen == sorted(seen), "what was found stays found"
    assert rig.globus is None or any(0 < number < 30 for number in seen), (
        "it was never killed half way"
    )
    assert len(rig.json("events", "--limit", "1000")) == 30, "nothing was registered twice"


def test_a_discovery_and_a_daemon_work_side_by_side(rig: TestRig) -> None:
    daemon = rig.start()
    record(rig)
    for _ in range(5):
        rig.control("discover")
    rig.wait_until_archived(2)
    rig.control("discover")

    assert daemon.poll() is None
    assert {each["state"] for each in rig.json("list")} == {"archived"}
    rig.assert_nothing_was_lost()
