"""What the built-in conventions are called; making them takes longer than knowing their names."""

from __future__ import annotations

BUILT_IN = ("catgt", "spikeglx", "tracking-video")
"""Their names, as `conventions =` of a location gives them."""
