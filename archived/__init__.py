"""Sees to it that every finished recording of a rig reaches the archive; docs/ARCHITECTURE.md is the map."""

__version__ = "0.1.0"
