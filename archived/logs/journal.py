"""An entry as journald wants it: upper-case fields, a MESSAGE, a PRIORITY, and a MESSAGE_ID where there is one."""

from __future__ import annotations

import json
import re
from typing import Any

from archived.logs.events import MESSAGE_IDS
from archived.logs.render import show_fields

_PRIORITIES = {"debug": 7, "info": 6, "warning": 4, "error": 3, "critical": 2}
_LONGEST_NAME = 64
"""journald drops fields with longer names, with lower-case letters or a leading underscore."""
_NOT_IN_NAMES = re.compile(r"[^A-Z0-9_]")


def journal_fields(_logger: Any, _method: str, event_dict: dict[str, Any]) -> dict[str, str]:
    """The last processor of the journal's chain: the event as `ARCHIVED_EVENT`, fields as `ARCHIVED_<KEY>`."""
    fields = dict(event_dict)
    fields.pop("timestamp", None)
    level = str(fields.pop("level", "info"))
    event = str(fields.pop("event", ""))
    in_message = {key: value for key, value in fields.items() if key != "traceback"}
    shown = show_fields(in_message)
    entry = {
        "MESSAGE": f"{event}: {shown}" if shown else event,
        "PRIORITY": str(_PRIORITIES.get(level, 6)),
        "SYSLOG_IDENTIFIER": "archived",
        "ARCHIVED_EVENT": event,
    }
    if event in MESSAGE_IDS:
        entry["MESSAGE_ID"] = MESSAGE_IDS[event]
    for key, value in fields.items():
        name = f"ARCHIVED_{_NOT_IN_NAMES.sub('_', key.upper())}"[:_LONGEST_NAME]
        entry[name] = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return entry
