"""The file that holds a person's login: written whole and atomically, readable by its owner alone."""

from __future__ import annotations

import contextlib
import json
import os
import secrets
from collections.abc import Iterator, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any, get_type_hints

from filelock import FileLock, Timeout

from archived.core.dataclass import dataclass
from archived.core.paths import printable
from archived.errors import LoginRequiredError, TransferUnavailableError
from archived.secrecy.files import NotPrivateError, read_private
from archived.secrecy.hidden import Hidden
from archived.transfer.folders import open_root

_LOCK_WAIT = 10.0
"""Seconds; the lock is held for one small write."""


@dataclass(frozen=True, slots=True)
class StoredToken:
    """What one service gave: a token for its calls, and one with which a new one is had. Times are Unix seconds."""

    access_token: str
    expires_at: int
    refresh_token: str
    scope: str

    def __post_init__(self) -> None:
        object.__setattr__(self, "access_token", Hidden(self.access_token))
        object.__setattr__(self, "refresh_token", Hidden(self.refresh_token))

    def __repr__(self) -> str:
        return f"StoredToken(expires_at={self.expires_at}, scope={self.scope!r})"


_KINDS = get_type_hints(StoredToken)


class TokenFile:
    """The tokens of one client in one Globus environment, by resource server.

    Several processes may use the file at once. One that others may read or that belongs to somebody else is
    refused, as ssh does with its keys.
    """

    def __init__(self, path: str, *, client_id: str, environment: str) -> None:
        self.path = Path(path)
        self._shown = printable(path)
        self._key = f"{environment}/{client_id}"

    def stamp(self) -> tuple[int, int, int] | None:
        """Changes whenever the file does; None where there is none."""
        try:
            found = self.path.stat()
        except OSError:
            return None
        return (found.st_ino, found.st_size, found.st_mtime_ns)

    def read(self) -> Mapping[str, StoredToken]:
        """All tokens; empty where there was no login. Raises `LoginRequiredError` for a file that is not safe."""
        entries = self._load().get(self._key)
        if not isinstance(entries, dict):
            return {}
        return {server: self._token(entry) for server, entry in entries.items()}

    def replace(self, tokens: Mapping[str, StoredToken]) -> None:
        """Forget this client's tokens and keep these instead."""
        with self._locked():
            document = self._load()
            document[self._key] = {server: asdict(token) for server, token in tokens.items()}
            self._store(document)

    def renew(self, server: str, token: StoredToken) -> bool:
        """Keep a renewed token, unless somebody logged in anew meanwhile: their login is the later word."""
        with self._locked():
            document = self._load()
            entries = document.get(self._key)
            if not isinstance(entries, dict):
                return False
            present = entries.get(server)
            if not present or self._token(present).refresh_token != token.refresh_token:
                return False
            entries[server] = asdict(token)
            self._store(document)
            return True

    def forget(self) -> None:
        """Remove this client's tokens, and the file with the last of them."""
        with self._locked():
            document = self._load()
            document.pop(self._key, None)
            if document:
                self._store(document)
            else:
                self.path.unlink(missing_ok=True)

    def _token(self, entry: object) -> StoredToken:
        """What was stored for one service, if that is what it looks like."""
        if not isinstance(entry, dict) or entry.keys() != _KINDS.keys():
            raise self._unreadable()
        if any(type(entry[name]) is not kind for name, kind in _KINDS.items()):
            raise self._unreadable()
        return StoredToken(**entry)

    def _load(self) -> dict[str, Any]:
        try:
            content = read_private(self.path, own=True, follow=False)
        except FileNotFoundError:
            return {}
        except OSError as error:
            raise LoginRequiredError(
                f"the login in {self._shown} cannot be read: {error.strerror}",
                what_to_do=f"make {self._shown} a plain file of the account that runs this program",
            ) from error
        except NotPrivateError as error:
            raise LoginRequiredError(
                f"the login in {self._shown} {error} and is not used",
                what_to_do=f"{error.what_to_do}; if others have had access, "
                "also: archivedctl logout, archivedctl login",
            ) from None
        document = _document(content)
        if document is None:
            raise self._unreadable()
        return document

    def _store(self, document: Mapping[str, Any]) -> None:
        temporary = self.path.with_name(f".{self.path.name}.{secrets.token_hex(4)}")
        descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        try:
            with os.fdopen(descriptor, "w", encoding="utf-8") as file:
                json.dump(document, file)
                file.flush()
                os.fsync(file.fileno())
            temporary.replace(self.path)
            with contextlib.closing(open_root(str(self.path.parent))) as folder:
                folder.sync()
        except BaseException:
            temporary.unlink(missing_ok=True)
            raise

    @contextlib.contextmanager
    def _locked(self) -> Iterator[None]:
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            with FileLock(f"{self.path}.lock", timeout=_LOCK_WAIT, mode=0o600):
                yield
        except Timeout:
            raise TransferUnavailableError(
                f"the login in {self._shown} is held by another process"
            ) from None
        except OSError as error:
            raise TransferUnavailableError(
                f"the login cannot be kept in {self._shown}: {error.strerror}",
                what_to_do=f"let this account write to {printable(str(self.path.parent))}",
            ) from error

    def _unreadable(self) -> LoginRequiredError:
        return LoginRequiredError(
            f"the login in {self._shown} is damaged",
            what_to_do=f"remove {self._shown}, then type: archivedctl login",
        )


def _document(content: bytes) -> dict[str, Any] | None:
    """What the file says, or None. An error of JSON holds the text that it is about, so none leaves here."""
    try:
        document = json.loads(content)
    except (ValueError, RecursionError):
        return None
    return document if isinstance(document, dict) else None
