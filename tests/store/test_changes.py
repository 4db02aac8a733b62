"""A store tells that it changed, and whether others did it, so that a rig at rest need ask nothing else."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest

from archived.store import Store
from tests.builders import NOON
from tests.store.bench import Bench


@pytest.fixture
def other(address: str, store: Store) -> Iterator[Store]:
    """The same rig's part of the store, as another process has it open."""
    with Store.open(address, rig=store.rig, create=False, now=NOON) as opened:
        yield opened


def version(store: Store) -> tuple[int, int]:
    found = store.version()
    assert found is not None
    return found


def test_what_another_process_writes_is_told_apart_from_what_one_writes_oneself(
    store: Store, other: Store
) -> None:
    others, own = version(store)
    other.pause("service", NOON)
    assert version(store)[0] != others
    others = version(store)[0]
    store.heartbeat(NOON + timedelta(seconds=1))
    assert version(store)[0] == others
    assert version(store)[1] != own


def test_nothing_is_told_of_questions(store: Store, other: Store) -> None:
    before = version(store)
    Bench(other).store.counts()
    store.settling(NOON, timedelta(0), 20)
    store.events_after(0)
    assert version(store) == before


def test_what_was_undone_again_is_no_change_of_others(store: Store, other: Store) -> None:
    before = version(store)[0]

    def give_up_half_way() -> None:
        with store.together():
            store.raise_alarm("root", "gone", "", NOON)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        give_up_half_way()
    assert version(store)[0] == before
    other.raise_alarm("root", "gone", "", NOON)
    assert version(store)[0] != before


def test_what_is_written_to_another_rig_is_no_change_of_this_one(
    server_address: str,
) -> None:
    with (
        Store.open(server_address, rig="north", create=True, now=NOON) as north,
        Store.open(server_address, rig="south", create=True, now=NOON) as south,
    ):
        before = version(north)
        Bench(south).ready("a.bin")
        assert version(north) == before
        assert version(south) != (0, 0)
