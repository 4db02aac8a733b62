"""A file that somebody puts beside a recording when it is finished, such as `transfer_me.flag`."""

from __future__ import annotations

from fnmatch import fnmatchcase

from archived.core.formats.reading import Check, Judgement, Scene
from archived.core.formats.wording import named
from archived.core.model import Answer, Verdict
from archived.core.paths import printable

PREFIX = "sentinel:"


def is_sentinel(name: str) -> bool:
    """Whether a rule's name is `sentinel:` and a pattern."""
    return name.startswith(PREFIX) and bool(name.removeprefix(PREFIX).strip())


def sentinel(name: str) -> Check:
    """The check for `sentinel:<pattern>`.

    A pattern with a `/` is matched with the path from the dataset's folder, any other with the file's name;
    `*`, `?` and `[…]` as in a shell, and letters as they are.
    """
    pattern = name.removeprefix(PREFIX).strip()

    def matches(path: str, folder: str) -> bool:
        below = path.removeprefix(f"{folder}/") if folder else path
        return fnmatchcase(below if "/" in pattern else path.rpartition("/")[2], pattern)

    def check(scene: Scene) -> Judgement:
        found = min((path for path in scene.files if matches(path, scene.folder)), default=None)
        if found is not None:
            verdict = Verdict(found, name, Answer.FINISHED, f"{named(found)} is there")
        else:
            why = (
                f"no file named {printable(pattern)} yet, which says that the recording is finished"
            )
            verdict = Verdict(scene.folder, name, Answer.UNFINISHED, why)
        return Judgement((verdict,))

    return check
