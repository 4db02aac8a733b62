"""Secrets of ours: where each comes from; read only when it is needed, never shown."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import field
from pathlib import Path
from typing import NamedTuple

from archived.core.dataclass import dataclass
from archived.core.paths import printable
from archived.errors import ConfigurationError
from archived.secrecy.files import NotPrivateError, read_private
from archived.secrecy.hidden import Hidden, hidden


class SecretKind(NamedTuple):
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
ALERT_ADDRESSES = SecretKind(
    what="the addresses that alarms are sent to",
    variable="ARCHIVED_ALERTS_URLS",
    credential="alert-urls",
    key="`urls_file` in [alerts]",
    made_by="one in each line, such as mailto://user:password@lab.org; docs/ALERTS.md has more",
)

VARIABLES = frozenset(
    {CLIENT_SECRET.variable, DATAJOINT_PASSWORD.variable, ALERT_ADDRESSES.variable}
)
"""Variables of the environment that hold secrets, and so stand for no key of the configuration.

They are for trying things on, and for machines that have nothing better: programs of the same user could see them in
/proc while it runs, which `archived.secrecy.memory` ends for our own processes.
"""


@dataclass(frozen=True, slots=True)
class Secret:
    """Where a secret is: in the environment, else in a systemd credential, else in a file of ours."""

    kind: SecretKind
    file: Path | None = None
    credential: Path | None = None
    text: Hidden | None = field(default=None, repr=False)

    @classmethod
    def found(cls, kind: SecretKind, file: Path | None, environ: Mapping[str, str]) -> Secret:
        """The places that there are. A credential of blanks counts as none: a unit can give a default only so."""
        folder = environ.get("CREDENTIALS_DIRECTORY")
        credential = Path(folder) / kind.credential if folder else None
        if credential is not None and not _has_content(credential):
            credential = None
        text = hidden(environ.get(kind.variable) or None)
        return cls(kind, file=file, credential=credential, text=text)

    def __bool__(self) -> bool:
        return any((self.text, self.credential, self.file))

    def read(self) -> Hidden | None:
        """The secret, or None where there is none.

        Its file is looked at each time. Raises `ConfigurationError` when it cannot be read, is empty, or may be read by
        other people.
        """
        if self.text is not None:
            return Hidden(self.text.strip())
        if self.credential is not None:
            # systemd guards this one: its mode may show a group that is really an access list.
            return self._content(self.credential, _read)
        if self.file is None:
            return None
        return self._content(self.file, self._read_private)

    def _read_private(self, file: Path) -> bytes:
        shown = printable(str(file))
        try:
            return read_private(file)
        except NotPrivateError as error:
            raise ConfigurationError(
                f"{shown} holds {self.kind.what}, but {error}, so it is not used.",
                what_to_do=f"{error.what_to_do}; and make a new secret if somebody may have seen it.",
            ) from None

    def _content(self, file: Path, read: Callable[[Path], bytes]) -> Hidden:
        try:
            text = Hidden(read(file).decode("utf-8").strip())
        except (OSError, ValueError) as error:
            # An error of decoding holds what it could not decode.
            why = getattr(error, "strerror", None) or "it is not text in UTF-8"
        else:
            if text:
                return text
            raise ConfigurationError(
                f"{printable(str(file))} should hold {self.kind.what}, but is empty.",
                what_to_do=f"Write it into that file ({self.kind.key}); {self.kind.made_by}.",
            )
        raise ConfigurationError(
            f"{printable(str(file))}, which should hold {self.kind.what}, cannot be read: {why}.",
            what_to_do="Correct the configuration, which names this file, or the file.",
        )


def _read(file: Path) -> bytes:
    return file.read_bytes()


def _has_content(file: Path) -> bool:
    try:
        return bool(file.read_bytes().strip())
    except OSError:
        return False
