"""`archivedctl init`."""

from __future__ import annotations

import contextlib
import os
import shlex
import shutil
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import click

from archived.cli.caller import Caller, pass_caller
from archived.cli.check import code_of, examine, page_of, view_of
from archived.cli.importing import assembled_from
from archived.cli.initial_text import CREDENTIAL, PERSON, SERVICE, text_of
from archived.cli.interview import Flags, Interview
from archived.cli.output import Cell, Style, line, print_json
from archived.cli.shell import examples, json_option

if TYPE_CHECKING:
    from archived.config import Configuration

MODE = 0o640
SERVICES = Path("/etc/archived")
GROUP = "archived"


def pairs(
    _ctx: click.Context, parameter: click.Parameter, values: tuple[str, ...]
) -> Mapping[str, str]:
    """`NAME=VALUE`, any number of times."""
    split = [each.partition("=") for each in values]
    if any(not name or not value for name, _, value in split):
        raise click.BadParameter("expected NAME=VALUE")
    found = {name: value for name, _, value in split}
    if len(found) < len(split):
        raise click.BadParameter("one name is given twice")
    return found


@click.command(
    "init",
    epilog=examples(
        "archivedctl init",
        "archivedctl init -o /etc/archived/archived.ini",
        "archivedctl init --yes --root /data/raw --location raw-ephys=/mnt/nas/ephys",
    ),
)
@click.option(
    "-o",
    "--output",
    default="archived.ini",
    show_default=True,
    metavar="FILE",
    help="What to write.",
)
@click.option("--rig", metavar="NAME", help="The name of this rig; else that of the machine.")
@click.option("--root", metavar="FOLDER", help="The folder that is watched.")
@click.option("--collection", metavar="UUID", help="The Globus collection that exports it.")
@click.option(
    "--subdir", metavar="PATH", help="Its place inside that collection; else its own path."
)
@click.option(
    "--location",
    "locations",
    multiple=True,
    callback=pairs,
    metavar="NAME=ARCHIVE",
    help="A storage location; its archive is UUID:/path, or a directory.",
)
@click.option(
    "--conventions",
    multiple=True,
    callback=pairs,
    metavar="NAME=LIST",
    help="What goes to that location; else what lies in the folder already.",
)
@click.option(
    "--account",
    type=click.Choice([PERSON, SERVICE, CREDENTIAL]),
    help="Whose account Globus is asked with.",
)
@click.option("--client-id", metavar="UUID", help="The application, or the service account.")
@click.option("--secret-file", metavar="FILE", help="Where the secret of a service account is.")
@click.option("--store", metavar="WHERE", help="The catalogue: a file, or the address of a server.")
@click.option("-y", "--yes", is_flag=True, help="Ask nothing, and take what would be proposed.")
@click.option("--force", is_flag=True, help="Replace a file that is there already.")
@click.option("--offline", is_flag=True, help="Check without Globus and archives elsewhere.")
@json_option
@pass_caller
def command(
    caller: Caller,
    output: str,
    rig: str | None,
    root: str | None,
    collection: str | None,
    subdir: str | None,
    locations: Mapping[str, str],
    conventions: Mapping[str, str],
    account: str | None,
    client_id: str | None,
    secret_file: str | None,
    store: str | None,
    yes: bool,
    force: bool,
    offline: bool,
    as_json: bool,
) -> None:
    """Write a configuration by answering questions, and check it.

    Every question has an option; without a terminal, and with --yes, nothing is asked. Who comes from map-ephys
    takes import-config instead. Nothing is written before the last answer, and no file is replaced without
    --force. Exits with what the check exits with.
    """
    path = Path(output).expanduser().absolute()
    _insist_on_room(path, force=force)
    flags = Flags(
        rig=rig,
        root=root,
        collection=collection,
        subdir=subdir,
        locations=locations,
        conventions=conventions,
        account=account,
        client_id=client_id,
        secret_file=secret_file,
        store=store,
    )
    answers = Interview(flags, asking=not yes and sys.stdin.isatty()).answers()
    text = text_of(answers)
    _write(path, text, caller.environ, force=force)
    written = Caller(environ=caller.environ, now=caller.now, stop=caller.stop, config=str(path))
    findings = list(examine(written, offline=offline))
    code, following = code_of(findings), _next(path, answers.account)
    if as_json:
        print_json(
            {"output": str(path), "text": text, "next": following, "check": view_of(findings)}
        )
    else:
        said = line(Cell("Written: ", Style.STRONG), str(path))
        commands = [line("▶ ", each, indent=2) for each in following]
        caller.show([*page_of(findings), line(), said, line("What to type next:"), *commands])
    click.get_current_context().exit(code)


def _insist_on_room(path: Path, *, force: bool) -> None:
    """Before anything is asked: there must be a place for the file. Raises `ConfigurationError`."""
    from archived.config.files import exists_already
    from archived.core.paths import printable
    from archived.errors import ConfigurationError

    if os.path.lexists(path) and not force:
        raise exists_already(path)
    if not path.parent.is_dir():
        shown = printable(str(path.parent))
        raise ConfigurationError(
            f"There is no folder {shown} to write the configuration to. Nothing was written.",
            what_to_do="Make it, or choose another place with --output.",
        )


def _write(path: Path, text: str, environ: Mapping[str, str], *, force: bool) -> None:
    """Write what can be read back without a mistake, and nothing else. Raises `ConfigurationError`."""
    from archived.config.files import write_file
    from archived.errors import ConfigurationError

    assembled = assembled_from(text, path, environ)
    if mistakes := assembled.mistakes:
        told = "\n".join(f"  {mistake}" for mistake in mistakes)
        raise ConfigurationError(
            f"These answers make no configuration, and nothing was written:\n{told}",
            what_to_do="Begin again with other answers: archivedctl init",
        )
    if assembled.configuration is not None:
        _insist_on_a_place_apart(path, assembled.configuration)
    write_file(path, text, mode=MODE, replace=force)
    if path.parent == SERVICES:
        # Only root can give it to the service's group, and only where that exists; the check tells the rest.
        with contextlib.suppress(LookupError, OSError):
            shutil.chown(path, group=GROUP)


def _insist_on_a_place_apart(path: Path, configuration: Configuration) -> None:
    """Nothing is ever written where recordings lie, or among the copies of them. Raises `ConfigurationError`."""
    from archived.config.places import holds
    from archived.core.model import DirectoryArchive
    from archived.core.paths import printable
    from archived.errors import ConfigurationError

    for each in configuration.locations:
        archive = each.location.archive
        folders = [each.location.root]
        folders += [archive.path] if isinstance(archive, DirectoryArchive) else []
        for folder in folders:
            if holds(os.path.realpath(folder), os.path.realpath(path)):
                raise ConfigurationError(
                    f"{printable(str(path))} lies in {printable(folder)}, where the program writes nothing of its own. "
                    "Nothing was written.",
                    what_to_do="Choose another place with --output.",
                )


def _next(path: Path, account: str | None) -> list[str]:
    """What to type, in order."""
    given = shlex.quote(str(path))
    if path.parent == SERVICES:
        # What root keeps in the service's folder, such as a login, the service cannot read.
        unit = "archived" if path.stem == "archived" else f"archived@{path.stem}"
        control = f"sudo -u {GROUP} archivedctl -c {given}"
        last = f"systemctl enable --now {shlex.quote(unit)}"
    else:
        control, last = f"archivedctl -c {given}", f"archived -c {given}"
    login = [f"{control} login"] if account == PERSON else []
    return [*login, f"{control} check", last]
