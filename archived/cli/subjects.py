"""`archivedctl subjects`."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from archived.cli.caller import Caller, pass_caller
from archived.cli.completing import complete_h2o, complete_subject
from archived.cli.output import print_json, table, talk
from archived.cli.shell import FAILED, NEEDS_A_PERSON, examples, json_option
from archived.cli.subject_views import (
    FIELDS,
    some,
    stranger_view,
    subject_view,
    summary,
    tell_changes,
)
from archived.core.subjects import Subject, read_csv, why_no_h2o, why_no_subject

if TYPE_CHECKING:
    from archived.store import Store

ALL = 10**9
"""More animals than there are."""


@click.group(
    epilog=examples(
        "archivedctl subjects list --json",
        "archivedctl subjects import subjects.csv --dry-run",
        "archivedctl subjects add 407513 SC011",
    ),
    no_args_is_help=True,
)
def command() -> None:
    """Show and say which animal has which number in the lab's database.

    An animal's name on disk is its h2o (SC011), its number in the lab's database its subject (407513). Besides
    by hand they are read from `file` in [subjects], or from a DataJoint database; what is said by hand counts
    first. Results are printed as JSON with --json, which every one of these commands takes.
    """


@command.command(
    "list",
    epilog=examples(
        "archivedctl subjects list",
        "archivedctl subjects list --subject 407513 --json",
        "archivedctl subjects list --unknown",
    ),
)
@click.option("--subject", metavar="NUMBER", help="This one only.", shell_complete=complete_subject)
@click.option("--h2o", metavar="H2O", help="This one only.", shell_complete=complete_h2o)
@click.option("--unknown", is_flag=True, help="The animals that nobody says a subject of.")
@json_option
@pass_caller
def list_subjects(
    caller: Caller, subject: str | None, h2o: str | None, unknown: bool, as_json: bool
) -> None:
    """List the animals that are known, with what the catalogue has of them."""
    with caller.store() as store:
        caller.refresh_subjects(store)
        strangers = store.unknown_h2os(limit=ALL)
        if unknown:
            amounts = store.amounts()
            asked = [each for each in strangers if h2o in (None, each)]
            views = [stranger_view(each, amounts.get(each, (0, 0))) for each in asked]
        else:
            views = [subject_view(each) for each in store.subjects(subject=subject, h2o=h2o)]
        alarms = [each for each in store.alarms() if each.key.partition(":")[0] == "subjects"]
    if as_json:
        print_json(views)
    elif views:
        caller.show([table(FIELDS, views)])
    else:
        talk("No subject is known." if subject is None and h2o is None else "No subject fits.")
    for alarm in alarms:
        talk(f"{alarm.message}; {alarm.what_to_do}")
    if strangers and not unknown and not as_json and subject is None and h2o is None:
        talk(f"No subject is known for {some(strangers)}: `archivedctl subjects list --unknown`")


@command.command(
    "import",
    epilog=examples(
        "archivedctl subjects import subjects.csv --dry-run",
        "archivedctl subjects import subjects.csv",
        "mysql -e 'SELECT …' --batch | archivedctl subjects import -",
    ),
)
@click.argument("file", type=click.Path(exists=True, dir_okay=False, allow_dash=True))
@click.option("--replace", is_flag=True, help="Also change what was said by hand before.")
@click.option("-n", "--dry-run", is_flag=True, help="Only say what would be done.")
@json_option
@pass_caller
def import_subjects(caller: Caller, file: str, replace: bool, dry_run: bool, as_json: bool) -> None:
    """Take over subjects from a CSV file, once.

    Its first line names the columns: subject_id, and h2o or water_restriction_number; others become details.
    Each line that cannot be used is told, and the others are used. Exits with 3 if there were such lines. A
    file that changes is better named in the configuration: `file` in [subjects].
    """
    found = read_csv(_content(file), h2o=caller.configuration.h2o)
    with caller.store() as store:
        changes = store.import_subjects(
            found.subjects, caller.now(), replace=replace, dry_run=dry_run
        )
        _tend_alarm(caller, store, dry_run=dry_run)
    tell_changes(caller, changes, found, dry_run=dry_run, as_json=as_json)
    if not as_json:
        talk(summary(changes, found, dry_run=dry_run))
    if found.bad or changes.refused:
        click.get_current_context().exit(NEEDS_A_PERSON)


@command.command(
    "add",
    epilog=examples(
        "archivedctl subjects add 407513 SC011", "archivedctl subjects add 407514 SC011 --replace"
    ),
)
@click.argument("subject_id", shell_complete=complete_subject)
@click.argument("h2o", shell_complete=complete_h2o)
@click.option("--replace", is_flag=True, help="Also change what was said by hand before.")
@json_option
@pass_caller
def add(caller: Caller, subject_id: str, h2o: str, replace: bool, as_json: bool) -> None:
    """Say by hand which number an animal has. It counts more than what any file or database says."""
    if why := why_no_subject(subject_id) or why_no_h2o(h2o, caller.configuration.h2o):
        raise click.UsageError(f"{why}; first comes the number, then the name: 407513 SC011.")
    with caller.store() as store:
        changes = store.add_subject(Subject(subject_id, h2o), caller.now(), replace=replace)
        _tend_alarm(caller, store)
    tell_changes(caller, changes, as_json=as_json)
    if changes.refused:
        click.get_current_context().exit(FAILED)


@command.command("remove", epilog=examples("archivedctl subjects remove SC011"))
@click.argument("h2os", nargs=-1, required=True, metavar="H2O...", shell_complete=complete_h2o)
@json_option
@pass_caller
def remove(caller: Caller, h2os: tuple[str, ...], as_json: bool) -> None:
    """Take back what was said by hand of animals. What a file or a database says is corrected there."""
    from archived.store import SubjectChanges

    with caller.store() as store:
        known = {each: store.subject_of(each) or "" for each in h2os}
        removed = [Subject(known[each], each) for each in known if store.remove_subject(each)]
        _tend_alarm(caller, store)
        changes = SubjectChanges(removed=removed, conflicts=store.subject_conflicts())
    tell_changes(caller, changes, as_json=as_json)
    others = sorted(set(h2os) - {each.h2o for each in removed})
    if others:
        talk(f"Nothing was said by hand of {some(others)}.")
        click.get_current_context().exit(FAILED)


def _content(file: str) -> bytes:
    try:
        return sys.stdin.buffer.read() if file == "-" else Path(file).read_bytes()
    except OSError as error:
        raise click.FileError(file, error.strerror or str(error)) from error


def _tend_alarm(caller: Caller, store: Store, *, dry_run: bool = False) -> None:
    """A person may have decided what two sources contradict each other about."""
    from archived.subjects import tell_conflicts

    if not dry_run:
        tell_conflicts(store, caller.now())
