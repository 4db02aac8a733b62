"""SpikeGLX and CatGT: each `.bin` must have the bytes that its finished `.meta` announces."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field

from archived.core.dataclass import dataclass
from archived.core.formats.reading import Judgement, Opinion, Readable, Scene, examine
from archived.core.formats.spikeglx_meta import Meta, read_meta
from archived.core.formats.spikeglx_names import FIRST_SHANK, SHANKS, StreamName, parse_name
from archived.core.formats.wording import grouped, in_bytes, listed, named
from archived.core.model import Answer, Checksum, FileStat, Verdict

RULE = "spikeglx"
_TOLERANCE = 0.01
"""Seconds that `fileTimeSecs` may be off: rates are calibrated after the recording."""
_CUT_SHORT: Opinion = (
    Answer.UNFINISHED,
    "is cut short: it lacks lines that each has, so it is being written, or its end was lost",
)


@dataclass(frozen=True)
class Pair:
    """The files that share a stem. `name` is None where the stem is none of SpikeGLX'."""

    stem: str
    name: StreamName | None
    files: dict[str, FileStat] = field(default_factory=dict)
    """By their extension in lower case: `bin`, `meta`, `cbin`, `ch`."""

    @property
    def compressed(self) -> bool:
        """Whether mtscomp was here."""
        return "cbin" in self.files or "ch" in self.files


def pairs_of(scene: Scene) -> Mapping[str, Pair]:
    """The pairs of a dataset by their stems, in order of path."""
    found: dict[str, Pair] = {}
    for stat in scene.ending(".meta", ".bin", ".cbin", ".ch"):
        stem, _, extension = stat.path.rpartition(".")
        pair = found.setdefault(stem, Pair(stem, parse_name(stat.path)))
        pair.files.setdefault(extension.lower(), stat)
    return found


def check(scene: Scene) -> Judgement:
    """Judge every pair that is not archived whole (the test is SpikeGLX' own, DFName.cpp)."""
    pairs = pairs_of(scene)
    verdicts: list[Verdict] = []
    checksums: dict[str, Checksum] = {}
    for pair in pairs.values():
        if scene.all_skipped(pair.files.values()):
            continue
        verdict, checksum = _judge(scene, pair, pairs)
        verdicts += [verdict] if verdict else []
        if checksum:
            checksums[pair.files["bin"].path] = checksum
    return Judgement(tuple(verdicts), checksums)


def _judge(
    scene: Scene, pair: Pair, pairs: Mapping[str, Pair]
) -> tuple[Verdict | None, Checksum | None]:
    meta_stat, bin_stat = pair.files.get("meta"), pair.files.get("bin")
    if meta_stat is None:
        return (_without_meta(bin_stat, pair.name) if bin_stat and pair.name else None), None
    if bin_stat is None and pair.name is None and not pair.compressed:
        return None, None
    read: list[Meta] = []

    def parse(readable: Readable) -> Opinion:
        read.append(read_meta(readable))
        if bin_stat is None and not pair.compressed:
            return _without_bin(read[0], pair, pairs)
        return _closed(read[0], pair)

    verdict = examine(scene, meta_stat, RULE, parse)
    if bin_stat is None or verdict.answer is not Answer.FINISHED:
        return verdict, None
    verdict = _judge_bin(scene, bin_stat, read[0])
    agrees = verdict.answer in (Answer.FINISHED, Answer.CANNOT_TELL)
    return verdict, read[0].checksum if agrees else None


def _without_meta(bin_stat: FileStat, name: StreamName) -> Verdict:
    if name.trial == "cat":
        answer = Answer.UNFINISHED
        why = "has no .meta yet, which CatGT writes after it: CatGT is at work, or was killed"
    else:
        answer = Answer.CONTRADICTION
        why = (
            "has no .meta, which SpikeGLX writes with the first byte: it was moved away, "
            "or has yet to be copied here"
        )
    return Verdict(bin_stat.path, RULE, answer, f"{named(bin_stat.path)} {why}")


def _closed(meta: Meta, pair: Pair) -> Opinion:
    """Whether the file that the meta belongs to was closed."""
    if meta.missing:
        if pair.name and pair.name.trial == "cat":
            why = "which CatGT writes with the rest: CatGT is at work, or was killed"
        else:
            why = (
                "which SpikeGLX adds when it closes a file: "
                "it is being recorded, or the recording crashed"
            )
        return Answer.UNFINISHED, f"lacks {listed(meta.missing)}, {why}"
    if meta.cut_short:
        return _CUT_SHORT
    if meta.number("fileSizeBytes") is None:
        if not meta.ends_with_newline:
            return Answer.UNFINISHED, "is cut short: it is being written"
        return Answer.CONTRADICTION, "has a fileSizeBytes that is not a number"
    return Answer.FINISHED, "was closed"


def _without_bin(meta: Meta, pair: Pair, pairs: Mapping[str, Pair]) -> Opinion:
    """A meta alone may be all there ever is: formats differ in why."""
    shared = _if_whole(meta, "is shared by probes that are saved shank by shank; it has no .bin")
    if _saved_by_shank(pair, pairs):
        return shared
    answer, why = _closed(meta, pair)
    if answer is not Answer.FINISHED:
        return answer, why
    if pair.name and pair.name.trial == "cat" and pair.name.kind in ("nidq", "obx"):
        return _if_whole(meta, "stands alone: CatGT writes it without a .bin")
    if pair.name and pair.name.trial == "cat" and meta.from_catgt:
        return (
            Answer.CANNOT_TELL,
            "has no .bin, as CatGT leaves it where it had nothing to change; quiet time decides",
        )
    announced = grouped(meta.number("fileSizeBytes") or 0)
    return Answer.CONTRADICTION, f"announces {announced} bytes, but its .bin is not there"


def _if_whole(meta: Meta, why: str) -> Opinion:
    if meta.cut_short:
        return _CUT_SHORT
    if meta.seems_whole:
        return Answer.FINISHED, why
    return Answer.CANNOT_TELL, f"{why}; it may be cut short, so quiet time decides"


def _saved_by_shank(pair: Pair, pairs: Mapping[str, Pair]) -> bool:
    """Whether there are files of this probe's shanks, named imec(1000 + 10 K + shank)."""
    number = pair.name.device.removeprefix("imec") if pair.name else ""
    if not number.isdecimal() or int(number) >= FIRST_SHANK or pair.name is None:
        return False
    before = pair.stem[: -len(pair.name.stream)]
    after = pair.stem[len(before) + len(pair.name.device) :]
    first = FIRST_SHANK + SHANKS * int(number)
    return any(f"{before}imec{first + shank}{after}" in pairs for shank in range(SHANKS))


def _judge_bin(scene: Scene, bin_stat: FileStat, meta: Meta) -> Verdict:
    if bin_stat.path in scene.skip:
        answer, why = _by_size(meta, bin_stat.size)
        return Verdict(bin_stat.path, RULE, answer, f"{named(bin_stat.path)} {why}")
    # Opened, though not read: that shows whether it can be, and its size is then no stale one.
    return examine(scene, bin_stat, RULE, lambda readable: _by_size(meta, readable.size))


def _by_size(meta: Meta, size: int) -> Opinion:
    announced = meta.number("fileSizeBytes") or 0
    if size != announced:
        return _by_difference(meta, size, announced)
    sample = 2 * (meta.number("nSavedChans") or 0)
    if sample and size % sample and meta.ends_with_newline:
        return (
            Answer.CONTRADICTION,
            f"has {in_bytes(size)}, no whole number of samples of {grouped(sample // 2)} channels",
        )
    agrees = f"has the {grouped(size)} bytes announced in its .meta"
    if not meta.seems_whole:
        return (
            Answer.CANNOT_TELL,
            f"{agrees}, which does not end as SpikeGLX leaves it and may be cut short; "
            "quiet time decides",
        )
    return Answer.FINISHED, agrees + _doubt_about_time(meta, size, sample)


def _by_difference(meta: Meta, size: int, announced: int) -> Opinion:
    if not meta.ends_with_newline:
        return Answer.UNFINISHED, f"has {in_bytes(size)}, and its .meta is cut short"
    if size < announced:
        return (
            Answer.CONTRADICTION,
            f"has {grouped(size)} of {grouped(announced)} bytes announced in its .meta",
        )
    return (
        Answer.CONTRADICTION,
        f"has {in_bytes(size)}, {grouped(size - announced)} more than the "
        f"{grouped(announced)} announced in its .meta",
    )


def _doubt_about_time(meta: Meta, size: int, sample: int) -> str:
    if not sample or not meta.sample_rate or meta.seconds is None:
        return ""
    seconds = size / sample / meta.sample_rate
    if abs(seconds - meta.seconds) <= _TOLERANCE:
        return ""
    return f" (its fileTimeSecs says {meta.seconds:.2f} s, its size {seconds:.2f} s)"
