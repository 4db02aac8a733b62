"""The configuration: found, read whole, and either complete or refused with every mistake in it."""

from __future__ import annotations

from archived.config.finding import find, load, mistakes, mistakes_on_disk
from archived.config.mistake import Mistake, MistakesError
from archived.config.settings import (
    Configuration,
    DatajointSettings,
    GlobusSettings,
    LocationSettings,
    RetrieveSettings,
    SubjectsSettings,
    TransferSettings,
    VerifySettings,
)

__all__ = [
    "Configuration",
    "DatajointSettings",
    "GlobusSettings",
    "LocationSettings",
    "Mistake",
    "MistakesError",
    "RetrieveSettings",
    "SubjectsSettings",
    "TransferSettings",
    "VerifySettings",
    "find",
    "load",
    "mistakes",
    "mistakes_on_disk",
]
