"""What a person sees of what the archive is told: `record`, `show`, `status` and `check`."""

from __future__ import annotations

import json

import pytest

from archived.core.manifest import parse_manifest
from archived.core.record_json import from_json
from archived.core.records import RecordState
from archived.store import Digest
from tests.cli.contract import fits
from tests.cli.rigs import G0, G1, HOSTILE, CliRig, archived_and_ready
from tests.store.bench import Bench


@pytest.fixture
def told(bench: Bench) -> Bench:
    """One dataset that is archived, with the SHA-256 of one of its files, and one that is ready."""
    archived_and_ready(bench)
    file = bench.files()["a.ap.bin"]
    assert file.archived_mtime_ns is not None
    bench.store.note_digests({file.id: Digest(file.size, file.archived_mtime_ns, "5" * 64)})
    return bench


def test_record_prints_what_the_archive_is_told(rig: CliRig, told: Bench) -> None:
    result = rig.type("record", G0)
    assert result.exit_code == 0
    record = from_json(result.stdout_bytes)
    assert record.dataset == G0
    assert {each.path.rpartition("/")[2]: each.sha256 for each in record.files} == {
        "a.ap.bin": "5" * 64,
        "a.ap.meta": None,
    }
    assert "was not told yet" in result.stderr
    fits(rig.json("record", G0), "record")
    assert rig.json("record", G0) == json.loads(result.stdout)


def test_record_prints_a_manifest_that_sha256sum_reads(rig: CliRig, told: Bench) -> None:
    result = rig.type("record", G0, "--manifest")
    path = G0.partition("/")[2]
    assert parse_manifest(result.stdout_bytes) == {f"{path}/a.ap.bin": "5" * 64}
    assert rig.type("record", G0, "--manifest", "--json").exit_code == 2


def test_record_says_when_the_archive_has_it(rig: CliRig, told: Bench) -> None:
    note = told.store.record_note(told.dataset().id)
    assert note is not None
    told.store.set_record(note, RecordState.PROVED)
    assert f".archived/v1/{G0.partition('/')[2]}/record.json" in rig.type("record", G0).stderr


def test_of_what_is_not_archived_there_is_nothing_to_tell(rig: CliRig, told: Bench) -> None:
    result = rig.type("record", G1)
    assert result.exit_code == 1
    assert "nothing of it" in result.stderr or "nothing of raw-ephys" in result.stderr
    assert result.stdout == ""


def test_a_hostile_name_is_printed_so_that_it_can_be_read_back(rig: CliRig, bench: Bench) -> None:
    bench.ready("a.ap.bin", dataset=HOSTILE)
    bench.archive(HOSTILE)
    result = rig.type("record", f"raw-ephys/{HOSTILE}")
    assert result.stdout.isascii()
    assert "\x1b" not in result.stdout + result.stderr
    assert from_json(result.stdout_bytes).path == HOSTILE


def test_show_and_status_say_how_far_the_archive_was_told(rig: CliRig, told: Bench) -> None:
    assert rig.json("show", G0)["record"] == {"state": "owed", "reason": ""}
    assert rig.json("show", G1)["record"] is None
    assert rig.json("status")["records"] == {"outstanding": 1, "kept": 0}
    note = told.store.record_note(told.dataset().id)
    assert note is not None
    told.store.set_record(note, RecordState.KEPT, reason="no spool")
    assert "stays in the store: no spool" in rig.said("show", G0)
    assert rig.json("status")["records"] == {"outstanding": 0, "kept": 1}
    fits(rig.json("show", G0), "show")
    fits(rig.json("status"), "status")


def configure(rig: CliRig, line: str) -> None:
    """Add a line to `[archived]`."""
    text = rig.configuration.read_text()
    rig.configuration.write_text(text.replace("quiet_time =", f"{line}\nquiet_time =", 1))


def findings(rig: CliRig) -> list[dict[str, str]]:
    """What `check` says about records."""
    result = rig.type("check", "--offline", "--json")
    return [each for each in json.loads(result.stdout)["findings"] if each["area"] == "records"]


def test_check_says_by_which_folder_records_go(rig: CliRig, told: Bench) -> None:
    configure(rig, f"spool = {rig.base}/spool")
    (found,) = findings(rig)
    assert found["level"] == "ok"
    assert str(rig.base / "spool") in found["what"]


def test_check_warns_of_a_collection_that_does_not_export_the_spool(
    rig: CliRig, told: Bench
) -> None:
    text = rig.configuration.read_text()
    collection = "5b875fda-4185-11e8-bb52-0ac6873fc732"
    text = text.replace(f"archive = {rig.base}/archive/ephys", f"archive = {collection}:/ephys")
    text = text.replace(
        "[globus]\n",
        f"[globus]\nlocal_endpoint = {collection[:-1]}3\nlocal_endpoint_subdir = elsewhere\n"
        "client_id = 00000000-0000-0000-0000-000000000000\n",
    )
    rig.configuration.write_text(text)
    configure(rig, f"spool = {rig.base}/spool")
    found = {each["level"]: each for each in findings(rig)}
    assert "manifests and records of raw-ephys stay in the store" in found["warn"]["what"]
    assert "does not export" in found["warn"]["what"]
    assert "spool" in found["warn"]["what_to_do"]
    assert found["ok"], "raw-video goes to a directory"


def test_check_warns_of_records_that_stay_for_other_reasons(rig: CliRig, told: Bench) -> None:
    note = told.store.record_note(told.dataset().id)
    assert note is not None
    told.store.set_record(note, RecordState.KEPT, reason="it is another rig's")
    assert any("1 record of raw-ephys cannot go" in each["what"] for each in findings(rig))


def test_check_warns_of_a_spool_that_cannot_be_written(rig: CliRig, told: Bench) -> None:
    (rig.base / "file").write_text("")
    configure(rig, f"spool = {rig.base}/file/spool")
    (found,) = findings(rig)
    assert found["level"] == "warn"
    assert "cannot be written" in found["what"]


def test_switched_off_nobody_misses_anything(rig: CliRig, told: Bench) -> None:
    configure(rig, "records = no")
    (found,) = findings(rig)
    assert found["level"] == "ok"
    assert rig.json("status")["records"] is None
    assert rig.json("show", G0)["record"] is None
