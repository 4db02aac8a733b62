"""`archivedctl status`."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import click

from archived.cli.advice import what_to_do
from archived.cli.caller import Caller, pass_caller
from archived.cli.kinds import Duration
from archived.cli.output import print_json, talk
from archived.cli.shell import NEEDS_A_PERSON, examples, json_option
from archived.cli.status_page import ONE_RIG, UNKNOWN_SUBJECTS, Drawing
from archived.cli.times import iso
from archived.cli.views import View, alarm_view, batch_view, pause_view, unrecognised_view
from archived.cli.whose import rig_options
from archived.core.model import LIVE_BATCHES, Dataset
from archived.core.paths import printable
from archived.core.records import RecordState
from archived.store import RECORDING

if TYPE_CHECKING:
    from archived.store import Reader, RigInfo

ATTENTION = 20
UNRECOGNISED = 20
"""How many a look shows; `list --state failed` has all of them, `--json` says how many there are."""

LEFT_BY_VERIFY = (
    "left by a `verify --deep` that was ended; the next `archivedctl verify` sees to it"
)


@click.command(
    epilog=examples(
        "archivedctl status",
        "archivedctl status --watch",
        "archivedctl status --json",
        "archivedctl status --all-rigs",
        "archivedctl status --exit-code > /dev/null || echo 'somebody should look'",
    )
)
@click.option("-w", "--watch", is_flag=True, help="Go on showing it, until Ctrl-C.")
@click.option(
    "--every",
    type=Duration(),
    default="2s",
    show_default=True,
    metavar="TIME",
    help="How often --watch looks.",
)
@click.option("--exit-code", is_flag=True, help="Exit with 3 when something needs a person.")
@rig_options
@json_option
@pass_caller
def command(
    caller: Caller,
    watch: bool,
    every: timedelta,
    exit_code: bool,
    rig_name: str | None,
    all_rigs: bool,
    as_json: bool,
) -> None:
    """Show how everything is, at one look: the daemon, counts, running transfers, what needs a person.

    It reads the store, so it works while the daemon is down too.
    """
    with caller.reading() as store:
        gather_view, view_of = _what(caller, store, rig_name, all_rigs)
        if watch:
            from archived.cli.watching import watch as watch_status

            watch_status(caller, gather_view, view_of, every, as_json=as_json)
            return
        view = gather_view()
    if as_json:
        print_json(view)
    else:
        caller.show(view_of.page(view, caller.now()))
    if exit_code and view_of.needs_a_person(view):
        click.get_current_context().exit(NEEDS_A_PERSON)


def _what(
    caller: Caller, store: Reader, rig: str | None, all_rigs: bool
) -> tuple[Callable[[], View], Drawing]:
    """What is shown, and how: one rig, or the whole fleet."""
    if all_rigs:
        if rig is not None:
            raise click.UsageError("Say --rig NAME or --all-rigs, not both.")
        from archived.cli.fleet_page import FLEET

        return lambda: gather_all(caller, store), FLEET
    theirs = store if rig is None else store.of_rig(rig)
    if not store.archives_here() and store.is_shared() and rig is None:
        talk(
            f"Rig {printable(store.rig)} has no daemon. The rigs of this store are "
            f"{', '.join(map(printable, store.rig_names())) or 'none yet'}: `archivedctl status --all-rigs`."
        )
    return lambda: gather(caller, theirs), ONE_RIG


def gather_all(caller: Caller, store: Reader) -> View:
    """The object of `status --all-rigs --json`."""
    return {"rigs": [gather(caller, store.of_rig(each.name), each) for each in store.rigs()]}


def gather(caller: Caller, store: Reader, rig: RigInfo | None = None) -> View:
    """The object of `status --json`, about the rig of this store; with what is known of it among others."""
    configuration, now = caller.configuration, caller.now()
    daemon, ours = store.daemon(), store.rig == configuration.rig
    rig = rig or store.this_rig()
    return {
        "rig": store.rig,
        "store": configuration.store_shown,
        "daemon": {
            "running": daemon.running,
            "pid": daemon.pid,
            "since": iso(daemon.since),
            "last_tick": iso(daemon.last_tick),
        },
        "paused": pause_view(store.paused(now)),
        "counts": _counts(store, None),
        "locations": _locations(caller, store, ours=ours),
        "transfers": _transfers(store),
        "attention": [_attention(caller, store, each) for each in store.attention(ATTENTION)],
        "alarms": [alarm_view(each) for each in store.alarms()],
        "unrecognised": [unrecognised_view(each) for each in store.unrecognised(UNRECOGNISED)],
        "unknown_subjects": _unknown_subjects(caller, store),
        "records": _records(store) if configuration.records and ours else None,
        "watcher": _watcher(store) if daemon.running else None,
        "recording": _recording(caller, store, now) if daemon.running else None,
        "host": rig.host if rig else None,
        "version": rig.version if rig else None,
        "verification": _verification(store),
        "backlog": {
            "datasets": rig.backlog_datasets if rig else 0,
            "bytes": rig.backlog_bytes if rig else 0,
        },
    }


def _transfers(store: Reader) -> list[View]:
    views = [batch_view(each) for each in store.batches(*LIVE_BATCHES)]
    left = store.left_comparisons()
    for view in views:
        if view["batch"] in left:
            view["reason"] = LEFT_BY_VERIFY
    return views


def _locations(caller: Caller, store: Reader, *, ours: bool) -> list[View]:
    """Of this rig those of the configuration; of another one, which alone knows where they go, those it has used."""
    archives: dict[str, str | None] = dict.fromkeys(store.location_names())
    if ours:
        archives = {
            each.location.name: str(each.location.archive)
            for each in caller.configuration.locations
        }
    totals = store.archived_totals()
    return [
        {
            "name": name,
            "archive": archive,
            "counts": _counts(store, name),
            "files_archived": totals.get(name, (0, 0))[0],
            "bytes_archived": totals.get(name, (0, 0))[1],
        }
        for name, archive in archives.items()
    ]


def _counts(store: Reader, location: str | None) -> dict[str, int]:
    return {str(state): number for state, number in store.counts(location).items()}


def _unknown_subjects(caller: Caller, store: Reader) -> list[str]:
    """The animals without a subject; where nobody speaks of subjects at all, nobody misses them."""
    subjects = caller.configuration.subjects
    wanted = subjects.file is not None or subjects.datajoint or subjects.only_known
    return store.unknown_h2os(UNKNOWN_SUBJECTS) if wanted or store.knows_subjects() else []


def _attention(caller: Caller, store: Reader, dataset: Dataset) -> View:
    states, faults = store.states_of_files(dataset.id), store.faults(dataset.id)
    return {
        "dataset": dataset.name,
        "state": str(dataset.state),
        "reason": dataset.reason,
        "since": iso(dataset.state_since),
        "what_to_do": what_to_do(dataset, states, faults, caller.now()),
    }


def _records(store: Reader) -> View:
    """Of how many datasets the archive was not told yet, and of how many it cannot be told."""
    counts = store.count_records()
    kept = counts[RecordState.KEPT]
    return {"outstanding": sum(counts.values()) - kept, "kept": kept}


def _verification(store: Reader) -> View:
    """How much of what is archived was ever looked at in the archive since, and when the longest ago."""
    files, oldest = store.verified()
    archived = sum(files for files, _ in store.archived_totals().values())
    return {"files": files, "never": max(0, archived - files), "oldest": iso(oldest)}


def _recording(caller: Caller, store: Reader, now: datetime) -> View | None:
    """What the daemon leaves in peace, and whether it reads for checksums meanwhile."""
    name, _, until = (store.get_setting(RECORDING) or "").partition("\n")
    if not until or datetime.fromisoformat(until) <= now:
        return None
    return {"dataset": name, "reading": caller.configuration.read_while_recording}


def _watcher(store: Reader) -> View | None:
    """How changes are noticed: by events and looks, or by looks alone."""
    told = store.get_setting("watcher")
    if told is None:
        return None
    mode, _, reason = told.partition("\n")
    return {"mode": mode, "reason": reason}
