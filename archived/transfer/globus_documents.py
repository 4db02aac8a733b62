"""Globus' documents: the one that begins a transfer is built here, those that come back are read here.

Nothing here talks to anybody; a document is what `json.loads` makes of it. Keys that may be missing or null are
taken so, because what Globus sends has grown over the years and differs by the state of a task.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from archived.core.model import Checksum, Receipt
from archived.ports import (
    Entry,
    EntryType,
    Fault,
    TaskReport,
    TaskState,
    TransferItem,
    TransferOrder,
)
from archived.transfer.ends import Ends, sound

Document = Mapping[str, Any]

LONGEST_LABEL = 128
_SYNC_BY_CHECKSUM = 3
"""The only level with which a transfer that broke off may be begun again without damage."""

_CONTROL = re.compile(r"[\x00-\x1f\x7f]+")
_UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)


def submission(
    order: TransferOrder,
    ends: Ends,
    *,
    fail_on_quota_errors: bool,
    encrypt: bool,
    external_checksums: bool,
) -> bytes:
    """The body of the request that begins a transfer.

    Plain dictionaries, because building it through the library takes twenty times as long and a batch may have
    ten thousand files. Raises `TransferRefusedError` for a path that must not be sent.
    """
    document = {
        "DATA_TYPE": "transfer",
        "submission_id": order.submission_id,
        "label": sound_label(order.label),
        "source_endpoint": ends.source.collection,
        "destination_endpoint": ends.destination.collection,
        "deadline": order.deadline.astimezone(UTC).isoformat(timespec="seconds"),
        "sync_level": _SYNC_BY_CHECKSUM,
        "verify_checksum": True,
        "preserve_timestamp": True,
        "encrypt_data": encrypt,
        "fail_on_quota_errors": fail_on_quota_errors,
        "skip_source_errors": False,
        "delete_destination_extra": False,
        "notify_on_succeeded": False,
        "notify_on_failed": False,
        "notify_on_inactive": False,
        "DATA": list(_items(order.items, ends, external_checksums)),
    }
    return json.dumps(document, separators=(",", ":"), ensure_ascii=False).encode()


def _items(
    items: Iterable[TransferItem], ends: Ends, external_checksums: bool
) -> Iterable[dict[str, Any]]:
    source, destination = ends.source.base + "/", ends.destination.base + "/"
    for item in items:
        path = sound(item.path)
        document = {
            "DATA_TYPE": "transfer_item",
            "source_path": source + path,
            "destination_path": destination + path,
            "recursive": False,
        }
        if external_checksums and item.external_checksum is not None:
            document["external_checksum"] = item.external_checksum.value
            document["checksum_algorithm"] = item.external_checksum.algorithm
        yield document


def sound_label(label: str) -> str:
    """The label as Globus takes it: one line of at most 128 characters. The end is kept, it has the batch id."""
    return _CONTROL.sub(" ", label)[-LONGEST_LABEL:].strip()


def batch_of(label: str) -> str | None:
    """The batch id in a label, in lower case: the last UUID in it. None where there is none."""
    found = _UUID.findall(label)
    return found[-1].lower() if found else None


def is_of_batch(task: Document, label: str) -> bool:
    """Whether a task of ours carries the very batch that the label names."""
    theirs = str(task.get("label") or "")
    batch = batch_of(label)
    return batch_of(theirs) == batch if batch else theirs == sound_label(label)


def needs_events(task: Document) -> bool:
    """Whether the task's events are worth a request of their own."""
    return task.get("status") == "FAILED" or task.get("is_ok") is False or bool(task.get("faults"))


def task_state(task: Document) -> TaskState:
    """What the task's document says of its state."""
    match task.get("status"):
        case "SUCCEEDED":
            return TaskState.SUCCEEDED
        case "FAILED":
            return TaskState.FAILED
        case "INACTIVE":
            return TaskState.SUSPENDED
        case _ if task.get("is_paused"):
            return TaskState.SUSPENDED
        case _ if task.get("nice_status") == "Queued":
            return TaskState.QUEUED
        case _:
            return TaskState.ACTIVE


def task_report(
    task: Document, *, faults: Sequence[Fault], skipped: Sequence[Fault], pause: str
) -> TaskReport:
    """The task's document, with what else was asked about it, as the daemon understands it."""
    state = task_state(task)
    under_way = state not in (TaskState.SUCCEEDED, TaskState.FAILED)
    return TaskReport(
        state=state,
        nice_status=pause or _nice_status(task),
        faulty=under_way and task.get("is_ok") is False,
        files_done=_number(task, "files_transferred") + _number(task, "files_skipped"),
        bytes_done=_number(task, "bytes_transferred"),
        rate=float(_number(task, "effective_bytes_per_second")) if under_way else None,
        faults=faults,
        skipped=skipped,
    )


def _nice_status(task: Document) -> str:
    words = str(task.get("nice_status") or "")
    if words in ("", "OK"):
        return ""
    short = str(task.get("nice_status_short_description") or "")
    return words if short.casefold() in ("", words.casefold()) else f"{words}: {short}"


def pause_words(pause: Document) -> str:
    """What administrators say about a pause, in one line."""
    messages = [pause.get("source_pause_message"), pause.get("destination_pause_message")]
    messages += [rule.get("message") for rule in pause.get("pause_rules") or ()]
    said = dict.fromkeys(str(message) for message in messages if message)
    return "paused by an administrator" + "".join(f": {message}" for message in said)


def receipt(row: Document, ends: Ends) -> Receipt | None:
    """One line of the list of successful transfers; None for what is not below our folders.

    Globus leaves a path null where it may not show it; one of the two is enough.
    """
    path = _path_of(row, ends)
    if path is None and ends.source.collection == ends.destination.collection:
        path = _path_of(row, Ends(ends.destination, ends.source))
    if path is None:
        return None
    checksum, algorithm = row.get("checksum"), row.get("checksum_algorithm")
    return Receipt(
        path,
        _number(row, "size"),
        Checksum(str(algorithm).upper(), str(checksum).lower()) if checksum and algorithm else None,
        "successful transfers",
    )


def _path_of(row: Document, ends: Ends) -> str | None:
    source = ends.source.relative(row.get("source_path"))
    return source or ends.destination.relative(row.get("destination_path"))


_ENTRY_TYPES = {"file": EntryType.FILE, "dir": EntryType.FOLDER}


def entry(document: Document) -> Entry:
    """One file or folder as a listing or a look shows it."""
    return Entry(
        name=str(document.get("name") or ""),
        type=_ENTRY_TYPES.get(str(document.get("type")), EntryType.OTHER),
        size=_number(document, "size"),
        modified=when(document.get("last_modified")),
    )


def when(text: Any) -> datetime | None:
    """A time as Globus writes it, with a `T` or a blank between day and hour; None for anything else."""
    try:
        time = datetime.fromisoformat(str(text))
    except ValueError:
        return None
    return time.astimezone(UTC) if time.tzinfo else time.replace(tzinfo=UTC)


def _number(document: Document, key: str) -> int:
    value = document.get(key)
    return value if isinstance(value, int) else 0
