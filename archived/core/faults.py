"""What a fault of a transfer means: whether it passes, whose it is, and what a person can do. One table."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType

from archived.core.dataclass import dataclass


class FaultKind(StrEnum):
    """What follows from a fault."""

    PASSING = "passing"
    """It may be over at the next try, or it is no fault at all; nothing but patience is needed."""
    SELF_CORRECTING = "self-correcting"
    """The mover itself goes on as soon as it can; the transfer is left alone."""
    SOURCE = "source"
    """Waiting cannot mend it within this transfer: the file it names is set apart or looked at again."""
    PERSON = "person"
    """It concerns the rig or the archive as a whole, and a person has to do something."""
    CANCELLED = "cancelled"
    """Somebody stopped the transfer."""
    EXPIRED = "expired"
    """The transfer did not end before its deadline."""


@dataclass(frozen=True, slots=True)
class Meaning:
    """One row of the table: the kind, why it is of that kind, and what to do (empty: nothing)."""

    kind: FaultKind
    why: str
    what_to_do: str = ""


_K = FaultKind
_M = Meaning

MEANINGS: Mapping[str, Meaning] = MappingProxyType(
    {
        # What Globus says of itself and its network, and mends without us.
        "AUTH": _M(_K.SELF_CORRECTING, "the two collections could not agree on a login just now"),
        "CONNECT_FAILED": _M(_K.SELF_CORRECTING, "a collection could not be reached"),
        "CONNECTION_BROKEN": _M(_K.SELF_CORRECTING, "the connection broke"),
        "CONNECTION_RESET": _M(_K.SELF_CORRECTING, "the connection was reset"),
        "ENDPOINT_ERROR": _M(_K.SELF_CORRECTING, "a collection reported an error of its own"),
        "ENDPOINT_TOO_BUSY": _M(_K.SELF_CORRECTING, "a collection serves too many others"),
        "GC_NOT_CONNECTED": _M(
            _K.SELF_CORRECTING,
            "Globus Connect Personal is not running; the transfer goes on when it is",
            "start Globus Connect Personal on the rig",
        ),
        "GC_PAUSED": _M(
            _K.SELF_CORRECTING,
            "Globus Connect Personal is paused; the transfer goes on when it is not",
            "unpause Globus Connect Personal on the rig",
        ),
        "NO_APPEND_FILESYSTEM": _M(
            _K.SELF_CORRECTING, "a broken off file cannot be continued and is begun again"
        ),
        "PAUSED": _M(
            _K.SELF_CORRECTING,
            "an administrator paused the transfer; it goes on when the pause ends",
            "ask the collection's administrator how long the pause lasts",
        ),
        "TIMEOUT": _M(_K.SELF_CORRECTING, "a collection did not answer in time"),
        "UNKNOWN": _M(_K.SELF_CORRECTING, "Globus could not tell what went wrong"),
        "VERIFY_CHECKSUM": _M(
            _K.SELF_CORRECTING,
            "what arrived had another checksum than what was sent; it is sent again until it matches",
            "if it does not end: test the disk, the memory and the network of both ends",
        ),
        # What the next try may find mended.
        "ABEND": _M(_K.PASSING, "the transfer ended abnormally"),
        "CLOCK": _M(
            _K.PASSING,
            "the clocks of the two ends differ too much",
            "set the clocks of both ends (NTP)",
        ),
        "INTERNAL_ERROR": _M(_K.PASSING, "something failed inside Globus"),
        "MPU_NOT_FOUND": _M(
            _K.PASSING, "the object store forgot a half-finished upload, which is begun again"
        ),
        # Words about how it goes, not faults.
        "DELETE_DESTINATION_EXTRA_SKIPPED": _M(_K.PASSING, "information only"),
        "PROGRESS": _M(_K.PASSING, "information only"),
        "SKIPPED_ERRORS": _M(
            _K.PASSING, "information only; what was skipped is reported file by file"
        ),
        "STARTED": _M(_K.PASSING, "information only"),
        "SUCCEEDED": _M(_K.PASSING, "information only"),
        "UNPAUSED": _M(_K.PASSING, "information only"),
        # One file is at fault. The others can travel without it.
        "AMBIGUOUS_PATH": _M(
            _K.SOURCE, "the path can be understood in two ways", "rename the file on the rig"
        ),
        "CHECKSUM_UNSUPPORTED": _M(
            _K.SOURCE,
            "the archive cannot check the acquisition program's own checksum; "
            "the files are sent again without asking for that",
        ),
        "DESTINATION_DIFFERS": _M(
            _K.SOURCE,
            "the destination holds a different file of this name; nothing was overwritten",
            "compare the two files; `archivedctl accept` archives the one on the rig",
        ),
        "DESTINATION_REFUSES": _M(
            _K.SOURCE,
            "the archive does not take this file",
            "look at the permissions of its folder in the archive, and at the size of the file",
        ),
        "EXTERNAL_CHECKSUM_MISMATCH": _M(
            _K.SOURCE,
            "the file is not what the acquisition program's own checksum says",
            "compare the file with its .meta: one of them was changed or damaged after the recording",
        ),
        "FILE_NOT_FOUND": _M(_K.SOURCE, "the file left the rig before it was sent"),
        "FILE_SIZE_CHANGED": _M(
            _K.SOURCE, "the file was still written to while it was sent; it has to settle again"
        ),
        "INVALID_PATH_NAME": _M(
            _K.SOURCE,
            "one of the two ends cannot have a file of this name",
            "rename the file on the rig",
        ),
        "INVALID_SYMLINK": _M(
            _K.SOURCE,
            "it is a symbolic link, or lies behind one, and links are not followed",
            "put the file itself where the link is",
        ),
        "IS_A_DIRECTORY": _M(
            _K.SOURCE,
            "one of the two ends has a folder where the file should be",
            "look at that path at both ends",
        ),
        "IS_A_FILE": _M(
            _K.SOURCE,
            "one of the two ends has a file where a folder should be",
            "look at that path at both ends",
        ),
        "NOT_A_DIRECTORY": _M(
            _K.SOURCE,
            "a part of the path is not a folder at one of the two ends",
            "look at that path at both ends",
        ),
        "NOT_A_FILE": _M(
            _K.SOURCE, "it is not a regular file", "remove it from the recording's folder"
        ),
        "NOT_A_SYMLINK": _M(
            _K.SOURCE, "it is not the symbolic link it was", "look at that path at both ends"
        ),
        "SOURCE_PERMISSION_DENIED": _M(
            _K.SOURCE,
            "the file may not be read",
            "give the account that sends it permission to read the file",
        ),
        "SOURCE_READ_ERROR": _M(
            _K.SOURCE,
            "the disk could not read the file",
            "look at the rig's disk at once (system log, SMART): it may be failing",
        ),
        # The rig or the archive as a whole.
        "ACL_CHANGED": _M(
            _K.PERSON,
            "the access rules of a collection were changed and do not let us in any more",
            "ask the collection's administrator to give the identity access again",
        ),
        "CANCELED_BY_ADMIN": _M(
            _K.PERSON,
            "an administrator of a collection stopped the transfer",
            "ask the administrator why, then `archivedctl retry`",
        ),
        "DESTINATION_NOT_FOUND": _M(
            _K.PERSON,
            "the archive says that the place where the files should go does not exist",
            "check the `archive` of the location in the configuration",
        ),
        "DESTINATION_READ_ONLY": _M(
            _K.PERSON,
            "the disk of the archive is mounted read-only",
            "see why (a failing disk is often mounted so), then mount it for writing",
        ),
        "FILE_ACCESS": _M(
            _K.PERSON,
            "a collection may not touch the files",
            "check the permissions at both collections",
        ),
        "GSI_DN_MISMATCH": _M(
            _K.PERSON,
            "a collection is not the server it claims to be",
            "ask the collection's administrator to renew its certificate",
        ),
        "INVALID_SERVICE_CREDENTIAL": _M(
            _K.PERSON,
            "a collection's own credential is invalid",
            "ask the collection's administrator to renew its certificate",
        ),
        "LIMIT_EXCEEDED": _M(
            _K.PERSON,
            "a limit of one of the two ends was exceeded",
            "ask the collection's administrator about its limits",
        ),
        "NO_CREDENTIALS": _M(
            _K.PERSON,
            "the login that the transfer runs under has ended",
            "log in again: archivedctl login",
        ),
        "NO_PHYSICALS": _M(
            _K.PERSON,
            "a collection has no server behind it",
            "ask the collection's administrator; check the collection ids in the configuration",
        ),
        "NO_SPACE_LEFT": _M(
            _K.PERSON, "the disk of the archive is full", "make room at the archive"
        ),
        "PERMISSION_DENIED": _M(
            _K.PERSON,
            "the identity in use may not read or write there",
            "check the access rules of both collections and the permissions of the folders",
        ),
        "QUOTA_EXCEEDED": _M(
            _K.PERSON,
            "the quota at the archive is used up",
            "make room at the archive or ask for a larger quota",
        ),
        # How it ended.
        "CANCELED": _M(_K.CANCELLED, "the transfer was cancelled"),
        "EXPIRED": _M(_K.EXPIRED, "the transfer did not end before its deadline"),
    }
)
"""Every event code that Globus documents, and the few that our movers add where they know more than Globus says:
CANCELED_BY_ADMIN, CHECKSUM_UNSUPPORTED, DESTINATION_DIFFERS, DESTINATION_NOT_FOUND, DESTINATION_READ_ONLY,
DESTINATION_REFUSES, SOURCE_PERMISSION_DENIED, SOURCE_READ_ERROR."""

_UNKNOWN_CODE = Meaning(
    FaultKind.PASSING, "this program does not know that fault; it waits, and tries again"
)


def classify(code: str) -> FaultKind:
    """What follows from a fault of this code. A code that is not in the table passes: waiting loses nothing."""
    return MEANINGS.get(code, _UNKNOWN_CODE).kind


BACK: Mapping[str, Meaning] = MappingProxyType(
    {
        "CHECKSUM_UNSUPPORTED": _M(
            _K.SOURCE, "one of the two ends cannot check this kind of checksum"
        ),
        "DESTINATION_DIFFERS": _M(
            _K.SOURCE,
            "a different file of this name is there; nothing was overwritten",
            "move that file away, or bring the archived one to another folder with --to",
        ),
        "DESTINATION_NOT_FOUND": _M(
            _K.PERSON,
            "the folder that it is brought to is not there",
            "see that it exists, and that the collection exports it",
        ),
        "DESTINATION_REFUSES": _M(
            _K.SOURCE,
            "the folder that it is brought to does not take this file",
            "look at the permissions of that folder, and at the size of the file",
        ),
        "DESTINATION_READ_ONLY": _M(
            _K.PERSON,
            "the disk that it is brought to is mounted read-only",
            "mount it for writing, or bring it to another folder with --to",
        ),
        "EXTERNAL_CHECKSUM_MISMATCH": _M(
            _K.SOURCE, "what the archive holds is not what was archived", "look into the archive"
        ),
        "FILE_NOT_FOUND": _M(
            _K.SOURCE,
            "the archive does not hold it any more",
            "compare the catalogue with the archive: archivedctl discover",
        ),
        "FILE_SIZE_CHANGED": _M(
            _K.SOURCE,
            "the archive holds it with another size than was archived",
            "compare the catalogue with the archive: archivedctl discover",
        ),
        "INVALID_PATH_NAME": _M(_K.SOURCE, "one of the two ends cannot have a file of this name"),
        "INVALID_SYMLINK": _M(
            _K.SOURCE, "there is a symbolic link in its path, and links are not followed"
        ),
        "NO_SPACE_LEFT": _M(
            _K.PERSON,
            "the disk that it is brought to is full",
            "make room there, or bring it to another folder with --to",
        ),
        "QUOTA_EXCEEDED": _M(
            _K.PERSON,
            "the quota of the disk that it is brought to is used up",
            "make room there, or bring it to another folder with --to",
        ),
        "SOURCE_PERMISSION_DENIED": _M(
            _K.SOURCE,
            "the file may not be read in the archive",
            "ask the archive's administrator to let the identity read it",
        ),
        "SOURCE_READ_ERROR": _M(
            _K.SOURCE,
            "the disk of the archive could not read the file",
            "tell the archive's administrator at once: that disk may be failing",
        ),
    }
)
"""What codes mean for people where the archive is the source and this machine the destination. The kinds are those
of `MEANINGS`."""


def explain(code: str, *, back: bool = False) -> str:
    """What happened and what to do about it, for people, without a final stop; `back` for what comes back."""
    meaning = (BACK.get(code) if back else None) or MEANINGS.get(code, _UNKNOWN_CODE)
    return f"{meaning.why}: {meaning.what_to_do}" if meaning.what_to_do else meaning.why
