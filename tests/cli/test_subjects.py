"""`subjects`, and what other commands say of them."""

from __future__ import annotations

import json
import os
import subprocess
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from archived.core.subjects import Subject
from archived.store import FolderSighting
from demo import rig as programs
from tests.builders import NOON
from tests.cli.contract import fits
from tests.cli.rigs import G0, G1, CliRig, archived_and_ready
from tests.store.bench import FILE_TYPE, LOCATION, ROOT, Bench, file_stat, recording

LIST = "subject_id,h2o,sex\n407513,SC011,F\n"


def configure(rig: CliRig, *lines: str) -> None:
    rig.configuration.write_text(
        rig.configuration.read_text() + "\n[subjects]\n" + "\n".join(lines) + "\n"
    )


def listed(rig: CliRig, text: str = LIST, *lines: str) -> Path:
    """A list that the configuration names."""
    file = rig.base / "subjects.csv"
    file.write_text(text)
    configure(rig, f"file = {file}", *lines)
    return file


@pytest.fixture
def csv(rig: CliRig) -> Path:
    file = rig.base / "import.csv"
    file.write_text("subject_id;water_restriction_number\n407513;SC011\n;SC012\n3;dl4\n4;Nobody\n")
    return file


class TestAdd:
    def test_an_animal_is_known_from_then_on(self, rig: CliRig, bench: Bench) -> None:
        archived_and_ready(bench)

        assert rig.said("subjects", "add", "407513", "SC011") == "SC011 is 407513\n"

        assert rig.json("show", G0)["subject"] == "407513"
        assert "subject     407513" in rig.said("show", G0)
        assert [each["subject"] for each in rig.json("list")] == ["407513", "407513"]
        assert "407513" in rig.said("list")

    def test_its_json_is_as_documented(self, rig: CliRig, bench: Bench) -> None:
        view = rig.json("subjects", "add", "407513", "SC011")

        fits(view, "subjects-change")
        assert view["added"] == [{"subject": "407513", "h2o": "SC011"}]

    def test_another_number_has_to_be_meant(self, rig: CliRig, bench: Bench) -> None:
        rig.said("subjects", "add", "407513", "SC011")

        refused = rig.type("subjects", "add", "1", "SC011")
        assert refused.exit_code == 1
        assert "SC011 stays 407513" in refused.stderr
        assert "--replace" in refused.stderr
        view = rig.json("subjects", "add", "1", "SC011", code=1)
        fits(view, "subjects-change")
        assert view["refused"] == [{"h2o": "SC011", "before": "407513", "after": "1"}]

        said = rig.said("subjects", "add", "1", "SC011", "--replace")
        assert said == "SC011 is 1, and was 407513\n"

    @pytest.mark.parametrize(
        ("words", "why"),
        [
            (["SC011", "407513"], "'407513' is no animal's name"),
            (["", "SC011"], "subject_id is empty"),
            (["407513.0", "SC011"], "spreadsheet"),
            (["4\x1b[31m", "SC011"], "readable"),
        ],
    )
    def test_what_cannot_be_is_a_wrong_use(
        self, rig: CliRig, bench: Bench, words: list[str], why: str
    ) -> None:
        result = rig.type("subjects", "add", "--", *words)

        assert result.exit_code == 2
        assert why in result.stderr
        assert "\x1b" not in result.stderr

    def test_it_is_told_that_the_file_says_otherwise(self, rig: CliRig, bench: Bench) -> None:
        listed(rig, "subject_id,h2o\n1,SC011\n")
        assert rig.json("subjects", "list")[0]["subject"] == "1"

        result = rig.type("subjects", "add", "407513", "SC011")

        assert "SC011 is 407513 by hand, which counts; it is 1 in the file" in result.stderr
        assert "1 in the file" in rig.said("subjects", "list")

    def test_what_was_said_can_be_taken_back(self, rig: CliRig, bench: Bench) -> None:
        rig.said("subjects", "add", "407513", "SC011")

        view = rig.json("subjects", "remove", "SC011")
        fits(view, "subjects-change")
        assert view["removed"] == [{"subject": "407513", "h2o": "SC011"}]
        assert rig.json("subjects", "list") == []

        again = rig.type("subjects", "remove", "SC011")
        assert again.exit_code == 1
        assert "Nothing was said by hand of SC011" in again.stderr


class TestImport:
    def test_the_good_lines_are_used_and_each_bad_one_is_told(
        self, rig: CliRig, bench: Bench, csv: Path
    ) -> None:
        result = rig.type("subjects", "import", str(csv))

        assert result.exit_code == 3
        assert result.stdout == "SC011 is 407513\ndl4 is 3\n"
        assert "line 3: subject_id is empty" in result.stderr
        assert "line 5: h2o 'Nobody' is no animal's name" in result.stderr
        assert "2 new, 0 changed, 0 as before, 2 lines not used" in result.stderr
        assert {each["h2o"] for each in rig.json("subjects", "list")} == {"SC011", "dl4"}

    def test_a_dry_run_writes_nothing(self, rig: CliRig, bench: Bench, csv: Path) -> None:
        view = rig.json("subjects", "import", str(csv), "--dry-run", code=3)

        fits(view, "subjects-change")
        assert view["dry_run"]
        assert [each["line"] for each in view["bad"]] == [3, 5]
        assert len(view["added"]) == 2
        assert rig.json("subjects", "list") == []
        assert "Nothing was written: 2 new" in rig.type("subjects", "import", "-n", str(csv)).stderr

    def test_a_second_time_nothing_is_new(self, rig: CliRig, bench: Bench) -> None:
        file = rig.base / "good.csv"
        file.write_text(LIST)
        rig.said("subjects", "import", str(file))

        view = rig.json("subjects", "import", str(file))

        assert (view["added"], view["unchanged"]) == ([], 1)

    def test_it_may_come_from_another_program(self, rig: CliRig, bench: Bench) -> None:
        assert rig.type("subjects", "import", "-", typed=LIST).stdout == "SC011 is 407513\n"

    def test_a_file_that_is_no_list_is_told(self, rig: CliRig, bench: Bench) -> None:
        result = rig.type("subjects", "import", str(rig.configuration))

        assert result.exit_code == 3
        assert "the first line has to name the columns" in result.stderr

    def test_a_file_that_is_not_there_is_a_wrong_use(self, rig: CliRig, bench: Bench) -> None:
        assert rig.type("subjects", "import", str(rig.base / "none.csv")).exit_code == 2


class TestList:
    def test_it_shows_what_the_catalogue_has_of_each(self, rig: CliRig, bench: Bench) -> None:
        archived_and_ready(bench)
        bench.store.import_subjects([Subject("407513", "SC011", {"sex": "F"})], NOON)

        view = rig.json("subjects", "list")

        fits(view, "subjects")
        assert view == [
            {
                "subject": "407513",
                "h2o": "SC011",
                "source": "hand",
                "since": "2026-03-14T12:00:00Z",
                "details": {"sex": "F"},
                "datasets": 2,
                "bytes": 30,
                "others": [],
            }
        ]
        header, row = rig.said("subjects", "list").splitlines()
        assert header.split() == ["SUBJECT", "H2O", "DATASETS", "SIZE", "SAID", "OTHERS", "SAY"]
        assert row.split() == ["407513", "SC011", "2", "30", "B", "by", "hand"]

    def test_animals_that_nobody_knows_are_listed_too(self, rig: CliRig, bench: Bench) -> None:
        archived_and_ready(bench)

        [view] = rig.json("subjects", "list", "--unknown")

        fits([view], "subjects")
        assert (view["subject"], view["h2o"], view["datasets"]) == (None, "SC011", 2)
        assert "No subject is known for SC011" in rig.type("subjects", "list").stderr

    def test_it_reads_the_file_of_the_configuration_where_no_daemon_does(
        self, rig: CliRig, bench: Bench
    ) -> None:
        file = listed(rig)
        assert [each["source"] for each in rig.json("subjects", "list")] == ["file"]

        file.write_text(LIST + "1,SC012\n")
        assert len(rig.json("subjects", "list")) == 2

        file.unlink()
        gone = rig.type("subjects", "list")
        assert "cannot be read" in gone.stderr
        assert len(rig.json("subjects", "list")) == 2
        assert "subjects" in [each["key"] for each in rig.json("status")["alarms"]]

        file.write_text(LIST)
        assert len(rig.json("subjects", "list")) == 1
        assert rig.json("status")["alarms"] == []

    def test_while_a_daemon_runs_the_file_is_its_business(self, rig: CliRig, bench: Bench) -> None:
        listed(rig)
        with bench.store.claim_daemon(4711, NOON):
            assert rig.json("subjects", "list") == []

    def test_a_bad_line_of_it_is_told(self, rig: CliRig, bench: Bench) -> None:
        listed(rig, LIST + ",SC012\n")

        result = rig.type("subjects", "list")

        assert "line 3: subject_id is empty" in result.stderr
        assert "SC011" in result.stdout


class TestSelecting:
    def test_by_subject_everywhere(self, rig: CliRig, bench: Bench) -> None:
        archived_and_ready(bench)
        listed(rig)

        assert [each["name"] for each in rig.json("list", "--subject", "407513")] == [G0, G1]
        assert rig.json("list", "--subject", "1") == []
        assert rig.json("hold", "--subject", "407513")["moved"][0]["dataset"] == G1
        assert rig.json("release", "--subject", "407513")["moved"][0]["dataset"] == G1
        assert rig.json("retry", "--subject", "407513")["moved"] == []
        assert rig.json("accept", "--subject", "407513")["moved"] == []
        events = rig.json("events", "--subject", "407513")
        assert {each["dataset"] for each in events} == {G0, G1}

    @pytest.mark.parametrize(
        ("words", "datasets"),
        [
            ([G0], {G0}),
            (["*_g1"], {G1}),
            (["--type", "raw-ephys", "--state", "ready"], {G1}),
            (["--h2o", "SC011", "--date", "20190223"], {G0, G1}),
            (["--recorded-since", "2019-02-24"], set()),
            (["--recorded-until", "2019-02-23", "--file-type", "*-bin"], {G0, G1}),
            (["--since", "1h", G0], {G0}),
            (["--h2o", "SC012"], set()),
        ],
        ids=lambda value: " ".join(value) if isinstance(value, list) else str(len(value)),
    )
    def test_events_take_the_same_selection(
        self, rig: CliRig, bench: Bench, words: list[str], datasets: set[str]
    ) -> None:
        archived_and_ready(bench)

        found = rig.json("events", *words)

        fits(found, "events")
        assert {each["dataset"] for each in found} == datasets
        assert [each["at"] for each in found] == sorted(each["at"] for each in found)

    def test_of_selected_events_the_newest_are_shown(self, rig: CliRig, bench: Bench) -> None:
        archived_and_ready(bench)
        [*_, last] = rig.json("events", "--h2o", "SC011")

        assert rig.json("events", "--h2o", "SC011", "--limit", "1") == [last]
        rig.now = NOON + timedelta(hours=2)
        assert rig.json("events", "--h2o", "SC011", "--since", "1h") == []

    @pytest.mark.parametrize("command", ["list", "retry", "hold", "release", "accept", "events"])
    def test_every_command_that_selects_takes_the_same(self, rig: CliRig, command: str) -> None:
        shown = rig.type_plainly(command, "--help").stdout
        dates = (
            ("--recorded-since", "--recorded-until")
            if command == "events"
            else ("--since", "--until")
        )

        options = ("--subject", "--h2o", "--location, --type", "--date", "--file-type", "--state")
        assert all(each in shown for each in (*options, "--convention", *dates))
        assert "[NAME|PATTERN]..." in shown

    @pytest.mark.parametrize(
        ("day", "said"),
        [
            ("2019-02-30", "a day that never was"),
            ("022319", "the year goes first"),
            ("02/23/2019", "the year goes first"),
            ("23.2.2019", "the year goes first"),
            ("soon", "is no day such as"),
        ],
    )
    def test_what_is_no_day_is_told_and_never_guessed(
        self, rig: CliRig, bench: Bench, day: str, said: str
    ) -> None:
        result = rig.type("list", "--date", day)

        assert result.exit_code == 2
        assert said in result.stderr

    def test_days_in_the_wrong_order_are_told(self, rig: CliRig, bench: Bench) -> None:
        result = rig.type("list", "--since", "2019-03-01", "--until", "2019-02-01")

        assert result.exit_code == 2
        assert "the first day has to come first" in result.stderr

    def test_a_location_that_is_not_configured_is_told(self, rig: CliRig, bench: Bench) -> None:
        result = rig.type("list", "--type", "ephys-raw-neuropixels-ap-bin")

        assert result.exit_code == 0
        assert "no location ephys-raw-neuropixels-ap-bin" in result.stderr
        assert "--file-type" in result.stderr


class TestStatus:
    def test_where_nobody_speaks_of_subjects_nobody_misses_them(
        self, rig: CliRig, bench: Bench
    ) -> None:
        archived_and_ready(bench)

        assert rig.json("status")["unknown_subjects"] == []
        assert "subject" not in rig.said("status")

    def test_animals_without_a_subject_are_told_where_some_are_known(
        self, rig: CliRig, bench: Bench
    ) -> None:
        archived_and_ready(bench)
        rig.said("subjects", "add", "1", "SC099")

        view = rig.json("status")

        fits(view, "status")
        assert view["unknown_subjects"] == ["SC011"]
        assert "No subject is known for SC011\n  ▶ `archivedctl subjects add" in rig.said("status")

        rig.said("subjects", "add", "407513", "SC011")
        assert rig.json("status")["unknown_subjects"] == []

    def test_no_number_is_told_that_nobody_counted(self, rig: CliRig, bench: Bench) -> None:
        for animal in (f"SC{number:03}" for number in range(102)):
            path = f"{animal}/catgt_{animal}_022319_g0"
            file = file_stat(f"{path}/a.bin", 1)
            found = replace(recording(path), h2o=animal)
            seen = FolderSighting(ROOT, LOCATION, found, path, 1, (), ((file, FILE_TYPE),))
            bench.store.sight([seen], bench.now)
        rig.said("subjects", "add", "1", "dl4")

        assert len(rig.json("status")["unknown_subjects"]) == 100
        assert "SC009 and at least 90 more\n" in rig.said("status")
        assert len(rig.json("subjects", "list", "--unknown")) == 102

    def test_and_where_they_are_configured(self, rig: CliRig, bench: Bench) -> None:
        archived_and_ready(bench)
        configure(rig, "only_known = yes")

        assert rig.json("status")["unknown_subjects"] == ["SC011"]


class TestWhy:
    def recorded(self, rig: CliRig) -> Path:
        folder = rig.root / "SC011" / "02232019" / "video"
        for _ in programs.tracking_video(folder, "SC011", "side", trials=1, blocks=1):
            pass
        for path in [*folder.rglob("*"), folder]:
            os.utime(path, (NOON.timestamp(), NOON.timestamp()))
        rig.now = NOON + timedelta(hours=1)
        return folder

    def test_a_recording_of_an_unknown_animal_waits_for_its_subject(
        self, rig: CliRig, bench: Bench
    ) -> None:
        folder = self.recorded(rig)
        file = listed(rig, "subject_id,h2o\n1,SC099\n", "only_known = yes")

        view = rig.json("why", str(folder))

        fits(view, "why")
        assert view["finished"]
        assert "no subject is known for 'SC011'" in view["reason"]
        assert str(file) in view["reason"]

        file.write_text(LIST)
        assert "subject" not in rig.json("why", str(folder))["reason"]

    def test_otherwise_nothing_is_said_of_it(self, rig: CliRig, bench: Bench) -> None:
        folder = self.recorded(rig)

        assert "subject" not in rig.json("why", str(folder))["reason"]

    def test_without_a_store_nobody_is_known(self, rig: CliRig) -> None:
        folder = self.recorded(rig)
        configure(rig, "only_known = yes")

        assert "subjects add SUBJECT_ID SC011" in rig.json("why", str(folder))["reason"]


class TestCheck:
    def found(self, rig: CliRig, *, code: int) -> list[tuple[str, str]]:
        view = rig.json("check", "--offline", code=code)
        fits(view, "check")
        return [
            (each["level"], each["what"]) for each in view["findings"] if each["area"] == "subjects"
        ]

    def test_the_list_is_looked_at(self, rig: CliRig, bench: Bench) -> None:
        assert self.found(rig, code=0) == []
        file = listed(rig)
        assert self.found(rig, code=0) == [("ok", f"{file} names 1 animal")]

        file.write_text("subject_id,h2o\n")
        assert self.found(rig, code=0) == [("warn", f"{file} names no animal")]

        file.write_text(LIST + "1,\n2,no\n")
        bad, worse, good = self.found(rig, code=3)
        assert bad == ("fail", f"{file}, line 3: h2o is empty")
        assert worse[0] == "fail"
        assert good == ("ok", f"{file} names 1 animal")

        file.unlink()
        [(level, what)] = self.found(rig, code=3)
        assert level == "fail"
        assert "cannot be read" in what


class TestCompletion:
    def completed(self, rig: CliRig, *words: str) -> list[str]:
        environ = {
            **os.environ,
            "_ARCHIVEDCTL_COMPLETE": "bash_complete",
            "ARCHIVED_CONFIG": str(rig.configuration),
            "COMP_WORDS": " ".join(["archivedctl", *words]),
            "COMP_CWORD": str(len(words)),
        }
        done = subprocess.run(
            rig.program[:3],
            env=environ,
            capture_output=True,
            text=True,
            check=False,
            cwd=Path(__file__).parents[2],
        )
        assert done.stderr == ""
        return [line.partition(",")[2] for line in done.stdout.splitlines()]

    def test_animals_and_numbers_complete(self, rig: CliRig, bench: Bench) -> None:
        archived_and_ready(bench)
        bench.store.import_subjects([Subject("407513", "dl4")], NOON)

        assert self.completed(rig, "subjects", "l") == ["list"]
        assert self.completed(rig, "list", "--subject", "40") == ["407513"]
        assert self.completed(rig, "list", "--h2o", "SC") == ["SC011"]
        assert self.completed(rig, "subjects", "remove", "d") == ["dl4"]


@pytest.mark.parametrize("name", ["list", "import", "add", "remove"])
def test_each_of_them_explains_itself(rig: CliRig, name: str) -> None:
    result = rig.type_plainly("subjects", name, "--help")

    assert result.exit_code == 0
    assert "--json" in result.stdout
    assert f"Examples:\n    archivedctl subjects {name}" in result.stdout
    assert max(len(line) for line in result.stdout.splitlines()) <= 100


def test_an_error_is_json_where_json_was_asked_for(rig: CliRig) -> None:
    result = rig.type("subjects", "list", "--json")

    assert result.exit_code == 1
    fits(json.loads(result.stdout), "error")
