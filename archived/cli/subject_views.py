"""What `subjects` shows: views for JSON, and the lines for a person."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from archived.cli.caller import Caller
from archived.cli.counting import counted
from archived.cli.output import Cell, Field, Style, line, print_json, talk
from archived.cli.times import iso
from archived.cli.views import View
from archived.core.subjects import SubjectList
from archived.core.units import format_size

if TYPE_CHECKING:
    from archived.store import KnownSubject, SubjectChanges, SubjectConflict, SubjectSaid

NAMES_SHOWN = 20
"""How many animals a sentence names."""

SAID = {"hand": "by hand", "file": "in the file", "datajoint": "in DataJoint", None: ""}
"""Who says so, in words."""

FIELDS = (
    Field[View]("SUBJECT", lambda view: view["subject"] or Cell("unknown", Style.WARN)),
    Field[View]("H2O", lambda view: view["h2o"]),
    Field[View]("DATASETS", lambda view: str(view["datasets"]), right=True),
    Field[View]("SIZE", lambda view: format_size(view["bytes"]), right=True),
    Field[View]("SAID", lambda view: Cell(SAID[view["source"]], Style.DIM)),
    Field[View]("OTHERS SAY", lambda view: Cell(_contradiction(view), Style.WARN)),
)


def subject_view(known: KnownSubject) -> View:
    """One object of `subjects list`."""
    return {
        "subject": known.subject,
        "h2o": known.h2o,
        "source": known.source,
        "since": iso(known.since),
        "details": dict(known.details),
        "datasets": known.datasets,
        "bytes": known.bytes,
        "others": [_said_view(each) for each in known.others],
    }


def stranger_view(h2o: str, amount: tuple[int, int]) -> View:
    """The same for an animal of which nobody says a subject."""
    return {
        "subject": None,
        "h2o": h2o,
        "source": None,
        "since": None,
        "details": {},
        "datasets": amount[0],
        "bytes": amount[1],
        "others": [],
    }


def changes_view(changes: SubjectChanges, found: SubjectList, *, dry_run: bool) -> View:
    """The object of `subjects import`, `add` and `remove`."""
    return {
        "dry_run": dry_run,
        "added": [{"subject": each.subject, "h2o": each.h2o} for each in changes.added],
        "changed": [_change_view(each) for each in changes.changed],
        "removed": [{"subject": each.subject, "h2o": each.h2o} for each in changes.removed],
        "refused": [_change_view(each) for each in changes.refused],
        "unchanged": changes.unchanged,
        "bad": [{"line": each.line, "why": each.why} for each in found.bad],
        "conflicts": [
            {"h2o": each.h2o, "said": [_said_view(said) for said in each.said]}
            for each in changes.conflicts
        ],
    }


def tell_changes(
    caller: Caller,
    changes: SubjectChanges,
    found: SubjectList | None = None,
    *,
    dry_run: bool = False,
    as_json: bool,
) -> None:
    """Print what became of it: the result on standard output, what a person should know beside it."""
    found = found or SubjectList(())
    if as_json:
        print_json(changes_view(changes, found, dry_run=dry_run))
        return
    for bad in found.bad:
        talk(f"line {bad.line}: {bad.why}")
    for h2o, before, after in changes.refused:
        talk(f"{h2o} stays {before}: that was said by hand; with --replace it becomes {after}")
    caller.show(
        [
            *(line(f"{each.h2o} is {each.subject}") for each in changes.added),
            *(line(f"{h2o} is {after}, and was {was}") for h2o, was, after in changes.changed),
            *(line(f"{each.h2o} was {each.subject}") for each in changes.removed),
        ]
    )
    touched = {each.h2o for each in (*changes.added, *changes.removed)}
    touched |= {h2o for h2o, _, _ in changes.changed}
    for conflict in changes.conflicts:
        if conflict.h2o in touched and not dry_run:
            talk(_conflict(conflict))


def summary(changes: SubjectChanges, found: SubjectList, *, dry_run: bool) -> str:
    """What an import did, in a line."""
    bad = f", {counted(len(found.bad), 'line')} not used" if found.bad else ""
    numbers = (
        f"{len(changes.added)} new, {len(changes.changed)} changed, {changes.unchanged} as before"
    )
    return f"{'Nothing was written: ' if dry_run else ''}{numbers}{bad}"


def some(names: Sequence[str]) -> str:
    """Names in a sentence, not all of very many."""
    more = len(names) - NAMES_SHOWN
    return ", ".join(names[:NAMES_SHOWN]) + (f" and {more} more" if more > 0 else "")


def _conflict(conflict: SubjectConflict) -> str:
    first, *others = conflict.said
    but = ", ".join(f"{each.subject} {SAID[each.source]}" for each in others)
    return f"{conflict.h2o} is {first.subject} {SAID[first.source]}, which counts; it is {but}"


def _contradiction(view: View) -> str:
    return ", ".join(f"{each['subject']} {SAID[each['source']]}" for each in view["others"])


def _said_view(said: SubjectSaid) -> View:
    return {"subject": said.subject, "source": said.source, "rig": said.rig}


def _change_view(change: tuple[str, str, str]) -> View:
    h2o, before, after = change
    return {"h2o": h2o, "before": before, "after": after}
