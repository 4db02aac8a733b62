"""Writes docs/EVENTS.md, the page about the log, from `archived/logs/events.py`."""

from __future__ import annotations

import sys
from pathlib import Path

from archived.logs.events import EVENTS, FIELDS, Event

PAGE = Path(__file__).parents[1] / "docs" / "EVENTS.md"

HEAD = """\
# What is logged

<!-- Made from archived/logs/events.py by `make docs`; what is changed here by hand is lost. -->

Every entry is one event with a fixed name and named fields; names, fields and ids keep their meaning. How an entry looks
depends on where it goes:

* **The journal** (as a service): the name is in `ARCHIVED_EVENT`, each field in `ARCHIVED_` and its name in capitals,
  `PRIORITY` says the level, and what is worth finding again has a `MESSAGE_ID`, which `journalctl -x` explains.
  `journalctl -u archived ARCHIVED_EVENT="alarm raised"` finds all alarms,
  `journalctl ARCHIVED_DATASET=raw-ephys/SC011/catgt_SC011_022319_g0` the story of a recording.
* **JSON lines** (a pipe, a file): one object a line, with `timestamp` (UTC), `level`, `event`, and the fields.
* **A terminal**: the same for people.

An event is logged when something changes, never once a turn while it lasts. Names on disk are shown with whatever does not
print escaped, and secrets are left out.

For monitoring, two of them are enough: `alarm raised` (the rig) and `dataset needs a person` (a recording).
"""


def page() -> str:
    """The whole page."""
    lines = [HEAD, "## Events\n"]
    lines += [_event(each) for each in EVENTS]
    lines.append("## Fields\n\n| field | what it is |\n|---|---|")
    lines += [f"| `{name}` | {meaning} |" for name, meaning in sorted(FIELDS.items())]
    return "\n".join(lines) + "\n"


def _event(event: Event) -> str:
    found = [f"### {event.name}\n", event.says, ""]
    found.append(f"* level: {', '.join(event.levels)}")
    if event.fields:
        found.append(f"* fields: {', '.join(f'`{each}`' for each in event.fields)}")
    if event.message_id:
        found.append(f"* `MESSAGE_ID={event.message_id}`")
    return "\n".join(found) + "\n"


if __name__ == "__main__":
    sys.exit(0 if PAGE.write_text(page()) else 1)
