"""Takes over the configuration of map-ephys: from a `dj_local_conf.json` to the text of an `archived.ini`, and a report.

Nothing here reads or writes a file. `globus.local_endpoint…` and `globus.local_endpoints`, the two generations of keys,
are both understood, also side by side.
"""

from __future__ import annotations

from archived.config.importing.old_file import read_document
from archived.config.importing.report import Outcome, Report, ReportLine
from archived.config.importing.rig import rig_name
from archived.config.importing.whole import MAP_EPHYS_APPLICATION, Import, Imported, Wishes

__all__ = [
    "MAP_EPHYS_APPLICATION",
    "Import",
    "Imported",
    "Outcome",
    "Report",
    "ReportLine",
    "Wishes",
    "read_document",
    "rig_name",
]
