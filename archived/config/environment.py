"""Variables of the environment that override a key: `ARCHIVED_<SECTION>_<KEY>`, as `ARCHIVED_TRANSFER_POLL=10s`.

Whatever is no letter or digit becomes `_`: `[location:raw-ephys] archive` is `ARCHIVED_LOCATION_RAW_EPHYS_ARCHIVE`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from archived.config.ini import Sections
from archived.config.mistake import Mistake, nearest
from archived.config.secrets import VARIABLES
from archived.config.sections import FIXED, NAMED, kind_of

_PREFIX = "ARCHIVED_"
_OURS = tuple(f"{_PREFIX}{kind.upper()}_" for kind in (*FIXED, *NAMED))


def variable(section: str, key: str) -> str:
    """The variable that overrides a key."""
    return _PREFIX + re.sub(r"[^A-Z0-9]", "_", f"{section}_{key}".upper())


def override(
    sections: Sections, environ: Mapping[str, str]
) -> tuple[Sections, dict[tuple[str, str], str], list[Mistake]]:
    """The sections with the environment's values, which variable gave which key, and the mistakes.

    A variable that begins as ours and fits no key is a mistake, as it was meant to do something. An empty
    one takes the key away.
    """
    changed: Sections = {name: dict(keys) for name, keys in sections.items()}
    for name in FIXED:
        changed.setdefault(name, {})
    known: dict[str, list[tuple[str, str]]] = {}
    for section in changed:
        kind = kind_of(section)
        for key in kind.KEYS if kind else ():
            known.setdefault(variable(section, key), []).append((section, key))
    origins: dict[tuple[str, str], str] = {}
    mistakes: list[Mistake] = []
    for name, value in sorted(environ.items()):
        if not name.startswith(_OURS) or name in VARIABLES:
            continue
        places = known.get(name, [])
        if len(places) != 1:
            mistakes.append(_misfit(name, places, known))
            continue
        (section, key) = places[0]
        origins[section, key] = name
        changed[section].pop(key, None)
        if value.strip():
            changed[section][key] = value.strip()
    return changed, origins, mistakes


def _misfit(
    name: str, places: list[tuple[str, str]], known: Mapping[str, list[tuple[str, str]]]
) -> Mistake:
    if places:
        both = " and ".join(f"[{section}] {key}" for section, key in places)
        return Mistake("", "", f"${name}", f"a variable that means one key; this one means {both}")
    near = nearest(name, known)
    hint = f"; did you mean ${near}?" if near else ""
    return Mistake(
        "", "", f"${name}", f"a variable that is made of a section and a key there is{hint}"
    )
