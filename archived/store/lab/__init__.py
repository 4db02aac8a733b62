"""The lab's DataJoint database: read for subjects and sessions, and given a mirror of what is archived."""

from archived.store.lab.mirroring import Wish, mirror
from archived.store.lab.outcome import Mirrored, Outcome, Refused
from archived.store.lab.people import water_restriction

__all__ = ["Mirrored", "Outcome", "Refused", "Wish", "mirror", "water_restriction"]
