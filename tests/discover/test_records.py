"""An archive with records of its own is known exactly again, over a real mover."""

from __future__ import annotations

import threading
from datetime import UTC, datetime

from archived.core.discovery import Kind
from archived.core.lifecycle import State
from archived.core.model import Checksum, FileState
from archived.core.record_json import to_json
from archived.core.records import Record, RecordedFile, RecordedReceipt, record_path
from tests.discover.bench import PROBE, RUN, Bench

LONG_AGO = datetime(2019, 2, 23, 12, tzinfo=UTC)
SIZES = {"ap.bin": 40, "ap.meta": 9, "lf.bin": 4, "lf.meta": 9}


def record(*more: RecordedFile) -> Record:
    """What was archived of the run."""
    files = [
        RecordedFile(
            path=f"{PROBE}/SC011_022319_g0_t0.imec0.{name}",
            size=size,
            mtime_ns=999_000_000_001,
            file_type="unknown",
            receipt=RecordedReceipt("re-read", LONG_AGO, Checksum("SHA256", f"{size:064x}")),
        )
        for name, size in SIZES.items()
    ]
    return Record(
        location="raw-ephys",
        path=RUN,
        convention="spikeglx",
        revision=2,
        rig="rig-1",
        first_seen=LONG_AGO,
        archived_at=LONG_AGO,
        files=(*files, *more),
    )


def tell(archive: Bench, data: bytes) -> None:
    """Put the record into the archive."""
    file = archive.archive / "ephys" / record_path(RUN)
    file.parent.mkdir(parents=True)
    file.write_bytes(data)


def test_checksums_times_and_revision_are_known_again(archive: Bench) -> None:
    archive.put_run()
    tell(archive, to_json(record()))

    outcome = archive.discover()

    assert list(outcome.problems) == []
    dataset = archive.datasets()[f"raw-ephys/{RUN}"]
    assert (dataset.state, dataset.revision, dataset.archived_at) == (State.ARCHIVED, 2, LONG_AGO)
    file = archive.files(f"raw-ephys/{RUN}")["SC011_022319_g0_t0.imec0.ap.bin"]
    assert file.archived_mtime_ns == 999_000_000_001
    assert (file.checksum, file.proof) == (Checksum("SHA256", f"{40:064x}"), "record")


def test_what_only_the_record_has_is_missing(archive: Bench) -> None:
    archive.put_run()
    lost = RecordedFile(path=f"{PROBE}/lost.bin", size=3, mtime_ns=None, file_type="unknown")
    tell(archive, to_json(record(lost)))

    outcome = archive.discover()

    assert archive.paths(outcome, Kind.CATALOGUE) == [f"{PROBE}/lost.bin"]
    assert archive.files(f"raw-ephys/{RUN}")["lost.bin"].state is FileState.MISSING
    assert archive.alarms() == ["missing:raw-ephys"]


def test_a_record_that_cannot_be_read_is_told_of_and_not_written_over(archive: Bench) -> None:
    archive.put_run()
    tell(archive, b"{ half a rec")

    outcome = archive.discover()

    [problem] = outcome.problems
    assert problem.path == record_path(RUN)
    assert archive.datasets()[f"raw-ephys/{RUN}"].state is State.ARCHIVED
    with archive.store() as store:
        assert store.record_note(store.dataset(f"raw-ephys/{RUN}").id) is None


def test_a_record_that_tells_of_files_of_another_dataset_is_not_believed(archive: Bench) -> None:
    archive.put_run()
    other = RecordedFile(path="SC012/x.bin", size=3, mtime_ns=None, file_type="unknown")
    tell(archive, to_json(record(other)))

    outcome = archive.discover()

    [problem] = outcome.problems
    assert problem.why == "it tells of files outside of its dataset"
    assert set(archive.files(f"raw-ephys/{RUN}")) == {
        f"SC011_022319_g0_t0.imec0.{name}" for name in SIZES
    }
    assert archive.alarms() == []


def test_records_are_not_asked_for_twice(globus: Bench) -> None:
    globus.put_run()
    tell(globus, to_json(record()))
    globus.discover()
    assert globus.globus is not None
    tasks = len(globus.globus.tasks())

    globus.discover()

    assert tasks == len(globus.globus.tasks()) == 1


def test_what_was_stopped_while_records_came_is_not_complete(directory: Bench) -> None:
    directory.put_run()
    tell(directory, to_json(record()))
    stop = threading.Event()

    class Stopping(list[object]):
        def append(self, _told: object) -> None:
            stop.set()

    directory.stop, directory.told = stop, Stopping()  # type: ignore[assignment]
    assert not directory.discover().complete
    directory.stop, directory.told = threading.Event(), []
    assert directory.discover().complete
    assert directory.datasets()[f"raw-ephys/{RUN}"].revision == 2
