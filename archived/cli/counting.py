"""Counted words."""

from __future__ import annotations


def counted(number: int, word: str) -> str:
    """`1 dataset`, `2 datasets`: the word is given in the singular, and forms its plural with an s."""
    return f"{number} {word}" if number == 1 else f"{number} {word}s"
