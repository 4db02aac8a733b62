"""How animals are called on disk."""

from __future__ import annotations

DEFAULT_H2O = r"[A-Za-z]{2,10}[_-]?\d{1,5}"
"""Water restriction numbers as labs write them: SC011, dl7, DL004, FOR12, NR_0013."""
