"""Values of the store as the objects of `--json` (docs/json.md); the texts of the commands are drawn from these."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from archived.cli.times import iso
from archived.core.model import Alarm, Batch, Dataset, DatasetFile, Event, Unrecognised

if TYPE_CHECKING:
    from archived.config import Configuration
    from archived.core.verifying import Verification
    from archived.store import Pause
    from archived.transfer.globus_session import Identity

View = dict[str, Any]

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def dataset_view(dataset: Dataset) -> View:
    """One object of `list`."""
    return {
        "name": dataset.name,
        "location": dataset.location,
        "convention": dataset.convention,
        "h2o": dataset.h2o,
        "subject": dataset.subject,
        "date": dataset.date.isoformat() if dataset.date else None,
        "ident": dataset.ident,
        "state": str(dataset.state),
        "reason": dataset.reason,
        "files": dataset.files,
        "bytes": dataset.bytes,
        "revision": dataset.revision,
        "first_seen": iso(dataset.first_seen),
        "archived_at": iso(dataset.archived_at),
        "state_since": iso(dataset.state_since),
        "attempts": dataset.attempts,
        "due": iso(dataset.due),
        "rig": dataset.rig,
    }


def file_view(file: DatasetFile, verification: Verification | None = None) -> View:
    """One of the files of `show`."""
    return {
        "path": file.path,
        "file_type": file.file_type,
        "size": file.size,
        "mtime": mtime(file.mtime_ns),
        "state": str(file.state),
        "reason": file.reason,
        "checksum": file.checksum.value if file.checksum else None,
        "checksum_algorithm": file.checksum.algorithm if file.checksum else None,
        "proof": file.proof or None,
        "archived_at": iso(file.archived_at),
        "batch": file.batch,
        "verified": None if verification is None else verification_view(verification),
    }


def verification_view(verification: Verification) -> View:
    """The last look at the archive's copy of a file."""
    return {
        "at": iso(verification.at),
        "how": str(verification.how),
        "verdict": str(verification.verdict),
        "content_at": iso(verification.content_at),
        "content": str(verification.content) if verification.content else None,
    }


def event_view(event: Event) -> View:
    """One event; `show` leaves out the name."""
    return {
        "dataset": event.dataset,
        "at": iso(event.at),
        "before": str(event.before) if event.before else None,
        "after": str(event.after),
        "move": str(event.move) if event.move else None,
        "why": event.why,
    }


def batch_view(batch: Batch) -> View:
    """One of the transfers of `status`, and of the batches of `show`."""
    left = batch.bytes - batch.bytes_done
    return {
        "batch": batch.id,
        "task_id": batch.task_id,
        "direction": str(batch.direction),
        "location": batch.location,
        "state": str(batch.state),
        "files": batch.files,
        "bytes": batch.bytes,
        "files_done": batch.files_done,
        "bytes_done": batch.bytes_done,
        "rate": batch.rate,
        "eta_seconds": round(left / batch.rate) if batch.rate and left >= 0 else None,
        "since": iso(batch.created_at),
        "attempts": batch.attempts,
        "nice_status": batch.nice_status,
        "reason": batch.reason,
    }


def alarm_view(alarm: Alarm) -> View:
    """One of the alarms of `status`."""
    return {
        "key": alarm.key,
        "message": alarm.message,
        "what_to_do": alarm.what_to_do,
        "since": iso(alarm.since),
    }


def unrecognised_view(unrecognised: Unrecognised) -> View:
    """One of the unrecognised of `status`."""
    return {
        "path": unrecognised.path,
        "why": unrecognised.why,
        "nearest": unrecognised.nearest or None,
    }


def pause_view(pause: Pause | None) -> View | None:
    """A pause of the transfers, or None."""
    if pause is None:
        return None
    return {"why": pause.why, "since": iso(pause.since), "until": iso(pause.until)}


def identity_view(configuration: Configuration, identity: Identity) -> View:
    """Who is logged in."""
    kind = "service account" if configuration.globus.service_account else "person"
    return {"username": identity.username, "id": identity.id, "kind": kind}


def mtime(nanoseconds: int) -> str | None:
    """The time of a file in ISO 8601, to the microsecond; None for one that no calendar has."""
    try:
        moment = _EPOCH + timedelta(microseconds=nanoseconds // 1000)
    except OverflowError:
        return None
    return moment.isoformat().replace("+00:00", "Z")
