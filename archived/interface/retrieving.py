"""`.retrieve()`: brings back what a query means, by the same way as `archivedctl retrieve`."""

from __future__ import annotations

import getpass
import os
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from archived import clock, movers
from archived.config import Configuration
from archived.core.catalogue import About, Fits, QueryError, Question, find, words
from archived.core.units import format_size, parse_size
from archived.interface.progress import Line
from archived.interface.retrieved import Retrieved, RetrievedFile
from archived.retrieve import Outcome, Plan, Remark, StoppedError, bring, folder_named, prepare
from archived.store import Selector, Store

if TYPE_CHECKING:
    from archived.interface.source import Source


def retrieve(
    source: Source,
    question: Question,
    *,
    to: str | os.PathLike[str] | None,
    dry_run: bool,
    at_most: int | str | None,
    progress: bool,
    stop: threading.Event | None,
) -> Retrieved:
    """See `Query.retrieve`."""
    configuration = source.configuration
    limit = _bytes(at_most, configuration)
    names, files = _meant(source, question)
    folder = None if to is None else folder_named(os.fspath(to))
    folders = _folders(configuration, folder)
    if not names:
        return Retrieved(dry_run=dry_run, folders=folders)
    selector = Selector(names=names, everywhere=True)
    ending = stop or threading.Event()
    line = Line(wanted=progress)
    try:
        with _opened(configuration) as (store, opened):
            plan = prepare(
                configuration,
                store,
                opened,
                selector,
                to=folder,
                only=files,
                stop=ending,
                tell=line.tell,
            )
            if dry_run:
                return _planned(plan, folders)
            _insist_on_amount(plan.bytes, limit)
            asked_for, somebody = f"Archive: {words(question)}", _somebody()
            outcome = bring(
                configuration, store, opened, plan, asked_for=asked_for, asked_by=somebody, stop=ending,
                tell=line.tell, log=line,
            )  # fmt: skip
    except StoppedError:
        # Before anything was begun.
        return Retrieved(dry_run=dry_run, left=_all(source, question), folders=folders)
    finally:
        line.end()
    return _done(outcome, folders)


@contextmanager
def _opened(configuration: Configuration) -> Iterator[tuple[Store, movers.Movers]]:
    with (
        Store.open(configuration.store, rig=configuration.rig, now=clock.now()) as store,
        movers.opened(configuration) as opened,
    ):
        yield store, opened


def _meant(source: Source, question: Question) -> tuple[tuple[str, ...], frozenset[int]]:
    """The names of the datasets, and the ids of the files in the store."""
    catalogue = source.catalogue()
    inner = (Fits(question),)
    name = find(About.DATASETS, "dataset_name")
    names = catalogue.rows(Question(About.DATASETS, inner), [name])
    files = catalogue.ids(Question(About.FILES, inner))
    return tuple(dict.fromkeys(row[0] for row in names)), frozenset(files)


def _all(source: Source, question: Question) -> tuple[RetrievedFile, ...]:
    """Every file that was asked for."""
    about = About.FILES
    attributes = [find(about, name) for name in ("dataset_name", "file_subpath", "size")]
    rows = source.catalogue().rows(Question(about, (Fits(question),)), attributes)
    return tuple(RetrievedFile(*row) for row in rows)


def _folders(configuration: Configuration, to: str | None) -> dict[str, str]:
    locations = [each.location for each in configuration.locations]
    return {each.name: each.root if to is None else to for each in locations}


def _bytes(at_most: int | str | None, configuration: Configuration) -> int:
    if at_most is None:
        return configuration.retrieve.ask_above
    try:
        return parse_size(at_most) if isinstance(at_most, str) else int(at_most)
    except (TypeError, ValueError, OverflowError) as error:
        raise QueryError(
            f"at_most={at_most!r} is no size", what_to_do="give bytes, or a size such as '500 GB'"
        ) from error


def _insist_on_amount(wanted: int, limit: int) -> None:
    if wanted > limit:
        raise QueryError(
            f"this would bring {format_size(wanted)}, which is more than {format_size(limit)}; nothing was brought",
            what_to_do=f"retrieve(dry_run=True) shows what it is; if it is meant, say so: retrieve(at_most={wanted})",
        )


def _somebody() -> str:
    try:
        return getpass.getuser()
    except (ImportError, KeyError, OSError):
        return "somebody"


def _planned(plan: Plan, folders: dict[str, str]) -> Retrieved:
    wanted = [
        RetrievedFile(file.dataset, file.path, file.size)
        for portion in plan.portions
        for file in (*portion.files, *portion.under_way)
    ]
    return Retrieved(
        dry_run=True,
        wanted=tuple(wanted),
        there=_files(plan.there),
        differing=_files(plan.differing),
        missing=_files(plan.missing),
        failed=_files(plan.refused),
        folders=folders,
    )


def _done(outcome: Outcome, folders: dict[str, str]) -> Retrieved:
    return Retrieved(
        dry_run=False,
        brought=_files(outcome.brought),
        there=_files(outcome.there),
        differing=_files(outcome.differing),
        missing=_files(outcome.missing),
        failed=_files(outcome.failed),
        left=_files(outcome.left),
        folders=folders,
    )


def _files(remarks: Iterable[Remark]) -> tuple[RetrievedFile, ...]:
    return tuple(RetrievedFile(each.dataset, each.path, each.size, each.reason) for each in remarks)
