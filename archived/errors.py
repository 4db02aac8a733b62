"""What can go wrong in ways that are expected; anything else is a bug and may end the process."""

from __future__ import annotations


class ArchivedError(Exception):
    """The parent of every expected failure; never raised itself.

    `str(error)` says what happened and what it means for the data, `what_to_do` what a person can do about it
    (empty when nothing need be done), `permanent` whether trying again by itself is pointless.
    """

    permanent = True
    exit_code = 1

    def __init__(self, message: str, *, what_to_do: str = "") -> None:
        super().__init__(message)
        self.what_to_do = what_to_do


class ConfigurationError(ArchivedError):
    """The configuration has mistakes; the message lists every one of them."""

    exit_code = 78


class MistakeError(ArchivedError):
    """The program itself went wrong about one dataset or batch; the others go on (safety rule 8)."""

    permanent = False


class AnotherDaemonError(ArchivedError):
    """Another daemon already runs for this rig or store."""


class AnotherRetrievalError(ArchivedError):
    """Somebody else brings files back to this rig at the moment."""


class AnotherVerificationError(ArchivedError):
    """Somebody else has this rig's files verified at the moment."""


class StoreError(ArchivedError):
    """The store cannot be read or written just now (locked, disk full, server away)."""

    permanent = False


class StoreMissingError(StoreError):
    """There is no store at the address yet, and this program was not asked to begin one."""

    permanent = True


class StoreDamagedError(StoreError):
    """The store is not a sound database of ours."""

    permanent = True


class WalkGoneError(StoreError):
    """Another process ended or gave up the walk over an archive that this one took part in; it may begin again."""


class StoreReplacedError(StoreError):
    """Another file has taken the place of the store that was opened; whoever used it has to open that one."""

    permanent = True


class StoreTooNewError(StoreError):
    """The store was written by a newer release of this program."""

    permanent = True


class LabDatabaseError(ArchivedError):
    """The lab's DataJoint database cannot be used just now: away, refused, too slow. The catalogue is not affected."""

    permanent = False


class LabTablesError(LabDatabaseError):
    """Tables of the lab's DataJoint database are missing, or are not such as can be used; they are left alone."""

    permanent = True


class ClaimLostError(StoreError):
    """The connection that held the daemon's claim was lost, and another daemon has had the claim since."""

    permanent = True


class RootUnavailableError(ArchivedError):
    """The watched root is missing, unmounted, unreadable, or not the one it was (safety rule 6)."""

    permanent = False


class NameNotFoundError(ArchivedError):
    """A person named a dataset, a path or a location that is not known."""


class MoveRefusedError(ArchivedError):
    """A person asked for a move that the lifecycle does not have from the present state."""


class TransferError(ArchivedError):
    """Something about a transfer went wrong; the parent of what movers raise."""


class TransferUnavailableError(TransferError):
    """The mover cannot be reached or is overloaded: network, 429, 5xx, disk full. Try again later.

    `retry_after` is in seconds where the service named a time, else None.
    """

    permanent = False

    def __init__(
        self, message: str, *, what_to_do: str = "", retry_after: float | None = None
    ) -> None:
        super().__init__(message, what_to_do=what_to_do)
        self.retry_after = retry_after


class ArchiveMissingError(TransferUnavailableError):
    """The archive, as configured, is not there: a wrong collection id, a directory that is not mounted.

    No dataset is to blame; all wait until a person has put it right, and are told of at once.
    """


class TransferRefusedError(TransferError):
    """The mover refuses this order and would refuse it again: bad request, wrong collection, no such path."""


class NotPermittedError(TransferError):
    """The identity in use may not do this: access rules, policies."""

    exit_code = 4


class LoginRequiredError(TransferError):
    """There is no usable login, or it lacks a consent; `what_to_do` holds the command to type.

    A fault of the whole rig, not of one dataset: nobody's attempts are counted for it.
    """

    exit_code = 4
