"""The doctor's visit at Globus: the login, both collections, both folders."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from archived.errors import TransferError
from archived.ports import Finding
from archived.transfer.ends import End, Ends
from archived.transfer.globus_calls import GlobusCalls
from archived.transfer.globus_documents import Document, short
from archived.transfer.globus_errors import NotThereError
from archived.transfer.globus_place import elsewhere
from archived.transfer.globus_session import GlobusSession


def check(session: GlobusSession, calls: GlobusCalls, ends: Ends) -> Sequence[Finding]:
    """What is well and what is not, the most basic things first; it stops where the rest would only repeat them."""
    try:
        identity = session.identity()
    except TransferError as error:
        return [_failed("login", error)]
    findings = [Finding(True, f"logged in as {identity.username}", fields={"id": identity.id})]
    if said := elsewhere():
        findings.append(Finding(True, said))
    for name, end in (("rig", ends.source), ("archive", ends.destination)):
        is_archive, native = end is ends.destination, session.account.native
        findings += _collection(calls, name, end, is_archive=is_archive, native=native)
    return findings


def collections_with_consent(calls: GlobusCalls, ends: Ends) -> Sequence[str]:
    """Those of the two collections whose data needs a consent of its own."""
    both = dict.fromkeys((ends.source.collection, ends.destination.collection))
    return [each for each in both if needs_consent(calls.collection(each))]


def needs_consent(collection: Document) -> bool:
    """Only mapped collections of Connect Server that are not high assurance do; others refuse the very question."""
    mapped = collection.get("entity_type") == "GCSv5_mapped_collection"
    return mapped and not collection.get("high_assurance")


def _collection(
    calls: GlobusCalls, name: str, end: End, *, is_archive: bool, native: bool
) -> Iterator[Finding]:
    what = f"collection of the {name} ({end.collection})"
    try:
        document = calls.collection(end.collection)
    except TransferError as error:
        yield _failed(what, error)
        return
    shown = short(document.get("display_name")) or end.collection
    troubles = list(_troubles(what, document, is_archive=is_archive))
    yield from troubles
    if not troubles:
        yield Finding(True, f"{what} is in order", fields={"name": shown})
    yield from _session_time(what, document, native=native)
    folder = _folder(calls, name, end)
    yield folder
    if folder.ok and needs_consent(document):
        yield Finding(True, f"{what}: the consent that its data needs is given")
    if folder.ok and is_archive:
        yield from _mode(calls, end)


def _troubles(what: str, document: Document, *, is_archive: bool) -> Iterator[Finding]:
    if document.get("gcp_connected") is False:
        yield Finding(
            False,
            f"{what} is not connected",
            "start Globus Connect Personal there; transfers wait until it runs",
        )
    if document.get("gcp_paused"):
        yield Finding(False, f"{what} is paused", "unpause Globus Connect Personal there")
    if document.get("non_functional"):
        yield Finding(
            False, f"{what} does not function", "ask its administrator; Globus marked it so"
        )
    if document.get("disable_verify"):
        yield Finding(
            False,
            f"{what} does not compute checksums, so that nothing can be verified there",
            "ask its administrator to allow verification",
        )
    if is_archive and document.get("auto_delete_timeout") and not document.get("skip_auto_delete"):
        yield Finding(
            False,
            f"{what} is deleted after {short(document['auto_delete_timeout'])} days without use",
            "ask its administrator to exempt it (skip_auto_delete)",
        )


def _session_time(what: str, document: Document, *, native: bool) -> Iterator[Finding]:
    """High assurance: a person's session there ends, however often the login is renewed."""
    minutes = document.get("authentication_timeout_mins")
    if not document.get("high_assurance") or not minutes:
        return
    said = f"{what} is high assurance: a person's login there lasts {short(minutes)} minutes"
    if native:
        todo = "log in again each time (archivedctl login), or use a service account, whose login does not end"
        yield Finding(True, said, todo, warning=True)
    else:
        yield Finding(True, f"{said}; a service account's does not end")


def _mode(calls: GlobusCalls, end: End) -> Iterator[Finding]:
    """Whether the archive's folder lets anybody write: all that is to be known of that without writing."""
    folder = end.absolute("")
    try:
        mode = calls.permissions(end.collection, folder)
    except TransferError:
        return  # not every kind of storage has any
    if mode is not None and not mode & 0o222:
        yield Finding(
            False,
            f"folder of the archive ({folder}) lets nobody write (mode {mode:04o})",
            "let the account that Globus maps you to write there (chmod u+w), or choose another folder",
        )


def _folder(calls: GlobusCalls, name: str, end: End) -> Finding:
    folder = end.absolute("")
    what = f"folder of the {name} ({folder})"
    try:
        entries = len(calls.listing(end.collection, folder).entries)
    except NotThereError:
        return Finding(
            False,
            f"{what} does not exist in the collection {end.collection}, or is no folder",
            "check its spelling in the configuration, or make the folder",
        )
    except TransferError as error:
        return _failed(what, error)
    return Finding(True, f"{what} can be listed", fields={"entries": str(entries)})


def _failed(what: str, error: TransferError) -> Finding:
    return Finding(False, f"{what}: {error}", error.what_to_do)
