"""A server that says anything at all: the real mover, on the real library, gets spoiled answers over a stubbed wire.

An input is a line with an HTTP status and headers, and the bodies of the answers in turn, separated by `SEPARATOR`.
"""

from __future__ import annotations

import gzip
import io
import json
import os
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from functools import cache, partial
from pathlib import Path
from typing import Any
from unittest import mock

import requests
from globus_sdk.testing import get_response_set
from requests.adapters import HTTPAdapter
from urllib3 import HTTPResponse

from archived.core.model import CollectionArchive, Direction, Receipt, StorageLocation
from archived.core.retrying import RetryPolicy, next_try
from archived.errors import TransferError, TransferUnavailableError
from archived.ports import Entry, Fault, TaskReport, TaskState, TransferItem, TransferOrder
from archived.transfer.globus import GlobusTransfers
from archived.transfer.globus_session import GlobusSession
from archived.transfer.token_file import StoredToken, TokenFile
from tests.fuzz.mutator import SEPARATOR
from tests.fuzz.target import Shape, Target

RIG = "c40e971d-0075-4a82-b12f-8f9717762e7b"
ARCHIVE = "5b875fda-4185-11e8-bb52-0ac6873fc732"
TASK = "fb5f9ae6-0d1f-11ec-8b6e-1f0ed55c3f53"
SECRET = "the-secret-of-the-client"
LONGEST_TEXT = 2000
MOST_REQUESTS = 30_000
NOON = datetime(2026, 3, 14, 12, tzinfo=UTC)
POLICY = RetryPolicy(timedelta(minutes=1), timedelta(hours=6))
LOCATION = StorageLocation("raw", CollectionArchive(ARCHIVE, "/archive"), (), "/rig", RIG, "/rig")
LABEL = f"rig-1 raw {TASK}"
ORDER = TransferOrder("s-1", LABEL, Direction.ARCHIVE, [TransferItem("a/b.bin", 4)], NOON)

TOKENS = {
    "access_token": "AgAA", "scope": "urn:globus:auth:scope:transfer.api.globus.org:all", "expires_in": 172800,
    "token_type": "Bearer", "resource_server": "transfer.api.globus.org", "refresh_token": "AgBB", "other_tokens": [],
}  # fmt: skip


class Wire:
    """Answers every request with the next body; the last one again and again."""

    def __init__(self, data: bytes, *, logins: bool = False) -> None:
        first, _, rest = data.partition(b"\n")
        self._head = first.decode("latin-1")
        self._bodies = rest.split(SEPARATOR)
        self._logins = logins
        self._asked = 0

    def send(self, adapter: HTTPAdapter, request: requests.PreparedRequest) -> requests.Response:
        """In the place of `HTTPAdapter.send`."""
        url = str(request.url)
        if "/v2/oauth2/token" in url and not self._logins:
            return self._answer(adapter, request, json.dumps(TOKENS).encode(), "200")
        assert url.startswith("https://"), f"something was sent to {url[:100]}"
        assert ".globus.org/" in url, f"something was sent to {url[:100]}"
        assert "/../" not in url, "a path of the service's own making"
        body = self._bodies[min(self._asked, len(self._bodies) - 1)]
        self._asked += 1
        assert self._asked < MOST_REQUESTS, "asks without end"
        return self._answer(adapter, request, body, self._head)

    def _answer(
        self, adapter: HTTPAdapter, request: requests.PreparedRequest, body: bytes, head: str
    ) -> requests.Response:
        status, *headers = head.split("|")
        number = (
            int(status) if status.isascii() and status.isdecimal() and len(status) == 3 else 200
        )
        pairs = [each.partition(":") for each in headers]
        raw = HTTPResponse(
            io.BytesIO(body),
            status=number,
            headers=[("Content-Type", "application/json"), *((n.strip(), v.strip()) for n, _, v in pairs)],
            preload_content=False,
        )  # fmt: skip
        return adapter.build_response(request, raw)


@contextmanager
def wired(data: bytes, *, logins: bool = False) -> Iterator[Wire]:
    """For as long, every request is answered from the data, and the library waits for nothing."""
    wire = Wire(data, logins=logins)

    def send(adapter: HTTPAdapter, request: requests.PreparedRequest, *_: Any, **__: Any) -> Any:
        return wire.send(adapter, request)

    # A simulator of the same process may have left its address there.
    elsewhere = [name for name in os.environ if name.startswith("GLOBUS_SDK_")]
    with (
        mock.patch.dict(os.environ),
        mock.patch.object(HTTPAdapter, "send", send),
        mock.patch("globus_sdk.transport.requests.time.sleep"),
    ):
        for name in elsewhere:
            del os.environ[name]
        yield wire


@cache
def _session() -> GlobusSession:
    return GlobusSession("client", client_secret=SECRET, native=False)


def _checked(error: TransferError) -> None:
    """An error that a step can go on with, and a person can read."""
    text = f"{error} {error.what_to_do}"
    assert len(text) < 2 * LONGEST_TEXT, "an error of many pages"
    assert SECRET not in text
    assert not set(error.what_to_do) & set(";|&$`<>\n\x1b"), "a command that the server wrote"
    if isinstance(error, TransferUnavailableError):
        due = next_try(1, POLICY, NOON, jitter=0.5, retry_after=error.retry_after)
        assert NOON < due <= NOON + 2 * POLICY.longest


def _ask(ask: Callable[[GlobusTransfers], object], data: bytes) -> str:
    """Ask, and check the answer or the error; returns which it was."""
    with wired(data):
        try:
            ask(GlobusTransfers(LOCATION, _session()))
        except TransferError as error:
            refusal: TransferError | None = error
        else:
            return "answered"
    _checked(refusal)
    return f"refused: {refusal}"


def _a_number(value: object) -> None:
    assert type(value) is int
    assert 0 <= value < 2**63


def _a_time(value: datetime | None) -> None:
    assert value is None or value.tzinfo is UTC


def _short(text: str) -> None:
    assert type(text) is str
    assert len(text) <= LONGEST_TEXT


def _faults(found: Sequence[Fault]) -> None:
    for fault in found:
        _short(fault.code)
        _short(fault.message)
        _a_time(fault.at)
        assert fault.path is None or ".." not in fault.path.split("/")


def _poll(mover: GlobusTransfers) -> None:
    report: TaskReport = mover.poll(TASK)
    assert report.state in TaskState
    _short(report.nice_status)
    _a_number(report.files_done)
    _a_number(report.bytes_done)
    assert report.rate is None or 0 <= report.rate < float("inf")
    _faults(report.faults)
    _faults(report.skipped)


def _receipts(mover: GlobusTransfers) -> None:
    for receipt in mover.receipts(TASK):
        assert isinstance(receipt, Receipt)
        assert not {"", ".", ".."} & set(receipt.path.split("/"))
        _a_number(receipt.size)
        if receipt.checksum is not None:
            _short(receipt.checksum.value)
            _short(receipt.checksum.algorithm)


def _entry(entry: Entry) -> None:
    _a_number(entry.size)
    _a_time(entry.modified)


def _list(mover: GlobusTransfers) -> None:
    for entry in mover.list("SC011"):
        assert entry.name not in ("", ".", "..")
        assert not set(entry.name) & {"/", "\0"}
        _entry(entry)


def _stat(mover: GlobusTransfers) -> None:
    if (entry := mover.stat("SC011/a.bin")) is not None:
        _entry(entry)


def _submit(mover: GlobusTransfers) -> None:
    assert len(mover.reserve()) <= 100
    task_id = mover.submit(ORDER)
    assert set(task_id.lower()) <= set("0123456789abcdef-")
    found = mover.find("s-1", LABEL)
    assert found is None or set(found.lower()) <= set("0123456789abcdef-")


def _check(mover: GlobusTransfers) -> None:
    for finding in mover.check():
        _short(finding.what)
        _short(finding.what_to_do)
    mover.consents()


@cache
def _folder() -> Path:
    folder = tempfile.mkdtemp(prefix="archived-fuzz-")
    return Path(folder)


def _login(data: bytes) -> None:
    """A person's login that has to be renewed, and who that is."""
    path = str(_folder() / "tokens.json")
    ended = StoredToken("AgAA", 1, "AgBB", "urn:x")
    tokens = TokenFile(path, client_id="client", environment="production")
    tokens.replace({"transfer.api.globus.org": ended, "auth.globus.org": ended})
    with wired(data, logins=True):
        for session in (
            GlobusSession("client", token_file=path, native=True),
            GlobusSession("client", client_secret=SECRET, native=False),
        ):
            try:
                identity = session.identity()
                assert len(identity.username) <= LONGEST_TEXT
                session.call("look", lambda client: client.get_task(TASK))
            except TransferError as error:
                _checked(error)
            finally:
                session.close()
    tokens.read()


def _input(*bodies: object, head: str = "200") -> bytes:
    return head.encode() + b"\n" + SEPARATOR.join(json.dumps(each).encode() for each in bodies)


def _recorded(name: str, case: str = "default") -> Any:
    return get_response_set(name).lookup(case).json


DETAILS = (
    "Error (transfer)\nEndpoint: rig (c40e971d-0075-4a82-b12f-8f9717762e7b)\nServer: m-1.gaccess.io:443\n"
    "File: /rig/a/b.bin\nCommand: RETR /rig/a/b.bin\nMessage: Fatal FTP response\n---\nDetails: 500-Command failed. : "
    "GridFTP-Reason: No such file or directory\\r\\n500 End.\\r\\n"
)


def _task(**changes: object) -> dict[str, Any]:
    recorded = {**_recorded("transfer.task_list")["DATA"][0], "task_id": TASK, "label": LABEL}
    return {**recorded, "source_endpoint_id": RIG, "destination_endpoint_id": ARCHIVE, **changes}


def _rows(*rows: object, **more: object) -> dict[str, Any]:
    return {"DATA_TYPE": "list", "DATA": list(rows), "next_marker": None, **more}


def _event(**changes: object) -> dict[str, Any]:
    return {"DATA_TYPE": "event", "code": "FILE_NOT_FOUND", "description": "file not found", "details": DETAILS,
            "is_error": True, "time": "2021-09-02 18:04:49+00:00", **changes}  # fmt: skip


def _polls() -> list[bytes]:
    skipped = {
        "source_path": "/rig/a/b.bin",
        "error_code": "FILE_NOT_FOUND",
        "error_details": "x",
        "error_time": "y",
    }
    fatal = {"code": "DEST", "description": "Server: x\nFile: /archive/a/b.bin\n"}
    return [
        _input(_task()),
        _input(_task(status="ACTIVE", is_ok=False, faults=2), _rows(_event(), _event(code="PERMISSION_DENIED"))),
        _input(_task(status="FAILED", fatal_error=fatal), _rows(_event())),
        _input(_task(subtasks_skipped_errors=1), _rows(skipped, next_marker="a"), _rows(skipped)),
        _input(_task(status="INACTIVE", is_paused=True),
               {"pause_rules": [{"message": "tonight"}], "source_pause_message": None, "destination_pause_message": "x"}),
        _input(_task(status="FAILED", canceled_by_admin="SOURCE", canceled_by_admin_message="no")),
    ]  # fmt: skip


def _receipt_seeds() -> list[bytes]:
    moved = {"DATA_TYPE": "successful_transfer", "source_path": "/rig/a/b.bin", "destination_path": "/archive/a/b.bin",
             "size": 4, "checksum": "ab" * 16, "checksum_algorithm": "MD5"}  # fmt: skip
    done = _task(status="SUCCEEDED", files_transferred=2)
    return [
        _input(done, _rows(moved, moved)),
        _input(
            done,
            _rows(moved, next_marker="a"),
            _rows({**moved, "source_path": None}, next_marker="b"),
            _rows(),
        ),
    ]


def _listings() -> list[bytes]:
    file = {
        "DATA_TYPE": "file",
        "name": "a.bin",
        "type": "file",
        "size": 4,
        "last_modified": "2023-12-18 16:52:50+00:00",
    }
    folder = {**file, "name": "SC011", "type": "dir", "size": 4096}
    return [
        _input(_rows(file, folder, path="/archive/SC011/", total=2)),
        _input(_rows()),
        _input(file),
    ]


def _refusals() -> list[bytes]:
    """Errors as the service has them; the library reads more out of some of them."""
    consent = {"code": "ConsentRequired", "message": "Missing consent", "required_scopes": [
        f"https://auth.globus.org/scopes/{ARCHIVE}/data_access"], "request_id": "x"}  # fmt: skip
    session = {"code": "PermissionDenied", "message": "no", "authorization_parameters": {
        "session_message": "log in", "session_required_single_domain": ["lab.org"], "session_required_policies": ["p"],
        "session_required_identities": ["i"]}}  # fmt: skip
    busy = {"code": "ClientError.RateLimit", "message": "slow down"}
    late = "Retry-After:Wed, 21 Oct 2026 07:28:00 GMT|Date:Wed, 21 Oct 2026 07:27:00 GMT"
    return [
        _input(consent, head="403"),
        _input(session, head="403"),
        _input(busy, head="429|Retry-After:60"),
        _input(busy, head=f"503|{late}"),
        _input(_recorded("transfer.operation_stat", "not_found"), head="404"),
        _input({"code": "Conflict.TooManyPendingJobs", "message": "identical paths"}, head="409"),
        _input(
            {"errors": [{"status": "401", "code": "AuthenticationFailed", "detail": "x"}]},
            head="401",
        ),
        b"200|Content-Encoding:gzip\n" + gzip.compress(b'{"DATA": []}'),
        b"200|Content-Type:text/html; charset=utf-16\n<html>",
        b"302|Location:https://evil.example/\n",
        b"302|Location:/v0.10/elsewhere\n{}",
    ]


def _submissions() -> list[bytes]:
    wanted = {**_recorded("transfer.submit_transfer"), "task_id": TASK}
    value = _recorded("transfer.get_submission_id")
    tasks = _rows(_task(), _task(label="another"))
    return [
        _input(value, wanted, tasks),
        _input(value, {**wanted, "code": "Duplicate"}, _task(), tasks),
    ]


def _logins() -> list[bytes]:
    who = {"preferred_username": "ada@lab.org", "sub": RIG}
    return [_input(TOKENS, who), _input({"error": "invalid_grant"}, head="400"),
            _input({**TOKENS, "other_tokens": [{**TOKENS, "resource_server": "auth.globus.org"}]}, who)]  # fmt: skip


def _collections() -> list[bytes]:
    found = _recorded("transfer.get_endpoint")
    return [_input({**found, **_rows()}), _input({**found, "gcp_connected": False, "high_assurance": True,
                                                   "authentication_timeout_mins": 5, "auto_delete_timeout": 3})]  # fmt: skip


_TOKENS = (
    b"\n--next--\n", b"|Retry-After:inf", b"|Retry-After:nan", b"|Retry-After:1e300", b"|Retry-After:-1", b"|Location:/x",
    b"|Content-Encoding:gzip", b"|Content-Type:text/plain; charset=x", b'"next_marker": "a"', b"503", b"429", b"403", b"302",
    b'"DATA": null', b'"DATA": {}', b'"name": "../x"', b'"total": 10', b"File: ", b"checksum", b"null", b"NaN",
)  # fmt: skip

_DOCUMENTS: dict[str, tuple[Callable[[GlobusTransfers], object], Callable[[], list[bytes]]]] = {
    "globus-poll": (_poll, _polls),
    "globus-receipts": (_receipts, _receipt_seeds),
    "globus-list": (_list, _listings),
    "globus-stat": (_stat, _listings),
    "globus-submit": (_submit, _submissions),
    "globus-check": (_check, _collections),
    "globus-refusal": (lambda mover: (mover.cancel(TASK), _list(mover)), _listings),
}


def _both(seeds: Callable[[], list[bytes]]) -> list[bytes]:
    """An answer to any question may be an error."""
    return [*seeds(), *_refusals()]


TARGETS = (
    *(
        Target(name, partial(_ask, ask), partial(_both, seeds), shape=Shape.JSON, tokens=_TOKENS, longest=1 << 19)
        for name, (ask, seeds) in _DOCUMENTS.items()
    ),
    Target("globus-login", _login, _logins, shape=Shape.JSON, tokens=_TOKENS, longest=1 << 16),
)  # fmt: skip
