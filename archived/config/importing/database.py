"""The lab's DataJoint database, as the old configuration knows it; never its password."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import field
from urllib.parse import quote

from archived.config.importing.old_file import Found, OldFile
from archived.config.importing.report import Report
from archived.config.importing.writing import Key, holds
from archived.config.kinds import database_server
from archived.config.kinds import prefix as read_prefix
from archived.core.dataclass import dataclass
from archived.core.paths import shown
from archived.secrecy.hidden import Hidden, hidden

PASSWORD = "database.password"
_HOST = re.compile(r"[A-Za-z0-9_.-]+|\[[0-9A-Fa-f:.]+\]")
USUAL_PORT = 3306
USUAL_PREFIX = "map_v2_"
SCHEMAS = ("lab", "experiment", "publication")
"""The schemas that `archived` reads or keeps; map-ephys names each by `<schema>.database` where it is not the usual."""
OTHER_SCHEMAS = (
    "ccf", "ephys", "export", "foraging_analysis", "foraging_model", "histology", "ingest.behavior",
    "ingest.ephys", "ingest.histology", "ingest.tracking", "oralfacial_analysis", "psth",
    "psth_foraging", "report", "tracking",
)  # fmt: skip


@dataclass(frozen=True)
class Database:
    """The keys of `[datajoint]`, and the password where there is one."""

    keys: list[Key]
    address: str | None
    password: Hidden | None = field(default=None, repr=False)


def database_of(old: OldFile, report: Report) -> Database:
    """What the file says of the database; what cannot be said in our words goes to the report."""
    keys = []
    address = _address(old, report)
    if address is not None:
        keys.append(Key("address", address, "From database.host, database.user and database.port."))
    prefix = _prefix(old, report)
    if prefix is not None:
        keys.append(prefix)
    keys += _tls(old, report)
    return Database(keys, address, hidden(_password(old, report)))


def _address(old: OldFile, report: Report) -> str | None:
    host, user = old.text("database.host"), old.text("database.user")
    port = old.take("database.port")
    if host is None:
        for found in (user, port):
            if found is not None:
                report.left(found.where, "is of no use without database.host")
        return None
    origin = ", ".join(each.where for each in (host, user, port) if each is not None)
    name, number = _host_and_port(host.value, port)
    try:
        account = f"{quote(user.value, safe='')}@" if user is not None else ""
    except UnicodeEncodeError:
        report.left(origin, "the name of the user is no text that a server could be told")
        return None
    address = f"mysql://{account}{name}" + ("" if number == USUAL_PORT else f":{number}")
    try:
        database_server(address)
    except ValueError as error:
        report.left(origin, f"{shown(address)} is not {error}")
        return None
    if not _HOST.fullmatch(name) or not holds(address):
        report.left(origin, f"{shown(name)} is no name of a server")
        return None
    report.carried(origin, f"[datajoint] address = {address}")
    return address


def _host_and_port(host: str, port: Found | None) -> tuple[str, object]:
    """DataJoint takes `host:port` too; that comes before `database.port`."""
    name, colon, number = host.rpartition(":")
    if colon and number.isascii() and number.isdigit() and ":" not in name:
        return name, int(number)
    bare = f"[{host}]" if ":" in host and not host.startswith("[") else host
    return bare, USUAL_PORT if port is None else port.value


def _prefix(old: OldFile, report: Report) -> Key | None:
    given = old.text("database.prefix")
    for schema in OTHER_SCHEMAS:
        if (found := old.take(f"{schema}.database")) is not None:
            report.left(found.where, "names a schema that archived neither reads nor writes")
    own = {each: found for each in SCHEMAS if (found := old.text(f"{each}.database")) is not None}
    if not own:
        return _written_prefix(given.value, given.where, report) if given is not None else None
    usual = given.value if given is not None else USUAL_PREFIX
    names = {each: own[each].value if each in own else usual + each for each in SCHEMAS}
    prefixes = {name.removesuffix(each) for each, name in names.items() if name.endswith(each)}
    origin = ", ".join(found.where for found in own.values())
    if len(prefixes) != 1 or not all(name.endswith(each) for each, name in names.items()):
        listed = ", ".join(f"{each} is {shown(name)}" for each, name in names.items())
        report.left(
            origin,
            f"archived wants one prefix for the schemas {', '.join(SCHEMAS)}; here {listed}. Subjects can come from "
            "a file instead, and the mirror needs schemas of one prefix",
        )
        return None
    return _written_prefix(prefixes.pop(), origin, report)


def _written_prefix(prefix: str, origin: str, report: Report) -> Key | None:
    try:
        read_prefix(prefix)
    except ValueError as error:
        report.left(origin, f"the prefix {shown(prefix)} is not {error}")
        return None
    report.carried(origin, f"[datajoint] prefix = {prefix}")
    return Key("prefix", prefix, f"From {origin}.")


def _tls(old: OldFile, report: Report) -> list[Key]:
    found = old.take("database.use_tls")
    if found is None:
        return []
    if isinstance(found.value, bool):
        said = "yes" if found.value else "no"
        report.carried(found.where, f"[datajoint] tls = {said}")
        return [Key("tls", said, f"From {found.where}.")]
    if isinstance(found.value, Mapping):
        what = "holds certificates or the like, which archived has no keys for; it encrypts the connection (tls = yes)"
    else:
        what = "is neither true nor false; archived encrypts the connection (tls = yes)"
    report.left(found.where, what)
    return []


def _password(old: OldFile, report: Report) -> str | None:
    found = old.take(PASSWORD)
    if found is None or found.value == "":
        return None
    if not isinstance(found.value, str) or not found.value.isprintable():
        report.left(found.where, "is no text of one line, so it cannot be carried over")
        return None
    return found.value
