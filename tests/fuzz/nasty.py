"""Names that a disk may hold and that attack whoever shows them; and what a text that is shown must not hold."""

from __future__ import annotations

import os
import re

NASTY = (
    "new\nline", "carriage\rreturn", "a\x1b[31mred\x1b[0m", "\x1b[2J\x1b[H", "\x1b]0;title\x07", "\x1b]52;c;cm0gLXJm\x07",
    "\x1b]8;;http:x\x1b\\link\x1b]8;;\x1b\\", "bell\x07", "back\x08\x08\x08", "c1\x9b31m\x90\x9d", "\x85next", "\u2028line\u2029par",
    "\u202egnp.exe", "\u2066iso\u2069", "\u200bzero\u200d\ufeff", "\u061c\u200e\u200f", "\U000e0041tag", "\ufff9note", "no\udcffutf8",
    "\udce9\udc80", "\udced\udca0\udc80", "=1+1", "+cmd", "-rf", "--all", "@SUM(A1)", "\tTab", "|pipe", "a,b;c", 'quo"te', "apo'strophe",
    "back`tick", "%s%n%d", "{}{0}{h2o}", "[red]rich", "[link=x]y", "back\\slash", "\\x1b[31m", "\\n", "&amp;", "<b>&",
    "<script>alert(1)<", "$(touch x)", "${HOME}", "*?[a-z]", "~", "#", "!", "CON", "aux.txt", "COM1", "name.", "name ", " name", "...",
    "..x", "' OR 1=1 --", '"; DROP TABLE x', "%00", "\u0301comb", "e\u0301", "\u00e9", "SC011", "sc011", "\u0130stanbul", "\u1e9e",
    "日本語" * 10, "\U0001f468\u200d\U0001f469", "\u3164", "\u00a0nbsp", "x" * 200, "null", "NaN", "-1", "2019-02-23", "a=b",
    "MAINPID=1", "STATUS=x", "\x7fdel", "\x01\x02\x03", "\x0b\x0c\x1c\x1d\x1e",
)  # fmt: skip
"""None has a slash or a NUL, and each is as short as a name may be."""

_OURS = re.compile(r"\x1b\[[0-9;]*[mKA]|\x1b\[\?25[hl]|\r")
"""What we write to a terminal ourselves: colours, and a line of progress in the place of the one before."""


def steering(text: str, *, terminal: bool = False) -> set[str]:
    """The characters in a text that steer a terminal, hide, or turn what is shown; line feeds are lines."""
    if terminal:
        text = _OURS.sub("", text)
    return {char for char in text if not char.isprintable() and char != "\n"}


def on_this_disk(folder: str, name: str) -> bool:
    """Whether the disk takes such a name; those of other systems refuse some."""
    try:
        os.mkdir(os.path.join(folder, name))
    except OSError:
        return False
    os.rmdir(os.path.join(folder, name))
    return True
