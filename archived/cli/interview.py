"""The questions of `init`: each has a flag; what no flag says is asked at a terminal, or proposed."""

from __future__ import annotations

import socket
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import click

from archived.cli.counting import counted
from archived.cli.initial_text import CREDENTIAL, PERSON, SERVICE, Answers, Place
from archived.cli.output import talk
from archived.cli.recognising import proposed, recordings_in
from archived.core.paths import printable
from archived.errors import RootUnavailableError

Reader = Callable[[str], object]
"""A kind of the configuration: raises `ValueError` that completes "expected …"."""


@dataclass(frozen=True, kw_only=True)
class Flags:
    """What was said on the command line; None and empty where nothing was."""

    rig: str | None = None
    root: str | None = None
    collection: str | None = None
    subdir: str | None = None
    locations: Mapping[str, str] = field(default_factory=dict)
    conventions: Mapping[str, str] = field(default_factory=dict)
    account: str | None = None
    client_id: str | None = None
    secret_file: str | None = None
    store: str | None = None


class Interview:
    """One conversation. Without `asking` nothing is asked: proposals are taken, and what has none is a usage error."""

    def __init__(self, flags: Flags, *, asking: bool) -> None:
        self._flags = flags
        self._asking = asking

    def answers(self) -> Answers:
        """Everything, in the order in which it is asked. Raises `click.UsageError` that names the flag."""
        from archived.config.importing.rig import rig_name
        from archived.config.kinds import name, store_address
        from archived.config.places import local_path

        self._welcome()
        flags = self._flags
        proposal = rig_name(socket.gethostname())
        rig = self._ask("--rig", "Name of this rig", name, flags.rig, proposal)
        root = self._ask("--root", "Folder that is watched", local_path, flags.root)
        places = self._places(root)
        store = None
        if flags.store is not None or self._asking:
            text = "Where the catalogue is kept (a file, or the address of a server; empty for the default)"
            store = self._ask("--store", text, _optional(store_address), flags.store, "") or None
            _refuse_password(store)
        if not any(_is_collection(place.archive) for place in places):
            return Answers(rig=rig, root=root, places=places, store=store)
        return self._with_globus(Answers(rig=rig, root=root, places=places, store=store))

    def _welcome(self) -> None:
        if not self._asking:
            return
        talk("An answer in brackets is taken with Enter; Ctrl-C ends this, and nothing is written.")
        if Path("dj_local_conf.json").is_file():
            talk(
                "There is a dj_local_conf.json of map-ephys here: archivedctl import-config takes it over."
            )

    def _with_globus(self, so_far: Answers) -> Answers:
        from dataclasses import replace

        from archived.config.kinds import collection_id, collection_path, one_of
        from archived.config.places import local_path

        flags = self._flags
        collection = self._ask(
            "--collection",
            "Globus collection that exports the folder (its UUID)",
            collection_id,
            flags.collection,
        )
        inside = "Place of the folder inside that collection"
        subdir = self._ask("--subdir", inside, collection_path, flags.subdir, so_far.root)
        kinds = one_of(PERSON, SERVICE, CREDENTIAL)
        account = self._ask(
            "--account", "Account: a person's, or a service's with its secret in a file or a systemd credential "
            f"({PERSON}, {SERVICE}, {CREDENTIAL})", kinds, flags.account, SERVICE if flags.secret_file else PERSON
        )  # fmt: skip
        if flags.secret_file and account != SERVICE:
            raise click.UsageError(f"--secret-file goes with --account {SERVICE} only.")
        client = "Client id of the application (app.globus.org/settings/developers)"
        client_id = self._ask("--client-id", client, collection_id, flags.client_id)
        secret = None
        if account == SERVICE:
            about = "File of mode 0600 that holds the client secret"
            secret = self._ask("--secret-file", about, local_path, flags.secret_file)
        return replace(
            so_far, collection=collection, subdir=subdir, account=account, client_id=client_id, secret_file=secret
        )  # fmt: skip

    def _places(self, root: str) -> tuple[Place, ...]:
        from archived.config.kinds import archive, name, words

        groups = self._look(root)
        wanted = dict(self._flags.locations)
        if not wanted and not self._asking:
            raise _needed("--location NAME=ARCHIVE")
        if not wanted:
            for group, conventions in groups.items():
                text = f"Archive of {group} ({', '.join(conventions)}): UUID:/path, or a directory (empty for none)"
                given = self._ask("--location", text, _optional(archive), None, "")
                if given:
                    wanted[group] = given
            while not wanted or (
                more := self._ask(
                    "--location",
                    "Another location (its name; empty for none)",
                    _optional(name),
                    None,
                    "",
                )
            ):
                named = more if wanted else "raw"
                wanted[named] = self._ask("--location", f"Archive of {named}", archive, None)
        unknown = self._flags.conventions.keys() - wanted.keys()
        if unknown:
            raise click.UsageError(
                f"--conventions names {printable(', '.join(sorted(unknown)))}, which is no --location."
            )
        made = []
        for each, where in wanted.items():
            _read(name, each, "--location")
            _read(archive, where, "--location")
            proposal = ", ".join(groups.get(each, ())) or None
            flag = f"--conventions {each}=NAME,…"
            given = self._ask(
                flag, f"Conventions of {each}", _known, self._flags.conventions.get(each), proposal
            )
            made.append(Place(name=each, archive=where, conventions=words(given)))
        return tuple(made)

    def _look(self, root: str) -> dict[str, tuple[str, ...]]:
        try:
            found = recordings_in(root)
        except RootUnavailableError as error:
            talk(f"{error}")
            found = {}
        for name, number in found.items():
            talk(
                f"{printable(root)} holds {counted(number, 'recording')} of the convention {name}."
            )
        return proposed(found)

    def _ask(
        self, flag: str, text: str, reader: Reader, given: str | None, proposal: str | None = None
    ) -> str:
        """One answer, as it stands in the file; what was given by flag is not asked."""
        if given is not None:
            return _read(reader, given, flag)
        if not self._asking:
            if proposal is None:
                raise _needed(flag)
            return _read(reader, proposal, flag)
        shown = printable(text if proposal in (None, "") else f"{text} [{proposal}]")
        answer = click.prompt(
            shown,
            default=proposal,
            show_default=False,
            err=True,
            value_proc=lambda typed: _read(reader, typed, ""),
        )
        assert isinstance(answer, str)
        return answer


def _read(reader: Reader, text: str, flag: str) -> str:
    """The text itself, if it is one that may stand in the file. Raises `click.BadParameter`."""
    from archived.config.importing.writing import holds

    text = text.strip()
    try:
        reader(text)
    except ValueError as error:
        raise click.BadParameter(f"{flag} {printable(text)!r}: expected {error}".lstrip()) from None
    if text and not holds(text):
        raise click.BadParameter(
            f"{flag} {printable(text)!r}: a configuration cannot hold this".lstrip()
        )
    return text


def _needed(flag: str) -> click.UsageError:
    return click.UsageError(f"{flag} is needed, as nothing is asked here (no terminal, or --yes).")


def _optional(reader: Reader) -> Reader:
    return lambda text: reader(text) if text else None


def _known(text: str) -> None:
    from archived.config.kinds import words
    from archived.core.convention_names import BUILT_IN

    if not (named := words(text)) or not set(named) <= set(BUILT_IN):
        raise ValueError(
            f"some of {', '.join(BUILT_IN)}; a lab's own convention is added to the file afterwards"
        )


def _is_collection(text: str) -> bool:
    from archived.config.kinds import archive
    from archived.core.model import CollectionArchive

    return isinstance(archive(text), CollectionArchive)


def _refuse_password(store: str | None) -> None:
    from archived.config.mistake import has_password

    if store is not None and has_password(store):
        raise click.UsageError(
            "--store: leave the password out of the address, and name a file that holds it (docs/SHARED-STORE.md)."
        )
