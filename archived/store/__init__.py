"""The truth: datasets, files, batches, receipts and events, in a database. The only package that knows peewee.

A name is loaded from its module when it is asked for, so that a command which only reads loads what reads.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from archived.store.answers import RECORDING, DaemonInfo, OwedRecord, Pause, RigInfo
    from archived.store.daemon import Claim
    from archived.store.discoveries import ListedFolder
    from archived.store.glances import Verified
    from archived.store.reading import Reader
    from archived.store.refreshing import KnownBefore
    from archived.store.registering import ListedFile
    from archived.store.results import (
        Digest,
        FolderSighting,
        KnownSubject,
        LookResult,
        LookSummary,
        Moved,
        ProveResult,
        SightResult,
        SubjectChanges,
        SubjectConflict,
        SubjectSaid,
    )
    from archived.store.selector import Selector
    from archived.store.walks import Discovery, FolderCounts
    from archived.store.whole import Store

__all__ = [
    "RECORDING",
    "Claim",
    "DaemonInfo",
    "Digest",
    "Discovery",
    "FolderCounts",
    "FolderSighting",
    "KnownBefore",
    "KnownSubject",
    "ListedFile",
    "ListedFolder",
    "LookResult",
    "LookSummary",
    "Moved",
    "OwedRecord",
    "Pause",
    "ProveResult",
    "Reader",
    "RigInfo",
    "Selector",
    "SightResult",
    "Store",
    "SubjectChanges",
    "SubjectConflict",
    "SubjectSaid",
    "Verified",
]

_MODULES = {
    "answers": (
        "RECORDING",
        "DaemonInfo",
        "OwedRecord",
        "Pause",
        "RigInfo",
    ),
    "daemon": ("Claim",),
    "discoveries": ("ListedFolder",),
    "glances": ("Verified",),
    "reading": ("Reader",),
    "refreshing": ("KnownBefore",),
    "registering": ("ListedFile",),
    "results": (
        "Digest",
        "FolderSighting",
        "KnownSubject",
        "LookResult",
        "LookSummary",
        "Moved",
        "ProveResult",
        "SightResult",
        "SubjectChanges",
        "SubjectConflict",
        "SubjectSaid",
    ),
    "selector": ("Selector",),
    "walks": (
        "Discovery",
        "FolderCounts",
    ),
    "whole": ("Store",),
}
_HOMES = {name: module for module, names in _MODULES.items() for name in names}


def __getattr__(name: str) -> object:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value: object = getattr(importlib.import_module(f"{__name__}.{_HOMES[name]}"), name)
    globals()[name] = value
    return value
