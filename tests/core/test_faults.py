"""The table of faults: complete, and of use to a person."""

from __future__ import annotations

import pytest

from archived.core.faults import MEANINGS, FaultKind, classify, explain

DOCUMENTED = {
    "ABEND",
    "ACL_CHANGED",
    "AMBIGUOUS_PATH",
    "AUTH",
    "CANCELED",
    "CLOCK",
    "CONNECT_FAILED",
    "CONNECTION_BROKEN",
    "CONNECTION_RESET",
    "ENDPOINT_ERROR",
    "ENDPOINT_TOO_BUSY",
    "EXPIRED",
    "EXTERNAL_CHECKSUM_MISMATCH",
    "FILE_ACCESS",
    "FILE_NOT_FOUND",
    "FILE_SIZE_CHANGED",
    "GC_NOT_CONNECTED",
    "GC_PAUSED",
    "GSI_DN_MISMATCH",
    "INTERNAL_ERROR",
    "INVALID_PATH_NAME",
    "INVALID_SERVICE_CREDENTIAL",
    "INVALID_SYMLINK",
    "IS_A_DIRECTORY",
    "IS_A_FILE",
    "LIMIT_EXCEEDED",
    "MPU_NOT_FOUND",
    "NO_APPEND_FILESYSTEM",
    "NO_CREDENTIALS",
    "NO_PHYSICALS",
    "NO_SPACE_LEFT",
    "NOT_A_DIRECTORY",
    "NOT_A_FILE",
    "NOT_A_SYMLINK",
    "PAUSED",
    "PERMISSION_DENIED",
    "PROGRESS",
    "QUOTA_EXCEEDED",
    "STARTED",
    "SUCCEEDED",
    "TIMEOUT",
    "UNKNOWN",
    "UNPAUSED",
    "VERIFY_CHECKSUM",
    "SKIPPED_ERRORS",
    "DELETE_DESTINATION_EXTRA_SKIPPED",
}


def test_every_code_that_globus_documents_is_in_the_table() -> None:
    assert MEANINGS.keys() >= DOCUMENTED


def test_every_row_says_why_and_those_for_a_person_say_what_to_do() -> None:
    for code, meaning in MEANINGS.items():
        assert meaning.why, code
        assert not meaning.why.endswith("."), code
        assert meaning.kind is not FaultKind.PERSON or meaning.what_to_do, code


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        ("GC_NOT_CONNECTED", FaultKind.SELF_CORRECTING),
        ("VERIFY_CHECKSUM", FaultKind.SELF_CORRECTING),
        ("PAUSED", FaultKind.SELF_CORRECTING),
        ("FILE_NOT_FOUND", FaultKind.SOURCE),
        ("FILE_SIZE_CHANGED", FaultKind.SOURCE),
        ("DESTINATION_DIFFERS", FaultKind.SOURCE),
        ("SOURCE_PERMISSION_DENIED", FaultKind.SOURCE),
        ("PERMISSION_DENIED", FaultKind.PERSON),
        ("QUOTA_EXCEEDED", FaultKind.PERSON),
        ("NO_CREDENTIALS", FaultKind.PERSON),
        ("CANCELED", FaultKind.CANCELLED),
        ("EXPIRED", FaultKind.EXPIRED),
        ("INTERNAL_ERROR", FaultKind.PASSING),
    ],
)
def test_a_fault_is_of_its_kind(code: str, kind: FaultKind) -> None:
    assert classify(code) is kind


def test_a_code_that_nobody_knows_passes() -> None:
    assert classify("SOMETHING_NEW") is FaultKind.PASSING
    assert "tries again" in explain("SOMETHING_NEW")


def test_an_explanation_ends_with_what_to_do() -> None:
    assert explain("NO_SPACE_LEFT") == "the disk of the archive is full: make room at the archive"
    assert explain("TIMEOUT") == "a collection did not answer in time"
