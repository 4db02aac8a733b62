"""Writes files of our own that a person asked for: whole or not at all, and never over another unless that is said."""

from __future__ import annotations

import os
import secrets
from pathlib import Path

from archived.core.paths import printable
from archived.errors import ConfigurationError

PRIVATE = 0o600
ORDINARY = 0o644


def write_file(path: Path, text: str, *, mode: int = ORDINARY, replace: bool = False) -> None:
    """Write a file of that mode. Raises `ConfigurationError` where there is one already, or it cannot be written."""
    beside = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    try:
        descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
        try:
            with os.fdopen(descriptor, "w", encoding="utf-8", newline="\n") as file:
                file.write(text)
                file.flush()
                os.fsync(file.fileno())
            if replace:
                beside.replace(path)
            else:
                _claim(beside, path)
        finally:
            beside.unlink(missing_ok=True)
    except FileExistsError as error:
        raise exists_already(path) from error
    except OSError as error:
        raise ConfigurationError(
            f"{printable(str(path))} could not be written: {error.strerror}.",
            what_to_do="Choose another place, or let this account write there.",
        ) from error


def exists_already(path: Path) -> ConfigurationError:
    """What to say of a file that is in the way."""
    return ConfigurationError(
        f"{printable(str(path))} is there already and was left as it is.",
        what_to_do="Choose another name, or say --force to replace it.",
    )


def _claim(beside: Path, path: Path) -> None:
    """Give the file its name unless something has it. Where there are no hard links, nothing but a look prevents that."""
    try:
        os.link(beside, path)
    except FileExistsError:
        raise
    except OSError:
        if os.path.lexists(path):
            raise FileExistsError from None
        beside.replace(path)
