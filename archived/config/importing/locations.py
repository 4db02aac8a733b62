"""The section of one storage location: where its recordings go, which ones, and where they lie on this machine."""

from __future__ import annotations

from collections.abc import Iterator

from archived.config.importing.endpoints import Place
from archived.config.importing.report import Report
from archived.config.importing.storage import Storage
from archived.config.importing.writing import Key, Section

_NO_PLACE = "the old file does not say where its files lie on this machine; map-ephys archived nothing to it either"
_HALF_A_PLACE = "its place on this machine could not be carried over whole"
_NO_PURPOSE = (
    "map-ephys archived nothing to it, and its name does not tell which convention it is for"
)


def location_section(storage: Storage, shared: Place, own: Place | None, report: Report) -> Section:
    """The section; behind `;` as a whole, with the reason, where it could not be used. `shared` is that of `[globus]`."""
    header = f"location:{storage.alias}"
    differs = own is not None and own.values != shared.values
    keys = [*_archive(storage), _conventions(storage)]
    if own is not None and differs:
        keys += own.keys()
    reasons = list(_reasons(storage, shared, own))
    comment = f"From {storage.origin}."
    for reason in reasons:
        comment += f" Left out: {reason}."
        report.left(storage.origin, f"{storage.alias} was left out: {reason}")
    if not reasons:
        report.carried(storage.origin, f"[{header}] archive = {storage.archive}")
    if own is not None and own.complete:
        said = ", ".join(f"{name} = {value}" for name, value in own.values.items())
        report.carried(own.where, f"[{header if differs else 'globus'}] {said}")
    return Section(header, comment, keys, off=bool(reasons))


def _reasons(storage: Storage, shared: Place, own: Place | None) -> Iterator[str]:
    """Why the location cannot be used as it is."""
    if own is None and not shared.values:
        yield _NO_PLACE
    if own is not None and not own.complete:
        # Nothing is inherited in its stead: the place of another folder would send the wrong files.
        yield _HALF_A_PLACE
    if not storage.conventions:
        yield _NO_PURPOSE


def _archive(storage: Storage) -> Iterator[Key]:
    yield Key("archive", storage.archive)
    if storage.alternative:
        yield Key("archive", storage.alternative, "Or, if that is where yours lie:", off=True)


def _conventions(storage: Storage) -> Key:
    if not storage.conventions:
        comment = "Which convention is for it; see docs/CONVENTIONS.md."
    elif storage.conventions == ("catgt",):
        comment = (
            "What map-ephys archived; with `catgt, spikeglx` the raw runs are archived as well."
        )
    else:
        comment = "The videos of the cameras, and what lies beside them."
    return Key("conventions", ", ".join(storage.conventions), comment)
