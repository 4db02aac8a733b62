"""A store on a real server, with the installed programs: it may go away, hang or be cut, and rigs may share it."""

from __future__ import annotations

import itertools
import json
import random
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from archived.simulator import SimulatedGlobus
from archived.simulator import running as simulated
from tests.acceptance import promises
from tests.acceptance.conftest import ARCHIVE_COLLECTION, RIG_COLLECTION, TestRig
from tests.acceptance.test_a_rig import record, session
from tests.store.proxy import Proxy
from tests.store.servers import SERVERS, Server, running

pytestmark = pytest.mark.timeout(240)

SECOND_COLLECTION = "c40e971d-0075-4a82-b12f-8f9717762e7c"

IMPATIENT = """\
import archived.store.servers as servers

servers.CONNECT_WITHIN = servers.ServedDatabase.answer_within = 2
"""
"""Makes programs give a statement up after two seconds, so that a test need not wait for thirty."""

NOTIFY = """\
import os, socket

def notify(text):
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as speaking:
        speaking.sendto(text.encode(), os.environ["NOTIFY_SOCKET"])
"""
"""What the package systemd-python does."""


@pytest.fixture(params=list(SERVERS))
def server(request: pytest.FixtureRequest) -> Iterator[Server]:
    """A server of the test's own, which it may stop."""
    with running(request.param) as started:
        started.new_database("archive")
        yield started


@pytest.fixture
def globus(tmp_path: Path) -> Iterator[SimulatedGlobus]:
    """A Globus with two rigs and an archive."""
    folders = {
        RIG_COLLECTION: tmp_path / "north" / "rig",
        SECOND_COLLECTION: tmp_path / "south" / "rig",
        ARCHIVE_COLLECTION: tmp_path / "archive",
    }
    for folder in folders.values():
        folder.mkdir(parents=True)
    with simulated(folders) as serving:
        yield serving


@pytest.fixture
def rig_of(
    globus: SimulatedGlobus, installed: Path, tmp_path: Path
) -> Iterator[Callable[[str, str], TestRig]]:
    """Makes a rig by its name, with its store at an address."""
    collections = {"north": RIG_COLLECTION, "south": SECOND_COLLECTION}
    with ExitStack() as stack:

        def rig_of(name: str, address: str) -> TestRig:
            base = tmp_path / name
            (base / "rig").rmdir()
            rig = TestRig(base, installed)
            stack.callback(rig.end)
            rig.globus, rig.archive = globus, tmp_path / "archive" / name
            for folder in ("ephys", "video"):
                (rig.archive / folder).mkdir(parents=True)
            startup = base / "startup"
            (startup / "systemd").mkdir(parents=True)
            (startup / "sitecustomize.py").write_text(IMPATIENT)
            (startup / "systemd" / "__init__.py").touch()
            (startup / "systemd" / "daemon.py").write_text(NOTIFY)
            rig.environment["PYTHONPATH"] = f"{startup}:{installed}"
            rig.environment.update(globus.environment)
            rig.environment["ARCHIVED_GLOBUS_CLIENT_SECRET"] = globus.client_secret
            rig.configure(
                f"{ARCHIVE_COLLECTION}:/{name}/ephys",
                f"{ARCHIVE_COLLECTION}:/{name}/video",
                f"local_endpoint = {collections[name]}\nlocal_endpoint_subdir = /\n"
                f"client_id = {globus.client_id}\n",
            )
            point(rig, address, name)
            return rig

        yield rig_of


def point(rig: TestRig, address: str, name: str) -> None:
    """Let the configuration name this store, and this rig."""
    lines = rig.configuration.read_text().splitlines()
    ours = {"store": address, "rig": name}
    rig.configuration.write_text(
        "\n".join(
            f"{key} = {ours[key]}" if (key := each.partition(" = ")[0]) in ours else each
            for each in lines
        )
        + "\n"
    )


class Systemd:
    """Listens to what a daemon tells systemd."""

    def __init__(self, rig: TestRig) -> None:
        path = str(rig.base / "notify")
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.bind(path)
        self._socket.settimeout(0.2)
        rig.environment["NOTIFY_SOCKET"] = path
        self.said: list[tuple[float, str]] = []
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._listen)

    def __enter__(self) -> Systemd:
        self._thread.start()
        return self

    def __exit__(self, *_exception: object) -> None:
        self._stop.set()
        self._thread.join()
        self._socket.close()

    def _listen(self) -> None:
        while not self._stop.is_set():
            try:
                self.said.append((time.monotonic(), self._socket.recv(65_536).decode()))
            except TimeoutError:
                continue

    def heard(self, text: str) -> bool:
        """Whether that was said."""
        return any(text in each for _, each in self.said)

    def longest_silence(self) -> float:
        """The longest time between two signs of life, in seconds."""
        signs = [at for at, each in self.said if "WATCHDOG=1" in each]
        return max(after - before for before, after in itertools.pairwise(signs))


def test_a_database_that_goes_away_stops_nothing_for_good(
    server: Server, globus: SimulatedGlobus, rig_of: Callable[[str, str], TestRig]
) -> None:
    rig = rig_of("north", server.address("archive"))
    with Systemd(rig) as systemd:
        daemon = rig.start()
        globus.pause()
        record(session(rig)[:2], 0)
        rig.wait_for(
            "a transfer", lambda: any(each["task_id"] for each in rig.status()["transfers"])
        )
        server.stop()
        rig.wait_for("the refusal", lambda: "store unavailable" in rig.log())
        # What travels goes on, and what is recorded meanwhile is found later.
        globus.resume()
        record(session(rig)[2:], 0.02)
        rig.wait_for(
            "the end of the transfers",
            lambda: all(each["status"] == "SUCCEEDED" for each in globus.tasks()),
        )
        assert_told_by_the_commands(rig)
        threading.Event().wait(8)
        assert daemon.poll() is None
        assert systemd.heard("STATUS=waiting for the store since")
        server.start()
        rig.wait_for("its return", lambda: "store is back" in rig.log())
        rig.wait_until_archived(3)
        assert systemd.longest_silence() < 7
    rig.assert_nothing_was_lost()
    promises.assert_one_task_for_each_file(rig)
    # Once for each way in which it is away: cut first, refused from then on.
    assert rig.log().count("store unavailable") <= 3
    assert "Traceback" not in rig.log()


def assert_told_by_the_commands(rig: TestRig) -> None:
    """`archivedctl` says what is the matter and what it means, and exits with 1."""
    for words in (["status"], ["list"], ["rigs"], ["pause"]):
        done = subprocess.run(
            [*program(rig), *words],
            env=rig.environment,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 1, done
        assert "cannot be used just now" in done.stderr
        assert "recordings and archive are not affected" in done.stderr
        assert "Traceback" not in done.stderr
    told = json.loads(rig.control("status", "--json", expect=1))
    assert "nothing was changed in it" in told["error"]["message"]
    assert "goes on by itself" in told["error"]["what_to_do"]


def program(rig: TestRig) -> list[str]:
    """The words that start `archivedctl`."""
    return [sys.executable, "-m", "archived.cli", "-c", str(rig.configuration)]


def test_a_database_that_is_away_at_the_start_is_waited_for(
    server: Server, rig_of: Callable[[str, str], TestRig]
) -> None:
    rig = rig_of("north", server.address("archive"))
    server.stop()
    record(session(rig)[:1], 0)
    with Systemd(rig) as systemd:
        daemon = rig.start()
        rig.wait_for("more time", lambda: systemd.heard("EXTEND_TIMEOUT_USEC="))
        threading.Event().wait(4)
        assert daemon.poll() is None
        assert systemd.heard("STATUS=waiting for the store since")
        assert not systemd.heard("READY=1")
        assert rig.log().count("store unavailable") == 1
        server.start()
        rig.wait_until_archived(1)
        assert systemd.heard("READY=1")
    rig.assert_nothing_was_lost()


def test_whoever_waits_at_the_start_can_be_stopped(
    server: Server, rig_of: Callable[[str, str], TestRig]
) -> None:
    rig = rig_of("north", server.address("archive"))
    server.stop()
    daemon = rig.start()
    rig.wait_for("the refusal", lambda: "store unavailable" in rig.log())
    daemon.terminate()
    assert daemon.wait(10) == 0
    # Of that one an answer is expected, not that it waits.
    assert rig.start("--until-idle").wait(30) == 1
    assert "cannot be used just now" in rig.log()


def test_a_network_that_fails_in_every_way_delays_and_no_more(
    server: Server, rig_of: Callable[[str, str], TestRig]
) -> None:
    with Proxy(server.port) as proxy:
        rig = rig_of("north", server.address("archive", proxy.port))
        chance = random.Random()
        daemon = rig.start()
        due = [time.monotonic() + 2]

        def fail_now_and_then() -> None:
            if time.monotonic() < due[0]:
                return
            way = chance.choice(["cut", "refuse", "fall silent"])
            if way == "fall silent":
                proxy.fall_silent()
                threading.Event().wait(chance.uniform(0.5, 3))
                proxy.speak()
            elif way == "refuse":
                proxy.refuse()
                proxy.cut()
                threading.Event().wait(chance.uniform(0.2, 1.5))
                proxy.accept()
            else:
                proxy.cut()
            due[0] = time.monotonic() + chance.uniform(0.4, 2)

        record(session(rig), 0.05, fail_now_and_then)
        for _ in range(80):
            threading.Event().wait(0.1)
            fail_now_and_then()
        rig.wait_until_archived(3, within=120)
        assert daemon.poll() is None, rig.log()
        assert rig.status()["alarms"] == []
    rig.assert_nothing_was_lost()
    promises.assert_one_task_for_each_file(rig)
    assert "Traceback" not in rig.log()


def test_a_daemon_whose_claim_was_taken_meanwhile_ends_in_order(
    server: Server, rig_of: Callable[[str, str], TestRig]
) -> None:
    with Proxy(server.port) as proxy:
        rig = rig_of("north", server.address("archive", proxy.port))
        first = rig.start()
        record(session(rig)[:1], 0)
        rig.wait_until_archived(1)
        assert rig.start().wait(30) == 1
        assert "is in use by the daemon of rig north" in rig.log()
        proxy.refuse()
        proxy.cut()
        rig.wait_for("the refusal", lambda: "store unavailable" in rig.log())
        point(rig, server.address("archive"), "north")
        second = rig.start()
        record(session(rig)[2:3], 0)
        rig.wait_until_archived(2)
        proxy.accept()
        assert first.wait(60) == 1
        assert "another daemon has worked for rig north since" in rig.log()
        assert second.poll() is None
        record(session(rig)[3:], 0)
        rig.wait_for("the last trial", lambda: rig.counts().get("archived") == 2)
        rig.wait_for("its files", lambda: sum(each["files"] for each in rig.json("list")) > 10)
        rig.wait_until_archived(2)
    rig.assert_nothing_was_lost()
    promises.assert_one_task_for_each_file(rig)


def test_two_rigs_with_recordings_of_the_same_names_share_a_store(
    server: Server, rig_of: Callable[[str, str], TestRig]
) -> None:
    address = server.address("archive")
    rigs = {name: rig_of(name, address) for name in ("north", "south")}
    daemons = {name: rig.start() for name, rig in rigs.items()}
    written = [*session(rigs["north"], seed=1), *session(rigs["south"], seed=50)]
    record(written, 0.03)
    for rig in rigs.values():
        rig.wait_until_archived(3)
    north, south = rigs["north"], rigs["south"]
    names = [sorted(each["name"] for each in rig.json("list")) for rig in rigs.values()]
    assert names[0] == names[1]
    for name, rig in rigs.items():
        rig.assert_nothing_was_lost()
        promises.assert_one_task_for_each_file(
            rig, RIG_COLLECTION if name == "north" else SECOND_COLLECTION
        )
        assert {each["rig"] for each in rig.json("list")} == {name}
    assert bytes_of(north) != bytes_of(south)
    views = north.json("rigs")
    assert [(each["name"], each["running"]) for each in views] == [("north", True), ("south", True)]
    assert all(each["host"] == socket.gethostname() and each["version"] for each in views)
    assert all(each["backlog"] == {"datasets": 0, "bytes": 0} for each in views)
    fleet = north.json("status", "--all-rigs")["rigs"]
    assert [each["counts"]["archived"] for each in fleet] == [3, 3]
    daemons["south"].terminate()
    assert daemons["south"].wait(30) == 0
    assert [each["running"] for each in north.json("rigs")] == [True, False]


def test_an_analyst_without_a_daemon_brings_back_what_a_rig_archived(
    server: Server, installed: Path, tmp_path: Path
) -> None:
    rigs = {}
    for name in ("north", "analysis"):
        rigs[name] = TestRig(tmp_path / name, installed)
    north, analyst = rigs["north"], rigs["analysis"]
    try:
        for name, rig in rigs.items():
            rig.configure(f"{north.archive}/ephys", f"{north.archive}/video", "writable = yes\n")
            point(rig, server.address("archive"), name)
        record(session(north), 0)
        assert north.start("--until-idle").wait(90) == 0, north.log()
        assert len(analyst.json("list")) == 3
        name = analyst.json("list", "--h2o", "SC011")[0]["name"]
        assert analyst.json("show", name)["rig"] == "north"
        analyst.control("retrieve", "--h2o", "SC011", "--yes")
        assert files_of(analyst.root) == files_of(north.root)
        assert [each["name"] for each in analyst.json("rigs")] == ["analysis", "north"]
        assert len(analyst.json("list")) == 3
        assert analyst.control("hold", name, expect=1) == ""
    finally:
        for rig in rigs.values():
            rig.end()


def files_of(root: Path) -> dict[str, bytes]:
    """Everything below a folder."""
    return {
        path.relative_to(root).as_posix(): path.read_bytes()
        for path in root.rglob("*")
        if path.is_file()
    }


def bytes_of(rig: TestRig) -> dict[str, bytes]:
    """Everything in the archive of a rig."""
    return {
        path.relative_to(rig.archive).as_posix(): path.read_bytes()
        for path in rig.archive.rglob("*.bin")
    }
