"""What the daemon does, in order: sight ▶ subjects ▶ settle ▶ batch ▶ submit ▶ poll ▶ verify ▶ wake ▶ describe ▶ deposit ▶
mirror ▶ tell; one file per step."""

from archived.daemon.loop import Daemon
from archived.daemon.surroundings import Policies, SubjectSources, Surroundings, WatchedRoot

__all__ = ["Daemon", "Policies", "SubjectSources", "Surroundings", "WatchedRoot"]
