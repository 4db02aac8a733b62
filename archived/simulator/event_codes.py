"""The codes by which a task's events and errors go, and the words that belong to them."""

from __future__ import annotations

DESCRIPTIONS = {
    "CANCELED": "canceled",
    "ENDPOINT_ERROR": "endpoint error",
    "EXPIRED": "expired",
    "EXTERNAL_CHECKSUM_MISMATCH": "external checksum mismatch",
    "FILE_NOT_FOUND": "file not found",
    "FILE_SIZE_CHANGED": "file size changed",
    "GC_NOT_CONNECTED": "Globus Connect not connected",
    "GC_PAUSED": "Globus Connect paused",
    "INVALID_PATH_NAME": "invalid path name",
    "IS_A_DIRECTORY": "is a directory",
    "NOT_A_DIRECTORY": "not a directory",
    "NO_SPACE_LEFT": "no space left on device",
    "PERMISSION_DENIED": "permission denied",
    "QUOTA_EXCEEDED": "quota exceeded",
    "SKIPPED_ERRORS": "some source errors were skipped",
    "VERIFY_CHECKSUM": "checksum verification failed",
}
"""The words that go with an event code; every other code is its own words in lower case."""


def describe(code: str) -> str:
    """The words for an event code."""
    return DESCRIPTIONS.get(code, code.lower().replace("_", " "))
