"""`archivedctl why`."""

from __future__ import annotations

import os
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

import click

from archived.cli import explaining
from archived.cli.advice import what_to_do
from archived.cli.caller import Caller, pass_caller
from archived.cli.known import known_of
from archived.cli.output import print_json
from archived.cli.shell import examples, json_option
from archived.cli.views import View, batch_view, file_view
from archived.cli.waiting import why_it_waits
from archived.cli.why_page import page_of
from archived.core.lifecycle import State
from archived.core.model import Dataset, Verdict
from archived.core.paths import printable
from archived.core.recognition import Found
from archived.core.settling import Decision, DecisionKind

if TYPE_CHECKING:
    from archived.cli.explaining import OnDisk, Place


@click.command(
    epilog=examples(
        "archivedctl why /globus/map/raw/SC011/catgt_SC011_022319_g0",
        "archivedctl why SC011/catgt_SC011_022319_g0/SC011_022319_g0_tcat.imec0.ap.bin",
        "archivedctl why raw-ephys/SC011/catgt_SC011_022319_g0 --json",
    )
)
@click.argument("path", type=click.Path(readable=False))
@json_option
@pass_caller
def command(caller: Caller, path: str, as_json: bool) -> None:
    """Explain why a file or folder is archived, or not yet.

    It looks at the disk now: whether the name is recognised, what each rule says about the files, and how
    long they have to stay unchanged. It needs no daemon. PATH may also be the name of a dataset.
    """
    view = explain(caller, path)
    if as_json:
        print_json(view)
    else:
        caller.show(page_of(view))


def explain(caller: Caller, path: str) -> View:
    """The object of `why --json`."""
    place = explaining.place_of(path, caller.configuration)
    if place is None:
        roots = dict.fromkeys(each.location.root for each in caller.configuration.locations)
        reason = f"it lies in no watched folder ({', '.join(roots)})"
        return _view(path, reason=reason)
    found = place.recogniser.find(place.relative) if place.relative else None
    if found is None:
        return _unrecognised(path, place)
    return _recognised(caller, path, place, found)


def _view(path: str, **known: object) -> View:
    view: View = {
        "path": path,
        "recognised": False,
        "dataset": None,
        "location": None,
        "convention": None,
        "fields": {},
        "state": None,
        "finished": None,
        "reason": "",
        "checks": [],
        "nearest": None,
        "on_disk": None,
        "file": None,
        "transfers": [],
        "below": [],
        "below_complete": True,
        "what_to_do": "",
    }
    return {**view, **known}


def _unrecognised(path: str, place: Place) -> View:
    miss = explaining.why_not(place)
    below, complete = explaining.recordings_below(place)
    reason = miss.why if explaining.exists(place) else f"it is not there; {miss.why}"
    link = explaining.link_on_the_way(place)
    if link:
        reason = _linked(place, link)
    return _view(
        path,
        reason=reason,
        nearest=miss.nearest or None,
        below=below,
        below_complete=complete,
    )


def _recognised(caller: Caller, path: str, place: Place, found: Found) -> View:
    name = f"{found.location}/{found.recording.path}"
    known = known_of(caller, name)
    dataset, now = known.dataset, caller.now()
    on_disk = explaining.look_at(place, found)
    decision = explaining.decide_now(on_disk, found, dataset, caller.configuration, now)
    now_on_disk = _said_of_disk(on_disk, decision)
    if decision is not None and decision.kind is DecisionKind.READY:
        stranger = why_it_waits(caller, found.recording.h2o)
        now_on_disk += f"; {stranger}" if stranger else ""
    states = {each.state for each in known.files}
    advice = what_to_do(dataset, states, known.faults, now) if dataset else ""
    return _view(
        path,
        recognised=True,
        dataset=name,
        location=found.location,
        convention=found.convention.name,
        fields=_fields(found),
        state=str(dataset.state) if dataset else None,
        finished=None if decision is None else decision.kind is DecisionKind.READY,
        reason=_reason(place, found, on_disk, known.reason(now), now_on_disk, dataset),
        checks=[_check(each) for each in on_disk.verdicts],
        on_disk=now_on_disk,
        file=next((file_view(each) for each in known.files if each.path == place.relative), None),
        what_to_do=advice,
        transfers=[batch_view(each) for each in known.batches],
    )


def _linked(place: Place, link: str) -> str:
    whole = printable(os.path.join(place.root.path, link))
    return f"{whole} is a link; links are not followed, so what is behind it is not archived"


def _reason(
    place: Place,
    found: Found,
    on_disk: OnDisk,
    stored: str,
    now_on_disk: str,
    dataset: Dataset | None,
) -> str:
    """The one sentence: about the file that was asked for where it is a special case, else about the dataset."""
    link = explaining.link_on_the_way(place)
    if link:
        hides_all = PurePosixPath(found.recording.path).is_relative_to(link)
        return _linked(place, link) + (f"; {stored}" if stored and hides_all else "")
    if place.relative in on_disk.excluded:
        return "it is scratch by its convention, and never archived"
    if place.relative in on_disk.others:
        return "it is neither a file nor a folder (a pipe, a device): it is not followed"
    if not on_disk.root_lost and not explaining.exists(place):
        about = stored if dataset is not None else now_on_disk
        return f"it is not there now; {about}"
    if dataset is not None and dataset.state is not State.SETTLING:
        return stored
    if dataset is None and not on_disk.root_lost:
        return f"the daemon has not noticed it yet; {now_on_disk}"
    return now_on_disk


def _said_of_disk(on_disk: OnDisk, decision: Decision | None) -> str:
    if decision is None:
        return on_disk.trouble or "there are no files of it on the disk"
    return f"{decision.reason}; {on_disk.trouble}" if on_disk.trouble else decision.reason


def _fields(found: Found) -> dict[str, str]:
    recording = found.recording
    named = {
        "h2o": recording.h2o,
        "date": recording.date.isoformat() if recording.date else None,
        "ident": recording.ident,
    }
    return {key: value for key, value in {**named, **recording.fields}.items() if value}


def _check(verdict: Verdict) -> View:
    return {
        "file": verdict.file,
        "rule": verdict.rule,
        "verdict": str(verdict.answer),
        "reason": verdict.reason,
    }
