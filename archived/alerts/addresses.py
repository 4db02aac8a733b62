"""The addresses that alarms are sent to. Each is a secret as a whole: it holds a password or a token, or is one."""

from __future__ import annotations

import re
from typing import NamedTuple
from urllib.parse import parse_qsl, unquote, urlsplit

from archived.secrecy.hidden import Hidden, know

_OWN_HOST = frozenset(
    {"mailto", "mailtos", "json", "jsons", "xml", "xmls", "form", "forms", "http", "https"}
)
"""Kinds whose host is a machine's name; that of many others is a token."""

_PLAIN = frozenset({"cto", "format", "mode", "name", "overflow", "rto", "smtp", "verify"})
"""Options whose values are no secrets, and of use in what a service complains about."""


class Address(NamedTuple):
    """Where messages go. People see its label only."""

    label: str
    """Its place among the addresses, and its kind: `2 (mailto)`."""
    url: Hidden

    @property
    def kind(self) -> str:
        """What stands before `://`."""
        return self.url.partition("://")[0].lower()


def addresses(text: str) -> list[Address]:
    """One in each line; empty lines and those that begin with `#` are none.

    The log and all messages leave out every part of them from here on.
    """
    lines = (line.strip() for line in text.splitlines())
    urls = [Hidden(line) for line in lines if line and not line.startswith("#")]
    for url in urls:
        for part in _parts(url):
            know(part)
    return [Address(f"{place} ({_kind(url)})", url) for place, url in enumerate(urls, start=1)]


def _kind(url: str) -> str:
    found = re.match(r"([a-zA-Z][a-zA-Z0-9+]{0,19})://", url)
    return found[1].lower() if found else "no address"


def _parts(url: str) -> list[str]:
    """What of an address may be a secret by itself."""
    try:
        split = urlsplit(url)
    except ValueError:
        return []
    found = [split.password or "", split.fragment, *split.path.split("/")]
    found += [value for name, value in parse_qsl(split.query) if name not in _PLAIN]
    if split.scheme.lower() not in _OWN_HOST:
        found += [split.username or "", *split.netloc.rpartition("@")[2].split(":")]
    return [spelling for part in found for spelling in {part, unquote(part)}]
