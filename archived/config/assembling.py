"""From the text of the file to the whole configuration, or to all of its mistakes."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path, PurePath
from typing import NamedTuple

from archived.config import user_folders
from archived.config.environment import override
from archived.config.ini import read_ini
from archived.config.locations import Machine, locations
from archived.config.mistake import Mistake, has_password
from archived.config.overlaps import Spelling, refuse_overlaps
from archived.config.places import pure
from archived.config.reading import Reading
from archived.config.secrets import ALERT_ADDRESSES, CLIENT_SECRET, DATAJOINT_PASSWORD, Secret
from archived.config.sections import (
    AlertsSection,
    ArchivedSection,
    DatajointSection,
    GlobusSection,
    RetrieveSection,
    SubjectsSection,
    TransferSection,
    VerifySection,
)
from archived.config.settings import (
    AlertsSettings,
    Configuration,
    DatajointSettings,
    GlobusSettings,
    RetrieveSettings,
    SubjectsSettings,
    TransferSettings,
    VerifySettings,
)
from archived.secrecy.hidden import Hidden

SITE = Path("/etc/archived/archived.ini")
"""Where the configuration of a service lies."""
SITE_STATE = "/var/lib/archived"
"""Where a service keeps its state, as the unit's StateDirectory says."""


class Assembled(NamedTuple):
    """A configuration where there are no mistakes, else the mistakes."""

    configuration: Configuration | None
    mistakes: tuple[Mistake, ...]


def assemble(
    text: str,
    environ: Mapping[str, str],
    *,
    path: str | None,
    windows: bool,
    spelling: Spelling = str,
) -> Assembled:
    """Read everything, complain about everything, and put the configuration together if there is nothing."""
    sections, mistakes = read_ini(text)
    sections, origins, more = override(sections, environ)
    reading = Reading(sections, origins, [*mistakes, *more])
    machine = Machine(environ, windows)
    found = locations(reading, machine)
    archived = reading.archived
    if archived is None:
        # Its mistakes are noted; a stand-in lets the rest of the file be looked at.
        archived = ArchivedSection(rig="rig")
    state = state_folder(path, environ)
    store = _store(reading, machine, archived, state)
    globus = _globus(reading, machine, state)
    subjects = _subjects(reading, machine)
    datajoint = _datajoint(reading, machine)
    alerts = _alerts(reading, machine)
    spool = _spool(reading, machine, archived, store, state)
    backup = _backup(reading, machine, archived, store)
    transfer = reading.transfer or TransferSection()
    if transfer.retry_first > transfer.retry_longest:
        if reading.mentions("transfer", "retry_longest"):
            reading.complain("transfer", "retry_longest", "a duration no shorter than retry_first")
        else:
            reading.complain("transfer", "retry_first", "a duration no longer than retry_longest")
    refuse_overlaps(
        reading,
        [each.location for each in found],
        {
            **_own_files(store, globus, alerts),
            **_own_spool(archived, store, spool),
            **({} if backup is None else {("archived", "backup"): str(backup)}),
        },
        spelling=spelling,
    )
    if reading.mistakes:
        return Assembled(None, tuple(reading.mistakes))
    general = {**archived.values}
    for key in ("store", "spool", "backup"):
        del general[key]
    return Assembled(
        Configuration(
            path=path,
            store=store,
            spool=spool,
            backup=backup,
            globus=globus,
            subjects=subjects,
            datajoint=datajoint,
            alerts=alerts,
            verify=VerifySettings(**(reading.verify or VerifySection()).values),
            retrieve=RetrieveSettings(**(reading.retrieve or RetrieveSection()).values),
            transfer=TransferSettings(**transfer.values),
            locations=found,
            **general,
        ),
        (),
    )


def state_folder(path: str | None, environ: Mapping[str, str]) -> PurePath:
    """Where the store and the login lie unless the file says otherwise.

    A service's folder is `$STATE_DIRECTORY`. Who uses its configuration finds it too: `/var/lib/archived`, and
    `/var/lib/archived/NAME` for another configuration `/etc/archived/NAME.ini` (the instance `archived@NAME`). Anybody
    else's is the user's own folder for such things.
    """
    if given := environ.get("STATE_DIRECTORY", "").partition(":")[0]:
        return pure(given)
    if path is not None and SITE.parent in Path(path).parents:
        own = () if Path(path).stem == SITE.stem else (Path(path).stem,)
        return pure(SITE_STATE).joinpath(*own)
    return user_folders.state_folder()


def _store(reading: Reading, machine: Machine, archived: ArchivedSection, state: PurePath) -> str:
    if archived.store is None:
        return str(state / "archived.db")
    if "://" in archived.store:
        return _guarded(archived.store)
    return machine.path(reading, "archived", "store", archived.store)


def _guarded(address: str) -> str:
    """An address with a password in it is a secret as a whole."""
    return Hidden(address) if has_password(address) else address


def _spool(
    reading: Reading, machine: Machine, archived: ArchivedSection, store: str, state: PurePath
) -> str:
    """Beside the store, so that no two of them share one; a store on a server has no place on this machine."""
    if archived.spool is None:
        return str((state if "://" in store else pure(store).parent) / "spool")
    return machine.path(reading, "archived", "spool", archived.spool)


def _backup(
    reading: Reading, machine: Machine, archived: ArchivedSection, store: str
) -> Path | None:
    """A server has means of its own, which know more than one rig could."""
    if archived.backup is None:
        return None
    if "://" in store:
        reading.complain(
            "archived",
            "backup",
            "nothing: the store is on a server, which is backed up by that server's own means (docs/BACKUP.md)",
        )
        return None
    return Path(machine.path(reading, "archived", "backup", archived.backup))


def _own_spool(archived: ArchivedSection, store: str, spool: str) -> Mapping[tuple[str, str], str]:
    """The spool, unless it lies beside a store that somebody chose: whoever corrects that corrects both."""
    if archived.spool is None and archived.store is not None and "://" not in store:
        return {}
    return {("archived", "spool"): spool}


def _subjects(reading: Reading, machine: Machine) -> SubjectsSettings:
    section = reading.subjects or SubjectsSection()
    file = section.file and machine.path(reading, "subjects", "file", section.file)
    return SubjectsSettings(
        file=None if file is None else Path(file),
        datajoint=section.datajoint,
        only_known=section.only_known,
    )


def _datajoint(reading: Reading, machine: Machine) -> DatajointSettings:
    section = reading.datajoint or DatajointSection()
    wanted = section.mirror or bool(reading.subjects and reading.subjects.datajoint)
    if wanted and section.address is None and not reading.mentions("datajoint", "address"):
        reading.complain(
            "datajoint",
            "address",
            "the address of the server of the lab's database, such as mysql://archived@db.lab.org",
        )
    password = section.password_file and machine.path(
        reading, "datajoint", "password_file", section.password_file
    )
    file = None if password is None else Path(password)
    return DatajointSettings(
        address=None if section.address is None else _guarded(section.address),
        password_file=file,
        prefix=section.prefix,
        tls=section.tls,
        mirror=section.mirror,
        secret=Secret.found(DATAJOINT_PASSWORD, file, machine.environ),
    )


def _alerts(reading: Reading, machine: Machine) -> AlertsSettings:
    section = reading.alerts or AlertsSection()
    named = section.urls_file and machine.path(reading, "alerts", "urls_file", section.urls_file)
    file = None if named is None else Path(named)
    return AlertsSettings(
        urls_file=file,
        least=section.least,
        repeat=section.repeat,
        silence=section.silence,
        secret=Secret.found(ALERT_ADDRESSES, file, machine.environ),
    )


def _globus(reading: Reading, machine: Machine, state: PurePath) -> GlobusSettings:
    section = reading.globus or GlobusSection()

    def own(key: str, value: str | None) -> Path | None:
        return None if value is None else Path(machine.path(reading, "globus", key, value))

    secret_file = own("client_secret_file", section.client_secret_file)
    # A secret from elsewhere may lie there for another use of this machine; one that is named here is meant.
    if secret_file and section.client_id is None and not reading.mentions("globus", "client_id"):
        reading.complain(
            "globus", "client_id", "the id of the service account, as there is its secret"
        )
    root = section.local_endpoint_local_path
    return GlobusSettings(
        local_endpoint=section.local_endpoint,
        local_endpoint_subdir=section.local_endpoint_subdir,
        local_endpoint_local_path=root,
        writable=section.writable,
        client_id=section.client_id,
        client_secret_file=secret_file,
        token_file=own("token_file", section.token_file) or Path(state / "globus-tokens.json"),
        secret=Secret.found(CLIENT_SECRET, secret_file, machine.environ),
    )


def _own_files(
    store: str, globus: GlobusSettings, alerts: AlertsSettings
) -> dict[tuple[str, str], str]:
    files = {("globus", "token_file"): str(globus.token_file)}
    if "://" not in store:
        files["archived", "store"] = store
    if globus.client_secret_file is not None:
        files["globus", "client_secret_file"] = str(globus.client_secret_file)
    if alerts.urls_file is not None:
        files["alerts", "urls_file"] = str(alerts.urls_file)
    return files
