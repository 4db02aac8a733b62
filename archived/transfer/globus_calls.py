"""The calls that the mover makes, each with the sentence that its failure begins with."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Protocol

import globus_sdk

from archived.errors import TransferUnavailableError
from archived.ports import Entry
from archived.transfer.globus_documents import (
    Document,
    Listing,
    entry,
    identifier,
    listing,
    rows,
)
from archived.transfer.globus_session import GlobusSession

EVENTS = 500
"""How many of a task's newest errors are read; each names at most one file."""
MOST_PAGES = 20_000
"""Of a list: with the hundred entries of a page, more than a task of ours can have files."""
TASKS = 100
"""How many pending tasks an identity can have."""

_MODE = re.compile("[0-7]{3,6}")


class _Answer(Protocol):
    @property
    def data(self) -> Any: ...


_Ask = Callable[[globus_sdk.TransferClient], _Answer]
_AskForPage = Callable[[globus_sdk.TransferClient, Mapping[str, Any]], _Answer]


class GlobusCalls:
    """The Transfer service as this program uses it. Everything raises children of `TransferError`."""

    def __init__(self, session: GlobusSession) -> None:
        self._session = session

    def submission_id(self) -> str:
        """A fresh submission id."""

        def work(client: globus_sdk.TransferClient) -> str:
            return identifier(_checked(client.get_submission_id()).get("value"))

        return self._session.call("get a submission id", work)

    def post(self, body: bytes) -> tuple[str, bool]:
        """Begin a transfer: its task id, and whether that was begun before, by the same submission id.

        The body is ours already, so the library need not build it again.
        """

        def work(client: globus_sdk.TransferClient) -> tuple[str, bool]:
            answer = _checked(
                client.post(
                    "/v0.10/transfer",
                    data=body,
                    headers={"Content-Type": "application/json"},
                    encoding="text",
                )
            )
            return identifier(answer.get("task_id")), answer.get("code") == "Duplicate"

        return self._session.call("begin a transfer", work)

    def task(self, task_id: str) -> Document:
        """A task's document. Raises `NotThereError` for one that Globus does not know (any more)."""
        return self._document("ask about a task", lambda client: client.get_task(task_id))

    def tasks(self, filters: Mapping[str, str]) -> Sequence[Document]:
        """Tasks of ours. The values of `filters` are in Globus' own notation."""
        text = "/".join(f"{key}:{value}" for key, value in filters.items())
        return self._rows(
            "look for a task", lambda client: client.task_list(limit=TASKS, filter=text)
        )

    def errors(self, task_id: str) -> Sequence[Document]:
        """The newest errors among a task's events; there may be none."""
        return self._rows(
            "read the events of a task",
            lambda client: client.task_event_list(
                task_id, limit=EVENTS, query_params={"filter": "is_error:1"}
            ),
        )

    def pause(self, task_id: str) -> Document:
        """Why a task is paused."""
        return self._document("read about a pause", lambda client: client.task_pause_info(task_id))

    def skipped(self, task_id: str) -> Iterator[Document]:
        """What a task left out."""
        return self._pages(
            "read what a task left out",
            lambda client, marker: client.task_skipped_errors(task_id, **marker),
        )

    def moved(self, task_id: str) -> Iterator[Document]:
        """The files that a task moved."""
        return self._pages(
            "read the list of files that a task moved",
            lambda client, marker: client.task_successful_transfers(task_id, **marker),
        )

    def cancel(self, task_id: str) -> None:
        """Ask for the end of a task."""
        self._document("cancel a task", lambda client: client.cancel_task(task_id))

    def listing(self, collection: str, folder: str) -> Listing:
        """What a folder holds, hidden files too. Raises `NotThereError`."""
        return self._session.call(
            f"list {folder} in the collection {collection}",
            lambda client: listing(
                _checked(client.operation_ls(collection, folder, show_hidden=True))
            ),
        )

    def stat(self, collection: str, path: str) -> Entry:
        """One file or folder. Raises `NotThereError`."""
        return self._session.call(
            f"look at {path} in the collection {collection}",
            lambda client: entry(_checked(client.operation_stat(collection, path))),
        )

    def permissions(self, collection: str, path: str) -> int | None:
        """The mode of a file or folder; None where its storage has none. Raises `NotThereError`."""
        document = self._document(
            f"look at {path} in the collection {collection}",
            lambda client: client.operation_stat(collection, path),
        )
        said = document.get("permissions")
        return int(said, 8) if isinstance(said, str) and _MODE.fullmatch(said) else None

    def collection(self, collection: str) -> Document:
        """What Globus says of a collection itself."""
        return self._document(
            f"look up the collection {collection}", lambda client: client.get_endpoint(collection)
        )

    def _document(self, doing: str, ask: _Ask) -> Document:
        return self._session.call(doing, lambda client: _checked(ask(client)))

    def _rows(self, doing: str, ask: _Ask) -> Sequence[Document]:
        return self._session.call(doing, lambda client: rows(_checked(ask(client))))

    def _pages(self, doing: str, ask: _AskForPage) -> Iterator[Document]:
        """Follow the markers of a long list to its end. Raises `TransferUnavailableError` for one without an end."""
        marker: dict[str, Any] = {}
        for _ in range(MOST_PAGES):
            page = self._next_page(doing, ask, dict(marker))
            yield from page["DATA"]
            following = page["next_marker"]
            if following is None or following == marker.get("marker"):
                return
            marker = {"marker": following}
        raise TransferUnavailableError(f"could not {doing}: it has no end")

    def _next_page(self, doing: str, ask: _AskForPage, marker: Mapping[str, Any]) -> Document:
        def work(client: globus_sdk.TransferClient) -> Document:
            document = _checked(ask(client, marker))
            following = document.get("next_marker")
            return {
                "DATA": rows(document),
                "next_marker": None if following is None else str(following),
            }

        return self._session.call(doing, work)


def _checked(answer: _Answer) -> Document:
    """Raises `ValueError`, as the library does, where the body is no JSON object."""
    if not isinstance(answer.data, dict):
        raise ValueError("no JSON object")
    return answer.data
