"""The service in a real systemd: installed, started, provoked, and never in the way of a recording."""

from __future__ import annotations

import json
import os
import re
import signal
from typing import Any

import pytest

from archived.logs import MESSAGE_IDS
from tests.booted.conftest import SETTINGS, Machine

pytestmark = pytest.mark.timeout(240)

SERVICE = "archived.service"


def started(machine: Machine) -> int:
    """Start the service; the number of its process in the box."""
    machine.box.type("systemctl", "start", "archived")
    return int(machine.box.shows(SERVICE, "MainPID"))


def drop_in(machine: Machine, text: str) -> None:
    machine.box.write("/etc/systemd/system/archived.service.d/test.conf", f"[Service]\n{text}\n")
    machine.box.type("systemctl", "daemon-reload")


def test_it_archives_under_its_locks_and_can_write_nothing_among_the_recordings(
    machine: Machine,
) -> None:
    box = machine.box
    box.type("systemd-analyze", "security", "--threshold=12", "archived")
    pid = started(machine)
    machine.record()
    machine.until_archived(1)

    assert box.shows(SERVICE, "StatusText") == "1 archived"
    assert box.said("stat", "-c", "%U %a", "/var/lib/archived") == "archived 700"
    within = ("nsenter", f"--target={pid}", "--mount", "--")
    for path in ("/data/SC011/x", "/etc/x", "/usr/x", "/opt/archived/x"):
        refused = box.type(*within, "touch", path, check=False)
        assert "Read-only file system" in refused.stderr, (path, refused)
    box.type(*within, "touch", "/archive/x", "/var/lib/archived/x")
    assert not list(machine.root.rglob("x"))

    box.type("systemctl", "stop", "archived")
    assert box.shows(SERVICE, "Result") == "success"
    moved = box.entries(MESSAGE_ID=MESSAGE_IDS["dataset moved"])
    assert moved[-1]["ARCHIVED_AFTER"] == "archived"
    assert "Subject: A recording has moved on" in box.journal()


def test_it_reads_a_new_configuration_and_refuses_one_with_mistakes(machine: Machine) -> None:
    box, pid = machine.box, started(machine)

    box.write("/etc/archived/archived.ini", SETTINGS.replace("rig-1", "rig-1\nmistake = yes"))
    box.type("systemctl", "reload", "archived")
    box.until("a refusal", lambda: box.entries(MESSAGE_ID=MESSAGE_IDS["configuration refused"]))
    box.write("/etc/archived/archived.ini", SETTINGS.replace("quiet_time = 1s", "quiet_time = 2s"))
    box.type("systemctl", "reload", "archived")
    box.until("the new one", lambda: box.entries(MESSAGE_ID=MESSAGE_IDS["configuration reloaded"]))

    assert int(box.shows(SERVICE, "MainPID")) == pid
    machine.record()
    machine.until_archived(1)


def test_it_is_started_again_when_it_hangs_and_when_it_is_killed(machine: Machine) -> None:
    box = machine.box
    drop_in(machine, "WatchdogSec=3\nTimeoutAbortSec=2")
    hanging = started(machine)
    machine.record()
    machine.until_archived(1)

    box.type("kill", f"-{signal.SIGSTOP}", str(hanging))
    box.until(
        "a second process", lambda: box.shows(SERVICE, "NRestarts") == "1" and _running(machine)
    )
    assert "Watchdog timeout" in box.journal()
    box.type("kill", f"-{signal.SIGKILL}", box.shows(SERVICE, "MainPID"))
    box.until(
        "a third process", lambda: box.shows(SERVICE, "NRestarts") == "2" and _running(machine)
    )

    machine.record("SC012")
    machine.until_archived(2)


def _running(machine: Machine) -> bool:
    return machine.box.shows(SERVICE, "ActiveState") == "active"


def test_it_stops_at_once_while_it_copies_and_goes_on_at_the_next_start(machine: Machine) -> None:
    box = machine.box
    started(machine)
    machine.record(blocks=1)
    machine.until_archived(1)
    box.type("systemctl", "stop", "archived")
    machine.record("SC012", blocks=2_000)
    box.type("systemctl", "start", "archived")
    box.until("a copy under way", lambda: list(machine.archive.rglob("*.archived-part")))

    box.type("systemctl", "stop", "archived")

    assert box.shows(SERVICE, "Result") == "success"
    assert not list(machine.archive.rglob("*.archived-part"))
    box.type("systemctl", "start", "archived")
    machine.until_archived(2)


def test_a_configuration_with_mistakes_is_told_once_and_not_tried_again(machine: Machine) -> None:
    box = machine.box
    box.write("/etc/archived/archived.ini", SETTINGS.replace("quiet_time", "quite_time"))

    assert box.type("systemctl", "start", "archived", check=False).returncode != 0
    box.until("the end", lambda: box.shows(SERVICE, "ActiveState") == "failed")

    assert box.shows(SERVICE, "ExecMainStatus") == "78"
    assert box.shows(SERVICE, "NRestarts") == "0"
    assert "quite_time" in box.journal()


def test_without_a_secret_it_runs_and_says_what_is_missing(machine: Machine) -> None:
    box = machine.box
    settings = SETTINGS.replace(
        "[globus]\n",
        "[globus]\nlocal_endpoint = c40e971d-0075-4a82-b12f-8f9717762e7b\nlocal_endpoint_subdir = /\n"
        "client_id = 5b875fda-4185-11e8-bb52-0ac6873fc732\n",
    ).replace("/archive/ephys", "5b875fda-4185-11e8-bb52-0ac6873fc732:/ephys")
    box.write("/etc/archived/archived.ini", settings)
    machine.record()
    started(machine)

    box.until("an alarm", lambda: box.entries(ARCHIVED_EVENT="alarm raised"))

    [alarm] = box.entries(ARCHIVED_EVENT="alarm raised")
    assert "archivedctl login" in alarm["ARCHIVED_WHAT_TO_DO"]
    assert box.shows(SERVICE, "ActiveState") == "active"


def test_a_credential_reaches_the_service_and_nobody_else(machine: Machine) -> None:
    box = machine.box
    box.write("/etc/archived/globus-client-secret", "the-secret\n", "600")
    pid = started(machine)

    within = ("nsenter", f"--target={pid}", "--mount", "--")
    held = "/run/credentials/archived.service/globus-client-secret"
    assert box.said(*within, "cat", held) == "the-secret"
    assert box.type("runuser", "-u", "nobody", "--", "cat", held, check=False).returncode != 0
    assert "the-secret" not in box.journal("-o", "verbose")
    box.type("systemctl", "stop", "archived")
    assert box.type("test", "-e", held, check=False).returncode != 0


def test_two_configurations_are_two_services_with_stores_of_their_own(machine: Machine) -> None:
    box = machine.box
    (machine.root / "left").mkdir()
    settings = SETTINGS.replace("rig-1", "left").replace("= /data", "= /data/left")
    box.write("/etc/archived/left.ini", settings.replace("/archive/", "/archive/left-"))
    box.type("mkdir", "/archive/left-ephys", "/archive/left-video")
    box.type("chown", "-R", "archived:", "/archive")
    box.write(
        "/etc/systemd/system/archived@left.service.d/rig.conf",
        "[Service]\nReadOnlyPaths=/data\nNoExecPaths=/data\nReadWritePaths=/archive\n",
    )
    box.type("systemctl", "daemon-reload")
    box.type("systemctl", "start", "archived", "archived@left")

    assert box.shows("archived@left.service", "ActiveState") == "active"
    assert box.said("ls", "/var/lib/archived/left").startswith("archived.db")


def test_its_numbers_and_its_pages_are_served_whether_it_runs_or_not(machine: Machine) -> None:
    box = machine.box
    started(machine)
    box.type("systemctl", "start", "archived-metrics", "archived-web")
    asked, seen = (("/opt/archived/bin/python", "-c", each) for each in (ASK, ASK_PAGE))

    box.until(
        "numbers", lambda: "archived_daemon_running 1.0" in box.type(*asked, check=False).stdout
    )
    box.until("pages", lambda: "</span> daemon running" in box.type(*seen, check=False).stdout)
    box.type("systemctl", "stop", "archived")

    box.until("the end", lambda: "archived_daemon_running 0.0" in box.said(*asked))
    assert "</span> daemon not running" in box.said(*seen)
    assert os.path.basename(box.said("readlink", "/proc/1/exe")) == "systemd"


ASK = "import urllib.request as r; print(r.urlopen('http://127.0.0.1:9614/metrics', timeout=5).read().decode())"
ASK_PAGE = ASK.replace("9614/metrics", "9615/")


def test_a_damaged_store_is_told_once_and_left_alone_until_a_person_has_seen_to_it(
    machine: Machine,
) -> None:
    box, store = machine.box, "/var/lib/archived/archived.db"
    started(machine)
    machine.record()
    machine.until_archived(1)
    box.type("systemctl", "stop", "archived")
    box.type("bash", "-c", f"head -c 40000 /dev/zero | dd of={store} bs=4096 seek=1 conv=notrunc")

    box.type("systemctl", "start", "archived", check=False)
    box.until("the end", lambda: box.shows(SERVICE, "ActiveState") == "failed")

    assert box.shows(SERVICE, "ExecMainStatus") == "3"
    assert box.shows(SERVICE, "NRestarts") == "0"
    assert "type: archivedctl restore" in box.journal()
    box.type(
        "bash",
        "-c",
        f"for each in {store}*; do mv $each /var/lib/archived/aside-${{each##*/}}; done",
    )
    box.type("runuser", "-u", "archived", "--", "archivedctl", "discover")
    box.type("systemctl", "start", "archived")
    machine.record("SC012")
    machine.until_archived(2)


def test_a_full_disk_under_its_state_is_waited_for(machine: Machine) -> None:
    box, filler = machine.box, "/var/lib/archived/filler"
    box.type("mount", "-t", "tmpfs", "-o", "size=4m", "tmpfs", "/var/lib/archived")
    fill = ("bash", "-c", f"cat /dev/zero >> {filler}")
    box.type(*fill, check=False)

    assert box.type("systemctl", "start", "archived", check=False).returncode != 0
    box.until("another try", lambda: int(box.shows(SERVICE, "NRestarts")) > 0)
    assert "make room on that disk" in box.journal()
    box.type("rm", filler)
    box.until("a start", lambda: _running(machine))
    pid = box.shows(SERVICE, "MainPID")
    machine.record()
    machine.until_archived(1)

    box.type(*fill, check=False)
    machine.record("SC012")
    box.until("the trouble", lambda: box.entries(ARCHIVED_EVENT="store unavailable"))
    assert box.shows(SERVICE, "StatusText").startswith("waiting for the store")
    box.type("rm", filler)
    machine.until_archived(2)
    assert box.shows(SERVICE, "MainPID") == pid


RIG, ARCHIVE = (f"7ac1d9f4-0000-4000-8000-00000000000{number}" for number in (1, 2))
CONTROL = "http://127.0.0.1:8443/_control"


def control(machine: Machine, path: str, **settings: object) -> Any:
    """Ask the simulated Globus in the box, or set something there."""
    text = json.dumps(settings).encode() if settings else None
    request = f"u.Request({CONTROL + path!r}, {text!r}, {{'Content-Type': 'application/json'}})"
    asked = f"import urllib.request as u; print(u.urlopen({request}, timeout=5).read().decode())"
    return json.loads(machine.box.said("/opt/archived/bin/python", "-c", asked))


def begin_globus(machine: Machine) -> None:
    """A simulated Globus in the box, the service's account there, and its secret where systemd reads it."""
    box = machine.box
    box.type(
        *("systemd-run", "--unit=globus", "--property=StandardOutput=file:/run/globus.env"),
        *("/usr/bin/archivedctl", "simulate", "--port=8443"),
        *("--collection", f"{RIG}=/data", "--collection", f"{ARCHIVE}=/archive"),
    )
    told = ("grep", "^GLOBUS_", "/run/globus.env")
    box.until("Globus", lambda: "CLIENT_SECRET" in box.type(*told, check=False).stdout)
    lines = box.said(*told).splitlines()
    values = dict(line.split("=", 1) for line in lines)
    secret = values["GLOBUS_CLI_CLIENT_SECRET"]
    box.write("/etc/archived/globus-client-secret", f"{secret}\n", "600")
    addresses = [line for line in lines if line.startswith("GLOBUS_SDK_")]
    drop_in(machine, "\n".join(f"Environment={line}" for line in addresses))
    ours = f"local_endpoint = {RIG}\nlocal_endpoint_subdir = /\n"
    ours += f"client_id = {values['GLOBUS_CLI_CLIENT_ID']}\n"
    settings = SETTINGS.replace("[globus]\n", f"[globus]\n{ours}")
    settings = settings.replace("= /archive/", f"= {ARCHIVE}:/")
    box.write("/etc/archived/archived.ini", settings)


def test_it_archives_through_globus_and_a_stop_in_the_middle_neither_ends_nor_repeats_a_transfer(
    machine: Machine,
) -> None:
    box = machine.box
    begin_globus(machine)
    control(machine, "/settings", paused=True)
    started(machine)
    machine.record()
    box.until("a transfer", lambda: control(machine, "/tasks"))

    box.type("systemctl", "stop", "archived")

    assert box.shows(SERVICE, "Result") == "success"
    [running] = control(machine, "/tasks")
    assert running["status"] == "ACTIVE"
    control(machine, "/settings", paused=False)
    box.until("its end", lambda: control(machine, "/tasks")[0]["status"] == "SUCCEEDED")
    box.type("systemctl", "start", "archived")
    machine.until_archived(1)

    [only] = control(machine, "/tasks")
    assert (only["task_id"], only["verify_checksum"]) == (running["task_id"], True)
    [submission] = control(machine, "/submissions")
    ordered = {each["source_path"]: each for each in submission["body"]["DATA"]}
    metas = list(machine.root.rglob("*.meta"))
    assert metas
    for meta in metas:
        [known] = re.findall("fileSHA1=([0-9A-Fa-f]{40})", meta.read_text())
        sent = ordered[f"/{meta.with_suffix('.bin').relative_to(machine.root)}"]
        assert sent["external_checksum"].lower() == known.lower()
