"""Text of the program as Markdown that shows every character as it stands there."""

from __future__ import annotations

import re


def prose(text: str) -> str:
    """Running text; what stands in backquotes stays code."""
    pieces = re.split(r"(`[^`]*`)", text)
    return "".join(
        piece if piece.startswith("`") else re.sub(r"([\\*_{}\[\]<>#$|])", r"\\\1", piece)
        for piece in pieces
    )


def code(text: str) -> str:
    """A piece of code within a line."""
    return f"`{text}`"
