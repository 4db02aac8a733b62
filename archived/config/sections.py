"""The sections of the file: which keys each has, of what kind, with what default.

The descriptions complete "expected …" where a required key is missing.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from archived.config.kinds import (
    ArchiveAddress,
    BackupsCount,
    CollectionId,
    CollectionPath,
    DatabaseServer,
    Duration,
    FilesCount,
    Lines,
    LocalPath,
    Name,
    Order,
    Pattern,
    Prefix,
    Size,
    StoreAddress,
    TransfersCount,
    Wait,
    Words,
    YesNo,
)
from archived.core.template import DEFAULT_H2O


class Section(BaseModel):
    """What all sections have in common: an unknown key is a mistake."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    def __repr__(self) -> str:
        """No values: the address of a database may hold a password."""
        return f"{type(self).__name__}({', '.join(sorted(self.model_fields_set))})"


class ArchivedSection(Section):
    """`[archived]`: this rig, and how it looks at its disk."""

    rig: Annotated[Name, Field(description="a name for this rig, such as ephys-rig-1")]
    store: StoreAddress | None = None
    quiet_time: Duration = timedelta(minutes=10)
    rescan: Wait = timedelta(minutes=5)
    deep_look: Wait = timedelta(hours=24)
    give_up: Wait = timedelta(days=1)
    tick: Wait = timedelta(seconds=2)
    h2o: Pattern = DEFAULT_H2O
    records: YesNo = True
    spool: LocalPath | None = None
    backup: LocalPath | None = None
    backup_every: Wait = timedelta(days=1)
    backup_keep: BackupsCount = 7


class GlobusSection(Section):
    """`[globus]`: the watched folder, how Globus sees it, and who we are to Globus."""

    local_endpoint: CollectionId | None = None
    local_endpoint_subdir: CollectionPath | None = None
    local_endpoint_local_path: LocalPath | None = None
    writable: YesNo = False
    client_id: CollectionId | None = None
    client_secret_file: LocalPath | None = None
    token_file: LocalPath | None = None


class TransferSection(Section):
    """`[transfer]`: how much travels, and every wait of the program."""

    poll: Wait = timedelta(seconds=30)
    batch_wait: Duration = timedelta(minutes=5)
    max_files: FilesCount = 5000
    max_bytes: Size = 2 * 10**12
    max_active: TransfersCount = 3
    retry_first: Wait = timedelta(minutes=1)
    retry_longest: Wait = timedelta(hours=6)
    deadline: Wait = timedelta(days=3)
    order: Order = "oldest"
    external_checksums: YesNo = True


class SubjectsSection(Section):
    """`[subjects]`: which animal has which number in the lab's database."""

    file: LocalPath | None = None
    datajoint: YesNo = False
    only_known: YesNo = False


class RetrieveSection(Section):
    """`[retrieve]`: bringing recordings back from the archive."""

    ask_above: Size = 100 * 10**9


class VerifySection(Section):
    """`[verify]`: looking into the archive whether it still holds what was archived."""

    every: Wait | None = None
    files: FilesCount = 1000
    bytes: Size = 100 * 10**9
    deep: YesNo = False
    scratch: Size = 100 * 10**9


class DatajointSection(Section):
    """`[datajoint]`: the lab's DataJoint database."""

    address: DatabaseServer | None = None
    password_file: LocalPath | None = None
    prefix: Prefix = "map_v2_"
    tls: YesNo = True
    mirror: YesNo = False


class LocationSection(Section):
    """`[location:NAME]`: where recordings of some conventions go."""

    archive: Annotated[
        ArchiveAddress, Field(description="where it goes: `<uuid>:/path`, or a directory")
    ]
    conventions: Annotated[Words, Field(description="what goes there, such as `catgt, spikeglx`")]
    local_endpoint: CollectionId | None = None
    local_endpoint_subdir: CollectionPath | None = None
    local_endpoint_local_path: LocalPath | None = None


class ConventionSection(Section):
    """`[convention:NAME]`: a lab's own convention."""

    path: Annotated[
        Lines, Field(description="a template such as {h2o}/{date:%Y-%m-%d}[_{ident}]/2p")
    ]
    finished: Words = ("quiet",)
    quiet_time: Duration | None = None
    exclude: Words = ()
    file_types: Lines = ()


FIXED: dict[str, type[Section]] = {
    "archived": ArchivedSection,
    "globus": GlobusSection,
    "transfer": TransferSection,
    "retrieve": RetrieveSection,
    "verify": VerifySection,
    "subjects": SubjectsSection,
    "datajoint": DatajointSection,
}
"""Sections that stand once."""

NAMED: dict[str, type[Section]] = {
    "location": LocationSection,
    "convention": ConventionSection,
}
"""Sections that stand once for each name, as `[location:NAME]`."""


def kind_of(section: str) -> type[Section] | None:
    """The model of a section by its header, or None where there is no such section."""
    if section in FIXED:
        return FIXED[section]
    kind, colon, _ = section.partition(":")
    return NAMED.get(kind) if colon else None
