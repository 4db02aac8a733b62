"""The whole catalogue of a store, of every rig that shares it, for reading only."""

from __future__ import annotations

from archived.store.catalogue.verbs import Catalogue, Part

__all__ = ["Catalogue", "Part"]
