"""What goes wrong at Globus, ordered from the simulated one, and what the real programs then do and say."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from archived.simulator import SimulatedGlobus
from archived.simulator.server import NATIVE_CLIENT_ID
from demo import rig as programs
from tests.acceptance.conftest import ARCHIVE_COLLECTION, RIG_COLLECTION, TestRig

pytestmark = [
    pytest.mark.timeout(120),
    pytest.mark.parametrize("rig", ["globus"], indirect=True),
]

RUN = "SC011_022319_g0"
NAME = f"raw-ephys/SC011/{RUN}"
SUBMISSION = "POST */transfer"
DATA = "*_t0.imec0.ap.bin"


def record_run(rig: TestRig, run: str = RUN) -> Path:
    """A raw run of one probe, done; returns its ap data."""
    for _ in programs.spikeglx(rig.root / run[:5] / run, run, probes=1, blocks=1):
        pass
    [data] = (rig.root / run[:5] / run).rglob("*.ap.bin")
    return data


def record_video(rig: TestRig) -> None:
    """The videos of a session, done."""
    folder = rig.root / "SC011" / "02232019" / "video"
    for _ in programs.tracking_video(folder, "SC011", "side", trials=2):
        pass


def simulated(rig: TestRig) -> SimulatedGlobus:
    """The Globus between the rig and the archive."""
    assert rig.globus is not None
    return rig.globus


def counts(status: Any) -> dict[str, int]:
    """How many datasets are in which state, leaving out the states without any."""
    return {state: number for state, number in status["counts"].items() if number}


def alarms(status: Any) -> str:
    """All alarms, as one text."""
    return "\n".join(str(each) for each in status["alarms"])


def until(rig: TestRig, what: str, condition: Callable[[Any], bool]) -> Any:
    """Wait until `status` says so; returns that status, as each costs a process."""
    seen: list[Any] = []

    def holds() -> bool:
        seen.append(rig.status())
        return condition(seen[-1])

    rig.wait_for(what, holds)
    return seen[-1]


def until_archived_without_alarm(rig: TestRig, datasets: int) -> None:
    """Wait until all is archived and no alarm is left."""
    until(
        rig,
        f"{datasets} archived datasets and no alarm",
        lambda status: counts(status) == {"archived": datasets} and not status["alarms"],
    )


def attention(rig: TestRig, *, archived: int = 0) -> Any:
    """What `status` says of the one dataset that needs a person, once so many others are archived."""
    wanted = {"failed": 1, **({"archived": archived} if archived else {})}
    status = until(rig, f"{wanted}", lambda status: counts(status) == wanted)
    [only] = status["attention"]
    return only


def words(status: Any) -> str:
    """What Globus says of the transfers under way."""
    return " ".join(each["nice_status"] for each in status["transfers"])


def assert_all_arrived_once(rig: TestRig) -> None:
    """Every byte is in the archive, and every file was in exactly one task that succeeded."""
    rig.assert_nothing_was_lost()
    done = [task for task in simulated(rig).tasks() if task["status"] == "SUCCEEDED"]
    assert set(
        Counter(item["source_path"] for task in done for item in task["items"]).values()
    ) == {1}


def test_however_submissions_break_off_each_file_travels_in_one_task(rig: TestRig) -> None:
    globus = simulated(rig)
    for name, options in (
        ("reset", {"times": 2}),
        ("503", {"times": 1}),
        ("429", {"times": 1, "retry_after": 1}),
        ("refuse", {"times": 2}),
        ("502", {"times": 1, "body": "html"}),
    ):
        globus.order(name, route=SUBMISSION, **options)
    record_run(rig)

    rig.start()
    until_archived_without_alarm(rig, 1)

    assert_all_arrived_once(rig)
    assert len(globus.tasks()) == 1


def test_while_globus_is_away_status_says_so_and_afterwards_all_is_archived(rig: TestRig) -> None:
    globus = simulated(rig)
    record_run(rig)
    globus.pause()
    daemon = rig.start()
    rig.wait_for("a task", lambda: bool(globus.tasks()))

    globus.go_away()
    record_video(rig)
    told = until(rig, "the alarm", lambda status: "cannot be reached" in alarms(status))
    assert not {"failed", "archived"} & set(counts(told))
    daemon.send_signal(signal.SIGKILL)
    daemon.wait(10)
    globus.advance(3600)
    rig.start()
    globus.come_back()
    globus.resume()

    until_archived_without_alarm(rig, 2)
    assert_all_arrived_once(rig)
    assert len(globus.tasks()) == 2


@pytest.mark.parametrize(
    ("fault", "word"),
    [
        ({"name": "expired_token"}, "login is not accepted"),
        ({"name": "offline", "collection": ARCHIVE_COLLECTION}, "not currently connected"),
        ({"name": "quota"}, "quota is used up"),
        ({"name": "inactive"}, "is suspended"),
        ({"name": "paused", "message": "new disks until noon"}, "new disks until noon"),
    ],
    ids=lambda value: value["name"] if isinstance(value, dict) else "",
)
def test_what_concerns_the_whole_rig_is_an_alarm_and_no_dataset_fails(
    rig: TestRig, fault: dict[str, str], word: str
) -> None:
    simulated(rig).order(**fault)
    record_video(rig)

    rig.start()
    told = until(rig, "the alarm", lambda status: word in alarms(status))
    assert not {"failed", "archived"} & set(counts(told))

    simulated(rig).clear_faults()
    until_archived_without_alarm(rig, 1)
    assert_all_arrived_once(rig)


def test_a_transfer_that_globus_still_tries_is_shown_in_globus_own_words(rig: TestRig) -> None:
    simulated(rig).order("checksum_mismatch", path=DATA)
    record_run(rig)
    rig.start()

    told = until(rig, "Globus' words", lambda status: "VERIFY_CHECKSUM" in words(status))
    assert counts(told) == {"transferring": 1}

    simulated(rig).clear_faults()
    until_archived_without_alarm(rig, 1)
    assert_all_arrived_once(rig)
    assert len(simulated(rig).tasks()) == 1


def test_a_file_that_vanishes_on_the_way_leaves_the_others_to_travel_on(rig: TestRig) -> None:
    globus = simulated(rig)
    data = record_run(rig)
    record_run(rig, "SC012_022419_g0")
    globus.pause()
    rig.start()
    rig.wait_for("the task", lambda: bool(globus.tasks()))

    kept = data.read_bytes()
    data.unlink()
    globus.resume()

    needs = attention(rig, archived=1)
    assert needs["dataset"] == NAME
    assert ".bin is not there" in needs["reason"]
    assert globus.tasks()[0]["status"] == "FAILED"

    data.write_bytes(kept)
    until_archived_without_alarm(rig, 2)
    rig.assert_nothing_was_lost()


def test_a_file_that_may_not_be_read_is_set_apart_by_name_and_retried_when_asked(
    rig: TestRig,
) -> None:
    data = record_run(rig)
    record_run(rig, "SC011_022419_g0")
    simulated(rig).order("permission_denied", collection=RIG_COLLECTION, path=f"*{data.name}")

    rig.start()
    needs = attention(rig, archived=1)
    assert needs["dataset"] == NAME
    assert data.name in needs["reason"]
    assert "permission" in needs["reason"]
    shown = {file["path"]: file["state"] for file in rig.json("show", NAME)["files"]}
    assert Counter(shown.values()) == {"failed": 1, "archived": 3}

    simulated(rig).clear_faults()
    rig.control("retry", NAME)
    until_archived_without_alarm(rig, 2)
    assert_all_arrived_once(rig)


def test_a_stale_checksum_of_the_recording_program_waits_for_a_person_and_can_be_accepted(
    rig: TestRig,
) -> None:
    data = record_run(rig)
    meta = data.with_suffix(".meta")
    meta.write_text(re.sub("fileSHA1=.*", f"fileSHA1={'AB' * 20}", meta.read_text()))
    record_run(rig, "SC012_022419_g0")

    rig.start()
    needs = attention(rig, archived=1)
    assert needs["dataset"] == NAME
    assert data.name in needs["reason"]
    assert "checksum" in needs["reason"]

    rig.control("accept", NAME)
    until_archived_without_alarm(rig, 2)
    assert_all_arrived_once(rig)


def test_an_archive_that_checks_no_checksums_gets_the_files_without_and_one_message(
    rig: TestRig,
) -> None:
    simulated(rig).switch(ARCHIVE_COLLECTION, disable_verify=True)
    record_run(rig)
    rig.start()
    until_archived_without_alarm(rig, 1)
    record_run(rig, "SC012_022419_g0")
    until_archived_without_alarm(rig, 2)

    assert_all_arrived_once(rig)
    told = (rig.base / "daemon.log").read_text()
    assert told.count("does not check the acquisition program's own checksums") == 1
    sent = [item for task in simulated(rig).tasks() for item in task["items"]]
    assert {item["external_checksum"] for item in sent} == {None}


def test_what_an_administrator_stopped_waits_for_a_person_with_the_administrators_words(
    rig: TestRig,
) -> None:
    simulated(rig).order("canceled_by_admin", times=1, message="maintenance tonight")
    record_run(rig)

    rig.start()
    assert "maintenance tonight" in attention(rig)["reason"]

    rig.control("retry", NAME)
    until_archived_without_alarm(rig, 1)
    assert_all_arrived_once(rig)


def test_a_task_that_missed_its_deadline_is_sent_again_without_a_person(rig: TestRig) -> None:
    simulated(rig).order("expires", times=1)
    record_run(rig)

    rig.start()
    until_archived_without_alarm(rig, 1)

    assert [task["status"] for task in simulated(rig).tasks()] == ["FAILED", "SUCCEEDED"]
    assert_all_arrived_once(rig)


def test_a_wrong_collection_id_is_named_and_put_right_by_a_reload(rig: TestRig) -> None:
    right = rig.configuration.read_text()
    wrong = "00000000-1111-2222-3333-444444444444"
    rig.configuration.write_text(
        right.replace(ARCHIVE_COLLECTION, wrong)
        .replace("retry_longest = 2s", "retry_longest = 2h")
        .replace("retry_first = 0.3s", "retry_first = 2h")
    )
    record_run(rig)
    daemon = rig.start()
    status = until(rig, "the alarm", lambda status: bool(status["alarms"]))
    assert wrong in alarms(status)
    assert "collection ids" in alarms(status)
    assert counts(status) == {"transferring": 1}, "no dataset is to blame"
    assert wrong in rig.control("check", expect=3)

    rig.configuration.write_text(right)
    daemon.send_signal(signal.SIGHUP)
    rig.wait_for("the reload", lambda: "configuration reloaded" in rig.log())
    until_archived_without_alarm(rig, 1)
    assert_all_arrived_once(rig)


def log_in(rig: TestRig) -> str:
    """Type `archivedctl login`, log in where it says, paste the code; returns what it answered."""
    process = subprocess.Popen(
        [sys.executable, "-m", "archived.cli", "-c", rig.configuration, "login"],
        env=rig.environment,
        cwd=rig.base,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    rig.processes.append(process)
    assert process.stderr is not None
    address = next(line.strip() for line in process.stderr if "http" in line)
    answer, trouble = process.communicate(simulated(rig).approve(address) + "\n", timeout=30)
    assert process.returncode == 0, trouble
    return answer


def test_a_person_logs_in_stays_logged_in_is_told_when_it_ends_and_logs_out(rig: TestRig) -> None:
    globus = simulated(rig)
    for name in ("ARCHIVED_GLOBUS_CLIENT_ID", "ARCHIVED_GLOBUS_CLIENT_SECRET"):
        rig.environment.pop(name, None)
    tokens = rig.base / "state" / "tokens.json"
    mine = f"token_file = {tokens}\n"
    rig.configuration.write_text(
        rig.configuration.read_text().replace(globus.client_id, NATIVE_CLIENT_ID) + mine
    )
    record_run(rig)
    rig.start()
    until(rig, "the alarm", lambda status: "archivedctl login" in alarms(status))
    rig.control("whoami", expect=4)

    assert "person@" in log_in(rig)
    assert "person@" in rig.control("whoami")
    assert os.stat(tokens).st_mode & 0o777 == 0o600
    until_archived_without_alarm(rig, 1)

    globus.end_logins(also_refresh_tokens=False)
    record_run(rig, "SC012_022419_g0")
    until_archived_without_alarm(rig, 2)

    globus.end_logins()
    record_video(rig)
    told = until(rig, "the alarm", lambda status: "the login has ended" in alarms(status))
    assert "failed" not in counts(told)
    log_in(rig)
    until_archived_without_alarm(rig, 3)
    assert_all_arrived_once(rig)

    rig.control("logout")
    rig.control("whoami", expect=4)


def test_a_retry_does_not_make_a_stale_checksum_true(rig: TestRig) -> None:
    """The first transfer leaves the file in the archive, and the second finds it there and looks no further."""
    data = record_run(rig)
    meta = data.with_suffix(".meta")
    meta.write_text(re.sub("(?m)^fileSHA1=.*$", "fileSHA1=" + "AB" * 20, meta.read_text()))
    rig.start()
    attention(rig)

    rig.control("retry", NAME)
    rig.wait_for(
        "another look at it",
        lambda: sum(event["after"] == "failed" for event in rig.json("events", NAME)) == 2,
    )
    assert "checksum" in str(rig.json("show", NAME)) or "fileSHA1" in str(rig.json("show", NAME))

    rig.control("accept", NAME)
    rig.wait_until_archived(1)


def test_an_archive_that_cannot_check_checksums_of_ours_gets_the_files_without(
    rig: TestRig,
) -> None:
    simulated(rig).switch(ARCHIVE_COLLECTION, algorithms=["MD5"])
    record_run(rig)

    rig.start()
    rig.wait_until_archived(1)

    rig.assert_nothing_was_lost()
    assert rig.log().count("checksums") <= 2, "told once, not with every file"


def test_a_file_that_the_archive_refuses_stops_only_itself(rig: TestRig) -> None:
    simulated(rig).order("permission_denied", collection=ARCHIVE_COLLECTION, path=DATA)
    record_run(rig)
    record_run(rig, "SC012_022319_g0")
    simulated(rig).order(
        "permission_denied", collection=ARCHIVE_COLLECTION, path="*SC012_022319_g0_t0.imec0.lf.bin"
    )
    record_video(rig)

    rig.start()
    status = until(
        rig, "the outcome", lambda status: counts(status) == {"archived": 1, "failed": 2}
    )

    reasons = " ".join(each["reason"] for each in status["attention"])
    assert "imec0.ap.bin" in reasons
    arrived = [path for path in (rig.archive / "ephys").rglob("*") if path.is_file()]
    assert len(arrived) >= 4, "the other files of both runs travel on"
