"""A finished pair is not a finished run: are all announced streams of the last trial there?

SpikeGLX leaves no mark at the end of a run, and the counts in its `.meta` may be too high (probes on other
drives, shanks of their own), so that what is missing is only worth a hint: quiet time decides.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence

from archived.core.formats.reading import (
    DiskTroubleError,
    Judgement,
    ObjectionError,
    Scene,
    UnreadableError,
)
from archived.core.formats.spikeglx import RULE, Pair, pairs_of
from archived.core.formats.spikeglx_meta import Meta, read_meta
from archived.core.formats.wording import grouped, listed
from archived.core.model import Answer, FileStat, Verdict
from archived.core.paths import printable

_READ_AT_MOST = 8


def check(scene: Scene) -> Judgement:
    """One verdict for each run of trials in the dataset."""
    runs: defaultdict[str, defaultdict[int, list[Pair]]] = defaultdict(lambda: defaultdict(list))
    for pair in pairs_of(scene).values():
        if pair.name and pair.name.trial.isdecimal() and not pair.name.exported:
            runs[pair.name.run][int(pair.name.trial)].append(pair)
    verdicts = (_judge(scene, run, trials) for run, trials in sorted(runs.items()))
    return Judgement(tuple(verdict for verdict in verdicts if verdict))


def _judge(scene: Scene, run: str, trials: Mapping[int, Sequence[Pair]]) -> Verdict | None:
    last = max(trials)
    pairs = trials[last]
    meta = _any_meta(scene, pairs)
    if meta is None or scene.all_skipped(stat for pair in pairs for stat in pair.files.values()):
        return None
    missing = _fewer_than_announced(meta, pairs) + _dropped(trials, last)
    label = f"{printable(run)}_t{last}"
    if missing:
        answer = Answer.CANNOT_TELL
        why = f"the last trial, {label}, may not be whole: {listed(missing)}; quiet time decides"
    else:
        answer = Answer.FINISHED
        why = f"the last trial, {label}, has all streams that its .meta announces"
    return Verdict(scene.folder, RULE, answer, why)


def _any_meta(scene: Scene, pairs: Sequence[Pair]) -> Meta | None:
    """The first that can be read; trouble with one is the business of its own pair."""
    metas: list[FileStat] = [pair.files["meta"] for pair in pairs if "meta" in pair.files]
    for stat in metas[:_READ_AT_MOST]:
        try:
            with scene.opener(stat.path) as readable:
                return read_meta(readable)
        except DiskTroubleError:
            raise
        except (ObjectionError, UnreadableError):
            continue
    return None


def _announced(meta: Meta) -> dict[str, int]:
    """How many devices of each kind the run was set up with."""
    if (enabled := meta.values.get("typeEnabled")) is not None:  # phase 3A, with one probe
        return {kind: 1 for kind in ("imec", "nidq") if kind in enabled.split(",")}
    return {
        "imec": meta.number("typeImEnabled") or 0,
        "nidq": meta.number("typeNiEnabled") or 0,
        "obx": meta.number("typeObEnabled") or 0,
    }


def _fewer_than_announced(meta: Meta, pairs: Sequence[Pair]) -> list[str]:
    """What is there less often than announced."""
    present: defaultdict[str, set[str]] = defaultdict(set)
    for pair in pairs:
        if pair.name:
            present[pair.name.kind].add(pair.name.probe)
    return [
        f"{len(present[kind])} of {grouped(count)} {kind} devices"
        for kind, count in _announced(meta).items()
        if len(present[kind]) < count
    ]


def _dropped(trials: Mapping[int, Sequence[Pair]], last: int) -> list[str]:
    """The streams that the trial before had and the last one has not."""
    earlier = max((trial for trial in trials if trial < last), default=None)
    if earlier is None:
        return []
    streams = [
        {pair.name.stream for pair in trials[trial] if pair.name} for trial in (earlier, last)
    ]
    return [f"no {stream}, which t{earlier} has" for stream in sorted(streams[0] - streams[1])]
