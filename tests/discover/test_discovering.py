"""What is in an archive is found, and what it lost, over a real mover."""

from __future__ import annotations

import shutil

from archived.core.discovery import Kind
from archived.core.lifecycle import State
from archived.core.model import FileState
from tests.discover.bench import CATGT, PROBE, RUN, VIDEO, Bench


def test_an_empty_catalogue_is_filled(archive: Bench) -> None:
    archive.put_run()
    archive.put(f"{CATGT}/catgt_SC011_022319_g0_tcat.imec0.ap.bin", 7)

    outcome = archive.discover()

    assert outcome.complete
    assert archive.counts(outcome) == {Kind.ARCHIVE: 5, Kind.UNRECOGNISED: 1}
    found = archive.datasets()
    assert set(found) == {f"raw-ephys/{RUN}", f"raw-ephys/{CATGT}"}
    assert {each.state for each in found.values()} == {State.ARCHIVED}
    run = found[f"raw-ephys/{RUN}"]
    assert (run.h2o, run.convention, run.files, run.bytes) == ("SC011", "spikeglx", 4, 62)


def test_files_have_sizes_types_and_times(archive: Bench) -> None:
    archive.put_run()

    archive.discover()

    file = archive.files(f"raw-ephys/{RUN}")["SC011_022319_g0_t0.imec0.ap.bin"]
    assert (file.size, file.file_type, file.mtime_ns) == (
        40,
        "ephys-raw-neuropixels-ap-bin",
        1_000 * 10**9,
    )
    assert (file.state, file.proof) == (FileState.ARCHIVED, "listing")


def test_each_location_gets_its_own(archive: Bench) -> None:
    archive.put_run()
    archive.put(f"{VIDEO}/SC011_side_001-0000.avi", 20, location="video")

    archive.discover("raw-video")

    assert set(archive.datasets()) == {f"raw-video/{VIDEO}"}


def test_a_second_time_both_have_everything(archive: Bench) -> None:
    archive.put_run()
    archive.discover()

    outcome = archive.discover()

    assert outcome.discovery.in_both == 4
    assert archive.counts(outcome) == {Kind.UNRECOGNISED: 1}


def test_what_lies_below_a_path_is_all_that_is_looked_at(archive: Bench) -> None:
    archive.put_run()
    archive.put("SC022/SC022_030319_g0/SC022_030319_g0_t0.nidq.bin")

    archive.discover(below="SC022")

    assert set(archive.datasets()) == {"raw-ephys/SC022/SC022_030319_g0"}


def test_a_part_of_a_dataset_may_be_looked_at(archive: Bench) -> None:
    archive.put_run()
    archive.discover(below=PROBE)
    assert archive.datasets()[f"raw-ephys/{RUN}"].files == 4


def test_our_own_folder_is_no_recording(archive: Bench) -> None:
    archive.put(f".archived/v1/{RUN}/record.json")

    outcome = archive.discover()

    assert archive.paths(outcome, Kind.UNRECOGNISED) == ["README"]
    assert archive.datasets() == {}


def test_what_no_convention_knows_is_told_of_with_the_reason(archive: Bench) -> None:
    archive.put("4Electrode/notes.txt")
    archive.put("SC011/notes.txt")
    archive.put("SC011/catgt_SC011_0223_g0/a.bin")

    outcome = archive.discover()

    assert archive.paths(outcome, Kind.UNRECOGNISED) == [
        "4Electrode",
        "README",
        "SC011/catgt_SC011_0223_g0",
        "SC011/notes.txt",
    ]
    assert outcome.discovery.unrecognised == 4
    with archive.store() as store:
        reasons = {
            each.path: each.reason
            for each in store.findings(outcome.discovery.id, Kind.UNRECOGNISED, 9)
        }
    assert "a date written MMDDYY was expected" in reasons["SC011/catgt_SC011_0223_g0"]


def test_a_dry_run_leaves_the_catalogue_as_it_is(archive: Bench) -> None:
    archive.put_run()

    outcome = archive.discover(dry_run=True)

    assert archive.counts(outcome) == {Kind.ARCHIVE: 4, Kind.UNRECOGNISED: 1}
    assert archive.datasets() == {}


class TestWhatTheArchiveLost:
    def test_is_a_state_and_an_alarm_until_it_is_found_again(self, archive: Bench) -> None:
        archive.put_run()
        archive.discover()
        lost = archive.archive / "ephys" / PROBE / "SC011_022319_g0_t0.imec0.ap.meta"
        lost.unlink()

        outcome = archive.discover()

        assert archive.counts(outcome) == {Kind.CATALOGUE: 1, Kind.UNRECOGNISED: 1}
        dataset = archive.datasets()[f"raw-ephys/{RUN}"]
        assert dataset.state is State.FAILED
        assert "ap.meta is not in the archive any more" in dataset.reason
        assert archive.files(f"raw-ephys/{RUN}")[lost.name].state is FileState.MISSING
        assert archive.alarms() == ["missing:raw-ephys"]

        archive.put(f"{PROBE}/{lost.name}", 9)
        outcome = archive.discover()

        assert archive.counts(outcome) == {Kind.FOUND: 1, Kind.UNRECOGNISED: 1}
        assert archive.datasets()[f"raw-ephys/{RUN}"].state is State.ARCHIVED
        assert archive.alarms() == []

    def test_may_be_whole_folders(self, archive: Bench) -> None:
        archive.put_run()
        archive.put(f"{CATGT}/a.bin")
        archive.discover()
        shutil.rmtree(archive.archive / "ephys" / "SC011")

        outcome = archive.discover()

        assert archive.counts(outcome)[Kind.CATALOGUE] == 5
        assert {each.state for each in archive.datasets().values()} == {State.FAILED}

    def test_may_have_another_size_now(self, archive: Bench) -> None:
        archive.put_run()
        archive.discover()
        archive.put(f"{PROBE}/SC011_022319_g0_t0.imec0.ap.bin", 39)

        outcome = archive.discover()

        assert archive.counts(outcome) == {Kind.DIFFERENT: 1, Kind.UNRECOGNISED: 1}
        assert archive.datasets()[f"raw-ephys/{RUN}"].state is State.FAILED

    def test_is_not_everything_where_the_archive_is_empty(self, archive: Bench) -> None:
        """More likely its disk is not mounted."""
        archive.put_run()
        archive.discover()
        shutil.rmtree(archive.archive / "ephys")
        (archive.archive / "ephys").mkdir()

        outcome = archive.discover()

        assert outcome.empty
        assert archive.counts(outcome) == {Kind.CATALOGUE: 4}
        assert archive.datasets()[f"raw-ephys/{RUN}"].state is State.ARCHIVED
        assert archive.alarms() == ["archive:raw-ephys"]

        archive.put_run()
        assert not archive.discover().empty
        assert archive.alarms() == []
