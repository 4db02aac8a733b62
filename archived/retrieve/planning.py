"""What would be brought: the catalogue, the destination and the archive are looked at, and nothing is changed."""

from __future__ import annotations

import threading
from collections.abc import Container, Iterable
from dataclasses import dataclass, field, replace

from archived.config import Configuration
from archived.core.formats import UnreadableError
from archived.core.model import CollectionArchive, StorageLocation
from archived.core.paths import PathError, is_utf8, local_path, printable
from archived.core.retrieving import (
    BringState,
    Copy,
    Retrieval,
    WantedFile,
    answer,
    clashes,
    compared,
)
from archived.errors import NameNotFoundError
from archived.retrieve.archive import shortcomings
from archived.retrieve.destination import Destination
from archived.retrieve.places import Forbidden, below, forbidden, insist_on_writable, place_of
from archived.retrieve.values import (
    Movers,
    Plan,
    Portion,
    Progress,
    Remark,
    Room,
    StoppedError,
    Tell,
    untold,
)
from archived.retrieve.wanted import wanted_files
from archived.store import Selector, Store
from archived.transfer.pace import Manners


@dataclass
class _Found:
    """What a plan is made of, while it is being made."""

    portions: list[Portion] = field(default_factory=list)
    there: list[Remark] = field(default_factory=list)
    differing: list[Remark] = field(default_factory=list)
    missing: list[Remark] = field(default_factory=list)
    refused: list[Remark] = field(default_factory=list)
    room: dict[int, Room] = field(default_factory=dict)

    def plan(self) -> Plan:
        return Plan(
            portions=tuple(self.portions),
            there=tuple(self.there),
            differing=tuple(self.differing),
            missing=tuple(self.missing),
            refused=tuple(self.refused),
            room=tuple(self.room.values()),
        )


def prepare(
    configuration: Configuration,
    store: Store,
    movers: Movers,
    selector: Selector,
    *,
    to: str | None = None,
    only: Container[int] | None = None,
    stop: threading.Event | None = None,
    tell: Tell = untold,
) -> Plan:
    """Plan to bring back what a selector means, of every rig of the store; of that, `only` these files, by their ids.

    `to` is a folder of this machine to bring it to, instead of the root of each location. With a `file_type` in the
    selector only files of such types are brought. Files that are there already are compared, by their checksums
    where one is known, which reads them: `tell` hears how far that is, and `stop` ends it with `StoppedError`.

    Raises `NotWritableError` where the configuration does not let this machine be written to, `PathError` with
    the reason where nothing may be brought to the destination, and what movers and stores raise.
    """
    insist_on_writable(configuration)
    planner = _Planner(configuration, store, movers, stop or threading.Event(), tell, only)
    return planner.plan(selector, to)


def resume(configuration: Configuration, store: Store) -> Plan:
    """Plan to go on with every retrieval that was stopped before its end.

    One whose place is not there now, or not allowed any more, keeps none of the others: its files are refused, and
    it stays as it is. Raises `NotWritableError`, and what stores raise.
    """
    insist_on_writable(configuration)
    portions, refused, resumed = [], [], []
    for each in store.retrievals():
        wanted = store.retrieval_files(each.id, BringState.WANTED)
        travelling = store.retrieval_files(each.id, BringState.TRAVELLING)
        try:
            place = location_of(configuration, store, each)
        except (PathError, NameNotFoundError) as error:
            refused += [_remark(file, str(error)) for file in (*wanted, *travelling)]
            continue
        portions.append(Portion(place, tuple(wanted), tuple(travelling)))
        resumed.append(each.id)
    return Plan(
        portions=tuple(portions), refused=tuple(refused), resuming=True, resumed=tuple(resumed)
    )


def location_of(
    configuration: Configuration, store: Store, retrieval: Retrieval
) -> StorageLocation:
    """The location of a retrieval, with its destination for a root. Raises as `place_of` does."""
    return place_of(configuration, store, retrieval.location, retrieval.destination)


class _Planner:
    def __init__(
        self,
        configuration: Configuration,
        store: Store,
        movers: Movers,
        stop: threading.Event,
        tell: Tell,
        only: Container[int] | None,
    ) -> None:
        self._configuration = configuration
        self._store = store
        self._movers = movers
        self._stop = stop
        self._tell = tell
        self._only = only
        self._found = _Found()

    def plan(self, selector: Selector, to: str | None) -> Plan:
        wanted = wanted_files(
            self._store,
            selector,
            rig=self._configuration.rig,
            only=self._only,
            stop=self._stop,
            tell=self._tell,
        )
        self._found.missing += wanted.unarchived
        for name, files in sorted(wanted.files.items()):
            try:
                place = place_of(self._configuration, self._store, name, to)
            except NameNotFoundError as error:
                self._found.refused += [_remark(file, str(error)) for file in files.values()]
                continue
            self._plan_location(place, sorted(files.values(), key=lambda each: each.path))
        return self._found.plan()

    def _plan_location(self, place: StorageLocation, files: list[WantedFile]) -> None:
        sound = self._refuse_unsound(place, files)
        destination = Destination(place.root, self._stop)
        copies = self._store.copies(place.name, place.root, [each.file_id for each in sound])
        under_way = [
            each
            for each in sound
            if copies.get(each.file_id, ("", None))[0] is BringState.TRAVELLING
        ]
        gone_on_with = {each.file_id for each in under_way}
        others = [each for each in sound if each.file_id not in gone_on_with]
        absent = self._compare(destination, others, copies)
        mover = self._movers.of(place)
        manners = Manners() if place.collection else Manners(requests_a_second=None)
        bad = shortcomings(mover, absent, stop=self._stop, tell=self._tell, manners=manners)
        self._found.missing += [
            _remark(file, bad[file.path]) for file in absent if file.path in bad
        ]
        bring = tuple(file for file in absent if file.path not in bad)
        if bring or under_way:
            self._found.portions.append(Portion(place, bring, tuple(under_way)))
        if bring:
            self._need_room(destination, place.root, sum(file.size for file in bring))

    def _refuse_unsound(self, place: StorageLocation, files: list[WantedFile]) -> list[WantedFile]:
        """Without what has no place at the destination."""
        clashing = clashes(file.path for file in files)
        walls = list(below(place.root, forbidden(self._configuration, self._store)))
        sound = []
        for file in files:
            why = clashing.get(file.path) or _unsound(place, file.path, walls)
            if why:
                self._found.refused.append(_remark(file, why))
            else:
                sound.append(file)
        return sound

    def _compare(
        self,
        destination: Destination,
        files: list[WantedFile],
        copies: dict[int, tuple[BringState, Copy | None]],
    ) -> list[WantedFile]:
        """Those that are not there; the others are noted as there or as differing."""
        absent = []
        lying = destination.look(file.path for file in files)
        total = sum(here.size for here in lying.values() if here is not None)
        read = 0
        for number, file in enumerate(files):
            self._insist()
            self._tell(Progress("comparing what is there", number, len(files), read, total))
            here = lying[file.path]
            read += here.size if here is not None else 0
            state, copy = copies.get(file.file_id, (None, None))
            proved = state in (BringState.ARRIVED, BringState.THERE)
            if not proved:
                file = replace(file, leftover=copy)
            said = answer(file, here, known=copy if proved else None)
            if said.compare is not None:
                try:
                    found = destination.checksum(file.path, said.compare.algorithm)
                    said = compared(said.compare, found)
                except UnreadableError as error:
                    why = f"a file is there that cannot be compared: {error}"
                    said = replace(said, state=BringState.DIFFERS, reason=why)
            match said.state:
                case BringState.WANTED:
                    absent.append(file)
                case BringState.THERE:
                    self._found.there.append(_remark(file))
                case _:
                    self._found.differing.append(_remark(file, said.reason))
        return absent

    def _need_room(self, destination: Destination, folder: str, size: int) -> None:
        number, free = destination.free()
        before = self._found.room.get(number)
        needed = size + (before.needed if before else 0)
        self._found.room[number] = Room(before.folder if before else folder, needed, free)

    def _insist(self) -> None:
        if self._stop.is_set():
            raise StoppedError


def _remark(file: WantedFile, reason: str = "") -> Remark:
    return Remark(file.dataset, file.path, file.size, reason)


def _unsound(place: StorageLocation, path: str, walls: Iterable[tuple[str, Forbidden]]) -> str:
    """Why a path cannot be brought to a place; "" where it can."""
    try:
        local_path(place, path)
    except PathError as error:
        return str(error)
    if isinstance(place.archive, CollectionArchive) and not is_utf8(path):
        return "its name is not valid UTF-8, and Globus cannot spell it"
    for wall, each in walls:
        if path == wall or path.startswith(wall + "/"):
            return f"it would lie in {printable(each.folder)}, which is {each.what}"
    return ""
