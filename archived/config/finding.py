"""Finds the configuration file, and loads it."""

from __future__ import annotations

import os
import stat
from collections.abc import Mapping
from pathlib import Path

from archived.config.assembling import SITE, Assembled, assemble
from archived.config.environment import variable
from archived.config.mistake import Mistake, MistakesError, has_password
from archived.config.settings import Configuration
from archived.config.user_folders import config_folder
from archived.core.paths import printable
from archived.errors import ConfigurationError
from archived.secrecy.files import NotPrivateError, insist_on_privacy

FILE = "archived.ini"
VARIABLE = "ARCHIVED_CONFIG"
_LARGEST = 256_000


def find(explicit: str | None, environ: Mapping[str, str]) -> Path:
    """The configuration to use: `-c`, `$ARCHIVED_CONFIG`, `./archived.ini`, the user's, the machine's.

    Raises `ConfigurationError` that tells where it looked.
    """
    for source, given in (("-c", explicit), (f"${VARIABLE}", environ.get(VARIABLE))):
        if given:
            path = Path(given).expanduser()
            if not _is_file(path):
                raise ConfigurationError(
                    f"There is no configuration {printable(str(path))}, which {source} names. "
                    "Nothing is begun; no data is affected.",
                    what_to_do=f"Correct {source}, type archivedctl init, or begin with a copy of archived.ini.example.",
                )
            return path.absolute()
    places = [Path(FILE).absolute(), config_folder() / FILE, _site()]
    for path in places:
        if os.path.isfile(path):
            if path == places[0]:
                _insist_on_owner(path, environ)
            return path
    looked = ", ".join(printable(str(path)) for path in places)
    raise ConfigurationError(
        "There is no configuration. Nothing is begun; no data is affected. "
        f"Looked for -c, ${VARIABLE}, {looked}.",
        what_to_do="Type archivedctl init, or begin with a copy of archived.ini.example.",
    )


def _is_file(path: Path) -> bool:
    try:
        return stat.S_ISREG(path.stat().st_mode)
    except PermissionError as error:
        raise ConfigurationError(
            f"The configuration {printable(str(path))} cannot be read by this account. Nothing is begun; no data is affected.",
            what_to_do="Type it as the service's user: sudo -u archived, or give this account the right to read it.",
        ) from error
    except (OSError, ValueError):
        return False


def _insist_on_owner(path: Path, environ: Mapping[str, str]) -> None:
    """Nobody named this one: in a folder that others write to, they must not choose what this user's rights do."""
    if os.name == "nt":
        return
    ours = {str(os.geteuid()), "0", environ.get("SUDO_UID", "0")}
    if str(path.stat().st_uid) not in ours:
        raise ConfigurationError(
            f"The configuration {printable(str(path))} of this folder belongs to another user, so it is not used. "
            "Nothing is begun; no data is affected.",
            what_to_do=f"Say -c {FILE} if it is meant, or change to another folder.",
        )


def load(path: Path, environ: Mapping[str, str]) -> Configuration:
    """The configuration in a file, checked whole.

    Raises `MistakesError`, a `ConfigurationError`, with every mistake there is, or `ConfigurationError` when
    the file cannot be read.
    """
    text, found = _read(path)
    assembled = _assemble(text, environ, path=str(path.absolute()))
    if assembled.configuration is None:
        raise MistakesError(str(path), assembled.mistakes)
    if mistake := _not_to_be_used(path, found, assembled.configuration, environ):
        raise MistakesError(str(path), [mistake])
    return assembled.configuration


def mistakes(
    text: str, environ: Mapping[str, str] | None = None, *, path: str | None = None
) -> list[Mistake]:
    """Every mistake in the text of a configuration, in the light of an environment (empty unless given)."""
    return list(_assemble(text, environ or {}, path=path).mistakes)


def mistakes_on_disk(configuration: Configuration, environ: Mapping[str, str]) -> list[Mistake]:
    """Mistakes that only a look at the disk tells: folders that symbolic links put inside one another.

    It may wait as long as the file systems do.
    """
    if configuration.path is None:
        return []
    text, _ = _read(Path(configuration.path))
    return list(_assemble(text, environ, path=configuration.path, real_paths=True).mistakes)


def _assemble(
    text: str, environ: Mapping[str, str], *, path: str | None, real_paths: bool = False
) -> Assembled:
    return assemble(
        text,
        environ,
        path=path,
        windows=os.name == "nt",
        spelling=os.path.realpath if real_paths else str,
    )


def _site() -> Path:
    if os.name == "posix":
        return SITE
    from platformdirs import site_config_path

    return site_config_path("archived", appauthor=False) / FILE


def _read(path: Path) -> tuple[str, os.stat_result]:
    """The text of the file, and what it was while it was read."""
    shown = printable(str(path))
    try:
        with path.open("rb") as file:
            found = os.fstat(file.fileno())
            content = file.read(_LARGEST + 1)
        if len(content) > _LARGEST:
            raise ConfigurationError(f"{shown} is no configuration: it has more than 256 kB.")
        return content.decode("utf-8-sig"), found
    except OSError as error:
        raise ConfigurationError(
            f"The configuration {shown} cannot be read: {error.strerror}. Nothing is begun.",
            what_to_do="Correct its place or its mode; the daemon's user must be able to read it.",
        ) from error
    except UnicodeDecodeError as error:
        raise ConfigurationError(
            f"The configuration {shown} is not text in UTF-8 (byte {error.start}). Nothing is begun.",
            what_to_do="Save it as UTF-8; editors on Windows offer this when saving.",
        ) from error


def _not_to_be_used(
    path: Path, found: os.stat_result, configuration: Configuration, environ: Mapping[str, str]
) -> Mistake | None:
    """A file that everybody may write, or one that others may read although a password is in it (safety rule 11)."""
    if os.name == "nt":
        return None
    if found.st_mode & stat.S_IWOTH:
        expected = f"a file that not everybody may write: chmod o-w '{printable(str(path))}'"
        return Mistake("", "", f"mode {stat.S_IMODE(found.st_mode):04o}", expected)
    addresses = (
        ("archived", "store", configuration.store),
        ("datajoint", "address", configuration.datajoint.address or ""),
    )
    for section, key, address in addresses:
        if environ.get(variable(section, key)) or not has_password(address):
            continue
        try:
            insist_on_privacy(path, found)
        except NotPrivateError as error:
            return Mistake(
                section,
                key,
                address,
                f"no password in this file, which {error}: {error.what_to_do}; or leave the password out "
                "and name a file that holds it (docs/SHARED-STORE.md)",
            )
    return None
