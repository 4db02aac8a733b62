"""Places to die at: before or after the calls of a thing, one at a time."""

from __future__ import annotations

from typing import Any


class Killed(BaseException):
    """The process ended here."""


class Places:
    """Counts the places to die at, and dies at the chosen one."""

    def __init__(self, fatal: int, *, after: bool) -> None:
        self.number = 0
        self.fatal = fatal
        self.after = after
        self.where = ""

    def around(self, thing: Any, names: frozenset[str]) -> Any:
        """The thing, with a place at each of these verbs."""
        places = self

        class Mortal:
            def __getattr__(self, name: str) -> Any:
                verb = getattr(thing, name)
                if name not in names:
                    return verb

                def call(*words: Any, **options: Any) -> Any:
                    places.number += 1
                    fatal = places.number == places.fatal
                    if fatal:
                        places.where = f"{'after' if places.after else 'before'} {name}"
                    if fatal and not places.after:
                        raise Killed
                    result = verb(*words, **options)
                    if fatal:
                        raise Killed
                    return result

                return call

        return Mortal()
