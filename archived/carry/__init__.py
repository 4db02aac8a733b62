"""Carrying files that are no recordings of this rig: back from the archive, or records to it."""
