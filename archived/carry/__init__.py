"""Carrying batches that are not the daemon's main work: what comes back, and what the archive says about itself.

`Carrier` takes them through the states of every batch; a `Load` knows what travels in them and what becomes of it.
"""

from __future__ import annotations

from archived.carry.around import CarryPolicy, Log
from archived.carry.ask import FIRST_POLL
from archived.carry.carrier import Carrier
from archived.carry.give import give
from archived.carry.load import Alarms, Ending, Load, Proof, Setback

__all__ = [
    "FIRST_POLL",
    "Alarms",
    "Carrier",
    "CarryPolicy",
    "Ending",
    "Load",
    "Log",
    "Proof",
    "Setback",
    "give",
]
