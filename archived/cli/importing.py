"""What `import-config` does: reads the old file, asks Globus about its login if told to, and writes the new one."""

from __future__ import annotations

import os
import socket
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from archived.cli.views import View
from archived.core.paths import printable
from archived.errors import ArchivedError, ConfigurationError

if TYPE_CHECKING:
    from archived.config.assembling import Assembled
    from archived.config.importing import Import, Imported, ReportLine, Wishes

STANDARD_OUTPUT = "-"
LARGEST = 10_000_000
"""Bytes. An old configuration has a few thousand."""


@dataclass(frozen=True, kw_only=True)
class Asked:
    """What was asked for on the command line. `output` is None for standard output."""

    source: Path
    output: Path | None
    rig: str | None = None
    force: bool = False
    documented_paths: bool = False
    client_id: str | None = None
    take_token: bool = False
    password_file: Path | None = None

    def check(self) -> None:
        """Refuse what cannot be meant or done, before anything is. Raises `UsageError`, `ConfigurationError`."""
        from archived.config.files import exists_already

        if self.take_token and self.output is None:
            raise click.UsageError(
                "--take-token needs a file as --output: the login is kept for that one."
            )
        written = [each for each in (self.output, self.password_file) if each is not None]
        if len(set(written)) < len(written):
            raise click.UsageError("--output and --password-file must not be the same file.")
        for path in written:
            if path.exists() and self.source.exists() and path.samefile(self.source):
                raise click.UsageError("The old file is only read: choose another one to write.")
            if os.path.lexists(path) and not self.force:
                raise exists_already(path)
            if not path.parent.is_dir():
                # Found out before a secret is written to one of the two.
                raise ConfigurationError(
                    f"{printable(str(path))} could not be written: there is no folder "
                    f"{printable(str(path.parent))}. Nothing was written.",
                    what_to_do="Make it, or choose another place.",
                )


def run(asked: Asked, environ: Mapping[str, str]) -> View:
    """Do it; returns the object of `--json`. Raises `ConfigurationError` where a file cannot be read or written."""
    from archived.config.files import PRIVATE, write_file
    from archived.config.importing import Import, read_document

    asked.check()
    old = Import.of(read_document(_text(asked.source)), documented_paths=asked.documented_paths)
    password = old.database.password if asked.password_file is not None else None
    wishes = _wishes(asked, written_password=password is not None)
    login = _Login(asked, environ)
    wishes = login.take(old, wishes)
    imported = old.write(wishes)
    if asked.password_file is not None and password is not None:
        write_file(asked.password_file, f"{password}\n", mode=PRIVATE, replace=asked.force)
    if asked.output is not None:
        write_file(asked.output, imported.text, replace=asked.force)
    assembled = assembled_from(imported.text, asked.output, environ)
    return _view(asked, imported, assembled, wishes, token_file=login.token_file)


def assembled_from(text: str, path: Path | None, environ: Mapping[str, str]) -> Assembled:
    """The new configuration as it would be loaded, without what this environment happens to override in it."""
    from archived.config.assembling import assemble

    plain = {name: value for name, value in environ.items() if not name.startswith("ARCHIVED_")}
    shown = None if path is None else str(path)
    return assemble(text, plain, path=shown, windows=os.name == "nt")


@dataclass
class _Login:
    """The login of the old file, where it was asked for."""

    asked: Asked
    environ: Mapping[str, str]
    token_file: str | None = None

    def take(self, old: Import, wishes: Wishes) -> Wishes:
        """Take it over if Globus still accepts it; the wishes then say so, or say why not."""
        from archived.config.importing import MAP_EPHYS_APPLICATION
        from archived.secrecy.hidden import Hidden
        from archived.transfer.adopting import adopt_login

        if not self.asked.take_token:
            return wishes
        if old.login is None:
            return replace(wishes, login_refused="there is none in the file")
        client = self.asked.client_id or MAP_EPHYS_APPLICATION
        taken = replace(wishes, client_id=client, login_taken=True)
        found = assembled_from(old.write(taken).text, self.asked.output, self.environ)
        if found.configuration is None:
            why = "the new configuration cannot be used yet; complete it, then: archivedctl login"
            return replace(wishes, login_refused=why)
        token_file = str(found.configuration.globus.token_file)
        try:
            adopt_login(client, Hidden(old.login.value)).keep(token_file)
        except ArchivedError as error:
            return replace(wishes, login_refused=f"{error}; {error.what_to_do}".rstrip("; "))
        self.token_file = token_file
        return taken


def _wishes(asked: Asked, *, written_password: bool) -> Wishes:
    from archived.config.importing import Wishes, rig_name

    if asked.rig is not None:
        rig, origin = asked.rig, "The name of this machine in the catalogue; chosen with --rig."
    else:
        rig, origin = rig_name(socket.gethostname()), "Made of the name of this machine."
    return Wishes(
        rig=rig,
        rig_origin=origin,
        source=asked.source.name,
        client_id=asked.client_id,
        password_file=str(asked.password_file) if written_password else None,
    )


def _text(path: Path) -> str:
    shown = printable(str(path))
    try:
        with path.open("rb") as file:
            content = file.read(LARGEST + 1)
    except OSError as error:
        raise ConfigurationError(
            f"The old configuration {shown} cannot be read: {error.strerror}. Nothing was written.",
            what_to_do="Give the dj_local_conf.json that map-ephys was used with.",
        ) from error
    if len(content) > LARGEST:
        raise ConfigurationError(f"{shown} is no configuration: it has more than ten megabytes.")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise ConfigurationError(
            f"The old configuration {shown} is not text in UTF-8 (byte {error.start}). Nothing was written.",
            what_to_do="Save it as UTF-8.",
        ) from error


def _view(
    asked: Asked,
    imported: Imported,
    assembled: Assembled,
    wishes: Wishes,
    *,
    token_file: str | None,
) -> View:
    report = [_line(each) for each in imported.report]
    report += [
        {"outcome": "needed", "key": "", "what": str(mistake)} for mistake in assembled.mistakes
    ]
    if asked.password_file is not None and wishes.password_file is None:
        report.append(
            {"outcome": "needed", "key": "database.password", "what": "there is none in the file"}
        )
    return {
        "output": None if asked.output is None else str(asked.output),
        "loads": assembled.configuration is not None,
        "text": imported.text,
        "password_file": wishes.password_file,
        "client_id": wishes.client_id,
        "token_file": token_file,
        "report": report,
    }


def _line(each: ReportLine) -> dict[str, Any]:
    return {"outcome": str(each.outcome), "key": each.key, "what": each.what}
