"""A name for the rig, made of the name of its machine."""

from __future__ import annotations

import re

LONGEST = 64


def rig_name(host: str) -> str:
    """A valid name that resembles the machine's: `Ephys Rig (1)` is Ephys-Rig-1. Without a usable letter, `rig-1`."""
    first = host.strip().partition(".")[0] if not host.strip()[:1].isdigit() else host.strip()
    name = re.sub(r"[^A-Za-z0-9._-]+", "-", first)
    return name.lstrip("._-")[:LONGEST].rstrip("._-") or "rig-1"
