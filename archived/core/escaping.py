"""Names that are not valid Unicode, written in plain text that every database and every reader takes, and back."""

from __future__ import annotations

import re

_UNSAFE = r"[\\\x00\ud800-\udfff]"
_ESCAPED = r"\\(?:\\|x[0-9a-f]{2}|u[0-9a-f]{4})"


def escaped(text: str) -> str:
    r"""A text without NUL and without lone surrogates.

    A name that is not valid UTF-8 carries lone surrogates (PEP 383): the byte 0xE9 is written as `\xe9`, any other
    surrogate as `\udXXX`, and a backslash is doubled. Equal results mean equal texts.
    """
    # Nearly all names are plain, and a listing has a million of them.
    if text.isascii() and "\\" not in text and "\0" not in text:
        return text
    return re.sub(_UNSAFE, _escape, text)


def unescaped(text: str) -> str:
    """The inverse of `escaped`."""
    return re.sub(_ESCAPED, _unescape, text) if "\\" in text else text


def _escape(match: re.Match[str]) -> str:
    character = match[0]
    if character == "\\":
        return "\\\\"
    code = ord(character)
    if 0xDC80 <= code <= 0xDCFF:
        return f"\\x{code - 0xDC00:02x}"
    return f"\\x{code:02x}" if code < 0x80 else f"\\u{code:04x}"


def _unescape(match: re.Match[str]) -> str:
    written = match[0]
    if written == "\\\\":
        return "\\"
    code = int(written[2:], 16)
    return chr(code + 0xDC00) if written[1] == "x" and code >= 0x80 else chr(code)
