"""Structured logs: named events with fields, one line each, safe to show and free of secrets.

`configure` is called once, by the entry point; everybody else is handed a logger or asks for one (`get`).
"""

from __future__ import annotations

from archived.logs.configure import Format, configure, get
from archived.logs.events import MESSAGE_IDS
from archived.logs.secrets import hide
from archived.logs.uncaught import take_the_uncaught

__all__ = ["MESSAGE_IDS", "Format", "configure", "get", "hide", "take_the_uncaught"]
