"""The lab's DataJoint database: read for subjects and sessions, and given a mirror of what is archived."""

from archived.store.lab.people import water_restriction

__all__ = ["water_restriction"]
