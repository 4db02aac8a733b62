"""Collections: folders of this machine that stand for Globus collections, and paths inside them."""

from __future__ import annotations

import errno
import os
import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

from archived.errors import ConfigurationError

ALGORITHMS = ("MD5", "ADLER32", "SHA1", "SHA256", "SHA512")
"""The checksums that a GridFTP server on a POSIX file system offers."""


class Kind(StrEnum):
    """What a collection is; the values are the service's `entity_type`."""

    PERSONAL = "GCP_mapped_collection"
    MAPPED = "GCSv5_mapped_collection"
    GUEST = "GCSv5_guest_collection"


class OutsideError(PermissionError):
    """A path leaves the folder that its collection exports."""

    def __init__(self, path: str) -> None:
        super().__init__(errno.EACCES, "Path not allowed", path)


@dataclass(slots=True)
class Collection:
    """One collection. What a test or a person may switch is not frozen."""

    id: str
    root: Path
    kind: Kind = Kind.PERSONAL
    display_name: str = ""
    high_assurance: bool = False
    connected: bool = True
    paused: bool = False
    disable_verify: bool = False
    force_verify: bool = False
    default_directory: str = "/"
    algorithms: tuple[str, ...] = ALGORITHMS
    owner_id: str = field(default_factory=lambda: str(uuid.uuid4()))

    @property
    def personal(self) -> bool:
        """Whether it is Globus Connect Personal: only then it can be offline or paused by its owner."""
        return self.kind is Kind.PERSONAL

    @property
    def needs_data_access(self) -> bool:
        """Whether a consent is needed; only mapped collections that are not high-assurance know it."""
        return self.kind is Kind.MAPPED and not self.high_assurance

    def resolve(self, path: str) -> Path:
        """Where a path of the collection is on this machine.

        Raises `OutsideError` for a path that leaves the exported folder, by `..` or by a symbolic link, and
        `OSError` (EILSEQ) for one that is not Unicode text.
        """
        absolute = self.absolute(path)
        local = self.root.joinpath(*absolute.strip("/").split("/"))
        # The last component itself may be a link that is only looked at; what leads there may not.
        if absolute != "/" and not self._inside(local.parent):
            raise OutsideError(path)
        return local

    def followed(self, path: str) -> Path:
        """As `resolve`, for a path whose content is wanted: a link at its end may not leave either."""
        local = self.resolve(path)
        if not self._inside(local):
            raise OutsideError(path)
        return local

    def _inside(self, local: Path) -> bool:
        return Path(os.path.realpath(local)).is_relative_to(os.path.realpath(self.root))

    def absolute(self, path: str) -> str:
        """A path of the collection made absolute: `~` is the default directory, `..` is not taken."""
        if path in ("~", "/~", "") or path.startswith(("~/", "/~/")):
            path = self.default_directory + "/" + path.lstrip("/")[2:]
        try:
            path.encode("utf-8")
        except UnicodeEncodeError as error:
            raise OSError(errno.EILSEQ, "The name is not Unicode text", path) from error
        components = [part for part in path.split("/") if part not in ("", ".")]
        if ".." in components or any("\0" in part for part in components):
            raise OutsideError(path)
        return "/" + "/".join(components)


def open_collections(
    folders: Mapping[str, str | Path], *, mapped: Iterable[str] = (), guests: Iterable[str] = ()
) -> dict[str, Collection]:
    """The collections for a table of id to folder.

    Raises `ConfigurationError` that lists every id that is not a UUID and every folder that is not there.
    """
    kinds = {**dict.fromkeys(guests, Kind.GUEST), **dict.fromkeys(mapped, Kind.MAPPED)}
    mistakes = [f"'{name}' is not a UUID" for name in folders if not _is_uuid(name)]
    mistakes += [
        f"'{folder}' (for collection {name}) is not a folder"
        for name, folder in folders.items()
        if not Path(folder).is_dir()
    ]
    mistakes += [f"collection {name} has no folder" for name in kinds if name not in folders]
    if mistakes:
        raise ConfigurationError(
            "The simulated Globus cannot start: " + "; ".join(mistakes) + ".",
            what_to_do="Give each collection as UUID=FOLDER, with a folder that exists.",
        )
    return {
        name.lower(): Collection(
            id=name.lower(),
            root=Path(folder).absolute(),
            kind=kinds.get(name, Kind.PERSONAL),
            display_name=f"Simulated {Path(folder).name}",
        )
        for name, folder in folders.items()
    }


def _is_uuid(text: str) -> bool:
    try:
        return str(uuid.UUID(text)) == text.lower()
    except ValueError:
        return False
