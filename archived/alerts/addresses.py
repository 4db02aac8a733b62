"""The addresses that alarms are sent to. Each is a secret as a whole: it holds a password or a token, or is one."""

from __future__ import annotations

import re
from collections.abc import Collection
from typing import NamedTuple
from urllib.parse import SplitResult, parse_qsl, unquote, urlsplit

from archived.core.lifecycle import State
from archived.secrecy.hidden import Hidden, know

_OWN_HOST = frozenset(
    {"mailto", "mailtos", "json", "jsons", "xml", "xmls", "form", "forms", "http", "https"}
)
"""Kinds whose host is a machine's name; that of many others is a token."""

_HOST = re.compile(r"localhost|[0-9]{1,3}(\.[0-9]{1,3}){3}|([a-z0-9-]{1,30}\.)+[a-z]{2,15}")
"""What is a machine's name with any kind. Tokens with dots have capital letters too, or are longer."""

_PLAIN = frozenset(
    {"cto", "format", "mode", "name", "overflow", "rto", "smtp", "verify"}
    | {"bcc", "cc", "from", "reply", "to"}
)
"""Options whose values are no secrets, and of use in what a service complains about."""

WORDS = frozenset({"archived", "archivedctl", *State})
"""Words that the log is full of; whoever names a channel or a topic after one keeps no secret."""


class Address(NamedTuple):
    """Where messages go. People see its label only."""

    label: str
    """Its place among the addresses, and its kind: `2 (mailto)`."""
    url: Hidden

    @property
    def kind(self) -> str:
        """What stands before `://`."""
        return self.url.partition("://")[0].lower()


def addresses(text: str, *, harmless: Collection[str] = WORDS) -> list[Address]:
    """One in each line; empty lines and those that begin with `#` are none.

    The log and all messages leave out every part of them that may be a secret from here on: tokens and passwords, and
    no channels, people, machines, nor what is `harmless`.
    """
    lines = (line.strip() for line in text.splitlines())
    urls = [Hidden(line) for line in lines if line and not line.startswith("#")]
    for url in urls:
        for part in _parts(url, harmless):
            know(part)
    return [Address(f"{place} ({_kind(url)})", url) for place, url in enumerate(urls, start=1)]


def _kind(url: str) -> str:
    found = re.match(r"([a-zA-Z][a-zA-Z0-9+]{0,19})://", url)
    return found[1].lower() if found else "no address"


def _parts(url: str, harmless: Collection[str]) -> set[str]:
    """What of an address may be a secret by itself, in both spellings."""
    try:
        split = urlsplit(url)
    except ValueError:
        return set()
    # Behind a channel there may be more of the path, and options: /#one/#two?token=…
    fragment, _, options = split.fragment.partition("?")
    found = [*split.path.split("/"), *_behind(split, fragment)]
    for name, value in parse_qsl(split.query) + parse_qsl(options):
        if name.lower() not in _PLAIN:
            found.append(value)
    if split.scheme.lower() not in _OWN_HOST:
        places = split.netloc.rpartition("@")[2].split(":")
        found += [split.username or "", *(each for each in places if not _HOST.fullmatch(each))]
    tokens = {each for each in found if not _is_harmless(unquote(each), harmless)}
    # A password is one whatever it looks like.
    parts = tokens | {split.password or ""}
    return parts | {unquote(each) for each in parts}


def _behind(split: SplitResult, fragment: str) -> list[str]:
    """What of a fragment is no channel. Where nothing is before it, it belongs to a password that has a # in it."""
    if not split.path:
        return [fragment.rpartition("@")[0] or fragment]
    return fragment.split("/")[1:]


def _is_harmless(part: str, harmless: Collection[str]) -> bool:
    return part.startswith(("#", "@")) or part in harmless
