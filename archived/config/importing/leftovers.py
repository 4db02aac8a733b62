"""What an old configuration holds that `archived` has no use for, and what that means."""

from __future__ import annotations

from archived.config.importing.old_file import OldFile
from archived.config.importing.report import Report

_BEHAVIOUR = "is for the ingestion of behaviour, which stays with map-ephys"
_DATAJOINT = "is a setting of DataJoint itself; archived has no use for it"
_INGESTION = "is where map-ephys ingested from; archived watches the folder of [globus] alone"

_MEANINGS = {
    "ephys_data_paths": "is where map-ephys looked for spike sorting; what archived watches is in [globus] or in the "
    "locations. If recordings lie there and nowhere else, give a location its own folder",
    "tracking_data_paths": _INGESTION,
    "histology_data_paths": _INGESTION,
    "behavior_data_paths": _BEHAVIOUR,
    "behavior_bpod": _BEHAVIOUR,
    "session.user": _BEHAVIOUR,
    "ccf_data_paths": "belongs to the brain atlas of map-ephys",
    "ccf.r3_20um_path": "belongs to the brain atlas of map-ephys",
    "single_unit_classification_dir": "belongs to the spike sorting of map-ephys",
    "recording_notes_spreadsheet": "is for the ingestion of notes, which stays with map-ephys",
    "recording_notes_sheet_name": "is for the ingestion of notes, which stays with map-ephys",
    "allow_external_cleanup": "belongs to the reports of map-ephys; archived deletes nothing",
    "logfile": "is no longer needed: the daemon logs to the journal, or to where its output goes",
    "stores": "names stores of DataJoint; archived keeps none",
    "loglevel": "has no counterpart: everything that matters is logged",
    "database.name": "has no counterpart: on MySQL every schema is a database",
    "database.backend": "was not carried over: the address was written for MySQL; for PostgreSQL it is "
    "postgresql://user@server/database",
}
_DATAJOINTS_OWN = ("display.", "connection.", "database.", "fetch_format", "cache", "query_cache")
_DATAJOINTS_NAMES = frozenset(
    {
        "safemode", "history", "do_unittest", "nuclear_option", "enable_python_native_blobs",
        "enable_python_pickle_blobs", "add_hidden_timestamp", "filepath_checksum_size_limit",
        "filepath_checksum_size_limit_insert", "use_tls", "external", "jobs", "reconnect",
    }
)  # fmt: skip


def tell_leftovers(old: OldFile, report: Report) -> None:
    """A line for everything that nobody asked for. Values are not told: one of them may be a secret."""
    for name, found in old.leftovers():
        report.left(found.where, _meaning(name))


def _meaning(name: str) -> str:
    if name in _MEANINGS:
        return _MEANINGS[name]
    if name in _DATAJOINTS_NAMES or name.startswith(_DATAJOINTS_OWN):
        return _DATAJOINT
    if name.startswith("globus."):
        return "is no setting that map-ephys read; if your lab added it, look what it was for"
    return "is unknown here; nothing of archived depends on it"
