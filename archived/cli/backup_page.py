"""What `backup` and `restore` tell of copies of the store."""

from __future__ import annotations

from typing import TYPE_CHECKING

from archived.cli.counting import counted
from archived.cli.output import Cell, Field, Line, Style, Table, line, table
from archived.cli.times import iso, local_iso
from archived.cli.views import View
from archived.core.paths import printable
from archived.core.units import format_size

if TYPE_CHECKING:
    from archived.store.backup import BackedUp
    from archived.store.backups import Backup

FOUND = (
    Field[View]("MADE", lambda each: local_iso(each["made_at"])),
    Field[View]("SIZE", lambda each: format_size(each["bytes"]), right=True),
    Field[View]("FILE", lambda each: str(each["path"])),
)


def backed_up_view(made: BackedUp) -> View:
    """A copy that was read through, for scripts."""
    return {
        "path": printable(str(made.path)),
        "bytes": made.bytes,
        "rigs": [printable(each) for each in made.rigs],
        "schema": made.schema,
        "datasets": made.datasets,
        "files": made.files,
        "events": made.events,
        "made_at": iso(made.made_at),
    }


def found_view(backup: Backup) -> View:
    """A backup that lies somewhere, for scripts."""
    return {
        "path": printable(str(backup.path)),
        "bytes": backup.bytes,
        "made_at": iso(backup.made_at),
    }


def backup_page(view: View) -> list[Line | Table]:
    """A backup that was made, for a person."""
    page: list[Line | Table] = [line(Cell(view["path"], Style.STRONG), f"  {_held(view)}")]
    page += [line(f"removed {each}") for each in view["removed"]]
    return page


def restored_page(view: View) -> list[Line | Table]:
    """A store that was put back, for a person, with what comes next."""
    copy = view["restored"]
    made = f"of {local_iso(copy['made_at'])}" if copy["made_at"] else "of an unknown time"
    page: list[Line | Table] = [
        line(Cell(copy["path"], Style.STRONG), f" {made} is the store now  {_held(copy)}")
    ]
    page += [line(f"what was there before is kept as {each}") for each in view["kept"]]
    page += [
        line(),
        line("Nothing is sent before it is known what the archive was sent since. Next:"),
        line(
            "wait until no transfer of this rig is under way (the activity page of Globus tells)",
            indent=2,
        ),
        line("archivedctl discover", indent=2),
        line("start the daemon: systemctl start archived", indent=2),
    ]
    return page


def found_page(views: list[View]) -> list[Line | Table]:
    """The backups that were found, for a person."""
    if not views:
        return [
            line("No backup was found."),
            line(
                "Without any: move the store aside, if it is there, and type: archivedctl discover"
            ),
        ]
    return [table(FOUND, views), line(), line("archivedctl restore FILE puts one of them back.")]


def _held(view: View) -> str:
    parts = (
        counted(view["datasets"], "dataset"),
        counted(view["files"], "file"),
        format_size(view["bytes"]),
    )
    return f"({', '.join(parts)}; read through, sound)"
