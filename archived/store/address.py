"""Where the store is: a path (SQLite) or a postgresql:// or mysql:// address, and how to connect to it."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import field
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import SplitResult, parse_qsl, unquote, urlsplit

from archived.core.dataclass import dataclass
from archived.errors import ConfigurationError
from archived.secrecy.hidden import Hidden, hidden

if TYPE_CHECKING:
    from archived.store.plain import PlainDatabase

BUSY_TIMEOUT = 10
"""How long a writer waits for another, in seconds."""

BUILD_WITHIN = 6 * 60 * 60
"""Seconds after which a statement counts as lost that builds tables on a server, or rebuilds them."""

WITHOUT_WAL_RESET_BUG = ((3, 51, 3), (3, 50, 7), (3, 44, 6))
"""The first release, and the patched ones of older series, in which two connections cannot corrupt a WAL store."""


SYNCHRONOUS = {"wal": "full", "delete": "extra"}
"""What brings a commit to the disk before it is acknowledged. Without a WAL that takes more: the commit is the removal
of the journal, which a power cut takes back unless the folder is synced too (sqlite.org/pragma.html)."""


@dataclass(frozen=True, slots=True)
class Address:
    """A parsed address. `shown` is for people and holds no password."""

    kind: str
    """"sqlite", "postgresql" or "mysql"."""
    shown: str
    path: Path | None = None
    """Of a SQLite store."""
    database: str = ""
    host: str | None = None
    port: int | None = None
    user: str | None = None
    password: Hidden | None = field(default=None, repr=False)
    parameters: Mapping[str, str] = field(default_factory=dict)
    """What the driver is told beyond that; each is one of `PARAMETERS`."""


class Kind(NamedTuple):
    """What differs between databases, as far as our statements are concerned."""

    name: str
    name_type: str
    """The column type of names: compared byte by byte."""
    longest_name: int | None
    """The longest name in bytes that its indexes hold; None where there is no limit that a path could reach."""


KINDS = {
    "sqlite": Kind("sqlite", "TEXT", None),
    "postgresql": Kind("postgresql", 'TEXT COLLATE "C"', 2_400),
    "mysql": Kind("mysql", "VARBINARY(1000)", 1_000),
}


PARAMETERS = {
    "postgresql": frozenset(
        {
            "application_name",
            "channel_binding",
            "gssencmode",
            "host",
            "krbsrvname",
            "passfile",
            "require_auth",
            "service",
            "sslcert",
            "sslcrl",
            "sslkey",
            "sslmode",
            "sslrootcert",
            "target_session_attrs",
        }
    ),
    "mysql": frozenset(
        {"read_default_file", "ssl_ca", "ssl_cert", "ssl_key", "sslmode", "unix_socket"}
    ),
}
"""What an address may say after its `?`, in the words of the driver. The rest of what drivers take is ours to say."""


def is_local(address: Address) -> bool:
    """Whether the server is on this machine: a socket, or loopback, by what its driver goes by."""
    given, host = address.parameters, address.parameters.get("host") or address.host
    if "unix_socket" in given:
        return True
    if address.kind == "postgresql":
        host = os.environ.get("PGHOSTADDR") or host or os.environ.get("PGHOST")
    # A file may name another one tomorrow.
    if (
        "service" in given
        or (address.kind == "postgresql" and "PGSERVICE" in os.environ)
        or ("read_default_file" in given and not host)
    ):
        return False
    if not host or host.startswith("/"):
        return True
    from ipaddress import ip_address

    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host.lower() == "localhost"


def parse(text: str) -> Address:
    """Read an address. Raises `ConfigurationError` for a scheme or a parameter that is none of ours."""
    if "://" not in text:
        path = Path(text)
        return Address("sqlite", str(path), path)
    parts, who, port = _split(text)
    kind = {"postgres": "postgresql"}.get(parts.scheme, parts.scheme)
    database = unquote(parts.path.strip("/"))
    if kind not in PARAMETERS or not database:
        raise ConfigurationError(
            f"store: {parts.scheme}:// is not an address of a store",
            what_to_do="give a path, or postgresql://user@host/database, or mysql://user@host/database",
        )
    user, password = who
    where = f"{parts.hostname or ''}{f':{port}' if port else ''}"
    return Address(
        kind,
        f"{kind}://{f'{user}@' if user else ''}{where}{parts.path}",
        database=database,
        host=parts.hostname,
        port=port,
        user=unquote(user) if user else None,
        password=password,
        parameters=_parameters(kind, parts.query),
    )


def _split(text: str) -> tuple[SplitResult, tuple[str | None, Hidden | None], int | None]:
    """The parts of an address without who connects, then that, and the port.

    An error about an address that makes no sense quotes none of it: what does not fit may be a password.
    """
    try:
        if not text.isprintable():
            raise ValueError  # the library would leave out line breaks, and see another address
        parts = urlsplit(text)
        who = (parts.username, hidden(unquote(parts.password)) if parts.password else None)
        port = parts.port
    except ValueError:
        parts = None
    if parts is None:
        raise ConfigurationError(
            "store: not an address",
            what_to_do="write a character such as @ : / or # in a name or password as %40 %3A %2F or %23",
        )
    return parts._replace(netloc=parts.netloc.rpartition("@")[2]), who, port


def _parameters(kind: str, query: str) -> dict[str, str]:
    given = parse_qsl(query, keep_blank_values=True)
    known = PARAMETERS[kind]
    if unknown := sorted({name for name, _ in given} - known):
        raise ConfigurationError(
            f"store: an address {kind}:// has no parameter {', '.join(map(_named, unknown))}",
            what_to_do=f"it may have {', '.join(sorted(known))}",
        )
    return dict(given)


def _named(parameter: str) -> str:
    """The name of a parameter; what is none may be the rest of a password, and is not quoted."""
    return parameter if re.fullmatch("[A-Za-z_]{1,40}", parameter) else "of such a name"


def safe_for_wal(version: tuple[int, ...]) -> bool:
    """Whether this release of SQLite is without the WAL-reset bug (sqlite.org, 3.7.0 to 3.51.2)."""
    newest = WITHOUT_WAL_RESET_BUG[0]
    return version >= newest or any(
        version[:2] == patched[:2] and version >= patched for patched in WITHOUT_WAL_RESET_BUG
    )


def journal_mode(version: tuple[int, ...]) -> str:
    """The journal that this release of SQLite can be trusted with when two processes write."""
    return "wal" if safe_for_wal(version) else "delete"


def sqlite_version() -> tuple[int, ...]:
    """The release of the SQLite that every process of ours uses: the one that apsw brings."""
    import apsw

    return tuple(int(part) for part in apsw.sqlite_lib_version().split("."))


def journal() -> tuple[str, str]:
    """The journal of a store in a file here, and its `synchronous`."""
    mode = journal_mode(sqlite_version())
    return mode, SYNCHRONOUS[mode]


def database(address: Address, reading: PlainDatabase | None = None) -> Any:
    """A database object of peewee's, not connected yet. `connect` it by hand: it never does so by itself.

    One for a file takes over the connections of what it was read with.
    """
    field_types = {"NAME": KINDS[address.kind].name_type}
    # Only here: a store in a file needs no driver, and who only reads in one no peewee.
    if address.kind == "sqlite":
        from archived.store.drivers import left_out
        from archived.store.plain import plain

        left_out()
        from archived.store.sqlite import SqliteDatabase

        return SqliteDatabase(reading or plain(address), field_types)
    from archived.store.servers import served

    return served(address, field_types)
