"""Whatever is killed, whenever: begun anew, every content gets its answer, in no two transfers, and no copy stays.

Every write to the store and every call to the mover is a place to die at, before it happens and after.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from archived.core.discovery import Kind
from archived.core.model import LIVE_BATCHES, Direction
from archived.movers import Movers
from archived.store import Store
from archived.verify.planning import plan
from archived.verify.values import Outcome, Wish
from tests.dying import Killed, Places
from tests.verify.world import G0, World, snapshot, world

WRITES = frozenset(
    {
        "begin_audit",
        "take_listing",
        "end_discovery",
        "note_contents",
        "plan_comparison",
        "note_copied",
        "end_comparison",
        "reserve_batch",
        "start_batch",
        "sent_batch",
        "end_batch",
        "tell_of_missing",
    }
)
CALLS = frozenset({"reserve", "submit", "receipts", "list"})
FILES = {"a.ap.bin": b"a" * 3000, "b.ap.bin": b"b" * 3000, "c.ap.meta": b"c"}


class Mortal:
    """Movers whose verbs are places to die at."""

    def __init__(self, movers: Movers, places: Places) -> None:
        self._movers = movers
        self._places = places

    def of(self, location: object) -> object:
        return self._places.around(self._movers.of(location), CALLS)  # type: ignore[arg-type]


def begin(rig: World, places: Places) -> list[Outcome]:
    """One process, which may die."""
    with rig.store() as store:
        movers = Movers(rig.configuration)
        try:
            mortal = places.around(store, WRITES)
            verifying = rig.verifying(mortal, Mortal(movers, places))
            return verifying.run(plan(rig.configuration, store, Wish(deep=True)))
        finally:
            movers.close()


def tell(base: Path, kind: str, monkeypatch: pytest.MonkeyPatch, places: Places) -> int:
    """A story with a damaged file, killed and begun anew; how many places it has."""
    base.mkdir()
    with world(base, kind, monkeypatch) as rig:
        rig.archived(G0, FILES)
        rig.damage(f"{G0}/b.ap.bin")
        before = rig.snapshot(), snapshot(rig.root)
        try:
            begin(rig, places)
        except Killed:
            places.fatal = -1
            (outcome,) = begin(rig, places)
            assert outcome.complete, places.where
            assert rig.found(outcome)[Kind.CONTENT] == ["b.ap.bin"], places.where
        assert (rig.snapshot(), snapshot(rig.root)) == before
        assert rig.states()["b.ap.bin"] == "different"
        assert rig.states()["a.ap.bin"] == "archived"
        assert not rig.scratch.exists(), places.where
        with rig.store() as store:
            assert _live(store) == [], places.where
        if rig.globus is not None:
            tasks = {each["submission_id"] for each in rig.globus.submissions()}
            assert len(tasks) == len(rig.globus.tasks())
    return places.number


def _live(store: Store) -> list[object]:
    return list(store.batches(*LIVE_BATCHES, direction=Direction.VERIFY))


# Before one call is after the one before it: the slower kind of archive dies at each of them once.
@pytest.mark.parametrize(
    ("kind", "after"), [("directory", False), ("directory", True), ("globus", True)]
)
@pytest.mark.timeout(180)
def test_begun_anew_after_any_death(
    kind: str, after: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    number = tell(tmp_path / "whole", kind, monkeypatch, Places(-1, after=after))
    assert number >= (15 if kind == "globus" else 6)

    for fatal in range(1, number + 1):
        tell(tmp_path / f"{fatal}", kind, monkeypatch, Places(fatal, after=after))
