"""What `init` was told, and the configuration that it writes of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from archived.config.importing.writing import Key, Section

PERSON, SERVICE, CREDENTIAL = "person", "service", "credential"
"""Kinds of accounts: a login, a service account with its secret in a file, and one with a systemd credential."""


@dataclass(frozen=True, kw_only=True)
class Place:
    """One storage location."""

    name: str
    archive: str
    conventions: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Answers:
    """Everything that the configuration is made of; what is None is left to its default, or has no use."""

    rig: str
    root: str
    places: tuple[Place, ...]
    store: str | None = None
    collection: str | None = None
    subdir: str | None = None
    account: str | None = None
    client_id: str | None = None
    secret_file: str | None = None


def text_of(answers: Answers) -> str:
    """The file, with a comment at each key."""
    from archived.config.importing.writing import whole_text

    return whole_text(
        "The configuration of archived, written by `archivedctl init`. Every other section and key there is, with "
        "its default, stands in archived.ini.example. `archivedctl check` reads it whole, tells every mistake at "
        "once, and then pays a doctor's visit.",
        [_general(answers), _globus(answers), *_locations(answers)],
    )


def _general(answers: Answers) -> Section:
    from archived.config.importing.writing import Key, Section

    rig = Key(
        "rig",
        answers.rig,
        "The name of this machine in the catalogue and in the labels of its transfers.",
    )
    store = Key(
        "store",
        answers.store or "/var/lib/archived/archived.db",
        "Where the catalogue is kept: a file (SQLite), on a disk of this machine and never on a network drive, or "
        "the address of a server that several rigs may share (docs/SHARED-STORE.md). Left out it is archived.db in "
        "the folder for state.",
        off=answers.store is None,
    )
    quiet = Key(
        "quiet_time",
        "10m",
        "Nothing in a recording may have changed for this long before it counts as finished. It must also be "
        "finished by its own file format, where that tells.",
    )
    return Section("archived", keys=[rig, store, quiet])


def _globus(answers: Answers) -> Section:
    from archived.config.importing.writing import Key, Section

    watched = "The folder that is watched. Without Globus it is all that this section needs."
    keys = [Key("local_endpoint_local_path", answers.root, watched)]
    if answers.collection is not None:
        keys += [
            Key(
                "local_endpoint",
                answers.collection,
                "The id of the Globus collection that exports it.",
            ),
            Key(
                "local_endpoint_subdir",
                answers.subdir or "/",
                "The place of that folder inside the collection, always with forward slashes.",
            ),
            *_account(answers),
        ]
    keys.append(
        Key(
            "writable",
            "no",
            "Whether `archivedctl retrieve` may write into the folder. A machine that records says no.",
        )
    )
    return Section("globus", keys=keys)


def _account(answers: Answers) -> list[Key]:
    from archived.config.importing.writing import Key

    if answers.account == PERSON:
        who = 'A native application ("thick client"), registered at app.globus.org/settings/developers; `archivedctl login` does the rest.'
    elif answers.account == CREDENTIAL:
        who = "A service account; its secret is the systemd credential `globus-client-secret`, which the unit makes of /etc/archived/globus-client-secret."
    else:
        who = "A service account."
    keys: list[Key] = [Key("client_id", answers.client_id or "", who)]
    if answers.account == SERVICE:
        about = "A file of mode 0600 that holds its secret and nothing else."
        keys.append(Key("client_secret_file", answers.secret_file or "", about))
    return keys


def _locations(answers: Answers) -> list[Section]:
    from archived.config.importing.writing import Key, Section

    return [
        Section(
            f"location:{place.name}",
            "A place that recordings go to; its name is the first part of a dataset's name.",
            [
                Key(
                    "archive",
                    place.archive,
                    "A path in a Globus collection, or a directory of this machine.",
                ),
                Key(
                    "conventions",
                    ", ".join(place.conventions),
                    "What goes there. A folder belongs to the first location one of whose conventions matches.",
                ),
            ],
        )
        for place in answers.places
    ]
