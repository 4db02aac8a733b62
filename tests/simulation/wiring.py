"""How the real program is put into the world: its own wiring, with the world in the place of every door."""

from __future__ import annotations

import contextlib
import functools
import shutil
import tempfile
import threading
import uuid
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from unittest import mock

import apsw
import peewee

from archived import app, background
from archived.config import Configuration
from archived.config.assembling import assemble
from archived.config.settings import LocationSettings
from archived.core.model import StorageLocation
from archived.daemon.pacing import Pace
from archived.discover import discovering, walking
from archived.ports import Transfers
from archived.rig import mounts, root
from archived.rig.hints import Hints
from archived.store import Store, locked_file
from archived.verify import verifying
from tests.simulation.remembering import Memory
from tests.simulation.story import Setting

COLLECTION = "c40e971d-0075-4a82-b12f-8f9717762e7b"
ARCHIVE = "5b875fda-4185-11e8-bb52-0ac6873fc732"
ROOTS = ("/rig/a", "/rig/b")

TEXT = """\
[archived]
rig = simulated
store = {folder}/archived.db
spool = {folder}/spool
records = {records}
quiet_time = {quiet}s
rescan = {rescan}s
deep_look = {deep_look}s
give_up = {give_up}s

[globus]
local_endpoint = {collection}
local_endpoint_subdir = rig/a
local_endpoint_local_path = /rig/a
client_id = 00000000-0000-4000-8000-000000000001

[transfer]
poll = {poll}s
batch_wait = {batch_wait}s
max_files = {max_files}
max_active = {max_active}
retry_first = {retry_first}s
retry_longest = {retry_longest}s
deadline = {deadline}s
order = {order}
"""

LOCATIONS = {
    "raw-ephys": "archive = {archive}:/ephys\nconventions = catgt spikeglx\n",
    "raw-video": "archive = {archive}:/video\nconventions = tracking-video\n",
    "photon": "archive = {archive}:/photon\nconventions = two-photon\n"
    "local_endpoint_local_path = /rig/b\nlocal_endpoint_subdir = rig/b\n",
}
PHOTON = "[convention:two-photon]\npath = {h2o}/{date:%Y-%m-%d}[_{ident}]/2p\nfinished = quiet\n"


def configuration(
    setting: Setting, folder: Path, *, without: frozenset[str], **changes: int
) -> Configuration:
    """What the INI file of this rig says."""
    values: dict[str, Any] = {name: getattr(setting, name) for name in setting.__dataclass_fields__}
    values |= {"folder": "/anywhere", "collection": COLLECTION, **changes}
    values["records"] = "yes" if setting.records else "no"
    text = TEXT.format(**values)
    for name, lines in LOCATIONS.items():
        if name not in without:
            text += f"\n[location:{name}]\n" + lines.format(archive=ARCHIVE)
    read = _read(text + "\n" + PHOTON)
    return replace(
        read,
        # Their tables of types are built when they are first asked, which takes longer than many a story.
        locations=tuple(_first_of(each) for each in read.locations),
        store=str(folder / "archived.db"),
        spool=str(folder / "spool"),
    )


_locations: dict[str, LocationSettings] = {}


def _first_of(location: LocationSettings) -> LocationSettings:
    return _locations.setdefault(location.location.name, location)


@functools.cache
def _read(text: str) -> Configuration:
    found = assemble(text, {}, path=None, windows=False)
    assert found.configuration is not None, found.mistakes
    return found.configuration


class SimEvent:
    """A `threading.Event` whose waits are the passing of simulated time."""

    def __init__(self, wait: Callable[[float], None]) -> None:
        self._wait = wait
        self._set = False

    def is_set(self) -> bool:
        """As of `Event`."""
        return self._set

    def set(self) -> None:
        """As of `Event`."""
        self._set = True

    def clear(self) -> None:
        """As of `Event`."""
        self._set = False

    def wait(self, timeout: float | None = None) -> bool:
        """As of `Event`."""
        if not self._set:
            self._wait(timeout or 0.0)
        return self._set


class SimWatcher:
    """Tells of what happened below the roots, as far as `world` lets it."""

    def __init__(self, hints: dict[str, Hints], roots: Sequence[str]) -> None:
        self._hints, self._roots = hints, roots

    def start(self) -> None:
        """See `Watcher`."""

    def stop(self) -> None:
        """See `Watcher`."""

    def ready(self) -> bool:
        """See `Watcher`."""
        return True

    def drain(self) -> dict[str, Hints]:
        """See `Watcher`."""
        taken = {root: told for root, told in self._hints.items() if root in self._roots}
        self._hints.clear()
        return taken

    def confirm(self, _monotonic: float) -> Any:
        """See `Watcher`."""
        return SimpleNamespace(mode="events", reason="")


class SimMovers:
    """See `archived.movers.Movers`."""

    def __init__(self, make: Callable[[StorageLocation], Transfers]) -> None:
        self._make = make

    def of(self, location: StorageLocation) -> Transfers:
        """See `Movers.of`."""
        return self._make(location)


class Inline:
    """In the place of threads: what is begun is done at once."""

    def __init__(self, *, wake: Callable[[], None], **_lanes: Any) -> None:
        self._wake = wake
        self._done: list[Any] = []

    def start(self, kind: str, subject: str, work: Callable[[], Any]) -> bool:
        """See `Errands.start`."""
        from archived.errands import Finished

        try:
            self._done.append(Finished((kind, subject), work(), None))
        except Exception as error:  # noqa: BLE001 - as the threads do
            self._done.append(Finished((kind, subject), None, error))
        self._wake()
        return True

    def finished(self) -> list[Any]:
        """See `Errands.finished`."""
        done, self._done = self._done, []
        return done

    def close(self) -> None:
        """See `ThreadErrands.close`."""


@dataclass
class Doors:
    """What the world gives in the place of each door."""

    wall: Callable[[], datetime]
    monotonic: Callable[[], float]
    open_top: Callable[[str], Any]
    device_of: Callable[[str], int]
    file_system_of: Callable[[str], str]
    statement: Callable[[str], None]
    memory: Memory
    committed: Callable[[], None]
    movers: SimMovers
    errands: Callable[[Callable[[], None]], Any]
    watcher: Callable[[Sequence[str]], Any]
    uuid: Callable[[], uuid.UUID]
    jitter: Callable[[], float]


def instrument(store: Store, doors: Doors) -> Store:
    """Let the world know of every statement of a store, before it is run."""
    door: Any = store._door
    database = door.database
    execute, many = door._execute, door.many
    begin, commit = database.begin, database.commit

    def execute_told(sql: str, values: Any) -> Any:
        with peewee.__exception_wrapper__:  # type: ignore[attr-defined]
            doors.statement("statement")
        cursor = execute(sql, values)
        if not sql.startswith("SELECT") and database.rows_affected(cursor):
            doors.memory.written(sql)
        return cursor

    def told(kind: str, run: Callable[..., Any]) -> Callable[..., Any]:
        def go(*words: Any, **options: Any) -> Any:
            with peewee.__exception_wrapper__:  # type: ignore[attr-defined]
                doors.statement(kind)
            return run(*words, **options)

        return go

    def many_told(sql: str, values: Any) -> None:
        with door.translated(), peewee.__exception_wrapper__:
            doors.statement("statement")
        many(sql, values)
        doors.memory.written(sql)

    def commit_told() -> Any:
        with peewee.__exception_wrapper__:
            doors.statement("commit")
        result = commit()
        with peewee.__exception_wrapper__:
            doors.committed()
        return result

    door._execute = execute_told
    door.many = many_told
    database.begin = told("begin", begin)
    database.commit = commit_told
    doors.memory.attach(door, doors.statement)
    return store


class StoreDoor:
    """`archived.app` opens its store here."""

    def __init__(self, doors: Doors) -> None:
        self._doors = doors

    def open(self, *words: Any, **options: Any) -> Store:
        """See `Store.open`."""
        self._doors.memory.clear()
        return instrument(Store.open(*words, **options), self._doors)


@contextlib.contextmanager
def simulated(doors: Doors) -> Iterator[None]:
    """Until the block ends, the program finds the world behind all of its doors."""

    @contextlib.contextmanager
    def opened(_configuration: Configuration, _recording: object = None) -> Iterator[SimMovers]:
        yield doors.movers

    def mount_table() -> mounts.MountTable:
        return mounts.MountTable(
            [mounts.Mount(path, doors.file_system_of(path), "8:1") for path in ROOTS]
        )

    clock = SimpleNamespace(now=doors.wall, monotonic=doors.monotonic)
    changes: list[tuple[Any, str, Any]] = [
        (app, "clock", clock),
        (background, "clock", clock),
        # What is begun is done at once: were it to wait for a recording, no time would pass any more.
        (background, "_pace", lambda _configuration, ended, _recording, *, rests: unresting(ended)),
        (app, "Store", StoreDoor(doors)),
        (app, "opened", opened),
        (app, "uuid", SimpleNamespace(uuid4=doors.uuid)),
        (app, "random", SimpleNamespace(random=doors.jitter)),
        (app, "ThreadErrands", lambda *, wake, **_lanes: doors.errands(wake)),
        (app, "Watcher", lambda roots, **_options: doors.watcher(roots)),
        (discovering, "clock", clock),
        (verifying, "clock", clock),
        (walking, "ThreadErrands", Inline),
        (root, "open_top", doors.open_top),
        (root, "read_mounts", mount_table),
        (root, "expected_mount_points", list),
        (root, "file_system_number", lambda path, _mount, _device: doors.device_of(path)),
        (mounts, "read_mounts", mount_table),
        (locked_file, "PATIENCE", 0.0),
    ]
    with contextlib.ExitStack() as stack:
        for owner, name, value in changes:
            stack.enter_context(mock.patch.object(owner, name, value))
        yield


def unresting(ended: threading.Event) -> Pace:
    """Who reads without rests."""
    return Pace(ended, lambda: 0.0, rests=False)


@contextlib.contextmanager
def working_folder() -> Iterator[Path]:
    """A folder of real files, for the store: in memory where that is to be had."""
    memory = Path("/dev/shm")
    where = tempfile.mkdtemp(prefix="archived-sim-", dir=memory if memory.is_dir() else None)
    try:
        yield Path(where)
    finally:
        shutil.rmtree(where)


_templates: dict[str, bytes] = {}


def fresh_store(path: Path) -> None:
    """A store that was just created. Building its tables takes longer than many a story, so it is done once."""
    if "store" not in _templates:
        with tempfile.TemporaryDirectory() as folder:
            made = Path(folder) / "new.db"
            now = datetime(2026, 1, 1, tzinfo=UTC)
            Store.open(str(made), rig="simulated", create=True, now=now).close()
            connection = apsw.Connection(str(made))
            connection.pragma("wal_checkpoint(truncate)")
            connection.close()
            _templates["store"] = made.read_bytes()
    path.write_bytes(_templates["store"])
