"""What a daemon does besides its main work, for whom that is wanted: what each of it needs, put together.

What only some rigs want, or only at times, is loaded when it is wanted: none of it is needed to be up.
"""

from __future__ import annotations

import platform
import random
import shutil
import threading
from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from archived import clock
from archived.config import Configuration
from archived.core.alarm_kinds import Severity
from archived.core.alerting import AlertPolicy, Situation
from archived.core.model import CollectionArchive
from archived.courtesy import Recording
from archived.daemon.audit import is_idle
from archived.daemon.pacing import Pace
from archived.daemon.surroundings import AlertSending, Audit, BackingUp, Log, RecordKeeping, Watch
from archived.errors import LoginRequiredError
from archived.movers import Movers
from archived.store import Store

if TYPE_CHECKING:
    from archived.alerts.ledgers import Ledgers
    from archived.alerts.posting import Round
    from archived.store.lab import Outcome
    from archived.verify.values import Outcome as Verified

BACKGROUND_REQUESTS = 2.0
"""How many folders a second the background asks an archive for, whose service the daemon needs for its main work."""


def water_restriction(configuration: Configuration) -> list[tuple[str, str]]:
    """What the lab's database says of animals."""
    from archived.store.lab import water_restriction as read

    return read(configuration.datajoint)


def mirroring(configuration: Configuration, store: Store) -> Callable[[], Outcome] | None:
    """Telling the lab's tables what was newly archived."""
    if not configuration.datajoint.mirror:
        return None
    archives = {each.location.name: each.location.archive for each in configuration.locations}

    def run() -> Outcome:
        from archived.store.lab import Wish, mirror

        return mirror(store, configuration.datajoint, archives, Wish(newly_archived=True))

    return run


def record_keeping(
    configuration: Configuration,
    movers: Movers,
    ended: threading.Event,
    recording: Recording,
    *,
    rests: bool,
) -> RecordKeeping | None:
    """Telling the archive of each dataset."""
    if not configuration.records:
        return None
    from archived.records.building import programs

    return RecordKeeping(
        spool=configuration.spool,
        mover_of=movers.of,
        host=platform.node() or None,
        programs=programs(),
        pace=lambda: _pace(configuration, ended, recording, rests=rests),
    )


def audit(
    configuration: Configuration,
    store: Store,
    movers: Movers,
    ended: threading.Event,
    recording: Recording,
    log: Log,
) -> Audit | None:
    """Looking into the archive, a little each time."""
    settings = configuration.verify
    if settings.every is None:
        return None

    def run() -> Sequence[Verified]:
        from archived.core.verifying import OF_THE_DAEMON
        from archived.transfer.pace import Manners
        from archived.verify.planning import plan
        from archived.verify.values import Wish
        from archived.verify.verifying import Verifying

        pace = _pace(configuration, ended, recording, rests=True)
        verifying = Verifying(
            configuration,
            store,
            movers,
            ended,
            log,
            store,
            manners=Manners(requests_a_second=BACKGROUND_REQUESTS),
            rests=lambda _count: pace(),
            idle=lambda: is_idle(store),
        )
        wish = Wish(
            deep=settings.deep,
            sample=settings.files,
            sample_bytes=settings.bytes if settings.deep else None,
            audit=OF_THE_DAEMON,
        )
        return verifying.run(plan(configuration, store, wish))

    return Audit(settings.every, run)


def _pace(
    configuration: Configuration, ended: threading.Event, recording: Recording, *, rests: bool
) -> Pace:
    """How files are read for their checksums, besides whatever else goes on."""

    def waits() -> bool:
        return not configuration.read_while_recording and recording.may_be_waited_for()

    return Pace(ended, clock.monotonic, rests=rests, waits=waits)


def alert_sending(configuration: Configuration) -> AlertSending | None:
    """Telling people who are elsewhere what is wrong."""
    alerts = configuration.alerts
    if not alerts.secret:
        return None
    policy = AlertPolicy(least=Severity(alerts.least), repeat=alerts.repeat)

    def run(ledgers: Ledgers, situation: Situation, now: datetime) -> Round:
        from archived.alerts.addresses import WORDS, addresses
        from archived.alerts.doors import sender
        from archived.alerts.posting import post

        return post(
            configuration.rig,
            addresses(alerts.addresses() or "", harmless=WORDS | configuration.names),
            ledgers,
            situation,
            policy,
            now,
            send=sender(),
            jitter=random.random,
        )

    return AlertSending(policy, run)


def watch(configuration: Configuration) -> Watch:
    """Looking for what is missing."""
    globus = configuration.globus
    personal = not globus.service_account and any(
        isinstance(each.location.archive, CollectionArchive) for each in configuration.locations
    )

    def login_used() -> datetime | None:
        if not personal or globus.client_id is None:
            return None
        from archived.transfer.globus_visit import login_kept_at

        try:
            return login_kept_at(str(globus.token_file), globus.client_id)
        except LoginRequiredError:
            # What is wrong with a login is told where it is used.
            return None

    def space(root: str) -> tuple[int, int]:
        usage = shutil.disk_usage(root)
        return usage.total, usage.free

    return Watch(habits=configuration.alerts.silence, login_used=login_used, space=space)


def backing_up(configuration: Configuration, ended: threading.Event) -> BackingUp | None:
    """Copying the store."""
    if configuration.backup is None:
        return None
    from archived.store.backups import BackupFolder

    folder = BackupFolder(
        Path(configuration.store),
        configuration.backup,
        configuration.rig,
        configuration.backup_keep,
    )
    return BackingUp(
        configuration.backup_every, folder.last, lambda: folder.add(clock.now(), ended.is_set)
    )
