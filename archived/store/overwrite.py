"""What the column `overwrite` of a file says: whether, and why, the archive's copy may be written over."""

from __future__ import annotations

ACCEPTED = 1
"""A person accepted that the file replaces what the archive holds; void once the file changes again."""

OVER_OUR_OWN = 2
"""What the archive holds under its name is an earlier state of it that we sent and never proved."""
