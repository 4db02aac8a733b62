"""The patterns of LIKE in the spellings of the databases, to be matched against names as they are stored."""

from __future__ import annotations

from archived.core.catalogue import Wildcard, pieces
from archived.store.fields import to_text


def as_glob(pattern: str) -> str:
    """For GLOB, the one comparison of patterns in SQLite that tells upper from lower case."""
    wild = {Wildcard.ANY: "*", Wildcard.ONE: "?"}
    return "".join(
        wild[each]
        if isinstance(each, Wildcard)
        else f"[{each}]"
        if each in "*?["
        else to_text(each)
        for each in pieces(pattern)
    )


def as_like(pattern: str) -> str:
    """For `LIKE … ESCAPE '!'`."""
    return "".join(
        each.value if isinstance(each, Wildcard) else f"!{each}" if each in "%_!" else to_text(each)
        for each in pieces(pattern)
    )
