"""Is this recording finished? The table of rules, and `judge`, which applies them to a dataset.

A new format is a module of its own with a `check`, and a line in `RULES`.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from types import MappingProxyType

from archived.core.formats import (
    avi,
    catgt,
    matroska,
    mp4,
    mtscomp,
    quiet,
    spikeglx,
    spikeglx_run,
)
from archived.core.formats.reading import (
    Check,
    DiskTroubleError,
    Judgement,
    Opener,
    Readable,
    Scene,
    UnreadableError,
)
from archived.core.formats.sentinel import PREFIX, is_sentinel, sentinel
from archived.core.model import Checksum, FileStat, Verdict

__all__ = [
    "RULES",
    "DiskTroubleError",
    "Judgement",
    "Opener",
    "Readable",
    "UnreadableError",
    "judge",
    "known_rule",
]

RULES: Mapping[str, Sequence[Check]] = MappingProxyType(
    {
        "spikeglx": (spikeglx.check, spikeglx_run.check, catgt.check, mtscomp.check),
        "catgt": (spikeglx.check, catgt.check, mtscomp.check),
        "mtscomp": (mtscomp.check,),
        "avi": (avi.check,),
        "mp4": (mp4.check,),
        "matroska": (matroska.check,),
        "video": (avi.check, mp4.check, matroska.check),
        "quiet": (quiet.check,),
    }
)
"""What `finished = …` may name, besides `sentinel:<pattern>`. A check of several rules runs once."""


def known_rule(name: str) -> bool:
    """Whether a convention may name this rule."""
    return name in RULES or is_sentinel(name)


def judge(
    rules: Sequence[str],
    folder: str,
    files: Mapping[str, FileStat],
    opener: Opener,
    *,
    skip: Collection[str] = (),
) -> Judgement:
    """What the rules say of the dataset in `folder`, whose files are given by their paths from the root.

    `skip` names files that are archived and unchanged, so that their bytes need not be read again. Reads
    through `opener` only; a file that cannot be read is a verdict like any other. Raises `ValueError` for an
    unknown rule, and `DiskTroubleError` where the disk or the machine failed, so that nothing can be said.
    """
    scene = Scene(folder, files, opener, frozenset(skip))
    verdicts: list[Verdict] = []
    checksums: dict[str, Checksum] = {}
    for check in _checks(rules):
        judgement = check(scene)
        verdicts += judgement.verdicts
        checksums |= judgement.checksums
    return Judgement(tuple(verdicts), checksums)


def _checks(rules: Sequence[str]) -> list[Check]:
    """Each check once, in the order of the rules."""
    checks: dict[Check, None] = {}
    for name in rules:
        if name.startswith(PREFIX):
            checks[sentinel(name)] = None
            continue
        if name not in RULES:
            raise ValueError(f"there is no rule {name!r}; known are {', '.join(RULES)}")
        checks |= dict.fromkeys(RULES[name])
    return list(checks)
