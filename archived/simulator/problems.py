"""What can go wrong with one file of a task, in the words of the service's events."""

from __future__ import annotations

import errno

from archived.simulator.collection import Collection
from archived.simulator.event_codes import describe
from archived.simulator.work import TaskError

_CODES = {
    errno.ENOENT: "FILE_NOT_FOUND",
    errno.EACCES: "PERMISSION_DENIED",
    errno.EPERM: "PERMISSION_DENIED",
    errno.EROFS: "PERMISSION_DENIED",
    errno.EISDIR: "IS_A_DIRECTORY",
    errno.ENOTDIR: "NOT_A_DIRECTORY",
    errno.EEXIST: "NOT_A_DIRECTORY",
    errno.ENOSPC: "NO_SPACE_LEFT",
    errno.EDQUOT: "QUOTA_EXCEEDED",
    errno.ENAMETOOLONG: "INVALID_PATH_NAME",
    errno.EINVAL: "INVALID_PATH_NAME",
    errno.EILSEQ: "INVALID_PATH_NAME",
}
QUOTA_CODES = frozenset({"QUOTA_EXCEEDED"})
"""What `fail_on_quota_errors` makes fatal; a disk that is full is not a quota."""
SKIPPABLE_CODES = frozenset({"FILE_NOT_FOUND", "PERMISSION_DENIED", "AMBIGUOUS_PATH"})
"""What `skip_source_errors` passes over, when it happens at the source."""


class ProblemError(Exception):
    """Something went wrong with one file; it is tried again unless the order says otherwise."""

    def __init__(self, error: TaskError) -> None:
        super().__init__(f"{error.code}: {error.path}")
        self.error = error


class FatalError(Exception):
    """Something went wrong that ends the whole task."""

    def __init__(self, error: TaskError) -> None:
        super().__init__(f"{error.code}: {error.path}")
        self.error = error


def wrong(
    code: str, where: Collection, path: str, *, at_source: bool = False, reason: str = ""
) -> ProblemError:
    """The problem with this event code at this path; `reason` where there is a closer one than the code's own."""
    text = details(code, where, path, at_source=at_source, reason=reason)
    return ProblemError(TaskError(code, text, path, at_source))


def from_os_error(
    error: OSError, where: Collection, path: str, *, at_source: bool = False
) -> ProblemError:
    """The problem that an operating system's error is."""
    return wrong(_CODES.get(error.errno or 0, "UNKNOWN"), where, path, at_source=at_source)


def details(code: str, where: Collection, path: str, *, at_source: bool, reason: str = "") -> str:
    """The text of an error event, laid out as Globus does it; line ends of the server stay escaped."""
    verb = "RETR" if at_source else "STOR"
    return (
        f"Error (transfer)\nEndpoint: {where.display_name} ({where.id})\n"
        f"Server: 127.0.0.1:2811\nFile: {path}\nCommand: {verb} {path}\n"
        f"Message: Fatal FTP response\n---\n"
        f"Details: 550-GlobusError: v=1 c={code}\\r\\n"
        f"550-GridFTP-Reason: {reason or describe(code)}\\r\\n550 End.\\r\\n"
    )
