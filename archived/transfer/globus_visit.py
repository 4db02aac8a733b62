"""What the doctor asks at Globus beside a mover's own check: one file of the rig, the time, and how old a login is."""

from __future__ import annotations

from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

import globus_sdk

from archived.core.model import StorageLocation
from archived.core.paths import printable
from archived.ports import Entry, EntryType
from archived.transfer.ends import rig_end
from archived.transfer.globus_calls import GlobusCalls
from archived.transfer.globus_errors import NotThereError
from archived.transfer.globus_session import GlobusSession, token_file


def seen_through_collection(
    session: GlobusSession, location: StorageLocation, path: str
) -> tuple[str, Entry | None]:
    """Where a file of the rig is inside its collection, and what Globus sees there: None for nothing, or no file.

    `path` is from the root. Raises children of `TransferError`.
    """
    end = rig_end(location)
    absolute = end.absolute(path)
    try:
        entry = GlobusCalls(session).stat(end.collection, absolute)
    except NotThereError:
        return absolute, None
    return absolute, entry if entry.type is EntryType.FILE else None


def time_at_globus(session: GlobusSession, collection: str) -> datetime | None:
    """The time as the service's answers tell it; None where they do not. Raises children of `TransferError`."""

    def work(client: globus_sdk.TransferClient) -> datetime | None:
        said = client.get_endpoint(collection).headers.get("Date")
        return None if said is None else parsedate_to_datetime(said).astimezone(UTC)

    return session.call("ask for the time", work)


def login_kept_at(path: str, client_id: str) -> datetime | None:
    """When a person's login was last made or renewed; None where nobody is logged in. Asks nothing of Globus.

    Raises `LoginRequiredError` for a file that is not safe, or damaged.
    """
    tokens = token_file(path, client_id)
    if not tokens.read():
        return None
    try:
        return datetime.fromtimestamp(tokens.path.stat().st_mtime, UTC)
    except FileNotFoundError:
        return None


def words_of(absolute: str, collection: str) -> str:
    """A place in a collection, for a sentence."""
    return f"{printable(absolute)} of the collection {collection}"
