"""Several rigs at one store: each keeps to its own part, and everybody may read all of them."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from archived.core.lifecycle import Reason, State
from archived.errors import NameNotFoundError, StoreError, StoreMissingError
from archived.store import Selector, Store
from tests.builders import NOON
from tests.store.bench import G0, G1, LOCATION, Bench


def reopen(address: str, *, rig: str = "rig-1", create: bool = False) -> Store:
    return Store.open(address, rig=rig, create=create, now=NOON)


def test_rigs_share_a_server_without_seeing_each_other(server_address: str) -> None:
    with (
        reopen(server_address, rig="north", create=True) as north,
        reopen(server_address, rig="south", create=True) as south,
    ):
        Bench(north).ready("a.bin")
        Bench(south).ready("a.bin")
        Bench(north).archive()
        north.raise_alarm("root", "gone", "", NOON)
        assert [each.state for each in south.ready(10)] == ["ready"]
        assert north.ready(10) == []
        assert south.alarms() == []
        dataset = Bench(south).dataset()
        assert not north.move(dataset.id, State.READY, State.HELD, Reason.HOLD, "", NOON)
        assert [each.rig for each in north.select(Selector())] == ["north"]
        both = north.select(Selector(names=[dataset.name], everywhere=True))
        assert sorted(each.rig for each in both) == ["north", "south"]
        with north.claim_daemon(1, NOON), south.claim_daemon(2, NOON):
            assert north.daemon().pid == 1
            assert south.daemon().pid == 2


def test_every_rig_tells_what_it_is_and_what_it_has(server_address: str) -> None:
    with (
        reopen(server_address, rig="north", create=True) as north,
        reopen(server_address, rig="south", create=True) as south,
        north.claim_daemon(17, NOON, host="ephys-1", version="0.1.0"),
    ):
        north.heartbeat(NOON + timedelta(minutes=1))
        bench = Bench(north)
        bench.ready("a.bin", "b.bin")
        bench.archive()
        bench.write("c.bin", 70)
        bench.write("d.bin", 7, dataset=G1)
        bench.sight()
        Bench(south).ready("a.bin")
        south.raise_alarm("root", "gone", "", NOON)
        [first, second] = south.rigs()
        assert (first.name, first.host, first.version) == ("north", "ephys-1", "0.1.0")
        assert (first.running, first.since) == (True, NOON)
        assert first.last_tick == NOON + timedelta(minutes=1)
        assert first.counts == north.counts()
        # What has a receipt already is not in the way any more.
        assert (first.backlog_datasets, first.backlog_bytes) == (2, 77)
        assert (first.attention, first.alarms) == (0, 0)
        assert (second.name, second.host, second.running) == ("south", None, False)
        assert (second.backlog_datasets, second.backlog_bytes, second.alarms) == (1, 10, 1)
    with reopen(server_address, rig="south") as south:
        assert not south.rigs()[0].running
        assert south.rigs()[0].last_tick == NOON + timedelta(minutes=1)


def test_what_needs_a_person_is_counted_apart_from_the_backlog(store: Store) -> None:
    bench = Bench(store)
    bench.ready("a.bin")
    bench.fail(bench.plan(), needs_person="no permission")
    [rig] = store.rigs()
    assert (rig.attention, rig.backlog_datasets, rig.backlog_bytes) == (1, 0, 0)


def test_the_only_rig_of_a_file_is_a_fleet_of_one(tmp_path: Path) -> None:
    with reopen(str(tmp_path / "archived.db"), create=True) as store:
        assert [each.name for each in store.rigs()] == ["rig-1"]
        assert (store.is_shared(), store.is_known(), store.archives_here()) == (False, True, False)
        with store.claim_daemon(1, NOON):
            assert store.archives_here()


def test_a_rig_that_a_server_does_not_know_reads_and_writes_nothing(server_address: str) -> None:
    with reopen(server_address, create=True) as ours:
        Bench(ours).ready("a.bin")
    with reopen(server_address, rig="tpyo") as store:
        assert not store.is_known()
        assert not store.archives_here()
        assert list(store.select(Selector())) == []
        assert (sum(store.counts().values()), store.events(), store.alarms()) == (0, [], [])
        assert store.daemon().running is False
        [dataset] = store.select(Selector(everywhere=True))
        assert (dataset.rig, len(store.files(dataset.id))) == ("rig-1", 1)
        for change in (
            lambda: store.pause("lunch", NOON),
            lambda: store.raise_alarm("root", "gone", "", NOON),
            lambda: store.move(dataset.id, State.READY, State.HELD, Reason.HOLD, "", NOON),
        ):
            with pytest.raises(StoreMissingError, match=r"no rig tpyo; it has rig-1"):
                change()
        with pytest.raises(StoreMissingError, match="no rig tpyo"):
            store.require_rig()
        assert [each.name for each in store.rigs()] == ["rig-1"]


def test_a_rig_joins_a_store_when_it_has_something_to_write(server_address: str) -> None:
    reopen(server_address, create=True).close()
    with reopen(server_address, rig="analysis") as store:
        store.join()
        store.join()
        store.require_rig()
        store.pause("lunch", NOON)
        assert store.is_known()
        assert not store.archives_here()
    with reopen(server_address, rig="analysis") as store:
        assert store.paused(NOON) is not None
        assert [each.name for each in store.rigs()] == ["analysis", "rig-1"]
    with reopen(server_address) as ours:
        assert ours.paused(NOON) is None


def test_joining_begins_no_store(empty_address: str) -> None:
    with pytest.raises(StoreMissingError, match="no store at"):
        reopen(empty_address)


def test_another_rig_is_seen_as_it_sees_itself_and_only_read(server_address: str) -> None:
    with (
        reopen(server_address, rig="north", create=True) as north,
        reopen(server_address, rig="south", create=True) as south,
        south.claim_daemon(2, NOON),
    ):
        Bench(south).ready("a.bin")
        south.raise_alarm("root", "gone", "", NOON)
        view = north.of_rig("south")
        name = f"{LOCATION}/{G0}"
        assert view.dataset(name).rig == "south"
        assert view.counts() == south.counts()
        assert view.daemon().pid == 2
        assert view.events() == south.events()
        assert view.alarms() == south.alarms()
        with pytest.raises(StoreError, match="belongs to rig south is only read"):
            view.hold([name], NOON, user="anna")
        with pytest.raises(StoreError, match="only read"):
            view.clear_alarm("root")
        assert south.dataset(name).state is State.READY
        assert north.owners(name) == ["south"]
        assert north.owners(f"{LOCATION}/{G1}") == []
        assert (view.rig, view.location_names()) == ("south", [LOCATION])
        assert (view.rig_names(), north.location_names()) == (["north", "south"], [])
        assert north.of_rig("north") is north
        north.pause("lunch", NOON)
        with pytest.raises(NameNotFoundError, match="no rig west") as unknown:
            north.of_rig("west")
        assert "north, south" in unknown.value.what_to_do
