"""What Globus' events and fatal errors say, as faults: which file of the order, and whose end."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from enum import Enum, auto

from archived.ports import Fault
from archived.transfer.ends import Ends
from archived.transfer.globus_documents import Document, short, when

LONGEST_MESSAGE = 300
LONGEST_DETAILS = 20_000
"""Characters of an event that are looked at: far more than a server has to say, with the longest path."""

_FIELD = r"^{}: (.*?)(?=^(?:Error|Endpoint|Server|File|Command|Message|Details|---)|\Z)"
_FILE = re.compile(_FIELD.format("File"), re.MULTILINE | re.DOTALL)
_ENDPOINT = re.compile(_FIELD.format("Endpoint"), re.MULTILINE | re.DOTALL)
_MESSAGE = re.compile(_FIELD.format("Message"), re.MULTILINE | re.DOTALL)
_REASON = re.compile(r"GridFTP-Reason:(.*?)(?:\\r|\\n|[\r\n]|\Z)", re.DOTALL)
"""Why a server refused, in its own words; `Message` often says no more than that it did."""

_CHECKSUM = re.compile("checksum|cksm", re.IGNORECASE)
_NONE_OF_IT = re.compile(
    "not (supported|implemented|available)|unsupported|unknown algorithm", re.IGNORECASE
)


class Side(Enum):
    """At which end something went wrong."""

    SOURCE = auto()
    DESTINATION = auto()
    UNKNOWN = auto()


def faults(task: Document, events: Iterable[Document], ends: Ends) -> Sequence[Fault]:
    """The fatal error, then the errors among the events, newest first, each file and code once."""
    found = [*_fatal(task, ends), *(_fault(event, task, ends) for event in events)]
    once: dict[tuple[str, str | None], Fault] = {}
    for fault in found:
        once.setdefault((fault.code, fault.path), fault)
    # The fatal error is often one of the events again, which then also names the file.
    named = {fault.code for fault in once.values() if fault.path is not None}
    return [f for f in once.values() if f.path is not None or f.code not in named]


def skipped(rows: Iterable[Document], ends: Ends) -> Sequence[Fault]:
    """The files that a task left out although it succeeded."""
    return [
        Fault(
            code=short(row.get("error_code")) or "UNKNOWN",
            message=_short(_text(row.get("error_details")) or "left out by Globus"),
            path=ends.source.relative(row.get("source_path")),
            at=when(row.get("error_time")),
        )
        for row in rows
    ]


def asks_without_checksums(found: Iterable[Fault]) -> bool:
    """Whether one of the faults says that the archive cannot check external checksums."""
    return any(fault.code == "CHECKSUM_UNSUPPORTED" for fault in found)


def _fatal(task: Document, ends: Ends) -> Iterable[Fault]:
    fatal = task.get("fatal_error")
    admin = short(task.get("canceled_by_admin"))
    if admin:
        said = short(task.get("canceled_by_admin_message"))
        yield Fault(
            "CANCELED_BY_ADMIN",
            _short(f"cancelled by an administrator of the {admin.lower()}: {said or '-'}"),
            at=when(task.get("completion_time")),
        )
    elif isinstance(fatal, dict) and fatal:
        description = _text(fatal.get("description"))
        path = _named_path(description, Side.UNKNOWN, ends)
        yield Fault(
            short(fatal.get("code")) or "UNKNOWN",
            _short(description),
            path,
            when(task.get("completion_time")),
        )


def _fault(event: Document, task: Document, ends: Ends) -> Fault:
    code = short(event.get("code")) or "UNKNOWN"
    details = _text(event.get("details"))
    side = _side(details, task, ends)
    path = _named_path(details, side, ends)
    return Fault(
        code=_sharpened(code, details, side, path),
        message=_short(_said(details) or _text(event.get("description"))),
        path=path,
        at=when(event.get("time")),
    )


def _said(details: str) -> str:
    reason = _REASON.search(details)
    return (reason[1].strip() if reason else "") or _first_line(_MESSAGE, details) or ""


def _sharpened(code: str, details: str, side: Side, path: str | None) -> str:
    """Globus has one code where it matters whose end it is; the table of faults has two."""
    if code == "PERMISSION_DENIED" and side is Side.SOURCE and path is not None:
        return "SOURCE_PERMISSION_DENIED"
    if code == "FILE_NOT_FOUND" and side is Side.DESTINATION:
        return "DESTINATION_NOT_FOUND"
    if code in ("ENDPOINT_ERROR", "VERIFY_CHECKSUM", "UNKNOWN") and _without_checksums(details):
        return "CHECKSUM_UNSUPPORTED"
    return code


def _without_checksums(details: str) -> bool:
    """Whether a sentence says that checksums cannot be had."""
    for sentence in details.split("."):
        word = _CHECKSUM.search(sentence)
        if word and _NONE_OF_IT.search(sentence, word.end()):
            return True
    return "unsupported checksum" in details.lower()


def _side(details: str, task: Document, ends: Ends) -> Side:
    """Which end an event names: by the collection's id or shown name, else by whose folder the path lies in."""
    names = _first_line(_ENDPOINT, details)
    at_source = _mentions(names, task, "source")
    at_destination = _mentions(names, task, "destination")
    if at_source == at_destination:
        at_source = _named_path(details, Side.SOURCE, ends) is not None
        at_destination = _named_path(details, Side.DESTINATION, ends) is not None
    if at_source == at_destination:
        return Side.UNKNOWN
    return Side.SOURCE if at_source else Side.DESTINATION


def _mentions(words: str, task: Document, end: str) -> bool:
    identity = task.get(f"{end}_endpoint_id")
    if identity and str(identity).lower() in words.lower():
        return True
    name = _text(task.get(f"{end}_endpoint_display_name"))
    return bool(name) and (words == name or words.startswith(f"{name} ("))


def _named_path(details: str, side: Side, ends: Ends) -> str | None:
    match = _FILE.search(details)
    if match is None:
        return None
    absolute = match[1].removesuffix("\n")
    at_source = ends.source.relative(absolute) if side is not Side.DESTINATION else None
    at_destination = ends.destination.relative(absolute) if side is not Side.SOURCE else None
    return at_source or at_destination


def _first_line(field: re.Pattern[str], details: str) -> str:
    match = field.search(details)
    return match[1].strip() if match else ""


def _text(value: object) -> str:
    """The beginning of a text, with its lines as they are; "" for what is none."""
    return value[:LONGEST_DETAILS] if isinstance(value, str) else ""


def _short(text: str) -> str:
    line = " ".join(text.replace("\\r\\n", " ").split())
    return line if len(line) <= LONGEST_MESSAGE else line[: LONGEST_MESSAGE - 1] + "…"
