"""Names in addresses: any name on disk can stand in one, and comes back as it was."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from urllib.parse import parse_qsl, quote, urlencode

from starlette.convertors import Convertor, register_url_convertor

from archived.core.escaping import escaped, unescaped

LONGEST_QUERY = 8192
"""Characters; longer ones than the pages make are nobody's."""


class NameConvertor(Convertor[str]):
    """A name in the path of an address, slashes and line ends and all."""

    regex = r"[\s\S]+"

    def convert(self, value: str) -> str:
        """The inverse of `quoted`, after the server has taken the percent signs away."""
        return unescaped(value)

    def to_string(self, value: str) -> str:
        """The name as plain text."""
        return escaped(value)


register_url_convertor("name", NameConvertor())


def quoted(name: str) -> str:
    """A name for the path of an address: what is not valid Unicode is written out before it is percent-encoded."""
    return quote(escaped(name), safe="/")


def query(values: Mapping[str, object] | Iterable[tuple[str, object]]) -> str:
    """What stands behind a path, with its `?`; values that are None or empty are left out."""
    pairs = values.items() if isinstance(values, Mapping) else values
    given = [(key, escaped(str(value))) for key, value in pairs if value not in (None, "")]
    return f"?{urlencode(given)}" if given else ""


def asked_in(query_string: bytes) -> list[tuple[str, str]]:
    """What stands behind the `?`, without what was left empty. Raises `ValueError`."""
    if len(query_string) > LONGEST_QUERY:
        raise ValueError("the address is too long")
    pairs = parse_qsl(query_string.decode("latin-1"), max_num_fields=50)
    return [(unescaped(key), unescaped(value)) for key, value in pairs]
