"""`list`, `show` and `events`: what the catalogue knows."""

from __future__ import annotations

import threading
from datetime import timedelta

import pytest

from archived.core.lifecycle import State
from archived.core.model import BatchState
from tests.builders import NOON
from tests.cli.contract import fits
from tests.cli.rigs import G0, G1, CliRig, archived_and_ready, failed
from tests.store.bench import Bench


def set_apart(bench: Bench, **faults: str) -> None:
    """A dataset whose every file was set apart, each with a kind of fault."""
    bench.ready(*faults)
    for name, fault in faults.items():
        bench.store.set_apart([bench.files()[name].id], "odd", bench.now, fault=fault)
    assert bench.state() is State.FAILED


class TestList:
    def test_an_empty_store_is_an_empty_array_and_a_sentence_on_the_side(
        self, rig: CliRig, bench: Bench
    ) -> None:
        result = rig.type("list")

        assert rig.json("list") == []
        assert result.stdout == ""
        assert result.stderr == "No dataset is known.\n"

    def test_it_shows_a_line_for_each_dataset(self, rig: CliRig, bench: Bench) -> None:
        archived_and_ready(bench)

        result = rig.type("list")

        assert result.stdout.splitlines() == [
            "DATASET                                STATE     FILES  SIZE  REASON",
            f"{G0}  archived      2  20 B  every file has a receipt (2)",
            f"{G1}  ready         1  10 B  finished",
        ]
        assert result.stderr == "2 datasets, 30 B\n"
        assert rig.type("list", G1).stderr == "1 dataset, 10 B\n"

    def test_its_json_is_as_documented(self, rig: CliRig, bench: Bench) -> None:
        archived_and_ready(bench)

        views = rig.json("list")

        fits(views, "list")
        assert views[0] == {
            "name": G0,
            "location": "raw-ephys",
            "convention": "catgt",
            "h2o": "SC011",
            "subject": None,
            "date": "2019-02-23",
            "ident": None,
            "state": "archived",
            "reason": "every file has a receipt (2)",
            "files": 2,
            "bytes": 20,
            "revision": 1,
            "first_seen": "2026-03-14T12:00:00Z",
            "archived_at": "2026-03-14T12:01:00Z",
            "state_since": "2026-03-14T12:01:00Z",
            "attempts": 0,
            "due": None,
            "rig": "rig-1",
        }

    @pytest.mark.parametrize(
        ("words", "names"),
        [
            ([G0], [G0]),
            ([G0, G1], [G0, G1]),
            (["*_g1"], [G1]),
            (["raw-ephys/SC011/*"], [G0, G1]),
            (["raw-video/*"], []),
            (["--state", "ready"], [G1]),
            (["--state", "READY", "-s", "archived"], [G0, G1]),
            (["--h2o", "SC011"], [G0, G1]),
            (["--h2o", "SC01"], []),
            (["--location", "raw-ephys"], [G0, G1]),
            (["--date", "2019-02-23"], [G0, G1]),
            (["--since", "2019-02-24"], []),
            (["--until", "2019-02-23", "*_g0"], [G0]),
            (["--since", "7d"], []),
            (["--convention", "spikeglx"], []),
            (["--type", "raw-ephys"], [G0, G1]),
            (["-l", "raw-video"], []),
            (["--date", "20190223"], [G0, G1]),
            (["--date", "2019/02/23"], [G0, G1]),
            (["--since", "2019_02_23", "--until", "20190223"], [G0, G1]),
            (["--file-type", "ephys-raw-neuropixels-ap-bin"], [G0, G1]),
            (["--file-type", "*-bin"], [G0, G1]),
            (["--file-type", "*-ap-[a-c]in"], [G0, G1]),
            (["--file-type", "*-meta"], []),
            (["--file-type", "tracking-video-trial"], []),
            (["--subject", "407513"], []),
            (["--limit", "1"], [G0]),
        ],
        ids=lambda words: " ".join(words),
    )
    def test_it_selects(
        self, rig: CliRig, bench: Bench, words: list[str], names: list[str]
    ) -> None:
        archived_and_ready(bench)

        assert [view["name"] for view in rig.json("list", *words)] == names

    def test_a_day_may_be_told_from_today_backwards(self, rig: CliRig, bench: Bench) -> None:
        archived_and_ready(bench)
        rig.now = NOON.replace(year=2019, month=2, day=24)

        assert len(rig.json("list", "--date", "yesterday")) == 2
        assert rig.json("list", "--date", "today") == []
        assert len(rig.json("list", "--since", "1d")) == 2


class TestShow:
    def test_it_tells_files_proof_events_and_transfers(self, rig: CliRig, bench: Bench) -> None:
        archived_and_ready(bench)

        shown = rig.said("show", G0)

        assert f"  archive     {rig.base}/archive/ephys/SC011/catgt_SC011_022319_g0" in shown
        assert "successful transfers, MD5 d41d8cd9" in shown
        assert "verifying     archived      every file has a receipt (2)" in shown
        assert "task of batch-1" in shown

    def test_its_json_is_as_documented(self, rig: CliRig, bench: Bench) -> None:
        archived_and_ready(bench)

        view = rig.json("show", G0)

        fits(view, "show")
        assert [each["path"].rpartition("/")[2] for each in view["files"]] == [
            "a.ap.bin",
            "a.ap.meta",
        ]
        assert [each["after"] for each in view["events"]] == [
            "settling",
            "ready",
            "transferring",
            "verifying",
            "archived",
        ]
        assert [each["state"] for each in view["batches"]] == ["proved"]

    def test_a_failed_one_comes_with_what_to_do(self, rig: CliRig, bench: Bench) -> None:
        failed(bench)

        view = rig.json("show", G0)

        assert view["state"] == "failed"
        assert f"`archivedctl retry {G0}`" in view["what_to_do"]

    def test_what_changed_after_it_was_archived_can_be_accepted(
        self, rig: CliRig, bench: Bench
    ) -> None:
        archived_and_ready(bench)
        bench.write("a.ap.bin", size=11)
        bench.sight()

        assert f"`archivedctl accept {G0}`" in rig.json("show", G0)["what_to_do"]

    @pytest.mark.parametrize(
        ("fault", "words", "not_these"),
        [
            ("checksum", [f"`archivedctl accept {G0}`", "out of date"], ["replaces"]),
            ("conflict", ["compare", f"`archivedctl accept {G0}` replaces", "stays failed"], []),
            ("unreadable", ["mend", f"`archivedctl retry {G0}`"], ["accept"]),
        ],
    )
    def test_the_advice_fits_what_is_wrong_with_the_file(
        self, rig: CliRig, bench: Bench, fault: str, words: list[str], not_these: list[str]
    ) -> None:
        set_apart(bench, **{"a.ap.bin": fault})

        advice = rig.json("show", G0)["what_to_do"]

        assert all(each in advice for each in words)
        assert not any(each in advice for each in not_these)
        assert advice == rig.json("status")["attention"][0]["what_to_do"]
        assert advice == rig.json("why", G0)["what_to_do"]

    def test_nothing_that_accept_would_replace_goes_unsaid(self, rig: CliRig, bench: Bench) -> None:
        set_apart(bench, **{"a.ap.meta": "checksum", "b.bin": "conflict", "c.bin": "unreadable"})

        advice = rig.json("show", G0)["what_to_do"]

        assert "replaces what is there" in advice
        assert "without that checksum" in advice
        assert "for other files, mend" in advice

    def test_what_the_advice_says_can_be_done(self, rig: CliRig, bench: Bench) -> None:
        set_apart(bench, **{"a.ap.bin": "checksum", "b.bin": "conflict"})

        assert rig.said("accept", G0) == f"{G0}  failed ▶ ready\n"

    def test_one_whose_files_all_left_is_not_offered_to_be_accepted(
        self, rig: CliRig, bench: Bench
    ) -> None:
        bench.ready("a.ap.bin")
        [path] = bench.disk
        bench.remove(path)
        bench.look()
        bench.look()

        view = rig.json("show", G0)

        assert (view["state"], view["files"][0]["state"]) == ("failed", "gone")
        assert "put its files back" in view["what_to_do"]
        assert f"`archivedctl hold {G0}`" in view["what_to_do"]
        assert "accept" not in view["what_to_do"]
        assert rig.type("accept", G0).exit_code == 1
        assert rig.said("hold", G0) == f"{G0}  failed ▶ held\n"

    def test_what_waits_says_until_when(self, rig: CliRig, bench: Bench) -> None:
        bench.ready("a.ap.bin")
        batch = bench.plan()
        bench.submit(batch)
        bench.end(batch, BatchState.FAILED, minutes=90)

        view = rig.json("show", G0)

        assert view["state"] == "waiting"
        assert view["due"] == "2026-03-14T13:30:00Z"
        assert "tried again in 1h30m" in view["what_to_do"]

    def test_a_wrong_name_is_answered_with_the_nearest(self, rig: CliRig, bench: Bench) -> None:
        archived_and_ready(bench)

        result = rig.type("show", G0.replace("g0", "g7"))

        assert result.exit_code == 1
        assert G0 in result.stderr
        fits(rig.json("show", "x/y", code=1), "error")

    def test_a_location_that_left_the_configuration_still_has_its_datasets(
        self, rig: CliRig, bench: Bench
    ) -> None:
        archived_and_ready(bench)
        text = rig.configuration.read_text()
        rig.configuration.write_text(text.replace("location:raw-ephys", "location:other"))

        view = rig.json("show", G0)

        assert view["archive"] is None
        assert view["state"] == "archived"


class TestEvents:
    def test_none_is_an_empty_array(self, rig: CliRig, bench: Bench) -> None:
        assert rig.json("events") == []
        assert rig.type("events").stderr == "Nothing has happened yet.\n"

    def test_they_are_told_oldest_first(self, rig: CliRig, bench: Bench) -> None:
        archived_and_ready(bench)

        events = rig.json("events")

        fits(events, "events")
        assert [event["at"] for event in events] == sorted(event["at"] for event in events)
        assert (events[0]["dataset"], events[0]["before"], events[0]["after"]) == (
            G0,
            None,
            "settling",
        )
        assert events[-1]["dataset"] == G1

    def test_of_one_dataset_or_since_a_time_or_the_newest(self, rig: CliRig, bench: Bench) -> None:
        archived_and_ready(bench)
        rig.now = NOON + timedelta(minutes=2)

        assert {event["dataset"] for event in rig.json("events", G1)} == {G1}
        assert len(rig.json("events", "--since", "1m")) == 5
        assert len(rig.json("events", "--since", "2026-03-14T12:02:00")) == 2
        assert [event["after"] for event in rig.json("events", "--limit", "1")] == ["ready"]

    def test_an_unknown_name_is_an_error(self, rig: CliRig, bench: Bench) -> None:
        assert rig.type("events", "raw-ephys/nothing").exit_code == 1

    def test_following_goes_on_with_each_event_once(
        self, rig: CliRig, bench: Bench, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("archived.cli.events.FOLLOW_EVERY", timedelta(milliseconds=20))
        bench.ready("a.ap.bin")

        def go_on() -> None:
            with rig.store() as store:
                other = Bench(store)
                other.now = NOON
                other.ready("b.ap.bin", dataset="SC011/catgt_SC011_022319_g1")
            threading.Event().wait(0.2)
            rig.stop.set()

        thread = threading.Timer(0.2, go_on)
        thread.start()
        result = rig.type("events", "--follow")
        thread.join()

        assert result.stdout.splitlines() == [
            f"2026-03-14 12:00:00  {G0}  settling  seen for the first time",
            f"2026-03-14 12:00:00  {G0}  settling ▶ ready  finished",
            f"2026-03-14 12:00:00  {G1}  settling  seen for the first time",
            f"2026-03-14 12:00:00  {G1}  settling ▶ ready  finished",
        ]

    def test_following_as_json_is_a_line_for_each(self, rig: CliRig, bench: Bench) -> None:
        bench.ready("a.ap.bin")
        rig.stop.set()

        lines = rig.type("events", "--follow", "--json").stdout.splitlines()

        assert len(lines) == 2
        assert all(line.startswith("{") for line in lines)


def test_states_are_the_words_of_the_lifecycle(rig: CliRig, bench: Bench) -> None:
    shown = rig.type("list", "--help").stdout

    assert all(state in " ".join(shown.split()) for state in State)
