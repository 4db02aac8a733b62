"""The sections of the file: which keys each has, of what kind, with what default.

What is said of a required key completes "expected …" where it is missing.
"""

from __future__ import annotations

from datetime import timedelta

from archived.config import kinds
from archived.config.places import local_path
from archived.config.section import Section, key, optional, required
from archived.core.animals import DEFAULT_H2O
from archived.core.units import parse_duration

QUIET: tuple[str, ...] = ("quiet",)
NONE: tuple[str, ...] = ()


class ArchivedSection(Section):
    """`[archived]`: this rig, and how it looks at its disk."""

    rig = required(kinds.name, "a name for this rig, such as ephys-rig-1")
    store = optional(kinds.store_address)
    quiet_time = key(parse_duration, timedelta(minutes=10))
    rescan = key(kinds.a_wait, timedelta(minutes=5))
    deep_look = key(kinds.a_wait, timedelta(hours=24))
    give_up = key(kinds.a_wait, timedelta(days=1))
    tick = key(kinds.a_wait, timedelta(seconds=2))
    h2o = key(kinds.regular_expression, DEFAULT_H2O)
    records = key(kinds.yes_or_no, True)
    read_while_recording = key(kinds.yes_or_no, False)
    spool = optional(local_path)
    backup = optional(local_path)
    backup_every = key(kinds.a_wait, timedelta(days=1))
    backup_keep = key(kinds.count(10_000), 7)


class GlobusSection(Section):
    """`[globus]`: the watched folder, how Globus sees it, and who we are to Globus."""

    local_endpoint = optional(kinds.collection_id)
    local_endpoint_subdir = optional(kinds.collection_path)
    local_endpoint_local_path = optional(local_path)
    writable = key(kinds.yes_or_no, False)
    client_id = optional(kinds.collection_id)
    client_secret_file = optional(local_path)
    token_file = optional(local_path)


class TransferSection(Section):
    """`[transfer]`: how much travels, and every wait of the program."""

    poll = key(kinds.a_wait, timedelta(seconds=30))
    batch_wait = key(parse_duration, timedelta(minutes=5))
    max_files = key(kinds.count(1_000_000), 5000)
    max_bytes = key(kinds.bytes_at_least_one, 2 * 10**12)
    max_active = key(kinds.count(100), 3)
    retry_first = key(kinds.a_wait, timedelta(minutes=1))
    retry_longest = key(kinds.a_wait, timedelta(hours=6))
    deadline = key(kinds.a_wait, timedelta(days=3))
    order = key(kinds.one_of("oldest", "newest", "smallest"), "oldest")
    external_checksums = key(kinds.yes_or_no, True)


class SubjectsSection(Section):
    """`[subjects]`: which animal has which number in the lab's database."""

    file = optional(local_path)
    datajoint = key(kinds.yes_or_no, False)
    only_known = key(kinds.yes_or_no, False)


class RetrieveSection(Section):
    """`[retrieve]`: bringing recordings back from the archive."""

    ask_above = key(kinds.bytes_at_least_one, 100 * 10**9)


class VerifySection(Section):
    """`[verify]`: looking into the archive whether it still holds what was archived."""

    every = optional(kinds.a_wait)
    files = key(kinds.count(1_000_000), 1000)
    bytes = key(kinds.bytes_at_least_one, 100 * 10**9)
    deep = key(kinds.yes_or_no, False)
    scratch = key(kinds.bytes_at_least_one, 100 * 10**9)


class DatajointSection(Section):
    """`[datajoint]`: the lab's DataJoint database."""

    address = optional(kinds.database_server)
    password_file = optional(local_path)
    prefix = key(kinds.prefix, "map_v2_")
    tls = key(kinds.yes_or_no, True)
    mirror = key(kinds.yes_or_no, False)


class AlertsSection(Section):
    """`[alerts]`: telling people who are elsewhere what is wrong."""

    urls_file = optional(local_path)
    least = key(kinds.one_of("warning", "urgent"), "warning")
    repeat = optional(kinds.a_wait)
    silence = key(kinds.yes_or_no, True)


class LocationSection(Section):
    """`[location:NAME]`: where recordings of some conventions go."""

    archive = required(kinds.archive, "where it goes: `<uuid>:/path`, or a directory")
    conventions = required(kinds.words, "what goes there, such as `catgt, spikeglx`")
    local_endpoint = optional(kinds.collection_id)
    local_endpoint_subdir = optional(kinds.collection_path)
    local_endpoint_local_path = optional(local_path)


class ConventionSection(Section):
    """`[convention:NAME]`: a lab's own convention."""

    path = required(kinds.lines, "a template such as {h2o}/{date:%Y-%m-%d}[_{ident}]/2p")
    finished = key(kinds.words, QUIET)
    quiet_time = optional(parse_duration)
    exclude = key(kinds.words, NONE)
    file_types = key(kinds.lines, NONE)


FIXED: dict[str, type[Section]] = {
    "archived": ArchivedSection,
    "globus": GlobusSection,
    "transfer": TransferSection,
    "retrieve": RetrieveSection,
    "verify": VerifySection,
    "subjects": SubjectsSection,
    "datajoint": DatajointSection,
    "alerts": AlertsSection,
}
"""Sections that stand once."""

NAMED: dict[str, type[Section]] = {
    "location": LocationSection,
    "convention": ConventionSection,
}
"""Sections that stand once for each name, as `[location:NAME]`."""


def kind_of(section: str) -> type[Section] | None:
    """The kind of a section by its header, or None where there is no such section."""
    if section in FIXED:
        return FIXED[section]
    kind, colon, _ = section.partition(":")
    return NAMED.get(kind) if colon else None
