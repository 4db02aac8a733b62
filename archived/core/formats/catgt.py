"""CatGT: its `_fyi.txt` is the last file that it makes, so that data newer than it belong to another run of it."""

from __future__ import annotations

from archived.core.formats.reading import Judgement, Scene
from archived.core.formats.spikeglx_names import parse_name
from archived.core.formats.wording import named
from archived.core.model import Answer, FileStat, Verdict

RULE = "catgt"
_FYI = "_fyi.txt"
_DATA = (".bin", ".meta")


def check(scene: Scene) -> Judgement:
    """One verdict for each `_fyi.txt`; CatGT before 3.0 (2022) wrote none.

    It is no proof by itself: CatGT writes it although a probe failed, and an old one stays in a folder that
    is used again. Hence the sizes are checked as for SpikeGLX.
    """
    data: dict[str, list[FileStat]] = {}
    for stat in scene.ending(*_DATA):
        name = parse_name(stat.path)
        if name and name.trial == "cat" and not name.exported:
            data.setdefault(name.run, []).append(stat)
    verdicts = []
    for fyi in scene.ending(_FYI):
        written = data.get(fyi.name[: -len(_FYI)], [])
        if written and not scene.all_skipped([fyi, *written]):
            verdicts.append(_judge(fyi, max(written, key=lambda stat: stat.mtime_ns)))
    return Judgement(tuple(verdicts))


def _judge(fyi: FileStat, newest: FileStat) -> Verdict:
    if newest.mtime_ns > fyi.mtime_ns:
        answer = Answer.UNFINISHED
        why = (
            f"{named(newest.path)} is newer than {named(fyi.path)}, which CatGT writes last: "
            "CatGT is at work again, or was killed"
        )
    else:
        answer = Answer.FINISHED
        why = f"{named(fyi.path)} is newer than everything that CatGT wrote"
    return Verdict(fyi.path, RULE, answer, why)
