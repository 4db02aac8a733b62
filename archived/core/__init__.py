"""Decisions: pure functions of values. Nothing here knows the time, the disk, or that Globus exists."""
