"""A server that goes away, hangs, or cuts connections: it is said, nothing is half done, and it is used again."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest

from archived.core.lifecycle import State
from archived.errors import ClaimLostError, StoreError
from archived.store import Store, servers
from archived.store.servers import ServedDatabase
from tests.builders import NOON
from tests.store.bench import Bench
from tests.store.proxy import Proxy
from tests.store.servers import SHARED, Server, running


@pytest.fixture
def proxy(server: Server, server_address: str) -> Iterator[Proxy]:
    """What stands before the server."""
    with Proxy(server.port) as standing:
        yield standing


@pytest.fixture
def store(server: Server, proxy: Proxy) -> Iterator[Store]:
    """A store behind the proxy."""
    address = server.address(SHARED, proxy.port)
    with Store.open(address, rig="rig-1", create=True, now=NOON) as opened:
        yield opened


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Statements are given up after a second, connections after two."""
    monkeypatch.setattr(ServedDatabase, "answer_within", 1.0)
    monkeypatch.setattr(servers, "CONNECT_WITHIN", 2)


def refused(call: Callable[[], Any]) -> StoreError:
    """How a call is refused; not for good."""
    with pytest.raises(StoreError) as caught:
        call()
    assert not caught.value.permanent
    return caught.value


def test_a_server_that_is_away_is_told_of_with_what_it_means(store: Store, proxy: Proxy) -> None:
    proxy.refuse()
    proxy.cut()
    for call in (store.counts, lambda: store.count("looks")):
        error = refused(call)
        assert "cannot be used just now" in str(error)
        assert "nothing was changed in it" in str(error)
        assert "recordings and archive are not affected" in error.what_to_do
        assert "goes on by itself" in error.what_to_do
    proxy.accept()
    store.count("looks")
    assert store.counters() == {"looks": 1}


def test_a_connection_that_was_cut_while_nobody_used_it_is_noticed_by_nobody(
    store: Store, proxy: Proxy
) -> None:
    bench = Bench(store)
    bench.ready("a.bin")
    proxy.cut()
    assert store.counts()[State.READY] == 1
    proxy.cut()
    bench.archive()
    assert store.counts()[State.ARCHIVED] == 1


def test_a_server_that_hangs_is_given_up_and_used_again(
    impatient: None, store: Store, proxy: Proxy
) -> None:
    store.count("looks")
    proxy.fall_silent()
    error = refused(lambda: store.count("looks"))
    assert "no answer within 1 s" in str(error) or "timed out" in str(error)
    # Not even a new connection comes about; that is given up too.
    refused(store.counters)
    proxy.speak()
    assert store.counters() == {"looks": 1}
    store.count("looks")
    assert store.counters() == {"looks": 2}


def test_a_frozen_server_is_given_up_too(impatient: None, store: Store, server: Server) -> None:
    with server.frozen():
        refused(lambda: store.count("looks"))
    store.count("looks")
    assert store.counters() == {"looks": 1}


def test_what_was_begun_when_the_server_hung_is_taken_back(
    impatient: None, store: Store, proxy: Proxy, server_address: str
) -> None:
    def counted() -> None:
        with store._door.write():
            store.count("looks")
            proxy.fall_silent(new_ones_too=False)
            store.count("looks")

    refused(counted)
    proxy.cut()
    store.count("looks")
    assert store.counters() == {"looks": 1}


def test_a_commit_of_which_nobody_heard_is_not_called_undone(
    store: Store, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    database = store._door.database
    commit = database.commit

    def lost() -> Any:
        server.cut(SHARED)
        return commit()

    with monkeypatch.context() as patched:
        patched.setattr(database, "commit", lost)
        error = refused(lambda: store.count("looks"))
    assert "whether it noted the last change shows when it is back" in str(error)
    assert "nothing was changed" not in str(error)
    assert store.counters() == {}


def test_other_threads_get_connections_of_their_own_back(store: Store, proxy: Proxy) -> None:
    begun, cut = threading.Event(), threading.Event()
    found: list[object] = []

    def read() -> None:
        store.counts()
        begun.set()
        cut.wait(10)
        found.append(sum(store.counts().values()))

    reading = threading.Thread(target=read)
    reading.start()
    assert begun.wait(10)
    proxy.cut()
    cut.set()
    reading.join(10)
    assert found == [0]


class TestTheClaim:
    """The daemon's claim ends with its connection."""

    def test_is_taken_again_when_the_server_is_back(
        self, store: Store, proxy: Proxy, server_address: str
    ) -> None:
        with store.claim_daemon(1, NOON, host="rig-pc"):
            proxy.refuse()
            proxy.cut()
            refused(lambda: store.heartbeat(NOON))
            proxy.accept()
            with Store.open(server_address, rig="rig-1") as other:
                wait_for(lambda: not other.daemon().running)
                store.heartbeat(NOON + timedelta(hours=1))
                assert other.daemon().running
                assert other.daemon().last_tick == NOON + timedelta(hours=1)

    def test_is_waited_for_while_the_server_holds_it_for_the_old_connection(
        self, impatient: None, store: Store, proxy: Proxy, server_address: str
    ) -> None:
        with store.claim_daemon(1, NOON):
            proxy.fall_silent(new_ones_too=False)
            refused(lambda: store.heartbeat(NOON))
            error = refused(lambda: store.heartbeat(NOON))
            assert "still holds the claim for the connection that was lost" in str(error)
            proxy.cut()
            with Store.open(server_address, rig="rig-1") as other:
                wait_for(lambda: not other.daemon().running)
            store.heartbeat(NOON + timedelta(hours=1))
            assert store.daemon().running

    def test_is_not_taken_back_from_another_daemon_even_if_that_has_ended(
        self, store: Store, proxy: Proxy, server_address: str
    ) -> None:
        with (
            Store.open(server_address, rig="rig-1") as other,
            store.claim_daemon(1, NOON, host="rig-pc"),
        ):
            proxy.refuse()
            proxy.cut()
            wait_for(lambda: not other.daemon().running)
            with other.claim_daemon(1, NOON + timedelta(minutes=1), host="rig-pc"):
                proxy.accept()
                with pytest.raises(ClaimLostError, match="another daemon has worked") as lost:
                    store.heartbeat(NOON + timedelta(minutes=2))
                assert lost.value.permanent
            with pytest.raises(ClaimLostError):
                store.heartbeat(NOON + timedelta(minutes=2))
            assert other.daemon().last_tick == NOON + timedelta(minutes=1)

    def test_is_let_go_of_at_once_where_the_server_is_away(
        self, store: Store, proxy: Proxy
    ) -> None:
        with store.claim_daemon(1, NOON):
            proxy.refuse()
            proxy.cut()
            refused(lambda: store.heartbeat(NOON))
        proxy.accept()
        wait_for(lambda: not store.daemon().running)
        # Its end was noted by nobody, which nobody is misled by.
        assert store.daemon().pid is None


def wait_for(condition: Callable[[], bool]) -> None:
    """A server notices the end of a connection when it looks at its socket."""
    pause = threading.Event()
    for _ in range(500):
        if condition():
            return
        pause.wait(0.02)
    raise AssertionError("it never came true")


def test_what_was_stored_outlives_a_server_that_loses_its_power(server_kind: str) -> None:
    with running(server_kind) as server:
        address = server.new_database("archive")
        with Store.open(address, rig="rig-1", create=True, now=NOON) as store:
            bench = Bench(store)
            bench.ready("a.bin")
            with store.claim_daemon(1, NOON):
                server.stop()
                refused(lambda: store.heartbeat(NOON))
                refused(store.counts)
                server.start()
                store.heartbeat(NOON)
                assert store.daemon().running
                bench.archive()
            assert store.counts()[State.ARCHIVED] == 1
