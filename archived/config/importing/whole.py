"""Puts the new configuration together from what the parts found in the old one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from archived.config.importing.database import PASSWORD, Database, database_of
from archived.config.importing.endpoints import ENDPOINTS, Place, Places, places_of
from archived.config.importing.leftovers import tell_leftovers
from archived.config.importing.locations import location_section
from archived.config.importing.old_file import Found, OldFile
from archived.config.importing.report import Report, ReportLine
from archived.config.importing.storage import Storage, storages_of
from archived.config.importing.writing import Key, Section, whole_text
from archived.core.dataclass import dataclass

MAP_EPHYS_APPLICATION = "b2fe5703-edb0-4f7f-80a6-2147c8ae35f0"
"""The application that the code of map-ephys logs in with. Such an id is public; a login belongs to one of them."""

_TOKENS = ("globus.token", "globus.refresh_token")
_HEADING = (
    "Made by `archivedctl import-config` from {source}. Every key that there is, with its meaning and its default, is "
    "in archived.ini.example. `archivedctl check` looks at this file, and at everything that it names."
)
_LOGIN_LEFT = (
    "is a login to Globus, which is taken over only on request (--take-token); `archivedctl login` makes a new one. The "
    "old one stays good until it is withdrawn at app.globus.org"
)
_APPLICATION_LEFT = (
    "has the application built in that people log in with; register one of your own (or a service account) at "
    "app.globus.org/settings/developers, and name it in [globus] client_id. Until then nothing is transferred"
)
_UNENCRYPTED = "map-ephys went on without encryption where the server offers none; archived does so only if it is told."
_MIRROR = "Keeps the tables of `publication` up to date, as map-ephys did."
_NOBODY = "00000000-0000-0000-0000-000000000000"
_USUAL_PASSWORD_FILE = "/etc/archived/datajoint-password"


@dataclass(frozen=True, kw_only=True)
class Wishes:
    """What is not in the old file: the rig's name, and what a person asked for besides."""

    rig: str
    rig_origin: str = "Chosen by --rig."
    source: str = "dj_local_conf.json"
    client_id: str | None = None
    """The application to log in with; the old login's, where that is taken over."""
    login_taken: bool = False
    login_refused: str = ""
    """Why it was not, where it was asked for."""
    password_file: str | None = None
    """Where the password of the database was written, where that was asked for."""


@dataclass(frozen=True)
class Import:
    """The old configuration, understood. Its secrets are shown by nothing but their own attributes."""

    storages: list[Storage]
    places: Places
    database: Database
    report: Report
    login: Found | None

    @classmethod
    def of(cls, document: Mapping[str, Any], *, documented_paths: bool = False) -> Import:
        """Understand an old file (`read_document`).

        With `documented_paths` the built-in storage locations are those of map-ephys' documentation, not its code's.
        """
        report = Report()
        old = OldFile(document, report)
        places = places_of(old, report)
        storages = storages_of(old, report, documented=documented_paths)
        database = database_of(old, report)
        logins = [each for name in _TOKENS if (each := old.text(name)) is not None]
        tell_leftovers(old, report)
        return cls(storages, places, database, report, logins[0] if logins else None)

    def write(self, wishes: Wishes) -> Imported:
        """The new configuration, and the whole report."""
        report = Report(list(self.report))
        aliases = [each.alias for each in self.storages]
        shared = self.places.shared(aliases)
        locations = [
            location_section(each, shared, self.places.own.get(each.alias), report)
            for each in self.storages
        ]
        for alias in [each for each in self.places.own if each not in aliases]:
            what = "is the place of a location that is not among the storage locations; it was not carried over"
            report.left(f"{ENDPOINTS} > {alias}", what)
        self._tell_secrets(wishes, report)
        sections = [
            Section("archived", keys=[Key("rig", wishes.rig, wishes.rig_origin)]),
            _globus(shared, wishes),
            *locations,
            *_database(self.database, wishes.password_file),
        ]
        text = whole_text(_HEADING.format(source=wishes.source), sections)
        return Imported(text, tuple(report))

    def _tell_secrets(self, wishes: Wishes, report: Report) -> None:
        if self.database.password is not None:
            if wishes.password_file is not None:
                report.carried(PASSWORD, f"[datajoint] password_file = {wishes.password_file}")
            else:
                report.left(
                    PASSWORD,
                    "a password is never written into a configuration; --password-file FILE writes it into a file of "
                    "its own, with mode 0600",
                )
        where = _TOKENS[0] if self.login is None else self.login.where
        if wishes.login_refused:
            report.needed(where, f"the login was not taken over: {wishes.login_refused}")
        elif wishes.login_taken:
            report.carried(
                where, f"the login, with its application: [globus] client_id = {wishes.client_id}"
            )
        elif self.login is not None:
            report.left(where, _LOGIN_LEFT)
        if wishes.client_id is None:
            report.left("the code of map-ephys", _APPLICATION_LEFT)


@dataclass(frozen=True, slots=True)
class Imported:
    """The text of the new configuration, and what became of every setting of the old one."""

    text: str
    report: tuple[ReportLine, ...]


def _globus(shared: Place, wishes: Wishes) -> Section:
    comment = (
        "The id of an application (for `archivedctl login`) or of a service account, registered at "
        "app.globus.org/settings/developers. map-ephys had one in its code."
    )
    if wishes.login_taken:
        comment = (
            "The application that the login of the old file belongs to. One of your own is registered at "
            "app.globus.org/settings/developers; it wants a login of its own."
        )
    client = Key("client_id", wishes.client_id or _NOBODY, comment, off=wishes.client_id is None)
    return Section("globus", keys=[*shared.keys(), client])


def _database(database: Database, password_file: str | None) -> list[Section]:
    """`[subjects]` and `[datajoint]`; the subjects are read only where the password is at hand."""
    if database.address is None:
        return [Section("datajoint", keys=database.keys)]
    off = password_file is None
    said = (
        "A file of mode 0600 that holds the password and nothing else; it was not carried over."
        if off
        else "The password of the old file, written on request."
    )
    address, *others = database.keys
    if not any(each.name == "tls" for each in others):
        others.append(Key("tls", "no", _UNENCRYPTED, off=True))
    keys = [
        address,
        Key("password_file", password_file or _USUAL_PASSWORD_FILE, said, off=off),
        *others,
        Key("mirror", "yes", _MIRROR, off=True),
    ]
    said = "Which animal has which number: from lab.WaterRestriction, as in map-ephys."
    subjects = [Key("datajoint", "yes", said, off=off)]
    return [Section("subjects", keys=subjects), Section("datajoint", keys=keys)]
