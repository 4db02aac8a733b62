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

from archived.core.dataclass import dataclass
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
LONGEST_WORDS = 300
_LARGEST = 2**63 - 1
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


def identifier(value: object) -> str:
    """An id that the service gave. Raises `ValueError` for what is none."""
    if not isinstance(value, str) or not _UUID.fullmatch(value):
        raise ValueError("no id")
    return value


def task_id_of(task: Document) -> str | None:
    """The id of a task in a list, None where it has none that could be asked about."""
    found = task.get("task_id")
    return found if isinstance(found, str) and _UUID.fullmatch(found) else None


def rows(document: Document) -> Sequence[Document]:
    """The entries of a list. Raises `ValueError` where it has none, or some that are no objects.

    A list that says nothing is not an empty one: whoever takes it for that would miss what it left out.
    """
    found = document.get("DATA")
    if not isinstance(found, list) or not all(isinstance(each, dict) for each in found):
        raise ValueError("no list")
    return found


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
        files_done=min(number(task, "files_transferred") + number(task, "files_skipped"), _LARGEST),
        bytes_done=number(task, "bytes_transferred"),
        rate=float(number(task, "effective_bytes_per_second")) if under_way else None,
        faults=faults,
        skipped=skipped,
    )


def _nice_status(task: Document) -> str:
    words = short(task.get("nice_status"))
    if words in ("", "OK"):
        return ""
    said = short(task.get("nice_status_short_description"))
    return words if said.casefold() in ("", words.casefold()) else f"{words}: {said}"


def pause_words(pause: Document) -> str:
    """What administrators say about a pause, in one line."""
    messages = [pause.get("source_pause_message"), pause.get("destination_pause_message")]
    rules = pause.get("pause_rules")
    messages += [
        rule.get("message")
        for rule in (rules if isinstance(rules, list) else ())
        if isinstance(rule, dict)
    ]
    said = dict.fromkeys(short(message) for message in messages if message)
    return short("paused by an administrator" + "".join(f": {message}" for message in said))


def receipt(row: Document, ends: Ends) -> Receipt | None:
    """One line of the list of successful transfers; None for what is not below our folders.

    Globus leaves a path null where it may not show it; one of the two is enough.
    """
    path = _path_of(row, ends)
    if path is None and ends.source.collection == ends.destination.collection:
        path = _path_of(row, Ends(ends.destination, ends.source))
    if path is None:
        return None
    checksum, algorithm = short(row.get("checksum")), short(row.get("checksum_algorithm"))
    return Receipt(
        path,
        number(row, "size"),
        Checksum(algorithm.upper(), checksum.lower()) if checksum and algorithm else None,
        "successful transfers",
    )


def _path_of(row: Document, ends: Ends) -> str | None:
    source = ends.source.relative(row.get("source_path"))
    return source or ends.destination.relative(row.get("destination_path"))


_ENTRY_TYPES = {"file": EntryType.FILE, "dir": EntryType.FOLDER}


@dataclass(frozen=True, slots=True)
class Listing:
    """What a folder holds, and how many entries it is said to have."""

    entries: Sequence[Entry]
    total: int


def listing(document: Document) -> Listing:
    """A listing of a folder. Raises `ValueError` where it is none, or names what cannot lie in a folder."""
    found = [entry(row) for row in rows(document)]
    for each in found:
        if each.name in ("", ".", "..") or "/" in each.name or "\0" in each.name:
            raise ValueError("no name of an entry")
    return Listing(found, number(document, "total"))


def entry(document: Document) -> Entry:
    """One file or folder as a listing or a look shows it."""
    name = document.get("name")
    return Entry(
        name=name if isinstance(name, str) else "",
        type=_ENTRY_TYPES.get(str(document.get("type")), EntryType.OTHER),
        size=number(document, "size"),
        modified=when(document.get("last_modified")),
    )


def when(text: Any) -> datetime | None:
    """A time as Globus writes it, with a `T` or a blank between day and hour; None for anything else."""
    try:
        time = datetime.fromisoformat(str(text))
        return time.astimezone(UTC) if time.tzinfo else time.replace(tzinfo=UTC)
    except (ValueError, OverflowError):
        return None


def number(document: Document, key: str) -> int:
    """A count or a size, 0 where there is none that a database could hold."""
    value = document.get(key)
    return value if type(value) is int and 0 <= value <= _LARGEST else 0


def short(text: object) -> str:
    """Words of the service on one line, none of many pages; "" for what is no text or number."""
    if not isinstance(text, str | int) or isinstance(text, bool):
        return ""
    line = " ".join(str(text)[: 10 * LONGEST_WORDS].split())
    return line if len(line) <= LONGEST_WORDS else line[: LONGEST_WORDS - 1] + "…"
