"""What the configuration names besides disks and services: its own consistency, the secret, the lab's list."""

from __future__ import annotations

from collections.abc import Iterator

from archived.cli.counting import counted
from archived.cli.doctor.visit import Visit
from archived.cli.finding import Checked, fail, failed_by, ok, warn
from archived.core.paths import printable
from archived.errors import ConfigurationError


def configuration_on_disk(visit: Visit) -> Iterator[Checked]:
    """What only the disk tells about the configuration."""
    from archived import config

    for mistake in config.mistakes_on_disk(visit.configuration, visit.caller.environ):
        yield fail("configuration", str(mistake), "", exit_code=ConfigurationError.exit_code)


def secret(visit: Visit) -> Iterator[Checked]:
    """The client secret, and who may read it."""
    if not visit.configuration.globus.service_account:
        return
    try:
        visit.configuration.globus.client_secret()
    except ConfigurationError as error:
        yield failed_by("secret", error)
    else:
        yield ok("secret", "the client secret can be read, by its owner alone")


def subjects(visit: Visit) -> Iterator[Checked]:
    """The lab's list of subjects, where the configuration names one."""
    from archived.subjects import ListUnavailableError, read_list

    path = visit.configuration.subjects.file
    if path is None:
        return
    try:
        found = read_list(path, visit.configuration.h2o).read
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
