"""The only wiring: a configuration becomes a store, movers, a watcher and a daemon."""

from __future__ import annotations

import gc
import platform
import random
import threading
import uuid
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from datetime import datetime
from functools import partial
from pathlib import Path

from archived import __version__, background, clock
from archived.config import Configuration, LocationSettings
from archived.core.batching import BatchPolicy, Order
from archived.core.dataclass import dataclass
from archived.core.lifecycle import State
from archived.core.model import LIVE_BATCHES, Direction
from archived.core.recognition import Recogniser
from archived.core.records import RecordState
from archived.core.retrying import RetryPolicy
from archived.courtesy import Recording
from archived.daemon import Daemon, Policies, SubjectSources, Surroundings, WatchedRoot
from archived.daemon.surroundings import Log
from archived.errands import ThreadErrands
from archived.movers import opened
from archived.rig.root import Root
from archived.rig.watcher import Watcher
from archived.store import Store

LANES = {
    "look": 1,
    "judge": 2,
    "recording": 1,
    "mover": 4,
    "proof": 2,
    "describe": 1,
    "deposit": 1,
    "subjects": 2,
    "mirror": 1,
    "audit": 1,
    "backup": 1,
    "reading": 1,
    "alerts": 1,
    "silence": 1,
}
"""How many threads serve each lane. Looks have their own: one may take minutes, and the rest must not wait. Each root
has one for its looks, so that a disk which hangs keeps no other from being looked at."""

GARBAGE_AFTER = 20_000
"""After how many values more than before a daemon looks for garbage in cycles; Python's own number is 700."""

LANE_OF = {
    "look": "look",
    "judge": "judge",
    "recording": "recording",
    "prepare": "mover",
    "submit": "mover",
    "poll": "mover",
    "cancel": "mover",
    "verify": "proof",
    "describe": "describe",
    "deposit": "deposit",
    "subject list": "subjects",
    "lab subjects": "subjects",
    "mirror": "mirror",
    "audit": "audit",
    "backup": "backup",
    "reading": "reading",
    "alerts": "alerts",
    "silence": "silence",
}


@dataclass(frozen=True)
class Progress:
    """How far everything is; what `publish` draws."""

    counts: Mapping[State, int]
    bytes_done: int
    bytes_total: int
    untold: int = 0
    """Of how many datasets the archive is still to be told, once nothing else is left to do."""


class Application:
    """A daemon with everything around it."""

    def __init__(
        self,
        configuration: Configuration,
        store: Store,
        daemon: Daemon,
        watcher: Watcher | None,
        *,
        stop: threading.Event,
        wake: threading.Event,
    ) -> None:
        self.configuration = configuration
        self.store = store
        self.daemon = daemon
        self.watcher = watcher
        self._stop = stop
        self._wake = wake
        self._told = ""

    def run(
        self,
        *,
        after_tick: Callable[[], None],
        alive: Callable[[], None] = lambda: None,
        troubled: Callable[[str], None] = lambda _text: None,
        until_idle: bool = False,
    ) -> None:
        """Run the daemon until `stop` is set, or until nothing is left to do; see `Daemon.run`."""

        def tended() -> None:
            self._tend_watcher()
            after_tick()

        self.daemon.run(
            stop=self._stop,
            wake=self._wake,
            clock=clock.now,
            interval=self.configuration.tick,
            after_tick=tended,
            alive=alive,
            troubled=troubled,
            until_idle=until_idle,
            monotonic=clock.monotonic,
        )

    def turn(self, now: datetime) -> None:
        """One turn of the daemon, with what belongs to each."""
        self.daemon.tick(now)
        self._tend_watcher()

    def progress(self) -> Progress:
        """Counts and bytes, cheap enough for every tick."""
        live = self.store.batches(*LIVE_BATCHES, direction=Direction.ARCHIVE)
        return Progress(
            counts=self.store.counts(),
            bytes_done=sum(batch.bytes_done for batch in live),
            bytes_total=sum(batch.bytes for batch in live),
            untold=self._untold() if self.daemon.telling else 0,
        )

    def _untold(self) -> int:
        outstanding = self.store.count_records()
        return sum(number for state, number in outstanding.items() if state is not RecordState.KEPT)

    def _tend_watcher(self) -> None:
        if self.watcher is None:
            return
        health = self.watcher.confirm(clock.monotonic())
        told = f"{health.mode}\n{health.reason}"
        if told != self._told and self.daemon.begun:
            # Only what differs is written: a store that is written to in every tick never rests.
            self.store.put_setting("watcher", told)
            self._told = told


def _tell_of_upgrade(store: Store, log: Log) -> None:
    upgraded = store.upgraded
    if upgraded is None:
        return
    tell = log.info if upgraded.kept is not None or store.is_shared() else log.warning
    tell(
        "store brought up to date",
        migrations=upgraded.migrations,
        kept=None if upgraded.kept is None else str(upgraded.kept),
        not_kept=upgraded.why_not,
    )


@contextmanager
def assembled(
    configuration: Configuration,
    log: Log,
    *,
    stop: threading.Event,
    wake: threading.Event,
    hurry: bool = False,
    pid: int,
) -> Iterator[Application]:
    """Everything that a configuration describes, claimed for this process, until the block ends.

    Raises `StoreError` and its children, and `AnotherDaemonError`.
    """
    with ExitStack() as stack:
        store = stack.enter_context(
            Store.open(configuration.store, rig=configuration.rig, create=True, now=clock.now())
        )
        _tell_of_upgrade(store, log)
        roots = _roots(configuration)
        claim = stack.enter_context(
            store.claim_daemon(
                pid,
                clock.now(),
                host=platform.node(),
                version=__version__,
                folders=[each.root.path for each in roots],
                read_later=True,
            )
        )
        recording = Recording(clock.now)
        movers = stack.enter_context(opened(configuration, recording))
        ended = threading.Event()
        stack.callback(ended.set)
        lanes = {**LANES, "look": len(roots)}
        errands = ThreadErrands(lanes=lanes, lane_of=LANE_OF.__getitem__, wake=wake.set)
        stack.callback(errands.close)
        around = Surroundings(
            rig=configuration.rig,
            store=store,
            roots=roots,
            locations={each.location.name: each.location for each in configuration.locations},
            conventions={
                (each.location.name, convention.name): convention
                for each in configuration.locations
                for convention in each.conventions
            },
            movers={
                each.location.name: movers.of(each.location) for each in configuration.locations
            },
            policies=policies_of(configuration),
            errands=errands,
            log=log,
            new_id=lambda: str(uuid.uuid4()),
            jitter=random.random,
            claim=claim,
            wake=wake.set,
            hurry=hurry,
            subjects=subject_sources_of(configuration),
            mirror=background.mirroring(configuration, store),
            backup=None if hurry else background.backing_up(configuration, ended),
            records=background.record_keeping(
                configuration, movers, ended, recording, rests=not hurry
            ),
            # Whoever waits for the end of everything does not wait for this.
            audit=None
            if hurry
            else background.audit(configuration, store, movers, ended, recording, log),
            # Whoever waits for the end of everything sees what is wrong.
            watch=None if hurry else background.watch(configuration),
            alerts=None if hurry else background.alert_sending(configuration),
            # Whoever waits for the end of everything has nothing wait for anything.
            recording=None if hurry else recording,
        )
        watcher = Watcher(
            [each.root.path for each in around.roots],
            canary_dir=_canary_folder(configuration),
            wake=wake.set,
        )
        watcher.start()
        stack.callback(watcher.stop)
        daemon = Daemon(around, watcher)
        stack.callback(daemon.stop)
        yield Application(configuration, store, daemon, watcher, stop=stop, wake=wake)


def look_for_garbage_seldom() -> None:
    """For a process that is a daemon, and has been put together: what is there now stays, and need not be searched.

    A look at everything makes values by the million and hardly a cycle; searching them took a quarter of its time.
    """
    gc.unfreeze()
    gc.collect()
    gc.freeze()
    gc.set_threshold(GARBAGE_AFTER)


def run_until_idle(
    configuration: Configuration,
    log: Log,
    *,
    stop: threading.Event,
    pid: int,
    progress: Callable[[Progress], None],
) -> int:
    """Do all there is to do in this process; 0 when all is archived, 3 when something needs a person."""
    wake = threading.Event()
    with assembled(configuration, log, stop=stop, wake=wake, hurry=True, pid=pid) as application:
        application.run(after_tick=lambda: progress(application.progress()), until_idle=True)
        return 3 if application.daemon.needs_a_person() else 0


def policies_of(configuration: Configuration) -> Policies:
    """The numbers of the configuration, as the steps want them."""
    transfer = configuration.transfer
    return Policies(
        quiet_time=configuration.quiet_time,
        give_up=configuration.give_up,
        rescan=configuration.rescan,
        deep_look=configuration.deep_look,
        poll=transfer.poll,
        max_active=transfer.max_active,
        deadline=transfer.deadline,
        batch=BatchPolicy(
            max_files=transfer.max_files,
            max_bytes=transfer.max_bytes,
            batch_wait=transfer.batch_wait,
            order=Order(transfer.order),
        ),
        retry=RetryPolicy(first=transfer.retry_first, longest=transfer.retry_longest),
        external_checksums=transfer.external_checksums,
    )


def subject_sources_of(configuration: Configuration) -> SubjectSources:
    """Where the numbers of animals come from, as the steps want it."""
    subjects = configuration.subjects
    return SubjectSources(
        h2o=configuration.h2o,
        file=subjects.file,
        lab=partial(background.water_restriction, configuration) if subjects.datajoint else None,
        only_known=subjects.only_known,
    )


def _roots(configuration: Configuration) -> tuple[WatchedRoot, ...]:
    by_root: dict[str, list[LocationSettings]] = {}
    for each in configuration.locations:
        by_root.setdefault(each.location.root, []).append(each)
    return tuple(
        WatchedRoot(
            Root(path),
            Recogniser([(each.location.name, each.conventions) for each in group]),
        )
        for path, group in by_root.items()
    )


def _canary_folder(configuration: Configuration) -> str | None:
    """A folder of our own beside the store, where the watcher proves that it still sees."""
    if "://" in configuration.store:
        return None
    return str(Path(configuration.store).parent / "canary")
