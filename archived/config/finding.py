"""Finds the configuration file, and loads it."""

from __future__ import annotations

import os
import stat
from collections.abc import Mapping
from pathlib import Path

from platformdirs import site_config_path, user_config_path

from archived.config.assembling import SITE, Assembled, assemble
from archived.config.environment import variable
from archived.config.mistake import Mistake, MistakesError, without_password
from archived.config.settings import Configuration
from archived.core.paths import printable
from archived.errors import ConfigurationError

FILE = "archived.ini"
VARIABLE = "ARCHIVED_CONFIG"
_LARGEST = 1_000_000


def find(explicit: str | None, environ: Mapping[str, str]) -> Path:
    """The configuration to use: `-c`, `$ARCHIVED_CONFIG`, `./archived.ini`, the user's, the machine's.

    Raises `ConfigurationError` that tells where it looked.
    """
    for source, given in (("-c", explicit), (f"${VARIABLE}", environ.get(VARIABLE))):
        if given:
            path = Path(given).expanduser()
            if not path.is_file():
                raise ConfigurationError(
                    f"There is no configuration {printable(str(path))}, which {source} names. "
                    "Nothing is begun; no data is affected.",
                    what_to_do=f"Correct {source}, or begin with a copy of archived.ini.example.",
                )
            return path.absolute()
    places = [Path(FILE).absolute(), user_config_path("archived", appauthor=False) / FILE, _site()]
    for path in places:
        if path.is_file():
            return path
    looked = ", ".join(printable(str(path)) for path in places)
    raise ConfigurationError(
        "There is no configuration. Nothing is begun; no data is affected. "
        f"Looked for -c, ${VARIABLE}, {looked}.",
        what_to_do="Begin with a copy of archived.ini.example.",
    )


def load(path: Path, environ: Mapping[str, str]) -> Configuration:
    """The configuration in a file, checked whole.

    Raises `MistakesError`, a `ConfigurationError`, with every mistake there is, or `ConfigurationError` when
    the file cannot be read.
    """
    assembled = _assemble(_text(path), environ, path=str(path.absolute()))
    if assembled.configuration is None:
        raise MistakesError(str(path), assembled.mistakes)
    if exposed := _exposed_password(path, assembled.configuration, environ):
        raise MistakesError(str(path), [exposed])
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
    text = _text(Path(configuration.path))
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
    return SITE if os.name == "posix" else site_config_path("archived", appauthor=False) / FILE


def _text(path: Path) -> str:
    shown = printable(str(path))
    try:
        with path.open("rb") as file:
            content = file.read(_LARGEST + 1)
        if len(content) > _LARGEST:
            raise ConfigurationError(f"{shown} is no configuration: it has more than a megabyte.")
        return content.decode("utf-8-sig")
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


def _exposed_password(
    path: Path, configuration: Configuration, environ: Mapping[str, str]
) -> Mistake | None:
    """A password in the address of a database, in a file that others may read (safety rule 11)."""
    if os.name == "nt" or not path.stat().st_mode & (stat.S_IRWXG | stat.S_IRWXO):
        return None
    addresses = (
        ("archived", "store", configuration.store),
        ("datajoint", "address", configuration.datajoint.address or ""),
    )
    for section, key, address in addresses:
        if environ.get(variable(section, key)) or without_password(address) == address:
            continue
        return Mistake(
            section,
            key,
            address,
            f"no password in a file that others may read: chmod 600 '{path}', or give the address in "
            f"${variable(section, key)}",
        )
    return None
