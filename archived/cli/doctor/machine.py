"""The machine itself: limits of events, the clock, and systemd."""

from __future__ import annotations

import importlib.util
from collections.abc import Iterator, Mapping
from pathlib import Path

from archived import clock, systemd
from archived.cli.counting import counted
from archived.cli.doctor.visit import Visit
from archived.cli.finding import Checked, fail, ok, warn
from archived.core.paths import printable
from archived.errors import ArchivedError

FEW_WATCHES = 65_536
"""Folders. What Linux allowed before 5.11 was 8192, which one year of recordings can exceed."""
FEW_INSTANCES = 64
"""Linux allows 128 to a user; the daemon needs one for each watched folder, other programs have theirs."""

INOTIFY_LIMITS = Path("/proc/sys/fs/inotify")
SYSTEMD_RUNS = Path("/run/systemd/system")
TIMESYNC = Path("/run/systemd/timesync/synchronized")
SERVICES = Path("/etc/archived")
"""Where the units of packaging/systemd look for configurations."""

SO_THAT_IT_LASTS = "and write the same into /etc/sysctl.d/60-archived.conf, so that it lasts"


def inotify(visit: Visit) -> Iterator[Checked]:
    """How many folders may be watched for events, and how many there are."""
    watches, instances = _limit("max_user_watches"), _limit("max_user_instances")
    if watches is None:
        return
    folders, more = _folders(visit)
    there = f"{more}{counted(folders, 'folder')} below the watched ones"
    said = f"{counted(watches, 'folder')} may be watched for events, and there are {there}"
    if watches < max(FEW_WATCHES, 2 * folders):
        enough = max(524_288, 1 << (4 * folders).bit_length())
        yield warn(
            "events",
            said,
            f"sysctl fs.inotify.max_user_watches={enough}, {SO_THAT_IT_LASTS}",
            means="changes in folders beyond the limit are noticed by the rescan only",
        )
    else:
        yield ok("events", said, max_user_watches=str(watches), folders=str(folders))
    if instances is not None and instances < FEW_INSTANCES + len(visit.roots):
        yield warn(
            "events",
            f"a user's programs may have {counted(instances, 'inotify instance')} in all",
            f"sysctl fs.inotify.max_user_instances=1024, {SO_THAT_IT_LASTS}",
            means="when others have used them up, everything is noticed by the rescan only",
        )


def _limit(name: str) -> int | None:
    try:
        return int((INOTIFY_LIMITS / name).read_text(encoding="ascii"))
    except (OSError, ValueError):
        return None


def _folders(visit: Visit) -> tuple[int, str]:
    folders, more = 0, ""
    for root in visit.roots:
        try:
            survey = visit.survey(root)
        except ArchivedError:
            # What is wrong with a root is told where the roots are looked at.
            continue
        folders += survey.folders
        more = more if survey.whole else "at least "
    return folders, more


def time_of_day(_visit: Visit) -> Iterator[Checked]:
    """Whether something keeps the clock right."""
    synchronised = clock.synchronised()
    if synchronised is None:
        return
    if synchronised or TIMESYNC.exists():
        yield ok("clock", "the clock is kept right by the network")
    else:
        yield warn(
            "clock",
            "nothing keeps the clock right: the kernel counts it as not synchronised",
            "timedatectl set-ntp true, or install chrony",
            means="times in the catalogue may be wrong, and Globus refuses a login of a clock that is far off",
        )


def service(visit: Visit) -> Iterator[Checked]:
    """The unit that starts the daemon, and whether that could tell systemd how it is."""
    environ = visit.caller.environ
    if not SYSTEMD_RUNS.is_dir() and not environ.get("NOTIFY_SOCKET"):
        yield ok("systemd", "not under systemd: nothing starts the daemon but you")
        return
    if importlib.util.find_spec("systemd") is None:
        yield warn(
            "systemd",
            "systemd runs here, but the package systemd-python is missing: the service cannot start",
            "pip install 'archived[systemd]', or apt install python3-systemd",
        )
    else:
        yield ok("systemd", "the package systemd-python is there")
    path = visit.caller.config_path
    if path.parent != SERVICES:
        yield ok("systemd", f"no unit reads {printable(str(path))}; those of {SERVICES} are read")
        return
    name = "archived" if path.stem == "archived" else f"archived@{path.stem}"
    properties = systemd.unit_properties(f"{name}.service", environ)
    if properties is None:
        yield warn("systemd", "systemctl gives no answer, so nothing is known of the service")
    else:
        yield from _unit(printable(name), properties)


def _unit(name: str, properties: Mapping[str, str]) -> Iterator[Checked]:
    """What `systemctl show` says of the unit: installed, enabled, running."""
    if properties.get("LoadState") != "loaded":
        found = properties.get("LoadState", "unknown")
        hint = "install the units: packaging/systemd/README.md"
        yield warn("systemd", f"the unit {name} is not installed ({found})", hint)
        return
    if properties.get("UnitFileState") not in ("enabled", "enabled-runtime", "static"):
        yield warn(
            "systemd",
            f"the unit {name} is not enabled",
            f"systemctl enable {name}",
            means="it is not started when the machine starts",
        )
    state, result = properties.get("ActiveState", ""), properties.get("Result", "")
    if state == "failed":
        hint = f"journalctl -x -u {name}, then systemctl restart {name}"
        yield fail("systemd", f"the unit {name} has failed ({result}): nothing is archived", hint)
    elif state != "active":
        yield warn("systemd", f"the unit {name} is {state}", f"systemctl start {name}")
    else:
        yield ok("systemd", f"the unit {name} is running")
