"""Globus' errors, as ours: a table by HTTP status and the last part of the code.

Since Python 3.11 an API error carries the whole answer as notes, and with it perhaps a token; so what is built
here holds a short message only, and whoever raises it does so outside of the `except`, without the original.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC
from email.utils import parsedate_to_datetime

from globus_sdk import (
    AuthAPIError,
    GlobusAPIError,
    GlobusError,
    GlobusSDKUsageError,
    NetworkError,
)
from globus_sdk.exc import ErrorInfoContainer

from archived.core.dataclass import dataclass
from archived.core.paths import printable
from archived.errors import (
    ArchiveMissingError,
    LoginRequiredError,
    NotPermittedError,
    TransferError,
    TransferRefusedError,
    TransferUnavailableError,
)

LONGEST_MESSAGE = 300
_BUSY_WAIT = 30.0
"""Seconds to wait after a 429 that names no time; Globus meters requests over ten seconds."""
_PENDING_WAIT = 600.0
"""Seconds to wait while a hundred tasks are pending; they end at the pace of transfers."""
_PAUSE_WAIT = 300.0

_CONSENT = re.compile(
    r"https://auth\.globus\.org/scopes/([0-9a-f-]{36})/data_access", re.IGNORECASE
)


_WORD = re.compile("[a-z_]{1,40}")

_DOMAIN = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9.-]{0,252}[A-Za-z0-9])?")
_LONGEST_WAIT = 86_400.0

_NOT_THERE = ("NotFound", "PathNotFound", "NotDirectory")
"""How a path that leads nowhere is told; one through a file, which is no folder, leads nowhere either."""
"""Seconds; who names a longer wait than a day does not mean it."""

LIBRARY_ERRORS = (
    GlobusError,
    ArithmeticError,
    AttributeError,
    LookupError,
    RecursionError,
    TypeError,
    ValueError,
)
"""What comes out of a call to the library: its own errors, and those over a body that is not what it should be."""


class NotThereError(TransferRefusedError):
    """What was asked about does not exist: a path, a task."""


class PathsInUseError(TransferUnavailableError):
    """A task with the very same paths has not ended yet."""


class ChecksumsRefusedError(TransferRefusedError):
    """The service refuses external checksums for this pair of collections."""


@dataclass(frozen=True, slots=True)
class Account:
    """Whose calls go wrong, because a person can log in again and a service account cannot."""

    native: bool

    def command(self, *, consents: tuple[str, ...] = (), domain: str | None = None) -> str:
        """What to do about a login that does not suffice."""
        if not self.native:
            return (
                "check client_id and client_secret_file of [globus], and what the collections' "
                "administrators allow this service account"
            )
        words = ["archivedctl login", *(f"--collection {consent}" for consent in consents)]
        return "type: " + " ".join([*words, *([f"--domain {domain}"] if domain else [])])


def missing_scopes(error: Exception) -> tuple[str, ...]:
    """The scopes whose consent Globus asks for; empty where the error is about something else."""
    if not isinstance(error, GlobusAPIError):
        return ()
    info = _info(error)
    wanted = info.consent_required.required_scopes if info and info.consent_required else None
    if not isinstance(wanted, list | tuple):
        return ()
    return tuple(each for each in wanted if isinstance(each, str))


def _info(error: GlobusAPIError) -> ErrorInfoContainer | None:
    """What the library reads out of the answer besides; None where the answer is not as it expects."""
    try:
        return error.info
    except LIBRARY_ERRORS:
        return None


def translate(error: Exception, account: Account, doing: str) -> TransferError:
    """Our error for one of Globus' library. `doing` ends the sentence "Globus could not …"."""
    if isinstance(error, AuthAPIError):
        return _auth(error, account, doing)
    if isinstance(error, GlobusAPIError):
        return _api(error, account, doing)
    if isinstance(error, NetworkError):
        return TransferUnavailableError(
            f"Globus cannot be reached to {doing}: {_cause(error)}",
            what_to_do="check the network of this machine if this lasts",
        )
    if isinstance(error, GlobusSDKUsageError) or "environment" in str(error):
        return TransferRefusedError(
            f"could not {doing}: {error}", what_to_do="check the GLOBUS_SDK_ variables"
        )
    return TransferUnavailableError(
        f"Globus answered with something unreadable when asked to {doing} ({type(error).__name__})"
    )


def _auth(error: AuthAPIError, account: Account, doing: str) -> TransferError:
    """Errors of the Auth service come out of any call, when a token is renewed on the way."""
    raw = error.raw_json
    word = str(raw.get("error") or "") if isinstance(raw, Mapping) else ""
    if not _WORD.fullmatch(word):
        word = ""  # whatever it is, it is none of the words of RFC 6749
    if error.http_status == 429 or error.http_status >= 500:
        return TransferUnavailableError(
            f"Globus' login service could not {doing} (HTTP {error.http_status})",
            retry_after=retry_after(error),
        )
    what = {
        "invalid_grant": "the login has ended (unused for six months, or withdrawn)",
        "invalid_client": "the client id or its secret is not accepted",
        "unauthorized_client": "the client id is not meant for this kind of login",
        "invalid_scope": "Globus does not know a scope that was asked for",
    }.get(word, f"the login was refused (HTTP {error.http_status} {word})".replace(" )", ")"))
    return LoginRequiredError(f"could not {doing}: {what}", what_to_do=account.command())


def _api(error: GlobusAPIError, account: Account, doing: str) -> TransferError:
    status, code = error.http_status, str(error.code or "")
    last = code.rpartition(".")[2]
    said = f"could not {doing}: {_said(error)}"
    if missing_scopes(error):
        return _consent(error, account, said)
    if _needs_session(error):
        return _session(error, account, said)
    if status == 401:
        return LoginRequiredError(
            f"{said}; the login is not accepted", what_to_do=account.command()
        )
    if status == 409:
        return _conflict(error, last, said)
    if last == "EndpointNotFound":
        return ArchiveMissingError(
            said, what_to_do="check the collection ids in the configuration: archivedctl check"
        )
    if status == 404 or last in _NOT_THERE or "c=PATH_NOT_FOUND" in str(error):
        return NotThereError(said)
    if status == 403 or last in ("PermissionDenied", "EndpointPermissionDenied"):
        return NotPermittedError(
            said, what_to_do="ask the collection's administrator to allow the identity in use"
        )
    return _others(error, last, said)


def _others(error: GlobusAPIError, last: str, said: str) -> TransferError:
    status = error.http_status
    if status == 400 and re.search(r"checksum", str(error.message), re.IGNORECASE):
        return ChecksumsRefusedError(said)
    if last == "OperationPaused":
        return TransferUnavailableError(
            said,
            what_to_do="an administrator paused the collection; ask how long",
            retry_after=_PAUSE_WAIT,
        )
    if status == 429:
        return TransferUnavailableError(said, retry_after=retry_after(error) or _BUSY_WAIT)
    if last == "SizeLimit":
        return TransferRefusedError(
            f"{said}; Globus lists folders of up to 100000 entries only",
            what_to_do="spread the files over several folders",
        )
    if last in ("NotSupported", "BadRequest") or status in (400, 405, 413, 422):
        hint = "make max_files of [transfer] smaller" if status == 413 else ""
        return TransferRefusedError(said, what_to_do=hint)
    if status >= 500:
        return TransferUnavailableError(said, retry_after=retry_after(error))
    return TransferRefusedError(said)


def _conflict(error: GlobusAPIError, last: str, said: str) -> TransferError:
    if last == "TooManyPendingJobs":
        return TransferUnavailableError(
            said,
            what_to_do="wait until some of this identity's tasks have ended",
            retry_after=_PENDING_WAIT,
        )
    if "identical paths" in str(error.message):
        return PathsInUseError(said, retry_after=_PENDING_WAIT)
    return TransferUnavailableError(said, retry_after=retry_after(error))


def _consent(error: GlobusAPIError, account: Account, said: str) -> TransferError:
    collections = tuple(dict.fromkeys(_CONSENT.findall(" ".join(missing_scopes(error)))))
    return LoginRequiredError(
        f"{said}; a consent is missing", what_to_do=account.command(consents=collections)
    )


def _needs_session(error: GlobusAPIError) -> bool:
    """Whether an interactive login would help: 403 with parameters, or the 502 that an ended session gives."""
    info = _info(error)
    if error.http_status == 403 and info and info.authorization_parameters:
        return True
    last = str(error.code or "").rpartition(".")[2]
    return last == "LoginFailed" or last == "AuthPolicyFailed" or "LOGIN_DENIED" in str(error)


def _session(error: GlobusAPIError, account: Account, said: str) -> TransferError:
    info = _info(error)
    wanted = info.authorization_parameters if info else None
    domains = wanted.session_required_single_domain if wanted else None
    domain = next(iter(domains), None) if isinstance(domains, list | tuple) else None
    if not isinstance(domain, str) or not _DOMAIN.fullmatch(domain):
        domain = None  # it becomes a part of a command that a person is told to type
    if not account.native:
        return NotPermittedError(
            f"{said}; the collection's policy does not let this service account in",
            what_to_do="share a guest collection with it, or ask the collection's administrator",
        )
    return LoginRequiredError(
        f"{said}; the collection asks for a fresh login"
        + (f" with an identity of {domain}" if domain else ""),
        what_to_do=account.command(domain=domain),
    )


def retry_after(error: GlobusAPIError) -> float | None:
    """The seconds that the answer asks us to wait, given as a number or as a date; None where it names none."""
    headers = error.headers or {}
    value = headers.get("Retry-After")
    if not value:
        return None
    try:
        seconds = float(value)
    except ValueError:
        pass
    else:
        # Beside numbers there are words that read as one: nan, inf.
        return min(max(0.0, seconds), _LONGEST_WAIT) if seconds == seconds else None
    try:
        until = parsedate_to_datetime(value)
        # Both dates are the server's, so that this machine's clock does not matter.
        sent = parsedate_to_datetime(headers["Date"])
        waited = (until.astimezone(UTC) - sent.astimezone(UTC)).total_seconds()
        return min(max(0.0, waited), _LONGEST_WAIT)
    except (KeyError, OverflowError, TypeError, ValueError):
        return None


def _said(error: GlobusAPIError) -> str:
    message = " ".join(str(error.message or "")[: 10 * LONGEST_MESSAGE].split())
    if len(message) > LONGEST_MESSAGE:
        message = message[: LONGEST_MESSAGE - 1] + "…"
    words = f"HTTP {error.http_status} {str(error.code or '')[:LONGEST_MESSAGE]}".strip()
    return printable(f"{message} ({words})" if message else words)


def _cause(error: NetworkError) -> str:
    return type(error.underlying_exception).__name__
