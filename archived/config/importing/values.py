"""Reads one old value as a value of ours: checked by the same readers that read `archived.ini`, or refused with the reason."""

from __future__ import annotations

import re

from archived.config.importing.writing import holds
from archived.config.kinds import collection_id, collection_path
from archived.config.places import local_path
from archived.core.paths import shown

_OLD_NAME = re.compile(r"[^/\\#\s]+#[^/\\#\s]+")


def endpoint(value: object) -> str:
    """The id of a collection. Raises `ValueError` with what is wrong with it."""
    text = _text(value)
    if _OLD_NAME.fullmatch(text):
        raise ValueError(
            f"{shown(text)} is a name of the kind that Globus no longer has; look up the collection's id at "
            "app.globus.org"
        )
    try:
        return collection_id(text)
    except ValueError as error:
        raise ValueError(f"{shown(text)} is not {error}") from None


def inside(value: object) -> str:
    """A path inside a collection; no text, or a blank one, is all of the collection. Raises `ValueError`."""
    text = _text(value or "/", blank=True).replace("\\", "/")
    # What map-ephys called map/raw/ is /map/raw for Globus.
    try:
        return _kept(collection_path(text or "/"))
    except ValueError as error:
        raise ValueError(f"{shown(text)} cannot be carried over: expected {error}") from None


def folder(value: object) -> str:
    """An absolute path of the machine that it belongs to, in the spelling of that machine. Raises `ValueError`."""
    text = _text(value)
    try:
        path = local_path(text)
    except ValueError as error:
        raise ValueError(
            f"{shown(text)} cannot be carried over: expected {error}, as the daemon runs in no folder of yours"
        ) from None
    return _kept(path)


def _text(value: object, *, blank: bool = False) -> str:
    if not isinstance(value, str):
        raise ValueError("it is no text")
    stripped = value.strip()
    if not stripped and not blank:
        raise ValueError("it is empty")
    return stripped


def _kept(text: str) -> str:
    if not holds(text) or not text.isprintable():
        raise ValueError(
            f"{shown(text)} cannot stand in an INI file, where a blank before ; or # begins a comment"
        )
    return text
