"""What the values of the configuration may be: each kind reads a text, or says what it expected.

A reader raises `ValueError` whose text completes the sentence "expected …".
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from pathlib import PurePosixPath
from urllib.parse import urlsplit

from archived.config.places import local_path
from archived.core.model import Archive, CollectionArchive, DirectoryArchive
from archived.core.units import parse_duration, parse_size

_YES = frozenset({"yes", "true", "on", "1"})
_NO = frozenset({"no", "false", "off", "0"})
_NAME = r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}"
_COLLECTION = r"(?s)(?P<collection>[^/\\]{2,}?):(?P<path>.*)"
_UUID = r"[0-9A-Fa-f]{8}(?:-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}"
_SERVERS = ("postgresql", "mysql")
MOST_WORDS = 1000
"""In one list."""
UUID_EXPECTED = "a UUID such as 5b875fda-4185-11e8-bb52-0ac6873fc732"
ARCHIVE_EXPECTED = "a collection and a path in it, `<uuid>:/path`, or a directory of this machine such as /mnt/nas/ephys"


def name(text: str) -> str:
    """A name that may stand in a path, a label and a command line."""
    if not re.fullmatch(_NAME, text):
        raise ValueError("a name of at most 64 letters, digits, `.`, `_` and `-`")
    return text


def yes_or_no(text: str) -> bool:
    """`yes` or `no`, in the spellings that INI files have."""
    if text.lower() in _YES | _NO:
        return text.lower() in _YES
    raise ValueError("yes or no")


def a_wait(text: str) -> timedelta:
    """A duration that is not zero: a loop with it must not spin."""
    if duration := parse_duration(text):
        return duration
    raise ValueError("a duration longer than 0s")


def count(most: int) -> Callable[[str], int]:
    """A whole number from 1 to `most`."""

    def read(text: str) -> int:
        if re.fullmatch(r"[0-9]{1,12}", text) and 1 <= int(text) <= most:
            return int(text)
        raise ValueError(f"a whole number from 1 to {most}")

    return read


def bytes_at_least_one(text: str) -> int:
    """A size that is not zero."""
    if size := parse_size(text):
        return size
    raise ValueError("a size of at least one byte")


def one_of(*words: str) -> Callable[[str], str]:
    """One of a few words."""

    def read(text: str) -> str:
        if text.lower() in words:
            return text.lower()
        raise ValueError(f"{', '.join(words[:-1])} or {words[-1]}")

    return read


def regular_expression(text: str) -> str:
    """A pattern that Python's `re` understands, today and tomorrow."""
    # Only here: most rigs have no pattern of their own.
    from archived.core.template.ambiguity import may_change_its_meaning

    if may_change_its_meaning(text):
        raise ValueError(
            "a regular expression without [[ -- && ~~ and ||; write \\[ or \\- in [...]"
        )
    try:
        re.compile(text)
    except (re.error, OverflowError, RecursionError) as error:
        raise ValueError(f"a regular expression; this one is none: {error}") from None
    return text


def words(text: str) -> tuple[str, ...]:
    """A list with commas, blanks or line breaks between its words, each once."""
    found = tuple(filter(None, re.split(r"[,\s]+", text)))
    if not found:
        raise ValueError("at least one name")
    if len(found) > MOST_WORDS:
        raise ValueError(f"at most {MOST_WORDS} names")
    if len(set(found)) < len(found):
        raise ValueError("each name only once")
    return found


def lines(text: str) -> tuple[str, ...]:
    """One entry in each line."""
    return tuple(line.strip() for line in text.splitlines() if line.strip())


def collection_id(text: str) -> str:
    """The id of a Globus collection, in its canonical spelling."""
    if not re.fullmatch(_UUID, text):
        raise ValueError(UUID_EXPECTED)
    return text.lower()


def collection_path(text: str) -> str:
    """An absolute path inside a collection, without a slash at its end; `/` is all of it."""
    if "\\" in text or (len(text) > 1 and text[1] == ":"):
        raise ValueError(
            "a path inside the collection, always with forward slashes, such as map/raw"
        )
    parts = PurePosixPath("/" + text.lstrip("/")).parts
    if ".." in parts:
        raise ValueError("a path inside the collection without `..`")
    return "/" + "/".join(parts[1:])


def _is_name(path: str) -> bool:
    """Whether it names a database. With an `@` it is the rest of a password that has a slash in it."""
    return len(path) > 1 and "@" not in path


def store_address(text: str) -> str:
    """A path, or the address of a PostgreSQL or MySQL database."""
    if "://" not in text:
        return local_path(text)
    try:
        parts = urlsplit(text)
        local = "host=" in parts.query or "unix_socket=" in parts.query
        complete = text.isprintable() and parts.scheme in _SERVERS and _is_name(parts.path)
        complete = complete and (bool(parts.hostname) or local)
        complete = complete and (parts.port is None or parts.port > 0)
    except ValueError:
        complete = False
    if not complete:
        raise ValueError(
            "an absolute path, or an address such as postgresql://user@server/database or "
            "mysql://user@server/database"
        )
    return text


def database_server(text: str) -> str:
    """The address of a server: `mysql://user@server`, or `postgresql://user@server/database`."""
    try:
        parts = urlsplit(text)
        sound = (
            text.isprintable()
            and parts.scheme in _SERVERS
            and bool(parts.hostname)
            and parts.port != 0
        )
        named = "@" not in parts.path if parts.scheme == "mysql" else _is_name(parts.path)
        complete = sound and named
    except ValueError:
        complete = False
    if not complete:
        raise ValueError(
            "the address of a server, such as mysql://user@server or postgresql://user@server/database"
        )
    return text


def prefix(text: str) -> str:
    """What the names of schemas begin with."""
    if not re.fullmatch(r"[A-Za-z0-9_]{1,32}", text):
        raise ValueError("at most 32 letters, digits and `_`, such as map_v2_")
    return text


def archive(text: str) -> Archive:
    """`<uuid>:/path` in a Globus collection, or a directory."""
    collection = re.fullmatch(_COLLECTION, text) if ":" in text else None
    if collection is None:
        try:
            return DirectoryArchive(local_path(text))
        except ValueError:
            raise ValueError(ARCHIVE_EXPECTED) from None
    try:
        identity = collection_id(collection["collection"])
    except ValueError:
        raise ValueError(f"{ARCHIVE_EXPECTED}; what stands before the colon is no UUID") from None
    if not collection["path"].startswith("/"):
        raise ValueError(f"{ARCHIVE_EXPECTED}; the path begins with a slash")
    return CollectionArchive(identity, collection_path(collection["path"]))
