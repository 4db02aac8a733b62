"""One daemon for each rig and store, and what others see of it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import pytest

from archived.errors import AnotherDaemonError, StoreError
from archived.store import Store
from tests.builders import NOON
from tests.store.servers import SHARED, Server

CLAIM = """
import sys
from datetime import UTC, datetime
from archived.store import Store

with Store.open(sys.argv[1], rig="rig-1") as store:
    with store.claim_daemon(4711, datetime(2026, 3, 14, 12, tzinfo=UTC)):
        print("claimed", flush=True)
        sys.stdin.read()
"""


@contextmanager
def another_daemon(address: str) -> Iterator[subprocess.Popen[str]]:
    """A process that has claimed the store."""
    process = subprocess.Popen(
        [sys.executable, "-c", CLAIM, address],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    with process:
        assert process.stdout is not None
        assert process.stdout.readline() == "claimed\n"
        try:
            yield process
        finally:
            process.kill()


def test_a_lock_that_may_not_be_used_is_told(tmp_path: Path) -> None:
    (tmp_path / "archived.db.retrieve-lock").mkdir()
    with (
        Store.open(str(tmp_path / "archived.db"), rig="desk", create=True, now=NOON) as store,
        pytest.raises(StoreError, match=r"archived\.db\.retrieve-lock, .* cannot be locked"),
        store.claim_retrieval(1, "ada", NOON),
    ):
        raise AssertionError("it was claimed")


def test_a_second_daemon_is_told_who_is_there(store: Store, address: str) -> None:
    with another_daemon(address):
        with (
            pytest.raises(AnotherDaemonError) as refused,
            store.claim_daemon(os.getpid(), NOON),
        ):
            raise AssertionError("there were two daemons")
        words = str(refused.value)
        assert "pid 4711" in words
        assert "rig rig-1" in words
        assert "since 2026-03-14 12:00:00 UTC" in words
        assert "stop it first" in refused.value.what_to_do


def test_others_see_a_daemon_that_runs(store: Store, address: str) -> None:
    assert store.daemon().running is False
    with another_daemon(address):
        info = store.daemon()
        assert (info.running, info.pid, info.since, info.last_tick) == (True, 4711, NOON, NOON)
        # Looking does not take the lock away, nor does it leave it taken.
        assert store.daemon().running


def test_others_see_what_the_daemon_watches(store: Store, address: str) -> None:
    assert store.watching() is None
    with (
        Store.open(address, rig="rig-1") as other,
        store.claim_daemon(1, NOON, folders=["/globus/map", "/x\udcff"]),
    ):
        assert other.watching() == ["/globus/map", "/x\udcff"]
    with store.claim_daemon(2, NOON + timedelta(hours=1)):
        # An older release says nothing.
        assert store.watching() is None


def test_the_claim_ends_with_the_process_however_it_ends(store: Store, address: str) -> None:
    with another_daemon(address) as process:
        process.send_signal(signal.SIGKILL)
        process.wait()
        if "://" in address:
            wait_until_gone(store)
        info = store.daemon()
        assert (info.running, info.pid, info.last_tick) == (False, None, NOON)
        with store.claim_daemon(os.getpid(), NOON):
            assert store.daemon().pid == os.getpid()


def wait_until_gone(store: Store) -> None:
    """A server notices the end of a process when it looks at its socket."""
    for _ in range(1_000):
        if not store.daemon().running:
            return


def test_a_daemon_that_ended_in_order_is_gone(store: Store) -> None:
    with store.claim_daemon(1, NOON):
        store.heartbeat(NOON + timedelta(minutes=1))
        assert store.daemon().last_tick == NOON + timedelta(minutes=1)
    info = store.daemon()
    assert (info.running, info.pid, info.since) == (False, None, None)
    assert info.last_tick == NOON + timedelta(minutes=1)
    with store.claim_daemon(2, NOON):
        assert store.daemon().pid == 2


def test_a_second_claim_in_the_same_process_is_refused_too(store: Store, address: str) -> None:
    with (
        store.claim_daemon(1, NOON),
        Store.open(address, rig="rig-1") as other,
        pytest.raises(AnotherDaemonError),
        other.claim_daemon(2, NOON),
    ):
        raise AssertionError("there were two daemons")


def test_the_others_work_while_the_daemon_runs(store: Store, address: str) -> None:
    with store.claim_daemon(1, NOON), Store.open(address, rig="rig-1") as ctl:
        ctl.pause("moving the archive", NOON)
        assert store.paused(NOON) is not None
        store.raise_alarm("root", "gone", "", NOON)
        assert len(ctl.alarms()) == 1


def test_a_connection_that_was_cut_is_made_again_with_the_claim(
    server: Server, server_address: str
) -> None:
    with (
        Store.open(server_address, rig="rig-1", create=True) as store,
        store.claim_daemon(1, NOON),
        Store.open(server_address, rig="rig-1") as other,
    ):
        server.cut(SHARED)
        store.heartbeat(NOON + timedelta(minutes=5))
        assert other.daemon().running
        assert other.daemon().last_tick == NOON + timedelta(minutes=5)


def test_a_connection_that_is_cut_in_a_transaction_takes_back_what_was_begun(
    server: Server, server_address: str
) -> None:
    with (
        Store.open(server_address, rig="rig-1", create=True) as store,
        store.claim_daemon(1, NOON),
    ):
        with pytest.raises(StoreError, match="nothing was changed") as lost:
            count_while_it_is_cut(store, server)
        assert not lost.value.permanent
        assert store.counters() == {}
        store.count("looks")
        assert store.counters() == {"looks": 1}
        assert store.daemon().running


def count_while_it_is_cut(store: Store, server: Server) -> None:
    with store._door.write():
        store.count("looks")
        server.cut(SHARED)
        store.count("looks")


def test_a_daemon_whose_claim_was_taken_writes_nothing_more(
    server: Server, server_address: str
) -> None:
    with (
        Store.open(server_address, rig="rig-1", create=True) as store,
        store.claim_daemon(1, NOON),
        Store.open(server_address, rig="rig-1") as other,
    ):
        server.cut(SHARED)
        with other.claim_daemon(2, NOON):
            for _ in range(3):
                with pytest.raises(StoreError):
                    store.heartbeat(NOON + timedelta(hours=1))
            assert other.daemon().pid == 2
            assert other.daemon().last_tick == NOON
