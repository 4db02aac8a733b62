"""`archivedctl status`."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import click

from archived.cli.advice import what_to_do
from archived.cli.caller import Caller, pass_caller
from archived.cli.kinds import Duration
from archived.cli.output import print_json
from archived.cli.shell import NEEDS_A_PERSON, examples, json_option
from archived.cli.status_page import page_of
from archived.cli.times import iso
from archived.cli.views import View, alarm_view, batch_view, pause_view, unrecognised_view
from archived.core.model import LIVE_BATCHES, Dataset
from archived.core.records import RecordState

if TYPE_CHECKING:
    from archived.store import Store

ATTENTION = 20
UNRECOGNISED = 20
UNKNOWN_SUBJECTS = 100
"""How many a look shows; `list --state failed` has all of them, `--json` says how many there are."""


@click.command(
    epilog=examples(
        "archivedctl status",
        "archivedctl status --watch",
        "archivedctl status --json",
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
@json_option
@pass_caller
def command(caller: Caller, watch: bool, every: timedelta, exit_code: bool, as_json: bool) -> None:
    """Show how everything is, at one look: the daemon, counts, running transfers, what needs a person.

    It reads the store, so it works while the daemon is down too.
    """
    with caller.store() as store:
        if watch:
            from archived.cli.watching import watch as watch_status

            watch_status(caller, lambda: gather(caller, store), every, as_json=as_json)
            return
        view = gather(caller, store)
    if as_json:
        print_json(view)
    else:
        caller.show(page_of(view, caller.now()))
    if exit_code and (view["attention"] or view["alarms"]):
        click.get_current_context().exit(NEEDS_A_PERSON)


def gather(caller: Caller, store: Store) -> View:
    """The object of `status --json`."""
    configuration, now = caller.configuration, caller.now()
    daemon = store.daemon()
    totals = store.archived_totals()
    return {
        "rig": configuration.rig,
        "store": configuration.store_shown,
        "daemon": {
            "running": daemon.running,
            "pid": daemon.pid,
            "since": iso(daemon.since),
            "last_tick": iso(daemon.last_tick),
        },
        "paused": pause_view(store.paused(now)),
        "counts": _counts(store, None),
        "locations": [
            {
                "name": each.location.name,
                "archive": str(each.location.archive),
                "counts": _counts(store, each.location.name),
                "files_archived": totals.get(each.location.name, (0, 0))[0],
                "bytes_archived": totals.get(each.location.name, (0, 0))[1],
            }
            for each in configuration.locations
        ],
        "transfers": [batch_view(each) for each in store.batches(*LIVE_BATCHES)],
        "attention": [_attention(caller, store, each) for each in store.attention(ATTENTION)],
        "alarms": [alarm_view(each) for each in store.alarms()],
        "unrecognised": [unrecognised_view(each) for each in store.unrecognised(UNRECOGNISED)],
        "unknown_subjects": _unknown_subjects(caller, store),
        "records": _records(store) if configuration.records else None,
        "watcher": _watcher(store) if daemon.running else None,
    }


def _counts(store: Store, location: str | None) -> dict[str, int]:
    return {str(state): number for state, number in store.counts(location).items()}


def _unknown_subjects(caller: Caller, store: Store) -> list[str]:
    """The animals without a subject; where nobody speaks of subjects at all, nobody misses them."""
    subjects = caller.configuration.subjects
    wanted = subjects.file is not None or subjects.datajoint or subjects.only_known
    return store.unknown_h2os(UNKNOWN_SUBJECTS) if wanted or store.knows_subjects() else []


def _attention(caller: Caller, store: Store, dataset: Dataset) -> View:
    files, faults = store.files(dataset.id), store.faults(dataset.id)
    return {
        "dataset": dataset.name,
        "state": str(dataset.state),
        "reason": dataset.reason,
        "since": iso(dataset.state_since),
        "what_to_do": what_to_do(dataset, files, faults, caller.now()),
    }


def _records(store: Store) -> View:
    """Of how many datasets the archive was not told yet, and of how many it cannot be told."""
    counts = store.count_records()
    kept = counts[RecordState.KEPT]
    return {"outstanding": sum(counts.values()) - kept, "kept": kept}


def _watcher(store: Store) -> View | None:
    """How changes are noticed: by events and looks, or by looks alone."""
    told = store.get_setting("watcher")
    if told is None:
        return None
    mode, _, reason = told.partition("\n")
    return {"mode": mode, "reason": reason}
