"""A record as JSON, and back: the same record is always the same bytes, and nothing that is read is trusted.

Every text in it is written by `core.escaping`, so that a name which is not valid UTF-8 survives. A file takes one
line, so that people can read, search and compare records with what every system has.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, date, datetime
from typing import Any, NoReturn

from archived.core.escaping import escaped
from archived.core.model import Checksum
from archived.core.record_reading import Reader
from archived.core.records import (
    VERSION,
    Record,
    RecordedEvent,
    RecordedFile,
    RecordedReceipt,
    RecordError,
)

LARGEST_RECORD = 128 * 1024 * 1024
"""Bytes. Some 200,000 files; whatever is larger is not read, so that it cannot fill the memory."""


def to_json(record: Record) -> bytes:
    """The content of `record.json`, in ASCII."""
    files = sorted(record.files, key=lambda each: each.path.encode("utf-8", "surrogatepass"))
    head = json.dumps(_head(record), indent=1)
    lists = {
        "files": [_line(_file(each)) for each in files],
        "events": [_line(_event(each)) for each in record.events],
    }
    body = "".join(
        f',\n "{key}": [' + ",".join(f"\n  {line}" for line in lines) + "\n ]"
        for key, lines in lists.items()
    )
    return (head.removesuffix("\n}") + body + "\n}\n").encode("ascii")


def from_json(data: bytes) -> Record:
    """The record in a `record.json` of this release or an older one; keys that are not known are passed over.

    Raises `RecordError` for everything else.
    """
    if len(data) > LARGEST_RECORD:
        raise RecordError(f"the record is larger than {LARGEST_RECORD} bytes")
    top = Reader(_parsed(data), "the record")
    version = top.number("version")
    if version > VERSION:
        raise RecordError(
            f"the record was written by a newer release, in version {version}; this one knows {VERSION}",
            what_to_do="upgrade archived on this machine",
        )
    files = tuple(_read_file(each) for each in top.each("files"))
    if len({each.path for each in files}) != len(files):
        raise RecordError("the record names a file twice")
    return Record(
        location=top.text("location"),
        path=top.path("path"),
        convention=top.text("convention"),
        revision=top.number("revision"),
        rig=top.text("rig"),
        host=top.text_or_none("host"),
        programs=top.texts("programs"),
        h2o=top.text_or_none("h2o"),
        subject=top.text_or_none("subject"),
        date=top.date_or_none("date"),
        ident=top.text_or_none("ident"),
        fields=top.texts("fields"),
        first_seen=top.moment("first_seen"),
        archived_at=top.moment_or_none("archived_at"),
        files=files,
        events=tuple(_read_event(each) for each in top.each("events")),
    )


def _head(record: Record) -> dict[str, Any]:
    return {
        "version": VERSION,
        "dataset": escaped(record.dataset),
        "location": escaped(record.location),
        "path": escaped(record.path),
        "convention": escaped(record.convention),
        "h2o": _text(record.h2o),
        "subject": _text(record.subject),
        "date": _date(record.date),
        "ident": _text(record.ident),
        "fields": _texts(record.fields),
        "revision": record.revision,
        "rig": escaped(record.rig),
        "host": _text(record.host),
        "programs": _texts(record.programs),
        "first_seen": _moment(record.first_seen),
        "archived_at": _moment(record.archived_at),
    }


def _file(file: RecordedFile) -> dict[str, Any]:
    receipt = file.receipt
    return {
        "path": escaped(file.path),
        "size": file.size,
        "mtime_ns": file.mtime_ns,
        "file_type": escaped(file.file_type),
        "sha256": file.sha256,
        "without_sha256": escaped(file.without_sha256),
        "program_checksum": _checksum(file.program_checksum),
        "receipt": None
        if receipt is None
        else {
            "source": escaped(receipt.source),
            "at": _moment(receipt.at),
            "checksum": _checksum(receipt.checksum),
        },
    }


def _event(event: RecordedEvent) -> dict[str, Any]:
    return {
        "at": _moment(event.at),
        "before": _text(event.before),
        "after": escaped(event.after),
        "why": escaped(event.why),
    }


def _read_file(file: Reader) -> RecordedFile:
    receipt = file.below("receipt")
    return RecordedFile(
        path=file.path("path"),
        size=file.number("size"),
        mtime_ns=file.number_or_none("mtime_ns"),
        file_type=file.text("file_type"),
        sha256=file.sha256_or_none("sha256"),
        without_sha256=file.text_or_none("without_sha256") or "",
        program_checksum=_read_checksum(file.below("program_checksum")),
        receipt=None
        if receipt is None
        else RecordedReceipt(
            receipt.text("source"),
            receipt.moment_or_none("at"),
            _read_checksum(receipt.below("checksum")),
        ),
    )


def _read_event(event: Reader) -> RecordedEvent:
    return RecordedEvent(
        event.moment("at"), event.text_or_none("before"), event.text("after"), event.text("why")
    )


def _read_checksum(found: Reader | None) -> Checksum | None:
    return None if found is None else Checksum(found.text("algorithm"), found.text("value"))


def _parsed(data: bytes) -> object:
    try:
        return json.loads(data.decode("utf-8"), parse_constant=_no_constant)
    except MemoryError:
        # A few characters of JSON can stand for many times as much; no record of ours is like that.
        raise RecordError("the record unpacks to more than there is memory for") from None
    except (ValueError, RecursionError) as error:
        raise RecordError(f"the record is no JSON, or only a part of it: {error}") from error


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is no number")


def _line(value: Mapping[str, Any]) -> str:
    return json.dumps(value)


def _checksum(checksum: Checksum | None) -> dict[str, str] | None:
    if checksum is None:
        return None
    return {"algorithm": escaped(checksum.algorithm), "value": escaped(checksum.value)}


def _text(text: str | None) -> str | None:
    return None if text is None else escaped(text)


def _texts(texts: Mapping[str, str]) -> dict[str, str]:
    return {escaped(key): escaped(texts[key]) for key in sorted(texts)}


def _date(day: date | None) -> str | None:
    return None if day is None else day.isoformat()


def _moment(moment: datetime | None) -> str | None:
    return None if moment is None else moment.astimezone(UTC).isoformat()
