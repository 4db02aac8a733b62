"""Secrets of ours: where each comes from; read only when it is needed, never shown."""

from __future__ import annotations

import os
import stat
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from archived.core.paths import printable
from archived.errors import ConfigurationError

_OTHERS = stat.S_IRWXG | stat.S_IRWXO


@dataclass(frozen=True, slots=True)
class SecretKind:
    """One kind of secret: what people call it, and the names of the places where it may be."""

    what: str
    variable: str
    """The variable of the environment that may hold it."""
    credential: str
    """The systemd credential that may hold it."""
    key: str
    """The key of the configuration that may name its file, for messages: "`key` in [section]"."""
    made_by: str
    """How a person comes by one."""


CLIENT_SECRET = SecretKind(
    what="the client secret",
    variable="ARCHIVED_GLOBUS_CLIENT_SECRET",
    credential="globus-client-secret",
    key="`client_secret_file` in [globus]",
    made_by="app.globus.org/settings/developers makes a new one",
)
DATAJOINT_PASSWORD = SecretKind(
    what="the password of the DataJoint database",
    variable="ARCHIVED_DATAJOINT_PASSWORD",
    credential="datajoint-password",
    key="`password_file` in [datajoint]",
    made_by="whoever looks after the lab's database knows it",
)

VARIABLES = frozenset({CLIENT_SECRET.variable, DATAJOINT_PASSWORD.variable})
"""Variables of the environment that hold secrets, and so stand for no key of the configuration."""


@dataclass(frozen=True, slots=True)
class Secret:
    """Where a secret is: in the environment, else in a systemd credential, else in a file of ours."""

    kind: SecretKind
    file: Path | None = None
    credential: Path | None = None
    text: str | None = field(default=None, repr=False)

    @classmethod
    def found(cls, kind: SecretKind, file: Path | None, environ: Mapping[str, str]) -> Secret:
        """The places that there are. A credential of blanks counts as none: a unit can give a default only so."""
        folder = environ.get("CREDENTIALS_DIRECTORY")
        credential = Path(folder) / kind.credential if folder else None
        if credential is not None and not _has_content(credential):
            credential = None
        return cls(kind, file=file, credential=credential, text=environ.get(kind.variable) or None)

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
            return self._content(self.credential)
        if self.file is None:
            return None
        refuse_if_readable_by_others(self.file, self.kind.what)
        return self._content(self.file)

    def _content(self, file: Path) -> str:
        shown = printable(str(file))
        try:
            text = file.read_text(encoding="utf-8").strip()
        except (OSError, ValueError) as error:
            raise _unreadable(file, self.kind.what, error) from error
        if not text:
            raise ConfigurationError(
                f"{shown} should hold {self.kind.what}, but is empty.",
                what_to_do=f"Write it into that file ({self.kind.key}); {self.kind.made_by}.",
            )
        return text


def refuse_if_readable_by_others(file: Path, what: str) -> None:
    """Raise `ConfigurationError`, with the command to type, when the file's mode lets others read it.

    Windows has no such modes; there the folder's access list guards it.
    """
    if os.name == "nt":
        return
    try:
        found = file.stat()
    except OSError as error:
        raise _unreadable(file, what, error) from error
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


def _unreadable(file: Path, what: str, error: Exception) -> ConfigurationError:
    why = getattr(error, "strerror", None) or "it is not text in UTF-8"
    return ConfigurationError(
        f"{printable(str(file))}, which should hold {what}, cannot be read: {why}.",
        what_to_do="Correct the configuration, which names this file, or the file.",
    )
