"""Makes the record of a dataset out of what the store knows of it."""

from __future__ import annotations

import platform
from collections.abc import Mapping, Sequence

from archived import __version__
from archived.core.model import Dataset, DatasetFile, Event
from archived.core.records import Record, RecordedEvent, RecordedFile, RecordedReceipt
from archived.store import Digest

SHA256 = "SHA256"

NOT_YET = "it was not computed yet"
NEVER_OURS = "the file was found in the archive; this catalogue did not send it"


def programs() -> Mapping[str, str]:
    """The releases of what runs here, by name."""
    return {"archived": __version__, "python": platform.python_version()}


def record_of(
    dataset: Dataset,
    files: Sequence[DatasetFile],
    digests: Mapping[int, Digest],
    events: Sequence[Event],
    *,
    host: str | None,
    programs: Mapping[str, str],
) -> Record:
    """The record of a dataset as it was last archived; of its files those that are in the archive."""
    return Record(
        location=dataset.location,
        path=dataset.path,
        convention=dataset.convention,
        revision=dataset.revision,
        rig=dataset.rig,
        host=host,
        programs=programs,
        h2o=dataset.h2o,
        subject=dataset.subject,
        date=dataset.date,
        ident=dataset.ident,
        fields=dataset.fields,
        first_seen=dataset.first_seen,
        archived_at=dataset.archived_at,
        files=tuple(_file(each, digests) for each in archived_files(files)),
        events=tuple(
            RecordedEvent(each.at, _word(each.before), str(each.after), each.why) for each in events
        ),
    )


def archived_files(files: Sequence[DatasetFile]) -> list[DatasetFile]:
    """The files that have a receipt."""
    return [each for each in files if each.archived_size is not None]


def without_digest(
    files: Sequence[DatasetFile], digests: Mapping[int, Digest]
) -> list[DatasetFile]:
    """The files whose SHA-256 is to be computed on the rig, as nobody has told it yet."""
    return [
        each
        for each in archived_files(files)
        if each.archived_mtime_ns is not None
        and _told(each) is None
        and _digest(each, digests) is None
    ]


def _file(file: DatasetFile, digests: Mapping[int, Digest]) -> RecordedFile:
    assert file.archived_size is not None
    sha256, why = _sha256(file, digests)
    receipt = RecordedReceipt(file.proof, file.archived_at, file.checksum) if file.proof else None
    return RecordedFile(
        path=file.path,
        size=file.archived_size,
        mtime_ns=_mtime_ns(file) or None,
        file_type=file.file_type,
        sha256=sha256,
        without_sha256=why,
        program_checksum=file.external_checksum,
        receipt=receipt,
    )


def _sha256(file: DatasetFile, digests: Mapping[int, Digest]) -> tuple[str | None, str]:
    """The SHA-256, or why there is none."""
    if (told := _told(file)) is not None:
        return told, ""
    if (digest := _digest(file, digests)) is not None:
        return digest.sha256, digest.why
    return None, NEVER_OURS if file.archived_mtime_ns is None else NOT_YET


def _told(file: DatasetFile) -> str | None:
    """What the receipt says, where it is of that kind."""
    checksum = file.checksum
    if checksum is None or checksum.algorithm.upper() != SHA256 or len(checksum.value) != 64:
        return None
    return checksum.value.lower()


def _digest(file: DatasetFile, digests: Mapping[int, Digest]) -> Digest | None:
    """What is known of the very content that was archived."""
    digest = digests.get(file.id)
    if digest is None or (digest.size, digest.mtime_ns) != (file.archived_size, _mtime_ns(file)):
        return None
    return digest


def _mtime_ns(file: DatasetFile) -> int:
    return file.mtime_ns if file.archived_mtime_ns is None else file.archived_mtime_ns


def _word(state: object) -> str | None:
    return None if state is None else str(state)
