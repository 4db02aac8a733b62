"""`why` of what is under way tells how its transfer stands; and finds a root by whatever way leads to it."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from archived.cli.known import words_of
from archived.core.model import Batch, BatchState
from tests.cli.contract import fits
from tests.cli.rigs import G0, CliRig
from tests.store.bench import Bench

FOLDER = G0.partition("/")[2]


@pytest.fixture
def batch(rig: CliRig, bench: Bench) -> Batch:
    """A dataset in a batch that is planned."""
    bench.ready("a.ap.bin")
    (rig.root / FOLDER).mkdir(parents=True)
    (rig.root / FOLDER / "a.ap.bin").write_bytes(b"x")
    rig.now = bench.now
    return bench.plan()


class TestUnderWay:
    def test_a_batch_that_waits_says_why_and_until_when(
        self, rig: CliRig, bench: Bench, batch: Batch
    ) -> None:
        due = rig.now + timedelta(minutes=4)
        bench.store.postpone_batch(batch.id, due, 3, "Globus answers 503")

        view = rig.json("why", G0)

        fits(view, "why")
        assert view["state"] == "transferring"
        for words in ("about to be sent", "Globus answers 503", "tried again in 4m"):
            assert words in view["reason"]
        assert [each["batch"] for each in view["transfers"]] == [batch.id]
        assert "tried again in 4m" in " ".join(rig.said("why", G0).split())

    def test_a_transfer_that_is_under_way_says_how_far_it_is(
        self, rig: CliRig, bench: Bench, batch: Batch
    ) -> None:
        bench.submit(batch)

        view = rig.json("why", str(rig.root / FOLDER / "a.ap.bin"))

        assert "it is being sent, 0% has arrived" in view["reason"]
        assert view["transfers"][0]["state"] == "active"

    def test_what_has_arrived_has_no_transfer(
        self, rig: CliRig, bench: Bench, batch: Batch
    ) -> None:
        bench.send(batch)
        assert "receipts are being collected" in rig.json("why", G0)["reason"]
        bench.prove(batch)
        bench.end(batch)

        view = rig.json("why", G0)

        assert view["state"] == "archived"
        assert view["transfers"] == []
        assert "batch" not in view["reason"]

    def test_the_words_of_the_mover_are_told_once(self, bench: Bench, batch: Batch) -> None:
        told = Batch(
            id=batch.id,
            location=batch.location,
            direction=batch.direction,
            state=BatchState.ACTIVE,
            created_at=bench.now,
            state_since=bench.now,
            files=1,
            bytes=0,
            nice_status="paused by the owner",
            reason="paused by the owner",
            due=bench.now + timedelta(seconds=30),
        )

        assert (
            words_of(told, bench.now) == "it is being sent, paused by the owner, looked at in 30s"
        )


class TestLinksToTheRoot:
    def link(self, rig: CliRig, target: Path) -> Path:
        link = rig.base / "link"
        link.symlink_to(target)
        return link

    def test_what_is_gone_is_found_by_a_link_to_the_root_too(self, rig: CliRig) -> None:
        link = self.link(rig, rig.root)

        view = rig.json("why", str(link / FOLDER / "gone.ap.bin"))

        assert view["dataset"] == G0
        assert view["reason"].startswith("it is not there now")

    def test_and_by_a_link_to_a_folder_above_or_below_the_root(self, rig: CliRig) -> None:
        above = self.link(rig, rig.base)
        (rig.root / "SC011").mkdir()
        below = rig.base / "animal"
        below.symlink_to(rig.root / "SC011")

        for path in (above / "rig" / FOLDER, below / FOLDER.partition("/")[2]):
            assert rig.json("why", str(path))["dataset"] == G0

    def test_where_the_configuration_names_the_link(self, rig: CliRig) -> None:
        link = self.link(rig, rig.root)
        text = rig.configuration.read_text()
        rig.configuration.write_text(text.replace(f"{rig.base}/rig\n", f"{link}\n"))

        for path in (rig.root, link):
            assert rig.json("why", str(path / FOLDER))["dataset"] == G0

    def test_a_link_below_the_root_is_none_into_it(self, rig: CliRig) -> None:
        elsewhere = rig.base / "elsewhere"
        elsewhere.mkdir()
        (rig.root / "SC011").symlink_to(elsewhere)
        link = self.link(rig, rig.root)

        for root in (rig.root, link):
            assert "is a link" in rig.json("why", str(root / FOLDER))["reason"]

    def test_other_folders_stay_outside(self, rig: CliRig) -> None:
        (rig.base / "rig-2").mkdir()

        for path in (rig.base / "rig-2" / FOLDER, rig.base, Path("/")):
            assert "no watched folder" in rig.json("why", str(path))["reason"]
