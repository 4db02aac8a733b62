"""`archivedctl publish`."""

from __future__ import annotations

import os
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import click

from archived.cli.caller import Caller, pass_caller
from archived.cli.counting import counted
from archived.cli.looks import state_cell
from archived.cli.output import (
    Cell,
    Field,
    Line,
    Style,
    Table,
    line,
    print_json,
    table,
    talk,
)
from archived.cli.progress import Reporter, reporting
from archived.cli.shell import NEEDS_A_PERSON, examples, json_option
from archived.cli.stopping import stops_on_signals
from archived.cli.views import View, dataset_view
from archived.core.lifecycle import State
from archived.core.model import LIVE_BATCHES, Direction
from archived.core.units import format_size
from archived.errors import StoreMissingError

if TYPE_CHECKING:
    from archived.config import Configuration
    from archived.store import Store

ASK_EVERY = timedelta(seconds=1)
"""How often a running daemon is looked at."""

ON_THE_WAY = (State.READY, State.TRANSFERRING, State.VERIFYING, State.WAITING)

LEFT_SHOWN = 20

ALL_DONE = "Everything is archived and proved."
NOTHING_LEFT = "Of the recordings nothing more can be done now."
STILL_TELLING = (
    "Now the archive is told about {}, for which files may be read once more (docs/RECORDS.md). Ctrl-C ends that "
    "without harm: the next run goes on with it."
)

SUBJECTS = ("dataset", "folder", "root", "location", "batch")
CAUSES = ("why", "error", "reason")
"""Which fields of the log a person is told."""

ARCHIVED_FIELDS = (
    Field[View]("ARCHIVED", lambda view: view["name"]),
    Field[View]("FILES", lambda view: str(view["files"]), right=True),
    Field[View]("SIZE", lambda view: format_size(view["bytes"]), right=True),
)

LEFT_FIELDS = (
    Field[View]("NOT ARCHIVED", lambda view: view["name"]),
    Field[View]("STATE", lambda view: state_cell(view["state"])),
    Field[View]("REASON", lambda view: Cell(view["reason"], Style.DIM)),
)


@click.command(epilog=examples("archivedctl publish", "archivedctl publish --json"))
@json_option
@pass_caller
def command(caller: Caller, as_json: bool) -> None:
    """Archive what is there now, without a daemon.

    Looks at the watched folders, archives everything in them that is recognised and finished, proves it, and
    ends. Ctrl-C stops it in order: what was begun goes on with the next run. While a daemon runs, it does the
    work, and this command watches it. Exits with 3 when something recognised could not be archived.
    """
    configuration, began = caller.configuration, caller.now()
    with stops_on_signals(caller.stop), reporting(caller.environ, quiet=as_json) as reporter:
        if daemon_runs(caller):
            talk("The daemon is running: it does the work, this only watches. Ctrl-C ends that.")
            watch_daemon(caller, reporter)
        else:
            _run(caller, configuration, reporter, quiet=as_json)
    with caller.store() as store:
        view = gather(store, began)
    view["stopped"] = caller.stop.is_set()
    if as_json:
        print_json(view)
    else:
        caller.show(page_of(view))
    if caller.stop.is_set():
        talk("Stopped; what is not archived yet goes on with the next run.")
    if view["left_total"]:
        click.get_current_context().exit(NEEDS_A_PERSON)


def daemon_runs(caller: Caller) -> bool:
    """Whether a daemon holds the store at this moment."""
    try:
        with caller.store() as store:
            return store.daemon().running
    except StoreMissingError:
        return False


def _run(caller: Caller, configuration: Configuration, reporter: Reporter, *, quiet: bool) -> None:
    from archived.app import Progress, run_until_idle

    said = False

    def progress(told: Progress) -> None:
        nonlocal said
        reporter.tell(told.counts, told.bytes_done, told.bytes_total)
        if told.untold and not (said or quiet):
            everything = not any(told.counts[each] for each in State if each is not State.ARCHIVED)
            talk(ALL_DONE if everything else NOTHING_LEFT)
            talk(STILL_TELLING.format(counted(told.untold, "dataset")))
            said = True

    run_until_idle(configuration, Talk(), stop=caller.stop, pid=os.getpid(), progress=progress)


def watch_daemon(caller: Caller, reporter: Reporter) -> None:
    """Look at the store until the daemon has nothing left on the way."""
    with caller.store() as store:
        while True:
            live = store.batches(*LIVE_BATCHES, direction=Direction.ARCHIVE)
            counts = store.counts()
            done, total = (sum(batch.bytes_done for batch in live), sum(b.bytes for b in live))
            reporter.tell(counts, done, total)
            if not any(counts[state] for state in ON_THE_WAY) and not _settles_soon(caller, store):
                return
            if not store.daemon().running:
                talk("The daemon has stopped.")
                return
            if caller.stop.wait(ASK_EVERY.total_seconds()):
                return


def _settles_soon(caller: Caller, store: Store) -> bool:
    """Whether something is only waiting for its quiet time; what is still being recorded is not waited for."""
    from archived.store import Selector

    configuration = caller.configuration
    soon = caller.now() + configuration.quiet_time + configuration.rescan
    settling = store.select(Selector(states=(State.SETTLING,)))
    return any(each.due is None or each.due <= soon for each in settling)


def gather(store: Store, began: datetime) -> View:
    """The object of `publish --json`."""
    from archived.store import Selector

    archived = [
        dataset_view(each)
        for each in store.select(Selector(states=(State.ARCHIVED,)))
        if each.archived_at is not None and each.archived_at >= began
    ]
    others = tuple(state for state in State if state is not State.ARCHIVED)
    left = [dataset_view(each) for each in store.select(Selector(states=others), limit=LEFT_SHOWN)]
    total = sum(number for state, number in store.counts().items() if state is not State.ARCHIVED)
    return {"archived": archived, "left": left, "left_total": total}


def page_of(view: View) -> list[Line | Table]:
    """The same for a person."""
    page: list[Line | Table] = []
    if view["archived"]:
        page.append(table(ARCHIVED_FIELDS, view["archived"]))
        number = counted(len(view["archived"]), "dataset")
        size = format_size(_total(view["archived"]))
        page.append(line(Cell(f"{number}, {size}, all proved", Style.GOOD)))
    else:
        page.append(line("Nothing new was archived."))
    if view["left"]:
        page += [line(), table(LEFT_FIELDS, view["left"])]
        if view["left_total"] > len(view["left"]):
            page.append(line(f"and {view['left_total'] - len(view['left'])} more"))
    return page


def _total(views: Iterable[View]) -> int:
    return sum(int(view["bytes"]) for view in views)


class Talk:
    """The log of a run that a person looks at: what is wrong, and nothing else."""

    def debug(self, event: str, **fields: Any) -> None:
        """Not told."""

    def info(self, event: str, **fields: Any) -> None:
        """Not told; the progress shows it."""

    def warning(self, event: str, **fields: Any) -> None:
        """Told in a line: what, about what, and why; and in another one what to do. An alarm says it in its own words."""
        about = next((str(fields[key]) for key in SUBJECTS if key in fields), "")
        because = next((str(fields[key]) for key in CAUSES if key in fields), "")
        what = str(fields["message"]) if event == "alarm raised" else event
        talk(": ".join(part for part in (what, about, because) if part))
        if fields.get("what_to_do"):
            talk(f"  {fields['what_to_do']}")

    error = warning
