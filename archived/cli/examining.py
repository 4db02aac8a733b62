"""The doctor's visit of `check`: one function for each thing to look at, and a list of them in order."""

from __future__ import annotations

import importlib.util
import json
import os
import shutil
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from archived.cli.accounts import session_of, uses_globus
from archived.cli.alert_findings import alerts
from archived.cli.counting import counted
from archived.cli.finding import Checked, Level, fail, failed_by, from_finding, ok, warn
from archived.cli.record_findings import records
from archived.core.paths import printable
from archived.core.units import format_size
from archived.errors import ArchivedError, ConfigurationError, StoreMissingError

if TYPE_CHECKING:
    from archived.cli.caller import Caller
    from archived.config import Configuration
    from archived.rig.root import RootIdentity
    from archived.store import Reader

LITTLE_SPACE = 1_000_000_000
"""Bytes. A store grows by well under that in a year; with less the disk is about to be full for another reason."""

FEW_WATCHES = 65_536
"""Folders. What Linux allowed before 5.11 was 8192, which one year of recordings can exceed."""

SYSTEMD_RUNS = Path("/run/systemd/system")
INOTIFY_WATCHES = Path("/proc/sys/fs/inotify/max_user_watches")


def configuration_on_disk(caller: Caller) -> Iterator[Checked]:
    """What only the disk tells about the configuration."""
    from archived import config

    for mistake in config.mistakes_on_disk(caller.configuration, caller.environ):
        yield fail("configuration", str(mistake), "", exit_code=ConfigurationError.exit_code)


def secret(caller: Caller) -> Iterator[Checked]:
    """The client secret, and who may read it."""
    if not caller.configuration.globus.service_account:
        return
    try:
        caller.configuration.globus.client_secret()
    except ConfigurationError as error:
        yield failed_by("secret", error)
    else:
        yield ok("secret", "the client secret can be read, by its owner alone")


def store(caller: Caller) -> Iterator[Checked]:
    """The store: there, ours, sound; what it is built on; the daemon; and what is wrong on the rig as a whole."""
    try:
        with caller.store() as opened:
            library = opened.library()
            level = Level.OK if library.ok else Level.WARN
            yield Checked("store", level, library.what, library.what_to_do, library.fields)
            yield from_finding("store", opened.soundness())
            yield from _space(caller.configuration)
            yield from _daemon(opened)
            for alarm in opened.alarms():
                yield fail("alarm", alarm.message, alarm.what_to_do)
    except StoreMissingError as error:
        yield warn("store", str(error), error.what_to_do)
    except ArchivedError as error:
        yield failed_by("store", error)


def _space(configuration: Configuration) -> Iterator[Checked]:
    if "://" in configuration.store:
        return
    folder = Path(configuration.store).parent
    free = shutil.disk_usage(folder).free
    said = f"{format_size(free)} free where the store is ({printable(str(folder))})"
    if free < LITTLE_SPACE:
        yield warn("store", said, "make room: with a full disk nothing more is archived")
    else:
        yield ok("store", said, free=str(free))


def _daemon(opened: Reader) -> Iterator[Checked]:
    daemon = opened.daemon()
    if daemon.running:
        yield ok("daemon", f"the daemon is running (pid {daemon.pid})")
    else:
        hint = "`systemctl start archived`, or `archived`"
        yield warn("daemon", "the daemon is not running, so nothing is archived", hint)


def subjects(caller: Caller) -> Iterator[Checked]:
    """The lab's list of subjects, where the configuration names one."""
    from archived.subjects import ListUnavailableError, read_list

    path = caller.configuration.subjects.file
    if path is None:
        return
    try:
        found = read_list(path, caller.configuration.h2o).read
    except ListUnavailableError as error:
        yield failed_by("subjects", error)
        return
    name = printable(str(path))
    for bad in found.bad:
        yield fail("subjects", f"{name}, line {bad.line}: {bad.why}", f"mend that line of {name}")
    if found.subjects:
        yield ok("subjects", f"{name} names {counted(len(found.subjects), 'animal')}")
    elif not found.bad:
        yield warn("subjects", f"{name} names no animal", f"add lines to {name}")


def roots(caller: Caller) -> Iterator[Checked]:
    """Each watched folder: readable, the one it was, and whether changes in it raise events."""
    from archived.rig.root import Root
    from archived.rig.watchability import unwatchable

    noted = _noted_identities(caller)
    for path in dict.fromkeys(each.location.root for each in caller.configuration.locations):
        root = Root(path)
        shown = printable(path)
        try:
            identity = root.identify()
            if path in noted:
                root.confirm(noted[path])
            with os.scandir(path) as entries:
                empty = next(entries, None) is None
        except ArchivedError as error:
            yield failed_by("root", error)
            continue
        except OSError as error:
            what = f"{shown} cannot be read: {error.strerror}"
            yield fail("root", what, "let the service's user read and enter it")
            continue
        kind = identity.file_system or "unknown"
        yield ok("root", f"{shown} can be read, on a file system of type {kind}", file_system=kind)
        if empty:
            yield warn("root", f"{shown} is empty", "see whether its disk is mounted")
        if reason := unwatchable(root.real_path()):
            yield warn("root", f"{shown} raises no events: {reason}")


def _noted_identities(caller: Caller) -> Mapping[str, RootIdentity]:
    """The roots as the daemon first saw them."""
    from archived.rig.root import RootIdentity

    noted: dict[str, RootIdentity] = {}
    try:
        with caller.store() as opened:
            for each in caller.configuration.locations:
                text = opened.get_setting(f"root:{each.location.root}")
                if text is not None:
                    noted[each.location.root] = RootIdentity(**json.loads(text))
    except ArchivedError:
        # What is wrong with the store is told where the store is looked at.
        return {}
    return noted


def inotify(_caller: Caller) -> Iterator[Checked]:
    """How many folders may be watched for events."""
    try:
        limit = int(INOTIFY_WATCHES.read_text(encoding="ascii"))
    except (OSError, ValueError):
        return
    said = f"{counted(limit, 'folder')} may be watched for events"
    if limit < FEW_WATCHES:
        more = "sysctl fs.inotify.max_user_watches=524288"
        yield warn("events", f"{said}; changes in others are noticed by the rescan only", more)
    else:
        yield ok("events", said, max_user_watches=str(limit))


def login(caller: Caller) -> Iterator[Checked]:
    """Whether there is a usable login, where one is needed."""
    if not uses_globus(caller.configuration):
        yield ok("login", "no location needs a Globus account")
        return
    try:
        with session_of(caller.configuration) as session:
            identity = session.identity()
    except ArchivedError as error:
        yield failed_by("login", error)
    else:
        yield ok("login", f"logged in as {identity.username}", id=identity.id)


def movers(caller: Caller) -> Iterator[Checked]:
    """What each location's mover says of itself, its collections and folders."""
    from archived.movers import movers_of

    try:
        with movers_of(caller.configuration) as by_location:
            for name, mover in by_location.items():
                try:
                    for finding in mover.check():
                        yield from_finding(name, finding)
                except ArchivedError as error:
                    yield failed_by(name, error)
    except ArchivedError as error:
        yield failed_by("movers", error)


def systemd(caller: Caller) -> Iterator[Checked]:
    """Whether the daemon could tell systemd how it is."""
    if not SYSTEMD_RUNS.is_dir() and not caller.environ.get("NOTIFY_SOCKET"):
        return
    if importlib.util.find_spec("systemd") is None:
        yield warn(
            "systemd",
            "systemd runs here, but the package systemd-python is missing: the service cannot start",
            "pip install 'archived[systemd]', or apt install python3-systemd",
        )
    else:
        yield ok("systemd", "the package systemd-python is there")


Examination = Callable[["Caller"], Iterator[Checked]]

HERE: tuple[Examination, ...] = (
    configuration_on_disk,
    secret,
    store,
    subjects,
    roots,
    inotify,
    records,
    alerts,
    systemd,
)
"""What is looked at on this machine, the most basic things first."""

AT_GLOBUS: tuple[Examination, ...] = (login, movers)
"""What is looked at elsewhere; the second is left out where the first fails."""
