"""The client secret of a service account: where it comes from, read only when it is needed, never shown."""

from __future__ import annotations

import os
import stat
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from archived.core.paths import printable
from archived.errors import ConfigurationError

VARIABLE = "ARCHIVED_GLOBUS_CLIENT_SECRET"
CREDENTIAL = "globus-client-secret"
_OTHERS = stat.S_IRWXG | stat.S_IRWXO


@dataclass(frozen=True, slots=True)
class ClientSecret:
    """Where the secret is: `$ARCHIVED_GLOBUS_CLIENT_SECRET`, else a systemd credential, else a file of ours."""

    file: Path | None = None
    credential: Path | None = None
    text: str | None = field(default=None, repr=False)

    @classmethod
    def found(cls, file: Path | None, environ: Mapping[str, str]) -> ClientSecret:
        """The places that there are. A credential of blanks counts as none: a unit can give a default only so."""
        folder = environ.get("CREDENTIALS_DIRECTORY")
        credential = Path(folder) / CREDENTIAL if folder else None
        if credential is not None and not _has_content(credential):
            credential = None
        return cls(file=file, credential=credential, text=environ.get(VARIABLE) or None)

    def __bool__(self) -> bool:
        return any((self.text, self.credential, self.file))

    def read(self) -> str | None:
        """The secret, or None where there is none.

        Raises `ConfigurationError` when its file cannot be read, is empty, or may be read by other people.
        """
        if self.text is not None:
            return self.text.strip()
        if self.credential is not None:
            # systemd guards this one: its mode may show a group that is really an access list.
            return _content(self.credential)
        if self.file is None:
            return None
        refuse_if_readable_by_others(self.file, "the client secret")
        return _content(self.file)


def refuse_if_readable_by_others(file: Path, what: str) -> None:
    """Raise `ConfigurationError`, with the command to type, when the file's mode lets others read it.

    Windows has no such modes; there the folder's access list guards it.
    """
    if os.name == "nt":
        return
    try:
        found = file.stat()
    except OSError as error:
        raise _unreadable(file, error) from error
    shown = printable(str(file))
    if found.st_mode & _OTHERS:
        raise ConfigurationError(
            f"{shown} holds {what}, but others than its owner may read or change it "
            f"(mode {stat.S_IMODE(found.st_mode):04o}), so it is not used.",
            what_to_do=f"chmod 600 '{shown}', and make a new secret if somebody may have seen it.",
        )
    if os.geteuid() not in (0, found.st_uid):
        raise ConfigurationError(
            f"{shown} holds {what}, but belongs to another user, so it is not used.",
            what_to_do=f"Run this as its owner (`sudo -u`), or: sudo chown {os.geteuid()} '{shown}'",
        )


def _has_content(file: Path) -> bool:
    try:
        return bool(file.read_bytes().strip())
    except OSError:
        return False


def _content(file: Path) -> str:
    try:
        text = file.read_text(encoding="utf-8").strip()
    except (OSError, ValueError) as error:
        raise _unreadable(file, error) from error
    if not text:
        raise ConfigurationError(
            f"{printable(str(file))} should hold the client secret, but is empty.",
            what_to_do="Write the secret into it; app.globus.org/settings/developers makes a new one.",
        )
    return text


def _unreadable(file: Path, error: Exception) -> ConfigurationError:
    why = getattr(error, "strerror", None) or "it is not text in UTF-8"
    return ConfigurationError(
        f"{printable(str(file))}, which should hold the client secret, cannot be read: {why}.",
        what_to_do="Correct `client_secret_file` in [globus], or the file.",
    )
