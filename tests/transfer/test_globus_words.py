"""What Globus' documents, events and errors are taken to mean."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from globus_sdk import AuthAPIError, TransferAPIError
from globus_sdk.testing import construct_error, get_response_set
from hypothesis import given
from hypothesis import strategies as some

from archived.core.model import (
    Checksum,
    CollectionArchive,
    Direction,
    Receipt,
    StorageLocation,
)
from archived.core.paths import PathError, to_archive
from archived.errors import (
    ArchiveMissingError,
    LoginRequiredError,
    NotPermittedError,
    TransferError,
    TransferRefusedError,
    TransferUnavailableError,
)
from archived.ports import EntryType, TaskState
from archived.transfer.ends import Ends, archive_end, ends, sound
from archived.transfer.globus_documents import (
    LONGEST_LABEL,
    batch_of,
    entry,
    is_of_batch,
    pause_words,
    receipt,
    sound_label,
    task_report,
    when,
)
from archived.transfer.globus_errors import (
    Account,
    NotThereError,
    PathsInUseError,
    retry_after,
    translate,
)
from archived.transfer.globus_faults import faults, skipped

SOURCE, DESTINATION = "1111", "2222"
LOCATION = StorageLocation(
    "raw", CollectionArchive(DESTINATION, "/lab/ephys"), (), "/rig", SOURCE, "/map/raw"
)
BOTH = ends(LOCATION, Direction.ARCHIVE)
TASK = {
    "source_endpoint_id": SOURCE,
    "source_endpoint_display_name": "ephys-rig-1",
    "destination_endpoint_id": DESTINATION,
    "destination_endpoint_display_name": "Lab archive",
}


def event(code: str, details: str = "", **more: Any) -> dict[str, Any]:
    return {
        "code": code,
        "is_error": True,
        "description": code.lower(),
        "details": details,
        "time": "2026-03-14T12:00:00+00:00",
        **more,
    }


def at(end: str, path: str, message: str = "Fatal FTP response") -> str:
    names = {"source": f"ephys-rig-1 ({SOURCE})", "destination": f"Lab archive ({DESTINATION})"}
    return (
        f"Error (transfer)\nEndpoint: {names[end]}\nServer: 127.0.0.1:443\nFile: {path}\n"
        f"Command: RETR {path}\nMessage: {message}\n---\nDetails: 550-GlobusError: v=1\\r\\n"
    )


def only(*events: dict[str, Any], task: dict[str, Any] | None = None) -> list[tuple[str, Any]]:
    return [(fault.code, fault.path) for fault in faults(task or TASK, events, BOTH)]


# -- events -----------------------------------------------------------------------------------------------------


def test_a_fault_names_its_file_by_the_path_from_the_root() -> None:
    [fault] = faults(
        TASK, [event("FILE_NOT_FOUND", at("source", "/map/raw/SC011/x.bin", "gone"))], BOTH
    )

    assert fault.path == "SC011/x.bin"
    assert fault.message == "gone"
    assert fault.at == datetime(2026, 3, 14, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("code", "end", "path", "expected"),
    [
        ("PERMISSION_DENIED", "source", "/map/raw/a", ("SOURCE_PERMISSION_DENIED", "a")),
        ("PERMISSION_DENIED", "destination", "/lab/ephys/a", ("PERMISSION_DENIED", "a")),
        ("PERMISSION_DENIED", "destination", "/lab/", ("PERMISSION_DENIED", None)),
        ("FILE_NOT_FOUND", "destination", "/lab/ephys/a", ("DESTINATION_NOT_FOUND", "a")),
        ("IS_A_DIRECTORY", "destination", "/lab/ephys/a/b", ("IS_A_DIRECTORY", "a/b")),
        ("INVALID_PATH_NAME", "destination", "/lab/ephys/a", ("INVALID_PATH_NAME", "a")),
        ("FILE_NOT_FOUND", "source", "/elsewhere/a", ("FILE_NOT_FOUND", None)),
        ("GC_NOT_CONNECTED", "source", "", ("GC_NOT_CONNECTED", None)),
    ],
)
def test_it_matters_whose_end_it_is(
    code: str, end: str, path: str, expected: tuple[str, str | None]
) -> None:
    assert only(event(code, at(end, path))) == [expected]


def test_without_a_named_end_the_folder_tells() -> None:
    details = "Error (transfer)\nFile: /map/raw/a\nMessage: no"

    assert only(event("PERMISSION_DENIED", details)) == [("SOURCE_PERMISSION_DENIED", "a")]


@pytest.mark.parametrize("details", ["", "{}", '{"type": "GridFTP"}', "no structure at all"])
def test_details_that_are_anything_else_are_no_hindrance(details: str) -> None:
    assert only(event("TIMEOUT", details)) == [("TIMEOUT", None)]


def test_an_event_without_any_keys_is_no_hindrance() -> None:
    assert only({}) == [("UNKNOWN", None)]


def test_a_name_with_a_line_break_is_read_whole() -> None:
    details = at("source", "/map/raw/SC011/two\nlines.bin")

    assert only(event("FILE_NOT_FOUND", details)) == [("FILE_NOT_FOUND", "SC011/two\nlines.bin")]


def test_each_file_and_code_is_told_once_newest_first() -> None:
    newer = event("FILE_NOT_FOUND", at("source", "/map/raw/a"), time="2026-03-14T13:00:00+00:00")
    other = event("TIMEOUT")

    found = faults(TASK, [newer, other, event("FILE_NOT_FOUND", at("source", "/map/raw/a"))], BOTH)

    assert [(fault.code, fault.at and fault.at.hour) for fault in found] == [
        ("FILE_NOT_FOUND", 13),
        ("TIMEOUT", 12),
    ]


def test_the_fatal_error_gets_the_file_from_the_event_of_the_same_code() -> None:
    task = {
        **TASK,
        "fatal_error": {"code": "EXTERNAL_CHECKSUM_MISMATCH", "description": "mismatch"},
        "completion_time": "2026-03-14T12:00:00+00:00",
    }
    details = at("destination", "/lab/ephys/a")

    assert only(event("EXTERNAL_CHECKSUM_MISMATCH", details), task=task) == [
        ("EXTERNAL_CHECKSUM_MISMATCH", "a")
    ]
    assert only(task=task) == [("EXTERNAL_CHECKSUM_MISMATCH", None)]


def test_an_administrators_cancel_is_told_from_ours() -> None:
    fatal = {"code": "CANCELED", "description": "canceled"}

    assert only(task={**TASK, "fatal_error": fatal}) == [("CANCELED", None)]
    by_admin = {**TASK, "fatal_error": fatal, "canceled_by_admin": "DESTINATION"}
    assert only(task=by_admin)[0] == ("CANCELED_BY_ADMIN", None)


def test_a_collection_that_cannot_check_checksums_is_known_by_its_words() -> None:
    details = at("destination", "/lab/ephys/a", "CKSM SHA1: checksum algorithm not supported")

    assert only(event("ENDPOINT_ERROR", details))[0][0] == "CHECKSUM_UNSUPPORTED"
    assert only(event("ENDPOINT_ERROR", at("destination", "/lab/ephys/a"))) == [
        ("ENDPOINT_ERROR", "a")
    ]


def test_long_messages_are_cut() -> None:
    [fault] = faults(TASK, [event("TIMEOUT", at("source", "", "x" * 5000))], BOTH)

    assert len(fault.message) == 300


def test_what_was_left_out_is_told_file_by_file() -> None:
    row = {
        "source_path": "/map/raw/a",
        "error_code": "FILE_NOT_FOUND",
        "error_details": "gone",
        "error_time": "2026-03-14T12:00:00+00:00",
    }

    [fault] = skipped([row], BOTH)

    assert (fault.code, fault.path, fault.message) == ("FILE_NOT_FOUND", "a", "gone")


# -- documents --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("document", "state", "faulty", "nice"),
    [
        ({"status": "ACTIVE", "is_ok": True, "nice_status": "OK"}, "ACTIVE", False, ""),
        ({"status": "ACTIVE", "is_ok": True, "nice_status": "Queued"}, "QUEUED", False, "Queued"),
        (
            {
                "status": "ACTIVE",
                "is_ok": False,
                "nice_status": "VERIFY_CHECKSUM",
                "nice_status_short_description": "checksum verification failed",
            },
            "ACTIVE",
            True,
            "VERIFY_CHECKSUM: checksum verification failed",
        ),
        ({"status": "INACTIVE", "is_ok": False}, "SUSPENDED", True, ""),
        ({"status": "ACTIVE", "is_ok": True, "is_paused": True}, "SUSPENDED", False, ""),
        ({"status": "SUCCEEDED", "is_ok": None, "nice_status": None}, "SUCCEEDED", False, ""),
        ({"status": "FAILED", "is_ok": None}, "FAILED", False, ""),
    ],
)
def test_a_tasks_document_is_understood(
    document: dict[str, Any], state: str, faulty: bool, nice: str
) -> None:
    report = task_report(document, faults=(), skipped=(), pause="")

    assert report.state is TaskState[state]
    assert report.faulty is faulty
    assert report.nice_status == nice


def test_the_recorded_task_of_the_library_is_understood() -> None:
    recorded = get_response_set("transfer.task_list").lookup("default").json
    assert isinstance(recorded, dict)

    reports = [task_report(task, faults=(), skipped=(), pause="") for task in recorded["DATA"]]

    assert {report.state for report in reports} <= set(TaskState)
    assert all(report.bytes_done >= 0 for report in reports)


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        (
            {
                "source_path": "/map/raw/a",
                "destination_path": "/lab/ephys/a",
                "size": 5,
                "checksum": "AB",
                "checksum_algorithm": "sha256",
            },
            Receipt("a", 5, Checksum("SHA256", "ab"), "successful transfers"),
        ),
        (
            {"source_path": None, "destination_path": "/lab/ephys/a/b", "size": 0},
            Receipt("a/b", 0, None, "successful transfers"),
        ),
        (
            {"source_path": "/map/raw/a", "size": 1, "checksum": "ab"},
            Receipt("a", 1, None, "successful transfers"),
        ),
        ({"source_path": None, "destination_path": None}, None),
        ({"source_path": "/map/rawer/a", "destination_path": "/lab/x", "size": 1}, None),
    ],
)
def test_a_successful_transfer_is_a_receipt(row: dict[str, Any], expected: Receipt | None) -> None:
    assert receipt(row, BOTH) == expected


def test_within_one_collection_both_directions_are_tried() -> None:
    one = Ends(BOTH.source, type(BOTH.source)(SOURCE, "/lab/ephys"))

    found = receipt({"source_path": "/lab/ephys/a", "destination_path": "/map/raw/a"}, one)

    assert found is not None
    assert found.path == "a"


def test_an_entry_of_a_listing_is_understood() -> None:
    file = entry(
        {"name": "a", "type": "file", "size": 7, "last_modified": "2023-12-18 16:52:50+00:00"}
    )

    assert (file.name, file.type, file.size) == ("a", EntryType.FILE, 7)
    assert file.modified == datetime(2023, 12, 18, 16, 52, 50, tzinfo=UTC)
    assert entry({"name": "d", "type": "dir"}).type is EntryType.FOLDER
    assert entry({"name": "l", "type": "invalid_symlink"}).type is EntryType.OTHER


@pytest.mark.parametrize("text", [None, "", "soon", 5])
def test_what_is_no_time_is_none(text: Any) -> None:
    assert when(text) is None


def test_a_pause_is_told_once_even_if_several_say_the_same() -> None:
    words = pause_words(
        {
            "pause_rules": [{"message": "new disks"}, {"message": None}],
            "source_pause_message": "new disks",
            "destination_pause_message": None,
        }
    )

    assert words == "paused by an administrator: new disks"


# -- labels and paths -------------------------------------------------------------------------------------------


@given(some.text(max_size=300))
def test_every_label_is_one_line_that_globus_takes(label: str) -> None:
    made = sound_label(label)

    assert len(made) <= LONGEST_LABEL
    assert not set(made) & set("\n\r\t\0")
    assert made == made.strip()


@given(some.text(max_size=300), some.uuids())
def test_the_batch_in_a_label_outlives_its_cutting(rig: str, batch: Any) -> None:
    label = f"archived {rig} {batch}"

    assert batch_of(sound_label(label)) == str(batch)
    assert is_of_batch({"label": sound_label(label)}, label)
    assert not is_of_batch({"label": "archived rig 00000000-0000-4000-8000-000000000000"}, label)
    assert not is_of_batch({"label": None}, label)


NAMES = some.text(alphabet=some.sampled_from("ab./\\\0\n é\udce9"), max_size=8)


@given(NAMES)
def test_a_path_is_sound_exactly_where_the_slower_rule_says_so(path: str) -> None:
    try:
        slowly = to_archive(LOCATION, path)
    except PathError:
        slowly = None
    try:
        quickly = archive_end(LOCATION).absolute(sound(path))
    except TransferRefusedError:
        quickly = None

    assert quickly == (slowly if "\udce9" not in path else None)


# -- errors -----------------------------------------------------------------------------------------------------

PERSON, SERVICE = Account(native=True), Account(native=False)


def api(status: int, code: str, message: str = "words", **more: Any) -> TransferError:
    account = more.pop("account", PERSON)
    headers = more.pop("headers", None)
    error = construct_error(
        error_class=TransferAPIError,
        http_status=status,
        body={"code": code, "message": message, "request_id": "xyz", **more},
        response_headers=headers,
    )
    return translate(error, account, "do it")


@pytest.mark.parametrize(
    ("status", "code", "expected"),
    [
        (400, "ClientError.BadRequest.NoTransferItems", TransferRefusedError),
        (400, "BadRequest", TransferRefusedError),
        (413, "TooLarge", TransferRefusedError),
        (401, "AuthenticationFailed", LoginRequiredError),
        (401, "ClientError.AuthenticationFailed", LoginRequiredError),
        (403, "EndpointPermissionDenied", NotPermittedError),
        (403, "PermissionDenied", NotPermittedError),
        (404, "EndpointNotFound", ArchiveMissingError),
        (404, "ClientError.NotFound", NotThereError),
        (404, "NotFound", NotThereError),
        (409, "ClientError.Conflict.TooManyPendingJobs", TransferUnavailableError),
        (409, "Conflict", TransferUnavailableError),
        (409, "OperationPaused", TransferUnavailableError),
        (403, "NotSupported", NotPermittedError),
        (429, "", TransferUnavailableError),
        (500, "InternalError", TransferUnavailableError),
        (502, "ExternalError.DirListingFailed.NotDirectory", NotThereError),
        (502, "ExternalError.DirListingFailed.PermissionDenied", NotPermittedError),
        (502, "ExternalError.DirListingFailed.ConnectFailed", TransferUnavailableError),
        (502, "ExternalError.DirListingFailed.GCDisconnected", TransferUnavailableError),
        (502, "ExternalError.DirListingFailed.LoginFailed", LoginRequiredError),
        (502, "ExternalError.DirListingFailed.SizeLimit", TransferRefusedError),
        (502, "ExternalError", TransferUnavailableError),
        (502, "EndpointError", TransferUnavailableError),
        (503, "ServiceUnavailable", TransferUnavailableError),
        (418, "Teapot", TransferRefusedError),
    ],
)
def test_an_error_is_known_by_its_status_and_the_last_part_of_its_code(
    status: int, code: str, expected: type[TransferError]
) -> None:
    error = api(status, code)

    assert type(error) is expected
    assert "could not do it: words" in str(error)
    assert str(status) in str(error)


def test_identical_paths_are_told_from_other_conflicts() -> None:
    text = "A transfer with identical paths has not yet completed"

    assert type(api(409, "Conflict", text)) is PathsInUseError


def test_a_path_that_is_not_found_is_known_by_the_servers_own_words_too() -> None:
    assert isinstance(
        api(502, "ExternalError", "550-GlobusError: v=1 c=PATH_NOT_FOUND\\r\\n"), NotThereError
    )


def test_an_expired_session_that_looks_like_a_wrong_domain_is_recognised() -> None:
    error = api(
        502,
        "ExternalError.DirListingFailed.LoginFailed",
        '530-Login incorrect. : GlobusError: v=1 c=LOGIN_DENIED "not_from_allowed_domain#1.0.0"',
        authorization_parameters={"session_required_single_domain": ["hhmi.org"]},
    )

    assert isinstance(error, LoginRequiredError)
    assert error.what_to_do == "type: archivedctl login --domain hhmi.org"


def test_a_policy_that_no_login_can_satisfy_is_not_called_a_login() -> None:
    error = api(
        403,
        "AuthPolicyFailed",
        authorization_parameters={"session_required_policies": ["x"]},
        account=SERVICE,
    )

    assert isinstance(error, NotPermittedError)
    assert "guest collection" in error.what_to_do


def test_a_missing_consent_names_the_collections() -> None:
    collection = "5b875fda-4185-11e8-bb52-0ac6873fc732"
    scope = f"urn:x:all[*https://auth.globus.org/scopes/{collection}/data_access]"

    error = api(403, "ConsentRequired", required_scopes=[scope])

    assert isinstance(error, LoginRequiredError)
    assert error.what_to_do == f"type: archivedctl login --collection {collection}"


@pytest.mark.parametrize(
    ("status", "word", "expected", "words"),
    [
        (400, "invalid_grant", LoginRequiredError, "ended"),
        (401, "invalid_client", LoginRequiredError, "not accepted"),
        (400, "invalid_scope", LoginRequiredError, "scope"),
        (403, "", LoginRequiredError, "HTTP 403"),
        (429, "", TransferUnavailableError, "HTTP 429"),
        (503, "", TransferUnavailableError, "HTTP 503"),
    ],
)
def test_errors_of_the_login_service_come_out_of_any_call(
    status: int, word: str, expected: type[TransferError], words: str
) -> None:
    error = construct_error(
        error_class=AuthAPIError, http_status=status, body={"error": word, "access_token": "taint"}
    )

    found = translate(error, SERVICE, "do it")

    assert type(found) is expected
    assert words in str(found)
    assert "taint" not in str(found)


@pytest.mark.parametrize("body", [b"<html>", b"[]", b"null", b'"text"'])
def test_bodies_that_are_no_documents_are_no_hindrance(body: bytes) -> None:
    for kind in (TransferAPIError, AuthAPIError):
        error = construct_error(error_class=kind, http_status=502, body=body)
        assert isinstance(translate(error, SERVICE, "do it"), TransferUnavailableError)


def test_a_long_answer_is_cut_and_shown_on_one_line() -> None:
    error = api(500, "InternalError", "one\n\x1b[31mtwo " + "x" * 5000)

    assert len(str(error)) < 400
    assert str(error).isprintable()


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"Retry-After": "12"}, 12.0),
        ({"Retry-After": "0"}, 0.0),
        ({"Retry-After": "-4"}, 0.0),
        (
            {
                "Retry-After": "Sat, 14 Mar 2026 12:01:30 GMT",
                "Date": "Sat, 14 Mar 2026 12:00:00 GMT",
            },
            90.0,
        ),
        ({"Retry-After": "Sat, 14 Mar 2026 12:01:30 GMT"}, None),
        ({"Retry-After": "soon", "Date": "Sat, 14 Mar 2026 12:00:00 GMT"}, None),
        ({}, None),
    ],
)
def test_a_time_to_wait_is_read_as_a_number_or_a_date(
    headers: dict[str, str], seconds: float | None
) -> None:
    error = construct_error(
        error_class=TransferAPIError, http_status=503, body={}, response_headers=headers
    )

    assert retry_after(error) == seconds
