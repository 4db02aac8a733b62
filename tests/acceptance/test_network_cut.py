"""The network is really cut, with packets lost rather than refused, while the daemon talks to Globus."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from archived.simulator import running
from tests.acceptance import promises
from tests.acceptance.conftest import ARCHIVE_COLLECTION, RIG_COLLECTION, TestRig
from tests.acceptance.network import GLOBUS, Network, require
from tests.acceptance.nursery import Nursery
from tests.acceptance.test_shared_store import NOTIFY, Systemd
from tests.acceptance.within import record_run

pytestmark = pytest.mark.timeout(240)

IMPATIENT = """\
from archived.transfer.globus_session import GlobusSession

GlobusSession.__init__.__kwdefaults__["http_timeout"] = 0.6
"""
"""Makes programs wait for less than a second for an answer, so that a test need not wait for thirty."""

MOMENTS = {
    "a token is asked for": "POST */token",
    "a folder of the archive is listed": "GET */ls",
    "a submission id is asked for": "GET */submission_id",
    "a transfer is submitted": "POST */transfer",
    "a transfer is asked about": "GET */task/*",
    "receipts are collected": "GET */successful_transfers",
}


def make_rig(base: Path, installed: Path, host: str) -> Iterator[TestRig]:
    """A rig whose programs are impatient, and talk to a Globus that listens at `host`."""
    rig = TestRig(base, installed)
    try:
        folders = {RIG_COLLECTION: rig.root, ARCHIVE_COLLECTION: rig.archive}
        with running(folders, host=host) as globus:
            rig.globus = globus
            startup = base / "startup"
            (startup / "systemd").mkdir(parents=True)
            (startup / "sitecustomize.py").write_text(IMPATIENT)
            (startup / "systemd" / "__init__.py").touch()
            (startup / "systemd" / "daemon.py").write_text(NOTIFY)
            rig.environment.update(globus.environment)
            rig.environment["PYTHONPATH"] = f"{startup}:{installed}"
            rig.configure(
                f"{ARCHIVE_COLLECTION}:/ephys",
                f"{ARCHIVE_COLLECTION}:/video",
                f"local_endpoint = {RIG_COLLECTION}\nlocal_endpoint_subdir = /\n"
                f"client_id = {globus.client_id}\n",
            )
            yield rig
    finally:
        rig.end()


@pytest.fixture
def network() -> Iterator[Network]:
    """The rig's network."""
    require()
    with Network() as made:
        yield made


@pytest.fixture
def rig(tmp_path: Path, installed: Path, network: Network) -> Iterator[TestRig]:
    """A rig on that network."""
    for made in make_rig(tmp_path, installed, GLOBUS):
        made.prefix = network.prefix
        yield made


def test_a_network_that_is_cut_at_any_moment_delays_and_no_more(
    rig: TestRig, network: Network
) -> None:
    globus = rig.globus
    assert globus is not None
    with Systemd(rig) as systemd, Nursery(rig) as nursery:
        network.cut()
        daemon = rig.start()
        record_run(rig.root, "SC900")
        assert_told(nursery)
        for number, (moment, route) in enumerate(MOMENTS.items()):
            # The question arrives and is acted on; its answer never does.
            order = globus.order("slow", route=route, seconds=0.3, times=1)
            record_run(rig.root, f"SC{number:03}")
            network.mend()
            nursery.until(moment, lambda order=order: order.struck > 0)  # type: ignore[misc]
            network.cut()
            threading.Event().wait(3)
            network.mend()
            nursery.until(
                f"the recording after the cut while {moment}",
                lambda number=number: arrived(rig, f"SC{number:03}"),  # type: ignore[misc]
            )
        nursery.until_archived(len(MOMENTS) + 1)
        assert daemon.poll() is None
        # However long the network hangs, the loop turns.
        assert systemd.longest_silence() < 5
    rig.assert_nothing_was_lost()
    promises.assert_one_task_for_each_file(rig)
    assert "Traceback" not in (rig.base / "daemon.log").read_text()


def arrived(rig: TestRig, h2o: str) -> bool:
    """Whether the four files of this animal's run are in the archive."""
    return len(list((rig.archive / "ephys" / h2o).rglob("*_t0.*"))) == 4


def assert_told(nursery: Nursery) -> None:
    """While the network is away `status` says so, and the daemon gives signs of life."""
    said: list[Any] = []

    def alarmed() -> bool:
        said.append(nursery.status())
        return "be reached" in str(said[-1]["alarms"])

    nursery.until("the alarm", alarmed)
    assert said[-1]["counts"]["transferring"] == 1
    nursery.until(
        "the next sign of life",
        lambda: nursery.status()["daemon"]["last_tick"] > said[-1]["daemon"]["last_tick"],
    )


@pytest.fixture
def named_rig(tmp_path: Path, installed: Path) -> Iterator[TestRig]:
    """A rig that knows Globus by a name, and has a file of names of its own."""
    require()
    for made in make_rig(tmp_path, installed, "127.0.0.1"):
        assert made.globus is not None
        url = made.globus.url.replace("127.0.0.1", "localhost")
        for service in ("TRANSFER", "AUTH"):
            made.environment[f"GLOBUS_SDK_SERVICE_URL_{service}"] = url
        made.take_own_mounts()
        for name in ("hosts", "resolv.conf"):
            (tmp_path / name).touch()
            made.mount("--bind", str(tmp_path / name), f"/etc/{name}")
        yield made


def test_names_that_cannot_be_resolved_are_waited_for(named_rig: TestRig) -> None:
    record_run(named_rig.root)
    with Nursery(named_rig) as nursery:
        named_rig.start()
        nursery.until("the alarm", lambda: "be reached" in str(nursery.status()["alarms"]))
        (named_rig.base / "hosts").write_text("127.0.0.1 localhost\n")
        nursery.until_archived(1)
    named_rig.assert_nothing_was_lost()
    promises.assert_one_task_for_each_file(named_rig)
