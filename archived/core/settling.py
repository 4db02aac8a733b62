"""Whether a dataset that is being recorded counts as finished: what its format says, and quiet time."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from enum import StrEnum

from archived.core.dataclass import dataclass
from archived.core.formats.wording import grouped
from archived.core.model import Answer, Verdict
from archived.core.units import format_duration

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


class DecisionKind(StrEnum):
    """What becomes of a dataset that is settling."""

    READY = "ready"
    STAY = "stay"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Decision:
    """What becomes of it, why, and when to look again (None unless it stays)."""

    kind: DecisionKind
    reason: str
    look_again: datetime | None = None


def decide(
    verdicts: Iterable[Verdict],
    *,
    changed_at: datetime,
    newest_mtime_ns: int | None,
    quiet: timedelta,
    give_up: timedelta,
    now: datetime,
    accepted: bool,
) -> Decision:
    """Decide about a dataset from what the rules say of it (safety rule 9).

    It is quiet when nothing has changed for `quiet`, counted from the last difference that a look saw
    (`changed_at`) or from the newest time of modification, whichever is later; a time of modification in the
    future is no evidence. Quiet and finished, or quiet and no rule can tell: READY. Quiet and a contradiction:
    FAILED. Quiet and definitely unfinished: it stays, and FAILED after `give_up`. What a person `accepted`
    has only to be quiet.
    """
    since, clocks = _quiet_since(changed_at, newest_mtime_ns, now)
    judged = [] if accepted else list(verdicts)
    if now - since < quiet:
        reason = f"{_still_changing(judged, now - since, quiet)}{clocks}"
        return Decision(DecisionKind.STAY, reason, since + quiet)
    unchanged = f"unchanged for {_span(now - since)}{clocks}"
    if contradictions := _with(judged, Answer.CONTRADICTION):
        reason = f"{_worst_first(contradictions, judged)}; {unchanged}"
        return Decision(DecisionKind.FAILED, reason)
    if unfinished := _with(judged, Answer.UNFINISHED):
        return _unfinished(_worst_first(unfinished, judged), unchanged, since, quiet, give_up, now)
    return Decision(DecisionKind.READY, f"{_why_finished(judged, accepted)}; {unchanged}")


def _quiet_since(
    changed_at: datetime, newest_mtime_ns: int | None, now: datetime
) -> tuple[datetime, str]:
    """When it last changed, and a remark where the clocks disagree."""
    if changed_at > now:
        # The clock was set back; waiting for the old time to come again would be no better.
        remark = " (this machine's clock was set back since, so that waiting began anew)"
        return changed_at, remark
    newest = newest_mtime_ns if newest_mtime_ns is not None else 0
    if newest > _nanoseconds(now):
        ahead = _span(timedelta(seconds=min((newest - _nanoseconds(now)) // 10**9, 10**9)))
        return (
            changed_at,
            f" (the time of its newest file is {ahead} ahead of this machine's clock)",
        )
    if newest > _nanoseconds(changed_at):
        return _EPOCH + newest // 1000 * _MICROSECOND, ""
    return changed_at, ""


def _nanoseconds(time: datetime) -> int:
    return (time - _EPOCH) // _MICROSECOND * 1000


def _unfinished(
    why: str,
    unchanged: str,
    since: datetime,
    quiet: timedelta,
    give_up: timedelta,
    now: datetime,
) -> Decision:
    if now - since >= give_up:
        reason = f"looks like a crash: {why}; {unchanged}. `accept` archives it as it is"
        return Decision(DecisionKind.FAILED, reason)
    # What was unfinished for long will be so for as long again; a change is seen by itself.
    pause = max(quiet, now - since, timedelta(seconds=1))
    return Decision(DecisionKind.STAY, f"{why}; {unchanged}", min(now + pause, since + give_up))


def _with(verdicts: Sequence[Verdict], answer: Answer) -> list[Verdict]:
    return [verdict for verdict in verdicts if verdict.answer is answer]


def _worst_first(worst: Sequence[Verdict], verdicts: Sequence[Verdict]) -> str:
    """The reason of the first, and how many other files are not finished."""
    objecting = (*worst, *_with(verdicts, Answer.UNFINISHED))
    others = len({verdict.file for verdict in objecting} - {worst[0].file})
    if not others:
        return worst[0].reason
    return f"{worst[0].reason} (and {others} more {'file' if others == 1 else 'files'})"


def _still_changing(verdicts: Sequence[Verdict], elapsed: timedelta, quiet: timedelta) -> str:
    worst = _with(verdicts, Answer.CONTRADICTION) or _with(verdicts, Answer.UNFINISHED)
    waits = f"changed {_span(elapsed)} ago, and has to be unchanged for {format_duration(quiet)}"
    if elapsed < timedelta(0):
        waits = f"has to be unchanged for {format_duration(quiet)}"
    return f"{_worst_first(worst, verdicts)}; {waits}" if worst else waits


def _why_finished(verdicts: Sequence[Verdict], accepted: bool) -> str:
    if accepted:
        return "a person accepted it as it is"
    undecided = _with(verdicts, Answer.CANNOT_TELL)
    if undecided:
        others = len(undecided) - 1
        return undecided[0].reason + (f" (and {others} more undecided)" if others else "")
    if not verdicts:
        return "no rule has an opinion of its files"
    return (
        verdicts[0].reason
        if len(verdicts) == 1
        else f"finished by all {grouped(len(verdicts))} checks"
    )


def _span(duration: timedelta) -> str:
    """A duration in its two largest units."""
    if duration < timedelta(hours=1):
        step = timedelta(seconds=1)
    else:
        step = timedelta(minutes=1) if duration < timedelta(days=1) else timedelta(hours=1)
    return format_duration(duration // step * step)
