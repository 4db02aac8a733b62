"""Whoever exchanges the very folder that recordings are brought to, by a link, has nothing replaced and nothing believed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from archived.movers import opened
from archived.retrieve import Outcome, Plan
from archived.transfer.copying import Copier
from tests.retrieve.world import G0, Machine, contents, names, some_bytes

FILES = {"a.ap.bin": some_bytes(1), "a.ap.meta": b"meta"}
BIN, META = (f"{G0}/{name}" for name in FILES)


class Stopping(Machine):
    """Ends by the first complaint: what it cannot prove, it would wait for."""

    def warning(self, event: str, **fields: Any) -> None:
        super().warning(event, **fields)
        self.stop.set()


@dataclass
class Exchange:
    """A machine that brings two files to a folder, and the link that comes in its place."""

    machine: Machine
    to: Path
    away: Path

    def exchange(self, target: Path) -> None:
        """Once."""
        if not self.away.exists():
            self.to.rename(self.away)
            self.to.symlink_to(target)

    def bring(self, target: Path, monkeypatch: pytest.MonkeyPatch, *, during: bool) -> Outcome:
        """Bring them, and exchange the folder when it was planned, or when the first file is copied."""
        copy = Copier.copy

        def exchanged(copier: Copier, *arguments: Any) -> Any:
            self.exchange(target)
            return copy(copier, *arguments)

        if during:
            monkeypatch.setattr(Copier, "copy", exchanged)
        with opened(self.machine.configuration) as movers:
            plan: Plan = self.machine.prepare(movers, to=self.to)
            if not during:
                self.exchange(target)
            return self.machine.bring(movers, plan)


@pytest.fixture
def attacked(tmp_path: Path) -> Iterator[Exchange]:
    machine = Stopping(tmp_path)
    machine.archived(G0, FILES)
    made = Exchange(machine, tmp_path / "to", tmp_path / "away")
    made.to.mkdir()
    yield made
    machine.store.close()


@pytest.mark.parametrize("during", [False, True])
def test_what_lies_where_it_leads_is_not_replaced(
    attacked: Exchange, during: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    elsewhere = tmp_path / "elsewhere"
    attacked.machine.put(elsewhere / BIN, b"not to be touched")

    outcome = attacked.bring(elsewhere, monkeypatch, during=during)

    assert (elsewhere / BIN).read_bytes() == b"not to be touched"
    assert BIN not in names(outcome.brought)


def test_what_went_elsewhere_is_not_said_to_have_been_brought(
    attacked: Exchange, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """New files may come to lie there, as whoever may exchange the folder could have put a link there before."""
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()

    outcome = attacked.bring(elsewhere, monkeypatch, during=True)

    assert outcome.brought == ()
    assert names(outcome.left) == [BIN, META]
    assert attacked.machine.told


@pytest.mark.parametrize("during", [False, True])
def test_an_archive_that_it_leads_to_stays_as_it_is(
    attacked: Exchange, during: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    archive = attacked.machine.folder()
    before = contents(archive)

    outcome = attacked.bring(archive, monkeypatch, during=during)

    assert contents(archive) == before
    assert outcome.brought == ()
