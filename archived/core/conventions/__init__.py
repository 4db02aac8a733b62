"""The conventions that come with the program, listed one by one, and how a lab's own is made.

A new one is a small file beside the others, a line in `_BUILT_IN`, and rows in its test table.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta

from archived.core.convention_names import BUILT_IN
from archived.core.conventions.base import Convention, templates
from archived.core.conventions.catgt import catgt
from archived.core.conventions.ephys_files import EPHYS_FILES
from archived.core.conventions.spikeglx import spikeglx
from archived.core.conventions.tracking_video import tracking_video
from archived.core.conventions.video_files import VIDEO_FILES
from archived.core.filetypes import FileType
from archived.core.formats import RULES, known_rule
from archived.core.template import DEFAULT_H2O, TemplateError
from archived.core.template.fields import check_h2o

__all__ = ["BUILT_IN", "DEFAULT_H2O", "FINISHED", "Convention", "FileType", "built_in", "custom"]

_BUILT_IN: Mapping[str, Callable[[str], Convention]] = {
    "catgt": catgt,
    "spikeglx": spikeglx,
    "tracking-video": tracking_video,
}

FINISHED = tuple(RULES)
"""The rules that `finished =` may name, besides `sentinel:<glob>`."""


def built_in(
    h2o: str = DEFAULT_H2O, *, names: Sequence[str] = BUILT_IN
) -> Mapping[str, Convention]:
    """The conventions that come with the program, for a rig's h2o pattern; by name, in the order of the names.

    Raises `TemplateError` for a pattern that cannot be used.
    """
    check_h2o(h2o)
    # However wide a lab makes its pattern, `catgt_SC011` is what CatGT made of SC011, never another animal.
    animal = f"(?!catgt_|supercat_)(?:{h2o})"
    return {name: _BUILT_IN[name](animal) for name in names}


def custom(
    name: str,
    *,
    paths: Sequence[str],
    finished: Sequence[str],
    h2o: str = DEFAULT_H2O,
    exclude: Sequence[str] = (),
    quiet_time: timedelta | None = None,
    file_types: Sequence[FileType] = (),
) -> Convention:
    """A lab's own convention (`[convention:NAME]`). Raises `TemplateError` for texts that cannot be understood.

    Without `file_types` files are called as those of the built-in conventions that are finished by the same rules.
    """
    if not paths:
        raise TemplateError(
            f"convention '{name}' has no path; one such as {{h2o}}/{{date:%Y%m%d}} was expected"
        )
    if not finished:
        raise TemplateError(
            f"convention '{name}' does not say when it is finished; 'quiet' will do"
        )
    for rule in finished:
        _check_rule(name, rule)
    return Convention(
        name=name,
        templates=templates(h2o, *paths),
        finished=tuple(finished),
        file_types=tuple(file_types) or _usual_types(finished),
        exclude=tuple(exclude),
        quiet_time=quiet_time,
    )


def _check_rule(name: str, rule: str) -> None:
    if known_rule(rule):
        return
    if rule.startswith("sentinel"):
        wrong = "'sentinel' needs the name of its file, such as sentinel:*.done"
    else:
        wrong = f"there is no rule '{rule}'; known are {', '.join(FINISHED)} and sentinel:<glob>"
    raise TemplateError(f"convention '{name}', finished: {wrong}")


def _usual_types(finished: Sequence[str]) -> tuple[FileType, ...]:
    ephys = any(rule in ("spikeglx", "catgt", "mtscomp") for rule in finished)
    video = any(rule in ("video", "avi", "mp4", "matroska") for rule in finished)
    return (EPHYS_FILES if ephys else ()) + (VIDEO_FILES if video else ())
