"""A text without the secrets in it: those that this process had, and what looks like one. For words that nobody chose."""

from __future__ import annotations

import re

from archived.secrecy.hidden import KNOWN

HIDDEN = "[hidden]"

_IN_TEXT = re.compile(
    r"""(?ix)
    (?P<before>
        \b (?:bearer|basic) \s+
      | (?:authorization|\w*token|\w*secret|password) ["']? \s* [=:] \s* ["']? (?:bearer\s+|basic\s+)?
    )
    (?P<secret> [^\s"'&,;@]{6,} )
    """
)
_IN_ADDRESS = re.compile(r"(://[^\s:/]*:)[^\s]+@")
"""Up to the last `@`: an address that was not written as it should be may have more of them, or a slash before it."""


def redact_text(text: str) -> str:
    """The text without any known secret, header or assignment of one."""
    # The longest first, as one secret may begin with another.
    for secret in sorted(KNOWN, key=len, reverse=True):
        text = text.replace(secret, HIDDEN)
    text = _IN_ADDRESS.sub(rf"\1{HIDDEN}@", text)
    return _IN_TEXT.sub(rf"\g<before>{HIDDEN}", text)
