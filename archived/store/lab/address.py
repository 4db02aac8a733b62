"""The address of the lab's DataJoint database, and what its driver has to be told to connect."""

from __future__ import annotations

import ssl
from collections.abc import Mapping
from dataclasses import field
from typing import Any, Protocol
from urllib.parse import parse_qsl, unquote, urlsplit

from archived.core.dataclass import dataclass
from archived.core.paths import printable
from archived.errors import ConfigurationError
from archived.secrecy.hidden import Hidden, HiddenBytes, hidden

PATIENCE = 10
"""How long connecting and waiting for locks may take, in seconds."""

LONGEST_STATEMENT = 120
"""How long the server may take for one statement, in seconds."""

_PORTS = {"mysql": 3306, "postgresql": 5432}
_OPTIONS = {"mysql": {"ssl_ca"}, "postgresql": {"sslmode", "sslrootcert", "host"}}


class LabSettings(Protocol):
    """What has to be known of the lab's database (`[datajoint]`)."""

    @property
    def address(self) -> str | None:
        """`mysql://user@server`, or `postgresql://user@server/database`; it may hold a password."""

    @property
    def address_shown(self) -> str:
        """The address as people may see it."""

    @property
    def prefix(self) -> str:
        """What the names of the schemas begin with."""

    @property
    def tls(self) -> bool:
        """Whether the connection is encrypted."""

    def password(self) -> str | None:
        """The password, where it is not in the address. Raises `ConfigurationError`."""


@dataclass(frozen=True, slots=True)
class LabAddress:
    """A parsed address. `shown` is for people and holds no password."""

    backend: str
    """"mysql" (MariaDB too) or "postgresql"."""
    host: str
    port: int
    user: str | None
    database: str
    """The database of a PostgreSQL server that has the schemas; "" for MySQL, where a schema is a database."""
    password: Hidden | None = field(repr=False)
    options: Mapping[str, str]
    shown: str


def parse(settings: LabSettings) -> LabAddress:
    """Read the address and fetch the password.

    Raises `ConfigurationError` where there is no address, or one that is not understood; no password is in its words.
    """
    if settings.address is None:
        raise ConfigurationError(
            "[datajoint] has no address, so the lab's database is not known.",
            what_to_do="Give one, such as `address = mysql://archived@db.lab.org`.",
        )
    if not settings.address.isprintable():
        # The library would read it without its line breaks, where nobody else sees a password in it.
        raise ConfigurationError(
            "[datajoint] address is no address: there is a line break in it, or something else that is not visible.",
            what_to_do="Write it on one line, such as mysql://user@server.",
        )
    try:
        parts = urlsplit(settings.address)
        port = parts.port
        written = hidden(unquote(parts.password)) if parts.password is not None else None
        user = unquote(parts.username) if parts.username else None
        parts = parts._replace(netloc=parts.netloc.rpartition("@")[2])
    except ValueError:
        raise _not_understood(settings, "it is no address") from None
    backend = "postgresql" if parts.scheme == "postgres" else parts.scheme
    if backend not in _PORTS:
        raise _not_understood(settings, "it begins with neither mysql:// nor postgresql://")
    options = dict(parse_qsl(parts.query))
    unknown = options.keys() - _OPTIONS[backend]
    if unknown:
        raise _not_understood(settings, f"{sorted(unknown)[0]}= is no option of it")
    password = hidden(settings.password())
    if password is None:
        password = written
    return LabAddress(
        backend=backend,
        host=options.pop("host", "") or parts.hostname or "",
        port=port or _PORTS[backend],
        user=user,
        database="" if backend == "mysql" else unquote(parts.path.strip("/")),
        password=password,
        options=options,
        shown=settings.address_shown.partition("?")[0],
    )


def _not_understood(settings: LabSettings, why: str) -> ConfigurationError:
    shown = printable(settings.address_shown.partition("?")[0])
    return ConfigurationError(
        f"[datajoint] address = {shown}: {printable(why)}.",
        what_to_do="Give one such as mysql://user@server or postgresql://user@server/database; the password "
        "belongs into `password_file`.",
    )


def mysql_options(address: LabAddress, *, tls: bool) -> dict[str, Any]:
    """What PyMySQL is told. Raises `ConfigurationError` for an `ssl_ca` that cannot be read."""
    options: dict[str, Any] = {
        "host": address.host,
        "port": address.port,
        "user": address.user,
        # As bytes, since the driver would write text as Latin-1.
        "password": HiddenBytes((address.password or "").encode()),
        "connect_timeout": PATIENCE,
        "read_timeout": LONGEST_STATEMENT,
        "write_timeout": LONGEST_STATEMENT,
        "init_command": f"SET SESSION innodb_lock_wait_timeout = {PATIENCE}, "
        # A value that does not fit is refused, never cut off, whatever the server's own setting.
        "SESSION sql_mode = CONCAT(@@sql_mode, ',STRICT_TRANS_TABLES')",
    }
    if tls:
        options["ssl"] = _context(address)
    else:
        options["ssl_disabled"] = True
    return options


def _context(address: LabAddress) -> ssl.SSLContext:
    """Encryption always; who the server is can be told only where its authority is named.

    Servers of MySQL make certificates of their own, so asking for a public authority would refuse nearly all of them.
    """
    authority = address.options.get("ssl_ca")
    try:
        context = ssl.create_default_context(cafile=authority)
    except (OSError, ssl.SSLError) as error:
        raise ConfigurationError(
            f"the certificate {printable(authority or '')}, ssl_ca of [datajoint] address, cannot be read: {error}"
        ) from error
    context.verify_flags &= ~ssl.VERIFY_X509_STRICT
    if authority is None:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return context


def postgresql_options(address: LabAddress, *, tls: bool) -> dict[str, Any]:
    """What psycopg is told."""
    return {
        "prefer_psycopg3": True,
        "host": address.host,
        "port": address.port,
        "user": address.user,
        "password": address.password,
        "connect_timeout": PATIENCE,
        "client_encoding": "utf8",
        "application_name": "archived",
        "tcp_user_timeout": LONGEST_STATEMENT * 1000,
        "options": f"-c lock_timeout={PATIENCE}s -c statement_timeout={LONGEST_STATEMENT}s",
        "sslmode": "require" if tls else "disable",
        **address.options,
    }
